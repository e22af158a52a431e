/** The HTTP edge: tells the three services apart, applies signature, faults and limits, answers in AWS's JSON protocol. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from '../edge.js';
import type { Context, Operations } from './api/context.js';
import { identityStoreOperations } from './api/identity-store.js';
import { organizationsOperations } from './api/organizations.js';
import { ssoAdminOperations } from './api/sso-admin.js';
import type { Input } from './check.js';
import { AwsError, internal } from './errors.js';
import { errorOf, type Fault, type Faults } from './faults.js';
import type { Limits, Service } from './limits.js';
import { type Random, uuid } from './random.js';
import { signatureFault } from './signature.js';
import type { CallSeen, Truth } from './truth.js';

/** The first half of `X-Amz-Target`, as the SDK's clients send it. */
const SERVICES: Readonly<Record<string, { service: Service; operations: Operations }>> = {
  SWBExternalService: { service: 'ssoAdmin', operations: ssoAdminOperations },
  AWSIdentityStore: { service: 'identityStore', operations: identityStoreOperations },
  AWSOrganizationsV20161128: { service: 'organizations', operations: organizationsOperations },
};
const CHANGE_MEMBERS = ['AccountAssignmentCreationStatus', 'AccountAssignmentDeletionStatus'] as const;

export interface Inside {
  readonly context: Context;
  readonly faults: Faults;
  readonly limits: Limits;
  readonly truth: Truth;
  readonly random: Random;
  readonly region: string;
  /** Tells whoever watches; tests need it not. */
  emit(name: 'call' | 'change', data: unknown): void;
}

interface Called {
  readonly service: Service | undefined;
  readonly operations: Operations;
  readonly operation: string;
  readonly signature: string | undefined;
  readonly text: string;
}

/** Answers one call of an AWS client, or cuts it when a fault says so. */
export async function answerAws(inside: Inside, request: IncomingMessage, text: string, response: ServerResponse): Promise<void> {
  const [prefix = '', operation = ''] = String(request.headers['x-amz-target'] ?? '').split('.');
  const known = Object.hasOwn(SERVICES, prefix) ? SERVICES[prefix] : undefined;
  const { service, operations = {} } = known ?? {};
  const called: Called = { service, operations, operation, signature: request.headers.authorization, text };
  const { latencyMs, fault } = inside.faults.take(operation);
  if (latencyMs > 0) await sleep(latencyMs);
  const call = record(inside, called);
  inside.truth.note(call);
  if (fault?.kind === 'drop-before' || fault?.kind === 'down') {
    call.lost = 'call';
    return void response.destroy();
  }
  const answer = work(inside, called, fault, call);
  announce(inside, call);
  if (fault?.kind === 'late-reply') await sleep(fault.ms ?? 0);
  if (fault?.kind === 'drop-after') {
    call.lost = 'reply';
    return void response.destroy();
  }
  send(response, call.callId, fault?.kind === '500-after' ? internal() : answer);
}

/** The call at once; the change that it began when it begins, and once more when everybody sees how it ended. */
function announce({ emit, context: { changes } }: Inside, call: CallSeen): void {
  emit('call', call);
  const change = changes.all().findLast((one) => one.requestId === call.changeId);
  if (!change) return;
  emit('change', change);
  const done = (): void => {
    changes.settle();
    emit('change', change);
  };
  setTimeout(done, change.statusAt - change.createdAt + change.listDelayMs + 5).unref();
}

function record(inside: Inside, { service, operation, text }: Called): CallSeen {
  const n = inside.truth.callCount() + 1;
  const callId = uuid(inside.random);
  return {
    n,
    at: inside.context.clock(),
    service: service ?? 'unknown',
    operation,
    callId,
    input: parse(text),
    outcome: 'not done',
  };
}

function work(inside: Inside, called: Called, fault: Fault | undefined, call: CallSeen): Record<string, unknown> | AwsError {
  try {
    inside.context.changes.settle();
    const output = judged(inside, called, fault);
    for (const member of CHANGE_MEMBERS) {
      const status = output[member] as { RequestId?: string } | undefined;
      if (status?.RequestId && /^(Create|Delete)/.test(called.operation)) call.changeId = status.RequestId;
    }
    call.outcome = 'ok';
    return output;
  } catch (error) {
    const known = error instanceof AwsError ? error : internal();
    call.outcome = known.code;
    call.why = known.message;
    return known;
  }
}

/** In AWS's order: who are you, too fast, do I know this, is it well formed, may you, and then the work. */
function judged(inside: Inside, called: Called, fault: Fault | undefined): Record<string, unknown> {
  const { service, operation } = called;
  if (!service) throw unknownOperation();
  const refused = signatureFault(called.signature, service, inside.region) ?? errorOf(fault) ?? inside.limits.take(service);
  if (refused) throw refused;
  const act = Object.hasOwn(called.operations, operation) ? called.operations[operation] : undefined;
  if (!act) throw unknownOperation();
  const input = parse(called.text);
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new AwsError('SerializationException', 'Start of structure or map found where not expected.');
  }
  const doomed =
    fault?.kind === 'fail-change' ? (fault.reason ?? 'An unexpected internal service exception was encountered') : undefined;
  return act({ ...inside.context, doomed }, input as Input);
}

const unknownOperation = (): AwsError =>
  new AwsError('UnknownOperationException', 'The requested operation is not recognized by the service.');

function send(response: ServerResponse, callId: string, answer: Record<string, unknown> | AwsError): void {
  const failed = answer instanceof AwsError ? answer : undefined;
  const body = failed ? { __type: failed.code, message: failed.message, ...failed.more } : answer;
  response.writeHead(failed?.status ?? 200, {
    'content-type': 'application/x-amz-json-1.1',
    'x-amzn-requestid': callId,
    ...(failed && { 'x-amzn-errortype': failed.code }),
  });
  response.end(JSON.stringify(body));
}
