/** The machine's own time and chance, and patience: to ask again for what may work later. */
import { setTimeout as sleep } from 'node:timers/promises';
import { mayWorkLater } from './errors.js';
import type { Time } from './types.js';

const RETRIES = 5;

export const systemTime: Time = {
  now: Date.now,
  steady: () => performance.now(),
  random: Math.random,
  async sleep(ms, signal) {
    signal?.throwIfAborted();
    try {
      await sleep(ms, undefined, signal ? { signal } : {});
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};

/** Runs work again when it may work later, a few times. Rejects with its error, or the signal's reason. */
export async function patiently<T>(time: Time, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (attempt === RETRIES || !mayWorkLater(error)) throw error;
      await time.sleep(200 * 2 ** attempt * (0.5 + time.random()), signal);
    }
  }
}
