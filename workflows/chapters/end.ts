/**
 * The end: revoke until observed gone, collect what was done, close. Nothing unrelated can gate the revoke: its ids were
 * pinned at the grant; Slack, policy, directory and store may all be down. Nothing is called ended before it is gone.
 */
import { allHandlersFinished, condition } from '@temporalio/workflow';
import { type Before, SEND_WITHIN_MS } from '../../contract/duties.js';
import { type Instant, instant, msOf } from '../../contract/ids.js';
import { recollectionOf } from '../../contract/view.js';
import type { Book, Clock } from '../book.js';
import { firstRevoke, proving, revoking, store } from '../duties.js';
import type { Admitted } from './admit.js';
import { unless } from './judging.js';

/** Minutes after the ending began at which the alarm grows; after the last, every fifteen. */
const ALARMS = [1, 5, 15] as const;
/** A proof within this time needs no word that it is waited for; until then the revoke has the stage to itself. */
const QUIET_MS = 3000;
/** A Mac sends its log by itself; only one that did not is asked through the MDM. */
const ASK_AFTER_MS = 60_000;

/** Takes it away, and stays here until the target shows that it is gone, or two people close it without proof. */
export async function revoke(e: Admitted): Promise<void> {
  const { book, painter } = e;
  if (book.state !== 'ending') return;
  const { request } = book.view;
  const known = whatIsKnown(book);
  if (!book.revokeSent)
    await firstRevoke.revokeOnce
      .executeWithOptions({ summary: `revoke ${request.target.key}` }, [request, ...known])
      .catch(() => false);
  const alarms = alarmClock(e, Date.now());
  const over = () => book.state !== 'ending' || e.pageFull();
  const proof = await unless(over, () =>
    proving.proveGone.executeWithOptions({ summary: `observe ${request.target.key} gone` }, [
      request,
      book.quietFrom,
      book.view.claimedAt !== undefined,
      ...known,
    ]),
  );
  alarms.stop();
  book.hush = false;
  // The target is free from here on: the log may take half an hour, the next elevation need not wait for it.
  if (proof && book.state === 'ending') book.record('gone', { observedAt: proof.observedAt, how: proof.how });
  if (!book.is('ending')) painter.line('ended');
  if (book.is('collecting')) clearSignals(book);
}

/**
 * What the story itself knows of the time before its grant (`recollectionOf`), as the last argument of a revoke: the store that
 * was told of it may be down when it matters.
 */
export function timeBefore({ view }: Book): [] | [Before] {
  const { before } = recollectionOf(view);
  return before ? [before] : [];
}

/**
 * The same, and of a grant that has told nothing the instant since which something may have been given; or that the target was
 * never taken, so that a Mac which is closed need not be heard of for what it never had.
 */
function whatIsKnown({ view }: Book): [] | [Before] | [undefined, Instant] | [Before | undefined, Instant | undefined, false] {
  const { before, since } = recollectionOf(view);
  if (!view.armedAt) return [before, since, false];
  if (before) return [before];
  return since ? [undefined, since] : [];
}

/** First the world hears that it is ending, should the proof not be there within moments; then alarms, each louder. */
function alarmClock({ book, painter }: Admitted, revokedAt: number): Clock {
  const from = msOf(book.view.endingAt ?? instant(revokedAt));
  const minutes = () => nextAlarm(book.view.alarmMinutes ?? 0, (Date.now() - from) / 60_000);
  return book.clock(
    () => {
      if (book.state !== 'ending') return undefined;
      if (book.hush) return { at: revokedAt + QUIET_MS, summary: 'until it is said that this is ending' };
      return { at: from + minutes() * 60_000, summary: `alarm after ${minutes()} min` };
    },
    () => {
      if (book.state !== 'ending') return;
      if (book.hush) {
        book.hush = false;
        return painter.line('ending');
      }
      const said = minutes();
      book.record('alarm', { what: 'revoke-pending', minutes: said });
      painter.line('alarm', `alarm-${said}`);
    },
  );
}

/**
 * The alarm to say next, in minutes: the newest that is due and was not said (workers that were away for days say one, not
 * hundreds), else the one to come.
 */
function nextAlarm(said: number, passed: number): number {
  const newest = passed >= 15 ? 15 * Math.floor(passed / 15) : (ALARMS.findLast((minutes) => minutes <= passed) ?? 0);
  if (newest > said) return newest;
  return ALARMS.find((minutes) => minutes > said) ?? 15 * (Math.floor(said / 15) + 1);
}

