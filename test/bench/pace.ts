/** Doing many things in time. */
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Begins one job every `everyMs`, whether or not the ones before have ended (an open loop: a slow answer must not make
 * the load lighter), and answers them all in order.
 */
export async function paced<T, R>(items: readonly T[], everyMs: number, job: (item: T, i: number) => Promise<R>): Promise<R[]> {
  const from = performance.now();
  const jobs: Promise<R>[] = [];
  for (const [i, item] of items.entries()) {
    await sleep(Math.max(0, from + i * everyMs - performance.now()));
    const one = job(item, i);
    one.catch(() => undefined); // heard below; until then it is not unhandled
    jobs.push(one);
  }
  return Promise.all(jobs);
}

/** At most `width` jobs at a time; answers in order. */
export async function pooled<T, R>(items: readonly T[], width: number, job: (item: T, i: number) => Promise<R>): Promise<R[]> {
  const answers: R[] = [];
  let next = 0;
  const lane = async () => {
    for (let i = next++; i < items.length; i = next++) answers[i] = await job(items[i] as T, i);
  };
  await Promise.all(Array.from({ length: width }, lane));
  return answers;
}

/** Waits until the job answers something; an error counts as "not yet" and is told when time is up. */
export async function until<T>(
  what: string,
  job: () => Promise<T | undefined> | T | undefined,
  ms = 60_000,
  everyMs = 100,
): Promise<T> {
  let last: unknown;
  for (const deadline = Date.now() + ms; Date.now() < deadline; await sleep(everyMs)) {
    try {
      const answer = await job();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      last = error;
    }
  }
  throw new Error(`not within ${ms} ms: ${what}`, { cause: last });
}
