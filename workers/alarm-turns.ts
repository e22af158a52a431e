/**
 * Which of several processes says an alarm to one sink, and whether one has: a turn is short, so that a process that dies
 * in it keeps an alarm back for a minute; only what was said is kept for as long as it must not be said again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Instant, instant } from '../contract/ids.js';
import type { OnceStore } from '../contract/ports.js';

/** How long a turn lasts, in milliseconds: longer than one call of a sink. */
export const TURN_MS = 60_000;
/** How long the store is asked before this process decides by itself. */
const STORE_MS = 2_000;
/** A value that ends here is seen as never seen: asking with it leaves nothing behind. */
const NEVER = instant(0);

/** `silent`: the store does not say, so whoever asks decides by itself. */
export type Turn = 'mine' | 'others' | 'said' | 'silent';

export interface Turns {
  /** Takes the turn for a place (an alarm and a sink), unless it was said there, or another process is at it. */
  take(place: string): Promise<Turn>;
  /** Keeps that it was said. A store that is down keeps nothing: it is then said twice, which is better than never. */
  said(place: string, untilMs: number): Promise<void>;
}

/** `clock` gives milliseconds since 1970. */
export function createTurns(once: OnceStore, clock: () => number): Turns {
  return {
    async take(place) {
      const taken = await answer(once, 'alarm-turn', place, instant(clock() + TURN_MS));
      if (taken === undefined) return 'silent';
      // Looked at inside the turn: whoever had the one before has kept what it said by now.
      const unsaid = await answer(once, 'alarm', place, NEVER);
      if (unsaid === false) return 'said';
      return taken ? 'mine' : 'others';
    },
    async said(place, untilMs) {
      await answer(once, 'alarm', place, instant(untilMs));
    },
  };
}

/** Undefined when the store fails, or does not answer in time. */
async function answer(once: OnceStore, scope: string, value: string, until: Instant): Promise<boolean | undefined> {
  const late = new AbortController();
  const asked = once.first(scope, value, until).catch(() => undefined);
  const given = sleep(STORE_MS, undefined, { signal: late.signal }).catch(() => undefined);
  try {
    return await Promise.race([asked, given]);
  } finally {
    late.abort();
  }
}
