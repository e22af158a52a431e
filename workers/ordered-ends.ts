/**
 * Revoke and End now, pressed while no workflow can hear them: Temporal cannot be reached, or the run is paused. The
 * entrance, which has judged the click, fences the elevation off and records who ended it. A worker takes the access away.
 */
import type { Via } from '../contract/events.js';
import type { RequestId } from '../contract/ids.js';
import type { Actor } from '../contract/messages.js';
import type { Store } from '../contract/ports.js';
import { type EndCause, type EndNowDeps, type FenceOffDeps, fenceOff, proveEnded } from './end-now.js';

/** What an entrance may order past the workflow. */
export type Order = 'revoke' | 'end';
export type OrderPast = (order: Order, requestId: RequestId, actor: Actor) => Promise<void>;

/** For an entrance. Throws `unknown-request`, `store-unavailable`; then nothing is known to be ended. */
export function createOrderPast(deps: FenceOffDeps, via: Via): OrderPast {
  return async (order, requestId, { personId, slackUserId, serial }) => {
    const actor = { via, ...(personId && { personId }), ...(slackUserId && { slackUserId }), ...(serial && { serial }) };
    await fenceOff(deps, requestId, order === 'end' ? 'subject' : 'approver', actor);
  };
}

export interface OrderedEndsDeps extends EndNowDeps {
  /** Draws the card of a closed elevation again. */
  readonly repair: (requestId: RequestId) => Promise<void>;
  /** Told of each that is not proved gone yet; it is tried again. */
  readonly failed: (requestId: RequestId, error: unknown) => void;
}

/** For a worker: answers one round. What a round has begun goes on beside the next; no elevation is taken up twice. */
export function createOrderedEnds(deps: OrderedEndsDeps): () => Promise<void> {
  const at = new Set<RequestId>();
  const end = async (requestId: RequestId, cause: EndCause) => {
    try {
      await proveEnded(deps, requestId, cause);
      await deps.repair(requestId);
    } catch (error) {
      deps.failed(requestId, error);
    } finally {
      at.delete(requestId);
    }
  };
  return async () => {
    for (const { requestId } of await deps.store.untold.all()) {
      if (at.has(requestId)) continue;
      const cause = await orderedBy(deps.store, requestId);
      if (!cause || at.has(requestId)) continue;
      at.add(requestId);
      void end(requestId, cause);
    }
  };
}

/** Who ordered an end that nobody carries out yet. An operator's or a leaver's is carried out by who ordered it. */
async function orderedBy(
  { fence, ledger }: Pick<Store, 'fence' | 'ledger'>,
  requestId: RequestId,
): Promise<EndCause | undefined> {
  const row = await fence.grant(requestId);
  if (!row?.endedAt || row.goneAt) return undefined;
  const view = (await ledger.find(requestId))?.view;
  if (view?.outcome === 'ended') return 'subject';
  return view?.revokeCause === 'approver' ? 'approver' : undefined;
}
