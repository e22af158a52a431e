/** A policy as the decisions use it: rules in the order of the file, each complete, lengths in milliseconds. */
import type { Digest, PersonId } from '../contract/ids.js';
import type { Limit } from '../contract/limits.js';
import type { Notify } from '../contract/notify.js';
import type { About, AboutOf, Person } from '../contract/ports.js';
import type { TargetKind } from '../contract/request.js';
import type { Tier, Verdict } from '../contract/verdict.js';
import type { Automatic } from './automatic.js';
import type { BreakGlass } from './break-glass.js';
import type { Hours } from './calendar.js';
import type { Conditions } from './conditions.js';
import { fits, type MatchOf, open, takes } from './kinds.js';
import type { Later } from './later.js';
import { candidates, candidatesAbout } from './rule-index.js';

/** People, by group or by name. */
export interface Who {
  readonly groups: readonly string[];
  readonly people: readonly PersonId[];
}

/** Who joins a pool when the request has waited for so long. */
export interface Step extends Who {
  readonly afterMs: number;
  /** It begins no sooner than these are over. */
  readonly outside?: Hours;
}

/** One stage of an approval: so many different people of these. */
export interface Pool extends Who {
  /** Whether the subject's manager is one of them. */
  readonly manager: boolean;
  readonly quorum: number;
  /** In the order of time; at least one where there are some. */
  readonly escalate?: readonly Step[];
}

/** Who approves; `stages` in order, where they say more than the other two: several, or one that asks a manager or escalates. */
interface Approval {
  /** Everybody whom a stage names from the start; a manager is not named. */
  readonly approve: Who;
  /** How many different people in all. */
  readonly quorum: number;
  readonly stages?: readonly Pool[];
}

/** What is other for an extension than for the request; 0 times: there is none. */
export interface Extend {
  readonly times?: number;
  /** Ascending. */
  readonly windowsMs?: readonly number[];
  readonly by?: Approval;
}

/** What speaks of targets. */
interface CoveringOf<K extends TargetKind> {
  readonly kind: K;
  readonly match: MatchOf<K>;
}
export type Covering = { readonly [K in TargetKind]: CoveringOf<K> }[TargetKind];

export interface RuleOf<K extends TargetKind> extends CoveringOf<K>, Conditions, Approval {
  readonly id: string;
  readonly tier?: Tier;
  /** The Slack channel where its requests are decided, if it is not the one of the configuration. */
  readonly channel?: string;
  readonly ask: Who;
  /** Who may ask may do so for others of them as well; for themselves alone, where it is not given. */
  readonly for?: 'others';
  /** What needs none of them: the policy approves it in its own name. */
  readonly automatic?: Automatic;
  readonly revoke: Who;
  /** What may be taken at once, for an incident. */
  readonly breakGlass?: BreakGlass;
  /** Ascending. */
  readonly windowsMs: readonly number[];
  readonly maxMs: number;
  readonly extend?: Extend;
  /** How it may be asked for with a time at which it is to begin; absent: for now alone. */
  readonly later?: Later;
  readonly warnBeforeMs: number;
  readonly warnMinWindowMs: number;
  readonly deadlines: Verdict['deadlines'];
  /** Those of the file, then its own: each of them holds. */
  readonly limits?: readonly Limit[];
  /** Who else is told of what, after the fact. */
  readonly notify?: readonly Notify[];
}

export type Rule = { readonly [K in TargetKind]: RuleOf<K> }[TargetKind];

interface DenyOf<K extends TargetKind> extends CoveringOf<K> {
  readonly id: string;
  /** Whom it keeps out; everybody, where it is not given. */
  readonly ask?: Who;
  /** Whom it does not keep out. */
  readonly except?: Who;
  /** Why, for people. */
  readonly say?: string;
}

/** A rule that only denies, wherever it stands in the file: what it keeps out no other rule lets in. */
export type Deny = { readonly [K in TargetKind]: DenyOf<K> }[TargetKind];

export interface Policy {
  /** Digest of the rules in canonical form: a comment or another order of keys is the same policy. */
  readonly hash: Digest;
  /** The text it was read from; reading it again gives the same hash. */
  readonly source: string;
  /** Those that may let something be had. */
  readonly rules: readonly Rule[];
  /** Those that deny; they come before all others. */
  readonly denies?: readonly Deny[];
}

/** Whether a person is meant. Says nothing about `active`. */
export function includes({ groups, people }: Who, person: Person): boolean {
  return people.includes(person.personId) || person.groups.some((group) => groups.includes(group));
}

/** Whether a rule speaks of a target of which this is known. What isn't known is not covered. */
export function covers(rule: Covering, about: About | undefined): boolean {
  return about !== undefined && fitsRule(rule, about);
}

function fitsRule<K extends TargetKind>({ kind, match }: CoveringOf<K>, about: About): boolean {
  return about.kind === kind && fits(kind, match, about as AboutOf<K>);
}

/** Whether a rule would cover the target but for what is not known of it yet. */
export function mayCover(rule: Covering, about: About | undefined): boolean {
  return about !== undefined && openRule(rule, about);
}

function openRule<K extends TargetKind>({ kind, match }: CoveringOf<K>, about: About): boolean {
  return about.kind === kind && open(kind, match, about as AboutOf<K>);
}

/**
 * The first rule that denies this, because it keeps any of these people out of the target. One of which it is not known yet whether it
 * covers the target denies as well.
 */
export function denyFor({ denies }: Policy, about: About | undefined, askers: readonly Person[]): Deny | undefined {
  if (!denies) return undefined;
  return candidatesAbout(denies, about).find(
    (deny) => (covers(deny, about) || mayCover(deny, about)) && askers.some((person) => keepsOut(deny, person)),
  );
}

