/** What an operator does to a run by Temporal's own means, and what the command line and the Web UI do it with. */
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { Asked } from './asked.js';
import { until } from './until.js';

type Run = Pick<Asked, 'handle' | 'workflowId' | 'runId'>;

/** Begins it anew: after its first task or at its last one, with the signals that came later or without. Resolves when the new run is there. */
export async function resetTo(client: Client, e: Run, which: 'first' | 'last', withSignals: boolean): Promise<void> {
  const { namespace } = client.options;
  const runId = await e.runId();
  const execution = { workflowId: e.workflowId, runId };
  const { history } = await client.workflowService.getWorkflowExecutionHistory({ namespace, execution });
  const tasks = (history?.events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes);
  const at = (which === 'first' ? tasks[0] : tasks.at(-1))?.eventId ?? null;
  await client.workflowService.resetWorkflowExecution({
    namespace,
    workflowExecution: execution,
    reason: 'test',
    workflowTaskFinishEventId: at,
    requestId: `reset-${randomUUID()}`,
    resetReapplyType: withSignals ? 1 : 2,
    resetReapplyExcludeTypes: withSignals ? [] : [1, 2],
  });
  await until(async () => (await e.runId()) !== runId, 'the run after the reset');
}

/** Resolves when Temporal no longer knows it. */
export async function remove(client: Client, e: Run): Promise<void> {
  const { namespace } = client.options;
  await client.workflowService.deleteWorkflowExecution({ namespace, workflowExecution: { workflowId: e.workflowId } });
  // Temporal deletes what is closed once its queues have written down how far they are, which they do about twice a minute.
  await until(async () => (await e.handle.describe().catch((error: Error) => error)) instanceof Error, 'the deletion', 100_000);
}
