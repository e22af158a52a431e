/**
 * What two people closed without proof is looked after until it is seen gone, however late. That sight is recorded as the
 * proof: from then on, what is there is somebody else's doing, and is told and never removed (invariant I12).
 */
import { msOf } from '../contract/ids.js';
import type { Store } from '../contract/ports.js';
import { isUnproven } from './drift.js';
import type { Failure, Looked } from './sights.js';
import { sweptEvent } from './swept-event.js';

/** Records each that was seen gone for the first time. One that can't be recorded is seen again at the next run. */
export async function recordLateProofs(
  { ledger, requests }: Pick<Store, 'ledger' | 'requests'>,
  looked: readonly Looked[],
  failures: Failure[],
): Promise<void> {
  for (const { sight } of looked) {
    const { absent, gone = [], target } = sight;
    if (!absent) continue;
    const proved = sight.ended.filter(({ grant }) => gone.includes(grant.requestId)).filter(isUnproven);
    for (const { grant } of proved) {
      // A report from before it was closed is no news.
      if (grant.goneAt && msOf(absent.observedAt) <= msOf(grant.goneAt)) continue;
      const record = async () => {
        const stored = await requests.get(grant.requestId);
        await ledger.append([sweptEvent(grant, stored?.digest, absent, 'reconciler')]);
      };
      await record().catch((error: unknown) => void failures.push({ what: target.key, error }));
    }
  }
}
