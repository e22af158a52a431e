/** The rotas of the people file: their form, what the form can't see, and the rotas as they are asked. */
import { z } from 'zod';
import type { PersonId } from '../contract/ids.js';
import { personId } from '../seal/shapes.js';
import { zoneProblem } from './condition-schema.js';
import { didYouMean } from './problems.js';
import type { FileRota, Override, Rota } from './rota.js';
import { dayOf, instantOf, timeOf } from './wall-time.js';

const text = z.string().max(64);

/** Of PagerDuty: a user (P…), or a schedule. */
export const pagerdutyId = z
  .string()
  .regex(/^[A-Z0-9]{4,32}$/, { error: 'must be an id of PagerDuty, such as PUSER01: upper-case letters and digits' });

const override = z.strictObject({ from: text, until: text, person: personId });

const rota = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, { error: 'must be the name of a rota: 1 to 64 letters, digits and . _ -' }),
  pagerduty: pagerdutyId.optional(),
  zone: text.optional(),
  from: text.optional(),
  handoff: text.optional(),
  every: z.enum(['week', 'day']).optional(),
  people: z.array(personId).min(1).max(200).optional(),
  overrides: z.array(override).max(1000).optional(),
});
export const rotas = z.array(rota).max(200);
type Entry = z.output<typeof rota>;

/** A mistake, and where it stands. */
export interface RotaProblem {
  readonly path: readonly PropertyKey[];
  readonly what: string;
  /** Where the first stands of what may stand once. */
  readonly first?: readonly PropertyKey[];
}

type Say = (path: readonly PropertyKey[], what: string, first?: readonly PropertyKey[]) => void;

const OWN = ['zone', 'from', 'handoff', 'every', 'people', 'overrides'] as const;
const NEEDED = ['zone', 'from', 'handoff', 'people'] as const;

/** What is wrong with rotas of the right form: names that are not there, times that are none, two people at one time. */
export function rotaProblems(entries: readonly Entry[], people: ReadonlySet<string>): readonly RotaProblem[] {
  const found: RotaProblem[] = [];
  entries.forEach((entry, i) => {
    const say: Say = (path, what, first) => found.push({ path: ['rotas', i, ...path], what, ...(first && { first }) });
    const same = entries.findIndex((other) => other.name === entry.name);
    if (same < i) say(['name'], `${entry.name} is used twice; each rota needs its own name`, ['rotas', same, 'name']);
    if (entry.pagerduty === undefined) ownProblems(entry, people, say);
    else
      for (const key of OWN)
        if (entry[key] !== undefined) say([key], `must not stand beside pagerduty, which alone says who is on call`);
  });
  return found;
}

function ownProblems(entry: Entry, people: ReadonlySet<string>, say: Say): void {
  for (const key of NEEDED) if (entry[key] === undefined) say([key], 'is missing; a rota has it, or else pagerduty');
  const unknown = entry.zone === undefined ? undefined : zoneProblem(entry.zone);
  if (unknown !== undefined) say(['zone'], unknown);
  if (entry.from !== undefined && dayOf(entry.from) === undefined) say(['from'], 'must be a date such as 2026-01-05');
  if (entry.handoff !== undefined && timeOf(entry.handoff) === undefined)
    say(['handoff'], 'must be a time of day such as "09:00"');
  entry.people?.forEach((id, i) => {
    if (!people.has(id)) say(['people', i], notThere(id, people));
  });
  if (entry.zone !== undefined && unknown === undefined) overrideProblems(entry, entry.zone, people, say);
}

function overrideProblems({ overrides = [] }: Entry, zone: string, people: ReadonlySet<string>, say: Say): void {
  const read = overrides.map((one) => overrideOf(one, zone));
  overrides.forEach(({ person }, i) => {
    const { from, until } = read[i] ?? {};
    if (!people.has(person)) say(['overrides', i, 'person'], notThere(person, people));
    if (from === undefined) say(['overrides', i, 'from'], WALL);
    if (until === undefined) say(['overrides', i, 'until'], WALL);
    if (from === undefined || until === undefined) return;
    if (until <= from) say(['overrides', i, 'until'], 'must be later than from');
    const other = read
      .slice(0, i)
      .find((one) => one.from !== undefined && one.until !== undefined && one.from < until && from < one.until);
    if (other) say(['overrides', i], 'overlaps one before it; one person is on call at a time');
  });
}

const notThere = (id: string, people: ReadonlySet<string>): string =>
  `${id} is not in the people file${didYouMean(id, [...people])}`;

const WALL = 'must be a day and a time such as "2026-02-01 09:00", by the clocks of the zone';

function overrideOf({ from, until, person }: z.output<typeof override>, zone: string) {
  return { from: wallInstant(from, zone), until: wallInstant(until, zone), person };
}

function wallInstant(said: string, zone: string): number | undefined {
  const [, date = '', time = ''] = /^(\S{10})[ T](\S{5})$/.exec(said) ?? [];
  const [day, ms] = [dayOf(date), timeOf(time)];
  return day === undefined || ms === undefined ? undefined : instantOf(zone, { day, ms });
}

/** Rotas in which `rotaProblems` found nothing. */
export function rotasOf(entries: readonly Entry[]): readonly Rota[] {
  return entries.map((entry) =>
    entry.pagerduty === undefined ? fileRota(entry) : { name: entry.name, pagerduty: entry.pagerduty },
  );
}

function fileRota({ name, zone = 'UTC', from = '', handoff = '', every, people = [], overrides = [] }: Entry): FileRota {
  const read = overrides.map((one) => overrideOf(one, zone));
  const whole = read.filter((one): one is Override => one.from !== undefined && one.until !== undefined);
  return {
    name,
    zone,
    from: dayOf(from) ?? 0,
    handoff: timeOf(handoff) ?? 0,
    days: every === 'day' ? 1 : 7,
    people: people as readonly PersonId[],
    overrides: [...whole].sort((a, b) => a.from - b.from),
  };
}
