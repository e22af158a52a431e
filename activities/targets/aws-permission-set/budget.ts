/**
 * The budget that all calls of this process share: calls a second, and writes that AWS has taken and not finished. What
 * takes access away is first in line for both, and a third of the outstanding writes is kept for it.
 *
 * AWS: 20 calls a second and 15 outstanding writes for the whole organisation, the latter not raisable.
 */
import { StintError } from '../../../contract/errors.js';
import { createLine } from './line.js';
import { createPace } from './pace.js';
import type { Rank, Time } from './types.js';

export const CALLS_PER_SECOND = 20;
export const OUTSTANDING_WRITES = 15;

export interface Budget {
  /** Resolves at the moment in which one call may leave. */
  take(rank: Rank, signal?: AbortSignal): Promise<void>;
  /** AWS said that it was too much. */
  throttled(): void;
  /** Calls a second at this moment. */
  rate(): number;
}

/** `perSecond`: this process' share of the quota. */
export function createBudget(time: Time, perSecond: number): Budget {
  const pace = createPace(perSecond);
  const line = createLine();
  let pumping = false;
  const pump = async (): Promise<void> => {
    if (pumping) return;
    pumping = true;
    while (line.size() > 0) {
      const waitMs = pace.waitMs(time.steady());
      if (waitMs > 0) await time.sleep(waitMs);
      else if (line.admit()) pace.took(time.steady());
    }
    // With nothing to wait for since the last look at the line: whoever comes now finds the pump at rest.
    pumping = false;
  };
  return {
    take: (rank, signal) => {
      const turn = line.wait(rank, signal);
      void pump();
      return turn;
    },
    throttled: () => pace.throttled(time.steady()),
    rate: () => pace.rate(time.steady()),
  };
}

/** Gives a place back; a second call does nothing. */
export type Release = () => void;

export interface Slots {
  /** Resolves when this write may become outstanding. */
  take(rank: Rank, signal?: AbortSignal): Promise<Release>;
  readonly all: number;
  readonly forGrants: number;
}

/**
 * `workers`: among how many the organisation's 15 are shared; others have no writes. Throws `bad-config` when that leaves none for
 * grants.
 */
export function createSlots(workers: number): Slots {
  const all = Math.floor(OUTSTANDING_WRITES / workers);
  const forGrants = all - Math.ceil(all / 3);
  if (!Number.isInteger(workers) || workers < 1 || forGrants < 1) {
    throw new StintError('bad-config', `STINT_AWS_WORKERS is ${workers}: it must be a whole number from 1 to 7.`);
  }
  const line = createLine();
  let revokes = 0;
  let others = 0;
  const may = (rank: Rank): boolean => revokes + others < all && (rank === 'revoke' || others < forGrants);
  const count = (rank: Rank, by: 1 | -1): void => {
    if (rank === 'revoke') revokes += by;
    else others += by;
  };
  const settle = (): void => {
    for (let rank = line.admit(may); rank; rank = line.admit(may)) count(rank, 1);
  };
  const take = async (rank: Rank, signal?: AbortSignal): Promise<Release> => {
    const turn = line.wait(rank, signal);
    settle();
    await turn;
    return once(() => {
      count(rank, -1);
      settle();
    });
  };
  return { all, forGrants, take };
}

/** Wraps work that may be asked for twice and is done once. */
export function once(work: () => void): Release {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    work();
  };
}
