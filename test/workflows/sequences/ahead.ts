/**
 * One sequence may be further on in time than the others beside it: the clock of its activities, and that by which its people seal
 * what they send. The clock of its workflow skips by itself.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { asyncLocalStorage as activity } from '@temporalio/activity';

export interface Ahead {
  ms: number;
}

const here = new AsyncLocalStorage<Ahead>();
const byWorkflow = new Map<string, Ahead>();

/** Does it by the clock of one sequence. */
export const inTime = <T>(ahead: Ahead, act: () => T): T => here.run(ahead, act);

/** From now on the activities of this workflow go by that clock. */
export function goBy(workflowId: string, ahead: Ahead): void {
  byWorkflow.set(workflowId, ahead);
}

/** How far ahead of the machine's clock whoever asks is, in ms. */
export function aheadMs(): number {
  const workflowId = activity.getStore()?.info.workflowExecution?.workflowId;
  const ahead = workflowId === undefined ? here.getStore() : byWorkflow.get(workflowId);
  return ahead?.ms ?? 0;
}
