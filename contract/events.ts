/**
 * What can happen to an elevation. Each event becomes one ledger entry, and the same event folded into the view
 * (`view.ts`) is what the card, the Web UI, the query and the read model show: there is one source of what is true.
 */

import type { Digest, Instant, LocalUser, PersonId, RequestId, RunId, Serial } from './ids.js';
import type { Actor, MessageKind, Sender } from './messages.js';
import type { BreakingGlass, ElevationRequest, TargetKind } from './request.js';
import type { Outcome } from './states.js';
import type { Verdict, Vote } from './verdict.js';

/** What each event type carries. Closed set, closed keys: the ledger refuses unknown ones. */
export interface EventData {
  requested: { readonly request: ElevationRequest; readonly digest: Digest; readonly verdict: Verdict };
  /**
   * A message that was not carried out, and why. `kind` is what it claimed to be. Of a flood only the first have entries of
   * their own; then one with the code `flood` says how many it were in all (`total`).
   */
  refused: { readonly kind: MessageKind | 'unknown'; readonly code: string; readonly name?: string; readonly total?: number };
  /** Taken at once, without an approver, for this incident; of a drill nothing is granted. */
  'glass-broken': BreakingGlass;
  /** It was a drill, and is over: nothing was granted. */
  drilled: Record<string, never>;
  /** Somebody else than the person looked at what was taken so, and says what they found. */
  'review-closed': { readonly findingDigest: Digest };
  voted: { readonly vote: Vote; readonly verdict: Verdict };
  reminded: { readonly count: number };
  /**
   * Nobody voted, and the answer is another all the same: a step of an escalation began, a shift ended, somebody came or left.
   * `called`: who may decide now and was not asked before, or is on call; also told of after a vote, of the next stage, and when it
   * was asked, of who is on call.
   */
  rejudged: { readonly verdict: Verdict; readonly called: readonly PersonId[] };
  approved: { readonly windowMs: number; readonly startBy: Instant; readonly verdict: Verdict };
  denied: { readonly rule?: string };
  lapsed: Record<string, never>;
  withdrawn: Record<string, never>;
  armed: { readonly notAfter: Instant };
  /** `reason`: why, in a sentence for people, where the policy has one. */
  'arm-refused': { readonly code: string; readonly reason?: string };
  'grant-sent': { readonly sendBefore: Instant };
  /** `reason`: why, in a sentence for people; with the far end's own words where it gave some. */
  'grant-failed': { readonly code: string; readonly reason?: string };
  'start-missed': Record<string, never>;
  claimed: { readonly serial: Serial; readonly localUser: LocalUser };
  confirmed: { readonly confirmedAt: Instant; readonly deadlineAt: Instant };
  warned: Record<string, never>;
  expired: Record<string, never>;
  /** `commentDigest` names the words of whoever revoked, which are in the store. */
  revoked: { readonly cause: RevokeCause; readonly commentDigest?: Digest };
  ended: Record<string, never>;
  'contact-lost': { readonly lastHeardAt: Instant };
  alarm: { readonly what: 'revoke-pending' | 'evidence-missing'; readonly minutes: number };
  gone: { readonly observedAt: Instant; readonly how: string };
  'unproven-asked': { readonly findingDigest: Digest };
  'closed-unproven': { readonly findingDigests: readonly Digest[] };
  'extension-asked': { readonly roundDigest: Digest; readonly windowMs: number };
  extended: { readonly roundDigest: Digest; readonly windowMs: number; readonly deadlineAt: Instant };
  'extension-closed': { readonly roundDigest: Digest; readonly why: 'denied' | 'lapsed' };
  'evidence-settled': { readonly complete: boolean; readonly lines: number; readonly digest?: Digest };
  closed: { readonly outcome: Outcome };
  'late-evidence': { readonly lines: number; readonly digest: Digest };
  /**
   * Seen gone past its workflow: taken away by the sweep, the reconciler or an order, or gone by itself after a close without
   * proof. `how`: how that is known; who looked is the actor.
   */
  swept: { readonly observedAt: Instant; readonly how: string };
  /** What a target shows is not what the store says. Under `HOUSE` when no elevation of ours is known for it. */
  drift: { readonly what: Drift; readonly targetKey: string; readonly how: string; readonly likely: string };
  /** Under `HOUSE`: from now on nothing new is granted anywhere. The words are in the store. */
  frozen: { readonly reasonDigest: Digest };
  unfrozen: { readonly reasonDigest: Digest };
  /** Under `HOUSE`: a person's own key for the command line. Whose it is, is the actor. */
  'key-enrolled': { readonly keyId: string };
  'key-removed': { readonly keyId: string };
  /** Under `HOUSE`: all that a person had, not by themselves. `byDigest` names the operator's words, which are in the store. */
  'keys-revoked': Ousted & { readonly keyIds: readonly string[] };
  /** Under `HOUSE`: from now on this key speaks for this Mac, by an operator. `byDigest` as above. */
  'device-registered': { readonly serial: Serial; readonly keyId: string; readonly byDigest: Digest };
  /** Under `HOUSE`: keys of one Mac, by an operator. `byDigest` as above. */
  'device-keys-withdrawn': { readonly serial: Serial; readonly keyIds: readonly string[]; readonly byDigest: Digest };
  /** Under `HOUSE`: who a person is at a far end, found when they first asked. */
  bound: { readonly personId: PersonId; readonly kind: TargetKind; readonly farId: string };
  /** Under `HOUSE`: who a person is at a far end was forgotten, with the cause as of their keys. */
  unbound: Ousted & { readonly kind: TargetKind; readonly farId: string };
  /** Under `HOUSE`: from now on this policy is in force. `byDigest` names the words of who applied it; its text is in the store under `after`. */
  'policy-applied': { readonly before?: Digest; readonly after: Digest; readonly byDigest: Digest };
  /** Under `HOUSE`: other seal keys are believed than before, by the file of trusted keys; the first one names all that were there. */
  'seal-keys-changed': { readonly came: readonly SealKeyName[]; readonly went: readonly SealKeyName[] };
}

