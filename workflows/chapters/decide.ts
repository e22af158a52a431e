/**
 * Deciding and arming. Votes are judged one after the other, always all of them together; the clock of an unanswered
 * request, its reminders and the start deadline are timers. A deny, a withdrawal or a Cancel is heard while the
 * judgement itself is still on its way.
 */
import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { JudgeInput } from '../../contract/duties.js';
import { instant, msOf } from '../../contract/ids.js';
import type { Round, Verdict, Vote } from '../../contract/verdict.js';
import type { Book } from '../book.js';
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
  const startedAt = msOf(book.openedAt);
  const lapseAt = startedAt + book.view.verdict.deadlines.pendingMs;
  let remindAt = nextReminder(book.view.verdict, startedAt, Date.now());

  while (book.state === 'requested' && !e.pageFull()) {
    const heard = await book.until(
      () => decided(book) || book.ballots.length > 0 || e.pageFull(),
      Math.min(remindAt, lapseAt),
      'until someone decides',
    );
    if (book.state !== 'requested') break;
    if (Date.now() >= lapseAt) book.record('lapsed', {});
    else if (book.ballots.length > 0) await count(book, lapseAt);
    else if (!heard) {
      book.record('reminded', { count: book.view.reminders + 1 });
      painter.line('reminder', `reminder-${book.view.reminders}`);
      remindAt = nextReminder(book.view.verdict, startedAt, Date.now());
    }
  }
  tell(e);
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

/** Judges the oldest ballot together with all votes before it. */
async function count(book: Book, lapseAt: number): Promise<void> {
  const ballot = book.ballots[0];
  if (!ballot) return;
  const { vote, envelope } = ballot;
  const verdict = await unless(
    () => decided(book),
    () =>
      store.judge.executeWithOptions({ summary: `policy: vote of ${vote.personId}` }, [
        judgeInput(book, requestRound(book), [...book.view.votes, vote]),
      ]),
    book,
    lapseAt,
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
export async function unless<T>(over: () => boolean, act: () => Promise<T>, book: Book, at?: number): Promise<T | undefined> {
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
  await book.until(() => settled || over(), at, 'until it is answered');
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

/** Takes the target: no grant call without this entry in the ledger before it (invariants I1, I9). */
export async function arm(e: Admitted): Promise<void> {
  const { book, painter, scribe } = e;
  const { startBy, approvedWindowMs: windowMs } = book.view;
  if (book.state !== 'approved' || !startBy || !windowMs) return;
  const by = msOf(startBy);
  let written = false;
  void scribe.written().then(() => {
    written = true;
  });
  await book.until(() => written || book.state !== 'approved', by, 'until the ledger has the approval');
  if (book.state !== 'approved') return;
  const notAfter = instant(by + windowMs);
  const armed = book.event('armed', { notAfter });
  const answer = written
    ? await unless(
        () => book.state !== 'approved',
        () =>
          store.arm.executeWithOptions({ summary: 'take the target' }, [
            {
              ...judgeInput(book, requestRound(book), book.view.votes),
              armed,
              windowMs,
              notAfter,
              proof: { start: book.start, approvals: book.approvals },
            },
          ]),
        book,
        by,
      )
    : undefined;
  if (book.state !== 'approved') return;
  if (answer?.ok) {
    book.see(armed);
    book.armedBy = armed.runId === 'no-run' ? undefined : armed.runId;
  } else if (answer?.code === 'fenced') book.record('grant-failed', { code: 'fenced' });
  else if (answer) book.record('arm-refused', { code: answer.code });
  else book.record('start-missed', {});
  if (book.is('closed')) painter.dm(answer ? 'failed' : 'not-started');
}
