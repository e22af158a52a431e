/** Time that passes only when everybody waits, and chance that repeats. */
import type { Time } from '../../../activities/targets/aws-permission-set/types.js';

interface Sleeper {
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
}

export interface VirtualTime extends Time {
  /** Somebody sets the clock by so many milliseconds; what passes is not changed by it. */
  set(byMs: number): void;
  /** Runs work, moving the clock on whenever nothing else can happen. */
  run<T>(work: Promise<T>): Promise<T>;
}

export function virtualTime(seed = 1, start = Date.UTC(2026, 0, 1)): VirtualTime {
  let now = start;
  let setBy = 0;
  let order = 0;
  let state = seed >>> 0 || 1;
  const sleepers = new Set<Sleeper>();
  const step = (): void => {
    const next = [...sleepers].sort((a, b) => a.at - b.at || a.order - b.order)[0];
    if (!next) return;
    sleepers.delete(next);
    now = Math.max(now, next.at);
    next.wake();
  };
  return {
    now: () => now + setBy,
    steady: () => now,
    set: (byMs) => {
      setBy += byMs;
    },
    random: () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const stop = (): void => {
          sleepers.delete(sleeper);
          reject(signal?.reason);
        };
        const wake = (): void => {
          signal?.removeEventListener('abort', stop);
          resolve();
        };
        const sleeper: Sleeper = { at: now + ms, order: order++, wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', stop, { once: true });
      }),
    async run(work) {
      let settled = false;
      const done = (): void => {
        settled = true;
      };
      work.then(done, done);
      for (let idle = 0; !settled; idle = sleepers.size > 0 ? 0 : idle + 1) {
        // all that can go on without time does so first
        await new Promise((resolve) => setImmediate(resolve));
        if (settled) break;
        if (idle > 1_000) throw new Error('nothing can happen any more');
        step();
      }
      return work;
    },
  };
}
