/**
 * The terms on which one request may be decided: what the matching rule says about it, given who is asking. Two policies
 * are judged together by the stricter of their terms; from there on there is one set of terms and one way to count.
 */
import type { Digest } from '../contract/ids.js';
import type { Person } from '../contract/ports.js';
import { type ElevationRequest, targetOf } from '../contract/request.js';
import type { Verdict } from '../contract/verdict.js';
import { covers, includes, type Policy, type Rule, ruleFor } from './rules.js';

export interface Parties {
  readonly requester?: Person;
  readonly subject?: Person;
}

/** People as the directory knew them just now. */
export interface Facts extends Parties {
  /** Those who voted; who isn't here doesn't count. */
  readonly voters: readonly Person[];
  /** Everybody whom a rule for this target names as approver. */
  readonly approverPool: readonly Person[];
}

export interface Terms {
  readonly policyHash: Digest;
  readonly rule?: string;
  /** Why this can't be approved at all. */
  readonly refusals: readonly string[];
  readonly quorum: number;
  /** Whether an active person other than requester and subject is an approver. */
  readonly approves: (person: Person) => boolean;
  /** Whether a denial of this person counts. Of two policies either is enough: a denial is never lost to an edit. */
  readonly denies: (person: Person) => boolean;
  readonly windowsMs: readonly number[];
  readonly maxMs: number;
  readonly warnBeforeMs: number;
  readonly warnMinWindowMs: number;
  readonly deadlines: Verdict['deadlines'];
}

const NO_DEADLINES = { pendingMs: 0, startMs: 0, evidenceMs: 0, remindEveryMs: 1, remindForMs: 0, remindThenMs: 1 };
const nobody = () => false;
const NO_TERMS = { quorum: 1, approves: nobody, denies: nobody, windowsMs: [], maxMs: 0, warnBeforeMs: 0, warnMinWindowMs: 0 };

/** The terms of one policy. Without a matching rule: terms on which nothing can be approved. */
export function termsOf(policy: Policy, request: ElevationRequest, { requester, subject }: Parties): Terms {
  const unfit = partyRefusals(request, requester, subject);
  const askers = [requester, subject].filter((person) => person !== undefined);
  const rule = unfit.length === 0 ? ruleFor(policy, request.target, askers) : undefined;
  if (rule) return termsOfRule(policy, rule, request);
  const refusals = unfit.length > 0 ? unfit : [noRule(policy, request)];
  // How long evidence may take, or how often to remind, must not be zero for an elevation that is being refused.
  const deadlines = policy.rules[0]?.deadlines ?? NO_DEADLINES;
  return { ...NO_TERMS, policyHash: policy.hash, refusals, deadlines };
}

function termsOfRule(policy: Policy, rule: Rule, request: ElevationRequest): Terms {
  const own = [request.requester.personId, request.subject.personId];
  // People are compared by person id: a second Slack account of the requester is the requester (invariants I2, I3).
  const decides = (person: Person) => person.active && !own.includes(person.personId) && includes(rule.approve, person);
  return {
    policyHash: policy.hash,
    rule: rule.id,
    refusals: [],
    quorum: rule.quorum,
    approves: decides,
    denies: decides,
    windowsMs: rule.windowsMs,
    maxMs: rule.maxMs,
    warnBeforeMs: rule.warnBeforeMs,
    warnMinWindowMs: rule.warnMinWindowMs,
    deadlines: rule.deadlines,
  };
}

/** The people are who the request says, are active, and the Mac is the subject's: a request can name any Mac. */
function partyRefusals({ requester, subject, target }: ElevationRequest, asker?: Person, holder?: Person): string[] {
  if (asker?.personId !== requester.personId) return [`${requester.name} is not in the people file.`];
  if (holder?.personId !== subject.personId) return [`${subject.name} is not in the people file.`];
  const inactive = [asker, holder].find((person) => !person.active);
  if (inactive) return [`${inactive.name} is not active in the people file.`];
  const mac = targetOf('mac-admin', target);
  if (!mac) return [];
  const owns = holder.macs.some((own) => own.serial === mac.serial && own.localUser === mac.localUser);
  return owns ? [] : [`The people file does not give ${mac.localUser} on ${mac.serial} to ${holder.name}.`];
}

function noRule(policy: Policy, { target, requester }: ElevationRequest): string {
  const near = policy.rules.filter((rule) => covers(rule, target)).map((rule) => rule.id);
  if (near.length === 0)
    return `No rule of the policy covers ${target.display} (${target.key.slice(target.key.indexOf('/') + 1)}).`;
  return `${requester.name} may not ask for this: the rules for ${target.display} (${near.join(', ')}) let other people ask.`;
}

/**
 * The stricter of then and now, point by point: approvers and windows of both, the higher quorum, the smaller maximum,
 * the shorter deadlines. It keeps the hash of then, so that a third policy is still measured against the first.
 */
export function stricter(then: Terms, now: Terms): Terms {
  if (then.policyHash === now.policyHash) return now;
  return {
    ...now,
    policyHash: then.policyHash,
    refusals: [...new Set([...then.refusals, ...now.refusals])],
    quorum: Math.max(then.quorum, now.quorum),
    approves: (person) => then.approves(person) && now.approves(person),
    denies: (person) => then.denies(person) || now.denies(person),
    windowsMs: now.windowsMs.filter((window) => then.windowsMs.includes(window)),
    maxMs: Math.min(then.maxMs, now.maxMs),
    deadlines: {
      ...now.deadlines,
      pendingMs: Math.min(then.deadlines.pendingMs, now.deadlines.pendingMs),
      startMs: Math.min(then.deadlines.startMs, now.deadlines.startMs),
    },
  };
}
