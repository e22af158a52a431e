/**
 * What would be decided of a request that nobody has sent yet: by the functions that judge one that was. A reason that will do is
 * taken for granted, since nobody has written one; and what a far end may still say of the ticket in it.
 */
import { instant } from '../contract/ids.js';
import type { Supposed } from '../contract/preview.js';
import type { ElevationRequest } from '../contract/request.js';
import type { Verdict } from '../contract/verdict.js';
import { digestOf, requestDigest, requestIdFrom } from '../seal/canonical.js';
import { type Question, settle } from './decide.js';
import { waitedFrom } from './escalation.js';
import type { Policy } from './rules.js';
import { type Facts, type Terms, termsOf } from './terms.js';

/** The terms, and what is decided of it on them as long as nobody has voted. The length plays no part in the terms. */
export interface Supposition {
  readonly question: Question;
  readonly terms: Terms;
  readonly verdict: Verdict;
}

/** The request as it would be sent, `askedAt` in milliseconds since 1970. Its id is that of no request. */
export function supposedRequest(
  { requester, subject, target, windowMs = 0, startAt }: Supposed,
  askedAt: number,
): ElevationRequest {
  return {
    v: 1,
    requestId: requestIdFrom('cli', 'explain'),
    requester,
    subject,
    target,
    windowMs,
    category: 'other',
    reasonDigest: digestOf(''),
    via: 'cli',
    askedAt: instant(askedAt),
    ...(startAt === undefined ? {} : { startAt }),
  };
}

/** Judges it. `now` in milliseconds since 1970; `waitedMs`: how long it has waited by then. */
export function suppose(policy: Policy, ask: Supposed, facts: Facts, now: number, waitedMs = 0): Supposition {
  const askedAt = now - waitedMs;
  const terms = termsOf(policy, supposedRequest(ask, askedAt), facts, now, { kind: 'request', wait: waitedFrom(askedAt, now) });
  const windowMs = ask.windowMs ?? terms.windowsMs[0] ?? 0;
  const request = supposedRequest({ ...ask, windowMs }, askedAt);
  const question: Question = { request, round: { digest: requestDigest(request), kind: 'request', windowMs } };
  const conditions = terms.conditions.map(({ reason: _, ...rest }) => rest);
  return { question, terms, verdict: settle({ ...terms, conditions }, question, facts, [], now) };
}