/** Whom a rule that denies keeps out. It names nobody who changes with the hour, so nothing has to be looked up for it. */
export function keepsOut({ ask, except }: Deny, person: Person): boolean {
  return (ask === undefined || includes(ask, person)) && !(except && includes(except, person));
}

/**
 * The rule that decides: the first in the file that covers the target and lets any of these people ask. For whom one of them asks
 * changes nothing of that, or a stricter rule would be passed by whoever it doesn't mean. None where an earlier one may cover it: a
 * later one would let through what that is there for.
 */
export function decidingRule(
  { rules }: Pick<Policy, 'rules'>,
  about: About | undefined,
  askers: readonly Person[],
): Rule | undefined {
  const near = candidates(rules, about, askers).filter(({ ask }) => askers.some((person) => includes(ask, person)));
  const first = near.find((rule) => covers(rule, about) || mayCover(rule, about));
  return first && covers(first, about) ? first : undefined;
}

/** The one rule that applies: where none denies, the one that decides, if it lets all of them ask, for one another where they are two. No other rule adds to it. None: denied. */
export function ruleFor(policy: Policy, about: About | undefined, askers: readonly Person[]): Rule | undefined {
  if (denyFor(policy, about, askers)) return undefined;
  const rule = decidingRule(policy, about, askers);
  return rule && isFor(rule, askers) && askers.every((person) => includes(rule.ask, person)) ? rule : undefined;
}

/** Whether a rule is there for one who asks for themself, or lets these two be different people. */
export function isFor(rule: Rule, askers: readonly Person[]): boolean {
  return rule.for === 'others' || askers.every(({ personId }) => personId === askers[0]?.personId);
}

/** The rules that cover a target, in the order of the file, whoever asks. */
export function rulesAbout({ rules }: Pick<Policy, 'rules'>, about: About | undefined): readonly Rule[] {
  return candidates(rules, about).filter((rule) => covers(rule, about));
}

/** Whether an earlier rule leaves nothing to a later one: every target and every asker of the later is the earlier's, and everybody who breaks its glass. */
export function hides(earlier: Rule, later: Rule): boolean {
  const asking = takesAskers(earlier.ask, later.ask);
  return asking && takesAskers(everAsking(earlier), later.breakGlass?.ask ?? NOBODY) && takesRule(earlier, later);
}

const NOBODY: Who = { groups: [], people: [] };

/** Who asks by a rule, or breaks its glass: of all of them it decides who breaks the glass, before those after it. */
function everAsking({ ask, breakGlass }: Rule): Who {
  const more = breakGlass?.ask ?? NOBODY;
  return { groups: [...ask.groups, ...more.groups], people: [...ask.people, ...more.people] };
}

/** So many pairs of a part of a rule and an earlier rule are looked at. */
const MOST_PARTS = 100_000;

/**
 * The earlier rules that together leave nothing to a later one, though none of them alone does: whatever one pattern of it covers, for
 * whomever one name of it stands, is one of theirs. None where that is not so, or where it is too much to look at.
 */
export function hideTogether(earlier: readonly Rule[], later: Rule): readonly Rule[] {
  const near = earlier.filter(({ kind }) => kind === later.kind);
  const found = new Set<Rule>();
  let left = MOST_PARTS;
  for (const part of partsOf(later)) {
    left -= near.length;
    const hider = left < 0 ? undefined : near.find((one) => hides(one, part));
    if (!hider) return [];
    found.add(hider);
  }
  return near.filter((one) => found.has(one));
}

/** Each name that asks, or that breaks the glass, with each single choice of what is matched. */
function* partsOf({ breakGlass, ...rule }: Rule): Iterable<Rule> {
  for (const match of choicesOf(rule.match)) {
    for (const ask of namesOf(rule.ask)) yield { ...rule, match, ask } as Rule;
    for (const ask of namesOf(breakGlass?.ask ?? NOBODY))
      yield { ...rule, match, ask: NOBODY, breakGlass: { ...breakGlass, ask } } as Rule;
  }
}

function namesOf({ groups, people }: Who): readonly Who[] {
  return [
    ...groups.map((group) => ({ groups: [group], people: [] })),
    ...people.map((person) => ({ groups: [], people: [person] })),
  ];
}

/** Of each list one entry is enough to fit, so each alone is a part; of tags all have to fit, so they stay together. */
function* choicesOf(match: Rule['match']): Iterable<Rule['match']> {
  const lists = Object.entries(match).filter(([, value]) => Array.isArray(value) && value.length > 1);
  const [list] = lists;
  if (!list) return yield match;
  const [key, values] = list as [string, readonly string[]];
  for (const value of values) yield* choicesOf({ ...match, [key]: [value] } as Rule['match']);
}

/** Whether a rule that denies leaves nothing to another, wherever they stand. */
export function deniesAll({ ask, except, ...deny }: Deny, rule: Rule): boolean {
  return !except && (ask === undefined || takesAskers(ask, everAsking(rule))) && takesRule(deny, rule);
}

function takesAskers(outer: Who, inner: Who): boolean {
  const groups = inner.groups.every((group) => outer.groups.includes(group));
  return groups && inner.people.every((person) => outer.people.includes(person));
}

function takesRule<K extends TargetKind>({ kind, match }: CoveringOf<K>, later: Rule): boolean {
  return later.kind === kind && takes(kind, match, later.match as MatchOf<K>);
}

/** Whether it speaks of AWS. */
export function isAws<T extends Covering>(rule: T): rule is Extract<T, { readonly kind: 'aws-permission-set' }> {
  return rule.kind === 'aws-permission-set';
}
