/**
 * What is known of a post by its key: in the store when it answers, and always in this process. The store is asked
 * first and written before each post (an intent), so that a successor of a killed worker knows that a post may exist.
 * Posting never needs the store: without it, Slack itself is asked.
 */
import { randomUUID } from 'node:crypto';
import { isStintError } from '../../contract/errors.js';
import type { Digest } from '../../contract/ids.js';
import type { MessageRef, MessageRefs, Rendered } from '../../contract/ports.js';
import { digestOf } from '../../seal/canonical.js';

export interface Known {
  /** Where it was posted. */
  readonly ref?: MessageRef;
  /** Whether it may have been posted all the same: look in Slack before posting. */
  readonly doubt: boolean;
  /** The thread for which it was intended before: a card that was posted again has another. */
  readonly threadTs?: string;
}

/** How an intent names the thread; the place of a message never looks like that. */
const FOR_THREAD = 'thread:';

/** The mark of an intent to post into a thread. */
export function markOf(threadTs: string | undefined): string {
  return threadTs === undefined ? '' : FOR_THREAD + threadTs;
}

export interface Memory {
  /** What is known of a key. */
  recall(key: string): Promise<Known>;
  /** Says beforehand that it is about to be posted; `mark` may name what is being made. */
  intend(key: string, channel: string, mark?: string): Promise<void>;
  /** Whether another worker intended or recorded the key since our intent (or the store cannot tell). */
  contested(key: string): Promise<boolean>;
  record(key: string, ref: MessageRef): Promise<void>;
  /** The key under which a message of this process's memory was posted. */
  keyOf(ref: MessageRef): string | undefined;
}

/** No rendering has this digest, so whoever compares with it renders again. */
export const UNKNOWN_RENDER = '' as Digest;

/** What a message shows, as it is remembered. */
export function renderDigestOf({ text, blocks }: Rendered): Digest {
  return digestOf({ text, blocks });
}

const KEPT = 5_000;

/** `repeated` says whether the caller itself is a repeat (Temporal's attempt above 1); then an absent record proves nothing. */
export function createMemory(messages: MessageRefs, repeated: () => boolean = () => false): Memory {
  const refs = new Map<string, MessageRef>();
  const keys = new Map<string, string>();
  const begun = new Set<string>();
  // Stands in an intent's digest, so that two workers who both found nothing can see each other.
  const self = `intent ${randomUUID()}` as Digest;
  return {
    async recall(key) {
      const stored = await unlessDown(messages.get(key));
      const ref = refs.get(key);
      // Without the store, or where it was down as this was posted. What another worker rendered since is not known here.
      if (ref && (stored === 'down' || !isPlace(stored))) return { ref: { ...ref, renderDigest: UNKNOWN_RENDER }, doubt: true };
      if (stored === 'down') return { doubt: true };
      if (stored?.ts.startsWith(FOR_THREAD)) return { doubt: true, threadTs: stored.ts.slice(FOR_THREAD.length) };
      if (stored?.ts) remember(keys, place(stored), key);
      return stored ? { ref: stored, doubt: true } : { doubt: begun.has(key) || repeated() };
    },
    async intend(key, channel, mark = '') {
      begun.add(key);
      refs.delete(key); // where it stood before is not where it is about to stand
      trim(begun);
      await unlessDown(messages.put(key, { channel, ts: mark, renderDigest: self }));
    },
    async contested(key) {
      const stored = await unlessDown(messages.get(key));
      return stored === 'down' || stored?.renderDigest !== self;
    },
    async record(key, ref) {
      remember(refs, key, ref);
      remember(keys, place(ref), key);
      await unlessDown(messages.put(key, ref));
    },
    keyOf: (ref) => keys.get(place(ref)),
  };
}

const isPlace = (stored: MessageRef | undefined) => !!stored?.ts && !stored.ts.startsWith(FOR_THREAD);
const place = (ref: MessageRef) => `${ref.channel}/${ref.ts}`;

/** A store that is down is expected here; any other error is not ours to swallow. */
async function unlessDown<T>(call: Promise<T>): Promise<T | 'down'> {
  try {
    return await call;
  } catch (error) {
    if (isStintError(error) && error.code === 'store-unavailable') return 'down';
    throw error;
  }
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  trim(map);
}

function trim(kept: Map<string, unknown> | Set<string>): void {
  for (const oldest of kept.keys()) {
    if (kept.size <= KEPT) return;
    kept.delete(oldest);
  }
}
