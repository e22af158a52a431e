/**
 * The tables as kysely sees them; `migrations.ts` makes them. Instants are the text of `Date#toISOString`, which orders
 * as time does and is the same in both databases. Documents are JSON text, because PostgreSQL's own JSON type refuses
 * the zero character, which people can send.
 */
import type { Kysely, Transaction } from 'kysely';
import type { Digest, Instant, LocalUser, PersonId, RequestId, RunId, Serial } from '../contract/ids.js';
import type { TargetKind } from '../contract/request.js';

export interface Tables {
  entries: {
    seq: number;
    hash: Digest;
    prev: Digest;
    id: string;
    request_id: RequestId;
    type: string;
    at: Instant;
    body: string;
  };
  /** One row: what the next entry follows on. */
  ledger_head: { only_row: boolean; chain: string; size: number; hash: Digest };
  elevations: {
    request_id: RequestId;
    state: string;
    outcome: string | null;
    /** The subject. */
    person_id: PersonId;
    requester_id: PersonId;
    target_key: string;
    asked_at: Instant;
    updated_at: Instant;
    view: string;
    /** From here on what limits count (`usage.ts`): the rule of the last verdict. */
    rule: string | null;
    /** Whether the policy refused it at once. */
    refused: boolean;
    confirmed_at: Instant | null;
    /** When it was revoked by somebody who neither asked for it nor had it. */
    revoked_at: Instant | null;
    /** Whether the review of a break-glass is open. */
    review_open: boolean;
  };
  grants: {
    request_id: RequestId;
    target_key: string;
    target: string;
    person_id: PersonId;
    run_id: RunId;
    not_after: Instant;
    /** While nobody has said when its window began: the end by when its access was first seen. Earlier than `not_after`. */
    seen_until: Instant | null;
    ended_at: Instant | null;
    gone_at: Instant | null;
    rule: string | null;
    /** Null in the tombstone of what was never armed. */
    window_ms: number | null;
    /** When it was taken, where the policy itself had approved it. */
    automatic_at: Instant | null;
    /** The policy that was in force when it was taken; null in a tombstone. */
    policy: Digest | null;
    /** When somebody was last at its grant or its ending, of what ends nowhere by itself. */
    pulse_at: Instant | null;
    /** By when what was first sent for it has to be over, of the same; `not_after` itself once somebody has said when its window began. */
    sent_until: Instant | null;
  };
  /** The reconciler's memory; `told` is JSON. */
  looks: { target: string; at: Instant; told: string };
  people_locks: { person_id: PersonId };
  /** One row, always there (`freeze` is a word of PostgreSQL's own); frozen while `since` is set. */
  freezing: { only_row: boolean; orders: number; since: Instant | null; operator: string | null; reason: Uint8Array | null };
  untold: { request_id: RequestId; at: Instant };
  /** `target` is JSON. */
  marks: {
    request_id: RequestId;
    target: string;
    before: 'absent' | 'present';
    at: Instant;
    until: Instant | null;
    create_id: string | null;
    delete_id: string | null;
  };
  requests: { request_id: RequestId; digest: Digest; body: string };
  texts: { digest: Digest; bytes: Uint8Array };
  policies: { hash: Digest; bytes: Uint8Array };
  /** Every policy that was ever put in force; the last is. */
  applied_policies: { number: number; hash: Digest; applied_by: Uint8Array; at: Instant };
  doubts: { key: string; channel: string; thread_ts: string; since: Instant; next_at: Instant };
  messages: { key: string; channel: string; ts: string; render_digest: Digest };
  once: { digest: Digest; scope: string; until: Instant };
  bindings: { person_id: PersonId; kind: TargetKind; far_id: string; at: Instant };
  person_keys: {
    key_id: string;
    person_id: PersonId;
    public_key: string;
    enrolled_at: Instant;
    removed_at: Instant | null;
  };
  device_keys: { key_id: string; serial: Serial; public_key: string; revoked_at: Instant | null };
  device_orders: {
    id: number;
    serial: Serial;
    request_id: RequestId;
    kind: 'start' | 'end' | 'collect';
    created_at: Instant;
    closed_at: Instant | null;
  };
  device_reports: {
    serial: Serial;
    local_user: LocalUser;
    request_id: RequestId | null;
    admin: boolean;
    standing: boolean;
    boot_session: string;
    at: Instant;
  };
  device_lanes: { serial: Serial; holder: string; until: Instant };
  evidence_chunks: { request_id: RequestId; seq: number; data: Uint8Array; total: number | null; received_at: Instant };
}

export type Db = Kysely<Tables>;
export type Trx = Transaction<Tables>;
