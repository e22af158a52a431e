/**
 * One entry of the ledger: exact RFC 8785 text, hashed as an RFC 6962 leaf. Its place (`chain`, `seq`, `prev`) stands
 * inside the text, so that one hash serves both the chain and a Merkle tree over the same leaves.
 */

import type { AnyEvent } from '../contract/events.js';
import { EVENT_CODES, type EventType } from '../contract/events.js';
import { type Digest, workflowIdOf } from '../contract/ids.js';
import { canonical, sha256 } from '../seal/canonical.js';

/** What the first entry follows on. */
export const GENESIS = '0'.repeat(64) as Digest;

/** The text of an entry, parsed. */
export interface EntryBody {
  readonly v: 1;
  readonly chain: string;
  readonly seq: number;
  readonly prev: Digest;
  readonly id: string;
  readonly at: AnyEvent['at'];
  readonly type: EventType;
  readonly code: string;
  readonly text: string;
  readonly requestId: AnyEvent['requestId'];
  readonly requestDigest: Digest;
  readonly workflow: { readonly id: string; readonly runId: AnyEvent['runId'] };
  readonly actor: AnyEvent['actor'];
  readonly data: AnyEvent['data'];
}

export interface Place {
  readonly chain: string;
  readonly seq: number;
  readonly prev: Digest;
}

/** SHA-256 over a zero byte and the text (RFC 6962, section 2.1). */
export function leafHash(body: string): Digest {
  return sha256(Buffer.concat([Buffer.of(0), Buffer.from(body, 'utf8')]));
}

/** The exact text of an event at its place. */
export function bodyOf(event: AnyEvent, { chain, seq, prev }: Place): string {
  const { id, at, type, requestId, requestDigest, runId, actor, data } = event;
  const workflow = { id: workflowIdOf(requestId), runId };
  const body: EntryBody = {
    v: 1,
    chain,
    seq,
    prev,
    id,
    at,
    type,
    ...EVENT_CODES[type],
    requestId,
    requestDigest,
    workflow,
    actor,
    data,
  };
  return canonical(body);
}

/** The event that an entry's text records. */
export function eventOf(body: string): AnyEvent {
  const { id, type, requestId, requestDigest, workflow, at, actor, data } = JSON.parse(body) as EntryBody;
  // Written by `bodyOf` from an event that the schema had checked: type and data belong together.
  return { id, type, requestId, requestDigest, runId: workflow.runId, at, actor, data } as AnyEvent;
}

/**
 * Whether two events say the same, in every field but their instant. A workflow that is replayed may give an event another
 * one: Temporal's SDK takes a step that led to no command together with the next one, or does not, depending on how much
 * history there is (decision 16). The instant that was written first stays.
 */
export function sameEvent(a: AnyEvent, b: AnyEvent): boolean {
  return canonical({ ...a, at: b.at }) === canonical(b);
}
