/**
 * POST /people/v1/requests: an elevation asked for at a command line. Who asks is whose key it is; nothing in the call says so.
 * The policy decides as for Slack; this is the first gate, so that a refusal is immediate.
 */
import { refIn } from '../../../contract/account.js';
import { isSuperseded, type Taking } from '../../../contract/break-glass.js';
import { isStintError, StintError } from '../../../contract/errors.js';
import { instant, type RequestId, shortId } from '../../../contract/ids.js';
import { isAhead } from '../../../contract/later.js';
import { sameName } from '../../../contract/names.js';
import type { Person, Requests } from '../../../contract/ports.js';
import type { Offer } from '../../../contract/preview.js';
import type { ElevationRequest } from '../../../contract/request.js';
import type { State } from '../../../contract/states.js';
import type { ElevationView } from '../../../contract/view.js';
import { durationText } from '../../../policy/duration.js';
import { wrongReason } from '../../../policy/reason.js';
import { subjectNamed } from '../../../policy/subject.js';
import { requestIdFrom, sha256 } from '../../../seal/canonical.js';
import { type AskLimit, createAskLimit, createPaceLimit } from '../ask-limit.js';
import type { App, DeviceApiDeps, PeopleDeps } from '../deps.js';
import { tidyReason } from '../route-ask.js';
import { ProblemReply } from '../schemas.js';
import { refuseFrozen } from '../stops.js';
import { AskBody, AskReply } from './schemas.js';

type Ask = (typeof AskBody)['_output'];
type Asked = (typeof AskReply)['_output'];
type Stored = NonNullable<Awaited<ReturnType<Requests['get']>>>;
type Deps = Pick<DeviceApiDeps, 'store' | 'clock' | 'teamId'> & PeopleDeps;

interface Limits {
  readonly tries: (caller: string) => void;
  readonly asks: AskLimit;
}

/** Where an elevation no longer holds its target, nor asks anything of an approver. */
const FREE: readonly State[] = ['collecting', 'closed'];

/** What is refused counts too: finding out costs calls to AWS, which grants and proofs need. */
const TRIES = {
  times: 20,
  withinMs: 10 * 60_000,
  sentence: 'You asked too often within ten minutes. Wait a few minutes, then ask again.',
};

/** One route; a repeated ask (same person, same `askId`) is the same request, whatever became of the first reply. */
export function peopleAskRoute(app: App, deps: DeviceApiDeps, people: PeopleDeps): void {
  const limits: Limits = { tries: createPaceLimit(deps.clock, TRIES), asks: createAskLimit(deps.clock, 'You') };
  const underWay = new Map<RequestId, Promise<unknown>>();
  const schema = { body: AskBody, response: { 201: AskReply, '4xx': ProblemReply, '5xx': ProblemReply } };
  app.post('/people/v1/requests', { schema }, async (call, reply) => {
    const { person } = call.speaker;
    const requestId = requestIdFrom('cli', `${person.personId}/${call.body.askId}`);
    // two repeats at the same moment would otherwise make two different requests of one id
    while (underWay.has(requestId)) await underWay.get(requestId);
    const once = () => ask({ ...deps, ...people }, limits, person, requestId, call.body);
    const asking = once().catch((error: unknown) => {
      // another process was faster with the same ask: it is there now, and answered as a repeat
      if (isStintError(error) && error.code === 'ledger-conflict') return once();
      throw error;
    });
    const settled = asking.then(
      () => undefined,
      () => undefined,
    );
    underWay.set(requestId, settled);
    settled.finally(() => underWay.delete(requestId));
    return reply.code(201).send(await asking);
  });
}

async function ask(deps: Deps, limits: Limits, person: Person, requestId: RequestId, body: Ask): Promise<Asked> {
  const reason = tidyReason(body.reason);
  const stored = await deps.store.requests.get(requestId);
  if (stored) return repeat(deps, stored, { ...body, reason });
  await refuseFrozen(deps.store);
  limits.tries(person.personId);
  const { windowMs, category, startAt, breakGlass } = body;
  const subject = await subjectNamed(deps.directory, person, body.subject);
  const { offer, target } = await deps.preview.pin(person, body.key, subject, breakGlass ? 'break-glass' : 'asking');
  checkOffer(offer, { ...body, reason });
  const parties = { requester: refIn(deps.teamId, person), subject: refIn(deps.teamId, subject) };
  await checkFree(deps, person, requestId, { ...parties, target, breakGlass });
  limits.asks(person.personId, requestId);
  const reasonDigest = await deps.store.requests.putText(reason);
  const askedAt = instant(deps.clock());
  const more = { ...(startAt && { startAt }), ...(breakGlass && { breakGlass }) };
  const what = { target, windowMs, category, reasonDigest, via: 'cli', askedAt, ...more } as const;
  return start(deps, { v: 1, requestId, ...parties, ...what });
}

