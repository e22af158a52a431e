/**
 * Why the policy would let somebody have something, or would not, as a tree of reasons: by the functions that judge, over
 * a request that nobody sent. Pure. What is not known of the target is said as unknown, never guessed.
 */
import { msOf } from '../contract/ids.js';
import type { Supposed } from '../contract/preview.js';
import type { Condition, Extending, Verdict } from '../contract/verdict.js';
import { type Holds, leaf, type Reason, type Untold } from './attributes.js';
import { automaticText } from './automatic.js';
import { glassText } from './break-glass.js';
import { durationText } from './duration.js';
import { namedBy, waitedFrom } from './escalation.js';
import { approvalsReason, type StepNamed, stepReasons, stepsNamed } from './explain-approvals.js';
import { denyReasons, ruleReasons, untoldRotas } from './explain-rules.js';
import { extensionText } from './extension.js';
import { nameOf } from './kinds.js';
import { laterRefusals, laterText } from './later.js';
import { limitTexts } from './limit-file.js';
import { NO_USAGE, timeText } from './limits.js';
import { reasonText } from './reason.js';
import { includes, type Policy, type Rule } from './rules.js';
import { type Supposition, suppose } from './suppose.js';
import type { Facts, Terms } from './terms.js';
import { type Deciders, decidersOf, type OnCallWords, whoName } from './who.js';

export interface Inquiry {
  readonly policy: Policy;
  readonly ask: Supposed;
  /** As for `decide`; nobody has voted. The pool has at least everybody whom the rule that applies names as approver, at whatever step. */
  readonly facts: Facts;
  /** Nothing, where it is not given; an account's tags where `about` has none; `oncall:…` where PagerDuty would have to be asked. */
  readonly untold?: Untold;
  /** What to say of those who are on call. */
  readonly words?: OnCallWords;
  /** How it is known that the target can be the subject's, where nothing speaks against it. */
  readonly whose: { readonly holds: 'yes' | 'unknown'; readonly why: string };
  /** Milliseconds since 1970. */
  readonly now: number;
  /** How long it has waited by then; not at all, where it is not given. */
  readonly waitedMs?: number | undefined;
}

export interface Explanation extends Deciders {
  /** Whether the policy lets it be approved. What a far end would say of the person is in the tree, and not in this. */
  readonly holds: Holds;
  /** The rule that applies, and its terms. */
  readonly by?: {
    readonly rule: string;
    readonly quorum: number;
    readonly windowsMs: readonly number[];
    readonly maxWindowMs: number;
    /** What the rule says of extensions itself. */
    readonly extend?: Extending;
    /** Who joins the approvers while it waits, where somebody does. */
    readonly steps?: readonly StepNamed[];
  };
  /** Rotas of which it is not known who is on call, and who could approve too. */
  readonly untoldRotas?: readonly string[];
  readonly tree: Reason;
}

/** Explains what `decide` would say of this request, with a reason that will do, as long as nobody has voted. */
export function explainRequest(inquiry: Inquiry): Explanation {
  const { policy, ask, facts, now, waitedMs } = inquiry;
  // What the store would count is not asked here.
  const judged = suppose(policy, ask, { ...facts, usage: NO_USAGE }, now, waitedMs);
  const { terms, verdict } = judged;
  const people = peopleReason(inquiry);
  const { denies, tried } = people.holds === 'no' ? NOT_TRIED : triedRules(inquiry);
  const rules = rulesReason(inquiry, people, denies, tried, terms);
  const rule = policy.rules[tried.findIndex(({ holds }) => holds === 'yes')];
  if (rule) return byRule(inquiry, rule, judged, [people, rules]);
  const why = people.holds === 'no' ? verdict.sentences.join(' ') : rules.why;
  return { holds: rules.holds, approvers: [], never: [], tree: root(inquiry, rules.holds, why, [people, rules]) };
}

