/**
 * The calls a second that all calls of this process share. What takes access away is first in line. The writes that AWS has taken
 * and not finished have a budget of their own (`slots.ts`).
 *
 * AWS: 20 calls a second for the whole organisation ("IAM Identity Center quotas").
 */
import { createLine } from './line.js';
import { createPace } from './pace.js';
import type { Rank, Time } from './types.js';

export const CALLS_PER_SECOND = 20;

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
