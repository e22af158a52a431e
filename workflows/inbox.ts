/**
 * The inbox: every signal lands here, and nowhere else. Handlers only push and never throw (a handler that throws
 * would fail the workflow without its revoke). One loop verifies the seals and applies in order, what ends access
 * first. Unverified messages change nothing but a counter and the ledger (invariant I13).
 */
import {
  condition,
  defineSignal,
  isCancellation,
  patched,
  setDefaultSignalHandler,
  setHandler,
  sleep,
} from '@temporalio/workflow';
import type { Opened } from '../contract/duties.js';
import type { ErrorCode } from '../contract/errors.js';
import { instant, msOf } from '../contract/ids.js';
import { type Envelope, KINDS, type MessageKind } from '../contract/messages.js';
import { createBacklog, type Item, isOversize, nameOf } from './backlog.js';
import type { Book } from './book.js';
import { causeOf } from './book.js';
import { seals } from './duties.js';

/** Refusals have entries of their own up to this many a run, and while the ledger takes them; then they are counted. */
const RECORDED_REFUSALS = 50;
const UNWRITTEN_MAX = 500;
/** A run takes this many signals, then continues as new: Temporal's limit is 10,000. */
const SIGNALS_PER_RUN = 4000;
/** Between the begin of a check that failed and the next one. */
const AGAIN_MS = 5000;

export interface Inbox {
  readonly full: boolean;
  /** Whether everything that has arrived was dealt with. */
  readonly idle: boolean;
  /** Whether something has arrived and is not dealt with that ends access if its seal is good. */
  readonly ends: boolean;
  /** Whether what was not dealt with is little enough for the next page to take it over. */
  readonly fits: boolean;
  readonly nonces: readonly string[];
  /** Verifies one message on the spot, for an update's handler. */
  open(kind: 'claim' | 'confirm', raw: unknown): Promise<Opened>;
  /** Ends the loop at once, and answers what was not opened: of that nothing was applied. Never waits for a check of seals. */
  stop(): readonly Item[];
}

/** What one page knows of messages when the next begins. */
export interface Mail {
  readonly nonces: readonly string[];
  /** Unopened, as they came. */
  readonly waiting: readonly Item[];
}

/** What a verified message does. Answers a code when it is refused. */
export type Apply = (envelope: Envelope, newRound: string | undefined) => ErrorCode | undefined;
export type Refuse = (kind: MessageKind | 'unknown', code: ErrorCode, envelope?: Envelope) => void;

/** Registers all handlers at once, before the first await, and starts the loop. */
export function startInbox(book: Book, { nonces, waiting }: Mail, apply: Apply, refuse: Refuse): Inbox {
  const backlog = createBacklog();
  const seen = new Map<string, Known | undefined>(nonces.map((nonce) => [nonce, undefined]));
  let received = 0;
  let stopped = false;
  for (const item of waiting) backlog.push(item);

  const push = (name: string, raw: unknown) => {
    received += 1;
    if (isRepeat(seen, raw)) return; // dropped unverified
    if (isOversize(raw)) return refuse('unknown', 'too-large');
    backlog.push({ name: nameOf(name), raw, at: instant(Date.now()) });
  };
  for (const kind of KINDS) setHandler(defineSignal<[unknown]>(kind), (raw) => push(kind, raw));
  setDefaultSignalHandler((name, ...args) => push(name, args[0]));

  const settle = (item: Item, opened: Opened | undefined) => {
    if (!opened) return;
    if (!opened.ok) return refuse(opened.kind, opened.code);
    const { envelope } = opened;
    if (envelope.kind !== item.name) return refuse(envelope.kind, 'wrong-sender');
    if (seen.has(envelope.nonce)) return settleRepeat(envelope, seen.get(envelope.nonce));
    seen.set(envelope.nonce, { text: textOf(item.raw), sig: envelope.sig });
    const code = apply(envelope, opened.newRound);
    if (code) refuse(envelope.kind, code, envelope);
  };

  /** Anybody can send a genuine message once more, in other letters too: that speaks for nobody, and nobody gets an answer to it. */
  const settleRepeat = ({ kind, sig }: Envelope, known: Known | undefined) => {
    if (known && known.sig !== sig && patched('changed-under-known-nonce')) refuse(kind, 'replayed');
  };

  const loop = async () => {
    // A page that begins with its revoke gives Temporal no other command before it.
    if (waiting.length > 0) await condition(() => stopped || !book.hush);
    for (;;) {
      await condition(() => stopped || backlog.waits);
      if (stopped) return;
      const batch = backlog.take();
      const from = Date.now();
      const opened = await verify(book, batch).catch(() => undefined);
      if (stopped) return; // the next page opens them
      if (opened) {
        backlog.opened();
        for (const [i, item] of batch.entries()) settle(item, opened[i]);
      } else await putBack(from + AGAIN_MS);
    }
  };
  /** What came meanwhile is sorted in with it: a revoke does not stand behind a check that does not end. */
  const putBack = async (notBefore: number) => {
    const ms = notBefore - Date.now();
    if (ms > 0) await sleep(ms, { summary: 'until the seals are checked again' });
    backlog.putBack();
  };
  void loop();

  return {
    get full() {
      return received >= SIGNALS_PER_RUN;
    },
    get idle() {
      return backlog.empty;
    },
    get ends() {
      return backlog.ends;
    },
    get fits() {
      return backlog.fits;
    },
    get nonces() {
      return [...seen.keys()];
    },
    open: (kind, raw) => ask(book, kind, raw),
    stop: () => {
      stopped = true;
      return backlog.all;
    },
  };
}

