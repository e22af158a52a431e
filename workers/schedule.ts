/**
 * The Schedule that runs the reconciler. Made by each worker process when it begins to poll, and brought up to date when
 * it is there; one that an operator paused stays paused (the watch then runs the reconciler by itself).
 */
import { type Connection, ScheduleAlreadyRunning, ScheduleClient, ScheduleOverlapPolicy } from '@temporalio/client';
import { QUEUES, RECONCILE, RECONCILE_SCHEDULE } from '../contract/queues.js';

/** Idempotent. Throws what Temporal answers; a worker goes on without. */
export async function ensureSchedule(connection: Connection, namespace: string, everyMs: number): Promise<void> {
  const schedules = new ScheduleClient({ connection, namespace });
  const spec = { intervals: [{ every: everyMs }] };
  const action = {
    type: 'startWorkflow' as const,
    workflowType: RECONCILE,
    workflowId: RECONCILE_SCHEDULE,
    taskQueue: QUEUES.story,
    args: [],
    // A run that hangs (no worker, a far end that never answers) must not keep the later turns from running.
    workflowExecutionTimeout: '15m' as const,
  };
  // A turn that was missed is not made up for: the next one sees the same.
  const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: 60_000 };
  try {
    await schedules.create({ scheduleId: RECONCILE_SCHEDULE, spec, action, policies });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await schedules.getHandle(RECONCILE_SCHEDULE).update(({ state }) => ({ spec, action, policies, state }));
  }
}
