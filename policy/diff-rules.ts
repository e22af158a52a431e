/** What changes for one person when another rule applies to what they may ask for: what is wider, what is narrower, what is neither. */
import { few } from '../contract/few.js';
import type { PersonId } from '../contract/ids.js';
import type { Person } from '../contract/ports.js';
import { automaticText, compareAutomatic } from './automatic.js';
import { type Hours, holidaysText, hoursText, isAlways, isWithin } from './calendar.js';
import { compareGlass } from './diff-glass.js';
import { compareLimits } from './diff-limits.js';
import { durationText } from './duration.js';
import { stepsOf } from './escalation.js';
import { extensionText, ruleOfRound } from './extension.js';
import { compareLater } from './later.js';
import { poolsName, poolsOf } from './pools.js';
import { asksNoLess, reasonText } from './reason.js';
import { rotaName } from './rota.js';
import type { Rule, Who } from './rules.js';
import { isFilled, letsMore, type Plan } from './stages.js';

/** Sentences, each about one point. */
export interface Change {
  readonly widened: readonly string[];
  readonly narrowed: readonly string[];
  /** Neither more access nor less: where it is decided, who may take it away, how long things wait. */
  readonly other: readonly string[];
}

/** What one person can get by a rule. */
export interface Reach {
  readonly rule: Rule;
  /** Its stages, for this person. */
  readonly plan: Plan;
  /** Active people who could approve it for this person, who is none of them. */
  readonly could: readonly Person[];
  /** The same, by id. */
  readonly approvers: readonly PersonId[];
  /** The same of an extension, where the rule has approvers for those. */
  readonly extension?: Pick<Reach, 'plan' | 'could'>;
  /** The same, when it has waited for so long, inside of the hours that its steps name or outside of them. */
  readonly after: (waitedMs: number, outside: boolean) => Reach;
}

const NONE: Change = { widened: [], narrowed: [], other: [] };

/** Undefined where no rule lets the person ask. */
export function compareReach(before: Reach | undefined, after: Reach | undefined): Change {
  if (before && after) return compareRules(before, after);
  if (after) return { ...NONE, widened: [`may ask now, by ${describe(after)}`] };
  return before ? { ...NONE, narrowed: [`may ask no more; could by ${describe(before)}`] } : NONE;
}

function compareRules(before: Reach, after: Reach): Change {
  const points = [
    windows,
    longest,
    extensions,
    later,
    quorum,
    approvers,
    escalation,
    possible,
    automatic,
    breakGlass,
    openHours,
    reason,
    limits,
  ].map((point) => point(before, after));
  return {
    widened: points.flatMap(({ wider = [] }) => wider),
    narrowed: points.flatMap(({ narrower = [] }) => narrower),
    other: otherPoints(before.rule, after.rule),
  };
}

/** Whether nothing changes. */
export function isNoChange({ widened, narrowed, other }: Change): boolean {
  return widened.length + narrowed.length + other.length === 0;
}

interface Point {
  readonly wider?: readonly string[];
  readonly narrower?: readonly string[];
}

function windows({ rule: before }: Reach, { rule: after }: Reach): Point {
  const more = after.windowsMs.filter((ms) => !before.windowsMs.includes(ms));
  const less = before.windowsMs.filter((ms) => !after.windowsMs.includes(ms));
  return { wider: said('may ask for', more.map(durationText)), narrower: said('may no longer ask for', less.map(durationText)) };
}

function longest({ rule: before }: Reach, { rule: after }: Reach): Point {
  const text = `up to ${durationText(after.maxMs)} in all, was ${durationText(before.maxMs)}`;
  return towards(after.maxMs - before.maxMs, text);
}

/** Told where a rule says something of extensions itself. */
function extensions(before: Reach, after: Reach): Point {
  const [was, is] = [before.rule, after.rule];
  if (JSON.stringify(was.extend) === JSON.stringify(is.extend)) return {};
  const decided = (reach: Reach) => reach.extension ?? reach;
  const people = [...decided(before).could, ...decided(after).could];
  const times = (rule: Rule) => rule.extend?.times ?? Number.POSITIVE_INFINITY;
  const lengths = (rule: Rule) => ruleOfRound(rule, 'extension').windowsMs;
  const isLess = (one: Reach, other: Reach): boolean => {
    if (times(one.rule) === 0) return true;
    if (times(one.rule) > times(other.rule)) return false;
    const isPart = lengths(one.rule).every((ms) => lengths(other.rule).includes(ms));
    return isPart && !letsMore(decided(other).plan, decided(one).plan, people);
  };
  return bothWays(isLess(after, before), isLess(before, after), `${extensionText(is)}; was ${extensionText(was)}`);
}

function later({ rule: before }: Reach, { rule: after }: Reach): Point {
  return compareLater(before, after);
}

