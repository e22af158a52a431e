/**
 * Deciding and arming. Votes are judged one after the other, always all of them together; the clock of an unanswered
 * request, its reminders and the start deadline are timers. A deny, a withdrawal or a Cancel is heard while the
 * judgement itself is still on its way.
 */
import { condition, patched } from '@temporalio/workflow';
import { armedUntil, SEND_WITHIN_MS } from '../../contract/duties.js';
import { type Instant, instant, msOf } from '../../contract/ids.js';
import { lapsesAtMs } from '../../contract/later.js';
import type { Ballot, Verdict } from '../../contract/verdict.js';
import type { Book, Clock } from '../book.js';
import { store } from '../duties.js';
import type { Admitted } from './admit.js';
import { approve, endingsHeard, endingsWait, judgeInput, requestRound, unless } from './judging.js';
import { call, callOnCall, isHeard, isLookedAt, lookoutOf, newcomers } from './lookout.js';

/** Until somebody decides, or nobody did in time. */
export async function decide(e: Admitted): Promise<void> {
  const { book, painter } = e;
  if (book.state !== 'requested') {
    if (book.view.outcome === 'denied') painter.dm('denied');
    return;
  }
  if (book.view.reminders === 0) painter.dm('asked');
  callOnCall(e);
  const clock = patience(e);
  const lookout = lookoutOf(e);
  while (book.state === 'requested' && !e.pageFull()) {
    const at = lookout.at();
    // NB: runs without looks wait as they always did, with not one step more: the order of their commands hangs on it.
    if (at === undefined) await condition(() => isHeard(e));
    else if (!(await book.until(() => isHeard(e), at, 'until it is judged again'))) await lookout.look();
    if (!decided(book) && book.ballots.length > 0) await count(e);
  }
  clock.stop();
  if (decided(book) && book.ballots.length > 0 && patched('unjudged-votes-answered')) answerUncounted(e);
  tell(e);
}

/** Votes that are too late to count: whoever pressed saw the click taken, and is told what became of it. All that wait, or these. */
export function answerUncounted({ book, refuse }: Admitted, ballots: readonly Ballot[] = book.ballots.splice(0)): void {
  for (const { envelope } of ballots) refuse(envelope.kind, 'state-conflict', envelope);
}

/** Reminders while nobody decides, and the end of the waiting. */
function patience({ book, painter }: Admitted): Clock {
  const from = msOf(book.openedAt);
  const lapseAt = lapsesAtMs(from, book.view.verdict);
  const next = () => Math.min(nextReminder(book.view.verdict, from, Date.now()), lapseAt);
  return book.clock(
    () => (decided(book) ? undefined : { at: next(), summary: 'until someone decides' }),
    () => {
      if (decided(book)) return;
      if (Date.now() >= lapseAt) return book.record('lapsed', {});
      book.record('reminded', { count: book.view.reminders + 1 });
      painter.line('reminder', `reminder-${book.view.reminders}`);
    },
  );
}

function decided(book: Book): boolean {
  return book.state !== 'requested';
}

/** Every ten minutes in the first hour, then hourly: both from the policy. */
function nextReminder({ deadlines }: Verdict, from: number, now: number): number {
  const { remindEveryMs, remindForMs, remindThenMs } = deadlines;
  const firstPhaseEnd = from + remindForMs;
  const soon = from + remindEveryMs * (Math.floor((now - from) / remindEveryMs) + 1);
  if (soon <= firstPhaseEnd) return soon;
  return firstPhaseEnd + remindThenMs * (Math.floor(Math.max(0, now - firstPhaseEnd) / remindThenMs) + 1);
}

