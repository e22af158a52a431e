/**
 * This computer's clock beside those of the services that it talks to. It is compared and said, never trusted and never
 * set: windows are measured by Temporal's server and by each Mac. But what is sealed with a wrong clock is refused, and a
 * process whose clock is slow would take an old message for a fresh one.
 */
import type { Check } from './check.js';

/** One answer of somebody else's clock. All in milliseconds since 1970. */
export interface Reading {
  /** Whose clock, as people call it. */
  readonly source: string;
  /** What it said; the truth lay between this and `resolutionMs` later. */
  readonly theirs: number;
  readonly resolutionMs: number;
  /** Ours, before the question and after the answer. */
  readonly before: number;
  readonly after: number;
}

/** From here on somebody should look; messages are refused when the sender is more than a minute ahead. */
export const WARN_MS = 2_000;
/** From here on it is not to be relied on at all. */
export const FAIL_MS = 30_000;

/** How far our clock is surely ahead of theirs (behind: negative), in ms; 0 while the two may agree. Pure. */
export function aheadBy({ theirs, resolutionMs, before, after }: Reading): number {
  const [least, most] = [before - theirs - resolutionMs, after - theirs];
  return least > 0 ? least : Math.min(most, 0);
}

/**
 * How far our clock is off, in ms, when every clock that answered says so; 0 when one of them agrees with ours (then it is
 * another that is wrong), or when none answered. Pure.
 */
export function offBy(readings: readonly Reading[]): number {
  const all = readings.map(aheadBy);
  const sameSide = all.every((ms) => ms > 0) || all.every((ms) => ms < 0);
  if (all.length === 0 || !sameSide) return 0;
  return all.reduce((a, b) => (Math.abs(a) <= Math.abs(b) ? a : b));
}

/** Asks one clock. Throws when there is no answer. */
export type AskClock = (signal: AbortSignal) => Promise<Reading>;

/** The `Date` header of an HTTP answer, whatever the answer is. No token goes with it: the time is no secret. */
export function httpClock(source: string, url: string, method: 'GET' | 'POST', clock: () => number): AskClock {
  return async (signal) => {
    const before = clock();
    const response = await fetch(url, { method, redirect: 'manual', signal });
    const after = clock();
    await response.body?.cancel();
    const theirs = Date.parse(response.headers.get('date') ?? '');
    if (Number.isNaN(theirs)) throw new Error(`${source} does not say its time`);
    return { source, theirs, resolutionMs: 1000, before, after };
  };
}

/** Asks all of them, each within `limitMs`; those that do not answer are left out. Never throws. */
export async function readClocks(clocks: readonly AskClock[], limitMs: number): Promise<readonly Reading[]> {
  const asked = await Promise.allSettled(clocks.map((ask) => ask(AbortSignal.timeout(limitMs))));
  return asked.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
}

/** `3600 s ahead of`, for sentences. */
export function inWords(ms: number): string {
  return `${Math.abs(ms / 1000).toFixed(1)} s ${ms > 0 ? 'ahead of' : 'behind'}`;
}

export const CLOCK_FIX = 'Set the clock of this computer by NTP (chrony or systemd-timesyncd on Linux, sntp on macOS).';

const ANSWER_MS = 5_000;

/** Each clock as a row. */
export function checkClock(clocks: readonly AskClock[]): Check {
  return async (say) => {
    const readings = await readClocks(clocks, ANSWER_MS);
    for (const reading of readings) {
      const ms = aheadBy(reading);
      const level = Math.abs(ms) > FAIL_MS ? 'fail' : Math.abs(ms) > WARN_MS ? 'warn' : 'ok';
      if (level === 'ok') say.ok(reading.source, 'agrees with this computer’s clock');
      else say[level](reading.source, `this computer’s clock is ${inWords(ms)} it`, CLOCK_FIX);
    }
    if (readings.length === 0) say.warn('clocks', 'none could be asked, so nothing is known of this computer’s clock');
  };
}
