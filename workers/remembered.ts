/**
 * What the ledger remembers of the time before a grant, for whoever takes it away past its workflow. The store's mark of that
 * time may be lost alone, and without one the access of a grant would pass for what stood there before it.
 */
import type { Grant, Recollection, Store } from '../contract/ports.js';
import { targetOf } from '../contract/request.js';
import { recollectionOf } from '../contract/view.js';

/** Nothing where the ledger knows no such elevation. Throws `store-unavailable`: without a word it must not be called gone. */
export async function remembered(
  { ledger }: Pick<Store, 'ledger'>,
  { requestId, target }: Pick<Grant, 'requestId' | 'target'>,
): Promise<Recollection> {
  // A Mac says itself whose its access is, so that taking it away waits for no answer of the store.
  if (targetOf('mac-admin', target)) return {};
  const row = await ledger.find(requestId);
  return row ? recollectionOf(row.view) : {};
}