function byRule(inquiry: Inquiry, rule: Rule, judged: Supposition, before: readonly Reason[]): Explanation {
  const { terms, verdict } = judged;
  const { quorum, windowsMs, maxMs, extend } = terms;
  const deciders = decidersOf(rule, terms, inquiry.facts, inquiry.words);
  const { now, waitedMs = 0 } = inquiry;
  const wait = waitedFrom(now - waitedMs, now);
  const asked = namedBy(rule, wait).flatMap(({ groups }) => groups);
  const unknown = untoldRotas([...new Set(asked)], inquiry.untold ?? KNOWN);
  const steps = stepsNamed(rule, inquiry.facts, wait);
  const approvals = approvalsReason(terms, deciders, inquiry.facts.approverPool, unknown, stepReasons(steps));
  const holds = HOLDS[verdict.outcome] ?? approvals.holds;
  const conditions = [...conditionReasons(verdict), ...reasonReasons(rule), ...limitsReason(terms)];
  const children = [
    ...before,
    lengthReason(terms, rule, inquiry.ask.windowMs),
    ...conditions,
    ...automaticReason(terms, verdict),
    ...laterReason(judged, now),
    ...glassReason(rule, inquiry.facts),
    approvals,
  ];
  return {
    holds,
    by: {
      rule: rule.id,
      quorum,
      windowsMs,
      maxWindowMs: maxMs,
      ...(extend ? { extend } : {}),
      ...(steps.length > 0 ? { steps } : {}),
    },
    ...deciders,
    ...(unknown.length > 0 ? { untoldRotas: unknown } : {}),
    tree: root(inquiry, holds, holds === 'unknown' ? whoIsOnCall(unknown) : verdict.sentences.join(' '), children),
  };
}

/** The verdict counts only whom the people file knows, and would say that nobody could. */
const whoIsOnCall = (rotas: readonly string[]): string =>
  `Whether enough people could approve depends on who is on call for ${rotas.join(', ')}.`;

/** What the approvers have no say in. */
const HOLDS: { readonly [O in Verdict['outcome']]?: Holds } = { deny: 'no', auto: 'yes' };

function root({ ask }: Inquiry, holds: Holds, why: string, children: readonly Reason[]): Reason {
  const { requester, subject, target, windowMs } = ask;
  const whom = requester.personId === subject.personId ? '' : ` for ${subject.name}`;
  const length = windowMs === undefined ? '' : ` for ${durationText(windowMs)}`;
  return { what: `${requester.name} asks for ${nameOf(target)}${whom}${length}`, holds, why, children };
}

/** Who they are, and whether the target can be theirs. What only a far end knows is no ground for a no. */
function peopleReason({ ask: { requester, subject, target }, facts, whose }: Inquiry): Reason {
  const refs = requester.personId === subject.personId ? [requester] : [requester, subject];
  const known = new Map([facts.requester, facts.subject].map((person) => [person?.personId, person]));
  const people = refs.map(({ personId, name }) => {
    const active = known.get(personId)?.active;
    const not = active === undefined ? 'not in' : 'not active in';
    return leaf(`${name} (${personId})`, active ? 'yes' : 'no', `${active ? 'active in' : not} the people file`);
  });
  const { refusal } = facts.look;
  const label = `${nameOf(target)} for ${subject.name}`;
  const theirs = refusal === undefined ? leaf(label, whose.holds, whose.why) : leaf(label, 'no', refusal);
  const children = [...people, theirs];
  const holds = children.some((child) => child.holds === 'no') ? 'no' : 'yes';
  return { what: 'the people and the target are right', holds, why: '', children };
}

const KNOWN: Untold = () => false;

interface Tried {
  readonly denies: readonly Reason[];
  /** One for each other rule; none, where one denies. */
  readonly tried: readonly Reason[];
}
const NOT_TRIED: Tried = { denies: [], tried: [] };

function triedRules({ policy, facts, untold = KNOWN, words }: Inquiry): Tried {
  const { requester, subject, look } = facts;
  const both = [requester, subject].filter((person) => person !== undefined);
  const askers = [...new Map(both.map((person) => [person.personId, person])).values()];
  const denies = denyReasons(policy.denies ?? [], look.about, untold, askers);
  if (denies.some(({ holds }) => holds === 'no')) return { denies, tried: [] };
  const may = denies.some(({ holds }) => holds === 'unknown') ? 'one that may deny it' : undefined;
  return { denies, tried: ruleReasons(policy.rules, look.about, untold, askers, words, may) };
}

