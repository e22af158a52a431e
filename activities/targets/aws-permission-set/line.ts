/** A waiting line with ranks: whoever takes access away goes first, then first come, first served. Waiting can be broken off. */
import { RANKS, type Rank } from './types.js';

interface Waiter {
  readonly go: () => void;
}

export interface Line {
  /** Resolves when admitted; rejects with the signal's reason when aborted before that. */
  wait(rank: Rank, signal?: AbortSignal): Promise<void>;
  /** Lets the first one go whose rank may; answers its rank, or undefined when nobody may. */
  admit(may?: (rank: Rank) => boolean): Rank | undefined;
  size(): number;
}

export function createLine(): Line {
  const queues: Record<Rank, Set<Waiter>> = { revoke: new Set(), proof: new Set(), grant: new Set(), background: new Set() };
  return {
    wait: (rank, signal) => waitIn(queues[rank], signal),
    admit(may = () => true) {
      for (const rank of RANKS) {
        const [first] = queues[rank];
        if (!first || !may(rank)) continue;
        queues[rank].delete(first);
        first.go();
        return rank;
      }
      return undefined;
    },
    size: () => RANKS.reduce((sum, rank) => sum + queues[rank].size, 0),
  };
}

function waitIn(queue: Set<Waiter>, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const leave = () => {
      queue.delete(waiter);
      reject(signal?.reason);
    };
    const waiter: Waiter = {
      go: () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      },
    };
    signal?.addEventListener('abort', leave, { once: true });
    queue.add(waiter);
  });
}
