/** Claim, confirm and end: the three calls of a Mac that reach the workflow. */
import { StintError } from '../../contract/errors.js';
import type { Instant, RequestId } from '../../contract/ids.js';
import type { ClaimAnswer, ConfirmAnswer } from '../../contract/messages.js';
import type { App, DeviceApiDeps } from './deps.js';
import type { Desk } from './desk.js';
import { refusal } from './problem.js';
import { ClaimBody, ClaimReply, ConfirmReply, ElevationParams, EndBody, EndReply, ProblemReply } from './schemas.js';
import { secondsLeft, secondsUntil } from './standing.js';
import { refuseEnded, refuseFrozen } from './stops.js';

/** Below the 15 s after which a Mac gives a call up: it then learns why. */
const ANSWER_WITHIN_MS = 12_000;
const PROBLEMS = { '4xx': ProblemReply, '5xx': ProblemReply };

export function elevationRoutes(app: App, deps: DeviceApiDeps, desk: Desk): void {
  claimRoute(app, deps, desk);
  confirmRoute(app, deps, desk);
  endRoute(app, deps, desk);
}

/** For whom and how long at most. Only the request's own Mac and account; repeatable. */
function claimRoute(app: App, deps: DeviceApiDeps, desk: Desk): void {
  const schema = { params: ElevationParams, body: ClaimBody, response: { 200: ClaimReply, ...PROBLEMS } };
  app.post('/device/v1/elevations/:id/claim', { schema }, async (call) => {
    const { localUser, bootSession } = call.body;
    const { serial } = call.caller;
    const { request, digest } = await desk.own(call.caller, call.params.id, localUser);
    const body = { serial, localUser, bootSession };
    await refuseFrozen(deps.store);
    await refuseEnded(deps.store, request.requestId);
    const answer = await within(deps, deps.gate.ask<'claim', ClaimAnswer>('claim', request.requestId, digest, body, { serial }));
    if (!answer.ok) throw refusal(answer.code, answer.sentence);
    const startByS = secondsUntil(answer.startBy, deps.clock());
    // The Mac elevates the account that it asked for; an answer for another must never be taken for a yes to this one.
    if (answer.localUser !== localUser) throw new StintError('state-conflict', 'This elevation is for another account.');
    if (startByS === 0) throw new StintError('too-late');
    return { authorised: true as const, localUser, maxS: Math.floor(answer.maxMs / 1000), startByS };
  });
}

/** The clock starts. A repeat gets the same deadline, and the seconds left of it by now. */
function confirmRoute(app: App, deps: DeviceApiDeps, desk: Desk): void {
  const schema = { params: ElevationParams, body: ClaimBody, response: { 200: ConfirmReply, ...PROBLEMS } };
  app.post('/device/v1/elevations/:id/confirm', { schema }, async (call) => {
    const { localUser, bootSession } = call.body;
    const { serial } = call.caller;
    const { request, digest } = await desk.own(call.caller, call.params.id, localUser);
    const body = { serial, localUser, bootSession };
    await refuseEnded(deps.store, request.requestId);
    const asked = deps.gate.ask<'confirm', ConfirmAnswer>('confirm', request.requestId, digest, body, { serial });
    const answer = await within(deps, asked);
    if (!answer.ok) throw refusal(answer.code, answer.sentence);
    void noteDeadline(deps, request.requestId, answer.deadlineAt);
    const remainingS = secondsLeft(answer.confirmedAt, answer.deadlineAt, deps.clock());
    if (remainingS === 0) throw new StintError('too-late');
    return { remainingS, deadlineAt: answer.deadlineAt };
  });
}

/**
 * The workflow tells the store the deadline as well, a little later. Should it be lost before that, the sweep would go by
 * the latest end that was possible. Only from that one: an end that was moved meanwhile (an extension) is left as it is.
 * The Mac does not wait for it.
 */
async function noteDeadline({ store, logger }: DeviceApiDeps, requestId: RequestId, deadlineAt: Instant): Promise<void> {
  try {
    const [row, elevation] = await Promise.all([store.fence.grant(requestId), store.ledger.find(requestId)]);
    const armedUntil = elevation?.view.notAfter;
    if (row && armedUntil && armedUntil > deadlineAt) await store.fence.extend(requestId, row.runId, deadlineAt, armedUntil);
  } catch (error) {
    logger.warn({ err: error, requestId }, 'the store could not be told a deadline; the workflow tells it');
  }
}

/** The subject ends it. An elevation that is over already needs no more telling. */
function endRoute(app: App, deps: DeviceApiDeps, desk: Desk): void {
  const schema = { params: ElevationParams, body: EndBody, response: { 200: EndReply, ...PROBLEMS } };
  app.post('/device/v1/elevations/:id/end', { schema }, async (call) => {
    const { request, digest } = await desk.own(call.caller, call.params.id, call.body?.localUser);
    const actor = { personId: request.subject.personId, serial: call.caller.serial };
    await deps.gate.send('end', request.requestId, digest, {}, actor);
    return { accepted: true as const };
  });
}

/** A workflow without a worker answers nothing; the Mac must hear so while it still listens. */
async function within<T>({ answerWithinMs = ANSWER_WITHIN_MS }: DeviceApiDeps, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new StintError('temporal-unavailable', 'The workflow did not answer in time.')),
      answerWithinMs,
    );
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
