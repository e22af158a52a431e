/**
 * The story of one elevation: ask, decide, arm, grant, hold, revoke, collect, close. Each chapter is a function in
 * `chapters/`; each waits through the book, so that revoke, end and Cancel are heard everywhere. From `granting` on
 * access may exist, and every way out leads through `revoke`.
 */
import {
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineUpdate,
  log,
  metricMeter,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { ClaimAnswer, ConfirmAnswer, Envelope } from '../contract/messages.js';
import type { Outcome } from '../contract/states.js';
import type { ElevationView } from '../contract/view.js';
import { isOversize } from './backlog.js';
import type { Carried } from './book.js';
import { type Admitted, admit } from './chapters/admit.js';
import { arm, decide, startClock } from './chapters/decide.js';
import { close, collect, revoke } from './chapters/end.js';
import { grant, hold } from './chapters/hold.js';
import { cancel, claim, confirm } from './desk.js';
import { show } from './display.js';

export const stateQuery = defineQuery<ElevationView | null>('state');
export const claimUpdate = defineUpdate<ClaimAnswer, [unknown]>('claim');
export const confirmUpdate = defineUpdate<ConfirmAnswer, [unknown]>('confirm');

/** The outcome, or `refused` when the start argument was not a sealed request. */
export async function elevation(start: unknown, carried?: Carried): Promise<Outcome | 'refused'> {
  const root = CancellationScope.current();
  let admitted: Admitted | undefined;
  answerUpdates(() => admitted);
  setHandler(stateQuery, () => admitted?.book.view ?? null);

  return CancellationScope.nonCancellable(async () => {
    admitted = await admit(start, carried);
    if (!admitted) return 'refused';
    const { book } = admitted;
    root.cancelRequested.catch(() => cancel(book));
    show(book);

    do await story(admitted);
    while (
      // It may have closed after the last chapter had looked: then the chapters are gone through once more.
      !book.done &&
      !admitted.pageFull()
    );
    return book.done ? (book.view.outcome ?? 'failed') : turnThePage(start, admitted);
  });
}

/** The whole story. A chapter ends when the state moves on, or when the page is full. */
async function story(e: Admitted): Promise<void> {
  await decide(e);
  const clock = startClock(e);
  await arm(e);
  await grant(e);
  clock.stop();
  await hold(e);
  await revoke(e);
  await collect(e);
  await close(e);
}

/**
 * Long before Temporal's limits the run goes on as a new one, with all that it knows. In one step: no clock rings while a
 * page is turned, so nothing is waited for here.
 */
function turnThePage(start: unknown, e: Admitted): Promise<never> {
  const { book } = e;
  const { letters, waiting } = e.stop();
  book.tellRefusals();
  return continueAsNew<typeof elevation>(start, {
    view: book.view,
    unwritten: book.unwritten,
    letters,
    ballots: book.ballots,
    approvals: book.approvals,
    ...(book.asked && { asked: book.asked }),
    ...(book.armedBy && { armedBy: book.armedBy }),
    openedAt: book.openedAt,
    ...(book.announced && { announced: book.announced }),
    nonces: e.inbox.nonces.slice(-2000),
    waiting,
    grantCalled: book.grantCalled,
    quietFrom: book.quietFrom,
    evidence: book.evidenceComplete,
    extensions: book.extensions,
  });
}

const refusedUpdates = metricMeter.createCounter('stint_refused_updates', undefined, 'Updates that no history has, by why');

/** Why an update is not let into the history; undefined when it is. */
function whyUnfit(raw: unknown): string | undefined {
  if (typeof raw !== 'object' || raw === null || '__undecodable' in raw || !('sig' in raw) || isOversize(raw))
    return 'not a sealed message';
  return workflowInfo().historyLength > 40_000 ? 'this run takes no more updates' : undefined;
}

/**
 * Updates are checked for shape before they enter the history, verified in the handler, and judged by the state after that.
 * What does not enter it can change nothing, the ledger neither: it is logged and counted by the worker.
 */
function answerUpdates(current: () => Admitted | undefined): void {
  const validatorOf = (kind: 'claim' | 'confirm') => (raw: unknown) => {
    const why = whyUnfit(raw);
    if (why === undefined) return;
    log.warn('An update was refused', { kind, why });
    refusedUpdates.add(1, { kind, why });
    throw new TypeError(why);
  };
  const handle = async <K extends 'claim' | 'confirm', A>(
    kind: K,
    raw: unknown,
    act: (e: Admitted, m: Envelope<K>) => A,
  ): Promise<A | Refusal> => {
    await condition(() => current() !== undefined);
    const e = current();
    if (!e) return { ok: false, code: 'unknown-request', sentence: 'There is no such elevation.' };
    const opened = await e.inbox.open(kind, raw);
    if (opened.ok && opened.envelope.kind === kind) return act(e, opened.envelope as Envelope<K>);
    const code = opened.ok ? 'wrong-sender' : opened.code;
    e.refuse(kind, code);
    return { ok: false, code, sentence: 'The seal of this message is not valid.' };
  };
  setHandler(claimUpdate, (raw) => handle('claim', raw, (e, m) => claim(e.book, m)), { validator: validatorOf('claim') });
  setHandler(confirmUpdate, (raw) => handle('confirm', raw, (e, m) => confirm(e.book, m)), { validator: validatorOf('confirm') });
}

type Refusal = { readonly ok: false; readonly code: string; readonly sentence: string };
