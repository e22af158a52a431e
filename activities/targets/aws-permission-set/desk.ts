/** What grant, revoke and observe share. */

import { keep } from '../../latest.js';
import type { Book } from './book.js';
import type { AssignmentCalls, How, Operation } from './calls.js';
import type { Lanes } from './lanes.js';
import type { Slots } from './slots.js';
import type { AwsTarget, Kind, Time } from './types.js';
import type { Watch } from './watch.js';

export interface Desk {
  readonly calls: AssignmentCalls;
  readonly book: Book;
  readonly watch: Watch;
  readonly lanes: Lanes;
  readonly slots: Slots;
  readonly time: Time;
  /** Operations that are over, by AWS' id: they never change again. */
  readonly ended: Map<string, Ended>;
  /** Creates as they were first described, by AWS' id: for what they are about, not for how they stand. */
  readonly about: Map<string, Operation>;
  /** When a delete of ours last succeeded, by the target's key; on the steady clock. */
  readonly deleted: Map<string, number>;
}

export interface Ended {
  readonly operation: Operation;
  /** When we saw that it was over, in ms since 1970; and `since` on the steady clock, for its age. */
  readonly seenAt: number;
  readonly since: number;
  /** A create whose assignment the list has shown since. */
  readonly listed?: true;
}

/** For this long after an operation AWS' lists may still show what was before, in ms ("eventually consistent"). */
export const LIST_LAG_MS = 10_000;

/** Half to one and a half of a pause that doubles from `firstMs` up to `mostMs`. */
export function jitteredMs(time: Time, attempt: number, firstMs = 250, mostMs = 5_000): number {
  return Math.min(mostMs, firstMs * 2 ** attempt) * (0.5 + time.random());
}

/** Resolves with the work, or rejects at once when the signal is aborted; the work goes on. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) {
      // Nobody hears of its failure any more, which must not end the process.
      work.catch(() => undefined);
      return stop();
    }
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/** Whether the person stands in the whole list of the pair. */
export async function isListed({ calls }: Desk, target: AwsTarget, how: How): Promise<boolean> {
  const users = await calls.assigned(target, how);
  return users.includes(target.principalId);
}

/** An operation's state; one that is over is asked for once. */
export async function stateOf(desk: Desk, kind: Kind, target: AwsTarget, id: string, how: How): Promise<Operation> {
  const known = desk.ended.get(id);
  if (known) return known.operation;
  return ended(desk, await desk.calls.operation(kind, target.instanceArn, id, how));
}

/** Keeps an operation if it is over; answers it. */
export function ended(desk: Desk, operation: Operation): Operation {
  if (operation.state === 'IN_PROGRESS' || desk.ended.has(operation.id)) return operation;
  keep(desk.ended, operation.id, { operation, seenAt: desk.time.now(), since: desk.time.steady() });
  return operation;
}

/** The list has shown what this create gave: from now on "not listed" means that it is gone. */
export function wasListed(desk: Desk, id: string): void {
  const known = desk.ended.get(id);
  if (known) desk.ended.set(id, { ...known, listed: true });
}

/** Whether an operation is about this very account, permission set and person. */
export function isAbout(operation: Operation, target: AwsTarget): boolean {
  return (
    operation.accountId === target.accountId &&
    operation.permissionSetArn === target.permissionSetArn &&
    operation.principalId === target.principalId
  );
}
