/**
 * Admission: nothing happens before the start argument proves to be a sealed request of this very id and the policy
 * lets this person ask. A hand-made start is recorded as refused and ends here (invariant I13).
 */
import { allHandlersFinished, workflowInfo } from '@temporalio/workflow';
import { type Letter, SEND_WITHIN_MS } from '../../contract/duties.js';
import type { AnyEvent } from '../../contract/events.js';
import { instant, NO_DIGEST, type RequestId, type RunId, workflowIdOf } from '../../contract/ids.js';
import { begin } from '../../contract/view.js';
import { isOversize } from '../backlog.js';
import { Book, type Carried, type Cause, causeOf } from '../book.js';
import { carryOut } from '../desk.js';
import { store } from '../duties.js';
import { startHerald } from '../herald.js';
import { type Inbox, type Mail, type Refuse, refuser, startInbox } from '../inbox.js';
import { type Painter, startPainter } from '../painter.js';
import { type Scribe, startScribe } from '../scribe.js';
import { approve } from './judging.js';

/** One run at work: its book and the coroutines around it. */
export interface Admitted {
  readonly book: Book;
  readonly inbox: Inbox;
  readonly scribe: Scribe;
  readonly painter: Painter;
  readonly refuse: Refuse;
  /**
   * Whether the run should continue as new before the next wait. Not while an update is being answered, nor while more
   * messages wait than the next page can take over: until then the story goes on, and its clocks with it.
   */
  pageFull(): boolean;
  /** Ends the coroutines at once, and answers what they have not done. */
  stop(): { readonly letters: readonly Letter[] } & Pick<Mail, 'waiting'>;
}

/** The run at work, or undefined when the start was refused. */
export async function admit(start: unknown, carried: Carried | undefined): Promise<Admitted | undefined> {
  if (carried && isOurPage(carried))
    return atWork(bookOf(start, carried), { nonces: carried.nonces, waiting: carried.waiting ?? [] }, carried.letters);

  const admission = await store.admit.executeWithOptions({ summary: 'check the seal; policy: may they ask' }, [
    workflowInfo().workflowId,
    isOversize(start) ? null : start,
  ]);
  if (!admission.ok) {
    const refused = refusedStart(admission.recordAs, admission.code);
    await store.append.executeWithOptions({ summary: 'ledger: refused start' }, [[refused]]);
    return undefined;
  }
  const { envelope, verdict, held } = admission;
  const { request } = envelope.body;
  const digest = envelope.roundDigest;

  const view = { request, digest, verdict, state: 'requested', votes: [], unprovenBy: [], reminders: 0, refusals: 0 } as const;
  const draft = new Book(view, start);
  const event = draft.event('requested', { request, digest, verdict }, causeOf(envelope));
  if (event.type === 'requested') draft.view = begin(event);
  draft.unwritten.push(event);
  if (held) {
    // Another run's grant call may still be on its way.
    draft.quietFrom = instant(Date.now() + SEND_WITHIN_MS);
    draft.record('grant-failed', { code: 'fenced' });
  } else if (verdict.outcome === 'deny') draft.record('denied', verdict.rule ? { rule: verdict.rule } : {});
  else if (verdict.outcome === 'auto') approveAtOnce(draft, causeOf(envelope));
  const e = atWork(draft, { nonces: [envelope.nonce], waiting: [] }, []);
  if (draft.is('approved')) {
    e.painter.line('decided');
    e.painter.dm('approved');
  }
  return e;
}

/** The policy approved it in its own name: no person did, and none is named. Of a break-glass it is the person who took it. */
function approveAtOnce(book: Book, asker: Cause): void {
  const { verdict, request } = book.view;
  // By the request: somebody who may write to Temporal can answer in the policy's place, and leave the entry out.
  const glass = request.breakGlass;
  if (glass) book.record('glass-broken', glass, asker);
  // A drill goes as far as this, and no further: no target is taken, and nothing is granted.
  if (glass?.drill) book.record('drilled', {}, asker);
  else approve(book, verdict, glass ? asker : { via: 'policy' });
}

function atWork(book: Book, mail: Mail, unsent: readonly Letter[]): Admitted {
  const painter = startPainter(book, unsent);
  const scribe = startScribe(book);
  const herald = startHerald(book, scribe, painter);
  const refuse = refuser(book, painter.answer);
  const inbox = startInbox(book, mail, (envelope, newRound) => carryOut(book, envelope, newRound), refuse);
  return {
    book,
    inbox,
    scribe,
    painter,
    refuse,
    pageFull: () => (inbox.full || workflowInfo().continueAsNewSuggested) && inbox.fits && allHandlersFinished(),
    stop: () => {
      herald.stop();
      scribe.stop();
      return { letters: painter.stop(), waiting: inbox.stop() };
    },
  };
}

/**
 * Whether the carried state was handed over by a run of this very elevation. A hand-made start can carry anything, and
 * the server names a run before it for a cron schedule and a retry as well: both are only there when somebody asked for
 * them at the start, and we never do. What is carried wrongly all the same reaches no grant: `arm` opens the seals anew.
 */
function isOurPage(carried: Carried): boolean {
  const { continuedFromExecutionRunId, cronSchedule, retryPolicy, attempt, workflowId } = workflowInfo();
  const before = continuedFromExecutionRunId !== undefined && !cronSchedule && !retryPolicy && attempt === 1;
  return before && workflowId === workflowIdOf(carried.view?.request?.requestId);
}

function bookOf(start: unknown, carried: Carried): Book {
  // Older versions counted extensions beside the view.
  const book = new Book({ extensions: carried.extensions, ...carried.view }, start);
  book.approvals.push(...carried.approvals);
  book.asked = carried.asked;
  book.armedBy = carried.armedBy;
  book.unwritten.push(...carried.unwritten);
  book.ballots.push(...carried.ballots);
  book.openedAt = carried.openedAt;
  book.announced = carried.announced;
  book.grantCalled = carried.grantCalled;
  book.quietFrom = carried.quietFrom;
  book.evidenceComplete = carried.evidence;
  return book;
}

function refusedStart(requestId: RequestId, code: string): AnyEvent {
  const runId = workflowInfo().runId as RunId;
  return {
    id: `${requestId}/${runId}/0-refused`,
    type: 'refused',
    requestId,
    requestDigest: NO_DIGEST,
    runId,
    at: instant(Date.now()),
    actor: { via: 'temporal' },
    data: { kind: 'start', code },
  };
}
