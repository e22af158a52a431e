/**
 * How often one Mac, or one person at a command line, may ask, and for how many new elevations. A stolen key, or root in a
 * loop, must not flood the approvers, nor use up calls to other services; the read model, which shows what is under way, may
 * lag behind by moments. In memory: a restart forgets, the read model does not.
 */
import { StintError } from '../../contract/errors.js';
import type { RequestId } from '../../contract/ids.js';

const ASKS_MAX = 5;
const WITHIN_MS = 10 * 60_000;

/** Counts a request of a caller, once however often it is asked; throws `too-many` for one more than it may. */
export type AskLimit = (caller: string, requestId: RequestId) => void;

/** `clock`: milliseconds since 1970. `who`: the caller in the sentence of a refusal. */
export function createAskLimit(clock: () => number, who = 'This Mac'): AskLimit {
  const asked = new Map<string, ReadonlyMap<RequestId, number>>();
  return (caller, requestId) => {
    const since = clock() - WITHIN_MS;
    const recent = new Map([...(asked.get(caller) ?? [])].filter(([, at]) => at >= since));
    if (!recent.has(requestId) && recent.size >= ASKS_MAX) {
      throw new StintError('too-many', `${who} asked too often within ten minutes. Wait a few minutes, then ask again.`);
    }
    asked.set(caller, new Map([[requestId, clock()], ...recent]));
  };
}

/** How often a caller may do something that costs work, whatever comes of it. */
export interface Pace {
  readonly times: number;
  readonly withinMs: number;
  /** Of the refusal. */
  readonly sentence: string;
}

/** Counts each call of a caller; throws `too-many` for one more than it may. `clock`: milliseconds since 1970. */
export function createPaceLimit(clock: () => number, { times, withinMs, sentence }: Pace): (caller: string) => void {
  const called = new Map<string, readonly number[]>();
  return (caller) => {
    const now = clock();
    const recent = (called.get(caller) ?? []).filter((at) => Math.abs(now - at) <= withinMs);
    if (recent.length >= times) throw new StintError('too-many', sentence);
    called.set(caller, [...recent, now]);
  };
}
