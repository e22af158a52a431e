/** What another policy changes for people: everything that the decisions would show, and nothing else. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Person } from '../../contract/ports.js';
import type { Verdict } from '../../contract/verdict.js';
import { decide } from '../../policy/decide.js';
import { type ChangeGroup, diffPolicies, type PolicyDiff } from '../../policy/diff.js';
import { parsePolicy } from '../../policy/load.js';
import type { Policy } from '../../policy/rules.js';
import { ADA, EVERYBODY, factsOf, GRACE, LINUS, MALLORY, MIN, NOW, person, policyOf, requestOf, roundOf } from './world.js';

const people = [ADA, GRACE, LINUS, MALLORY];
const diff = (change: Parameters<typeof policyOf>[0], who: readonly Person[] = people): PolicyDiff =>
  diffPolicies(policyOf(), policyOf(change), who);
const STAFF_MACS = ['C02ADA01 of ada', 'C02GRACE01 of grace', 'C02LINUS01 of linus'];

describe('a policy that differs', () => {
  it('in nothing changes nothing', () => {
    expect(diff({})).toEqual({ groups: [], compared: { people: 4, macs: 4, awsTargets: 0 }, complete: true });
  });

  it('in who may ask is wider for them alone, and narrower the other way round', () => {
    const group = { people: ['mallory'], targets: ['C02MALLORY01 of mallory'], other: [] };
    const line = 'rule macs: 5m, 10m, 15m, 30m, up to 30m in all, 1 approval needed of group it';
    // By a rule that lets people ask for others they ask for one another from then on, or no more.
    const forOthers = (change: { widened: string[]; narrowed: string[] }) => [
      { people: ['mallory'], targets: STAFF_MACS, ...change, other: [] },
      { people: ['ada', 'grace', 'linus'], targets: group.targets, ...change, other: [] },
    ];
    expect(diff({ ask: '{ groups: [staff, contractors] }' }).groups).toEqual([
      { ...group, widened: [`may ask now, by ${line}`], narrowed: [] },
      ...forOthers({ widened: ['may ask for others now, by the rule macs'], narrowed: [] }),
    ]);
    expect(diffPolicies(policyOf({ ask: '{ groups: [staff, contractors] }' }), policyOf(), people).groups).toEqual([
      { ...group, widened: [], narrowed: [`may ask no more; could by ${line}`] },
      ...forOthers({ widened: [], narrowed: ['may ask for others no more; could by the rule macs'] }),
    ]);
  });

  it.each([
    [{ windows: '[5m, 10m, 15m, 30m, 1h]', max: '1h' }, ['may ask for 1h', 'up to 1h in all, was 30m'], []],
    [{ windows: '[5m, 15m]' }, [], ['may no longer ask for 10m, 30m']],
    [{ windows: '[5m, 7m, 10m, 15m, 30m]', max: '45m' }, ['may ask for 7m', 'up to 45m in all, was 30m'], []],
  ])('in lengths (%j) says which are wider and which narrower', (change, widened, narrowed) => {
    expect(diff(change).groups).toEqual([
      { people: ['ada', 'grace', 'linus'], targets: STAFF_MACS, widened, narrowed, other: [] },
    ]);
  });

  it.each([
    ['limits: { live: 2 }', 'limits: { live: 3 }', ['at once by the rule: 3, was 2'], []],
    ['limits: { coolDown: 1h }', 'limits: { coolDown: 30m }', ['pause after a revoke by the rule: 30m, was 1h'], []],
    [
      'limits: { live: 2 }',
      'limits: { perWeek: 20h, live: 2, perHour: 5 }',
      [],
      ['requests an hour by the rule: 5, was no limit', 'access a week by the rule: 20h, was no limit'],
    ],
  ])('in limits (%s, then %s) says which are wider and which narrower', (was, is, widened, narrowed) => {
    const [one, other] = [was, is].map((more) => policyOf({ more: `    ${more}` }));
    if (!one || !other) throw new Error('two were made');
    expect(diffPolicies(one, other, people).groups).toMatchObject([{ widened, narrowed, other: [] }]);
    expect(diffPolicies(other, one, people).groups[0]?.widened).toHaveLength(narrowed.length);
  });

  it('in the quorum is narrower, and says where it cannot be reached', () => {
    expect(diff({ approve: '{ groups: [it], quorum: 2 }' }).groups).toEqual([
      { people: ['ada'], targets: ['C02ADA01 of ada'], widened: [], narrowed: ['2 approvals needed, was 1'], other: [] },
      {
        people: ['grace', 'linus'],
        targets: STAFF_MACS.slice(1),
        widened: [],
        narrowed: ['2 approvals needed, was 1', 'too few people could approve it now'],
        other: [],
      },
    ]);
  });

  it('in stages says whether others could approve it now, seen from the very people', () => {
    const all = [...people, person('sue', { groups: ['security'] })];
    const pool = policyOf({ approve: '{ groups: [it, security], quorum: 2 }' });
    const stages = policyOf({ approve: '{ stages: [{ groups: [it] }, { groups: [security] }] }' });
    const words = (before: Policy, after: Policy) =>
      diffPolicies(before, after, all).groups.map(({ people: who, widened, narrowed }) => ({ who, widened, narrowed }));
    const needed = (now: string, was: string) => [`approvals needed: ${now}, was ${was}`];
    const [one, two] = ['2 of it or security', '1 of it, then 1 of security'];
    // For ada two of it were enough. Grace and linus have one colleague in it and one in security: both, whichever way it is said.
    expect(words(pool, stages)).toEqual([{ who: ['ada'], widened: [], narrowed: needed(two, one) }]);
    expect(words(stages, pool)).toEqual([{ who: ['ada'], widened: needed(one, two), narrowed: [] }]);
  });

  it('in asking a manager names who that is for each', () => {
    const mine = people.map((one) => (one === ADA ? { ...one, manager: MALLORY.personId } : one));
    const { groups } = diffPolicies(policyOf(), policyOf({ approve: '{ groups: [it], manager: true }' }), mine);
    expect(groups).toMatchObject([
      { people: ['ada'], widened: ['approvals needed: 1 of it or manager, was 1 of it', 'could be approved also by mallory'] },
    ]);
  });

  it('in approvers names them, and nobody as their own', () => {
    const { groups } = diff({ approve: '{ groups: [contractors], people: [ada] }' });
    expect(groups.map(({ people: who, widened, narrowed }) => ({ who, widened, narrowed }))).toEqual([
      {
        who: ['ada'],
        widened: ['could be approved also by mallory'],
        narrowed: ['could be approved no more by grace, linus'],
      },
      {
        who: ['grace'],
        widened: ['could be approved also by ada, mallory'],
        narrowed: ['could be approved no more by linus'],
      },
      {
        who: ['linus'],
        widened: ['could be approved also by ada, mallory'],
        narrowed: ['could be approved no more by grace'],
      },
    ]);
  });

  it('in what gives nobody more or less access says so apart', () => {
    const { groups } = diff({
      revoke: '{ groups: [it] }',
      more: '    tier: 1\n    channel: C0123\n    deadlines: { pending: 1h }',
    });
    expect(groups).toMatchObject([
      {
        widened: [],
        narrowed: [],
        other: [
          'tier 1, was none',
          'decided in the channel C0123, was of the configuration',
          'revoked also by group it, was group it, group security',
          'lapses undecided after 1h, was 1d',
        ],
      },
    ]);
  });

  it('only for somebody who left changes nothing', () => {
    const trent = person('trent', { active: false, groups: ['contractors'] });
    const found = diff({ ask: '{ groups: [staff, contractors] }' }, [ADA, GRACE, trent]);
    expect(found).toMatchObject({ groups: [], compared: { people: 2, macs: 2 } });
  });
});

/** A policy of these rules for AWS, in this order. */
const aws = (...rules: readonly (readonly [id: string, match: string, ask: string, rest?: string])[]): Policy =>
  parsePolicy(
    `version: 1\ntargets:\n${rules
      .map(
        ([id, match, ask, rest = '']) =>
          `  - { id: ${id}, kind: aws-permission-set, match: { ${match} }, ask: { groups: [${ask}] }, approve: { groups: [it] }, windows: [10m], max: 10m${rest} }\n`,
      )
      .join('')}`,
    'policy.yaml',
  );
