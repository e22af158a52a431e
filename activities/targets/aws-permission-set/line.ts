/** A waiting line with ranks: whoever takes access away goes first, then first come, first served. Waiting can be broken off. */
import { RANKS, type Rank } from './types.js';

interface Waiter {
  readonly go: () => void;
}

export interface Line {
  /** Resolves when admitted, `admitted` being called in that very moment; rejects with the signal's reason when aborted before. */
  wait(rank: Rank, signal?: AbortSignal, admitted?: () => void): Promise<void>;
  /** Lets the first one go whose rank may; answers its rank, or undefined when nobody may. */
  admit(may?: (rank: Rank) => boolean): Rank | undefined;
  /** How many wait: of one rank, or of all. */
  size(rank?: Rank): number;
}

export function createLine(): Line {
  const queues: Record<Rank, Set<Waiter>> = { revoke: new Set(), proof: new Set(), grant: new Set(), background: new Set() };
  return {
    wait: (rank, signal, admitted) => waitIn(queues[rank], signal, admitted),
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
    size: (rank) => (rank ? queues[rank].size : RANKS.reduce((sum, each) => sum + queues[each].size, 0)),
  };
}

function waitIn(queue: Set<Waiter>, signal?: AbortSignal, admitted?: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const leave = () => {
      queue.delete(waiter);
      reject(signal?.reason);
    };
    const waiter: Waiter = {
      go: () => {
        signal?.removeEventListener('abort', leave);
        admitted?.();
        resolve();
      },
    };
    signal?.addEventListener('abort', leave, { once: true });
    queue.add(waiter);
  });
}

/** Gives a place back; a second call does nothing. */
export type Release = () => void;

/** Wraps work that may be asked for twice and is done once. */
export function once(work: () => void): Release {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    work();
  };
}
