/** The card of an elevation that no run looks after any more. */
import { type NoticeDeps, paintCard } from '../activities/notices.js';
import type { RequestId } from '../contract/ids.js';
import type { Store } from '../contract/ports.js';

/** Draws the card of a closed elevation anew. While a run lives, its painter sees to it. */
export async function repairCard(store: Store, notices: NoticeDeps, requestId: RequestId): Promise<void> {
  const row = await store.ledger.find(requestId);
  if (row?.view.state === 'closed') await paintCard(notices, row.view);
}
