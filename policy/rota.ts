/**
 * Who is on call by a rota of the people file. Pure: the people take turns, and a turn ends when the wall clocks of the
 * rota's zone show the hour of the handoff. From its first turn on, exactly one person is on call at every instant.
 */
import type { PersonId } from '../contract/ids.js';
import { instantOf, wallAt, wallText } from './wall-time.js';

const PREFIX = 'oncall:';

/** What a policy calls a rota where it names groups. */
export function rotaGroup(rota: string): string {
  return `${PREFIX}${rota}`;
}

/** The rota that a group of a policy stands for; undefined for any other group. */
export function rotaName(group: string): string | undefined {
  return group.startsWith(PREFIX) ? group.slice(PREFIX.length) : undefined;
}

/** A rota that the people file itself keeps. */
export interface FileRota {
  readonly name: string;
  /** An IANA zone. */
  readonly zone: string;
  /** The day of the first turn, in days since 1970-01-01, as the zone counts them. */
  readonly from: number;
  /** Milliseconds since midnight, on the wall. */
  readonly handoff: number;
  /** Days of a turn. */
  readonly days: 1 | 7;
  /** In the order of their turns; at least one. */
  readonly people: readonly PersonId[];
  /** None overlaps another; in the order of time. From and until in milliseconds since 1970. */
  readonly overrides: readonly Override[];
}

export interface Override {
  readonly from: number;
  readonly until: number;
  readonly person: PersonId;
}

/** A rota that PagerDuty keeps: a schedule there. */
export interface PagedRota {
  readonly name: string;
  readonly pagerduty: string;
}

export type Rota = FileRota | PagedRota;

/** Who is on call, and until when at the latest that stays so. */
export interface Shift {
  readonly people: readonly PersonId[];
  /** Such as `09:00` or `2026-01-12 09:00`, on the rota's own wall. Absent where nobody says. */
  readonly until?: string;
  /** The same, in milliseconds since 1970. */
  readonly untilMs?: number;
}

export const isPaged = (rota: Rota): rota is PagedRota => 'pagerduty' in rota;

/** Who is on call at an instant, in milliseconds since 1970. Before the first turn nobody is. */
export function shiftAt(rota: FileRota, now: number): Shift {
  const { from, until, person } = turnAt(rota, now);
  const override = rota.overrides.find((one) => one.from <= now && now < one.until);
  const next = rota.overrides.find((one) => one.from > now);
  const ends = override ? override.until : Math.min(until, next?.from ?? until);
  const who = override?.person ?? (now < from ? undefined : person);
  return { people: who === undefined ? [] : [who], until: wallText(rota.zone, ends, now), untilMs: ends };
}

/** The turn in which an instant lies. An instant before the first turn lies in none: its `from` is then still to come. */
function turnAt(rota: FileRota, now: number): Override {
  const { zone, from, days, people } = rota;
  // The day on the wall is at most one turn off: before the hour of the handoff, or in an hour that shows twice.
  const about = Math.max(0, Math.floor((wallAt(zone, now).day - from) / days));
  const turns = [about + 1, about, about - 1].filter((turn) => turn >= 0);
  const turn = turns.find((one) => handoffOf(rota, one) <= now) ?? 0;
  const [begins, ends] = [handoffOf(rota, turn), handoffOf(rota, turn + 1)];
  const person = people[turn % people.length];
  if (person === undefined) throw new TypeError(`the rota ${rota.name} has nobody in it`);
  return { from: begins, until: now < begins ? begins : ends, person };
}

function handoffOf({ zone, from, handoff, days }: FileRota, turn: number): number {
  return instantOf(zone, { day: from + turn * days, ms: handoff });
}

/** Everybody who may ever be on call by a rota of the file. */
export function everOn({ people, overrides }: FileRota): readonly PersonId[] {
  return [...new Set([...people, ...overrides.map(({ person }) => person)])];
}
