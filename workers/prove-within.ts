/**
 * Proofs that no workflow waits for: nobody breaks them off from outside, so each has a limit of its own. A far end that hangs
 * keeps one of them for a while, and nobody else.
 */
import { type ProofDeps, proveGone } from '../activities/target.js';
import { within } from '../activities/within.js';
import type { GoneProof } from '../contract/duties.js';
import { StintError } from '../contract/errors.js';
import type { Instant } from '../contract/ids.js';
import type { Grant, Recollection, TargetDriver } from '../contract/ports.js';

/** What a look that begins at the end of the watch, and a last answer, may take beyond it, in ms. */
const BEYOND_WATCH_MS = 20_000;
/** Who hears the signal stops by itself, and says more than that it was too slow. */
const BACKSTOP_MS = 1_000;

export interface ProveDeps extends Pick<ProofDeps, 'clock'> {
  /** What the record remembers of the time before the grant (`remembered`): for when the store's mark of it is lost. */
  readonly told: Recollection;
  readonly sleep: (ms: number) => Promise<void>;
  readonly watchMs: number;
  /** All that one proof may take, in ms; 20 s beyond the watch by default. */
  readonly limitMs?: number;
}

/** `proveGone`, for so long at most. Throws `not-gone`, also when the far end gave no answer in time. */
export async function proveWithin(
  driver: TargetDriver,
  of: Pick<Grant, 'requestId' | 'target'>,
  notBefore: Instant,
  { told, clock, sleep, watchMs, limitMs = watchMs + BEYOND_WATCH_MS }: ProveDeps,
): Promise<GoneProof> {
  const over = AbortSignal.timeout(limitMs);
  const proving = proveGone(driver, of, notBefore, { told, clock, call: { signal: () => over, sleep }, watchMs });
  const proof = await within(limitMs + BACKSTOP_MS, proving);
  if (proof) return proof;
  throw new StintError(
    'not-gone',
    `${of.target.display} gave no answer within ${Math.ceil(limitMs / 1000)} s. It is tried again.`,
  );
}
