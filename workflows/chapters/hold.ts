/** Granting and holding: called, then observed; the clock starts at the confirmation, and only a stored extension moves it. */
import { ActivityFailure, ApplicationFailure, condition, patched } from '@temporalio/workflow';
import { LEAD_MS, type RevokeDuties, SEND_WITHIN_MS } from '../../contract/duties.js';
import type { EventData } from '../../contract/events.js';
import { extendedTo } from '../../contract/extension.js';
import { type Instant, instant, msOf } from '../../contract/ids.js';
import type { Envelope } from '../../contract/messages.js';
import type { Round, Vote } from '../../contract/verdict.js';
import type { Book, Clock } from '../book.js';
import { aheadRevoke, granting, store } from '../duties.js';
import type { Admitted } from './admit.js';
import { answerUncounted } from './decide.js';
import { timeBefore } from './end.js';
import { endingsHeard, endingsWait, judgeInput, unless } from './judging.js';

/** Calls the grant and waits for the target's own word. Not confirmed by the start deadline: undone. */
export async function grant(e: Admitted): Promise<void> {
  const { book, painter } = e;
  const { startBy, approvedWindowMs: maxMs, request } = book.view;
  if (book.state !== 'granting' || !startBy || !maxMs) return;
  if (!book.grantCalled && (!endingsWait(e) || (await endingsHeard(e)))) {
    book.grantCalled = true;
    // A Mac may claim and confirm by its own poll while the MDM still does not answer: then the tag is no longer needed,
    // and nothing may keep the story from holding the window.
    const over = () => book.state !== 'granting';
    try {
      const sent = await unless(over, () =>
        granting.grant.executeWithOptions({ summary: `grant ${request.target.key}` }, [{ request, maxMs, startBy }]),
      );
      if (sent) book.record('grant-sent', { sendBefore: sent.sendBefore });
      if (sent) book.quietFrom = sent.sendBefore;
      if (sent?.observedAt && book.is('granting')) confirmSeen(book, sent.observedAt, maxMs);
    } catch (error) {
      // What a Mac confirmed by its own poll is held, whatever became of the call.
      if (book.is('granting')) book.record('grant-failed', whyOf(error));
    }
    // A call that was given up may still be on its way for as long as it was allowed to leave.
    if (book.quietFrom < instant(1)) book.quietFrom = instant(Date.now() + SEND_WITHIN_MS);
  }
  await condition(() => book.state !== 'granting' || e.pageFull());
  if (book.view.outcome === 'not-started') painter.dm('not-started');
  if (book.view.outcome === 'failed') painter.dm('failed');
}

/** It was seen to show the access: the clock starts when that was there, which may be long before it was proved. */
function confirmSeen(book: Book, observedAt: Instant, maxMs: number): void {
  const armedAt = book.view.armedAt ?? instant(Date.now());
  // It can't have been there before the target was taken: the worker's clock is slow. Were the clock to start now instead, the
  // window would be longer by all the time that the proof took. Runs that began before this go on as they began.
  const isSlow = msOf(observedAt) < msOf(armedAt) && patched('seen-no-earlier-than-armed');
  book.confirm(isSlow ? armedAt : observedAt, maxMs, undefined, Date.now() - msOf(armedAt));
}

/** An activity's failure holds our own sentence and nothing else (`activities/failure.ts`). */
function whyOf(error: unknown): EventData['grant-failed'] {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (!(cause instanceof ApplicationFailure)) return { code: 'failed' };
  const { type, message, nonRetryable } = cause;
  return { code: type ?? 'failed', ...(nonRetryable && message && { reason: message.slice(0, REASON_MAX) }) };
}

const REASON_MAX = 450;

/** The window: warn before its end, count extensions, and end it at the deadline. */
export async function hold(e: Admitted): Promise<void> {
  const { book } = e;
  if (book.state !== 'active' || !book.view.deadlineAt) return;
  const clock = windowClock(e);
  while (book.state === 'active' && !e.pageFull()) {
    await condition(
      () => book.state !== 'active' || book.leaving || book.ballots.length > 0 || extensionIsNew(book) || e.pageFull(),
    );
    if (book.state !== 'active') break;
    if (book.leaving) await leave(e);
    else if (extensionIsNew(book)) announceExtension(e);
    else if (book.ballots.length > 0) await countExtension(e);
  }
  clock.stop();
}

/** The warning and the deadline, wherever the story is. An extension moves both: a bell of before then means nothing. */
function windowClock({ book }: Admitted): Clock {
  // Runs that began before the revoke was handed out ahead go on as they began.
  const ahead = patched('revoke-handed-out-ahead') ? LEAD_MS : 0;
  const deadline = () => msOf(book.view.deadlineAt ?? instant(0));
  const last = () => deadline() - ahead;
  return book.clock(
    () => {
      if (book.state !== 'active' || book.leaving) return undefined;
      const warnAt = warningAt(book, deadline());
      return warnAt < last() ? { at: warnAt, summary: 'until the warning' } : { at: last(), summary: 'deadline' };
    },
    () => {
      if (book.state !== 'active') return;
      if (Date.now() >= last()) {
        if (ahead > 0) book.leaving = true;
        else expire(book);
      } else if (Date.now() >= warningAt(book, deadline())) book.record('warned', {});
    },
  );
}

