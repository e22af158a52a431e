/**
 * One change at a time for each account and permission set: AWS answers concurrent ones with Conflict. Only a courtesy to
 * the quota: correctness never depends on a lane, so that a revoke goes on without one after a moment.
 */
import { StintError } from '../../../contract/errors.js';
import { once, type Release } from './budget.js';
import { createLine, type Line } from './line.js';
import type { Rank, Time } from './types.js';

export interface Wish {
  readonly rank: Rank;
  readonly signal?: AbortSignal;
  /** Goes on without the lane after this long; without it, waits until it is free. */
  readonly patienceMs?: number;
}

export interface Lanes {
  /** Resolves when it is this one's turn. Rejects with the signal's reason. */
  enter(key: string, wish: Wish): Promise<Release>;
}

interface Lane {
  readonly line: Line;
  busy: boolean;
}

export function createLanes(time: Time): Lanes {
  const lanes = new Map<string, Lane>();
  const settle = (key: string, lane: Lane): void => {
    if (lane.busy) return;
    if (lane.line.admit()) lane.busy = true;
    else lanes.delete(key);
  };
  return {
    async enter(key, { rank, signal, patienceMs }) {
      const lane = lanes.get(key) ?? { line: createLine(), busy: false };
      lanes.set(key, lane);
      const limit = patienceMs === undefined ? undefined : patience(time, patienceMs);
      const signals = [signal, limit?.over].filter((each) => each !== undefined);
      const turn = lane.line.wait(rank, signals.length > 0 ? AbortSignal.any(signals) : undefined);
      settle(key, lane);
      try {
        await turn;
      } catch (error) {
        signal?.throwIfAborted();
        if (limit?.over.aborted) return () => undefined;
        throw error;
      } finally {
        limit?.stop();
      }
      return once(() => {
        lane.busy = false;
        settle(key, lane);
      });
    },
  };
}

/**
 * A wait in a line for whoever must be sent before an instant (ms since 1970): leaves it then, since a place that came later would
 * only be taken from the others. Throws `too-late`, or the signal's reason.
 */
export async function waitUntil<T>(
  time: Time,
  sendBefore: number,
  signal: AbortSignal,
  wait: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = patience(time, Math.max(0, sendBefore - time.now()));
  try {
    return await wait(AbortSignal.any([signal, limit.over]));
  } catch (error) {
    signal.throwIfAborted();
    if (limit.over.aborted)
      throw new StintError('too-late', 'The grant was not sent: others were before it until its time had passed.');
    throw error;
  } finally {
    limit.stop();
  }
}

/** A signal that is aborted after a while, unless stopped before. */
function patience(time: Time, ms: number): { readonly over: AbortSignal; readonly stop: () => void } {
  const over = new AbortController();
  const stopped = new AbortController();
  time.sleep(ms, stopped.signal).then(
    () => over.abort(),
    () => undefined,
  );
  return { over: over.signal, stop: () => stopped.abort() };
}

/**
 * A wait in a line for whoever goes on without its place after so long, in ms: AWS itself says then whether it is too much. Rejects
 * with the signal's reason.
 */
export async function waitAWhile(
  time: Time,
  ms: number,
  signal: AbortSignal,
  wait: (signal: AbortSignal) => Promise<Release>,
): Promise<Release> {
  const limit = patience(time, Math.max(0, ms));
  try {
    return await wait(AbortSignal.any([signal, limit.over]));
  } catch (error) {
    signal.throwIfAborted();
    if (limit.over.aborted) return () => undefined;
    throw error;
  } finally {
    limit.stop();
  }
}
