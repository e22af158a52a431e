/**
 * Many windows may end in the same second. What follows a revoke (its proof, the ledger, the card, what the Macs say and
 * send) would then take the machine from the revokes that have not left yet. So all of that lets the revokes pass first.
 */

/** A crowd is this many within `LATELY_MS`; fewer do not stand in each other's way. */
const CROWD = 5;
/** Longer than the pauses in which Temporal hands out the work of one second. */
const LATELY_MS = 600;
/** The longest that anybody waits for the others, in ms. */
const PATIENCE_MS = 4_000;
const LOOK_EVERY_MS = 100;

export interface Crowd {
  /** One more revoke is about to leave. */
  enter(): void;
  /** Resolves once hardly anybody comes any more, at once where there is no crowd, and after four seconds in any case. */
  passed(signal?: AbortSignal): Promise<void>;
}

/**
 * `clock` gives milliseconds since 1970. `sleep` is a plain timer: hundreds may wait here, and one that told Temporal of
 * each of its looks would cost what is to be saved.
 */
export function createCrowd(clock: () => number, sleep: (ms: number) => Promise<void>): Crowd {
  let lately: number[] = [];
  const isCrowd = () => {
    const now = clock();
    // Also what lies ahead is forgotten, should the clock have been set back.
    lately = lately.filter((at) => Math.abs(now - at) < LATELY_MS);
    return lately.length >= CROWD;
  };
  return {
    enter: () => void lately.push(clock()),
    async passed(signal) {
      const until = clock() + PATIENCE_MS;
      while (isCrowd() && clock() < until && !signal?.aborted) await sleep(LOOK_EVERY_MS);
    },
  };
}
