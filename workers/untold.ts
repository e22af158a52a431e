/**
 * What was ended past its workflow is told to the workflow when Temporal is there: as a Cancel, which needs no key and
 * always works. The workflow then finds its grant fenced and gone, grants nothing, and closes. Where there is no workflow
 * any more, the card is drawn from the read model instead.
 */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { isStintError, StintError } from '../contract/errors.js';
import { msOf, type RequestId, workflowIdOf } from '../contract/ids.js';
import type { Store } from '../contract/ports.js';

/** `over`: there is no such run. Throws `temporal-unavailable`. */
export type Cancel = (requestId: RequestId) => Promise<'sent' | 'over'>;

/** How long one call to Temporal may take before it counts as down, in milliseconds. */
const WITHIN_MS = 5000;
/** A card that could not be drawn for so long is left alone; `/admin-status` and `stint show` have the truth. */
const GIVE_UP_MS = 24 * 3_600_000;

/**
 * Cancels through this client. Looks first: the server takes a cancel of a run that is closed, and says nothing (tried
 * with 1.32), so that a terminated workflow would seem to have heard.
 */
export function createCancel(client: Client, clock: () => number): Cancel {
  return async (requestId) => {
    try {
      const handle = client.workflow.getHandle(workflowIdOf(requestId));
      return await client.withDeadline(clock() + WITHIN_MS, async () => {
        if ((await handle.describe()).status.name !== 'RUNNING') return 'over';
        await handle.cancel();
        return 'sent';
      });
    } catch (cause) {
      if (cause instanceof WorkflowNotFoundError) return 'over';
      throw new StintError('temporal-unavailable', undefined, { cause });
    }
  };
}

export interface TellDeps {
  readonly store: Pick<Store, 'untold'>;
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
      await tell(deps, requestId);
      await store.untold.remove(requestId);
    } catch (error) {
      failed(requestId, error);
      if (isStintError(error) && error.code === 'temporal-unavailable') return;
      if (clock() - msOf(at) > GIVE_UP_MS) await store.untold.remove(requestId);
    }
  }
}

async function tell({ cancel, repair }: TellDeps, requestId: RequestId): Promise<void> {
  if ((await cancel(requestId)) === 'over') await repair(requestId);
}
