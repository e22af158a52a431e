/** The machine's own time and chance. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Time } from './types.js';

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
