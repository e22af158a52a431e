/**
 * The workflow's hands: every activity with its queue and its patience. Revoking never gives up; granting gives up at
 * the start deadline; Slack and the store are waited for, but never by a revoke.
 */
import { proxyActivities } from '@temporalio/workflow';
import type {
  EvidenceDuties,
  GrantDuties,
  NewsDuties,
  RevokeDuties,
  SealDuties,
  SlackDuties,
  StoreDuties,
} from '../contract/duties.js';
import { QUEUES } from '../contract/queues.js';

/** `Duties<X>` as Temporal's proxies want it: an index signature over functions. */
type Hands<T> = { [K in keyof T]: T[K] extends (...args: never[]) => Promise<unknown> ? T[K] : never };

/**
 * Signature checks, for the sandbox has no crypto. Ordinary activities on the story's own queue, not local ones: a local
 * activity's answer can reach the workflow at another place in a replay than it did live (SDK 1.24, found when a query
 * came at the same moment), and such a run stops at the next start of a worker, its revoke with it.
 * One that does not end is given up after a minute, and what it held is sorted anew with what has come since.
 */
export const seals = proxyActivities<Hands<SealDuties>>({
  startToCloseTimeout: '10s',
  scheduleToCloseTimeout: '60s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '5s' },
});

const steady = { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' } as const;

export const store = proxyActivities<Hands<StoreDuties & EvidenceDuties>>({
  taskQueue: QUEUES.store,
  startToCloseTimeout: '15s',
  retry: steady,
});

/** An attempt waits for targets that take minutes; a worker that no longer beats is given up long before. */
export const granting = proxyActivities<Hands<GrantDuties>>({
  taskQueue: QUEUES.grant,
  startToCloseTimeout: '5m',
  heartbeatTimeout: '5s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
});

/** One attempt, at once: the only command of its workflow task. What follows depends on nothing but time. */
export const firstRevoke = proxyActivities<Hands<RevokeDuties>>({
  taskQueue: QUEUES.revoke,
  startToCloseTimeout: '10s',
  scheduleToCloseTimeout: '30s',
  retry: { maximumAttempts: 1 },
});

/**
 * The same, handed out ahead of the deadline. One that is not taken up or no longer beats is given up within moments, and the
 * revoke begins anew; so is one that is not over six seconds after the deadline. Called off, it is over only when the worker
 * says so: it may be sending.
 */
export const aheadRevoke = proxyActivities<Hands<RevokeDuties>>({
  taskQueue: QUEUES.revoke,
  scheduleToStartTimeout: '4s',
  startToCloseTimeout: '8s',
  scheduleToCloseTimeout: '12s',
  heartbeatTimeout: '5s',
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry: { maximumAttempts: 1 },
});

/** No attempt limit, capped backoff. Beats, so that where a worker died the next one is sent for within seconds. */
export const proving = proxyActivities<Hands<RevokeDuties>>({
  taskQueue: QUEUES.revoke,
  startToCloseTimeout: '20s',
  heartbeatTimeout: '5s',
  retry: { initialInterval: '1s', backoffCoefficient: 1.5, maximumInterval: '10s' },
});

/** No attempt limit, capped backoff. */
export const revoking = proxyActivities<Hands<RevokeDuties>>({
  taskQueue: QUEUES.revoke,
  startToCloseTimeout: '20s',
  retry: { initialInterval: '1s', backoffCoefficient: 1.5, maximumInterval: '10s' },
});

/** One attempt at store and Slack together; what fails is left to the two that follow. */
export const news = proxyActivities<Hands<NewsDuties>>({
  taskQueue: QUEUES.news,
  startToCloseTimeout: '60s',
  scheduleToCloseTimeout: '90s',
  heartbeatTimeout: '5s',
  retry: { maximumAttempts: 1 },
});

export const slack = proxyActivities<Hands<SlackDuties>>({
  taskQueue: QUEUES.slack,
  startToCloseTimeout: '30s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '60s' },
});

/** Letters give up after a day: one that Slack never takes must not keep the others, or the run, waiting for ever. */
export const posting = proxyActivities<Hands<SlackDuties>>({
  taskQueue: QUEUES.slack,
  startToCloseTimeout: '60s',
  scheduleToCloseTimeout: '24h',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '60s' },
});
