/** How sequences are drawn. */
import fc from 'fast-check';
import { type Act, type Name, POOLS, type PoolName, type Rule, type Sequence, type Setting, type Stage, VOTERS } from './plan.js';
import { isSound } from './town.js';

const often = <T>(arbitrary: fc.Arbitrary<T>, weight: number) => ({ weight, arbitrary });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const lengths = fc.constantFrom([5], [5, 10], [5, 10], [5, 10, 15], [10, 15]);

const stage: fc.Arbitrary<Stage> = fc
  .record({
    groups: fc.constantFrom<PoolName[]>(['a'], ['a'], ['b'], ['c'], ['a', 'b'], ['b', 'c']),
    // Some rules name by person whoever asks: their approval must not count all the same.
    people: fc.constantFrom<Name[]>([], [], [], ['v3'], ['asker', 'holder'], ['asker', 'v2']),
    quorum: fc.constantFrom(1, 1, 2, 2, 3),
    later: maybe(fc.record({ group: fc.constantFrom(...POOLS), begun: fc.boolean() })),
  })
  .map(({ later, ...one }) => (later && !one.groups.includes(later.group) ? { ...one, later } : one));

/** Nobody joins the approvers of an extension by waiting. */
const extensionStage = stage.map(({ later: _, ...one }) => one);
const extend = fc.oneof(
  fc.constant({ times: 0 }),
  fc.record({
    times: fc.constantFrom(undefined, 1, 2),
    windows: fc.constantFrom(undefined, [5], [5, 10]),
    by: maybe(extensionStage),
  }),
);
const limits = fc.constantFrom({ live: 1 }, { live: 2 }, { perHour: 1 }, { perHour: 2 }, { coolDown: 30 });

/** Who it is that breaks it is named among the reviewers at times, and must not count all the same. */
const glass = fc.record({
  may: fc.constantFrom<Name[]>(['asker'], ['asker'], ['asker', 'holder'], ['holder']),
  most: fc.constantFrom(0, -1),
  review: fc.constantFrom<PoolName[]>(['a'], ['b'], ['b', 'c']),
  named: fc.constantFrom<Name[]>([], ['asker']),
});

const rule: fc.Arbitrary<Rule> = fc
  .record({
    stages: fc.oneof(often(fc.tuple(stage), 3), often(fc.tuple(stage, stage), 2)),
    windows: lengths,
    room: fc.constantFrom(0, 5, 10, 15),
    extend: maybe(extend),
    ownPerDay: fc.constantFrom(undefined, undefined, 1, 2),
    limits: maybe(limits),
    starts: fc.constantFrom(true, true, true, false),
    glass: fc.option(glass, { nil: undefined, freq: 3 }),
  })
  .map(({ room, windows, extend: more, ownPerDay, glass: broken, ...rest }) => ({
    ...rest,
    glass: broken && { ...broken, max: windows.at(broken.most) ?? 5 },
    windows,
    max: (windows.at(-1) ?? 5) + room,
    // Where there is never room for one the file is refused, and so is a word of the policy's own that it can never give.
    ...(more && (more.times === 0 || (windows.at(-1) ?? 5) + room - (windows[0] ?? 5) >= 5) ? { extend: more } : {}),
    ...(windows[0] === 5 ? { ownPerDay } : {}),
  }))
  .filter(isSound);

const someone = fc.constantFrom<Name>(...VOTERS, ...VOTERS, ...VOTERS, ...VOTERS, 'asker', 'holder', 'stranger');
const voter = fc.constantFrom<Name>(...VOTERS);
const owner = fc.constantFrom<Name>('asker', 'asker', 'holder', 'stranger');
const minutes = fc.constantFrom(5, 5, 10, 10, 15);
const groups = fc.subarray([...POOLS]);

const click = fc.record({
  do: fc.constant('approve' as const),
  who: someone,
  minutes,
  door: fc.boolean(),
  account: fc.constantFrom<(0 | 1)[]>(0, 0, 1),
});
const extensionClick = click.map((one) => ({ ...one, do: 'ext-approve' as const }));
const asked = fc.record({ do: fc.constant('extend' as const), who: owner, minutes: fc.constantFrom(5, 5, 10) });

const act: fc.Arbitrary<Act> = fc.oneof(
  often(click, 22),
  often(extensionClick, 4),
  often(asked, 4),
  often(fc.record({ do: fc.constantFrom('deny' as const, 'ext-deny' as const), who: someone }), 2),
  often(fc.record({ do: fc.constantFrom('revoke' as const, 'end' as const, 'withdraw' as const), who: someone }), 1),
  often(fc.record({ do: fc.constant('leave' as const), who: voter }), 2),
  often(fc.record({ do: fc.constant('leave' as const), who: owner }), 1),
  often(fc.record({ do: fc.constant('return' as const), who: someone }), 2),
  often(fc.record({ do: fc.constant('move' as const), who: someone, to: groups }), 2),
  often(fc.record({ do: fc.constant('reload' as const), rule: fc.constantFrom(0, 1, 1, 2) }), 3),
  often(fc.record({ do: fc.constant('ask-more' as const), minutes: fc.constantFrom(5, 10) }), 2),
);
/** Few come as far as an extension by chance. */
const longer = fc.oneof(fc.constant([]), fc.tuple(asked, extensionClick, extensionClick), fc.tuple(asked, extensionClick, asked));

/** Most who may decide are of one group, so that quorums are met often enough. */
const voterGroups = fc.constantFrom<PoolName[]>(['a'], ['a', 'b'], ['a', 'c'], ['b'], ['a', 'b', 'c'], ['b', 'c']);
const ownerGroups = fc.constantFrom<PoolName[]>([], [], ['a'], ['a', 'b', 'c']);

export const sequence: fc.Arbitrary<Sequence> = fc
  .record({
    setting: fc
      .record({
        rules: fc.tuple(rule, rule, rule),
        groups: fc.record({
          asker: ownerGroups,
          holder: ownerGroups,
          v0: voterGroups,
          v1: voterGroups,
          v2: voterGroups,
          v3: voterGroups,
          stranger: fc.constant([]),
        }),
        which: fc.nat(2),
        onBehalf: fc.constantFrom(false, false, true),
        how: fc.constantFrom<Setting['how'][]>('now', 'now', 'now', 'later', 'glass'),
        reviewer: someone,
        last: fc.constantFrom('time' as const, 'time' as const, 'person' as const, 'revoke' as const),
      })
      .map(
        ({ which, ...rest }): Setting => ({
          ...rest,
          // The glass is broken for oneself alone; now and then somebody tries for another.
          onBehalf: rest.onBehalf && (rest.how !== 'glass' || which === 0),
          minutes: rest.rules[0].windows[which % rest.rules[0].windows.length] ?? 5,
        }),
      ),
    acts: fc.array(act, { minLength: 4, maxLength: 11, size: 'max' }),
    longer,
  })
  .map(({ setting, acts, longer: more }) => ({ setting, acts: [...acts, ...more] }));
