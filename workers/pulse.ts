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

/** One call of an activity, whichever of its attempts. */
export interface Call {
  readonly id: string;
  /** When it was first asked for, in milliseconds since 1970. */
  readonly sinceMs: number;
}

/** Calls that fail again and again while others on the queue come through. */
export interface Backlog {
  readonly queue: string;
  /** Names of activities. */
  readonly names: readonly string[];
  /** Since when the oldest of them waits, in milliseconds since 1970. */
  readonly sinceMs: number;
  readonly calls: number;
  /** The code of the last failure. */
  readonly code: string;
}

export interface Pulse {
  /** What an activity's end is told to; without a code it worked. Only of calls that are named is it known how long each waits. */
  teller(queue: string): (name: string, code?: string, call?: Call) => void;
  /** Queues on which some call waits for so long, and was tried lately. */
  backlogs(forMs: number): readonly Backlog[];
  /** Queues on which some kind of work has not worked for so long, and was tried lately. */
  troubles(forMs: number): readonly Trouble[];
}

/** Longer than any pause between two tries: what failed once and was given up is no pile. */
const LATELY_MS = 90_000;

type Failing = Omit<Trouble, 'names'> & { readonly name: string; readonly lastMs: number };
type Waiting = Omit<Failing, 'failures'>;

export function createPulse(clock: () => number): Pulse {
  const failing = new Map<string, Failing>();
  /** By call. */
  const waiting = new Map<string, Waiting>();
  return {
    teller: (queue) => (name, code, call) => {
      const key = `${queue}/${name}`;
      const now = clock();
      if (call && code === undefined) waiting.delete(call.id);
      else if (call && code !== undefined) waiting.set(call.id, { queue, name, sinceMs: call.sinceMs, code, lastMs: now });
      if (code === undefined) return void failing.delete(key);
      const before = failing.get(key);
      const since = before && now - before.lastMs <= LATELY_MS ? before : { sinceMs: now, failures: 0 };
      failing.set(key, { queue, name, sinceMs: since.sinceMs, failures: since.failures + 1, code, lastMs: now });
    },
    backlogs: (forMs) => {
      const now = clock();
      // It came through at another worker, or was given up.
      for (const [id, { lastMs }] of waiting) if (now - lastMs > LATELY_MS) waiting.delete(id);
      const all = [...waiting.values()];
      const long = new Set(all.filter(({ sinceMs }) => now - sinceMs >= forMs).map(({ queue }) => queue));
      return [...long].map((queue) =>
        backlogOf(
          queue,
          all.filter((one) => one.queue === queue),
        ),
      );
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

function backlogOf(queue: string, all: readonly Waiting[]): Backlog {
  const sinceMs = Math.min(...all.map((one) => one.sinceMs));
  return { queue, names: namesOf(all), sinceMs, calls: all.length, code: lastOf(all).code };
}

const namesOf = (all: readonly Waiting[]): readonly string[] => [...new Set(all.map(({ name }) => name))].sort();
const lastOf = <T extends Waiting>(all: readonly T[]): T =>
  all.reduce((latest, one) => (one.lastMs > latest.lastMs ? one : latest));

function troubleOf(queue: string, all: readonly Failing[]): Trouble {
  return {
    queue,
    names: namesOf(all),
    sinceMs: Math.min(...all.map(({ sinceMs }) => sinceMs)),
    failures: all.reduce((sum, one) => sum + one.failures, 0),
    code: lastOf(all).code,
  };
}
