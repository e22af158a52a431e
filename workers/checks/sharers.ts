/**
 * How many worker processes are at work, against how many the quota of AWS is shared among: more of them than said together
 * exceed it. Only workers can be counted, by who polls their queue; Slack apps and device APIs ask AWS seldom.
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

/** Says so when more workers are alive than `processes` (STINT_AWS_PROCESSES), and nothing otherwise. */
export async function examineSharers(connection: Connection, namespace: string, processes: number, say: Say): Promise<void> {
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
  if (alive.length <= processes) return;
  say.warn(
    'quota of AWS',
    `${alive.length} workers are at work (${alive.join(', ')}), and the quota is shared among ${processes}: together they exceed it`,
    `Set STINT_AWS_PROCESSES to ${alive.length} or more in all of them, or stop those that are too many. One that has just ended counts for another minute.`,
  );
}
