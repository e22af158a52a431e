/**
 * Cards of requests that wait, for a decision or for their start, when another policy was put in force: nothing happens to such a request
 * before somebody votes, or its time has come, so its run has nothing to paint, and the card would say only then that the policy was changed. What is wrong is seen by comparing, so it makes
 * no difference which process applied it, and one that starts anew finds the same.
 */
import type { Digest, RequestId } from '../contract/ids.js';
import { isJudgedAgain } from '../contract/later.js';
import type { Store } from '../contract/ports.js';
import type { ElevationView } from '../contract/view.js';

export interface PolicyCardsDeps {
  readonly store: {
    readonly ledger: Pick<Store['ledger'], 'list' | 'find'>;
    readonly policies: Pick<Store['policies'], 'inForce'>;
  };
  /** Whether there is a card that would be painted otherwise now. */
  readonly outdated: (view: ElevationView) => Promise<boolean>;
  /** Paints this view, or a later one that the ledger has: the run lives, and may paint as well. */
  readonly paint: (view: ElevationView) => Promise<unknown>;
  /** Told of each that could not be painted; it is tried again a few times. */
  readonly failed: (requestId: RequestId, error: unknown) => void;
}

const PAGE = 1_000;
/** How many are looked at, and painted, in one round: cards of live elevations share Slack's limit with these. */
const LOOKS = 200;
const AT_ONCE = 20;
const TRIES = 10;

/** One round; answers how many were painted. Throws what the store throws. */
export function createPolicyCards(deps: PolicyCardsDeps): () => Promise<number> {
  const { store, failed } = deps;
  /** How often each was painted without showing it afterwards. */
  const due = new Map<RequestId, number>();
  let seen: Digest | undefined;

  const collect = async () => {
    const hash = (await store.policies.inForce())?.hash;
    if (hash === seen) return;
    for (let offset = 0; ; offset += PAGE) {
      const rows = await store.ledger.list({ live: true, limit: PAGE, offset });
      for (const { view } of rows) if (isJudgedAgain(view)) due.set(view.request.requestId, 0);
      if (rows.length < PAGE) break;
    }
    seen = hash;
  };

  return async () => {
    await collect();
    let painted = 0;
    for (const [requestId, tries] of [...due].slice(0, LOOKS)) {
      if (painted >= AT_ONCE) break;
      due.delete(requestId);
      try {
        if (!(await repaint(deps, requestId))) continue;
        painted += 1;
      } catch (error) {
        failed(requestId, error);
      }
      // Its run may have painted at the same moment: it is looked at once more, after the others.
      if (tries + 1 < TRIES) due.set(requestId, tries + 1);
    }
    return painted;
  };
}

/** False where there was nothing to paint. */
async function repaint({ store, outdated, paint }: PolicyCardsDeps, requestId: RequestId): Promise<boolean> {
  const view = (await store.ledger.find(requestId))?.view;
  if (!view || !isJudgedAgain(view) || !(await outdated(view))) return false;
  await paint(view);
  return true;
}
