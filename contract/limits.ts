/** Limits of a policy, and what counts against them. How it is counted stands in `policy/limits.ts`. */
import type { Instant, RequestId } from './ids.js';

const HOUR_MS = 3_600_000;
/** How far back what counts may lie, in milliseconds. Of revokes as far as the longest cool-down that a file may say. */
export const LIMIT_REACH = {
  asked: HOUR_MS,
  held: 7 * 24 * HOUR_MS,
  revoked: 30 * 24 * HOUR_MS,
  automatic: 7 * 24 * HOUR_MS,
} as const;

/** Limits that hold together. Small: they travel in verdicts, and `arm` counts by those of its own judgement. */
export interface Limit {
  /** Only what was asked or given by this rule counts; absent: all, by whatever rule. */
  readonly rule?: string;
  /** Elevations of one subject that are, or may be, there at once. */
  readonly live?: number;
  /** Requests of one requester within 60 minutes. */
  readonly perHour?: number;
  /** Access of one subject within seven days, in milliseconds. */
  readonly perWeekMs?: number;
  /** After a revoke by somebody else nothing is granted for so long, in milliseconds. */
  readonly coolDownMs?: number;
  /** Of one subject, approved by the policy itself, within 60 minutes. In a verdict only where the policy itself approves. */
  readonly automaticPerHour?: number;
  /** The same within 24 hours. */
  readonly automaticPerDay?: number;
  /** The same within seven days. */
  readonly automaticPerWeek?: number;
}

interface Counted {
  readonly requestId: RequestId;
  /** The rule it was judged by. Where that is not known it counts for each. */
  readonly rule?: string;
}

/** Something that happened at one instant: a request, a revoke. */
export interface Happened extends Counted {
  readonly at: Instant;
}

/** One grant of a subject. */
export interface Held extends Counted {
  /** Not seen gone: it is there, or may be, or may yet be. */
  readonly live: boolean;
  /** The length that was granted, in milliseconds. */
  readonly windowMs: number;
  /** Its latest end. */
  readonly notAfter: Instant;
  /** Since when it was there, and until when at most. Absent of what was never confirmed. */
  readonly span?: { readonly from: Instant; readonly to: Instant };
}

/** What the store has that may count against a request. In any order, and the request itself may be among it. */
export interface Usage {
  /** Requests of the requester in the hour up to this one. What the policy refused at once is none. */
  readonly asked: readonly Happened[];
  /** The subject's grants: those that are live, and those that were in the last seven days. */
  readonly held: readonly Held[];
  /** The subject's elevations that were revoked by somebody who neither asked for them nor had them. */
  readonly revoked: readonly Happened[];
  /** The subject's grants that the policy itself approved, in the last seven days. */
  readonly automatic: readonly Happened[];
}
