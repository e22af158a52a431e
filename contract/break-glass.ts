/**
 * Break-glass as every entrance has it: what it supersedes, whether its review is open, and the one entry that closes that.
 */
import { isStintError, StintError } from './errors.js';
import type { AnyEvent, ElevationEvent } from './events.js';
import type { Digest, Instant } from './ids.js';
import type { BreakingGlass, ElevationRequest } from './request.js';
import type { ElevationView } from './view.js';

/** Who takes what, and whether the glass is broken for it. */
export type Taking = Pick<ElevationRequest, 'subject' | 'target'> & { readonly breakGlass?: BreakingGlass | undefined };

/** Whether somebody who breaks the glass takes this back: their own for the same, that nobody has decided yet. Never by a drill. */
export function isSuperseded({ state, request }: ElevationView, by: Taking): boolean {
  const own = [request.requester, request.subject].every(({ personId }) => personId === by.subject.personId);
  return (
    by.breakGlass !== undefined && !by.breakGlass.drill && own && state === 'requested' && request.target.key === by.target.key
  );
}

/**
 * Since when there is something to review: from when the access could come to be, or from a drill on. By the request, which nobody
 * can alter, and not by the verdict, which somebody who may write to Temporal can answer in the policy's place.
 */
export function reviewedSince({ request, armedAt, outcome, closedAt }: ElevationView): Instant | undefined {
  if (!request.breakGlass) return undefined;
  return outcome === 'drilled' ? closedAt : armedAt;
}

/** Whether the glass was broken: the policy said so, or the target was taken. */
export function isBroken(view: ElevationView): boolean {
  return view.verdict.breakGlass === true || reviewedSince(view) !== undefined;
}

/** Whether somebody has still to review what was taken by break-glass. */
export function isReviewOpen(view: ElevationView): boolean {
  return reviewedSince(view) !== undefined && view.review === undefined;
}

/** It has one id for each elevation, so of two who close at the same moment one does, and the other is told (`closedBefore`). */
export function reviewClosed(view: ElevationView, actor: ElevationEvent['actor'], findingDigest: Digest, at: Instant): AnyEvent {
  const { requestId } = view.request;
  return {
    id: `${requestId}/review-closed`,
    type: 'review-closed',
    requestId,
    requestDigest: view.digest,
    runId: 'no-run',
    at,
    actor,
    data: { findingDigest },
  };
}

/** What whoever comes second is told; every other error is passed on. */
export function closedBefore(error: unknown): unknown {
  const second = isStintError(error) && error.code === 'ledger-conflict';
  return second ? new StintError('state-conflict', REVIEWED) : error;
}

export const REVIEWED = 'This review was closed before.';
