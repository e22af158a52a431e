/**
 * What the AWS driver needs from its surroundings, and what it is told: pinned ids, time, and a small memory that outlives
 * the process. Nothing in here knows the SDK.
 */
import type { Instant, RequestId } from '../../../contract/ids.js';

/** One permission set in one account, for one person. All ids are pinned when it is asked for; a revoke looks nothing up. */
export interface AwsTarget {
  readonly kind: 'aws-permission-set';
  /** `aws/<account>/<permission set id>/<user id>`: the store's fence goes by this. */
  readonly key: string;
  readonly instanceArn: string;
  readonly accountId: string;
  readonly permissionSetArn: string;
  /** The user's id in the Identity Store. */
  readonly principalId: string;
  /** Permission set and account, for people. */
  readonly display: string;
  /** How long a session of this permission set may last once it is open, in ms. */
  readonly sessionMs: number;
}

/** Which of the two asynchronous operations of AWS is meant. */
export type Kind = 'create' | 'delete';

/** What was there before a grant, and when that was noted. */
export type Before = 'absent' | 'present';

/** What is remembered of one elevation. */
export interface Mark {
  readonly before: Before;
  /** When `before` was noted, by our clock: no create of this elevation is older. */
  readonly at: Instant;
  /** AWS request ids, as far as their answers reached us. */
  readonly create?: string;
  readonly delete?: string;
}

/**
 * The store's part. `note` is written before the first create can leave, so an elevation without a mark has created nothing.
 * The lead implements it with a table; every call may be repeated.
 */
export interface Marks {
  read(requestId: RequestId): Promise<Mark | undefined>;
  /** The first write stays; answers what is kept. */
  note(requestId: RequestId, target: AwsTarget, before: Before, at: Instant): Promise<Mark>;
  /** The latest id of a kind stays. */
  request(requestId: RequestId, kind: Kind, awsRequestId: string): Promise<void>;
  /** Elevations with a mark `absent` whose access is not recorded as gone. */
  open(): Promise<readonly { readonly requestId: RequestId; readonly target: AwsTarget }[]>;
}

/** Time and chance, as arguments: tests have their own. */
export interface Time {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Rejects with the signal's reason as soon as it is aborted. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** 0 up to and without 1. */
  readonly random: () => number;
}

/** Offered whenever AWS named an operation, so that a caller can keep it in its heartbeat. */
export type Progress = (step: { readonly kind: Kind; readonly awsRequestId: string }) => void;

/** Who goes first: what takes access away, then looking whether it is gone, then what gives it, then what can wait. */
export const RANKS = ['revoke', 'proof', 'grant', 'background'] as const;
export type Rank = (typeof RANKS)[number];

/** The account and permission set of a target: what AWS changes one at a time. */
export function pairOf({ accountId, permissionSetArn }: Pick<AwsTarget, 'accountId' | 'permissionSetArn'>): string {
  return `${accountId}/${permissionSetArn}`;
}
