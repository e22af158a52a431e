/**
 * How the work of each queue goes, as this process sees it: counted where activities end, because that also says what
 * fails, needs no further call to a Temporal that may itself be in trouble, and works on every Temporal service. Each kind of
 * work on a queue is counted by itself: letters that arrive say nothing about cards whose channel is gone.
 */
export interface Trouble {
  readonly queue: string;
  /** What does not work there: names of activities. */
  readonly names: readonly string[];
  /** When the first of the failures without a success in between was, in milliseconds since 1970. */
  readonly sinceMs: number;
  /** How many calls failed since. */
  readonly failures: number;
  /** The code of the last one. */
  readonly code: string;
}

export interface Pulse {
  /** What an activity's end is told to; without a code it worked. */
  teller(queue: string): (name: string, code?: string) => void;
  /** Queues on which some kind of work has not worked for so long, and was tried lately. */
  troubles(forMs: number): readonly Trouble[];
}

/** Longer than any pause between two tries: what failed once and was given up is no pile. */
const LATELY_MS = 90_000;

type Failing = Omit<Trouble, 'names'> & { readonly name: string; readonly lastMs: number };

export function createPulse(clock: () => number): Pulse {
  const failing = new Map<string, Failing>();
  return {
    teller: (queue) => (name, code) => {
      const key = `${queue}/${name}`;
      if (code === undefined) return void failing.delete(key);
      const now = clock();
      const before = failing.get(key);
      const since = before && now - before.lastMs <= LATELY_MS ? before : { sinceMs: now, failures: 0 };
      failing.set(key, { queue, name, sinceMs: since.sinceMs, failures: since.failures + 1, code, lastMs: now });
    },
    troubles: (forMs) => {
      const now = clock();
      const long = [...failing.values()].filter(({ sinceMs, lastMs }) => now - sinceMs >= forMs && now - lastMs <= LATELY_MS);
      return [...new Set(long.map(({ queue }) => queue))].map((queue) =>
        troubleOf(
          queue,
          long.filter((one) => one.queue === queue),
        ),
      );
    },
  };
}

function troubleOf(queue: string, all: readonly Failing[]): Trouble {
  const last = all.reduce((latest, one) => (one.lastMs > latest.lastMs ? one : latest));
  return {
    queue,
    names: all.map(({ name }) => name).sort(),
    sinceMs: Math.min(...all.map(({ sinceMs }) => sinceMs)),
    failures: all.reduce((sum, one) => sum + one.failures, 0),
    code: last.code,
  };
}
