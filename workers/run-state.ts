/** How the workflow of an elevation stands in Temporal: the one place that says what each status means for ending it. */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { StintError } from '../contract/errors.js';
import { type RequestId, workflowIdOf } from '../contract/ids.js';

/**
 * `running`: it hears and acts. `paused`: it is open, and the server keeps what it is told (a cancel and signals; tried with
 * 1.32) until somebody unpauses it, but nothing acts for it now: what must end is ended past it. `over`: there is no open
 * run.
 */
export type RunState = 'running' | 'paused' | 'over';

const OVER: readonly string[] = ['COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'CONTINUED_AS_NEW', 'TIMED_OUT'];
/** How long one call to Temporal may take before it counts as down, in milliseconds. */
const WITHIN_MS = 5000;

/** A status that this version does not know is taken for `paused`: nobody counts on the run, and nobody writes it off. */
function meaning(status: string): RunState {
  if (status === 'RUNNING') return 'running';
  return OVER.includes(status) ? 'over' : 'paused';
}

/** Looks at the newest run. Throws what the client throws, within its own deadline. */
export async function lookAtRun(client: Client, requestId: RequestId): Promise<RunState> {
  try {
    const { status } = await client.workflow.getHandle(workflowIdOf(requestId)).describe();
    return meaning(status.name);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'over';
    throw error;
  }
}

/** Calls Temporal within 5 seconds; `over` where the run is not there. Throws `temporal-unavailable`. */
export async function withinReach<T>(client: Client, clock: () => number, call: () => Promise<T>): Promise<T | 'over'> {
  try {
    return await client.withDeadline(clock() + WITHIN_MS, call);
  } catch (cause) {
    if (cause instanceof WorkflowNotFoundError) return 'over';
    throw new StintError('temporal-unavailable', undefined, { cause });
  }
}
