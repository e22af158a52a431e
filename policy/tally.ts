/** Which votes count: those of eligible, active, distinct people over this very round. Every other vote is named with its reason. */
import { msOf } from '../contract/ids.js';
import type { Person } from '../contract/ports.js';
import type { Round, Vote } from '../contract/verdict.js';
import { joinsAt } from './escalation.js';
import { timeText } from './limits.js';
import type { Facts, Terms } from './terms.js';

/** How far another process's clock may be ahead of ours. */
const SKEW_MS = 60_000;

export interface Tally {
  /** Votes of eligible people over this very round, each with an offered window. */
  readonly approvals: readonly (Vote & { readonly windowMs: number })[];
  readonly denials: readonly Vote[];
  /** The lengths that were approved: of those that count, and of those that would by one of two policies alone. */
  readonly lengths: readonly number[];
  /** Votes that don't count, and why. */
  readonly ignored: readonly { readonly vote: Vote; readonly why: string }[];
}

/** Sorts the votes into those that count and those that don't. `now` in milliseconds since 1970. */
export function tally(terms: Terms, round: Round, facts: Facts, votes: readonly Vote[], now: number): Tally {
  const approvals: Tally['approvals'][number][] = [];
  const denials: Vote[] = [];
  const lengths: number[] = [];
  const ignored: Tally['ignored'][number][] = [];
  for (const vote of votes) {
    const voter = facts.voters.find((person) => person.personId === vote.personId);
    const nobodys = strangeBecause(round, facts, vote, voter, now);
    const why = nobodys ?? voidBecause(terms, vote, voter, now);
    const shortens = nobodys === undefined && shortensBy(terms, vote, voter);
    if (shortens) lengths.push(vote.windowMs);
    if (why !== undefined)
      ignored.push({ vote, why: shortens ? `${why}; it is not granted for longer than they approved` : why });
    else if (vote.decision === 'deny') denials.push(vote);
    else if (vote.windowMs !== undefined) approvals.push({ ...vote, windowMs: vote.windowMs });
  }
  return { approvals, denials, lengths, ignored };
}

type Voted = Vote & { readonly windowMs: number };

function shortensBy(terms: Terms, vote: Vote, voter: Person | undefined): vote is Voted {
  const { decision, windowMs } = vote;
  return decision === 'approve' && windowMs !== undefined && voter !== undefined && terms.shortens(voter, windowMs);
}

/** Why a vote counts by no policy at all, or undefined when it may. */
function strangeBecause(round: Round, facts: Facts, vote: Vote, voter: Person | undefined, now: number): string | undefined {
  if (vote.roundDigest !== round.digest) return 'it is about another version of the request';
  const own = [facts.requester?.personId, facts.subject?.personId];
  if (own.includes(vote.personId)) return 'nobody decides their own request';
  if (!voter) return 'not in the people file';
  if (!voter.active) return 'not active in the people file';
  // NB: written so that an instant that is none (NaN) doesn't count.
  if (vote.decision === 'approve' && !(msOf(vote.at) <= now + SKEW_MS)) return 'it is dated in the future';
  return undefined;
}

/** Why it doesn't count on these terms, or undefined when it does. */
function voidBecause(terms: Terms, vote: Vote, voter: Person | undefined, now: number): string | undefined {
  if (!voter) return 'not in the people file';
  const deny = vote.decision === 'deny';
  if (!(deny ? terms.denies : terms.approves)(voter)) return notYet(terms, voter, now);
  if (deny) return undefined;
  if (vote.windowMs === undefined || !terms.windowsMs.includes(vote.windowMs)) return 'the policy does not offer that length';
  return undefined;
}

/** Of two policies each has its own steps: then it is not said when. */
function notYet({ plans, steps }: Terms, voter: Person, now: number): string {
  const at = plans.length === 1 ? joinsAt(steps, voter, now) : undefined;
  return `not an approver of this request${at === undefined ? '' : ` before ${timeText(at)}`}`;
}