function quorum(was: Reach, is: Reach): Point {
  const [before, after] = [was.rule, is.rule];
  if (before.stages || after.stages) return inStages(was, is);
  return towards(before.quorum - after.quorum, `${approvals(after.quorum)} needed, was ${before.quorum}`);
}

/** How many and in which stages: whether others could now satisfy it than before, is seen from the very people. */
function inStages(before: Reach, after: Reach): Point {
  const text = [`approvals needed: ${poolsName(after.rule)}, was ${poolsName(before.rule)}`];
  const people = [...before.could, ...after.could];
  return {
    ...(letsMore(before.plan, after.plan, people) ? { wider: text } : {}),
    ...(letsMore(after.plan, before.plan, people) ? { narrower: text } : {}),
  };
}

function approvers(before: Reach, after: Reach): Point {
  const more = after.approvers.filter((id) => !before.approvers.includes(id));
  const less = before.approvers.filter((id) => !after.approvers.includes(id));
  return { wider: said('could be approved also by', more), narrower: said('could be approved no more by', less) };
}

/** Who joins while it waits: for each instant at which somebody does, by either rule; nobody is told of twice. */
function escalation(before: Reach, after: Reach): Point {
  const steps = (rule: Rule) => poolsOf(rule).map(({ escalate = [] }) => escalate);
  if (JSON.stringify(steps(before.rule)) === JSON.stringify(steps(after.rule))) return {};
  const points = pointsOf(before, after);
  const joining = (words: string, sides: (point: JoinPoint) => readonly [Reach, Reach]) => {
    const told = new Map<PersonId, number>();
    return points.flatMap((point) => {
      const [from, to] = sides(point);
      const more = to.approvers.filter((id) => !from.approvers.includes(id));
      const fresh = more.filter((id) => (told.get(id) ?? Number.POSITIVE_INFINITY) > point.ms);
      for (const id of fresh) told.set(id, point.ms);
      // The same people may be enough where they were not.
      const moved =
        more.length === 0 && letsMore(from.plan, to.plan, to.could) ? [`approvals needed: ${poolsName(after.rule)}`] : [];
      return [...said(words, fresh), ...moved].map((text) => `${point.when} ${text}`);
    });
  };
  const { wider = [], narrower = [] } = otherHours(before.rule, after.rule);
  return {
    wider: [...joining('could be approved also by', ({ was, is }) => [was, is]), ...wider],
    narrower: [...joining('could be approved no more by', ({ was, is }) => [is, was]), ...narrower],
  };
}

/** One instant at which somebody joins, by either rule. */
interface JoinPoint {
  readonly ms: number;
  readonly when: string;
  readonly was: Reach;
  readonly is: Reach;
}

/** First inside of the hours that steps name, then, where some do, outside. */
function pointsOf(before: Reach, after: Reach): readonly JoinPoint[] {
  const steps = [...stepsOf(before.rule), ...stepsOf(after.rule)];
  const inside = steps.filter((step) => !step.outside);
  const point = (outside: boolean) => (ms: number) => ({
    ms,
    when: [...(outside ? ['outside of hours'] : []), ...(ms > 0 ? [`after ${durationText(ms)}`] : [])].join(' '),
    was: before.after(ms, outside),
    is: after.after(ms, outside),
  });
  const times = (some: typeof steps) => [...new Set(some.map(({ afterMs }) => afterMs))].sort((a, b) => a - b);
  const whenOver = inside.length < steps.length ? times(steps).map(point(true)) : [];
  return [...times(inside).map(point(false)), ...whenOver];
}

/** Outside of which hours: the fewer hours, the more is outside. */
function otherHours(before: Rule, after: Rule): Point {
  const of = (rule: Rule) => stepsOf(rule).flatMap(({ outside }) => outside ?? []);
  const [was, is] = [of(before), of(after)];
  const says = (all: readonly Hours[]) => [...new Set(all.map(hoursText))].join('; ');
  const dates = (all: readonly Hours[]) => all.flatMap(({ holidays }) => holidays);
  if (is.length === 0) return {};
  if (was.length === 0) return { wider: [`outside of hours is outside of ${says(is)}`] };
  const text = `outside of hours is outside of ${says(is)}, was of ${says(was)}${holidaysText(dates(was), dates(is))}`;
  const within = (some: readonly Hours[], others: readonly Hours[]) =>
    some.every((one) => others.every((other) => isWithin(one, other)));
  const isSame = JSON.stringify(was) === JSON.stringify(is);
  return isSame ? {} : bothWays(within(was, is), within(is, was), text);
}

/** A quorum that nobody can reach is as good as a refusal. */
function possible(before: Reach, after: Reach): Point {
  const [was, is] = [before, after].map(({ plan, could }) => isFilled(plan, could));
  if (was === is) return {};
  const text = is ? 'enough people could approve it now' : 'too few people could approve it now';
  return is ? { wider: [text] } : { narrower: [text] };
}

