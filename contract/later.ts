/**
 * A start that is asked for later: until when it can be decided, from when on it is too late, and whether its time has come. The
 * story, the sweep and the cards go by the same.
 */
import { type Instant, instant, msOf } from './ids.js';
import type { ElevationRequest } from './request.js';
import type { Verdict } from './verdict.js';
import type { ElevationView } from './view.js';

/** When a request that nobody decides lapses, in ms since 1970; counted from when it was asked. No decision is waited for past its start. */
export function lapsesAtMs(fromMs: number, { deadlines, startBefore }: Pick<Verdict, 'deadlines' | 'startBefore'>): number {
  return Math.min(fromMs + deadlines.pendingMs, startBefore === undefined ? Number.POSITIVE_INFINITY : msOf(startBefore));
}

/** Until when what is approved now has to have begun. */
export function startByOf({ deadlines, startBefore }: Pick<Verdict, 'deadlines' | 'startBefore'>, nowMs: number): Instant {
  return startBefore ?? instant(nowMs + deadlines.startMs);
}

/** Whether it is still to come: nothing may be taken for it before. */
export function isEarly({ startAt }: Pick<ElevationRequest, 'startAt'>, nowMs: number): boolean {
  // NB: written so that an instant that is none (NaN) never comes.
  return startAt !== undefined && !(nowMs >= msOf(startAt));
}

/** Whether it is judged once more before it can be had, by the policy that is in force then: nobody has decided, or its start is to come. */
export function isJudgedAgain({ request, state }: Pick<ElevationView, 'request' | 'state'>): boolean {
  return state === 'requested' || (state === 'approved' && request.startAt !== undefined);
}

/** Whether it waits for its start, and so holds nothing that others may want meanwhile. */
export function isAhead({ request, state }: Pick<ElevationView, 'request' | 'state'>, nowMs: number): boolean {
  return (state === 'requested' || state === 'approved') && isEarly(request, nowMs);
}
