/**
 * A revoke that is asked for again while somebody looks. Where nothing ends by itself, a delete that the far end took and did not do
 * is access until the next one: it must not wait for the next attempt of whoever looks.
 */

export interface Revoking {
  /** Called before each look: begins it again where it failed, at once, then after two, four, eight looks. */
  again(): void;
  /** Resolves when none is under way; never rejects. */
  ended(): Promise<void>;
  /** Why it failed last; undefined when it never did. */
  failure(): unknown;
}

/** Begins at once. `repeats`: whether it is ever begun a second time. */
export function createRevoking(revoke: () => Promise<void>, repeats: boolean): Revoking {
  let failure: unknown;
  let failed = false;
  let [looks, pause] = [0, 1];
  const begin = (): Promise<void> =>
    revoke().catch((error: unknown) => {
      failure = error;
      failed = true;
    });
  let last = begin();
  return {
    again() {
      if (!repeats || !failed || ++looks < pause) return;
      failed = false;
      looks = 0;
      pause *= 2;
      last = begin();
    },
    ended: () => last,
    failure: () => failure,
  };
}
