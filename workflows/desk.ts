/**
 * The desk: what each verified message does to an elevation. Deny, revoke, end and withdraw were authorised at their
 * entrance and are carried out at once, whatever the directory says; an approval is only put on the pile that `judge`
 * counts. Every refusal has a code, and with it a sentence.
 */
import { patched } from '@temporalio/workflow';
import type { ErrorCode } from '../contract/errors.js';
import { ERRORS } from '../contract/errors.js';
import { extensionsLeft } from '../contract/extension.js';
import { type Digest, msOf } from '../contract/ids.js';
import type { Bodies, ClaimAnswer, ConfirmAnswer, Envelope, MessageKind } from '../contract/messages.js';
import { type MacAdminTarget, targetOf } from '../contract/request.js';
import { mayHoldAccess, next } from '../contract/states.js';
import type { Vote } from '../contract/verdict.js';
import { type Book, causeOf, SEEN_MS } from './book.js';

type Handler<K extends MessageKind> = (
  book: Book,
  envelope: Envelope,
  body: Bodies[K],
  newRound: string | undefined,
) => ErrorCode | undefined;

const conflict: ErrorCode = 'state-conflict';

/** Whether a message speaks of the round that is open now: the request, or the extension that waits. */
function roundOf(book: Book, envelope: Envelope): 'request' | 'extension' | undefined {
  const { digest, state, extension } = book.view;
  // A deny still ends what was approved and has not begun.
  const open = state === 'requested' || (state === 'approved' && envelope.kind === 'deny');
  if (open && envelope.roundDigest === digest) return 'request';
  if (book.leaving && envelope.kind !== 'deny') return undefined;
  if (state === 'active' && extension?.state === 'waiting' && envelope.roundDigest === extension.roundDigest) return 'extension';
  return undefined;
}

function voteOf(envelope: Envelope, decision: Vote['decision'], windowMs?: number, commentDigest?: Digest): Vote | undefined {
  const { personId } = envelope.actor;
  if (!personId) return undefined;
  return {
    decision,
    personId,
    roundDigest: envelope.roundDigest,
    at: envelope.at,
    ...(windowMs && { windowMs }),
    ...(commentDigest && { commentDigest }),
  };
}

/** The Mac of this elevation; undefined where it is of another kind, whose messages no device has a say in. */
function macOf({ view }: Book): MacAdminTarget | undefined {
  return targetOf('mac-admin', view.request.target);
}

function isSubject(book: Book, envelope: Envelope): boolean {
  const { requester, subject } = book.view.request;
  const { personId, serial } = envelope.actor;
  if (envelope.via === 'device') return serial !== undefined && serial === macOf(book)?.serial;
  return personId !== undefined && (personId === subject.personId || personId === requester.personId);
}

const approve: Handler<'approve'> = (book, envelope, body) => {
  const vote = voteOf(envelope, 'approve', body.windowMs, body.commentDigest);
  if (!vote) return 'person-unknown';
  if (!roundOf(book, envelope)) return conflict;
  if (isSubject(book, envelope)) return 'own-request';
  book.ballots.push({ vote, envelope });
  return undefined;
};

const deny: Handler<'deny'> = (book, envelope, body) => {
  const round = roundOf(book, envelope);
  const vote = voteOf(envelope, 'deny', undefined, body.commentDigest);
  if (!round || !vote) return conflict;
  book.record('voted', { vote, verdict: book.view.verdict }, causeOf(envelope));
  if (round === 'request') book.record('denied', {}, causeOf(envelope));
  else book.record('extension-closed', { roundDigest: vote.roundDigest, why: 'denied' }, causeOf(envelope));
  return undefined;
};

/** Heard after the Cancel by which a run learns what was ended past it: it is that very end, and nothing to be refused. */
function endedPast({ view }: Book): boolean {
  return view.revokeCause === 'cancel';
}

const revoke: Handler<'revoke'> = (book, envelope, { commentDigest }) => {
  if (endedPast(book)) return undefined;
  if (!next(book.view, 'revoked')) return conflict;
  const cause = envelope.via === 'cli' ? 'operator' : 'approver';
  book.record('revoked', { cause, ...(commentDigest && { commentDigest }) }, causeOf(envelope));
  return undefined;
};

const end: Handler<'end'> = (book, envelope) => {
  if (!isSubject(book, envelope)) return 'not-yours';
  // A Mac that was told to end, or whose deadline has come, says that it has: nothing about it is to be refused.
  const known = book.leaving || book.is('ending') || book.is('collecting');
  if (endedPast(book) || (envelope.via === 'device' && known)) return undefined;
  if (book.state !== 'approved' && book.state !== 'granting' && book.state !== 'active') return conflict;
  book.record('ended', {}, causeOf(envelope));
  return undefined;
};

const withdraw: Handler<'withdraw'> = (book, envelope) => {
  if (!isSubject(book, envelope)) return 'not-yours';
  if (book.state !== 'requested' && book.state !== 'approved') return conflict;
  book.record('withdrawn', {}, causeOf(envelope));
  return undefined;
};

const askExtension: Handler<'askExtension'> = (book, envelope, body, newRound) => {
  if (!isSubject(book, envelope)) return 'not-yours';
  if (book.state !== 'active' || book.leaving || book.view.extension?.state === 'waiting' || !newRound) return conflict;
  // The gate says more of it, but by what the store knew then. Whoever decides would be asked for nothing.
  if (extensionsLeft(book.view) === 0) return 'not-eligible';
  book.asked = envelope;
  book.record('extension-asked', { roundDigest: newRound as Digest, windowMs: body.windowMs }, causeOf(envelope));
  return undefined;
};