/** Judges the oldest ballot together with all votes before it. One that is not judged when the page is full goes with it. */
async function count(e: Admitted): Promise<void> {
  const { book, pageFull } = e;
  const ballot = book.ballots[0];
  if (!ballot) return;
  const { vote, envelope } = ballot;
  const verdict = await unless(
    () => decided(book) || pageFull(),
    () =>
      store.judge.executeWithOptions({ summary: `policy: vote of ${vote.personId}` }, [
        judgeInput(book, requestRound(book), [...book.view.votes, vote]),
      ]),
  );
  if (!verdict || book.state !== 'requested') return;
  book.ballots.shift();
  book.approvals.push(envelope);
  const cause = { via: 'slack', personId: vote.personId } as const;
  const called = verdict.outcome === 'needs-approval' ? newcomers(book.view, verdict) : [];
  book.record('voted', { vote, verdict }, cause);
  if (verdict.outcome === 'deny') book.record('denied', verdict.rule ? { rule: verdict.rule } : {}, cause);
  if (verdict.outcome === 'satisfied') approve(book, verdict, cause);
  if (called.length > 0 && isLookedAt()) call(e, verdict, called);
}

function tell({ book, painter }: Admitted): void {
  const { state, outcome } = book.view;
  if (state === 'approved') {
    painter.line('decided');
    painter.dm('approved');
  }
  if (outcome === 'denied') painter.dm('denied');
  if (outcome === 'denied' || outcome === 'withdrawn') painter.line('decided');
  if (outcome === 'lapsed') painter.dm('lapsed');
}

/** From the approval to the confirmation: not confirmed by the start deadline, whatever is waited for, means undone. */
export function startClock({ book }: Admitted): Clock {
  const waits = () => book.state === 'approved' || book.state === 'granting';
  const { startBy } = book.view;
  return book.clock(
    () => (startBy && waits() ? { at: msOf(startBy), summary: 'start deadline' } : undefined),
    () => waits() && book.record('start-missed', {}),
  );
}

/**
 * What is to begin later waits here, approved: nothing is taken for it before. A start that is missed, because nobody was there to
 * begin with it, is missed for good. Answers whether to go on.
 */
async function hasCome({ book, painter, pageFull }: Admitted, startAt: Instant, startBy: Instant): Promise<boolean> {
  await book.until(() => book.state !== 'approved' || pageFull(), startAt, 'until it is to begin');
  if (book.state === 'approved' && Date.now() >= msOf(startBy)) book.record('start-missed', {});
  const { state, outcome } = book.view;
  if (state === 'closed') painter.line('ended');
  if (outcome === 'denied' || outcome === 'not-started') painter.dm(outcome);
  if (outcome === 'revoked') painter.dm('ended');
  return state === 'approved' && Date.now() >= msOf(startAt);
}

/** Takes the target: no grant call without this entry, and all before it, in the ledger first (invariants I1, I9). */
export async function arm(e: Admitted): Promise<void> {
  const { book } = e;
  const { startBy, approvedWindowMs: windowMs } = book.view;
  if (book.state !== 'approved' || !startBy || !windowMs) return;
  const { startAt } = book.view.request;
  // NB: what begins at once takes not one step more: the order of its commands hangs on it.
  if (startAt !== undefined && !(await hasCome(e, startAt, startBy))) return;
  if (endingsWait(e) && !(await endingsHeard(e))) return tellUnarmed(e);
  const notAfter = armedUntil(startBy, windowMs);
  const armed = book.event('armed', { notAfter });
  const before = [...book.unwritten];
  const answer = await unless(
    () => book.state !== 'approved',
    () =>
      store.arm.executeWithOptions({ summary: 'take the target' }, [
        {
          ...judgeInput(book, requestRound(book), book.view.votes),
          before,
          armed,
          windowMs,
          notAfter,
          proof: { start: book.start, approvals: book.approvals },
        },
      ]),
  );
  if (answer && book.state === 'approved') {
    if (answer.ok) {
      book.inLedger(before);
      book.see(armed);
      book.armedBy = armed.runId === 'no-run' ? undefined : armed.runId;
    } else if (answer.code === 'fenced') {
      // Another run's call may still be on its way, for as long as it was allowed to leave: nothing seen before proves an end.
      book.quietFrom = instant(Date.now() + SEND_WITHIN_MS);
      book.record('grant-failed', { code: 'fenced' });
    } else
      book.record('arm-refused', { code: answer.code, ...('reason' in answer && answer.reason && { reason: answer.reason }) });
  }
  tellUnarmed(e);
}

function tellUnarmed({ book, painter }: Admitted): void {
  if (book.view.outcome === 'not-started') painter.dm('not-started');
  if (book.is('closed') && book.view.outcome === 'failed') painter.dm('failed');
}
