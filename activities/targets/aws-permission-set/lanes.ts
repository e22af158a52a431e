/**
 * One change at a time for each account and permission set: AWS answers concurrent ones with Conflict. Only a courtesy to
 * the quota: correctness never depends on a lane, so that a revoke goes on without one after a moment.
 */
import { StintError } from '../../../contract/errors.js';
import { createLine, type Line, once, type Release } from './line.js';
import type { Rank, Time } from './types.js';

export interface Wish {
  readonly rank: Rank;
  readonly signal?: AbortSignal;
}

export interface Lanes {
  /** Resolves when it is this one's turn. Rejects with the signal's reason. */
  enter(key: string, wish: Wish): Promise<Release>;
}

interface Lane {
  readonly line: Line;
  busy: boolean;
}

export function createLanes(): Lanes {
  const lanes = new Map<string, Lane>();
  const settle = (key: string, lane: Lane): void => {
    if (lane.busy) return;
    if (lane.line.admit()) lane.busy = true;
    else lanes.delete(key);
  };
  return {
    async enter(key, { rank, signal }) {
      const lane = lanes.get(key) ?? { line: createLine(), busy: false };
      lanes.set(key, lane);
      const turn = lane.line.wait(rank, signal);
      settle(key, lane);
      await turn;
      return once(() => {
        lane.busy = false;
        settle(key, lane);
      });
    },
  };
}

/** A revoke's place in a lane, kept through its attempts: whoever lined up anew for each would never come first in a crowd. */
export interface Place {
  /** Lines up, unless it has. Resolves when it is its turn, or without it after so long, in ms. Rejects with the signal's reason. */
  turn(patienceMs: number): Promise<void>;
  /** Waits so long between two attempts, in ms, but does not sleep through its turn. Rejects with the signal's reason. */
  pause(ms: number): Promise<void>;
  /** Hands the place to somebody who gives it back later; the next turn is lined up for anew. */
  handOver(): Release;
  /** Gives it back, or leaves the line. May be called at any time, and again. */
  leave(): void;
}

interface PlaceDeps {
  readonly lanes: Lanes;
  readonly time: Time;
}

interface Standing {
  readonly turn: Promise<Release>;
  readonly leave: Release;
  /** It is, or was, its turn. */
  came: boolean;
}

/** `signal`: of the whole revoke; whoever still waits in line when it is aborted leaves it. */
export function createPlace({ lanes, time }: PlaceDeps, key: string, signal: AbortSignal): Place {
  let mine: Standing | undefined;
  const untilTurn = async (ms: number): Promise<void> => {
    const stop = new AbortController();
    const waits: Promise<unknown>[] = [time.sleep(ms, AbortSignal.any([signal, stop.signal]))];
    if (mine && !mine.came) waits.push(mine.turn);
    await Promise.race(waits).finally(() => stop.abort());
  };
  const handOver = (): Release => {
    const leave = mine?.leave ?? (() => undefined);
    mine = undefined;
    return leave;
  };
  return {
    async turn(patienceMs) {
      mine ??= lineUp(lanes, key, signal);
      if (!mine.came) await untilTurn(patienceMs);
    },
    pause: untilTurn,
    handOver,
    leave: () => handOver()(),
  };
}

function lineUp(lanes: Lanes, key: string, signal: AbortSignal): Standing {
  const over = new AbortController();
  const turn = lanes.enter(key, { rank: 'revoke', signal: AbortSignal.any([signal, over.signal]) });
  const leave = once(() => {
    over.abort();
    // It may have become its turn in this very moment: then nobody else would give the lane back.
    turn.then((release) => release()).catch(() => undefined);
  });
  const standing: Standing = { turn, leave, came: false };
  const come = (): void => {
    standing.came = true;
  };
  turn.then(come, () => undefined); // given up: that hears whoever waits for it, and nobody between two attempts
  return standing;
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

/** A wait in a line for whoever goes on without its place after so long, in ms: undefined then. Rejects with the signal's reason. */
export async function waitAWhile<T>(
  time: Time,
  ms: number,
  signal: AbortSignal,
  wait: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const limit = patience(time, Math.max(0, ms));
  try {
    return await wait(AbortSignal.any([signal, limit.over]));
  } catch (error) {
    signal.throwIfAborted();
    if (limit.over.aborted) return undefined;
    throw error;
  } finally {
    limit.stop();
  }
}
