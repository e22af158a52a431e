/**
 * What has arrived and is not opened yet. Its size is known at every moment, for a run that turns its page hands all of
 * it on: nobody waits for seals then. Pure; nothing here believes a word of what it holds.
 */
import type { Instant } from '../contract/ids.js';
import { KINDS, type MessageKind } from '../contract/messages.js';

/** A message as it came, unverified, and when. */
export interface Item {
  readonly name: MessageKind | 'unknown';
  readonly raw: unknown;
  readonly at: Instant;
}

/** How much the next page takes over unopened. With three bytes a character that is 600 KB of the 2 MB that Temporal takes. */
const CARRIED_MAX = 200;
const CARRIED_CHARS = 200_000;
/** How much is opened in one call: enough that a flood is gone through in seconds, and far from what a call may carry. */
const BATCH_MAX = 100;
const BATCH_CHARS = 100_000;
/** A sealed message has about a thousand characters. What is far larger is none, and must not swell an activity's input. */
const MESSAGE_MAX = 8000;
/** Of one element of a list of bytes or numbers. */
const BYTES_MOST = 8;
const ENDING_FIRST: readonly MessageKind[] = ['revoke', 'end', 'deny', 'withdraw', 'contactLost'];

export interface Backlog {
  push(item: Item): void;
  /** The next to open, what ends access first; until `opened` or `putBack` they still count as there. */
  take(): readonly Item[];
  opened(): void;
  putBack(): void;
  /** Whether something waits that nobody opens yet. */
  readonly waits: boolean;
  /** Whether there is nothing at all. */
  readonly empty: boolean;
  /** Whether something is there, opened by nobody, that would end access if it is what it is called. */
  readonly ends: boolean;
  /** Whether all of it can be handed on. */
  readonly fits: boolean;
  /** All of it, the oldest first. */
  readonly all: readonly Item[];
}

export function createBacklog(): Backlog {
  let waiting: Item[] = [];
  let opening: readonly Item[] = [];
  let chars = 0;
  return {
    push: (item) => {
      waiting.push(item);
      chars += sizeOf(item.raw);
    },
    take: () => {
      // The whole backlog is sorted: a flood of forged approvals does not stand before a revoke.
      waiting.sort((a, b) => rank(a.name) - rank(b.name));
      opening = waiting.splice(0, batchOf(waiting));
      return opening;
    },
    opened: () => {
      for (const { raw } of opening) chars -= sizeOf(raw);
      opening = [];
    },
    putBack: () => {
      waiting = [...opening, ...waiting];
      opening = [];
    },
    get waits() {
      return waiting.length > 0;
    },
    get empty() {
      return waiting.length + opening.length === 0;
    },
    get ends() {
      return [...opening, ...waiting].some(({ name }) => rank(name) === 0);
    },
    get fits() {
      return waiting.length + opening.length <= CARRIED_MAX && chars <= CARRIED_CHARS;
    },
    get all() {
      return [...opening, ...waiting];
    },
  };
}

/** How many of the first are opened together. */
function batchOf(items: readonly Item[]): number {
  let chars = 0;
  const end = items.findIndex(({ raw }, i) => {
    chars += sizeOf(raw);
    return i > 0 && (i >= BATCH_MAX || chars > BATCH_CHARS);
  });
  return end < 0 ? items.length : end;
}

/** A signal's name is attacker-controlled, and may be long: what is none of ours need not be told apart. */
export function nameOf(name: string): Item['name'] {
  return KINDS.find((kind) => kind === name) ?? 'unknown';
}

/**
 * Whether this cannot be a sealed message by its size alone. What is nested too deeply to be measured is oversize as well.
 * Costs no more for two megabytes than for a few kilobytes: several of them may arrive in one task, which has seconds.
 */
export function isOversize(raw: unknown): boolean {
  return isFarOversize(raw) || sizeOf(raw) > MESSAGE_MAX;
}

/**
 * Whether its JSON surely has more than MESSAGE_MAX characters, found without writing it: each text counts as long as it
 * is, each list and each object as its brackets, each other value as one character. So it never says yes to what
 * `sizeOf` would find small, and stops as soon as there is enough.
 */
function isFarOversize(raw: unknown): boolean {
  const open: unknown[] = [raw];
  for (let chars = 0; open.length > 0; ) {
    const value = open.pop();
    // Bytes that came as they are (`binary/plain`): in JSON each would be a key and a number.
    if (ArrayBuffer.isView(value)) chars += value instanceof DataView ? 2 : value.byteLength / BYTES_MOST;
    else if (typeof value === 'string') chars += value.length;
    else if (Array.isArray(value)) chars += value.length;
    else chars += 1;
    if (chars > MESSAGE_MAX) return true;
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) continue;
    for (const key in value) open.push((value as Record<string, unknown>)[key]);
  }
  return false;
}

function sizeOf(raw: unknown): number {
  try {
    return (JSON.stringify(raw) ?? '').length;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

function rank(name: Item['name']): number {
  return ENDING_FIRST.some((kind) => kind === name) ? 0 : 1;
}
