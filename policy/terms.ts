/**
 * The terms on which one request may be decided: what the matching rule says about it, given who is asking. Two policies
 * are judged together by the stricter of their terms; from there on there is one set of terms and one way to count.
 */
import type { Digest, PersonId } from '../contract/ids.js';
import type { Limit, Usage } from '../contract/limits.js';
import type { About, Person, TargetLook } from '../contract/ports.js';
import type { ElevationRequest } from '../contract/request.js';
import type { Extending, Tier, Verdict } from '../contract/verdict.js';
import { type AutomaticBy, bothAutomatic } from './automatic.js';
import { glassRule, glassUnfit } from './break-glass.js';
import type { Conditions } from './conditions.js';
import { type DatedStep, datedSteps, type Manner, UNWAITED, type Wait } from './escalation.js';
import { extendingOf, ruleOfRound, stricterExtending } from './extension.js';
import { nameOf, whyOpen } from './kinds.js';
import { type Later, stricterLater } from './later.js';
import { allLimits } from './limit-file.js';
import { candidates } from './rule-index.js';
import {
  covers,
  type Deny,
  decidingRule,
  denyFor,
  includes,
  isFor,
  mayCover,
  type Policy,
  type Rule,
  ruleFor,
  rulesAbout,
} from './rules.js';
import { type Plan, planOf } from './stages.js';
import type { TicketFacts } from './tickets.js';

export interface Parties {
  readonly requester?: Person;
  readonly subject?: Person;
  /** What is true of the target now. */
  readonly look: TargetLook;
  /** The subject's managers, one above the other, and who stands in for them; where a rule asks for a manager. */
  readonly managers?: readonly Person[];
}

/** People as the directory knew them just now, and the target as its own far end did. */
export interface Facts extends Parties {
  /** Those who voted; who isn't here doesn't count. */
  readonly voters: readonly Person[];
  /** The reason as it was written, where a rule asks something of it and it can be read. */
  readonly reason?: string;
  /** How the tickets stand that it names, where a rule that applies wants them looked up. */
  readonly tickets?: TicketFacts;
  /** Everybody whom a rule for this target names as approver, of those by which these people could ask. */
  readonly approverPool: readonly Person[];
  /** What counts against limits. Fetched only where there are some; where it is missing they refuse. */
  readonly usage?: Usage;
  /** Where it was looked up who is on call: until when that stays so at the latest, in milliseconds since 1970, where it is known. */
  readonly duty?: { readonly until?: number };
  /** Why it is not known of a step that has begun who is on call; nobody is by it. */
  readonly untold?: readonly string[];
}

export interface Terms {
  readonly policyHash: Digest;
  readonly rule?: string;
  /** Why this can't be approved at all. */
  readonly refusals: readonly string[];
  readonly quorum: number;
  /** The stages of each policy. Every one of these plans has to be satisfied, each by a seating of its own. */
  readonly plans: readonly Plan[];
  /** Whether an active person other than requester and subject is an approver. */
  readonly approves: (person: Person) => boolean;
  /** Whether a denial of this person counts. Of two policies either is enough: a denial is never lost to an edit. */
  readonly denies: (person: Person) => boolean;
  /** Whether an approval of this person and length shortens what is granted to it. Of two policies either is enough, as with denials. */
  readonly shortens: (person: Person, windowMs: number) => boolean;
  readonly windowsMs: readonly number[];
  readonly maxMs: number;
  readonly extend?: Extending;
  /** Where it may be asked for with a time at which it is to begin. */
  readonly later?: Later;
  readonly warnBeforeMs: number;
  readonly warnMinWindowMs: number;
  readonly deadlines: Verdict['deadlines'];
  readonly tier?: Tier;
  readonly channel?: string;
  /** All of each have to hold: those of the rule, or of both rules. */
  readonly conditions: readonly Conditions[];
  /** Each of them holds. */
  readonly limits: readonly Limit[];
  /** Where the policy approves in its own name: what each policy allows, all of it to be kept. None: a person decides. */
  readonly automatic: readonly AutomaticBy[];
  /** Who joins the approvers when it has waited long enough: the steps of the rule, or of both rules. */
  readonly steps: readonly DatedStep[];
  /** The glass is broken: nobody is asked. */
  readonly breakGlass?: true;
}

