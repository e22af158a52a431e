/**
 * Revoke and End now, pressed while no workflow can hear them: Temporal cannot be reached, the run is paused, or it was
 * terminated. The entrance, which has judged the click, fences the elevation off and records who ended it. A worker takes the
 * access away.
 */
import type { Via } from '../contract/events.js';
import { type Digest, msOf, type RequestId } from '../contract/ids.js';
import type { Actor } from '../contract/messages.js';
import { type EndCause, type EndNowDeps, type FenceOffDeps, fence, fenceOff, proveEnded } from './end-now.js';

export interface PastWorkflow {
  /** Whether an elevation still holds its target, for all that the store knows. */
  holds(requestId: RequestId): Promise<boolean>;
  /**
   * Closes the fence behind an end that a workflow was told of, where there is something to take back: should nobody be at that
   * workflow, the sweep takes it away soon after (of Macs two minutes). Throws `store-unavailable`.
   */
  closeBehind(requestId: RequestId): Promise<void>;
  /** Orders what was judged. Throws `unknown-request`, `store-unavailable`; then nothing is known to be ended. */
  order(what: 'revoke' | 'end', requestId: RequestId, actor: Actor, commentDigest?: Digest): Promise<void>;
}

/** For an entrance. The clock must be one that is compared with the others': the store keeps what it says. */
export function createPastWorkflow(deps: FenceOffDeps, via: Via): PastWorkflow {
  const holds = async (requestId: RequestId) => {
    const row = await deps.store.fence.grant(requestId);
    return row !== undefined && !row.goneAt;
  };
  return {
    holds,
    closeBehind: async (requestId) => {
      if (await holds(requestId)) await fence(deps, requestId);
    },
    order: async (what, requestId, { personId, slackUserId, serial }, commentDigest) => {
      const actor = { via, ...(personId && { personId }), ...(slackUserId && { slackUserId }), ...(serial && { serial }) };
      await fenceOff(deps, requestId, what === 'end' ? 'subject' : 'approver', actor, commentDigest);
    },
  };
}

/** How many ends are carried out at a time. */
const WIDTH = 20;
/** After this long an end is carried out whoever ordered it: who did may have died over it. */
const ANYBODYS_MS = 15_000;

export interface OrderedEndsDeps extends EndNowDeps {
  /** Draws the card of a closed elevation again. */
  readonly repair: (requestId: RequestId) => Promise<void>;
  /** Told of each that is not proved gone, or not drawn, yet; it is tried again. */
  readonly failed: (requestId: RequestId, error: unknown) => void;
}

/**
 * For a worker: answers one round over the list of ends that workflows have yet to hear of. What a round has begun goes on
 * beside the next; no elevation is taken up twice, and one that fails keeps none of the others waiting.
 */
export function createOrderedEnds(deps: OrderedEndsDeps): () => Promise<void> {
  const at = new Set<RequestId>();
  const drawn = new Set<RequestId>();
  /** The round in which each was last taken up. */
  const tried = new Map<RequestId, number>();
  let rounds = 0;
  const take = async (requestId: RequestId) => {
    try {
      if (!(await isGone(deps, requestId))) return;
      if (!drawn.has(requestId)) await deps.repair(requestId);
      drawn.add(requestId);
    } catch (error) {
      deps.failed(requestId, error);
    } finally {
      at.delete(requestId);
    }
  };
  return async () => {
    const listed = new Set((await deps.store.untold.all()).map(({ requestId }) => requestId));
    for (const requestId of drawn) if (!listed.has(requestId)) drawn.delete(requestId);
    for (const requestId of tried.keys()) if (!listed.has(requestId)) tried.delete(requestId);
    rounds += 1;
    // Whoever was tried longest ago comes first: twenty that fail at every round must not keep the others out.
    for (const requestId of [...listed].sort((a, b) => (tried.get(a) ?? 0) - (tried.get(b) ?? 0))) {
      if (at.has(requestId) || at.size >= WIDTH) continue;
      at.add(requestId);
      tried.set(requestId, rounds);
      void take(requestId);
    }
  };
}

/** Takes it away where that is to be done here. False while it is not ended, or somebody else's to prove. */
async function isGone(deps: OrderedEndsDeps, requestId: RequestId): Promise<boolean> {
  const row = await deps.store.fence.grant(requestId);
  if (!row?.endedAt) return false;
  if (row.goneAt) return true;
  const view = (await deps.store.ledger.find(requestId))?.view;
  const cause: EndCause = view?.outcome === 'ended' ? 'subject' : 'approver';
  const clicked = view?.outcome === 'ended' || view?.revokeCause === 'approver';
  if (!clicked && deps.clock() - msOf(row.endedAt) < ANYBODYS_MS) return false;
  await proveEnded(deps, requestId, cause);
  return true;
}