function rulesReason(
  { ask }: Inquiry,
  people: Reason,
  denies: readonly Reason[],
  tried: readonly Reason[],
  { refusals }: Terms,
): Reason {
  const what = 'a rule applies';
  if (people.holds === 'no') return leaf(what, 'no', 'none is looked for before that is so');
  const first = tried.find(({ holds }) => holds !== 'no');
  const open = tried.some(({ children }) => children.some(({ holds }) => holds === 'unknown'));
  const names = [...new Set([ask.requester.name, ask.subject.name])].join(' and ');
  const none = open ? `None that may cover this lets ${names} ask for it.` : refusals.join(' ');
  const why = { yes: first?.what ?? '', unknown: `${first?.what} may: it depends on what is not known.`, no: none };
  const holds = first?.holds ?? 'no';
  return { what, holds, why: why[holds], children: [...denies, ...tried] };
}

function lengthReason({ windowsMs, maxMs }: Terms, rule: Rule, windowMs: number | undefined): Reason {
  const offered = `${windowsMs.map(durationText).join(', ')}; ${extensionText(rule)}`;
  if (windowMs === undefined) return leaf('lengths are offered', windowsMs.length > 0 ? 'yes' : 'no', offered);
  const holds = windowsMs.includes(windowMs) && windowMs <= maxMs ? 'yes' : 'no';
  return leaf(`${durationText(windowMs)} is offered`, holds, offered);
}

function conditionReasons({ conditions = [] }: Verdict): readonly Reason[] {
  return conditions.map(({ name, state, sentence }) => leaf(CONDITIONS[name], state === 'satisfied' ? 'yes' : 'no', sentence));
}

const WILL_DO = 'the reason will do';
const CONDITIONS: { readonly [N in Condition['name']]: string } = { hours: 'it is open', reason: WILL_DO, ticket: WILL_DO };

/** Nobody wrote one here: that is said, and changes no answer. */
function reasonReasons({ reason }: Rule): readonly Reason[] {
  return reason ? [leaf(WILL_DO, 'unknown', `${reasonText(reason)} None is given here.`)] : [];
}

/** Whether it would be approved without anybody; how often it was already is not asked here. */
function automaticReason({ automatic }: Terms, { outcome, sentences }: Verdict): readonly Reason[] {
  const [one] = automatic;
  if (!one) return [];
  const holds = outcome === 'auto' ? 'yes' : 'no';
  return [leaf(`the policy itself approves, ${automaticText(one)}`, holds, holds === 'yes' ? '' : (sentences[0] ?? ''))];
}

/** Whether it may begin when it is asked to. Asked for now, it makes no difference. */
function laterReason({ terms, question }: Supposition, now: number): readonly Reason[] {
  const { later } = terms;
  const { request, round } = question;
  const says = later ? laterText(later) : '';
  if (request.startAt === undefined) return later ? [leaf('may be asked for later', 'yes', says)] : [];
  const refusals = laterRefusals(terms, request, round, now);
  const what = `may begin at ${timeText(msOf(request.startAt))}`;
  return [refusals.length > 0 ? leaf(what, 'no', refusals.join(' ')) : leaf(what, 'yes', says)];
}

/** Whether they could take it at once, for an incident: beside the answer, which is about asking. */
function glassReason({ breakGlass }: Rule, { requester, subject }: Facts): readonly Reason[] {
  if (!breakGlass) return [];
  const own = requester !== undefined && requester.personId === subject?.personId;
  const holds = own && includes(breakGlass.ask, requester) ? 'yes' : 'no';
  return [
    leaf(
      `may be taken by break-glass, ${glassText(breakGlass, whoName(breakGlass.review))}`,
      holds,
      `by ${whoName(breakGlass.ask)}`,
    ),
  ];
}

/** What the store would count is not asked here, and does not change the answer. */
function limitsReason({ limits }: Terms): readonly Reason[] {
  if (limits.length === 0) return [];
  const children = limits.flatMap((limit) => limitTexts(limit)).map((text) => leaf(text, 'unknown', ''));
  return [{ what: 'no limit is reached', holds: 'unknown', why: 'the store would have to be asked; taken as so', children }];
}