/** Begun as soon as the access is gone, waited for at the close. */
function clearSignals(book: Book): void {
  const { request } = book.view;
  const clear = () => revoking.clearSignals.executeWithOptions({ summary: 'clear MDM signals' }, [request]);
  book.clearing = book.ahead ? book.ahead.then(clear) : clear();
  book.clearing.catch(() => undefined); // no end of retries; only a page turn gives it up, and the next page asks again
}

/** Log chunks complete, or the evidence deadline: then "log missing" is said. */
export async function collect(e: Admitted): Promise<void> {
  const { book, painter } = e;
  if (book.state !== 'collecting') return;
  const { verdict } = book.view;
  // A Mac that never got the access has nothing to show.
  const expected = book.view.claimedAt !== undefined;
  const by = msOf(book.view.goneAt ?? instant(Date.now())) + verdict.deadlines.evidenceMs;
  const soon = Math.min(by, Date.now() + ASK_AFTER_MS);
  if (expected && !(await book.until(() => book.evidenceComplete || e.pageFull(), soon, 'until the Mac sends its log')))
    askForLog(book);
  if (expected) await book.until(() => book.evidenceComplete || e.pageFull(), by, 'evidence deadline');
  if (e.pageFull() && expected && !book.evidenceComplete) return;
  const found = expected ? await whatIsThere(book, Math.max(by, Date.now() + 60_000)) : undefined;
  const complete = !expected || (found?.complete ?? false);
  if (!complete) book.record('alarm', { what: 'evidence-missing', minutes: Math.round(verdict.deadlines.evidenceMs / 60_000) });
  book.record('evidence-settled', { complete, lines: found?.lines ?? 0, ...(found?.digest && { digest: found.digest }) });
  if (found && found.lines + (found.digest ? 1 : 0) > 0) painter.files();
  if (expected) painter.line('evidence');
}

/** What the store has of the evidence; nothing when it does not answer until the given instant. */
function whatIsThere({ view }: Book, until: number) {
  return store.readEvidence
    .executeWithOptions({ summary: 'store: evidence', scheduleToCloseTimeout: until - Date.now() }, [view.request.requestId])
    .catch(() => undefined);
}

/** The request for the log leaves a signal at the MDM, to be cleared in its turn. */
function askForLog(book: Book): void {
  book.clearing = undefined;
  void revoking.askEvidence.executeWithOptions({ summary: 'ask for the log' }, [book.view.request]).catch(() => undefined);
}

/** MDM signals cleared, card final, outcome recorded. Slack and the store are waited for here, and only here. */
export async function close(e: Admitted): Promise<void> {
  const { book, painter } = e;
  if (book.state !== 'closed') return;
  book.record('closed', { outcome: book.view.outcome ?? 'failed' });
  if (book.view.confirmedAt) painter.dm('ended');
  if (!book.view.armedAt) await takeBack(book);
  if (book.view.armedAt && !book.clearing) clearSignals(book);
  await book.clearing;
  await settle(e);
  e.stop();
  book.done = true;
}

/**
 * What closed without a grant of its own may be a run that was made to live again, while the one before it granted: no
 * close before that is gone as well. Alarms come from the watch, which sees the grant.
 */
async function takeBack(book: Book): Promise<void> {
  const { request, closedAt } = book.view;
  const held = await store.fenceOff.executeWithOptions({ summary: 'store: is anything held' }, [
    request,
    closedAt ?? instant(Date.now()),
  ]);
  if (!held) return;
  const quietFrom = instant(Date.now() + SEND_WITHIN_MS);
  const summary = `observe ${request.target.key} gone`;
  const proof = await proving.proveGone.executeWithOptions({ summary }, [request, quietFrom, true, ...whatIsKnown(book)]);
  book.record('swept', { observedAt: proof.observedAt, how: proof.how });
}

/** Until everything is written and sent, and no message waits: a click in this time gets its answer, late evidence its place. */
async function settle(e: Admitted): Promise<void> {
  const { book, inbox, painter, scribe } = e;
  const quiet = () => inbox.idle && allHandlersFinished();
  do {
    await condition(quiet);
    book.tellRefusals();
    await fileLate(e);
    await scribe.written();
    await painter.settled();
  } while (!quiet() || lateIsThere(book));
}

function lateIsThere({ view, evidenceComplete }: Book): boolean {
  return evidenceComplete && view.evidence?.complete === false;
}

async function fileLate({ book, painter }: Admitted): Promise<void> {
  if (!lateIsThere(book)) return;
  const found = await store.readEvidence.executeWithOptions({ summary: 'store: late evidence' }, [book.view.request.requestId]);
  if (!found.digest) {
    book.evidenceComplete = false;
    return;
  }
  book.record('late-evidence', { lines: found.lines, digest: found.digest }, { via: 'device' });
  painter.files();
  painter.line('evidence', 'late-evidence');
}
