/**
 * What was ended past its workflow is told to the workflow when Temporal is there: as a Cancel, which needs no key and
 * always works. The workflow then finds its grant fenced and gone, grants nothing, and closes. Where there is no workflow
 * any more, the card is drawn from the read model instead.
 */
import type { Client } from '@temporalio/client';
import { isStintError } from '../contract/errors.js';
import { type Instant, msOf, type RequestId, workflowIdOf } from '../contract/ids.js';
import type { Fence, Store } from '../contract/ports.js';
import { lookAtRun, withinReach } from './run-state.js';

/**
 * `kept`: the run is paused; it hears of it when it goes on, so whoever needs an end now ends it past the workflow. `over`:
 * there is no such run. Throws `temporal-unavailable`.
 */
export type Cancel = (requestId: RequestId) => Promise<Heard>;
export type Heard = 'sent' | 'kept' | 'over';

/** Whoever orders an end puts it on the list first; until it is fenced as well, it is theirs to tell. */
const ORDERING_MS = 60_000;
/** A card that could not be drawn for so long is left alone; `/admin-status` and `stint show` have the truth. */
const GIVE_UP_MS = 24 * 3_600_000;

/**
 * Cancels through this client. Looks first: the server takes a cancel of a run that is closed, and says nothing (tried
 * with 1.32), so that a terminated workflow would seem to have heard.
 */
export function createCancel(client: Client, clock: () => number): Cancel {
  return (requestId) =>
    withinReach(client, clock, async () => {
      const state = await lookAtRun(client, requestId);
      if (state === 'over') return 'over';
      await client.workflow.getHandle(workflowIdOf(requestId)).cancel();
      return state === 'running' ? 'sent' : 'kept';
    });
}

export interface TellDeps {
  readonly store: Pick<Store, 'untold'> & { readonly fence: Pick<Fence, 'grant'> };
  readonly cancel: Cancel;
  /** Draws the card of a closed elevation again. */
  readonly repair: (requestId: RequestId) => Promise<void>;
  readonly clock: () => number;
  /** Told of each that could not be dealt with now; it is tried again. */
  readonly failed: (requestId: RequestId, error: unknown) => void;
}

/** One round over the list. Stops early when Temporal does not answer: it would not answer the next one either. */
export async function tellWorkflows(deps: TellDeps): Promise<void> {
  const { store, clock, failed } = deps;
  for (const { requestId, at } of await store.untold.all()) {
    try {
      if (await tell(deps, requestId, at)) await store.untold.remove(requestId);
    } catch (error) {
      failed(requestId, error);
      if (isStintError(error) && error.code === 'temporal-unavailable') return;
      if (clock() - msOf(at) > GIVE_UP_MS) await store.untold.remove(requestId);
    }
  }
}

/** False while no workflow hears of it and its access is not gone: it stays on the list, from which it is taken away. */
async function tell({ store, cancel, repair, clock }: TellDeps, requestId: RequestId, since: Instant): Promise<boolean> {
  const row = await store.fence.grant(requestId);
  // A cancel that comes before the record would be all that the record has of it.
  if (!row?.endedAt && clock() - msOf(since) < ORDERING_MS) return false;
  if ((await cancel(requestId)) === 'sent') return true;
  if (row && !row.goneAt) return false;
  // A paused run paints no card: until it goes on, the read model is all that can show what is true.
  await repair(requestId);
  return true;
}
