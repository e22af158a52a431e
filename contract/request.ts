/**
 * The request: what is asked, by whom, for whom. It is immutable; its digest names it (invariant I4). Free text never
 * stands in it, only the text's digest: the text itself lives in the store (`Store.putText`), so that neither Temporal's
 * history nor the ledger carries what people wrote.
 */
import type { Digest, Instant, LocalUser, PersonId, RequestId, Serial, SlackUserId } from './ids.js';

export const CATEGORIES = ['install', 'debug', 'config', 'security', 'developer', 'other'] as const;
export type Category = (typeof CATEGORIES)[number];

export const REASON_MIN = 10;
export const REASON_MAX = 500;

/** A person as messages and cards refer to them; the directory is asked whenever it matters who they are. */
export interface PersonRef {
  readonly personId: PersonId;
  readonly name: string;
  readonly slackTeamId?: string;
  readonly slackUserId?: SlackUserId;
}

/** Local administrator on one Mac, for one local account. */
export interface MacAdminTarget {
  readonly kind: 'mac-admin';
  /** `mac-admin/<serial>`: the store's fence and the lanes go by this. */
  readonly key: string;
  readonly serial: Serial;
  readonly localUser: LocalUser;
  /** The host name, for people. */
  readonly display: string;
}

/** What is elevated. Later kinds join this union and the driver registry, nothing else. */
export type Target = MacAdminTarget;
export type TargetKind = Target['kind'];

export const ENTRANCES = ['slack', 'device', 'cli'] as const;
export type Entrance = (typeof ENTRANCES)[number];

/** The immutable request. Its digest is the SHA-256 over its RFC 8785 form (`seal/digest.ts`). */
export interface ElevationRequest {
  readonly v: 1;
  readonly requestId: RequestId;
  readonly requester: PersonRef;
  readonly subject: PersonRef;
  readonly target: Target;
  readonly windowMs: number;
  readonly category: Category;
  readonly reasonDigest: Digest;
  readonly via: Entrance;
  readonly askedAt: Instant;
}
