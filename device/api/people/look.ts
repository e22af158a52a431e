/** What people may look at from a command line: what they may ask for, and how their own requests stand. */
import { NAMED_PEOPLE, unstartedText } from '../../../cards/state-line.js';
import { StintError } from '../../../contract/errors.js';
import type { PersonId } from '../../../contract/ids.js';
import type { Offer } from '../../../contract/preview.js';
import type { ElevationRequest } from '../../../contract/request.js';
import type { ElevationView } from '../../../contract/view.js';
import { subjectNamed } from '../../../policy/subject.js';
import { createPaceLimit } from '../ask-limit.js';
import type { App, DeviceApiDeps, PeopleDeps } from '../deps.js';
import { ProblemReply } from '../schemas.js';
import { FOUND_MAX, StandingParams, StandingReply, TargetsQuery, TargetsReply } from './schemas.js';

type Found = (typeof TargetsReply)['_output']['targets'][number];
type Standing = (typeof StandingReply)['_output'];

/** Whoever types searches once in a second or two; a loop must not keep the process from its other work. */
const LOOKS = {
  times: 60,
  withinMs: 60_000,
  sentence: 'You searched too often within a minute. Wait a minute, then search again.',
};
const PROBLEMS = { '4xx': ProblemReply, '5xx': ProblemReply };

export function peopleLookRoutes(app: App, deps: DeviceApiDeps, people: PeopleDeps): void {
  const targets = { querystring: TargetsQuery, response: { 200: TargetsReply, ...PROBLEMS } };
  const mayLook = createPaceLimit(deps.clock, LOOKS);
  app.get('/people/v1/targets', { schema: targets }, async (call) => {
    mayLook(call.speaker.person.personId);
    const { person } = call.speaker;
    const { q, breakGlass, subject: named, kind } = call.query;
    const subject = await subjectNamed(people.directory, person, named);
    const how = breakGlass ? 'break-glass' : 'asking';
    const found = await people.preview.search(person, q.trim(), FOUND_MAX, subject, how, kind);
    if (found.length > 0) return { targets: found.map(foundOf) };
    const { note } = await people.preview.offersFor(person, subject, kind);
    return { targets: [], ...(note && { note }) };
  });
  const one = { params: StandingParams, response: { 200: StandingReply, ...PROBLEMS } };
  app.get('/people/v1/requests/:id', { schema: one }, async (call) => {
    const stored = await deps.store.requests.get(call.params.id);
    // Another person's is as unknown as none.
    if (stored?.request.requester.personId !== call.speaker.person.personId) throw new StintError('unknown-request');
    const row = await deps.store.ledger.find(call.params.id);
    const view = row?.view;
    return standingOf(stored.request, view, await approversOf(people, view), await waitsFor(people, view));
  });
}

function foundOf(offer: Offer): Found {
  const { key, kind, display, setName, detail, confirmBy, windowsMs, tier, barred, notes, approverNames, later } = offer;
  const shown = { key, kind, display, detail: detail ?? '', confirmBy, windowsMs: [...windowsMs], notes: [...notes] };
  const of = setName === undefined ? {} : { setName };
  return {
    ...shown,
    ...of,
    approvers: [...approverNames],
    ...(tier === undefined ? {} : { tier }),
    ...(barred ? { barred } : {}),
    ...(later === undefined ? {} : { later }),
  };
}

function standingOf(
  { requestId, target, windowMs, startAt }: ElevationRequest,
  view: ElevationView | undefined,
  names: string[],
  waiting: string[],
): Standing {
  const base = { requestId, display: target.display, approvedBy: names, ...(startAt && { startAt }) };
  if (!view) return { ...base, state: 'handed-over', needed: 1, windowMs, why: [] };
  const { state, outcome, verdict, approvedWindowMs, confirmedAt, deadlineAt, goneAt, failureReason } = view;
  return {
    ...base,
    state,
    ...(outcome && { outcome }),
    needed: verdict.outcome === 'auto' ? 1 : verdict.quorum,
    ...(verdict.stages && { stages: verdict.stages.map(({ name, approved, quorum }) => ({ name, approved, needed: quorum })) }),
    ...(waiting.length > 0 && { waitsFor: waiting }),
    windowMs: approvedWindowMs ?? windowMs,
    ...(confirmedAt && { confirmedAt }),
    ...(deadlineAt && { deadlineAt }),
    ...(goneAt && { goneAt }),
    why: failureReason ? [failureReason] : outcome === 'not-started' ? [unstartedText(view)] : [...verdict.sentences],
  };
}

async function approversOf(people: PeopleDeps, view: ElevationView | undefined): Promise<string[]> {
  const { outcome, rule, approvedBy = [] } = view?.verdict ?? {};
  if (view?.verdict.breakGlass) return view.outcome === 'drilled' ? [] : [`nobody: taken by break-glass (rule ${rule})`];
  return outcome === 'auto' ? [`the policy itself (rule ${rule})`] : namesOf(people, approvedBy);
}

/** Of several stages those whom the one asks that waits now. */
function waitsFor(people: PeopleDeps, view: ElevationView | undefined): Promise<string[]> {
  return namesOf(people, view?.state === 'requested' ? view.verdict.approvers.slice(0, NAMED_PEOPLE) : []);
}

function namesOf({ directory }: PeopleDeps, ids: readonly PersonId[]): Promise<string[]> {
  return Promise.all(ids.map(async (id) => (await directory.person(id))?.name ?? id));
}