const PROD = ['prod', 'ous: [Production], sets: [Read*]', 'staff'] as const;
const TIER0 = ['tier-0', 'tags: { tier: "0" }', 'it', ', tier: 0'] as const;

describe('on AWS', () => {
  it('shows one example of each kind of target that changes, in the words of the rules', () => {
    const { groups, compared } = diffPolicies(aws(PROD), aws(TIER0, PROD), [ADA, GRACE, MALLORY]);
    expect(compared).toMatchObject({ awsTargets: 3 });
    expect(groups.map(({ people: who, targets, widened, other }) => ({ who, targets, widened, other }))).toEqual([
      {
        who: ['grace'],
        targets: ['tag tier=0'],
        widened: ['may ask now, by rule tier-0: 10m, up to 10m in all, 1 approval needed of group it, but too few people could'],
        other: [],
      },
      {
        who: ['grace'],
        targets: ['in Production, set Read*, tag tier=0'],
        widened: [],
        other: ['rule tier-0, was prod', 'tier 0, was none'],
      },
    ]);
  });

  it('groups those for whom the same targets change in the same way', () => {
    const wider = [PROD[0], 'ous: [Production, Test], sets: [Read*]', PROD[2]] as const;
    const { groups } = diffPolicies(aws(PROD), aws(wider), [ADA, person('bob'), GRACE, LINUS]);
    expect(groups).toMatchObject([{ people: ['ada', 'bob', 'grace', 'linus'], targets: ['in Test, set Read*'] }]);
  });
});

