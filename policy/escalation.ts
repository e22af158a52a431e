/**
 * Escalation: who joins a pool of approvers while a request waits. A step begins so long after the request was asked, ends never,
 * and takes nobody's say away. It is of the round of the request alone: the approvers of an extension are those of the start.
 */
import { msOf } from '../contract/ids.js';
import type { Person } from '../contract/ports.js';
import type { ElevationRequest } from '../contract/request.js';
import type { Condition, Round } from '../contract/verdict.js';
import { nextOpening } from './calendar.js';
import type { Conditions } from './conditions.js';
import { durationText } from './duration.js';
import { poolsOf } from './pools.js';
import { includes, type Rule, type Step, type Who } from './rules.js';

/** A step of a request that was asked: from when on it counts, in milliseconds since 1970. */
export interface DatedStep {
  readonly at: number;
  readonly who: Who;
}

/** What of a round says who may approve: its kind, and how long it has waited. */
export interface Manner {
  readonly kind: Round['kind'];
  /** In milliseconds; without it nothing is widened by waiting. NaN reaches no step. */
  readonly waitedMs?: number | undefined;
}

/** A request for whose approvers nobody has waited. */
export const UNWAITED: Manner = { kind: 'request' };

/** The manner of a round, `now` in milliseconds since 1970. */
export function manner({ kind }: Pick<Round, 'kind'>, { askedAt }: ElevationRequest, now: number): Manner {
  return kind === 'request' ? { kind, waitedMs: now - msOf(askedAt) } : { kind };
}

/** The steps that have begun. */
export function reached(steps: readonly Step[] = [], waitedMs: number | undefined): readonly Step[] {
  // NB: written so that a time that is none (NaN) reaches nothing.
  return waitedMs === undefined ? [] : steps.filter(({ afterMs }) => waitedMs >= afterMs);
}

/** All steps of a rule, pool by pool. */
export function stepsOf(rule: Rule): readonly Step[] {
  return poolsOf(rule).flatMap(({ escalate = [] }) => escalate);
}

/** Everybody whom a rule names as approver by now: its pools, and the steps that have begun. */
export function namedBy(rule: Rule, waitedMs: number | undefined): readonly Who[] {
  return [rule.approve, ...reached(stepsOf(rule), waitedMs)];
}

/** The steps of a request, in the order of time. */
export function datedSteps(rule: Rule, { askedAt }: ElevationRequest): readonly DatedStep[] {
  return stepsOf(rule)
    .map(({ afterMs, ...who }) => ({ at: msOf(askedAt) + afterMs, who }))
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
    return [
      ...(last && step.afterMs <= last.afterMs ? [after('must be later than the step before it')] : []),
      ...(step.afterMs >= pendingMs
        ? [after(`must be shorter than deadlines.pending (${durationText(pendingMs)}), after which nobody decides any more`)]
        : []),
      ...(isNamed(step, [pool, ...before])
        ? [{ path, what: 'adds nobody: all whom it names may decide before it already' }]
        : []),
    ];
  });
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