/** A seal key by its id, and whose messages it seals. */
export interface SealKeyName {
  readonly keyId: string;
  readonly sender: Sender;
}

interface Ousted {
  readonly personId: PersonId;
  readonly cause: 'left' | 'operator';
  readonly byDigest?: Digest;
}

/** Why access was taken back before its end; `left`: the person is no longer active in the directory. */
export type RevokeCause = 'approver' | 'operator' | 'cancel' | 'left';
/**
 * What the reconciler finds: ours, but it should be gone; gone before, and there again; it should be there and is not;
 * there, and not our doing.
 */
export const DRIFTS = ['left-behind', 'reappeared', 'missing', 'foreign'] as const;
export type Drift = (typeof DRIFTS)[number];
export type EventType = keyof EventData;

/** One event as the workflow (or the sweep) makes it. */
export interface ElevationEvent<T extends EventType = EventType> {
  /** Unique for ever; contains the run id. The same id with other content is an error, never a repeat. */
  readonly id: string;
  readonly type: T;
  readonly requestId: RequestId;
  readonly requestDigest: Digest;
  readonly runId: RunId | 'no-run';
  /** When it happened, which may be before it was written. */
  readonly at: Instant;
  /** Who caused it: a person, `system` when a timer or an observation did, or `policy` when a rule approved by itself. */
  readonly actor: { readonly personId?: PersonId; readonly via: Via } & Pick<Actor, 'slackUserId' | 'serial'>;
  readonly data: EventData[T];
}
export const VIAS = ['slack', 'device', 'cli', 'http', 'temporal', 'system', 'sweep', 'reconciler', 'policy'] as const;
export type Via = (typeof VIAS)[number];

/** An event of any type with its own data (a discriminated union on `type`). */
export type AnyEvent = { [T in EventType]: ElevationEvent<T> }[EventType];

/** The digest of what somebody wrote with what they did; for the house, of who did it as an operator. */
export function wordsOf(event: AnyEvent): Digest | undefined {
  switch (event.type) {
    case 'voted':
      return event.data.vote.commentDigest;
    case 'revoked':
      return event.data.commentDigest;
    case 'unproven-asked':
    case 'review-closed':
      return event.data.findingDigest;
    case 'frozen':
    case 'unfrozen':
      return event.data.reasonDigest;
    case 'policy-applied':
    case 'device-registered':
    case 'device-keys-withdrawn':
    case 'keys-revoked':
    case 'unbound':
      return event.data.byDigest;
    default:
      return undefined;
  }
}