const NO_DEADLINES = { pendingMs: 0, startMs: 0, evidenceMs: 0, remindEveryMs: 1, remindForMs: 0, remindThenMs: 1 };
const nobody = () => false;
const NO_VOTERS = { quorum: 1, plans: [], approves: nobody, denies: nobody, shortens: nobody };
const NO_LENGTHS = { windowsMs: [], maxMs: 0, warnBeforeMs: 0, warnMinWindowMs: 0 };
const NO_TERMS = { ...NO_VOTERS, ...NO_LENGTHS, conditions: [], limits: [], automatic: [], steps: [] };

/** The terms of one policy for a round, `now` in milliseconds since 1970. Without a matching rule: terms on which nothing can be approved. */
export function termsOf(
  policy: Policy,
  request: ElevationRequest,
  parties: Parties,
  now: number,
  { kind, wait }: Manner = UNWAITED,
): Terms {
  const unfit = partyRefusals(request, parties);
  const askers = [parties.requester, parties.subject].filter((person) => person !== undefined);
  if (unfit.length > 0) return refused(policy, unfit);
  const denied = denyFor(policy, parties.look.about, askers);
  if (denied) return { ...refused(policy, [whyDenied(denied, request, parties.look)]), rule: denied.id };
  if (request.breakGlass) return glassTerms(policy, request, parties, askers, now);
  const found = ruleFor(policy, parties.look.about, askers);
  if (!found) return refused(policy, [noRule(policy, request, parties.look, askers)]);
  const rule = ruleOfRound(found, kind);
  const plan = planFor(rule, request, parties, { now, wait });
  return { ...termsOfRule(policy, rule, plan), steps: wait ? datedSteps(rule, request, wait) : [] };
}

/** Terms on which nothing can be approved. */
function refused(policy: Policy, refusals: readonly string[]): Terms {
  // How long evidence may take, or how often to remind, must not be zero for an elevation that is being refused.
  const deadlines = policy.rules[0]?.deadlines ?? NO_DEADLINES;
  return { ...NO_TERMS, policyHash: policy.hash, refusals, deadlines };
}

/** The terms of whoever breaks the glass: the rule's own, shorter, and nobody is asked, so nobody joins by waiting. */
function glassTerms(policy: Policy, request: ElevationRequest, parties: Parties, askers: readonly Person[], now: number): Terms {
  const found = glassRule(policy, parties.look.about, askers);
  if (!found) return refused(policy, [noRule(policy, request, parties.look, askers)]);
  if ('refusal' in found) return refused(policy, [found.refusal]);
  const plan = planFor(found.rule, request, parties, { now });
  return { ...termsOfRule(policy, found.rule, plan), refusals: glassUnfit(found.rule, request), steps: [], breakGlass: true };
}

interface Moment {
  readonly now: number;
  readonly wait?: Wait | undefined;
}

function planFor(rule: Rule, { requester, subject }: ElevationRequest, parties: Parties, moment: Moment): Plan {
  const find = (id: PersonId) => parties.managers?.find(({ personId }) => personId === id);
  return planOf(rule, { own: [requester.personId, subject.personId], subject: parties.subject, find, ...moment });
}

function termsOfRule(policy: Policy, rule: Rule, plan: Plan): Omit<Terms, 'steps'> {
  const decides = (person: Person) => plan.some((stage) => stage.may(person));
  const extend = extendingOf(rule);
  return {
    policyHash: policy.hash,
    rule: rule.id,
    refusals: [],
    quorum: rule.quorum,
    plans: [plan],
    approves: decides,
    denies: decides,
    shortens: (person, windowMs) => decides(person) && rule.windowsMs.includes(windowMs),
    windowsMs: rule.windowsMs,
    maxMs: rule.maxMs,
    ...(extend ? { extend } : {}),
    ...(rule.later ? { later: rule.later } : {}),
    warnBeforeMs: rule.warnBeforeMs,
    warnMinWindowMs: rule.warnMinWindowMs,
    deadlines: rule.deadlines,
    conditions: [rule],
    limits: rule.limits ?? [],
    automatic: rule.automatic ? [{ ...rule.automatic, rule: rule.id }] : [],
    ...(rule.tier === undefined ? {} : { tier: rule.tier }),
    ...(rule.channel === undefined ? {} : { channel: rule.channel }),
  };
}