/** What a verdict without votes lets somebody do. */
const access = ({ outcome, windowsMs, maxWindowMs, quorum, approvers }: Verdict) =>
  outcome === 'deny' ? 'none' : JSON.stringify({ windowsMs, maxWindowMs, quorum, approvers });

it('says of a person and a Mac that access changes exactly where the decision changes', () => {
  const who = fc.subarray(['staff', 'it', 'security', 'contractors'], { minLength: 1 }).map((all) => `{ groups: [${all}] }`);
  const policies = fc
    .record({
      ask: who,
      approve: fc.tuple(fc.constantFrom('it', 'it, staff', 'security'), fc.integer({ min: 1, max: 3 })),
      windows: fc.constantFrom('[10m]', '[5m, 10m]', '[10m, 15m]'),
      max: fc.constantFrom('15m', '30m'),
    })
    .map(({ approve: [group, quorum], ...rest }) => policyOf({ ...rest, approve: `{ groups: [${group}], quorum: ${quorum} }` }));
  fc.assert(
    fc.property(policies, policies, (before, after) => {
      const { groups } = diffPolicies(before, after, EVERYBODY);
      // Each asks for themself here; who may ask for whom is told apart.
      const changed = groups.filter(({ widened, narrowed }) =>
        [...widened, ...narrowed].some((text) => !text.includes('for others')),
      );
      for (const one of EVERYBODY) {
        const request = requestOf({ windowMs: 10 * MIN }, one);
        const [was, is] = [before, after].map((policy) =>
          access(decide(policy, { request, round: roundOf(request) }, factsOf(EVERYBODY, request), [], NOW)),
        );
        expect(changed.some((group) => group.people.includes(one.personId))).toBe(was !== is);
      }
    }),
    { numRuns: 60 },
  );
});