/** The fixed sentence for people and the stable code for machines, by type. Codes are never reused. */
export const EVENT_CODES: { readonly [T in EventType]: { readonly code: string; readonly text: string } } = {
  requested: { code: 'ST1001I', text: 'Elevation requested' },
  refused: { code: 'ST1002W', text: 'A message was refused' },
  voted: { code: 'ST1003I', text: 'A decision was cast' },
  reminded: { code: 'ST1004I', text: 'Approvers were reminded' },
  rejudged: { code: 'ST1009I', text: 'Who can decide was judged anew' },
  approved: { code: 'ST1005I', text: 'Elevation approved' },
  denied: { code: 'ST1006I', text: 'Elevation denied' },
  lapsed: { code: 'ST1007I', text: 'Nobody answered in time' },
  withdrawn: { code: 'ST1008I', text: 'Withdrawn by the requester' },
  'glass-broken': { code: 'ST1010W', text: 'Break-glass: taken at once, without an approver' },
  'review-closed': { code: 'ST1011I', text: 'The review of a break-glass was closed' },
  drilled: { code: 'ST1012I', text: 'A break-glass was a drill: nothing was granted' },
  armed: { code: 'ST2001I', text: 'The target was taken for this elevation' },
  'arm-refused': { code: 'ST2002W', text: 'The target could not be taken' },
  'grant-sent': { code: 'ST2003I', text: 'The grant was sent' },
  'grant-failed': { code: 'ST2004E', text: 'The grant failed' },
  'start-missed': { code: 'ST2005W', text: 'Not confirmed by the start deadline' },
  claimed: { code: 'ST2006I', text: 'The Mac claimed the elevation' },
  confirmed: { code: 'ST2007I', text: 'Access confirmed; the clock started' },
  warned: { code: 'ST2008I', text: 'The subject was warned of the end' },
  expired: { code: 'ST3001I', text: 'The window ended' },
  revoked: { code: 'ST3002I', text: 'Revoked before its end' },
  ended: { code: 'ST3003I', text: 'Ended by the subject' },
  'contact-lost': { code: 'ST3004W', text: 'Contact with the Mac was lost' },
  alarm: { code: 'ST3006E', text: 'Something is taking too long' },
  gone: { code: 'ST3007I', text: 'Access observed gone' },
  'unproven-asked': { code: 'ST3008W', text: 'One person asked to close without proof' },
  'closed-unproven': { code: 'ST3009W', text: 'Closed by two people without proof' },
  'extension-asked': { code: 'ST4001I', text: 'An extension was asked for' },
  extended: { code: 'ST4002I', text: 'The window was extended' },
  'extension-closed': { code: 'ST4003I', text: 'The extension was not granted' },
  'evidence-settled': { code: 'ST5001I', text: 'Evidence settled' },
  closed: { code: 'ST5002I', text: 'Elevation closed' },
  'late-evidence': { code: 'ST5003I', text: 'Evidence came after the close' },
  swept: { code: 'ST6001E', text: 'Access observed gone, past its workflow' },
  drift: { code: 'ST6002W', text: 'A target does not show what the store says' },
  frozen: { code: 'ST7001W', text: 'Stint was frozen: nothing new is granted' },
  unfrozen: { code: 'ST7002I', text: 'The freeze was lifted' },
  'key-enrolled': { code: 'ST7003I', text: 'A person enrolled a key for the command line' },
  'key-removed': { code: 'ST7004I', text: 'A person removed a key for the command line' },
  'keys-revoked': { code: 'ST7005W', text: 'The keys of a person for the command line were revoked' },
  unbound: { code: 'ST7006W', text: 'It was forgotten who a person is at a far end' },
  'policy-applied': { code: 'ST7007I', text: 'Another policy was put in force' },
  'device-keys-withdrawn': { code: 'ST7008W', text: 'Keys of a Mac were withdrawn' },
  'device-registered': { code: 'ST7009I', text: 'The key of a Mac was registered' },
  'seal-keys-changed': { code: 'ST7011W', text: 'Other seal keys are believed than before' },
  bound: { code: 'ST7010I', text: 'It was found who a person is at a far end' },
};
