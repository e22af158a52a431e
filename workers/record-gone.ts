/** The record of an access that was seen gone without a workflow's doing: the entry, and the row that frees the target. */
import type { GoneProof } from '../contract/duties.js';
import type { Instant } from '../contract/ids.js';
import type { Grant, Store } from '../contract/ports.js';
import { type SweptBy, sweptEvent } from './swept-event.js';

/** Answers when it was gone by another's record, where somebody has proved and recorded it meanwhile; then it writes nothing. */
export async function recordGone(
  { fence, ledger, requests }: Pick<Store, 'fence' | 'ledger' | 'requests'>,
  grant: Pick<Grant, 'requestId' | 'runId'>,
  proof: GoneProof,
  by: SweptBy,
): Promise<Instant | undefined> {
  const { requestId } = grant;
  const already = (await fence.grant(requestId))?.goneAt;
  if (already) return already;
  const stored = await requests.get(requestId);
  // The entry first: what is recorded as gone is not looked at again, and would never get one.
  await ledger.append([sweptEvent(grant, stored?.digest, proof, by)]);
  await fence.gone(requestId, proof.observedAt);
  return undefined;
}
