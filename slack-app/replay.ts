/**
 * Things that count once. Bolt carries out an identical signed click as often as it comes within five minutes, and
 * Slack itself delivers some envelopes twice: what was seen is remembered in this process and in the store.
 */
import { StintError } from '../contract/errors.js';
import { instant } from '../contract/ids.js';
import type { OnceStore } from '../contract/ports.js';
import { errorText, type Log } from './log.js';
import { within } from './race.js';

const STORE_MS = 800;
const KEPT = 20_000;

export interface ReplayGuard {
  /**
   * True the first time; false on a repeat within `keepMs`. `ask`: with the store down the memory of this process
   * answers. `insist`: it throws `store-unavailable` instead, since a second process might have seen it. `memory`: the
   * store is known to be down and is not waited for again.
   */
  first(scope: string, value: string, keepMs: number, store: 'ask' | 'insist' | 'memory'): Promise<boolean>;
}

export function createReplayGuard(deps: {
  readonly once: OnceStore;
  readonly clock: () => number;
  readonly logger: Log;
}): ReplayGuard {
  const seen = new Map<string, number>();

  /** Synchronous, so that two copies that arrive together cannot both be the first. */
  function firstHere(key: string, until: number): boolean {
    const now = deps.clock();
    if ((seen.get(key) ?? 0) > now) return false;
    if (seen.size >= KEPT) for (const [old, end] of seen) if (end <= now) seen.delete(old);
    // Still full of live ones: drop the oldest. The store remembers them; only an outage at that very moment would not.
    if (seen.size >= KEPT) for (const old of [...seen.keys()].slice(0, KEPT / 10)) seen.delete(old);
    seen.set(key, until);
    return true;
  }

  return {
    async first(scope, value, keepMs, store) {
      const until = deps.clock() + keepMs;
      if (!firstHere(`${scope}\n${value}`, until)) return false;
      if (store === 'memory') return true;
      try {
        const raced = await within(deps.once.first(scope, value, instant(until)), STORE_MS);
        if (raced.done) return raced.value;
      } catch (error) {
        deps.logger.warn({ scope, error: errorText(error) }, 'the store could not remember a one-time value');
      }
      if (store === 'insist') throw new StintError('store-unavailable');
      return true;
    },
  };
}
