/**
 * Places that list who holds what (an AWS account and a permission set), walked a part at each run: whoever is found there
 * and is of no elevation of ours is told as such, once, and never touched. Where the next run goes on stands in the store.
 */
import type { Instant } from '../contract/ids.js';
import type { Look, Walk, Walked } from '../contract/ports.js';
import { holderOf, type Target } from '../contract/request.js';
import { accountOf } from './drift.js';
import type { Failure, Looked } from './sights.js';

/** Places asked about in one run. With a run every five minutes, 6,000 of them take under two hours. */
const PLACES_MAX = 300;

/** What a walk came to. */
export interface Met {
  /** Who is there, and known from no elevation. */
  readonly strangers: readonly Looked[];
  /** How many places were asked about, and how many were not. */
  readonly places: number;
  readonly later: number;
  /** Where to go on, and what is no longer so. */
  readonly looks: readonly Look[];
}

export interface Stretch extends Walked {
  readonly walk: Walk;
}

/** The next places of each walk. One that fails keeps no other, and nothing else, from being looked at. */
export async function walkOn(
  walks: readonly Walk[],
  looks: readonly Look[],
  all: boolean,
  failures: Failure[],
): Promise<readonly Stretch[]> {
  const done: Stretch[] = [];
  for (const walk of walks) {
    const [after] = looks.find(({ target }) => target === bookmarkOf(walk))?.told ?? [];
    try {
      const walked = await walk.walk(all ? undefined : after, all ? Number.POSITIVE_INFINITY : PLACES_MAX);
      const [first] = walked.failures;
      if (first && walked.places.length === 0) failures.push(blind(walk, first.error));
      else failures.push(...walked.failures.map(({ place, error }) => ({ what: place, error })));
      done.push({ ...walked, walk });
    } catch (error) {
      failures.push(blind(walk, error));
    }
  }
  return done;
}

/** No place was seen at all: that is the far end, and not a place. */
const blind = ({ kind }: Walk, error: unknown): Failure => ({
  what: `everybody who holds something (${kind})`,
  error,
  wide: true,
});

/** The name under which it is kept how far a walk has come; no target has it. */
const bookmarkOf = ({ kind }: Walk): string => `walk/${kind}`;

interface Known {
  /** Those that an elevation, a trace of ours or the people file names, by `accountOf`. */
  readonly targets: ReadonlyMap<string, Target>;
  readonly byAccount: ReadonlyMap<string, Look>;
  readonly looks: readonly Look[];
  readonly at: Instant;
}

/** Compares who was met with who is known. Pure. */
export function meet(walked: readonly Stretch[], known: Known): Met {
  const places = walked.flatMap((stretch) => stretch.places);
  const strangers = places.flatMap(({ holders, observedAt, called }) =>
    holders
      .filter((target) => !known.targets.has(accountOf(target)))
      .map((target) => strangerOf(target, observedAt, known.byAccount.get(accountOf(target)), called?.get(holderOf(target)))),
  );
  const there = new Set(strangers.map(({ spot }) => spot.account));
  const asked = new Set(places.map(({ key }) => key));
  // Who was told of, and is there no more: should it come back, it is told of again.
  const left = known.looks.filter(
    ({ target, told }) => told.length > 0 && !there.has(target) && !known.targets.has(target) && asked.has(placeOf(target)),
  );
  return {
    strangers,
    places: places.length,
    later: walked.reduce((sum, { of, places: { length } }) => sum + Math.max(0, of - length), 0),
    looks: [
      ...walked.flatMap((stretch) => bookmark(stretch, known.at)),
      ...left.map((look) => ({ ...look, at: known.at, told: [] })),
    ],
  };
}

function strangerOf(target: Target, observedAt: Instant, look: Look | undefined, holder: string | undefined): Looked {
  const spot = { target, account: accountOf(target), live: undefined, ended: [], remnants: [], look, first: false };
  const present = { standing: true, observedAt, how: `${target.display} is given to somebody without an elevation.` };
  return { spot, sight: { ...spot, present, ...(holder ? { holder } : {}) } };
}

const placeOf = (account: string): string => account.slice(0, account.lastIndexOf('/'));

function bookmark({ walk, places, failures }: Stretch, at: Instant): readonly Look[] {
  // What could not be asked is asked at the next round: a place that always fails must not hold up the others.
  const last = [...places.map(({ key }) => key), ...failures.map(({ place }) => place)].at(-1);
  return last === undefined ? [] : [{ target: bookmarkOf(walk), at, told: [last] }];
}
