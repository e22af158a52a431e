/**
 * The clock by which a command ends and records. With PostgreSQL it may run on anybody's laptop: one that is an hour ahead
 * would end what still runs, and one that is behind would take an old report for the proof that an access is gone.
 */
import { type AskClock, CLOCK_FIX, FAIL_MS, inWords, offBy, readClocks } from '../workers/checks/clock.js';

const ANSWER_MS = 5_000;

/**
 * This computer's clock, set right by those that answer where all of them say that it is far off. Revoking goes on then,
 * and `say` hears of it. Milliseconds since 1970; never throws.
 */
export async function fitClock(clocks: readonly AskClock[], say: (line: string) => void): Promise<() => number> {
  const offMs = offBy(await readClocks(clocks, ANSWER_MS));
  if (Math.abs(offMs) <= FAIL_MS) return Date.now;
  say(`This computer's clock is ${inWords(offMs)} the store's, which is used instead. ${CLOCK_FIX}`);
  return () => Date.now() - offMs;
}
