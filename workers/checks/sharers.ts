/**
 * How many worker processes are at work, against how many share what AWS takes of changes at a time: more of them than said
 * together exceed it, fewer leave some of it unused. Workers alone write, and are counted by who polls their queue.
 */
import type { Connection } from '@temporalio/client';
import { QUEUES } from '../../contract/queues.js';
import type { Say } from './check.js';

/** Temporal's number for a queue of activities. */
const ACTIVITY_QUEUE = 2;
/** A worker that lives has polled since: one poll waits for a minute. Temporal forgets the others after five. */
const LIVES_MS = 90_000;

export interface Poller {
  readonly identity: string;
  /** In ms since 1970, by Temporal's clock. */
  readonly at: number;
}

/** Who has polled lately, seen from the newest poll: process and machine, each once. */
export function aliveOf(pollers: readonly Poller[]): readonly string[] {
  const newest = Math.max(...pollers.map(({ at }) => at));
  return [...new Set(pollers.filter(({ at }) => newest - at <= LIVES_MS).map(({ identity }) => identity))].sort();
}

/** Warns when more are alive than `workers` (STINT_AWS_WORKERS), notes when fewer are, and says nothing otherwise. */
export async function examineSharers(connection: Connection, namespace: string, workers: number, say: Say): Promise<void> {
  const { pollers } = await connection.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: QUEUES.grant },
    taskQueueType: ACTIVITY_QUEUE,
  });
  const alive = aliveOf(
    (pollers ?? []).map(({ identity, lastAccessTime }) => ({
      identity: identity ?? '',
      at: Number(lastAccessTime?.seconds ?? 0) * 1000,
    })),
  );
  const check = 'quota of AWS';
  const count = alive.length;
  const atWork = count === 1 ? `1 worker is at work (${alive})` : `${count} workers are at work (${alive.join(', ')})`;
  const shared = `changes in AWS are shared among ${workers}`;
  if (count > 0 && count < workers)
    say.ok(check, `${atWork}, and ${shared}: some of what AWS takes is not used unless STINT_AWS_WORKERS is ${count}`);
  if (count <= workers) return;
  say.warn(
    check,
    `${atWork}, and ${shared}: together they exceed what AWS takes`,
    `Set STINT_AWS_WORKERS to ${count} or more in all of them, and STINT_AWS_PROCESSES to no less, or stop those that are too many. One that has just ended counts for another minute.`,
  );
}
