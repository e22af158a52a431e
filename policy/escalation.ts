/**
 * Escalation: who joins a pool of approvers while a request waits. A step begins so long after the request was asked, or when hours
 * are over, ends never, and takes nobody's say away. It is of the round of the request alone: the approvers of an extension are those
 * of the start.
 */
import { msOf } from '../contract/ids.js';
import type { Person } from '../contract/ports.js';
import type { ElevationRequest } from '../contract/request.js';
import type { Condition, Round } from '../contract/verdict.js';
import { firstOutside, type Hours, hoursText, isAlways, isWithin, nextOpening } from './calendar.js';
import type { Conditions } from './conditions.js';
import { durationText } from './duration.js';
import { poolsOf } from './pools.js';
import { includes, type Rule, type Step, type Who } from './rules.js';

/** A step of a request that was asked: from when on it counts, in milliseconds since 1970. */
export interface DatedStep {
  readonly at: number;
  readonly who: Who;
}

/** How a request has waited. */
export interface Wait {
  /** In milliseconds. NaN reaches no step. */
  readonly waitedMs: number;
  /** When, so long after it was asked at the earliest, these hours are first over: in milliseconds after it was asked; undefined: never. */
  readonly over: (hours: Hours, afterMs: number) => number | undefined;
}

/** As if it had waited for so long, and all of it outside of whatever hours. */
export function waitedOutside(waitedMs: number): Wait {
  return { waitedMs, over: (_, afterMs) => afterMs };
}

/** As if it had waited for so long, and all of it inside. */
export function waitedInside(waitedMs: number): Wait {
  return { waitedMs, over: () => undefined };
}

/** Whatever may be reached ever. */
export const EVER = waitedOutside(Number.POSITIVE_INFINITY);

