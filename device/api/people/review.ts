/**
 * POST /people/v1/reviews: somebody closes the review of a break-glass, with what they found. Never the person whose access it
 * was: the key says who speaks, and people are compared by person id. It is judged by the policy of then, so no edit since
 * makes anybody a reviewer.
 */

import { closedBefore, REVIEWED, reviewClosed, reviewedSince } from '../../../contract/break-glass.js';
import { StintError } from '../../../contract/errors.js';
import { instant, shortId } from '../../../contract/ids.js';
import type { Person } from '../../../contract/ports.js';
import type { ElevationView } from '../../../contract/view.js';
import { createPaceLimit } from '../ask-limit.js';
import type { App, DeviceApiDeps, PeopleDeps } from '../deps.js';
import { tidyReason } from '../route-ask.js';
import { ProblemReply } from '../schemas.js';
import { ReviewBody, ReviewReply } from './schemas.js';

const TRIES = { times: 20, withinMs: 10 * 60_000, sentence: 'You tried too often within ten minutes. Wait a few minutes.' };

/** One route; to close again what one has closed with the same words is the same. */
export function peopleReviewRoute(app: App, deps: DeviceApiDeps, people: PeopleDeps): void {
  const tries = createPaceLimit(deps.clock, TRIES);
  const schema = { body: ReviewBody, response: { 200: ReviewReply, '4xx': ProblemReply, '5xx': ProblemReply } };
  app.post('/people/v1/reviews', { schema }, async (call) => {
    const { person } = call.speaker;
    tries(person.personId);
    const row = await deps.store.ledger.findByPrefix(call.body.id);
    const view = row?.view;
    if (!view || !reviewedSince(view)) throw new StintError('unknown-request', 'There is no break-glass of that id.');
    await checkReviewer(people, view, person);
    await close(deps, view, person, tidyReason(call.body.finding));
    return { requestId: view.request.requestId, closedBy: person.name };
  });
}

async function checkReviewer({ preview }: PeopleDeps, view: ElevationView, person: Person): Promise<void> {
  const { requester, subject, requestId } = view.request;
  if ([requester.personId, subject.personId].includes(person.personId))
    throw new StintError('own-request', 'You cannot review your own break-glass. Someone else has to.');
  const verdict = await preview.judgeClick(view, person, 'review');
  if (!verdict.ok) throw new StintError('not-eligible', verdict.sentence);
  const short = shortId(requestId);
  if (view.state !== 'closed')
    throw new StintError('state-conflict', `Elevation ${short} is not over yet. Review it when it is, or revoke it now.`);
}

/** The same person closes with the same words as often as they like: the answer of the first time may have been lost. */
async function close({ store, clock }: DeviceApiDeps, view: ElevationView, person: Person, finding: string): Promise<void> {
  if (view.review && view.review.by !== person.personId) throw new StintError('state-conflict', REVIEWED);
  const findingDigest = await store.requests.putText(finding);
  const event = reviewClosed(view, { via: 'cli', personId: person.personId }, findingDigest, instant(clock()));
  await store.ledger.append([event]).catch((error: unknown) => {
    throw closedBefore(error);
  });
}