it('says the other way round that what was wider is narrower', () => {
  const match = fc.constantFrom(
    'accounts: [dev-*]',
    'ous: [Prod]',
    'sets: [Admin]',
    'accounts: ["*-1"], sets: [Adm*]',
    'tags: { t: "0" }',
  );
  const policies = fc
    .tuple(match, match, fc.constantFrom('staff', 'it', 'contractors'))
    // Nobody but security asks by the second, so that the first never leaves it without any request.
    .map(([one, other, asks]) => aws(['a', one, asks], ['b', other, 'security']));
  const said = ({ groups }: PolicyDiff, points: (group: ChangeGroup) => readonly string[]) =>
    groups
      .filter((group) => points(group).length > 0)
      .map(({ people: who, targets }) => `${who}: ${targets.length}`)
      .sort();
  fc.assert(
    fc.property(policies, policies, (one, other) => {
      const [there, back] = [diffPolicies(one, other, EVERYBODY), diffPolicies(other, one, EVERYBODY)];
      expect(there.compared).toEqual(back.compared);
      expect(said(there, ({ widened }) => widened)).toEqual(said(back, ({ narrowed }) => narrowed));
      expect(said(there, ({ other: rest }) => rest)).toEqual(said(back, ({ other: rest }) => rest));
    }),
    { numRuns: 60 },
  );
});

/** Each as a block that begins with its name. Read through it whenever it changes: every line has to be true. */
const CHANGES = new Map(
  readFileSync(join(import.meta.dirname, '../fixtures/changes.txt'), 'utf8')
    .split('## ')
    .slice(1)
    .map((block) => {
      const [name = '', ...lines] = block.trimEnd().split('\n');
      return [name, lines];
    }),
);

const drawn = ({ groups, complete }: PolicyDiff): string[] => [
  ...groups.flatMap(({ people: who, targets, widened, narrowed, other, ...rest }) => [
    `${who.join(', ')} on ${targets.join(', ')}${Object.keys(rest).length > 0 ? ` ${JSON.stringify(rest)}` : ''}`,
    ...widened.map((line) => `  wider: ${line}`),
    ...narrowed.map((line) => `  narrower: ${line}`),
    ...other.map((line) => `  other: ${line}`),
  ]),
  ...(complete ? [] : ['and more']),
];

const awsPolicy = (...rules: string[]) =>
  parsePolicy(`version: 1\ntargets:\n${rules.map((rule) => `  - { kind: aws-permission-set, ${rule} }\n`).join('')}`, 'p');
const setRule = (id: string, match: string, more = '', ask = '{ groups: [staff] }') =>
  `id: ${id}, match: ${match}, ask: ${ask}, approve: { groups: [it] }, windows: [10m], max: 30m${more}`;
const deny = (lines: string) => `  - { id: fence, effect: deny, kind: mac-admin, match: { serials: ["*"] }, ${lines} }\n`;
const led = EVERYBODY.map((one) => ({ ...one, manager: (one === GRACE ? LINUS : GRACE).personId }));
const glass = (ask: string) => `    breakGlass: { ask: ${ask}, max: 10m, review: { groups: [security] } }\n`;

