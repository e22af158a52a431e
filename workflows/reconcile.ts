/**
 * The reconciler's workflow: one activity, started by a Schedule. It keeps no state and knows no elevation; whoever may
 * write to Temporal can start, stop or delete it, and then the worker processes run the reconciler themselves.
 */
import { proxyActivities } from '@temporalio/workflow';
import type { ReconcileDuties, ReconcileSummary } from '../activities/reconcile.js';
import { QUEUES } from '../contract/queues.js';

/** Functions only, as Temporal's proxies want them. */
type Hands = { [K in keyof ReconcileDuties]: ReconcileDuties[K] };

/**
 * On the queue of the revokes: it takes access away, so it must not stand behind a slow store's or Slack's work, and the one
 * slot of 500 that it takes is no revoke's. A second attempt is enough: the next turn of the Schedule is another.
 */
const { reconcileTargets } = proxyActivities<Hands>({
  taskQueue: QUEUES.revoke,
  startToCloseTimeout: '4m',
  retry: { initialInterval: '5s', maximumAttempts: 2 },
});

/** One run. */
export async function reconcile(): Promise<ReconcileSummary> {
  return reconcileTargets.executeWithOptions({ summary: 'compare targets with the store' }, []);
}
