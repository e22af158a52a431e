/**
 * The way into a running elevation: seals a message with this process's key and hands it to Temporal. Durable once it
 * returns; a click is kept although no worker is up.
 */
import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { isStintError, StintError } from '../contract/errors.js';
import { type RequestId, workflowIdOf } from '../contract/ids.js';
import type { Actor, Envelope } from '../contract/messages.js';
import type { Gate, Store } from '../contract/ports.js';
import { ELEVATION, LATE_EVIDENCE, QUEUES } from '../contract/queues.js';
import type { ElevationRequest } from '../contract/request.js';
import { requestDigest } from '../seal/canonical.js';
import type { Seal } from '../seal/envelope.js';
import type { PastWorkflow } from './ordered-ends.js';
import { lookAtRun } from './run-state.js';

export interface GateDeps {
  readonly client: Client;
  readonly store: Pick<Store, 'requests' | 'ledger'>;
  readonly seal: Seal;
  readonly via: Envelope['via'];
  readonly sleep: (ms: number) => Promise<void>;
  /** Where an end is ordered when no workflow can hear it; absent at an entrance that cannot. */
  readonly past?: PastWorkflow;
}

/**
 * How long Temporal may take with an end before it is ordered past it, in milliseconds. Short: Slack shows an error after
 * three seconds, and by then it has to be on record somewhere. To be told twice harms no workflow.
 */
const HEAR_MS = 1_200;

/** How often a start is tried again when its id is taken by something that is no elevation of ours. */
const START_TRIES = 10;
const START_PAUSE_MS = 300;

/** The gate of one process. */
export function createGate(deps: GateDeps): Gate {
  const { client, seal, via } = deps;
  return {
    start: (request, actor) => start(deps, request, actor),
    send: async (kind, requestId, roundDigest, body, actor) => {
      const envelope = seal(kind, requestId, roundDigest, body, actor, via);
      const answer = await reach(() => signal(client, requestId, envelope), 'over' as const);
      if (answer === 'over' && kind === 'evidenceComplete') await startLateEvidence(client, requestId);
      return answer;
    },
    end: async (kind, requestId, roundDigest, body, actor, judged) => {
      const heard = await hear(client, requestId, seal(kind, requestId, roundDigest, body, actor, via));
      const { past } = deps;
      if (heard === 'sent') {
        // Not waited for: it was taken, and whoever pressed has three seconds. Without it the workflow's own deadline holds.
        if (past && judged) void past.closeBehind(requestId).catch(() => undefined);
        return heard;
      }
      // What a run that is no more has left is not over.
      const over = heard === 'over' && (!past || !(await past.holds(requestId)));
      if (over) return 'over';
      if (past && judged) {
        await past.order(kind, requestId, actor, body.commentDigest);
        return 'past';
      }
      if (heard === 'kept') return 'sent';
      throw heard === 'over' ? new StintError('temporal-unavailable') : heard;
    },
    ask: async <K extends 'claim' | 'confirm', A>(
      ...[kind, requestId, roundDigest, body, actor]: Parameters<Gate['ask']>
    ): Promise<A> => {
      const envelope = seal(kind as K, requestId, roundDigest, body, actor, via);
      const handle = client.workflow.getHandle(workflowIdOf(requestId));
      const answer = await reach(
        () => handle.executeUpdate<A, [unknown]>(kind, { args: [envelope], updateId: envelope.nonce }),
        'over' as const,
      );
      if (answer === 'over') throw new StintError('unknown-request', 'This elevation is over, or there is none of that id.');
      return answer;
    },
  };
}

async function signal(client: Client, requestId: RequestId, envelope: Envelope): Promise<'sent'> {
  await client.workflow.getHandle(workflowIdOf(requestId)).signal(envelope.kind, envelope);
  return 'sent';
}

/** Tells a workflow of its end. `kept`: the run is paused; it hears of it when it goes on. An error when Temporal does not answer. */
async function hear(client: Client, requestId: RequestId, envelope: Envelope): Promise<'sent' | 'kept' | 'over' | StintError> {
  const soon = <T>(call: () => Promise<T>) => client.withDeadline(Date.now() + HEAR_MS, call);
  try {
    const answer = await reach(() => soon(() => signal(client, requestId, envelope)), 'over' as const);
    if (answer === 'over') return answer;
  } catch (error) {
    if (isStintError(error) && error.code === 'temporal-unavailable') return error;
    throw error;
  }
  // It was taken: a look that fails must not make more of it.
  return (await soon(() => lookAtRun(client, requestId)).catch(() => 'running')) === 'paused' ? 'kept' : 'sent';
}

/** The store first: a workflow whose request is not stored could not show its reason, and would not be judged. */
async function start(
  { client, store, seal, via, sleep }: GateDeps,
  request: ElevationRequest,
  actor: Actor,
): Promise<'started' | 'already'> {
  const { requestId } = request;
  const digest = requestDigest(request);
  await store.requests.put(request, digest);
  if (await store.ledger.find(requestId)) return 'already';
  const envelope = seal('start', requestId, digest, { request }, actor, via);
  for (let tries = 1; ; tries++) {
    const outcome = await reach(() => begin(client, request, envelope), 'taken' as const);
    if (outcome !== 'taken') return 'started';
    if (await store.ledger.find(requestId)) return 'already';
    // Somebody without our key may have taken the id; such a run refuses itself at once, and then the id is free.
    if (tries >= START_TRIES) throw new StintError('temporal-unavailable', 'This request could not be started. Try again.');
    await sleep(START_PAUSE_MS);
  }
}

function begin(client: Client, request: ElevationRequest, envelope: Envelope<'start'>): Promise<unknown> {
  const { requestId, subject, target, category } = request;
  return client.workflow.start(ELEVATION, {
    workflowId: workflowIdOf(requestId),
    taskQueue: QUEUES.story,
    args: [envelope],
    // Never TERMINATE_EXISTING: it would end a run without its revoke. A closed run's id may be used again, for the
    // fence refuses whatever was ended before (invariant I16).
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowIdConflictPolicy: 'FAIL',
    staticSummary: `${subject.personId}: ${target.kind} on ${target.display}`.slice(0, 180),
    staticDetails: `asked by ${request.requester.personId}, ${category}, ${request.windowMs / 60_000} min`,
  });
}

async function startLateEvidence(client: Client, requestId: RequestId): Promise<void> {
  const options = {
    workflowId: `late-evidence/${requestId}`,
    taskQueue: QUEUES.story,
    args: [requestId],
    workflowIdConflictPolicy: 'USE_EXISTING' as const,
  };
  await reach(() => client.workflow.start(LATE_EVIDENCE, options), 'over' as const);
}

/** Calls Temporal. `missed` when there is no such run (or, for a start, when there is one); outages are `temporal-unavailable`. */
async function reach<T, M>(call: () => Promise<T>, missed: M): Promise<T | M> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError || error instanceof WorkflowExecutionAlreadyStartedError) return missed;
    if (error instanceof StintError) throw error;
    if (error instanceof WorkflowUpdateFailedError)
      throw new StintError('state-conflict', 'The elevation took no such message.', { cause: error });
    throw new StintError('temporal-unavailable', undefined, { cause: error });
  }
}
