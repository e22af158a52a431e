/** Moves one workflow's clock on a server with per-workflow time skipping (server 1.32, TS SDK 1.24). */
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { temporal } from '@temporalio/proto';

const Polling = temporal.api.enums.v1.FastForwardPollingResult;

/**
 * Let `ms` of virtual time pass in one workflow; timers that fall due fire, and their work is done before the next one.
 * Real time that passes meanwhile counts too. Activities stay on the wall clock.
 * @returns `ended` when the workflow closed before the time was up, which is no failure
 * @throws when the server refuses or the fast-forward failed for another reason
 */
export async function fastForward(client: Client, workflowId: string, ms: number): Promise<'reached' | 'ended'> {
  const { namespace } = client.options;
  const workflowExecution = { workflowId };
  const id = randomUUID();
  try {
    await client.workflowService.updateWorkflowExecutionOptions({
      namespace,
      workflowExecution,
      workflowExecutionOptions: { timeSkippingConfig: { enabled: true, fastForwardConfig: { id, duration: msToTs(ms) } } },
      updateMask: { paths: ['time_skipping_config'] },
    });
  } catch (error) {
    if (/workflow execution already completed/.test(String(error))) return 'ended';
    throw error;
  }
  for (;;) {
    const answer = await client.workflowService.pollWorkflowExecutionTimeSkipping({
      namespace,
      workflowExecution,
      fastForwardId: id,
    });
    if (answer.fastForwardPollingResult === Polling.FAST_FORWARD_POLLING_RESULT_FAST_FORWARD_COMPLETED) return 'reached';
    if (answer.fastForwardPollingResult === Polling.FAST_FORWARD_POLLING_RESULT_FAST_FORWARD_FAILED) {
      if (/execution ended before/.test(answer.failedReason ?? '')) return 'ended';
      throw new Error(`fast-forward of ${workflowId} by ${ms} ms failed: ${answer.failedReason}`);
    }
  }
}