/** Two different people, neither of them the one who holds the access, may close what cannot be proved. */
const closeUnproven: Handler<'closeUnproven'> = (book, envelope, body) => {
  const { personId } = envelope.actor;
  if (!personId) return 'person-unknown';
  if (book.state !== 'ending') return conflict;
  if (isSubject(book, envelope)) return 'own-request';
  if (book.view.unprovenBy.includes(personId)) return 'replayed';
  const cause = causeOf(envelope);
  book.record('unproven-asked', { findingDigest: body.findingDigest }, cause);
  if (book.view.unprovenBy.length >= 2) book.record('closed-unproven', { findingDigests: [body.findingDigest] }, cause);
  return undefined;
};

const contactLost: Handler<'contactLost'> = (book, envelope, body) => {
  if (!macOf(book)) return 'wrong-sender';
  if (book.state !== 'active') return conflict;
  book.record('contact-lost', { lastHeardAt: body.lastHeardAt }, causeOf(envelope));
  return undefined;
};

const evidenceComplete: Handler<'evidenceComplete'> = (book) => {
  if (!macOf(book)) return 'wrong-sender';
  // After the close, while Slack or the store is still waited for, it is filed as late (`chapters/end.ts`).
  const late = book.is('closed') && book.view.claimedAt !== undefined;
  if (!mayHoldAccess(book.state) && !book.is('collecting') && !late) return conflict;
  book.evidenceComplete = true;
  return undefined;
};

type SignalHandlers = { readonly [K in MessageKind]?: Handler<K> };
const HANDLERS: SignalHandlers = {
  approve,
  deny,
  revoke,
  end,
  withdraw,
  askExtension,
  closeUnproven,
  contactLost,
  evidenceComplete,
};

/** Carries out one verified message. Answers the code of its refusal, or nothing when it was taken. */
export function carryOut(book: Book, envelope: Envelope, newRound: string | undefined): ErrorCode | undefined {
  const handler = HANDLERS[envelope.kind] as Handler<MessageKind> | undefined;
  return handler ? handler(book, envelope, envelope.body, newRound) : conflict;
}

/** Cancel in the Temporal Web UI is a revoke. Where nothing is left to revoke, the ledger must not say that it was one. */
export function cancel(book: Book): void {
  const cause = { via: 'temporal' } as const;
  if (next(book.view, 'revoked')) book.record('revoked', { cause: 'cancel' }, cause);
  else book.record('refused', { kind: 'revoke', code: conflict }, cause);
}

function refusal(code: ErrorCode): { readonly ok: false; readonly code: string; readonly sentence: string } {
  return { ok: false, code, sentence: ERRORS[code].sentence };
}

function isItsMac(book: Book, envelope: Envelope<'claim' | 'confirm'>): boolean {
  const mac = macOf(book);
  const { serial, localUser } = envelope.body;
  return mac !== undefined && envelope.actor.serial === mac.serial && serial === mac.serial && localUser === mac.localUser;
}

/** A Mac asks whether it may, for whom and how long at most. Only while granting, and only the Mac itself. */
export function claim(book: Book, envelope: Envelope<'claim'>): ClaimAnswer {
  const { view } = book;
  if (!isItsMac(book, envelope)) return refusal('not-eligible');
  if (book.state !== 'granting' || !view.startBy || !view.approvedWindowMs) return refusal(conflict);
  if (Date.now() >= msOf(view.startBy)) return refusal('too-late');
  if (!view.claimedAt)
    book.record('claimed', { serial: envelope.body.serial, localUser: envelope.body.localUser }, causeOf(envelope));
  return { ok: true, localUser: envelope.body.localUser, maxMs: view.approvedWindowMs, startBy: view.startBy };
}

/** Macs wait for the answer to a confirmation for 15 s, each with a message of its own (`device/macos`); and something for clocks. */
const GIVEN_UP_MS = 20_000;

/** Whether it waited here for longer than its Mac did. What looks older than a seal is good for is a clock that is off, not a wait. */
function isGivenUp({ at }: Envelope<'confirm'>): boolean {
  const ago = Date.now() - msOf(at);
  return ago > GIVEN_UP_MS && ago <= SEEN_MS && patched('given-up-confirmation');
}

/** The Mac has checked that the access is there: the clock starts now. A repeat gets the first answer (I11). */
export function confirm(book: Book, envelope: Envelope<'confirm'>): ConfirmAnswer {
  const { view } = book;
  if (!isItsMac(book, envelope)) return refusal('not-eligible');
  if (book.state === 'active' && view.confirmedAt && view.deadlineAt)
    return { ok: true, confirmedAt: view.confirmedAt, deadlineAt: view.deadlineAt };
  if (book.state !== 'granting' || !view.claimedAt || !view.startBy || !view.approvedWindowMs) return refusal(conflict);
  if (Date.now() >= msOf(view.startBy)) return refusal('too-late');
  // Its Mac has undone what this tells of. The window must not run while nothing is there, nor end before the Mac, which asks anew.
  if (isGivenUp(envelope)) return refusal('too-late');
  // When the device API sealed it.
  return { ok: true, ...book.confirm(envelope.at, view.approvedWindowMs, causeOf(envelope)) };
}