/** How long each has waited goes with it: a message that came in time does not grow stale by our slowness. */
function verify(book: Book, batch: readonly Item[]): Promise<readonly Opened[]> {
  const summary = `check seals: ${[...new Set(batch.map(({ name }) => name))].join(', ')}`;
  const raws = batch.map(({ name, raw, at }) => {
    const waitedMs = Date.now() - msOf(at);
    return { name, raw, ...(waitedMs > 0 && { waitedMs }) };
  });
  return seals.openMessages.executeWithOptions({ summary }, [book.view.request.requestId, raws]);
}

/** A Mac's question lives a minute, and so does its check: after that nobody waits for the answer. */
async function ask(book: Book, kind: 'claim' | 'confirm', raw: unknown): Promise<Opened> {
  try {
    const [opened] = await verify(book, [{ name: kind, raw, at: instant(Date.now()) }]);
    return opened ?? { ok: false, code: 'bad-seal', kind };
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { ok: false, code: 'seal-expired', kind };
  }
}

/** Of a message that was verified on this page: it as it came, and its signature, which is of its content however that is written. */
interface Known {
  readonly text: string;
  readonly sig: string;
}

/**
 * Whether a verified message comes once more, to the letter. Anything else under its nonce is checked like any other. After
 * a page was turned only the nonces are known: what comes under them is dropped.
 */
function isRepeat(seen: ReadonlyMap<string, Known | undefined>, raw: unknown): boolean {
  const nonce = nonceOf(raw);
  if (!seen.has(nonce)) return false;
  const known = seen.get(nonce);
  if (known === undefined || (!isOversize(raw) && textOf(raw) === known.text)) return true;
  return !patched('changed-under-known-nonce');
}

const textOf = (raw: unknown) => JSON.stringify(raw);

function nonceOf(raw: unknown): string {
  const nonce = typeof raw === 'object' && raw !== null && 'nonce' in raw ? raw.nonce : undefined;
  return typeof nonce === 'string' ? nonce : '';
}

/** Records refusals in the book, the first ones of a run by name. All are counted. */
export function refuser(book: Book, answer: (actor: Envelope['actor'], code: ErrorCode) => void): Refuse {
  let count = 0;
  return (kind, code, envelope) => {
    count += 1;
    const listed = count <= RECORDED_REFUSALS && book.unwritten.length < UNWRITTEN_MAX;
    if (listed) book.record('refused', { kind, code }, envelope ? causeOf(envelope) : { via: 'temporal' });
    else book.countRefusal();
    if (envelope) answer(envelope.actor, code);
  };
}
