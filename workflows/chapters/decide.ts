/**
 * Deciding and arming. Votes are judged one after the other, always all of them together; the clock of an unanswered
 * request, its reminders and the start deadline are timers. A deny, a withdrawal or a Cancel is heard while the
 * judgement itself is still on its way.
 */
import { CancellationScope, condition, isCancellation, patched } from '@temporalio/workflow';
import { type JudgeInput, SEND_WITHIN_MS } from '../../contract/duties.js';
import { instant, msOf } from '../../contract/ids.js';
import type { Ballot, Round, Verdict, Vote } from '../../contract/verdict.js';
import type { Book, Clock } from '../book.js';
import { store } from '../duties.js';
import type { Admitted } from './admit.js';

/** Until somebody decides, or nobody did in time. */
export async function decide(e: Admitted): Promise<void> {
  const { book, painter } = e;
  if (book.state !== 'requested') {
    if (book.view.outcome === 'denied') painter.dm('denied');
    return;
  }
  if (book.view.reminders === 0) painter.dm('asked');
  const clock = patience(e);
  while (book.state === 'requested' && !e.pageFull()) {
    await condition(() => decided(book) || book.ballots.length > 0 || e.pageFull());
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
  const lapseAt = from + book.view.verdict.deadlines.pendingMs;
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
async function count({ book, pageFull }: Admitted): Promise<void> {
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
  book.record('voted', { vote, verdict }, cause);
  if (verdict.outcome === 'deny') book.record('denied', verdict.rule ? { rule: verdict.rule } : {}, cause);
  if (verdict.outcome === 'satisfied' && verdict.windowMs) {
    const startBy = instant(Date.now() + verdict.deadlines.startMs);
    book.record('approved', { windowMs: verdict.windowMs, startBy, verdict }, cause);
  }
}

export function requestRound(book: Book): Round {
  return { digest: book.view.digest, kind: 'request', windowMs: book.view.request.windowMs };
}

export function judgeInput(book: Book, round: Round, votes: readonly Vote[]): JudgeInput {
  const { request, digest, verdict } = book.view;
  return { request, digest, round, votes, policyThen: verdict.policyHash };
}

/** Runs an activity until it answers or `over` holds; then it is cancelled and its answer does not count. */
export async function unless<T>(over: () => boolean, act: () => Promise<T>): Promise<T | undefined> {
  const scope = new CancellationScope({ cancellable: true });
  let answer: T | undefined;
  let failure: unknown;
  let settled = false;
  const run = scope.run(act).then(
    (value) => {
      answer = value;
      settled = true;
    },
    (error: unknown) => {
      failure = error;
      settled = true;
    },
  );
  await condition(() => settled || over());
  if (!settled) scope.cancel();
  if (!settled) void run;
  if (failure && !isCancellation(failure)) throw failure;
  return settled ? answer : undefined;
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

/** Takes the target: no grant call without this entry, and all before it, in the ledger first (invariants I1, I9). */
export async function arm(e: Admitted): Promise<void> {
  const { book, painter } = e;
  const { startBy, approvedWindowMs: windowMs } = book.view;
  if (book.state !== 'approved' || !startBy || !windowMs) return;
  const notAfter = instant(msOf(startBy) + windowMs);
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
  if (book.view.outcome === 'not-started') painter.dm('not-started');
  if (book.is('closed') && book.view.outcome === 'failed') painter.dm('failed');
}
