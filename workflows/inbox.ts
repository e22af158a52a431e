/**
 * The inbox: every signal lands here, and nowhere else. Handlers only push and never throw (a handler that throws
 * would fail the workflow without its revoke). One loop verifies the seals and applies in order, what ends access
 * first. Unverified messages change nothing but a counter and the ledger (invariant I13).
 */
import { condition, defineSignal, setDefaultSignalHandler, setHandler } from '@temporalio/workflow';
import type { Opened } from '../contract/duties.js';
import type { ErrorCode } from '../contract/errors.js';
import { type Envelope, KINDS, type MessageKind } from '../contract/messages.js';
import type { Book } from './book.js';
import { causeOf } from './book.js';
import { seals } from './duties.js';

/** Refusals are recorded up to this many a run, so that a flood of forgeries cannot flood the ledger. */
const RECORDED_REFUSALS = 50;
/** A run takes this many signals, then continues as new: Temporal's limit is 10,000. */
const SIGNALS_PER_RUN = 4000;
const BATCH = 20;
/** A sealed message has about a thousand characters. What is far larger is none, and must not swell an activity's input. */
const MESSAGE_MAX = 8000;
const ENDING_FIRST: readonly MessageKind[] = ['revoke', 'end', 'deny', 'withdraw', 'contactLost'];

interface Item {
  readonly name: string;
  readonly raw: unknown;
}

export interface Inbox {
  readonly full: boolean;
  /** Whether everything that has arrived was dealt with. */
  readonly idle: boolean;
  readonly nonces: readonly string[];
  /** Verifies one message on the spot, for an update's handler. */
  open(kind: 'claim' | 'confirm', raw: unknown): Promise<Opened>;
  stop(): Promise<void>;
}

/** What a verified message does. Answers a code when it is refused. */
export type Apply = (envelope: Envelope, newRound: string | undefined) => ErrorCode | undefined;
export type Refuse = (kind: MessageKind | 'unknown', code: ErrorCode, envelope?: Envelope) => void;

/** Registers all handlers at once, before the first await, and starts the loop. */
export function startInbox(book: Book, known: readonly string[], apply: Apply, refuse: Refuse): Inbox {
  const items: Item[] = [];
  const seen = new Set<string>(known);
  let received = 0;
  let opening = false;
  let stopped = false;

  const push = (name: string, raw: unknown) => {
    received += 1;
    if (seen.has(nonceOf(raw))) return; // a repeat of a verified message is dropped unverified
    if (isOversize(raw)) return refuse('unknown', 'too-large');
    items.push({ name, raw });
  };
  for (const kind of KINDS) setHandler(defineSignal<[unknown]>(kind), (raw) => push(kind, raw));
  setDefaultSignalHandler((name, ...args) => push(name, args[0]));

  const settle = (item: Item, opened: Opened | undefined) => {
    if (!opened) return;
    if (!opened.ok) return refuse(opened.kind, opened.code);
    const { envelope } = opened;
    if (envelope.kind !== item.name) return refuse(envelope.kind, 'wrong-sender');
    if (seen.has(envelope.nonce)) return;
    seen.add(envelope.nonce);
    const code = apply(envelope, opened.newRound);
    if (code) refuse(envelope.kind, code, envelope);
  };

  const verify = (batch: readonly Item[]) => {
    // The names are attacker-controlled: only ours are shown.
    const names = batch.map(({ name }) => (KINDS.some((kind) => kind === name) ? name : 'unknown'));
    const summary = `check seals: ${[...new Set(names)].join(', ')}`;
    return seals.openMessages.executeWithOptions({ summary }, [book.view.request.requestId, batch]);
  };

  const loop = async () => {
    for (;;) {
      await condition(() => stopped || items.length > 0);
      if (items.length === 0) return;
      // The whole backlog is sorted: a flood of forged approvals does not stand before a revoke.
      items.sort((a, b) => rank(a.name) - rank(b.name));
      const batch = items.splice(0, BATCH);
      opening = true;
      const opened = await verify(batch);
      opening = false;
      for (const [i, item] of batch.entries()) settle(item, opened[i]);
    }
  };
  const done = loop();

  return {
    get full() {
      return received >= SIGNALS_PER_RUN;
    },
    get idle() {
      return items.length === 0 && !opening;
    },
    get nonces() {
      return [...seen];
    },
    open: async (kind, raw) => {
      const [opened] = await verify([{ name: kind, raw }]);
      return opened ?? { ok: false, code: 'bad-seal', kind };
    },
    stop: async () => {
      // Messages that are waiting are handled before the loop ends: a click is never lost in silence.
      await condition(() => items.length === 0 && !opening);
      stopped = true;
      await done;
    },
  };
}

/** Whether this cannot be a sealed message by its size alone. What is nested too deeply to be measured is oversize as well. */
export function isOversize(raw: unknown): boolean {
  try {
    return (JSON.stringify(raw) ?? '').length > MESSAGE_MAX;
  } catch {
    return true;
  }
}

function rank(name: string): number {
  return ENDING_FIRST.some((kind) => kind === name) ? 0 : 1;
}

function nonceOf(raw: unknown): string {
  const nonce = typeof raw === 'object' && raw !== null && 'nonce' in raw ? raw.nonce : undefined;
  return typeof nonce === 'string' ? nonce : '';
}

/** Records refusals in the book, the first ones of a run by name. */
export function refuser(book: Book, answer: (actor: Envelope['actor'], code: ErrorCode) => void): Refuse {
  let count = 0;
  return (kind, code, envelope) => {
    count += 1;
    if (count <= RECORDED_REFUSALS) book.record('refused', { kind, code }, envelope ? causeOf(envelope) : { via: 'temporal' });
    if (envelope) answer(envelope.actor, code);
  };
}
