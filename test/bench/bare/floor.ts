/** Measures what Temporal alone needs, with the bare workflows. The worker must be up: see `warmUp`. */
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { paced, pooled, until } from '../pace.js';
import { BARE_QUEUE } from './queue.js';
import type { bareDeadline, bareElevation, bareSteps, Shape, Step } from './workflows.js';

const options = () => ({ taskQueue: BARE_QUEUE, workflowId: `bare/${randomUUID()}` });

/** The least that follows a timer. */
export const ONE: Shape = { activities: 1, timers: 0 };

/** Until the worker answers quickly. */
export async function warmUp(client: Client): Promise<void> {
  await until('the bare worker works', () =>
    client.workflow.execute<typeof bareDeadline>('bareDeadline', { ...options(), args: [Date.now(), ONE] }),
  );
  const some = Array.from({ length: 20 }, () => Date.now());
  await pooled(some, 4, (at) => client.workflow.execute<typeof bareDeadline>('bareDeadline', { ...options(), args: [at, ONE] }));
}

/**
 * One signal every `everyMs`, in turn to each of `runs` workflows; each causes so many activities one after the other.
 * Answers, in ms from before the signal was sent: when the last activity began, and when the workflow had its answer.
 */
export async function steps(
  client: Client,
  given: { signals: number; runs: number; everyMs: number; activities: number; timers?: number },
) {
  const { signals, runs, everyMs, activities, timers = 0 } = given;
  const handles = await pooled(Array.from({ length: runs }), 8, () =>
    client.workflow.start<typeof bareSteps>('bareSteps', { ...options(), args: [activities, timers] }),
  );
  const sent: number[][] = handles.map(() => []);
  await paced(Array.from({ length: signals }), everyMs, async (_, i) => {
    sent[i % runs]?.push(Date.now());
    await handles[i % runs]?.signal('go');
  });
  const began: number[] = [];
  const applied: number[] = [];
  for (const [i, handle] of handles.entries()) {
    await handle.signal('finish');
    const answered: readonly Step[] = await handle.result();
    for (const [j, step] of answered.entries()) {
      const at = sent[i]?.[j];
      if (at === undefined) continue;
      began.push(step.began - at);
      applied.push(step.applied - at);
    }
  }
  return { began, applied };
}

/** Workflows whose timers end at these instants, with so much to do afterwards: how late the first activity after each began, in ms. */
export async function deadlines(client: Client, instants: readonly number[], shape: Shape): Promise<readonly number[]> {
  const handles = await pooled(instants, 8, (at) =>
    client.workflow.start<typeof bareDeadline>('bareDeadline', { ...options(), args: [at, shape] }),
  );
  return Promise.all(handles.map((handle) => handle.result()));
}

/** Whole bare elevations per second, so many in flight, counted for `seconds` after `warmS`. */
export async function elevations(
  client: Client,
  shape: Shape,
  inFlight: number,
  warmS: number,
  seconds: number,
): Promise<number> {
  const from = Date.now() + warmS * 1000;
  const to = from + seconds * 1000;
  let done = 0;
  const lane = async () => {
    while (Date.now() < to) {
      const handle = await client.workflow.start<typeof bareElevation>('bareElevation', { ...options(), args: [shape] });
      await handle.signal('go');
      await handle.executeUpdate('claim');
      await handle.executeUpdate('confirm');
      await handle.result();
      const now = Date.now();
      if (now >= from && now < to) done += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return done / seconds;
}
