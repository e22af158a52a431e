/**
 * The judgement that counts: live facts, all votes, and the stricter of the policy then and now. Policies are kept by
 * hash, so that "then" survives a restart; a hash that cannot be found or read again means deny.
 */
import type { JudgeInput } from '../contract/duties.js';
import { isStintError, StintError } from '../contract/errors.js';
import type { Digest } from '../contract/ids.js';
import type { Directory, Requests, Store, TargetFacts, Tickets, UsageBook } from '../contract/ports.js';
import type { Verdict } from '../contract/verdict.js';
import { requestDigest } from '../seal/canonical.js';
import { decideBoth } from './decide.js';
import { manner } from './escalation.js';
import { gatherFacts } from './facts.js';
import { parsePolicy } from './load.js';
import type { Policy } from './rules.js';
import type { Facts } from './terms.js';
import { asIfThere, onlyWaits } from './tickets.js';

export interface JudgeDeps {
  /** The policy that is in force now. May throw `bad-policy`. */
  readonly policy: () => Promise<Policy>;
  /** By hash; the one that is in force is read out of it, so it is there. */
  readonly policies: Pick<Store['policies'], 'get'>;
  readonly directory: Directory;
  /** Of all kinds of target that there are; Macs alone where none are given. */
  readonly targets?: readonly TargetFacts[];
  /** What people wrote, by its digest: for rules that ask something of the reason. */
  readonly texts?: Pick<Requests, 'getText'>;
  /** For rules that want a ticket looked up; without it they grant nothing. */
  readonly tickets?: Tickets | undefined;
  /** What counts against limits; without it a rule that has some grants nothing. */
  readonly usage?: UsageBook;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/**
 * Judges a round. Throws what policy, store and directory throw (`bad-policy`, `store-unavailable`, …), and `ticket-unavailable`
 * where nothing but a ticket that can't be looked up stands in the way: no error is ever an approval.
 */
export function createJudge({ policy, policies, clock, ...sources }: JudgeDeps): (input: JudgeInput) => Promise<Verdict> {
  return async ({ request, digest, round, votes, policyThen, byPeople }) => {
    const current = await policy();
    const then = policyThen === undefined || policyThen === current.hash ? current : await recalled(policies, policyThen);
    const both = then && then !== current ? [then, current] : current;
    const now = clock();
    const facts = await gatherFacts(sources, both, request, votes, manner(round, request, now));
    const ownDigest = requestDigest(request);
    const question = { request, ownDigest, round, byPeople };
    const decided = (known: Facts) => decideBoth(then ?? current, current, question, known, votes, now);
    const verdict = decided(facts);
    if (!then) return denied(verdict, 'The policy by which this was first judged cannot be found any more.', policyThen);
    if (ownDigest !== digest) return denied(verdict, 'The request is not the one that was asked.');
    // What turns on a ticket is decided once it can be looked up; until then nothing else changes.
    const known = facts.tickets ? decided({ ...facts, tickets: asIfThere(facts.tickets) }).outcome : verdict.outcome;
    // A request that the policy would have approved by itself goes to people, who are told why, and is not held back unseen.
    const begins = policyThen === undefined && known === 'auto';
    if (known !== verdict.outcome && !begins)
      throw new StintError('ticket-unavailable', verdict.conditions?.find(onlyWaits)?.sentence);
    return verdict;
  };
}

/** The policy of a hash as it was stored; undefined when it is not there, or can't be read any more. Throws what the store throws. */
export async function recalled(policies: Pick<Store['policies'], 'get'>, hash: Digest): Promise<Policy | undefined> {
  const text = await policies.get(hash);
  if (text === undefined) return undefined;
  try {
    const policy = parsePolicy(text, `policy ${hash.slice(0, 8)}`);
    return policy.hash === hash ? policy : undefined;
  } catch (error) {
    // A later version of Stint may read less than an earlier one wrote: that is a lost policy, not a failure to retry.
    if (isStintError(error)) return undefined;
    throw error;
  }
}

function denied({ windowMs: _, ...verdict }: Verdict, sentence: string, policyHash = verdict.policyHash): Verdict {
  return { ...verdict, policyHash, outcome: 'deny', sentences: [sentence, ...verdict.sentences] };
}
