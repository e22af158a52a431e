/**
 * The workers of one process: six queues, each with its own slots, so that a hanging Slack or a slow store can never
 * starve a revoke. The story's worker also checks seals.
 */
import { Context, type Info } from '@temporalio/activity';
import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { type Ended, guarded, relentless } from '../activities/failure.js';
import type { ReconcileDuties } from '../activities/reconcile.js';
import type { CallContext } from '../activities/target.js';
import type {
  EvidenceDuties,
  GrantDuties,
  NewsDuties,
  RevokeDuties,
  SealDuties,
  SlackDuties,
  StoreDuties,
} from '../contract/duties.js';
import { StintError } from '../contract/errors.js';
import { instant, type RunId, requestIdOf } from '../contract/ids.js';
import type { FarStep } from '../contract/ports.js';
import { QUEUES } from '../contract/queues.js';
import { payloadConverterPath } from './bundle.js';
import { type Caller, onlyOurs } from './caller.js';
import type { Call, Pulse } from './pulse.js';

export interface Duties {
  readonly seals: SealDuties;
  readonly store: StoreDuties & EvidenceDuties;
  readonly grant: GrantDuties;
  readonly revoke: RevokeDuties;
  readonly slack: SlackDuties;
  readonly news: NewsDuties;
  readonly reconcile?: ReconcileDuties;
}

export interface WorkerDeps {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly bundle: { readonly codePath: string } | { readonly code: string };
  readonly duties: Duties;
  /** Told how each activity ended. */
  readonly pulse?: Pulse;
  /** Told of each activity that was called by somebody else than a workflow of ours. */
  readonly strange?: (why: string, caller: Caller) => void;
  /** How long running activities may take to finish at a stop, in milliseconds. */
  readonly graceMs?: number;
}

/** What each running activity keeps for its next attempt: every heartbeat replaces the one before it, so each carries it. */
const kept = new WeakMap<Context, unknown>();

function keptBy(context: Context): unknown {
  return kept.has(context) ? kept.get(context) : context.info.heartbeatDetails;
}

/** What an activity knows of its call, from Temporal's own context. Heartbeats let a cancellation reach it. */
export const activityCall: CallContext = {
  runId: () => Context.current().info.workflowExecution?.runId as RunId,
  attempt: () => Context.current().info.attempt,
  handedOutAt: () => Context.current().info.currentAttemptScheduledTimestampMs,
  signal: () => Context.current().cancellationSignal,
  stillWanted: async () => {
    const context = Context.current();
    const { client, info } = context;
    try {
      // A heartbeat is the one question about an attempt that Temporal answers. What was noted in it before stays noted.
      await client.activity.heartbeat(info.taskToken, keptBy(context));
    } catch (cause) {
      throw new StintError('temporal-unavailable', 'Temporal did not say that this attempt is still wanted.', { cause });
    }
  },
  sleep: async (ms) => {
    const context = Context.current();
    context.heartbeat(keptBy(context));
    await context.sleep(ms);
  },
  beating: async (work) => {
    const context = Context.current();
    const timer = setInterval(() => context.heartbeat(keptBy(context)), 1000);
    try {
      return await work();
    } finally {
      clearInterval(timer);
    }
  },
  memory: () => {
    const context = Context.current();
    const earlier = farStepOf(keptBy(context));
    return {
      ...(earlier && { earlier }),
      said: (step) => {
        kept.set(context, step);
        context.heartbeat(step);
      },
    };
  },
};

/** What comes back from Temporal is checked like anything else that does. */
function farStepOf(raw: unknown): FarStep | undefined {
  const { kind, farId, doneAt } = (typeof raw === 'object' && raw !== null ? raw : {}) as Partial<Record<keyof FarStep, unknown>>;
  if (kind !== 'create' && kind !== 'delete') return undefined;
  return typeof farId === 'string' && /^[A-Za-z0-9-]{1,64}$/.test(farId) ? { kind, farId, ...doneOf(doneAt) } : undefined;
}

function doneOf(raw: unknown): Pick<FarStep, 'doneAt'> {
  const ms = typeof raw === 'string' ? Date.parse(raw) : Number.NaN;
  return Number.isNaN(ms) ? {} : { doneAt: instant(ms) };
}

/** The call that an attempt is of. Each try at a card that Slack refused is a call of its own, and the card waits since the first. */
export function callOf(
  name: string,
  {
    workflowExecution,
    activityId,
    scheduledTimestampMs: sinceMs,
  }: Pick<Info, 'workflowExecution' | 'activityId' | 'scheduledTimestampMs'>,
): Call {
  const card = name === PAINT ? requestIdOf(workflowExecution?.workflowId ?? '') : undefined;
  return card ? { id: `card/${card}`, sinceMs, card } : { id: `${workflowExecution?.runId}/${activityId}`, sinceMs };
}
const PAINT: keyof SlackDuties = 'paint';

/** Creates all workers; nothing is polled before `run`. */
export async function createWorkers({
  connection,
  namespace,
  bundle,
  duties,
  pulse,
  graceMs = 5000,
  strange = () => {},
}: WorkerDeps): Promise<readonly Worker[]> {
  const common: Omit<WorkerOptions, 'taskQueue'> = {
    connection,
    namespace,
    dataConverter: { payloadConverterPath },
    interceptors: { activity: [onlyOurs(strange)] },
    shutdownGraceTime: graceMs,
    shutdownForceTime: graceMs + 3000,
  };
  const hearing = (queue: string): Ended | undefined => {
    const tell = pulse?.teller(queue);
    return tell && ((name, code) => tell(name, code, callOf(name, Context.current().info)));
  };
  const queue = (taskQueue: string, activities: object, slots: number) =>
    Worker.create({ ...common, taskQueue, activities, maxConcurrentActivityTaskExecutions: slots });
  const made = await Promise.allSettled([
    Worker.create({
      ...common,
      taskQueue: QUEUES.story,
      workflowBundle: bundle,
      activities: relentless(duties.seals),
      maxCachedWorkflows: 1000,
      // What a killed worker had in its cache waits this long before another may have it; a lost cache costs one short replay.
      stickyQueueScheduleToStartTimeout: '3s',
    }),
    // Places cost nothing, and many of them only wait for a deadline: nobody's revoke stands behind those.
    queue(QUEUES.revoke, { ...relentless(duties.revoke), ...guarded(duties.reconcile ?? {}) }, 2000),
    // Many may wait for a far end that takes minutes, and keep nobody else's grant from being sent.
    queue(QUEUES.grant, guarded(duties.grant), 200),
    queue(QUEUES.store, relentless(duties.store, hearing(QUEUES.store)), 50),
    queue(QUEUES.slack, guarded(duties.slack, hearing(QUEUES.slack)), 20),
    queue(QUEUES.news, guarded(duties.news, hearing(QUEUES.news)), 100),
  ]);
  const workers = made.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = made.find((one) => one.status === 'rejected');
  if (!failed) return workers;
  // A worker that never ran still holds its queue and its connection: it has to run, for a moment, to let go of them.
  await Promise.allSettled(workers.map((worker) => worker.runUntil(Promise.resolve())));
  throw failed.reason;
}

/** Runs them all until one fails or `stop` is called; then all stop. */
export function runWorkers(workers: readonly Worker[]): { readonly done: Promise<void>; readonly stop: () => void } {
  const stop = () => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  const runs = workers.map((worker) =>
    worker.run().catch((error: unknown) => {
      stop();
      throw error;
    }),
  );
  return { done: Promise.all(runs).then(() => undefined), stop };
}