it.each<[string, Policy, Policy, (readonly Person[])?]>([
  ['a manager is asked', policyOf(), policyOf({ approve: '{ manager: true }' }), led],
  ['a manager is asked beside a group', policyOf(), policyOf({ approve: '{ manager: true, groups: [security] }' }), led],
  ['the policy itself approves', policyOf(), policyOf({ approve: '{ groups: [it], policy: { upTo: 10m, perDay: 2 } }' })],
  [
    'the policy itself approves somebody new',
    policyOf({ ask: '{ people: [ada] }' }),
    policyOf({ approve: '{ groups: [it], policy: { upTo: 10m, perDay: 2 } }' }),
  ],
  [
    'others are told',
    policyOf(),
    policyOf({ more: '    notify: [{ on: [granted, ended], slack: C0TOLD0001, email: [sec@example.com] }]' }),
  ],
  [
    'others are told of more',
    policyOf({ more: '    notify: [{ on: [granted], slack: C0TOLD0001 }]' }),
    policyOf({ more: '    notify: [{ on: [granted], slack: C0TOLD0001 }, { on: [ended], email: [sec@example.com] }]' }),
  ],
  ['a step is added', policyOf(), policyOf({ approve: '{ groups: [it], escalate: [{ after: 15m, groups: [security] }] }' })],
  [
    'a step is earlier',
    policyOf({ approve: '{ groups: [it], escalate: [{ after: 15m, groups: [security] }] }' }),
    policyOf({ approve: '{ groups: [it], escalate: [{ after: 5m, groups: [security] }] }' }),
  ],
  [
    'a later step is gone',
    policyOf({ approve: '{ groups: [it], escalate: [{ after: 5m, people: [mallory] }, { after: 1h, groups: [security] }] }' }),
    policyOf({ approve: '{ groups: [it], escalate: [{ after: 5m, people: [mallory] }] }' }),
  ],
  [
    'a step is for after hours',
    policyOf(),
    policyOf({
      approve:
        '{ groups: [it], escalate: [{ outside: { zone: UTC, days: [mon], from: "08:00", to: "18:00" }, groups: [security] }] }',
    }),
  ],
  ['whoever is on call approves', policyOf(), policyOf({ approve: '{ groups: ["oncall:desk"] }' })],
  [
    'extensions are shorter',
    policyOf({ more: '    extend: { windows: [5m, 15m] }' }),
    policyOf({ more: '    extend: { windows: [5m] }' }),
  ],
  [
    'extensions are of other lengths',
    policyOf({ more: '    extend: { windows: [5m, 15m] }' }),
    policyOf({ more: '    extend: { windows: [5m, 20m] }' }),
  ],
  ['extensions are decided by others', policyOf(), policyOf({ more: '    extend: { approve: { groups: [security] } }' })],
  ['the glass may be broken', policyOf(), policyOf({ more: glass('{ groups: [staff] }') })],
  ['it may begin later', policyOf(), policyOf({ more: '    later: { ahead: 7d }' })],
  ['nobody may ask', policyOf(), policyOf({ ask: '{ people: [zoe] }' })],
  ['some are denied', policyOf(), policyOf({ more: deny('ask: { people: [ada] }') })],
  ['others than some are denied', policyOf(), policyOf({ more: deny('except: { people: [ada, grace] }') })],
  ['some Macs are denied for all', policyOf(), policyOf({ more: deny('ask: { groups: [staff] }').replace('"*"', 'C02ADA*') })],
  [
    'one rule becomes two',
    policyOf(),
    parsePolicy(
      policyOf({ more: '' }).source.replace(
        'targets:\n',
        'targets:\n  - { id: hers, kind: mac-admin, match: { serials: [C02ADA*] }, ask: { groups: [staff] }, for: others, approve: { groups: [it], quorum: 2 }, windows: [5m], max: 5m }\n',
      ),
      'p',
    ),
  ],
  [
    'one becomes free to ask for others',
    awsPolicy(setRule('prod', '{ sets: [Admin] }')),
    awsPolicy(setRule('prod', '{ sets: [Admin] }', ', for: others')),
  ],
  [
    'one asks for the only other one',
    awsPolicy(setRule('prod', '{ sets: [Admin] }', '', '{ people: [ada, mallory] }')),
    awsPolicy(setRule('prod', '{ sets: [Admin] }', ', for: others', '{ people: [ada, mallory] }')),
  ],
  [
    'one alone asks',
    awsPolicy(setRule('prod', '{ sets: [Admin] }', '', '{ people: [ada] }')),
    awsPolicy(setRule('prod', '{ sets: [Admin] }', ', for: others', '{ people: [ada] }')),
  ],
  [
    'of two sets one is for others',
    awsPolicy(setRule('one', '{ sets: [Admin] }'), setRule('two', '{ sets: [Read] }')),
    awsPolicy(setRule('one', '{ sets: [Admin] }', ', for: others'), setRule('two', '{ sets: [Read] }')),
  ],
  [
    'a set is denied',
    awsPolicy(setRule('one', '{ sets: ["*"] }')),
    awsPolicy(setRule('one', '{ sets: ["*"] }'), 'id: no, effect: deny, match: { sets: [Admin] }, ask: { people: [ada] }'),
  ],
])('where %s a comparison says so, and the other way round', (what, before, after, who = [...EVERYBODY]) => {
  expect([...drawn(diffPolicies(before, after, who)), 'and back:', ...drawn(diffPolicies(after, before, who))]).toEqual(
    CHANGES.get(what),
  );
});
