/** Waiting for what is to come, with a limit and a name for what did not. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Polls until the condition answers something truthy; throws with its name after the deadline. */
export async function until<T>(look: () => Promise<T | undefined | false | null>, what: string, ms = 45_000): Promise<T> {
  const end = Date.now() + ms;
  let last: unknown;
  while (Date.now() < end) {
    try {
      const seen = await look();
      if (seen) return seen;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await sleep(40);
  }
  throw new Error(`waited ${ms} ms in vain for ${what}`, { cause: last });
}

/** An answer that comes late is told apart from others: which one it was stands in the error. */
export async function within<T>(ms: number, what: string, answer: Promise<T>): Promise<T> {
  const late = new AbortController();
  const limit = sleep(ms, undefined, { signal: late.signal }).then(() => {
    throw new Error(`not within ${ms} ms: ${what}`);
  });
  return Promise.race([answer, limit]).finally(() => late.abort());
}