/** The people are who the request says, are active, and the target is the subject's: a request can name any. */
function partyRefusals({ requester, subject }: ElevationRequest, { requester: asker, subject: holder, look }: Parties): string[] {
  if (asker?.personId !== requester.personId) return [`${requester.name} is not in the people file.`];
  if (holder?.personId !== subject.personId) return [`${subject.name} is not in the people file.`];
  const inactive = [asker, holder].find((person) => !person.active);
  if (inactive) return [`${inactive.name} is not active in the people file.`];
  return look.refusal === undefined ? [] : [look.refusal];
}

function noRule(
  policy: Policy,
  { target, requester, breakGlass }: ElevationRequest,
  { about }: TargetLook,
  askers: readonly Person[],
): string {
  const name = nameOf(target);
  const deciding = breakGlass ? undefined : decidingRule(policy, about, askers);
  if (deciding) return whyNotBy(deciding, name, askers);
  if (!about) return `Nothing is known of ${name}, so no rule of the policy covers it.`;
  if (candidates(policy.rules, about).some((rule) => mayCover(rule, about))) return tagsUnknown(name, about);
  const near = rulesAbout(policy, about).map((rule) => rule.id);
  if (near.length === 0) return `No rule of the policy covers ${name}.`;
  return `${requester.name} may not ask for this: the rules for ${target.display} (${near.join(', ')}) let other people ask.`;
}

/** A deny rule of which it is not known whether it covers the target keeps it shut until that is known. */
function whyDenied(deny: Deny, { target }: ElevationRequest, { about }: TargetLook): string {
  const { id, say } = deny;
  if (about && !covers(deny, about)) return tagsUnknown(nameOf(target), about);
  return `The rule ${id} denies ${nameOf(target)}${say === undefined ? ', whatever other rules let.' : `: ${say}`}`;
}

function tagsUnknown(name: string, about: About): string {
  return `The policy goes by the tags of the account of ${name}, and they ${whyOpen(about)}`;
}

/** Why the rule that decides lets nothing through: it is there for one of them, and no rule after it is asked. */
function whyNotBy(rule: Rule, name: string, askers: readonly Person[]): string {
  const { id, ask } = rule;
  if (!isFor(rule, askers)) return `The rule ${id} decides about ${name}, and lets people ask for themselves alone.`;
  const others = askers.filter((person) => !includes(ask, person)).map((person) => person.name);
  return `The rule ${id} decides about ${name}, and does not let ${others.join(' and ')} ask.`;
}

/**
 * The stricter of then and now, of two different policies, point by point: approvers and windows of both, the shortest length that was approved by either, the stages of both, the smaller maximum,
 * the fewer extensions, the shorter deadlines, the graver tier, the conditions and limits of both. It keeps the hash of then, so that a third policy is still measured against the
 * first, and the channel of then, where the card is.
 */
export function stricter(then: Terms, now: Terms): Terms {
  const { channel: _, later: __, ...rest } = now;
  const tier = graver(then.tier, now.tier);
  const extend = stricterExtending(then, now);
  const later = stricterLater(then.later, now.later);
  return {
    ...rest,
    policyHash: then.policyHash,
    refusals: [...new Set([...then.refusals, ...now.refusals])],
    quorum: Math.max(then.quorum, now.quorum),
    plans: [...then.plans, ...now.plans],
    approves: (person) => then.approves(person) && now.approves(person),
    denies: (person) => then.denies(person) || now.denies(person),
    shortens: (person, windowMs) => then.shortens(person, windowMs) || now.shortens(person, windowMs),
    windowsMs: now.windowsMs.filter((window) => then.windowsMs.includes(window)),
    maxMs: Math.min(then.maxMs, now.maxMs),
    ...(extend ? { extend } : {}),
    ...(later ? { later } : {}),
    deadlines: {
      ...now.deadlines,
      pendingMs: Math.min(then.deadlines.pendingMs, now.deadlines.pendingMs),
      startMs: Math.min(then.deadlines.startMs, now.deadlines.startMs),
    },
    conditions: [...then.conditions, ...now.conditions],
    limits: allLimits(then.limits, now.limits),
    automatic: bothAutomatic(then.automatic, now.automatic),
    steps: [...then.steps, ...now.steps],
    ...(tier === undefined ? {} : { tier }),
    ...(then.channel === undefined ? {} : { channel: then.channel }),
  };
}

function graver(then: Tier | undefined, now: Tier | undefined): Tier | undefined {
  if (then === undefined || now === undefined) return then ?? now;
  return then < now ? then : now;
}
