/**
 * What the AWS driver needs from its surroundings, and what it is told: pinned ids, time, and a small memory that outlives
 * the process. Nothing in here knows the SDK.
 */
import type { FarStep, Mark, Marks as TargetMarks } from '../../../contract/ports.js';
import type { AwsPermissionSetTarget } from '../../../contract/request.js';

export type AwsTarget = AwsPermissionSetTarget;

/** Which of the two asynchronous operations of AWS is meant. */
export type Kind = 'create' | 'delete';

export type Before = Mark['before'];

/** The store's part (`ledger/marks.ts`). */
export type Marks = TargetMarks<AwsTarget>;
export type { Mark };

/** Time and chance, as arguments: tests have their own. */
export interface Time {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds that pass, whoever sets the clock; only differences count. For whatever waits or counts a rate. */
  readonly steady: () => number;
  /** Rejects with the signal's reason as soon as it is aborted. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** 0 up to and without 1. */
  readonly random: () => number;
}

/** Offered whenever AWS named an operation, so that a caller can keep it in its heartbeat. */
export type Progress = (step: FarStep) => void;

/** Who goes first: what takes access away, then looking whether it is gone, then what gives it, then what can wait. */
export const RANKS = ['revoke', 'proof', 'grant', 'background'] as const;
export type Rank = (typeof RANKS)[number];

/** The account and permission set of a target: what AWS changes one at a time. */
export function pairOf({ accountId, permissionSetArn }: Pick<AwsTarget, 'accountId' | 'permissionSetArn'>): string {
  return `${accountId}/${permissionSetArn}`;
}
