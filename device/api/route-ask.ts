/** POST /device/v1/requests: an elevation asked for on the Mac itself. */
import { refIn } from '../../contract/account.js';
import { StintError } from '../../contract/errors.js';
import { instant, type RequestId } from '../../contract/ids.js';
import type { Person } from '../../contract/ports.js';
import { type ElevationRequest, type MacAdminTarget, REASON_MAX, REASON_MIN } from '../../contract/request.js';
import type { State } from '../../contract/states.js';
import { wrongReason } from '../../policy/reason.js';
import { requestIdFrom, sha256 } from '../../seal/canonical.js';
import { type AskLimit, createAskLimit } from './ask-limit.js';
import type { Caller } from './caller.js';
import type { App, DeviceApiDeps } from './deps.js';
import type { Desk, StoredRequest } from './desk.js';
import { AskBody, AskReply, ProblemReply } from './schemas.js';
import { refuseFrozen } from './stops.js';

type Ask = (typeof AskBody)['_output'];

/** Where an elevation no longer holds the Mac, nor asks anything of an approver. */
const FREE: readonly State[] = ['collecting', 'closed'];

/** One route; a repeated ask (same `askId`) is the same request, whatever became of the first reply. */
export function askRoute(app: App, deps: DeviceApiDeps, desk: Desk): void {
  const limit = createAskLimit(deps.clock);
  const underWay = new Map<RequestId, Promise<unknown>>();
  const response = { 201: AskReply, '4xx': ProblemReply, '5xx': ProblemReply };
  app.post('/device/v1/requests', { schema: { body: AskBody, response } }, async (call, reply) => {
    const requestId = requestIdFrom('device', call.caller.serial + call.body.askId);
    // two repeats at the same moment would otherwise make two different requests of one id
    while (underWay.has(requestId)) await underWay.get(requestId);
    const asking = ask(deps, desk, limit, call.caller, requestId, call.body);
    const settled = asking.then(
      () => undefined,
      () => undefined,
    );
    underWay.set(requestId, settled);
    settled.finally(() => underWay.delete(requestId));
    const state = await asking;
    return reply.code(201).send({ requestId, state });
  });
}

async function ask(
  deps: DeviceApiDeps,
  desk: Desk,
  limit: AskLimit,
  caller: Caller,
  requestId: RequestId,
  body: Ask,
): Promise<string> {
  const stored = await desk.find(caller, requestId);
  const reason = tidyReason(body.reason);
  if (stored) return repeat(deps, desk, caller, stored, { ...body, reason });
  await refuseFrozen(deps.store);
  const person = await personOf(deps, caller, body);
  const target = macOf(caller, body, person);
  await checkPolicy(deps, person, target, { ...body, reason });
  await checkFree(desk, caller, requestId);
  limit(caller.serial, requestId);
  const reasonDigest = await deps.store.requests.putText(reason);
  const self = refIn(deps.teamId, person);
  const request: ElevationRequest = {
    v: 1,
    requestId,
    requester: self,
    subject: self,
    target,
    windowMs: body.windowMs,
    category: body.category,
    reasonDigest,
    via: 'device',
    askedAt: instant(deps.clock()),
  };
  await deps.gate.start(request, { personId: person.personId, serial: caller.serial });
  return 'requested';
}

/** The ask came before: answered as it stands now, started again only when it never got as far as the ledger. */
async function repeat(deps: DeviceApiDeps, desk: Desk, caller: Caller, { request }: StoredRequest, body: Ask): Promise<string> {
  const same =
    request.reasonDigest === sha256(body.reason) &&
    request.windowMs === body.windowMs &&
    request.category === body.category &&
    request.target.localUser === body.localUser;
  if (!same) throw new StintError('state-conflict', 'This ask was already made with other content. Ask anew.');
  const view = await desk.view(request.requestId);
  if (view) return view.state;
  await refuseFrozen(deps.store);
  await checkFree(desk, caller, request.requestId);
  await deps.gate.start(request, { personId: request.requester.personId, serial: caller.serial });
  return 'requested';
}

/** One at a time: approvers are not asked about a Mac that another elevation has, or may soon have. */
async function checkFree(desk: Desk, { serial }: Caller, requestId: RequestId): Promise<void> {
  const others = (await desk.live(serial)).filter((view) => view.request.requestId !== requestId && !FREE.includes(view.state));
  if (others.length === 0) return;
  throw new StintError('target-busy', 'Another elevation of this Mac is under way. Wait until it has ended, or withdraw it.');
}

/** Who the people file says uses this account on this Mac: the Mac itself is not asked, its word would be worth nothing. */
async function personOf({ directory }: DeviceApiDeps, caller: Caller, body: Ask): Promise<Person> {
  const person = await directory.personByMac(caller.serial, body.localUser);
  if (!person) {
    throw new StintError('person-unknown', `The people file names nobody for the account "${body.localUser}" on this Mac.`);
  }
  if (!person.active) throw new StintError('person-inactive');
  return person;
}

function macOf({ serial }: Caller, { localUser }: Ask, person: Person): MacAdminTarget {
  const mac = person.macs.find((one) => one.serial === serial && one.localUser === localUser);
  return { kind: 'mac-admin', key: `mac-admin/${serial}`, serial, localUser, display: mac?.name ?? serial };
}

async function checkPolicy(
  { preview }: DeviceApiDeps,
  person: Person,
  target: MacAdminTarget,
  { windowMs, reason }: Ask,
): Promise<void> {
  const offer = await preview(person.personId, target);
  if (!offer.ok) throw new StintError('not-eligible', offer.sentence);
  const wrong = offer.reason && wrongReason(offer.reason, reason);
  if (wrong !== undefined) throw new StintError('bad-input', wrong);
  if (offer.windowsMs.includes(windowMs)) return;
  const lengths = offer.windowsMs.map((ms) => ms / 60_000).join(', ');
  throw new StintError('bad-input', `windowMs must be one of the lengths that the policy offers: ${lengths} minutes.`);
}

/** Without outer blanks and what no screen takes. Throws `bad-input` when it is then too short or too long. */
export function tidyReason(text: string): string {
  const tidy = text
    .replace(/\r\n?/g, '\n')
    .replace(/(?![\n\t])\p{Cc}|\p{Cs}/gu, '')
    .trim();
  if (tidy.length >= REASON_MIN && tidy.length <= REASON_MAX) return tidy;
  throw new StintError('bad-input', `The reason needs ${REASON_MIN} to ${REASON_MAX} characters; this has ${tidy.length}.`);
}
