/**
 * Many windows may end in the same second. What follows a revoke (its proof, the ledger, the card) would then take the
 * machine from the revokes that have not left yet. So whoever has sent one lets the others of its crowd pass first.
 */

/** A crowd is this many within `LATELY_MS`; fewer do not stand in each other's way. */
const CROWD = 5;
const LATELY_MS = 250;
/** The longest that anybody waits for the others, in ms. */
const PATIENCE_MS = 2_000;
const LOOK_EVERY_MS = 100;

export interface Crowd {
  /** One more comes. */
  enter(): void;
  /** Resolves once hardly anybody comes any more, at once where there is no crowd, and after two seconds in any case. */
  passed(sleep: (ms: number) => Promise<void>, signal: AbortSignal): Promise<void>;
}

/** `clock` gives milliseconds since 1970. */
export function createCrowd(clock: () => number): Crowd {
  let lately: number[] = [];
  const isCrowd = () => {
    const now = clock();
    // Also what lies ahead is forgotten, should the clock have been set back.
    lately = lately.filter((at) => Math.abs(now - at) < LATELY_MS);
    return lately.length >= CROWD;
  };
  return {
    enter: () => void lately.push(clock()),
    async passed(sleep, signal) {
      const until = clock() + PATIENCE_MS;
      while (isCrowd() && clock() < until && !signal.aborted) await sleep(LOOK_EVERY_MS);
    },
  };
}
