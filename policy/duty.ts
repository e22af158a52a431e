/** Who is on call for a rota by its name: of the people file's own rotas, and of those that PagerDuty keeps. */
import { foldAddress } from '../contract/address.js';
import { StintError } from '../contract/errors.js';
import type { PersonId } from '../contract/ids.js';
import type { Person } from '../contract/ports.js';
import { withRotas } from './on-call.js';
import type { PeopleFile } from './people.js';
import { everOn, isPaged, type PagedRota, type Rota, type Shift, shiftAt } from './rota.js';

/** Who is on call for a rota now; undefined where there is no such rota. Throws `oncall-unavailable` where it can't be said. */
export type Duty = (rota: string) => Promise<Shift | undefined>;

/** A user of PagerDuty who is on call. */
export interface PagedUser {
  readonly id: string;
  readonly email?: string | undefined;
  /** Until when they are on call, in milliseconds since 1970; undefined where that has no end. */
  readonly until?: number | undefined;
}

/** The users on call for a schedule of PagerDuty now; at least one. Throws `oncall-unavailable`. */
export type Paged = (schedule: string) => Promise<readonly PagedUser[]>;

/** Who is on call as it is asked. `now` answers milliseconds since 1970. */
export function dutyOf({ people, rotas }: PeopleFile, paged: Paged, now: () => number): Duty {
  const byName = named(rotas);
  return async (name) => {
    const rota = byName.get(name);
    if (!rota) return undefined;
    return isPaged(rota) ? pagedShift(rota, people, await paged(rota.pagerduty)) : shiftAt(rota, now());
  };
}

/** Where PagerDuty is not set up. */
export const unpaged: Paged = async (schedule) => {
  throw new StintError(
    'oncall-unavailable',
    `Who is on call by the schedule ${schedule} is known to PagerDuty alone, and STINT_PAGERDUTY_TOKEN is not set.`,
  );
};

/**
 * Everybody who may ever be on call, by rota: what checks and comparisons of files go by, so that they say the same at every
 * hour. Of a schedule in PagerDuty that may be everybody whom PagerDuty could mean.
 */
export function everOnDuty({ people, rotas }: PeopleFile): ReadonlyMap<string, readonly PersonId[]> {
  const pageable = people.filter((p) => p.pagerdutyUserId !== undefined || p.email !== undefined).map((p) => p.personId);
  return new Map(rotas.map((rota) => [rota.name, isPaged(rota) ? pageable : everOn(rota)]));
}

/** Everybody of the file with all rotas among their groups that they may ever be on call for. */
export function withEveryRota(file: PeopleFile): readonly Person[] {
  return withRotas(file.people, everOnDuty(file));
}

/** These people as on call for these rotas, for as long as one likes. */
export function dutyAsSaid(said: ReadonlyMap<string, readonly PersonId[]>): Duty {
  return async (name) => {
    const people = said.get(name);
    return people && { people };
  };
}

function named(rotas: readonly Rota[]): ReadonlyMap<string, Rota> {
  return new Map(rotas.map((rota) => [rota.name, rota]));
}

/** People whom the file doesn't know are on call, and count for nothing here. */
function pagedShift({ name }: PagedRota, people: readonly Person[], users: readonly PagedUser[]): Shift {
  const ends = users.flatMap(({ until }) => until ?? []);
  const on = { people: [...new Set(users.flatMap((user) => personOf(name, people, user) ?? []))] };
  return ends.length === 0 ? on : { ...on, untilMs: Math.min(...ends) };
}

/**
 * By the id, and only where the file names none by the address, in which letter case makes no difference: no two people of a file share
 * one. Two matches are none: throws `oncall-unavailable`.
 */
function personOf(rota: string, people: readonly Person[], { id, email }: PagedUser): PersonId | undefined {
  const byId = people.filter((p) => p.pagerdutyUserId === id);
  const address = email === undefined ? undefined : foldAddress(email);
  const byMail = people.filter(
    (p) => p.pagerdutyUserId === undefined && p.email !== undefined && foldAddress(p.email) === address,
  );
  const [one, other] = [...byId, ...byMail];
  if (one === undefined || other === undefined) return one?.personId;
  throw new StintError(
    'oncall-unavailable',
    `Who is on call for ${rota} can't be told: the user ${id} of PagerDuty is ${one.personId} by id, or ${other.personId} by e-mail address. Give ${other.personId} their own pagerduty id in the people file.`,
  );
}
