/**
 * Who may call our activities: only a workflow of ours, about itself. Temporal lets anybody who may write to it start an
 * activity by itself, or from a workflow of their own; such a call could write that an elevation is gone which is not. So
 * each call must come from a run of one of our types, and an elevation's may only be about its own id. Whoever may poll
 * task queues can still pose as a workflow of ours: that is a worker, and is trusted as one (`docs/threat-model.md`).
 */
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInboundCallsInterceptor, ActivityInterceptorsFactory } from '@temporalio/worker';
import { isRequestId, type RequestId, requestIdOf } from '../contract/ids.js';
import { ELEVATION, LATE_EVIDENCE, RECONCILE } from '../contract/queues.js';

/** What an activity knows of its caller. */
export interface Caller {
  readonly activity?: string | undefined;
  readonly workflowType?: string | undefined;
  readonly workflowId?: string | undefined;
}

/** What workflows beside an elevation's may call. */
const OF_OTHERS: { readonly [type: string]: readonly string[] | undefined } = {
  [RECONCILE]: ['reconcileTargets'],
  [LATE_EVIDENCE]: ['readView', 'readEvidence', 'append', 'fileEvidence', 'line', 'paint'],
};

/** Why this call is not one of ours, or undefined when it is. */
export function strangeCall({ activity = '', workflowType, workflowId }: Caller, args: readonly unknown[]): string | undefined {
  if (workflowType === undefined || workflowId === undefined) return 'no workflow called it';
  if (workflowType !== ELEVATION && !OF_OTHERS[workflowType]?.includes(activity))
    return 'its workflow is none of ours, or has no use for it';
  const about = subjectsOf(args);
  if (workflowType === RECONCILE) return undefined;
  if (workflowType === LATE_EVIDENCE) return about.size === 1 ? undefined : 'it is about more than one elevation';
  const own = requestIdOf(workflowId);
  // A start under a hand-made id is recorded as refused, under an id made from it.
  if (own === undefined) return undefined;
  return [...about].every((requestId) => requestId === own) ? undefined : 'it is about another elevation';
}

/** Which elevations a call is about, as far as our own activities name them; what was sent from outside is not looked at. */
function subjectsOf(args: readonly unknown[]): ReadonlySet<RequestId> {
  const started = typeof args[0] === 'string' ? requestIdOf(args[0]) : undefined;
  if (started) return new Set([started]); // what follows the id of a start was sent from outside
  const found = new Set<RequestId>();
  const note = (value: unknown) => {
    const id = typeof value === 'string' ? value : idOf(value);
    if (isRequestId(id)) found.add(id);
  };
  for (const arg of args) {
    note(arg);
    for (const part of PARTS) note(at(arg, part));
    for (const list of [arg, ...LISTS.map((name) => at(arg, name))]) if (Array.isArray(list)) list.forEach(note);
    note(at(at(arg, 'view'), 'request'));
    note(at(at(arg, 'fence'), 'request'));
  }
  return found;
}

const PARTS = ['request', 'armed'];
const LISTS = ['events', 'before'];

const at = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Reflect.get(value, key) : undefined;
const idOf = (value: unknown): unknown => at(value, 'requestId');

/** Refuses, for good, what is not ours to do; `told` hears of it. */
export function onlyOurs(told: (why: string, caller: Caller) => void): ActivityInterceptorsFactory {
  return ({ info }) => {
    const inbound: ActivityInboundCallsInterceptor = {
      async execute(input, next) {
        const { activityType: activity, workflowType, workflowExecution } = info;
        const caller = { activity, workflowType, workflowId: workflowExecution?.workflowId };
        const why = strangeCall(caller, input.args);
        if (why === undefined) return next(input);
        told(why, caller);
        throw ApplicationFailure.nonRetryable(`Refused: ${why}.`, 'strange-call');
      },
    };
    return { inbound };
  };
}