/** The ask came before: answered as it stands now, started again only when it never got as far as the ledger. */
async function repeat(deps: Deps, { request }: Stored, body: Ask): Promise<Asked> {
  const { target, windowMs, category, reasonDigest, startAt, breakGlass } = request;
  const sameTarget = target.key === body.key || target.key.startsWith(`${body.key}/`);
  const same = sameTarget && request.subject.personId === (body.subject ?? request.requester.personId);
  const sameTime = windowMs === body.windowMs && startAt === body.startAt;
  const sameGlass = breakGlass?.incident === body.breakGlass?.incident && breakGlass?.drill === body.breakGlass?.drill;
  const sameWords = category === body.category && reasonDigest === sha256(body.reason);
  if (!same || !sameTime || !sameGlass || !sameWords)
    throw new StintError('state-conflict', 'This ask was already made with other content. Ask anew.');
  const row = await deps.store.ledger.find(request.requestId);
  if (row) {
    await supersede(deps, request);
    return { requestId: request.requestId, state: row.view.state, display: target.display };
  }
  await refuseFrozen(deps.store);
  return start(deps, request);
}

async function start(deps: Deps, request: ElevationRequest): Promise<Asked> {
  await deps.gate.start(request, { personId: request.requester.personId });
  await supersede(deps, request);
  return { requestId: request.requestId, state: 'requested', display: request.target.display };
}

function checkOffer(offer: Offer, { windowMs, confirm, reason }: Ask): void {
  const wrong = offer.reason && wrongReason(offer.reason.rule, reason);
  if (wrong !== undefined) throw new StintError('bad-input', wrong);
  if (!offer.windowsMs.includes(windowMs)) {
    const lengths = offer.windowsMs.map(durationText).join(', ');
    throw new StintError('bad-input', `${offer.display} may be had for ${lengths}, and not for ${durationText(windowMs)}.`);
  }
  if (offer.tier !== 0 || sameName(confirm ?? '', offer.confirmBy)) return;
  throw new StintError(
    'bad-input',
    `${offer.display} is of the highest risk (tier 0). To confirm, repeat the name ${offer.confirmBy}.`,
  );
}

/**
 * Whoever breaks the glass takes back what they asked for and still wait for, so that nobody approves a second access later. After
 * the start: where that fails, nothing is lost, and the call that is repeated does it again.
 */
async function supersede({ store, gate }: Deps, by: ElevationRequest): Promise<void> {
  if (!by.breakGlass) return;
  const rows = await store.ledger.list({ live: true, targetKey: by.target.key });
  for (const { view } of rows)
    if (view.request.requestId !== by.requestId && isSuperseded(view, by))
      await gate.send('withdraw', view.request.requestId, view.digest, {}, { personId: by.subject.personId });
}

/** One at a time: approvers are not asked about a target that another elevation has, or may soon have. A drill takes nothing. */
async function checkFree({ store, clock }: Deps, person: Person, requestId: RequestId, by: Taking): Promise<void> {
  if (by.breakGlass?.drill) return;
  const rows = await store.ledger.list({ live: true, targetKey: by.target.key });
  const holds = (view: ElevationView) => !FREE.includes(view.state) && !isAhead(view, clock()) && !isSuperseded(view, by);
  const other = rows.map(({ view }) => view).find((view) => view.request.requestId !== requestId && holds(view));
  if (!other) return;
  const { requestId: id, subject } = other.request;
  const own = subject.personId === person.personId;
  const who = own ? 'You have asked for this already' : `${subject.name} has asked for this, or has it`;
  const until = other.deadlineAt ? ` until ${other.deadlineAt.slice(11, 16)} UTC` : '';
  throw new StintError(
    'target-busy',
    `${who}: elevation ${shortId(id)} is ${other.state}${until}. Wait until it has ended, or end it in Slack.`,
  );
}
