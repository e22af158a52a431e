/**
 * How the work of each queue goes, as this process sees it: counted where activities end, because that also says what
 * fails, needs no further call to a Temporal that may itself be in trouble, and works on every Temporal service. Each kind of
 * work on a queue is counted by itself: letters that arrive say nothing about cards whose channel is gone.
 */
import { CARD_AGAIN_MIN } from '../contract/duties.js';
import type { RequestId } from '../contract/ids.js';

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

/** One call of an activity, whichever of its attempts; of a card one for all calls that paint it. */
export interface Call {
  readonly id: string;
  /** Whose card is painted. Where Slack refuses it for good the next call comes only up to an hour later, also at another worker. */
  readonly card?: RequestId;
  /** When it was first asked for, in milliseconds since 1970. */
  readonly sinceMs: number;
}

/** Calls that fail again and again, whatever else on the queue comes through. */
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
  /** Queues on which some call waits for so long, and was tried lately or is a card that will be tried again. */
  backlogs(forMs: number): readonly Backlog[];
  /** Cards that wait for so long and were not tried lately, the oldest first: another worker may have painted them since. */
  resting(forMs: number): readonly RequestId[];
  /** This card was painted elsewhere. */
  painted(card: RequestId): void;
  /** Queues on which some kind of work has not worked for so long, and was tried lately. */
  troubles(forMs: number): readonly Trouble[];
}

/** Longer than any pause between two tries: what failed once and was given up is no pile. */
const LATELY_MS = 90_000;
/** The same of a card that Slack refuses for good: its channel is archived, or the bot was removed from it. */
const REFUSED_MS = Math.max(...CARD_AGAIN_MIN) * 60_000 + LATELY_MS;

type Failing = Omit<Trouble, 'names'> & { readonly name: string; readonly lastMs: number };
type Waiting = Omit<Failing, 'failures'> & Pick<Call, 'card'>;

const patienceOf = ({ card, code }: Waiting): number => (card && code === 'slack-rejected' ? REFUSED_MS : LATELY_MS);

export function createPulse(clock: () => number): Pulse {
  const failing = new Map<string, Failing>();
  /** By call. */
  const waiting = new Map<string, Waiting>();
  /** What came through at another worker, or was given up, is forgotten. */
  const stillWaiting = (now: number): readonly (readonly [string, Waiting])[] => {
    for (const [id, one] of waiting) if (now - one.lastMs > patienceOf(one)) waiting.delete(id);
    return [...waiting];
  };
  return {
    teller: (queue) => (name, code, call) => {
      const key = `${queue}/${name}`;
      const now = clock();
      if (call && code === undefined) waiting.delete(call.id);
      else if (call && code !== undefined) {
        const known = waiting.get(call.id);
        const sinceMs = known && now - known.lastMs <= patienceOf(known) ? known.sinceMs : call.sinceMs;
        waiting.set(call.id, { queue, name, sinceMs, code, lastMs: now, ...(call.card && { card: call.card }) });
      }
      if (code === undefined) return void failing.delete(key);
      const before = failing.get(key);
      const since = before && now - before.lastMs <= LATELY_MS ? before : { sinceMs: now, failures: 0 };
      failing.set(key, { queue, name, sinceMs: since.sinceMs, failures: since.failures + 1, code, lastMs: now });
    },
    backlogs: (forMs) => {
      const now = clock();
      const all = stillWaiting(now).map(([, one]) => one);
      const long = new Set(all.filter(({ sinceMs }) => now - sinceMs >= forMs).map(({ queue }) => queue));
      return [...long].map((queue) =>
        backlogOf(
          queue,
          all.filter((one) => one.queue === queue),
        ),
      );
    },
    resting: (forMs) => {
      const now = clock();
      return stillWaiting(now)
        .filter(([, { sinceMs, lastMs }]) => now - sinceMs >= forMs && now - lastMs > LATELY_MS)
        .sort(([, a], [, b]) => a.sinceMs - b.sinceMs)
        .flatMap(([, { card }]) => (card ? [card] : []));
    },
    painted: (card) => {
      for (const [id, one] of waiting) if (one.card === card) waiting.delete(id);
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
