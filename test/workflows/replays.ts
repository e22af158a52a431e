/** Replays every run of a namespace: what a worker that lost its cache would do with it, in the middle of it or at its end. */
import type { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { payloadConverterPath } from '../../workers/bundle.js';

type History = temporal.api.history.v1.IHistory;

export interface Replayed {
  readonly workflowId: string;
  readonly history: History;
  readonly error: Error | undefined;
}

/** The runs that the current code can't live through again; empty is right. */
export async function failedReplays(
  bundle: { readonly codePath: string },
  runs: readonly { readonly workflowId: string; readonly history: History }[],
): Promise<Replayed[]> {
  const options = {
    workflowBundle: bundle,
    replayName: 'stint',
    dataConverter: { payloadConverterPath },
  };
  const failed: Replayed[] = [];
  let i = 0;
  for await (const { error } of Worker.runReplayHistories(options, runs)) {
    const run = runs[i++];
    if (run && error) failed.push({ ...run, error });
  }
  return failed;
}

/** The histories of all runs in the client's namespace. */
export async function allRuns(client: Client): Promise<{ readonly workflowId: string; readonly history: History }[]> {
  const runs: { workflowId: string; history: History }[] = [];
  for await (const { workflowId, runId } of client.workflow.list()) {
    runs.push({ workflowId, history: await client.workflow.getHandle(workflowId, runId).fetchHistory() });
  }
  return runs;
}
