/**
 * The calls that Stint makes to Slack for posting, with their answers checked: an answer without what it must hold
 * counts as unclear. Every message carries its key as metadata, which is how it is found again after a lost reply.
 * Metadata can be read by every app and member: keys hold ids and nothing else.
 */
import { createHash } from 'node:crypto';
import type { WebClient } from '@slack/web-api';
import type { Rendered } from '../../contract/ports.js';
import { fromSlack, slackCode, unclear } from './errors.js';

export const EVENT_TYPE = 'stint_message';

export interface Place {
  readonly channel: string;
  readonly threadTs?: string;
}

export interface Wire {
  /** Calls a method once. Throws `too-many`, `slack-unavailable` or `slack-rejected`. */
  call(method: string, args: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>;
  post(key: string, place: Place, message: Rendered, clientMsgId?: string): Promise<string>;
  edit(channel: string, ts: string, message: Rendered): Promise<void>;
  /** The direct message channel with a person. */
  openDm(user: string): Promise<string>;
  /** Our own messages under a key that are visible now, oldest first; undefined when the app may not look. */
  find(key: string, place: Place): Promise<readonly string[] | undefined>;
  /** The messages of a thread or channel, page by page, newest pages first for a channel. */
  scan(place: Place, take: (message: Readonly<Record<string, unknown>>, own: boolean) => boolean): Promise<boolean | undefined>;
}

const PAGE = 200;
const PAGES = 5;
const NO_THREAD = new Set(['thread_not_found', 'message_not_found', 'cannot_reply_to_message']);
const MAY_NOT_LOOK = new Set(['missing_scope', 'not_allowed_token_type', 'method_not_supported_for_channel_type']);

/** Whether Slack says that there is no such thread (any more). */
export function isNoThread(error: unknown): boolean {
  return NO_THREAD.has(slackCode(error) ?? '');
}

export function createWire(client: WebClient): Wire {
  const call: Wire['call'] = async (method, args) => {
    try {
      const answer: unknown = await client.apiCall(method, { ...args });
      if (isRecord(answer)) return answer;
    } catch (error) {
      throw fromSlack(error, { method, ...(typeof args.channel === 'string' ? { channel: args.channel } : {}) });
    }
    throw unclear({ method });
  };
  const self = lazily(async () => {
    const me = await call('auth.test', {});
    return { userId: textAt(me, 'user_id'), botId: textAt(me, 'bot_id') };
  });
  const scan: Wire['scan'] = async (place, take) => {
    const { userId, botId } = await self();
    const isOwn = (m: Readonly<Record<string, unknown>>) =>
      (botId !== undefined && m.bot_id === botId) || (userId !== undefined && m.user === userId);
    let cursor: string | undefined;
    for (let page = 0; page < PAGES; page += 1) {
      const got = await readPage(call, place, cursor);
      if (got === undefined) return undefined;
      if (got.messages.filter((m) => take(m, isOwn(m))).length > 0) return true;
      cursor = got.next;
      if (!cursor) return false;
    }
    return false;
  };
  return {
    call,
    scan,
    post: (key, place, message, clientMsgId) => post(call, key, place, message, clientMsgId),
    async edit(channel, ts, message) {
      await call('chat.update', { channel, ts, text: message.text, blocks: message.blocks, parse: 'none', link_names: false });
    },
    async openDm(user) {
      const { channel } = await call('conversations.open', { users: user });
      const id = textAt(channel, 'id');
      if (id === undefined) throw unclear({ method: 'conversations.open' });
      return id;
    },
    async find(key, place) {
      const found: string[] = [];
      const looked = await scan(place, (message, own) => {
        const ts = own && keyAt(message) === key ? textAt(message, 'ts') : undefined;
        if (ts !== undefined) found.push(ts);
        return ts !== undefined;
      });
      return looked === undefined ? undefined : found.sort();
    },
  };
}

async function post(call: Wire['call'], key: string, place: Place, message: Rendered, clientMsgId?: string): Promise<string> {
  const answer = await call('chat.postMessage', {
    channel: place.channel,
    thread_ts: place.threadTs,
    text: message.text,
    blocks: message.blocks.length > 0 ? message.blocks : undefined,
    metadata: { event_type: EVENT_TYPE, event_payload: { key } },
    parse: 'none',
    link_names: false,
    unfurl_links: false,
    unfurl_media: false,
    client_msg_id: clientMsgId,
  });
  const ts = textAt(answer, 'ts');
  if (ts === undefined) throw unclear({ method: 'chat.postMessage' });
  return ts;
}

interface Page {
  readonly messages: readonly Readonly<Record<string, unknown>>[];
  readonly next: string | undefined;
}

/** One page; of the channel when the thread is gone; undefined when the app may not read there. */
async function readPage(call: Wire['call'], place: Place, cursor: string | undefined): Promise<Page | undefined> {
  const common = { channel: place.channel, include_all_metadata: true, limit: PAGE, cursor };
  try {
    const threaded = place.threadTs !== undefined;
    const answer = threaded
      ? await call('conversations.replies', { ...common, ts: place.threadTs })
      : await call('conversations.history', common);
    return pageOf(answer);
  } catch (error) {
    if (MAY_NOT_LOOK.has(slackCode(error) ?? '')) return undefined;
    if (place.threadTs !== undefined && isNoThread(error)) return readPage(call, { channel: place.channel }, cursor);
    throw error;
  }
}

function pageOf(answer: Readonly<Record<string, unknown>>): Page {
  const { messages, response_metadata: meta } = answer;
  if (!Array.isArray(messages)) throw unclear({ method: 'conversations.history' });
  return { messages: messages.filter(isRecord), next: textAt(meta, 'next_cursor') };
}

function keyAt(message: Readonly<Record<string, unknown>>): string | undefined {
  const { metadata } = message;
  if (!isRecord(metadata) || metadata.event_type !== EVENT_TYPE) return undefined;
  return textAt(metadata.event_payload, 'key');
}

/** A property that is a text with something in it. */
export function textAt(value: unknown, name: string): string | undefined {
  const found = isRecord(value) ? value[name] : undefined;
  return typeof found === 'string' && found !== '' ? found : undefined;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Asked once; a failure is not kept. */
function lazily<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= ask().catch((error: unknown) => {
      answer = undefined;
      throw error;
    });
    return answer;
  };
}

/** A UUID that follows from a key (the form of version 5), for `client_msg_id`. */
export function uuidOf(key: string): string {
  const hash = createHash('sha1').update(`stint-client-msg-id-v1\n${key}`).digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
