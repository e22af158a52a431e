/**
 * What may be said to a running elevation, and by whom. Every start argument, signal and update is one `Envelope`,
 * signed by its sender: nobody who can merely write to Temporal can start, approve, confirm or close anything.
 */

import type { Digest, Instant, LocalUser, PersonId, RequestId, Serial, SlackUserId } from './ids.js';
import type { ElevationRequest } from './request.js';

export const KINDS = [
  'start',
  'approve',
  'deny',
  'revoke',
  'end',
  'withdraw',
  'askExtension',
  'closeUnproven',
  'contactLost',
  'evidenceComplete',
  'claim',
  'confirm',
] as const;
export type MessageKind = (typeof KINDS)[number];

/** The processes that hold a signing key, and what each may say (the device API cannot approve). */
export const SENDERS = {
  'slack-app': ['start', 'approve', 'deny', 'revoke', 'end', 'withdraw', 'askExtension', 'closeUnproven'],
  'device-api': ['start', 'withdraw', 'end', 'contactLost', 'evidenceComplete', 'claim', 'confirm'],
  cli: ['start', 'deny', 'revoke', 'end', 'withdraw', 'closeUnproven'],
} as const satisfies Record<string, readonly MessageKind[]>;
export type Sender = keyof typeof SENDERS;

/** Who speaks, as the sender proved it. Attacker-controlled until the envelope is verified. */
export interface Actor {
  readonly personId?: PersonId;
  readonly slackTeamId?: string;
  readonly slackUserId?: SlackUserId;
  readonly serial?: Serial;
}

/** What each kind carries. Free text is given as a digest; the text is in the store. */
export interface Bodies {
  start: { readonly request: ElevationRequest };
  approve: { readonly windowMs: number; readonly commentDigest?: Digest };
  deny: { readonly commentDigest?: Digest };
  revoke: { readonly commentDigest?: Digest };
  end: Record<string, never>;
  withdraw: Record<string, never>;
  askExtension: { readonly windowMs: number; readonly commentDigest?: Digest };
  closeUnproven: { readonly findingDigest: Digest };
  contactLost: { readonly lastHeardAt: Instant };
  evidenceComplete: { readonly chunks: number; readonly bytes: number; readonly digest: Digest };
  claim: { readonly serial: Serial; readonly localUser: LocalUser; readonly bootSession: string };
  confirm: { readonly serial: Serial; readonly localUser: LocalUser; readonly bootSession: string };
}

export interface Envelope<K extends MessageKind = MessageKind> {
  readonly v: 1;
  readonly requestId: RequestId;
  /** The digest of the round that this message is about: the request's own, or an extension's. */
  readonly roundDigest: Digest;
  readonly kind: K;
  readonly body: Bodies[K];
  readonly actor: Actor;
  readonly via: 'slack' | 'device' | 'cli' | 'http';
  readonly at: Instant;
  readonly exp: Instant;
  /** 128 random bits, base64url: what a repeat of the same message is known by. */
  readonly nonce: string;
  readonly keyId: string;
  /** Ed25519 over the RFC 8785 form of all other fields, base64url. */
  readonly sig: string;
}

/** The answer to `claim`: for whom and how long at most. A Mac that gets none of it undoes. */
export type ClaimAnswer =
  | { readonly ok: true; readonly localUser: LocalUser; readonly maxMs: number; readonly startBy: Instant }
  | { readonly ok: false; readonly code: string; readonly sentence: string };

/** The answer to `confirm`: when the window ends, and it is the same on every repeat. */
export type ConfirmAnswer =
  | { readonly ok: true; readonly confirmedAt: Instant; readonly deadlineAt: Instant }
  | { readonly ok: false; readonly code: string; readonly sentence: string };
