/**
 * What is in Slack, kept up to date from the stand-in's own truth: every message by its key and request, every press that
 * people made, and every moment at which somebody was told that an access is gone.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Message, SlackSim } from '../../../sim/slack/index.js';

export interface Button {
  readonly action_id: string;
  readonly value: string;
}

/** A message of the product. */
export interface Seen {
  readonly channel: string;
  readonly ts: string;
  readonly text: string;
  readonly key: string;
  readonly requestId: string;
  readonly deleted: boolean;
  readonly buttons: readonly Button[];
  /** Blocks as text: what people can read. */
  readonly words: string;
}

/** A call by which the product told people that access is gone. */
export interface SaidGone {
  readonly requestId: string;
  readonly at: number;
  readonly method: string;
  readonly text: string;
}

/** Something that one person alone was told; also where the call was struck: best effort is all that was promised. */
export interface Told {
  /** Their Slack id. */
  readonly to: string;
  readonly at: number;
  readonly text: string;
}

export interface Eyes {
  /** Every message of a request, by its key; the newest where a key was posted more than once. */
  of(requestId: string): readonly Seen[];
  card(requestId: string): Seen | undefined;
  /** The request whose card quotes this. */
  requestOf(quote: string): string | undefined;
  all(): readonly Seen[];
  readonly saidGone: readonly SaidGone[];
  readonly answers: readonly Told[];
  /** Calls of the product by method, and those that were struck by a fault. */
  readonly calls: { total: number; struck: number };
  look(): void;
  /** Somebody deleted a message: no look at what is new would show it. */
  deleted(channel: string, ts: string): void;
  /** Reads everything once more, from the beginning. */
  lookAtAll(): void;
  close(): Promise<void>;
}

const GONE =
  /access gone|no access was confirmed|(admin rights are|AWS access is) gone|no (admin rights are|AWS access is) left|assignment is gone/i;
/** Said of what is not known: an alarm, a close by hand, or "it is being checked that no access is left". */
const NOT_KNOWN = /not proved that|without proof|no proof|being checked/i;
const EVERY_MS = 300;
/** Looked at again each time: what is posted in the very millisecond of a look. */
const OVERLAP_MS = 1500;

/** Nothing is left to press on it but the review of a break-glass, which may stay open for days. */
export const isDone = ({ buttons }: Pick<Seen, 'buttons'>): boolean => buttons.every(({ action_id: id }) => id === 'review');

export function createEyes(slack: SlackSim): Eyes {
  const messages = new Map<string, Seen>();
  const byRequest = new Map<string, Map<string, Seen>>();
  const byQuote = new Map<string, string>();
  const saidGone: SaidGone[] = [];
  const answers = new Map<string, Told>();
  const calls = { total: 0, struck: 0 };
  let from = 0;
  let lastCall = 0;
  let changed = true;
  let closed = false;
  const stop = slack.onChange(() => {
    changed = true;
  });

  function take(message: Message): void {
    const { onlyFor: to, channel, ts, text } = message;
    if (to !== undefined) answers.set(`${channel}/${ts}`, { to, at: Number(ts) * 1000, text });
    const seen = read(message);
    if (!seen) return;
    keep(seen);
    const quote = /storm-\d+-\d+-\d+/.exec(seen.words)?.[0];
    if (quote && seen.key.startsWith('card/')) byQuote.set(quote, seen.requestId);
  }

  function deleted(channel: unknown, ts: unknown): void {
    const seen = messages.get(`${channel}/${ts}`);
    if (seen) keep({ ...seen, deleted: true });
  }

  function keep(seen: Seen): void {
    messages.set(`${seen.channel}/${seen.ts}`, seen);
    const own = byRequest.get(seen.requestId) ?? new Map<string, Seen>();
    byRequest.set(seen.requestId, own.set(`${seen.channel}/${seen.ts}`, seen));
  }

  function look(): void {
    if (!changed) return;
    changed = false;
    const began = Date.now();
    const truth = slack.truth(from);
    from = began - OVERLAP_MS;
    for (const message of truth.messages) take(message);
    for (const call of truth.calls) {
      if (call.n <= lastCall) continue;
      lastCall = call.n;
      calls.total += 1;
      if (call.faults.length > 0) calls.struck += 1;
      if (call.method === 'chat.delete' && (call.answer as { ok?: boolean } | null)?.ok) deleted(call.args.channel, call.args.ts);
      const text = typeof call.args.text === 'string' ? call.args.text : '';
      const to = personIn(call);
      if (to !== undefined) answers.set(`call ${call.n}`, { to, at: call.at, text });
      const requestId = requestIn(JSON.stringify(call.args)) ?? messages.get(`${call.args.channel}/${call.args.ts}`)?.requestId;
      if (requestId && GONE.test(text) && !NOT_KNOWN.test(text))
        saidGone.push({ requestId, at: call.at, method: call.method, text });
    }
  }

  const loop = (async () => {
    while (!closed) {
      look();
      await sleep(EVERY_MS);
    }
  })();

  const of = (requestId: string) => [...(byRequest.get(requestId)?.values() ?? [])];
  return {
    of,
    card: (requestId) => of(requestId).findLast((m) => m.key === `card/${requestId}` && !m.deleted),
    requestOf: (quote) => byQuote.get(quote),
    all: () => [...messages.values()],
    saidGone,
    get answers() {
      return [...answers.values()];
    },
    calls,
    look,
    deleted,
    lookAtAll() {
      for (const message of slack.messages()) take(message);
    },
    async close() {
      closed = true;
      stop();
      await loop;
    },
  };
}

function read(message: Message): Seen | undefined {
  const metadata = message.metadata as { event_payload?: { key?: string } } | undefined;
  const key = metadata?.event_payload?.key ?? '';
  const words = JSON.stringify(message.blocks);
  const requestId = requestIn(key) ?? requestIn(words);
  if (!requestId || message.onlyFor !== undefined) return undefined;
  const { channel, ts, text, deleted = false } = message;
  return { channel, ts, text, key, requestId, deleted, words, buttons: buttonsOf(message.blocks) };
}

/** To whom alone a call speaks. What was sent to a person's direct messages under a key is a notice, and answers nothing. */
function personIn({ method, args }: { readonly method: string; readonly args: Record<string, unknown> }): string | undefined {
  if (method === 'chat.postEphemeral') return String(args.user);
  const isDm = method === 'chat.postMessage' && args.metadata === undefined && /^[UW]/.test(String(args.channel));
  return isDm ? String(args.channel) : undefined;
}

function requestIn(text: string): string | undefined {
  return /\/([a-z2-7]{26})(?:\/|$|")/.exec(text)?.[1] ?? /\\"r\\":\\"([a-z2-7]{26})/.exec(text)?.[1];
}

function buttonsOf(blocks: readonly unknown[]): readonly Button[] {
  const all = blocks as readonly { readonly type: string; readonly elements?: readonly Button[] }[];
  return all.flatMap((block) => (block.type === 'actions' ? (block.elements ?? []) : []));
}
