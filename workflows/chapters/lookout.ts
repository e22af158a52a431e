/**
 * While nobody votes, who can decide may change by itself: a step of an escalation begins, a shift ends. The verdict says when to
 * look; then all votes so far are judged again, and whoever may decide and was not asked before is called. So is whoever is on call,
 * though the card named them with others. A verdict that
 * refuses changes nothing: what it is for may pass (it is closed at night), and only a vote asks for an answer.
 */
import { patched } from '@temporalio/workflow';
import { msOf, type PersonId } from '../../contract/ids.js';
import type { Verdict } from '../../contract/verdict.js';
import type { ElevationView } from '../../contract/view.js';
import { store } from '../duties.js';
import type { Admitted } from './admit.js';
import { approve, judgeInput, requestRound, unless } from './judging.js';

/** Whether there is something that goes before a look at who can decide. */
export function isHeard({ book, pageFull }: Admitted): boolean {
  return book.state !== 'requested' || book.ballots.length > 0 || pageFull();
}

/** Between two looks; the worker that judges may have a clock that is behind the server's. */
const LOOK_GAP_MS = 5_000;

export interface Lookout {
  /** When who can decide is to be looked up anew, in ms since 1970; undefined where time alone changes nothing. */
  at(): number | undefined;
  look(): Promise<void>;
}

/** The looks of one wait. */
export function lookoutOf(e: Admitted): Lookout {
  const { book } = e;
  let last: { readonly under: Verdict; readonly again: number | undefined } | undefined;
  return {
    at: () => {
      const { verdict } = book.view;
      if (last?.under === verdict) return last.again;
      return verdict.again && isLookedAt() ? msOf(verdict.again) : undefined;
    },
    look: async () => {
      const verdict = await unless(
        () => isHeard(e),
        () =>
          store.judge.executeWithOptions({ summary: 'policy: who can decide now' }, [
            { ...judgeInput(book, requestRound(book), book.view.votes), byPeople: true },
          ]),
      );
      if (!verdict || book.state !== 'requested') return;
      if (verdict.outcome === 'satisfied') return approve(book, verdict);
      if (verdict.outcome === 'needs-approval') {
        const called = newcomers(book.view, verdict);
        if (called.length > 0 || !isSame(book.view.verdict, verdict)) call(e, verdict, called);
      }
      last = { under: book.view.verdict, again: verdict.again && Math.max(msOf(verdict.again), Date.now() + LOOK_GAP_MS) };
    },
  };
}

/** Runs that began before there were looks go on as they began, whatever their verdicts say. */
export function isLookedAt(): boolean {
  return patched('judged-again');
}

/** Tells who can decide now, and calls those of them who were not asked before: in the thread, and each by a message. */
export function call({ book, painter }: Admitted, verdict: Verdict, called: readonly PersonId[]): void {
  book.record('rejudged', { verdict, called });
  if (called.length === 0) return;
  painter.line('called', `called-${book.view.calls?.length ?? 0}`);
  // The line has written to them itself, but for whom it could not be told where.
  if (verdict.onCall && isOnCallCalled()) painter.call();
}

/** Who is on call when it is asked. The card mentions them, in a channel that nobody reads at night. */
export function callOnCall({ book, painter }: Admitted): void {
  const { verdict } = book.view;
  const called = uncalled(book.view, verdict);
  if (called.length === 0) return;
  book.record('rejudged', { verdict, called });
  painter.call();
}

/** Who may decide now and was never asked, those on call first: each is called once, however often they come and go. */
export function newcomers(view: ElevationView, now: Verdict): readonly PersonId[] {
  const asked = new Set([...view.verdict.approvers, ...(view.calls ?? []).flat()]);
  return [...new Set([...uncalled(view, now), ...now.approvers.filter((personId) => !asked.has(personId))])];
}

/** Who is on call and was not called. */
function uncalled({ calls = [] }: ElevationView, { onCall }: Verdict): readonly PersonId[] {
  if (!onCall || !isOnCallCalled()) return [];
  const called = new Set(calls.flat());
  return [...new Set(onCall.flatMap(({ people }) => people))].filter((personId) => !called.has(personId));
}

/** Runs that began before they were go on as they began, whatever their verdicts say. */
function isOnCallCalled(): boolean {
  return patched('on-call-called');
}

/** Whether the card would show the same of both. */
function isSame(before: Verdict, now: Verdict): boolean {
  const shown = ({ approvers, approvedBy, stages, untold, policyNow }: Verdict) =>
    JSON.stringify([approvers, approvedBy, stages, untold, policyNow]);
  return shown(before) === shown(now);
}
