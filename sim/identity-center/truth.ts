/** The record of what really happened, by which tests judge: calls, changes, access. Clients never see it. */
import type { AccessKey, Span } from './access.js';
import type { Change, Changes } from './changes.js';
import type { Limits, Measured, Service } from './limits.js';
import type { World } from './world.js';

export interface CallSeen {
  readonly n: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly service: Service | 'unknown';
  readonly operation: string;
  /** The id of the call, as in its answer's `x-amzn-RequestId`; not the id of a change. */
  readonly callId: string;
  readonly input: unknown;
  /** `ok`, or the name of the error that the work ended in; `not done` when a fault came before it. */
  outcome: string;
  /** What that error said. */
  why?: string;
  /** What of it never arrived. */
  lost?: 'call' | 'reply';
  /** The change that it began. */
  changeId?: string;
}

export interface Snapshot {
  readonly calls: readonly CallSeen[];
  readonly changes: readonly Change[];
  readonly access: readonly Span[];
  readonly rates: Record<Service, Measured>;
  /** The most creates and deletes that were in progress at one time. */
  readonly outstandingMost: number;
}

export interface Truth {
  calls(operation?: string): readonly CallSeen[];
  /** All that ever came, also those that are forgotten. */
  callCount(): number;
  changes(): readonly Change[];
  /** Every way by which anybody had access, with who began and who ended it. */
  access(): readonly Span[];
  /** When this person had access, by whatever way; an open end is Infinity, standing access begins at 0. */
  intervals(key: AccessKey): { from: number; to: number }[];
  hasAccess(key: AccessKey, at?: number): boolean;
  rates(): Record<Service, Measured>;
  outstandingMost(): number;
  snapshot(): Snapshot;
  /** Used by the server. */
  note(call: CallSeen): void;
}

const KEPT = 20_000;

/** An empty record, which forgets its oldest calls beyond 20,000. Reading it settles what is due. */
export function createTruth(deps: { world: World; changes: Changes; limits: Limits; clock: () => number }): Truth {
  const { world, changes, limits, clock } = deps;
  const seen: CallSeen[] = [];
  let count = 0;
  const settled = <T>(read: () => T): T => {
    changes.settle();
    return read();
  };
  const truth: Truth = {
    calls: (operation) => seen.filter((one) => operation === undefined || one.operation === operation),
    changes: () => settled(() => changes.all()),
    access: () => settled(() => world.access.spans()),
    intervals: (key) => settled(() => world.access.intervals(key)),
    hasAccess: (key, at = clock()) => settled(() => world.access.has(key, at)),
    rates: () => limits.measured(),
    outstandingMost: () => changes.outstandingMost(),
    snapshot: () => ({
      calls: [...seen],
      changes: truth.changes(),
      access: truth.access(),
      rates: truth.rates(),
      outstandingMost: truth.outstandingMost(),
    }),
    callCount: () => count,
    note(call) {
      count += 1;
      seen.push(call);
      if (seen.length > KEPT) seen.shift();
    },
  };
  return truth;
}