/**
 * The revoke goes to a worker and waits there for the deadline. What ends the elevation before calls it off; if no worker
 * brought it to the far end, the ending begins with a revoke of its own.
 */
async function leave(e: Admitted): Promise<void> {
  const { book } = e;
  const { request, deadlineAt } = book.view;
  if (!deadlineAt) return;
  const over = () => book.state !== 'active';
  const sent = await unless(over, () => revokeAhead(book, [request, deadlineAt, ...timeBefore(book)]));
  if (!sent) await book.until(over, deadlineAt, 'deadline');
  answerUncounted(e);
  if (over()) return;
  book.revokeSent = sent === true;
  expire(book);
}

/** Whether the far end was reached: also a refusal of it is an answer, and the proof asks again. */
function revokeAhead(book: Book, args: Parameters<RevokeDuties['revokeAt']>): Promise<boolean> {
  const summary = `revoke ${args[0].target.key} at its deadline`;
  const sent = aheadRevoke.revokeAt.executeWithOptions({ summary }, args).catch((error: unknown) => {
    return error instanceof ActivityFailure && error.cause instanceof ApplicationFailure;
  });
  book.ahead = sent.then(() => {
    book.ahead = undefined;
  });
  return sent;
}

function expire(book: Book): void {
  const { extension } = book.view;
  if (extension?.state === 'waiting') book.record('extension-closed', { roundDigest: extension.roundDigest, why: 'lapsed' });
  book.record('expired', {});
}

/** Infinity when this window is not warned of, or was. */
function warningAt(book: Book, deadline: number): number {
  const { verdict, warnedAt, confirmedAt } = book.view;
  const length = deadline - msOf(confirmedAt ?? instant(deadline));
  if (length <= verdict.warnMinWindowMs) return Number.POSITIVE_INFINITY;
  const at = deadline - verdict.warnBeforeMs;
  return warnedAt && msOf(warnedAt) >= at ? Number.POSITIVE_INFINITY : at;
}

function extensionIsNew(book: Book): boolean {
  const { extension } = book.view;
  return extension?.state === 'waiting' && book.announced !== extension.roundDigest;
}

function announceExtension({ book, painter }: Admitted): void {
  const { extension } = book.view;
  if (!extension) return;
  book.announced = extension.roundDigest;
  painter.line('extension', `extension-${extension.roundDigest.slice(0, 12)}`);
}

function isOpen({ view: { extension } }: Book, roundDigest: string): boolean {
  return extension?.state === 'waiting' && extension.roundDigest === roundDigest;
}

/** The sealed approvals of this round. */
function sealedFor({ approvals }: Book, { digest }: Round): readonly Envelope[] {
  return approvals.filter(({ roundDigest }) => roundDigest === digest);
}

/** An extension counts only while active, is stored before the timer moves, never shortens and never passes the cap. */
async function countExtension(e: Admitted): Promise<void> {
  const { book, painter, scribe } = e;
  const [ballot] = book.ballots;
  const vote = ballot?.vote;
  const { extension, deadlineAt, confirmedAt } = book.view;
  if (!vote || extension?.state !== 'waiting' || vote.roundDigest !== extension.roundDigest || !deadlineAt || !confirmedAt) {
    const uncounted = book.ballots.splice(0, 1);
    if (uncounted.length > 0 && patched('unjudged-votes-answered')) answerUncounted(e, uncounted);
    return;
  }
  const { roundDigest: digest, windowMs } = extension;
  const round = { digest, kind: 'extension', windowMs, granted: book.extensions } as const;
  // A deny while somebody still judges or stores it ends it, as it ends a request.
  const over = () => book.state !== 'active' || book.leaving || !isOpen(book, round.digest);
  const votes: Vote[] = [...extension.votes, vote];
  const verdict = await unless(
    () => over() || e.pageFull(),
    () =>
      store.judge.executeWithOptions({ summary: `policy: extension vote of ${vote.personId}` }, [judgeInput(book, round, votes)]),
  );
  if (!verdict || over()) return; // not judged: it stays where it is
  book.ballots.shift();
  book.approvals.push(ballot.envelope);
  const cause = { via: 'slack', personId: vote.personId } as const;
  book.record('voted', { vote, verdict }, cause);
  if (verdict.outcome === 'deny') return book.record('extension-closed', { roundDigest: round.digest, why: 'denied' }, cause);
  if (verdict.outcome !== 'satisfied' || !verdict.windowMs) return;
  const moved = extendedTo(confirmedAt, deadlineAt, verdict.windowMs, verdict.maxWindowMs);
  const { armedBy } = book;
  const stored = await unless(over, async () => {
    if (!armedBy) return false;
    // The first deadline must not land after this one.
    await condition(() => scribe.deadlineKnown || book.extensions > 0);
    return store.moveEnd.executeWithOptions({ summary: 'store: extended deadline' }, [
      book.view.request.requestId,
      armedBy,
      moved,
      deadlineAt,
      { ...judgeInput(book, round, votes), proof: { ask: book.asked, approvals: sealedFor(book, round) } },
    ]);
  });
  if (over()) return;
  if (!stored) return book.record('extension-closed', { roundDigest: round.digest, why: 'lapsed' }, cause);
  book.record('extended', { roundDigest: round.digest, windowMs: verdict.windowMs, deadlineAt: moved }, cause);
  painter.line('extension', `extended-${round.digest.slice(0, 12)}`);
}
