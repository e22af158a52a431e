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

/** One permission set in one AWS account for one person, through IAM Identity Center. Every id is pinned: a revoke looks nothing up. */
export interface AwsPermissionSetTarget {
  readonly kind: 'aws-permission-set';
  /** `aws/<account>/<id of the permission set>/<id of the user>`: the store's fence goes by this. */
  readonly key: string;
  readonly instanceArn: string;
  readonly accountId: string;
  readonly permissionSetArn: string;
  /** The user's id in the Identity Store. */
  readonly principalId: string;
  /** What AWS calls them, pinned for people and links; no authority goes by a name. */
  readonly accountName: string;
  readonly setName: string;
  /** Permission set and account, for people. */
  readonly display: string;
  /** How long a session of this permission set may last once it is open, in ms. */
  readonly sessionMs: number;
}

/** What is elevated. Later kinds join this union, and the tables that are keyed by kind; the compiler names those. */
export type Target = MacAdminTarget | AwsPermissionSetTarget;
export type TargetKind = Target['kind'];
export type TargetOf<K extends TargetKind> = Extract<Target, { readonly kind: K }>;

/** The target if it is of this kind. For what only one kind has, such as the device API of Macs. */
export function targetOf<K extends TargetKind>(kind: K, target: Target): TargetOf<K> | undefined {
  return target.kind === kind ? (target as TargetOf<K>) : undefined;
}

const HOLDERS: { readonly [K in TargetKind]: (target: TargetOf<K>) => string } = {
  'mac-admin': ({ localUser }) => localUser,
  'aws-permission-set': ({ principalId }) => principalId,
};

/** Every kind of target there is. */
export const TARGET_KINDS = Object.keys(HOLDERS) as [TargetKind, ...TargetKind[]];

const BY_ITSELF: { readonly [K in TargetKind]: boolean } = { 'mac-admin': true, 'aws-permission-set': false };

/** Whether the access ends at its deadline whatever becomes of us: a Mac counts its own time, and AWS counts none. */
export function endsByItself({ kind }: Target): boolean {
  return BY_ITSELF[kind];
}

const CALLED: { readonly [K in TargetKind]: string } = { 'mac-admin': 'account', 'aws-permission-set': 'user' };

/** The same for a sentence: `account ada`, `user 9067…`. */
export function holderWords(target: Target): string {
  return `${CALLED[target.kind]} ${holderOf(target) || 'none'}`;
}

/** Who holds the access inside the target, as the target itself calls them: a local account, a user id. May be empty. */
export function holderOf<K extends TargetKind>(target: TargetOf<K>): string {
  return (HOLDERS[target.kind as K] as (target: TargetOf<K>) => string)(target);
}

export const ENTRANCES = ['slack', 'device', 'cli'] as const;
export type Entrance = (typeof ENTRANCES)[number];

/** Why the glass is broken: the id of an incident, and no more than that. Or that it is a drill for one, which is given nothing. */
export interface BreakingGlass {
  readonly incident: string;
  readonly drill?: true | undefined;
}

/** The immutable request. Its digest is the SHA-256 over its RFC 8785 form (`seal/digest.ts`). */
export interface ElevationRequest<T extends Target = Target> {
  readonly v: 1;
  readonly requestId: RequestId;
  readonly requester: PersonRef;
  readonly subject: PersonRef;
  readonly target: T;
  readonly windowMs: number;
  readonly category: Category;
  readonly reasonDigest: Digest;
  readonly via: Entrance;
  readonly askedAt: Instant;
  /** When it is to begin, where it is asked for later; at once, if left out. */
  readonly startAt?: Instant;
  /** The glass is broken: taken at once, for this incident. Of a drill all is as if, and nothing is granted. */
  readonly breakGlass?: BreakingGlass;
}
