/**
 * The approval of one request, stage by stage: who may take a seat in which, how far it is, and whose approval brings it
 * forward. People sit in one stage only; a vote for a later stage that comes early counts all the same.
 */
import type { PersonId } from '../contract/ids.js';
import type { Person } from '../contract/ports.js';
import type { StageCount } from '../contract/verdict.js';
import { reached, type Wait } from './escalation.js';
import { type Managing, managing } from './managers.js';
import { poolName, poolsOf } from './pools.js';
import { includes, type Rule, type Who } from './rules.js';
import { fills, seated, taken } from './seats.js';

export interface Stage {
  readonly name: string;
  readonly quorum: number;
  readonly who: Who;
  /** Where it asks the manager: who that is now, or why it is nobody. */
  readonly manager?: Managing;
  /** Whether an approval of this person counts here: active, meant, and none of those whose request it is. */
  readonly may: (person: Person) => boolean;
}

/** In order; all have to be satisfied, nobody counted twice in them. Of two policies each has its own. */
export type Plan = readonly Stage[];

/** Whose approval it is. */
interface Askers {
  /** The requester and the subject, who never count. */
  readonly own: readonly PersonId[];
  /** Absent: not in the people file. */
  readonly subject?: Person | undefined;
  /** Managers and who stands in for them, by id. */
  readonly find: (personId: PersonId) => Person | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** How it has waited, for steps that widen a pool; without it none does. */
  readonly wait?: Wait | undefined;
}

/** The stages of a rule for one request. */
export function planOf(rule: Rule, { own, subject, wait, ...staff }: Askers): Plan {
  return poolsOf(rule).map((pool) => {
    const manager = pool.manager && subject ? managing(subject, own, staff) : undefined;
    const named = [pool, ...reached(pool.escalate, wait)];
    const who = { groups: named.flatMap(({ groups }) => groups), people: named.flatMap(({ people }) => people) };
    const meant = (person: Person) => includes(who, person) || person.personId === manager?.person?.personId;
    return {
      name: poolName(pool),
      quorum: pool.quorum,
      who,
      ...(manager ? { manager } : {}),
      // People are compared by person id: a second Slack account of the requester is the requester (invariants I2, I3).
      may: (person) => person.active && !own.includes(person.personId) && meant(person),
    };
  });
}

/** How many seats of each stage these people take. */
export function countOf(plan: Plan, people: readonly Person[]): readonly StageCount[] {
  const masks = masksOf(plan, people);
  const counts = taken(quorumsOf(plan), masks);
  return plan.map(({ name, quorum }, i) => ({ name, quorum, approved: counts[i] ?? 0 }));
}

/** Whether these people fill every seat. A plan without seats is none: nothing is satisfied by it. */
export function isFilled(plan: Plan, people: readonly Person[]): boolean {
  return plan.length > 0 && countOf(plan, people).every(isFull);
}

/** Up to the stage that is asked now, which is the first that is not full; none where all are. */
export function askedStages(plan: Plan, approved: readonly Person[]): Plan {
  return plan.slice(0, countOf(plan, approved).findIndex((stage) => !isFull(stage)) + 1);
}

/** Of a pool, who would fill one more seat of the stage that is asked now: the first that is not full. */
export function askedNow(plan: Plan, approved: readonly Person[], pool: readonly Person[]): readonly Person[] {
  const quorums = quorumsOf(askedStages(plan, approved));
  if (quorums.length === 0) return [];
  const masks = masksOf(plan, approved);
  const helps = new Map<number, boolean>();
  return pool.filter((person) => {
    const mask = maskOf(plan, person);
    const help = helps.get(mask) ?? fills(quorums, masks, mask);
    helps.set(mask, help);
    return help && !approved.some(({ personId }) => personId === person.personId);
  });
}

/** Whether some of these people would satisfy `after` who do not satisfy `before`. */
export function letsMore(before: Plan, after: Plan, people: readonly Person[]): boolean {
  const [was, is] = [quorumsOf(before), quorumsOf(after)];
  const all = [...new Map(people.map((person) => [person.personId, person])).values()];
  const seats = is.reduce((sum, quorum) => sum + quorum, 0);
  if (seated(is, masksOf(after, all)) < seats) return false;
  // `before` fails where too few come of those who may sit in some of its stages. Everybody else may come; of these, so
  // many have to as fill the seats that are left.
  return choices(was).some(({ chosen, quorum }) => {
    const others = all.filter((person) => (maskOf(before, person) & chosen) === 0);
    return seats - seated(is, masksOf(after, others)) < quorum;
  });
}

/** Every choice of stages, and the seats in it. */
function choices(quorums: readonly number[]): readonly { readonly chosen: number; readonly quorum: number }[] {
  return Array.from({ length: 2 ** quorums.length }, (_, chosen) => ({
    chosen,
    quorum: quorums.reduce((sum, quorum, i) => sum + ((chosen >> i) & 1 ? quorum : 0), 0),
  }));
}

export function isFull({ quorum, approved }: StageCount): boolean {
  return approved >= quorum;
}

function quorumsOf(plan: Plan): readonly number[] {
  return plan.map(({ quorum }) => quorum);
}

/**
 * One mask for each person: who is named twice is one. Of those who could sit in the same stages more than there are seats are
 * left out: they change nothing, and a pool may be of thousands.
 */
function masksOf(plan: Plan, people: readonly Person[]): readonly number[] {
  const seats = quorumsOf(plan).reduce((sum, quorum) => sum + quorum, 0);
  const counts = new Map<number, number>();
  const each = [...new Map(people.map((person) => [person.personId, person])).values()];
  return each
    .map((person) => maskOf(plan, person))
    .filter((mask) => {
      const count = (counts.get(mask) ?? 0) + 1;
      counts.set(mask, count);
      return count <= seats;
    });
}

function maskOf(plan: Plan, person: Person): number {
  return plan.reduce((mask, stage, i) => mask | (stage.may(person) ? 1 << i : 0), 0);
}
