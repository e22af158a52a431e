/**
 * Follows AWS' asynchronous operations to their final state. All that wait share one poller for each kind: many at once cost
 * one list of what is still in progress, and one question for each that left it. An operation is followed to its end also
 * when nobody waits any more, since it counts among the outstanding writes until then.
 */
import { keep } from '../../latest.js';
import type { AssignmentCalls, How, Operation } from './calls.js';
import { awsError, classOfError, mayWorkLater } from './errors.js';
import type { Kind, Rank, Time } from './types.js';

const FIRST_LOOK_MS = 300;
/** Looked at this often, in ms, by the age of the youngest that waits; "seconds to minutes" is what AWS takes. */
const EVERY_MS = [
  [10_000, 500],
  [60_000, 1_000],
  [Number.POSITIVE_INFINITY, 3_000],
] as const;
/** After this long an operation is given up: AWS forgets none, so whoever needs it asks anew. */
const GIVE_UP_MS = 30 * 60_000;

export interface Watch {
  /** The operation with its final state. Rejects when AWS won't say, or says nothing for half an hour. */
  final(kind: Kind, instanceArn: string, id: string): Promise<Operation>;
  /** Whether this one is being followed now: nobody else need ask. */
  follows(kind: Kind, instanceArn: string, id: string): boolean;
  /** When this process last saw it in progress, in ms since 1970; undefined when it never did. */
  busyAt(id: string): number | undefined;
  /** Stops polling; what waits is rejected. */
  close(): void;
}

interface Waiter {
  readonly id: string;
  readonly since: number;
  readonly outcome: Promise<Operation>;
  readonly resolve: (operation: Operation) => void;
  readonly reject: (error: unknown) => void;
}

interface Poller {
  readonly kind: Kind;
  readonly instanceArn: string;
  readonly waiters: Map<string, Waiter>;
  /** By AWS' id, see `Watch.busyAt`. */
  readonly busy: Map<string, number>;
}

export interface WatchDeps {
  readonly calls: Pick<AssignmentCalls, 'operation' | 'operations'>;
  readonly time: Time;
}

export function createWatch(deps: WatchDeps): Watch {
  const pollers = new Map<string, Poller>();
  const busy = new Map<string, number>();
  const closing = new AbortController();
  return {
    final(kind, instanceArn, id) {
      const key = `${kind} ${instanceArn}`;
      const poller = pollers.get(key) ?? { kind, instanceArn, waiters: new Map(), busy };
      const known = poller.waiters.get(id);
      if (known) return known.outcome;
      const waiter = createWaiter(id, deps.time.steady());
      poller.waiters.set(id, waiter);
      if (!pollers.has(key)) {
        pollers.set(key, poller);
        void poll(deps, poller, closing.signal).finally(() => pollers.delete(key));
      }
      return waiter.outcome;
    },
    follows: (kind, instanceArn, id) => pollers.get(`${kind} ${instanceArn}`)?.waiters.has(id) ?? false,
    busyAt: (id) => busy.get(id),
    close: () => closing.abort(),
  };
}

function createWaiter(id: string, since: number): Waiter {
  let resolve: Waiter['resolve'] = () => undefined;
  let reject: Waiter['reject'] = () => undefined;
  const outcome = new Promise<Operation>((...both) => {
    [resolve, reject] = both;
  });
  // whoever waited may be gone by then
  outcome.catch(() => undefined);
  return { id, since, outcome, resolve, reject };
}

async function poll(deps: WatchDeps, poller: Poller, closing: AbortSignal): Promise<void> {
  const { time } = deps;
  const settle = (id: string, how: (waiter: Waiter) => void): void => {
    const waiter = poller.waiters.get(id);
    poller.waiters.delete(id);
    if (waiter) how(waiter);
  };
  while (poller.waiters.size > 0) {
    try {
      await time.sleep(pauseMs(poller, time.steady()), closing);
      await look(deps, poller, closing, settle);
    } catch (error) {
      // Throttled or no answer: the next round asks again. Anything else, a denial for one, stays as it is.
      if (!closing.aborted && mayWorkLater(error)) continue;
      for (const id of [...poller.waiters.keys()]) settle(id, (waiter) => waiter.reject(error));
    }
    for (const { id, since } of poller.waiters.values()) {
      if (time.steady() - since > GIVE_UP_MS)
        settle(id, (waiter) => waiter.reject(awsError(new Error('never ended'), 'an assignment')));
    }
  }
}

function pauseMs({ waiters }: Poller, now: number): number {
  const age = now - Math.max(...[...waiters.values()].map(({ since }) => since));
  if (age < FIRST_LOOK_MS) return FIRST_LOOK_MS;
  return EVERY_MS.find(([upTo]) => age < upTo)?.[1] ?? FIRST_LOOK_MS;
}

type Settle = (id: string, how: (waiter: Waiter) => void) => void;

async function look({ calls, time }: WatchDeps, poller: Poller, signal: AbortSignal, settle: Settle): Promise<void> {
  const { kind, instanceArn, waiters } = poller;
  const how: How = { rank: rankOf(kind), signal };
  const ids = [...waiters.keys()];
  // As of when it was asked: how it stood when the answer came, AWS did not say.
  const seenBusy = (id: string, askedAt: number): void => keep(poller.busy, id, askedAt);
  const from = time.now();
  const busy = ids.length > 1 ? await calls.operations(kind, instanceArn, 'IN_PROGRESS', how) : [];
  const stillBusy = new Set(busy.map(({ id }) => id));
  for (const id of ids.filter((each) => stillBusy.has(each))) seenBusy(id, from);
  for (const id of ids.filter((each) => !stillBusy.has(each))) {
    const askedAt = time.now();
    try {
      const operation = await calls.operation(kind, instanceArn, id, how);
      if (operation.state === 'IN_PROGRESS') seenBusy(id, askedAt);
      else settle(id, (waiter) => waiter.resolve(operation));
    } catch (error) {
      if (classOfError(error) !== 'not-found') throw error;
      settle(id, (waiter) => waiter.reject(error));
    }
  }
}

const rankOf = (kind: Kind): Rank => (kind === 'delete' ? 'proof' : 'grant');