/** From one instant to the other, in milliseconds since 1970. */
export function waitedFrom(askedAt: number, now: number): Wait {
  const over = (hours: Hours, afterMs: number) => {
    try {
      const at = firstOutside(hours, askedAt + afterMs);
      return at === undefined ? undefined : at - askedAt;
    } catch (error) {
      // No instant, or a zone that this runtime does not know: what can't be told lets nobody in.
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  };
  return { waitedMs: now - askedAt, over };
}

/** What of a round says who may approve: its kind, and how it has waited. */
export interface Manner {
  readonly kind: Round['kind'];
  /** Without it nothing is widened by waiting. */
  readonly wait?: Wait | undefined;
}

/** A request for whose approvers nobody has waited. */
export const UNWAITED: Manner = { kind: 'request' };

/** The manner of a round, `now` in milliseconds since 1970. */
export function manner({ kind }: Pick<Round, 'kind'>, { askedAt }: ElevationRequest, now: number): Manner {
  return kind === 'request' ? { kind, wait: waitedFrom(msOf(askedAt), now) } : { kind };
}

/** How long after the request a step begins; undefined: never. */
function beginsAfter({ afterMs, outside }: Step, { over }: Wait): number | undefined {
  return outside ? over(outside, afterMs) : afterMs;
}

/** The steps that have begun. */
export function reached(steps: readonly Step[] = [], wait: Wait | undefined): readonly Step[] {
  if (!wait) return [];
  return steps.filter((step) => {
    const after = beginsAfter(step, wait);
    // NB: written so that a time that is none (NaN) reaches nothing.
    return after !== undefined && wait.waitedMs >= after;
  });
}

/** All steps of a rule, pool by pool. */
export function stepsOf(rule: Rule): readonly Step[] {
  return poolsOf(rule).flatMap(({ escalate = [] }) => escalate);
}

/** Everybody whom a rule names as approver by now: its pools, and the steps that have begun. */
export function namedBy(rule: Rule, wait: Wait | undefined): readonly Who[] {
  return [rule.approve, ...reached(stepsOf(rule), wait)];
}

/** The steps of a request that ever begin, in the order of time. */
export function datedSteps(rule: Rule, { askedAt }: ElevationRequest, wait: Wait): readonly DatedStep[] {
  return stepsOf(rule)
    .flatMap((step) => {
      const after = beginsAfter(step, wait);
      return after === undefined ? [] : [{ at: msOf(askedAt) + after, who: step }];
    })
    .sort((a, b) => a.at - b.at);
}

/** From when on somebody joins who does not count yet; undefined where they never do. */
export function joinsAt(steps: readonly DatedStep[], person: Person, now: number): number | undefined {
  return steps.find(({ at, who }) => at > now && includes(who, person))?.at;
}

/** A step where it stands in its rule, and whom its pool names before it. */
export interface PlacedStep {
  readonly path: readonly PropertyKey[];
  readonly step: Step;
  readonly pool: Who;
  readonly before: readonly Step[];
}

/** All steps of a rule with their places. */
export function placedSteps(rule: Rule): readonly PlacedStep[] {
  const pools = poolsOf(rule);
  return pools.flatMap(({ escalate = [], ...pool }, stage) =>
    escalate.map((step, i) => ({
      path: ['approve', ...(pools.length > 1 ? ['stages', stage] : []), 'escalate', i],
      step,
      pool,
      before: escalate.slice(0, i),
    })),
  );
}

/** People in the order in which steps let them in, the latest first: of very many the first are named, and those are to be called. */
export function latestFirst(people: readonly Person[], steps: readonly DatedStep[], now: number): readonly Person[] {
  const joined = (person: Person) => steps.findLast(({ at, who }) => at <= now && includes(who, person))?.at ?? 0;
  const dated = people.map((person) => ({ person, at: joined(person) }));
  return dated.sort((a, b) => b.at - a.at).map(({ person }) => person);
}

/** Steps that make no sense, each with its place. */
export function stepProblems(rule: Rule): readonly { readonly path: readonly PropertyKey[]; readonly what: string }[] {
  const { pendingMs } = rule.deadlines;
  return placedSteps(rule).flatMap(({ path, step, pool, before }) => {
    const last = before.at(-1);
    const after = (what: string) => ({ path: [...path, 'after'], what });
    // Of two of which only one waits for hours to be over neither is the later one for certain.
    const isLate = last && (alike(step, last) ? step.afterMs <= last.afterMs : step.afterMs < last.afterMs);
    const sooner = before.filter((earlier) => !earlier.outside || alike(earlier, step));
    return [
      ...(isLate ? [after('must be later than the step before it')] : []),
      ...outsideProblems(rule, step).map((what) => ({ path: [...path, 'outside'], what })),
      ...(step.afterMs >= pendingMs
        ? [after(`must be shorter than deadlines.pending (${durationText(pendingMs)}), after which nobody decides any more`)]
        : []),
      ...(isNamed(step, [pool, ...sooner])
        ? [{ path, what: 'adds nobody: all whom it names may decide before it already' }]
        : []),
    ];
  });
}

const alike = (one: Step, other: Step): boolean => JSON.stringify(one.outside) === JSON.stringify(other.outside);

/** Hours outside of which nobody ever asks by the rule. */
function outsideProblems({ hours }: Rule, { outside }: Step): readonly string[] {
  if (!outside) return [];
  if (isAlways(outside)) return ['is at any time, so this step never begins: name the hours that are over at some time'];
  if (!hours || !isWithin(hours, outside)) return [];
  return [`leaves nothing of when the rule is open (${hoursText(hours)}), so this step never begins while somebody may ask`];
}

function isNamed({ groups, people }: Who, earlier: readonly Who[]): boolean {
  const named = (part: 'groups' | 'people') => new Set<string>(earlier.flatMap((who) => who[part]));
  return groups.every((group) => named('groups').has(group)) && people.every((person) => named('people').has(person));
}

/** A rota can be edited, and PagerDuty need not say until when it stays so: whoever takes over unplanned is found within this. */
const ROTA_MS = 30 * 60_000;
/** A rota that could not be looked up. */
const UNTOLD_MS = 2 * 60_000;

/** What makes another answer possible although nobody votes. */
export interface Passing {
  readonly steps: readonly DatedStep[];
  /** Present where it was looked up who is on call: until when that stays so, where it is known. */
  readonly duty?: { readonly until?: number } | undefined;
  /** Whether somebody who could not be looked up may be on call. */
  readonly untold: boolean;
  /** Whether nothing can be approved now, whoever is called. */
  readonly refused: boolean;
  readonly rules: readonly Conditions[];
  /** How the conditions of these rules stand. */
  readonly conditions: readonly Condition[];
}

/** When a request that waits is to be judged again though nobody votes; undefined where time alone changes nothing. */
export function againAt({ steps, duty, untold, refused, ...when }: Passing, now: number): number | undefined {
  if (steps.length === 0 && !duty) return undefined;
  const all = [
    ...steps.map(({ at }) => at),
    ...(duty ? [duty.until ?? 0, now + ROTA_MS] : []),
    ...(untold ? [now + UNTOLD_MS] : []),
    // Whoever may not approve now is not called now, but when it opens.
    ...(refused ? [opening(when, now) ?? now + ROTA_MS] : []),
  ];
  const ahead = all.filter((at) => at > now);
  return ahead.length === 0 ? undefined : Math.min(...ahead);
}

function opening({ rules, conditions }: Pick<Passing, 'rules' | 'conditions'>, now: number): number | undefined {
  const states = conditions.flatMap(({ name, state }) => (name === 'hours' ? [state] : []));
  // Where the hour can't be told, neither can be when it opens.
  if (!states.includes('unsatisfied') || states.includes('failed')) return undefined;
  const all = rules.flatMap(({ hours }) => (hours ? (nextOpening(hours, now) ?? []) : []));
  return all.length === 0 ? undefined : Math.min(...all);
}
