/**
 * How the work of each queue goes, as this process sees it: counted where activities end, because that also says what
 * fails, needs no further call to a Temporal that may itself be in trouble, and works on every Temporal service.
 */
export interface Trouble {
  readonly queue: string;
  /** When the first of the failures without a success in between was, in milliseconds since 1970. */
  readonly sinceMs: number;
  /** How many calls failed since. */
  readonly failures: number;
  /** The code of the last one. */
  readonly code: string;
}

export interface Pulse {
  /** What an activity's end is told to; without a code it worked. */
  teller(queue: string): (code?: string) => void;
  /** Queues on which nothing has worked for so long, and that were tried lately. */
  troubles(forMs: number): readonly Trouble[];
}

/** Longer than any pause between two tries: what failed once and was given up is no pile. */
const LATELY_MS = 90_000;

export function createPulse(clock: () => number): Pulse {
  const failing = new Map<string, Trouble & { readonly lastMs: number }>();
  return {
    teller: (queue) => (code) => {
      if (code === undefined) return void failing.delete(queue);
      const now = clock();
      const before = failing.get(queue);
      const since = before && now - before.lastMs <= LATELY_MS ? before : { sinceMs: now, failures: 0 };
      failing.set(queue, { queue, sinceMs: since.sinceMs, failures: since.failures + 1, code, lastMs: now });
    },
    troubles: (forMs) => {
      const now = clock();
      return [...failing.values()].filter(({ sinceMs, lastMs }) => now - sinceMs >= forMs && now - lastMs <= LATELY_MS);
    },
  };
}
