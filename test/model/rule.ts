/**
 * The rule of a world, and how each of its requests is asked, as plain data that a person can read when a failure was made small.
 * Lengths are in minutes. The model goes by this data; the product reads it as a policy file.
 */
import fc from 'fast-check';
import type { PersonId } from '../../contract/ids.js';
import type { ElevationRequest } from '../../contract/request.js';

/** Who decides. Ada asks, and so she never does, although she is one of her peers. */
const POOLS = {
  it: { file: { groups: ['it'] }, people: ['grace', 'linus'] },
  peers: { file: { groups: ['staff'] }, people: ['grace', 'mallory'] },
  security: { file: { groups: ['security'] }, people: ['linus', 'mallory'] },
  manager: { file: { manager: true }, people: ['linus'] },
} as const;
export const MANAGER = 'linus' as PersonId;
export const SECURITY: readonly string[] = POOLS.security.people;

export interface Stage {
  readonly of: keyof typeof POOLS;
  readonly quorum: 1 | 2;
}

/** Every pool here lets a break-glass be reviewed by those of IT; Ada is named, too, and must never count. */
export const REVIEWERS: readonly string[] = POOLS.it.people;

export interface Rule {
  readonly stages: readonly Stage[];
  readonly max: number;
  readonly extend?: { readonly times: number; readonly by: Stage } | undefined;
  /** So many of one person at once. */
  readonly live?: number | undefined;
  /** The policy itself approves up to ten minutes, so many times a day. */
  readonly ownPerDay?: number | undefined;
  readonly later?: { readonly missed: number } | undefined;
  /** Who may break the glass, and for how long at most. `incident`: what its id has to look like. */
  readonly glass?: { readonly may: string; readonly max: number; readonly incident?: string } | undefined;
}

/** A request names its start so long ahead. */
export const AHEAD_MS = 3 * 60_000;
export const INCIDENT = '^INC-[0-9]+$';
const glass = (minutes: number, incident: string, drill?: true) => ({
  windowMs: minutes * 60_000,
  breakGlass: { incident, ...(drill && { drill }) },
});
export type HowAsked = Partial<Pick<ElevationRequest, 'windowMs' | 'breakGlass'>> & { readonly aheadMs?: number };
/** How a request is asked: of ten minutes and for now, but for this. */
export const ASKS = {
  now: {},
  later: { aheadMs: AHEAD_MS },
  glass: glass(5, 'INC-417'),
  'too much glass': glass(10, 'INC-417'),
  'glass without an incident': glass(5, 'none'),
  drill: glass(5, 'INC-417', true),
} satisfies { readonly [how: string]: HowAsked };
export type Ask = keyof typeof ASKS;

export const PLAIN: Rule = { stages: [{ of: 'it', quorum: 1 }], max: 15 };

const it = (quorum: 1 | 2): Stage => ({ of: 'it', quorum });
const one = (of: Stage['of']): Stage => ({ of, quorum: 1 });
/** One time in so many. */
const oneIn = <T>(times: number, arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: times - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

export const rules: fc.Arbitrary<Rule> = fc.record({
  stages: fc.constantFrom<Stage[]>(
    [it(1)],
    [it(1)],
    [it(1)],
    [it(2)],
    [one('peers')],
    [one('manager')],
    [it(1), one('security')],
    [one('peers'), one('manager')],
  ),
  max: fc.constantFrom(15, 20),
  extend: oneIn(2, fc.record({ times: fc.constantFrom(0, 1, 2), by: fc.constantFrom(it(1), it(2), one('manager')) })),
  live: oneIn(4, fc.constant(1)),
  ownPerDay: oneIn(8, fc.constant(1)),
  later: oneIn(2, fc.constant({ missed: 2 })),
  glass: oneIn(
    2,
    fc.record({ may: fc.constantFrom('ada', 'ada', 'mallory'), max: fc.constant(5), incident: fc.constant(INCIDENT) }),
  ),
});

const ask = fc.constantFrom<Ask[]>(
  ...Array<Ask>(6).fill('now'),
  'later',
  'later',
  'glass',
  'glass',
  'too much glass',
  'glass without an incident',
  'drill',
);
export const asks = fc.tuple(ask, ask, ask);

/** Those who may decide by this pool, as long as they are there. */
export const peopleOf = ({ of }: Stage): readonly string[] => POOLS[of].people;

/** How many extensions, and who decides them: where the rule says nothing, as the request. */
export function extensionOf({ extend, stages }: Rule): { readonly times: number; readonly stages: readonly Stage[] } {
  return extend ? { times: extend.times, stages: [extend.by] } : { times: Number.POSITIVE_INFINITY, stages };
}

/** Whether different people can take all seats of these stages: by trying. */
export function isFilled(stages: readonly Stage[], people: readonly string[]): boolean {
  const seats = stages.flatMap((stage) => Array.from({ length: stage.quorum }, () => peopleOf(stage)));
  const seated = ([seat, ...more]: typeof seats, left: readonly string[]): boolean =>
    !seat ||
    left.some(
      (who) =>
        seat.includes(who) &&
        seated(
          more,
          left.filter((other) => other !== who),
        ),
    );
  return seated(seats, [...new Set(people)]);
}

/** The policy file that says so. JSON is YAML. */
export function policyText({ stages, max, extend, live, ownPerDay, later, glass: broken }: Rule): string {
  const pool = (stage: Stage) => ({ ...POOLS[stage.of].file, quorum: stage.quorum });
  const [first] = stages;
  return JSON.stringify({
    version: 1,
    deadlines: { pending: '10m', start: '5m', evidence: '2m' },
    targets: [
      {
        id: 'macs',
        kind: 'mac-admin',
        match: { serials: ['*'] },
        ask: { people: ['ada'] },
        approve: {
          ...(stages.length === 1 && first ? pool(first) : { stages: stages.map(pool) }),
          ...(ownPerDay && { policy: { upTo: '10m', perDay: ownPerDay } }),
        },
        windows: ['5m', '10m', '15m'],
        max: `${max}m`,
        ...(extend && { extend: extend.times === 0 ? { times: 0 } : { times: extend.times, approve: pool(extend.by) } }),
        ...(live && { limits: { live } }),
        ...(later && { later: { ahead: '1h', missed: `${later.missed}m` } }),
        ...(broken && {
          breakGlass: {
            ask: { people: [broken.may] },
            max: `${broken.max}m`,
            ...(broken.incident && { incident: broken.incident }),
            review: { groups: ['it'], people: ['ada'] },
          },
        }),
      },
    ],
  });
}
