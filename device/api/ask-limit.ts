/**
 * How many new elevations one Mac, or one person at a command line, may ask for. A stolen key, or root in a loop, must not flood the approvers; the read
 * model, which shows what is under way, may lag behind by moments. In memory: a restart forgets, the read model does not.
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