function automatic({ rule: before }: Reach, { rule: after }: Reach): Point {
  return compareAutomatic(before, after);
}

function breakGlass(before: Reach, after: Reach): Point {
  return compareGlass(before.rule, after.rule, whoText);
}

function openHours({ rule: before }: Reach, { rule: after }: Reach): Point {
  const [was, is] = [limiting(before), limiting(after)];
  const moved = holidaysText(was?.holidays, is?.holidays);
  const text = `open ${is ? hoursText(is) : 'at any time'}, was ${was ? hoursText(was) : 'at any time'}${moved}`;
  const within = (one: Hours | undefined, other: Hours | undefined) => !other || (one !== undefined && isWithin(one, other));
  return bothWays(within(is, was), within(was, is), text);
}

/** Hours that are never over limit nothing. */
const limiting = ({ hours }: Rule): Hours | undefined => (hours && isAlways(hours) ? undefined : hours);

/** The pattern stands for itself here: what an author says of it may be the same for two. */
function reason({ rule: { reason: before } }: Reach, { rule: { reason: after } }: Reach): Point {
  const asks = (rule: typeof before) => (rule ? reasonText({ ...rule, message: undefined }) : 'The reason may be any.');
  return bothWays(asksNoLess(after, before), asksNoLess(before, after), `${asks(after)} Was: ${asks(before)}`);
}

/** What isn't plainly less is more, and the other way round: who reviews what is neither reads it in both places. */
function bothWays(isLess: boolean, isMore: boolean, text: string): Point {
  return { ...(isLess ? {} : { wider: [text] }), ...(isMore ? {} : { narrower: [text] }) };
}

function limits({ rule: before }: Reach, { rule: after }: Reach): Point {
  return compareLimits(before, after);
}

function towards(more: number, text: string): Point {
  return more === 0 ? {} : more > 0 ? { wider: [text] } : { narrower: [text] };
}

const NAMED = 5;

function said(words: string, names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : [`${words} ${few(names, NAMED)}`];
}

/** What is shown or waited for; of each the words before the value. */
const OTHERS: readonly (readonly [string, (rule: Rule) => string])[] = [
  ['rule', ({ id }) => id],
  ['of a reason that does not match it says', ({ reason }) => (reason?.message ? `"${reason.message}"` : 'no words of its own')],
  ['tier', ({ tier }) => `${tier ?? 'none'}`],
  ['decided in the channel', ({ channel }) => channel ?? 'of the configuration'],
  ['also told', ({ notify }) => notifyText(notify)],
  ['revoked also by', ({ revoke }) => whoText(revoke)],
  ['lapses undecided after', ({ deadlines }) => durationText(deadlines.pendingMs)],
  ['undone unstarted after', ({ deadlines }) => durationText(deadlines.startMs)],
  ['log awaited for', ({ deadlines }) => durationText(deadlines.evidenceMs)],
  ['reminded every', ({ deadlines }) => durationText(deadlines.remindEveryMs)],
  ['reminded so for', ({ deadlines }) => durationText(deadlines.remindForMs)],
  ['then reminded every', ({ deadlines }) => durationText(deadlines.remindThenMs)],
  ['warned before the end by', ({ warnBeforeMs }) => durationText(warnBeforeMs)],
  ['not warned for windows up to', ({ warnMinWindowMs }) => durationText(warnMinWindowMs)],
];

function otherPoints(before: Rule, after: Rule): readonly string[] {
  return OTHERS.filter(([, of]) => of(before) !== of(after)).map(([what, of]) => `${what} ${of(after)}, was ${of(before)}`);
}

function describe({ rule, plan, could }: Reach): string {
  const lengths = rule.windowsMs.map(durationText).join(', ');
  const short = isFilled(plan, could) ? '' : ', but too few people could';
  const needed = rule.stages ? poolsName(rule) : `${approvals(rule.quorum)} needed of ${whoText(rule.approve)}`;
  const own = rule.automatic ? `, or by the policy itself ${automaticText(rule.automatic)}` : '';
  return `rule ${rule.id}: ${lengths}, up to ${durationText(rule.maxMs)} in all, ${needed}${short}${own}`;
}

const approvals = (count: number): string => (count === 1 ? '1 approval' : `${count} approvals`);

function notifyText(notify: Rule['notify'] = []): string {
  const lines = notify.map(({ on, slack, email = [] }) => `${on.join(', ')} to ${[slack, ...email].filter(Boolean).join(', ')}`);
  return lines.length === 0 ? 'nobody' : lines.join('; ');
}

function whoText({ groups, people }: Who): string {
  const words = (group: string) =>
    rotaName(group) === undefined ? `group ${group}` : `whoever is on call for ${rotaName(group)}`;
  return [...groups.map(words), ...people].join(', ');
}
