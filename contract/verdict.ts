/** Votes, and what the policy says about them. The workflow keeps both and never looks inside the policy. */
import type { Digest, Instant, PersonId } from './ids.js';
import type { Limit } from './limits.js';
import type { Envelope } from './messages.js';

/** One person's decision over one round. */
export interface Vote {
  readonly decision: 'approve' | 'deny';
  readonly personId: PersonId;
  readonly roundDigest: Digest;
  /** The window approved; absent on a deny. */
  readonly windowMs?: number;
  readonly commentDigest?: Digest;
  readonly at: Instant;
}

/** A vote with the sealed message that it came in: what `arm` checks once more, whoever scheduled it. */
export interface Ballot {
  readonly vote: Vote;
  readonly envelope: Envelope;
}

export interface Round {
  readonly digest: Digest;
  readonly kind: 'request' | 'extension';
  readonly windowMs: number;
  /** Of an extension: how many were granted of its elevation before. */
  readonly granted?: number;
}

/** What a rule says of extensions itself. */
export interface Extending {
  /** How many may be granted of one elevation; absent: as many as the maximum leaves room for. */
  readonly times?: number;
  /** Ascending. */
  readonly windowsMs: readonly number[];
}

/** How much is at stake: 0 is the worst. Shown to whoever asks and decides. */
export const TIERS = [0, 1, 2, 3] as const;
export type Tier = (typeof TIERS)[number];

/**
 * How one condition of a rule stands. What can't be worked out has failed, and counts as not satisfied; of a ticket that passes,
 * so it is no denial.
 */
export interface Condition {
  readonly name: 'hours' | 'reason' | 'ticket';
  readonly state: 'satisfied' | 'unsatisfied' | 'failed';
  /** What is asked, how it stands, and when or how it would be satisfied. Of what a person wrote it holds at most the names of tickets. */
  readonly sentence: string;
}

/** How far one of several stages of an approval is. */
export interface StageCount {
  /** Of its groups, people, or `manager`. */
  readonly name: string;
  readonly quorum: number;
  /** At most the quorum; nobody is counted in two stages. */
  readonly approved: number;
}

/** Who is on call by a rota, of those who are asked. */
export interface OnDuty {
  readonly rota: string;
  /** At least one. */
  readonly people: readonly PersonId[];
}

/** What `decide` answers: small, safe to keep in a history, enough to explain itself. */
export interface Verdict {
  /** `auto`: approved by the policy itself, in its own name and within its caps; no person approved it. */
  readonly outcome: 'deny' | 'needs-approval' | 'satisfied' | 'auto';
  /** The rule that matched, or undefined when none did. */
  readonly rule?: string;
  readonly policyHash: Digest;
  /** The policy of now, where it is another than the one by which this was first judged: the stricter of both holds. */
  readonly policyNow?: Digest;
  /** Canonical digest of the facts that were judged. */
  readonly factsDigest: Digest;
  /** How many different people in all, over every stage. */
  readonly quorum: number;
  /** Distinct eligible people who approved. */
  readonly approvedBy: readonly PersonId[];
  /**
   * Eligible approvers now (never requester or subject). Of several stages, while it waits: those whose approval would bring
   * forward the one that is asked.
   */
  readonly approvers: readonly PersonId[];
  /** Those of them who are asked because they are on call: each is called by a message of their own. */
  readonly onCall?: readonly OnDuty[];
  /** In order, where there are several. */
  readonly stages?: readonly StageCount[];
  /** When it is to be judged again though nobody votes: a step of an escalation begins, a shift ends, it opens. */
  readonly again?: Instant;
  /** Who can't be told now and might decide: a sentence for each rota that could not be looked up. */
  readonly untold?: readonly string[];
  /** The windows an approver may choose, ascending. */
  readonly windowsMs: readonly number[];
  readonly maxWindowMs: number;
  /** How it may be extended, where a rule says so itself; otherwise by any of the windows, up to the maximum. */
  readonly extend?: Extending;
  /** The window granted: the shortest approved, capped; only when satisfied, and when the policy itself approves. */
  readonly windowMs?: number;
  readonly warnBeforeMs: number;
  readonly warnMinWindowMs: number;
  readonly deadlines: {
    readonly pendingMs: number;
    readonly startMs: number;
    readonly evidenceMs: number;
    readonly remindEveryMs: number;
    readonly remindForMs: number;
    readonly remindThenMs: number;
  };
  readonly tier?: Tier;
  /** The Slack channel whose people decide, where the rule names one. */
  readonly channel?: string;
  /** Those of the rule, where it has any: at most a few. */
  readonly conditions?: readonly Condition[];
  /** What is counted in the store, and counted once more where the target is taken. */
  readonly limits?: readonly Limit[];
  /** Of a request that names its start: from then on it is too late to begin, and so to approve it. */
  readonly startBefore?: Instant;
  /** The glass is broken: nobody was asked, and somebody else has to review it. */
  readonly breakGlass?: true;
  /** Plain sentences: why, and what is missing. */
  readonly sentences: readonly string[];
}
