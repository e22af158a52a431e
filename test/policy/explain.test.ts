/** An explanation against the decision itself, over any policy, people and target; and what it says where something is not known. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Instant, LocalUser, PersonId, Serial } from '../../contract/ids.js';
import type { AwsAbout, Person, TargetLook } from '../../contract/ports.js';
import type { AwsPermissionSetTarget, Target } from '../../contract/request.js';
import type { Verdict } from '../../contract/verdict.js';
import type { Reason, Untold } from '../../policy/attributes.js';
import { DAYS, type Hours } from '../../policy/calendar.js';
import { decide } from '../../policy/decide.js';
import { type Explanation, explainRequest, type Inquiry } from '../../policy/explain.js';
import { lookAtMac } from '../../policy/macs.js';
import { covers, type Deny, type Policy, type Rule, type Who } from '../../policy/rules.js';
import { sha256 } from '../../seal/canonical.js';
import { ADA, at, EVERYBODY, GRACE, LINUS, MIN, NOW, person, policyOf, requestOf, roundOf } from './world.js';

// ---- any policy, any people, any target ------------------------------------------------------------------------------

const NAMES = ['ada', 'bob', 'cyn', 'dan', 'eve'];
const GROUPS = ['staff', 'it', 'security'];
const WINDOWS = [5, 10, 15, 30].map((m) => m * MIN);
const id = fc.constantFrom(...NAMES, 'nobody').map((name) => name as PersonId);
const who = fc.record<Who>({ groups: fc.subarray(GROUPS), people: fc.uniqueArray(id, { maxLength: 2 }) });
const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined });
const some = (...all: string[]) => fc.subarray(all, { minLength: 1 });

const macMatch = fc.record({ serials: some('*', 'C02*', 'C02ADA01', 'C02B*', 'C03*') });
const awsMatch = fc.record({
  accounts: maybe(some('111111111111', '222222222222', 'prod-*', 'sandbox-b', '*')),
  ous: maybe(some('Workloads', 'ou-ab12-prod1111', '*')),
  tags: maybe(
    fc.constantFrom<Record<string, string>>({ tier: '0' }, { tier: '*' }, { owner: 'pay*' }, { tier: '2', owner: '*' }),
  ),
  sets: maybe(some('Read*', 'admin', '*')),
});
const anyMatch = fc.oneof(
  macMatch.map((match) => ({ kind: 'mac-admin', match }) as const),
  awsMatch.map((match) => ({ kind: 'aws-permission-set', match }) as const),
);
/** Closed and open at `NOW`. */
const [NOON, DAYTIME] = [
  { zone: 'UTC', days: DAYS, from: 720, to: 721, holidays: [] },
  { zone: 'UTC', days: DAYS, from: 480, to: 1080, holidays: [] },
] satisfies [Hours, Hours];
const terms = fc.record({
  ask: who,
  approve: who,
  quorum: fc.integer({ min: 1, max: 3 }),
  windowsMs: fc.subarray(WINDOWS, { minLength: 1 }),
  hours: maybe(fc.constantFrom(NOON, DAYTIME)),
});
const [BASE] = policyOf().rules;
const anyRule = fc.tuple(anyMatch, terms).map(([match, rest]) => ({ ...BASE, ...rest, ...match }) as Rule);
const anyPolicy = fc
  .array(anyRule, { minLength: 1, maxLength: 6 })
  .map((rules): Policy => ({ hash: sha256('p'), source: '', rules: rules.map((rule, i) => ({ ...rule, id: `r${i}` })) }));

const anyPeople = fc
  .array(
    fc.record({
      groups: fc.subarray(GROUPS),
      active: fc.integer({ min: 0, max: 4 }).map((n) => n > 0),
      there: fc.integer({ min: 0, max: 9 }),
    }),
    {
      minLength: NAMES.length,
      maxLength: NAMES.length,
    },
  )
  .map((all) => all.flatMap(({ there, ...each }, i) => (there === 0 ? [] : [person(NAMES[i] ?? '', each)])));

const anyAccount = fc.record({
  accountId: fc.constantFrom('111111111111', '222222222222', '333333333333'),
  accountName: fc.constantFrom('Prod-A', 'sandbox-b', 'labs'),
  units: fc.subarray([
    ['Workloads', 'ou-ab12-work0000'],
    ['Production', 'ou-ab12-prod1111'],
  ]),
  tier: maybe(fc.constantFrom('0', '2')),
  owner: maybe(fc.constantFrom('payments', 'it')),
  set: fc.constantFrom('ReadOnly', 'Admin'),
});
const anyAbout = anyAccount.map(({ units, tier, owner, ...rest }): AwsAbout & { tags: Record<string, string> } => ({
  kind: 'aws-permission-set',
  ...rest,
  ouNames: units.map(([name = '']) => name),
  ouIds: units.map(([, unit = '']) => unit),
  tags: { ...(tier === undefined ? {} : { tier }), ...(owner === undefined ? {} : { owner }) },
}));

const macOf = (name: string): Target => {
  const serial = `C02${name.toUpperCase()}01` as Serial;
  return { kind: 'mac-admin', key: `mac-admin/${serial}`, serial, localUser: name as LocalUser, display: `${name}-mac` };
};
const pairOf = (about: AwsAbout): AwsPermissionSetTarget => ({
  kind: 'aws-permission-set',
  key: `aws/${about.accountId}/ps-1/user-1`,
  instanceArn: 'arn',
  accountId: about.accountId,
  permissionSetArn: 'arn',
  principalId: 'user-1',
  accountName: about.accountName,
  setName: about.set,
  display: `${about.set} in ${about.accountName}`,
  sessionMs: 60 * MIN,
});

interface Case {
  readonly policy: Policy;
  readonly people: readonly Person[];
  readonly target: Target;
  readonly requester: string;
  readonly subject: string;
  readonly windowMs?: number | undefined;
  /** Of AWS. */
  readonly look?: TargetLook;
  readonly untold?: Untold;
}

function inquiryOf({ policy, people, target, requester, subject, windowMs, look, untold }: Case): Inquiry {
  const find = (name: string) => people.find(({ personId }) => personId === name);
  const [asker, holder] = [find(requester), find(subject)];
  const ref = (name: string) => ({ personId: name as PersonId, name: find(name)?.name ?? name });
  const seen = look ?? (target.kind === 'mac-admin' && holder ? lookAtMac(target, holder) : {});
  return {
    policy,
    ask: { requester: ref(requester), subject: ref(subject), target, windowMs },
    facts: {
      ...(asker && { requester: asker }),
      ...(holder && { subject: holder }),
      look: seen,
      voters: [],
      approverPool: people,
    },
    ...(untold && { untold }),
    whose: { holds: 'yes', why: 'it is' },
    now: NOW,
  };
}

/** The decision on the same request, made without the explanation. */
function verdictOf({ policy, ask, facts }: Inquiry): Verdict {
  const { windowMs = 5 * MIN, ...parties } = ask;
  const request = { ...requestOf(), ...parties, windowMs };
  return decide(policy, { request, round: roundOf(request) }, facts, [], NOW);
}

const rulesIn = ({ tree }: Explanation): readonly Reason[] => tree.children[1]?.children ?? [];
const flat = (reason: Reason): readonly Reason[] => [reason, ...reason.children.flatMap(flat)];
const ids = (people: Explanation['approvers']) => people.map(({ personId }) => personId);

/** Mostly somebody for themselves and their own Mac: what is refused before any rule is looked at says little about rules. */
const anyParties = fc
  .record({ requester: id, other: id, forOther: fc.integer({ min: 0, max: 3 }), whoseMac: fc.integer({ min: 0, max: 9 }) })
  .map(({ requester, other, forOther, whoseMac }) => {
    const subject = forOther === 0 ? other : requester;
    return { requester, subject, mac: macOf(whoseMac === 0 ? other : subject) };
  });
const anyCase = fc
  .record({
    policy: anyPolicy,
    people: anyPeople,
    parties: anyParties,
    windowMs: fc.constantFrom(...WINDOWS, MIN),
    aws: maybe(anyAbout),
    untagged: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ parties: { mac, ...parties }, aws, untagged, ...rest }): Case => {
    if (!aws) return { ...rest, ...parties, target: mac };
    const { tags: _, ...bare } = aws;
    return { ...rest, ...parties, target: pairOf(aws), look: { about: untagged === 0 ? bare : aws } };
  });

describe('whatever policy, people and target there are', () => {
  it('the rule that is named is the one that decides, and those who could approve are the approvers of the verdict', () => {
    fc.assert(
      fc.property(anyCase, (given) => {
        const inquiry = inquiryOf(given);
        const [said, verdict] = [explainRequest(inquiry), verdictOf(inquiry)];
        const applied = rulesIn(said).flatMap(({ holds, what }) => (holds === 'yes' ? [what] : []));
        expect(applied).toEqual(verdict.rule === undefined ? [] : [`rule ${verdict.rule}`]);
        expect(said.by?.rule).toBe(verdict.rule);
        expect(ids(said.approvers)).toEqual(verdict.approvers);
        if (said.by) expect(said.by).toMatchObject({ quorum: verdict.quorum, windowsMs: verdict.windowsMs });
        const could = verdict.outcome === 'needs-approval' && verdict.approvers.length >= verdict.quorum;
        if (said.holds === 'unknown') expect(verdict.outcome).toBe('deny');
        else expect(said.holds).toBe(could ? 'yes' : 'no');
        expect(said.tree.holds).toBe(said.holds);
      }),
      { numRuns: 2000 },
    );
  });

  it('each rule that was looked at covers the target exactly when the decision says so', () => {
    fc.assert(
      fc.property(anyCase, (given) => {
        const said = rulesIn(explainRequest(inquiryOf(given)));
        const about = inquiryOf(given).facts.look.about;
        given.policy.rules.forEach((rule, i) => {
          const covering = said[i]?.children[0];
          if (covering) expect(covering.holds === 'yes').toBe(covers(rule, about));
        });
      }),
      { numRuns: 500 },
    );
  });

  it('nothing is unknown where everything is known', () => {
    fc.assert(
      fc.property(anyCase, (given) => {
        const { about } = inquiryOf(given).facts.look;
        fc.pre(about?.kind !== 'aws-permission-set' || about.tags !== undefined);
        const unknown = flat(explainRequest(inquiryOf(given)).tree).filter(({ holds }) => holds === 'unknown');
        expect(unknown).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('the requester and the subject never could, nor anybody who is not active, and each is named with why', () => {
    fc.assert(
      fc.property(anyCase, (given) => {
        const said = explainRequest(inquiryOf(given));
        const unfit = given.people.filter(({ active }) => !active).map(({ personId }) => personId as string);
        for (const name of [given.requester, given.subject, ...unfit]) expect(ids(said.approvers)).not.toContain(name);
        if (said.by) expect(ids(said.never)).toEqual(expect.arrayContaining([given.requester, given.subject]));
        for (const { why } of [...said.approvers, ...said.never]) expect(why).not.toMatch(/is no approver/);
      }),
      { numRuns: 500 },
    );
  });

  it('what is said while something is not known stays so, whatever it turns out to be', () => {
    const parts = ['accountId', 'accountName', 'ouIds', 'ouNames', 'set', 'tag:tier', 'tag:owner'] as const;
    let [settled, open] = [0, 0];
    fc.assert(
      fc.property(anyCase, anyAbout, fc.subarray([...parts]), (given, about, hidden) => {
        const untold: Untold = (attribute) => hidden.some((one) => one === attribute);
        const partial: AwsAbout = {
          ...about,
          ...(untold('accountId') && { accountId: '' }),
          ...(untold('accountName') && { accountName: '' }),
          ...(untold('ouIds') && { ouIds: [] }),
          ...(untold('ouNames') && { ouNames: [] }),
          ...(untold('set') && { set: '' }),
          tags: Object.fromEntries(Object.entries(about.tags).filter(([key]) => !untold(`tag:${key}`))),
        };
        const target = pairOf(about);
        const said = explainRequest(inquiryOf({ ...given, target, look: { about: partial }, untold }));
        const truth = inquiryOf({ ...given, target, look: { about } });
        if (said.holds === 'unknown') {
          open += 1;
          return;
        }
        settled += 1;
        const verdict = verdictOf(truth);
        expect(said.by?.rule).toBe(verdict.rule);
        expect(ids(said.approvers)).toEqual(verdict.approvers);
        expect(said.holds).toBe(explainRequest(truth).holds);
      }),
      { numRuns: 2000 },
    );
    // Neither says nothing: much is settled although something is hidden, and much is not.
    expect(Math.min(settled, open)).toBeGreaterThan(100);
  });
});

// ---- in words --------------------------------------------------------------------------------------------------------

function macCase(change: Partial<Case> = {}): Inquiry {
  return inquiryOf({
    policy: policyOf(),
    people: EVERYBODY,
    target: requestOf().target,
    requester: 'ada',
    subject: 'ada',
    windowMs: 10 * MIN,
    ...change,
  });
}

describe('an explanation', () => {
  it('says of a request that could be approved by which rule, who could, and who never', () => {
    const said = explainRequest(macCase({ people: [ADA, GRACE, { ...LINUS, active: false }] }));
    expect(said).toMatchObject({ holds: 'yes', by: { rule: 'macs', quorum: 1, maxWindowMs: 30 * MIN } });
    expect(said.approvers).toEqual([{ personId: 'grace', name: 'Grace', why: 'through the group it' }]);
    expect(said.never).toEqual([
      { personId: 'ada', name: 'Ada', why: 'asks for it, and nobody decides their own request' },
      { personId: 'linus', name: 'Linus', why: 'is not active in the people file' },
    ]);
    expect(said.tree.why).toBe('One more approval is needed, from: Grace.');
  });

  it('names the one whom it is for, and an approver who is not in the people file', () => {
    const policy = policyOf({ approve: '{ groups: [it], people: [ghost] }' });
    const said = explainRequest(macCase({ policy, requester: 'ada', subject: 'grace', target: macOf('grace') }));
    expect(said.never.map(({ why }) => why)).toEqual([
      'asks for it, and nobody decides their own request',
      'is not in the people file',
      'would hold it, and nobody decides over their own access',
    ]);
  });

  it('says what is missing: a length that is not offered, too few who could approve', () => {
    const long = explainRequest(macCase({ windowMs: 60 * MIN }));
    expect(long).toMatchObject({ holds: 'no', by: { rule: 'macs' } });
    expect(long.tree.why).toMatch(/does not offer 1h/);
    const few = explainRequest(macCase({ policy: policyOf({ approve: '{ groups: [it], quorum: 2 }' }), people: [ADA, GRACE] }));
    expect(few.holds).toBe('no');
    expect(few.tree.why).toMatch(/2 more approvals are needed, but only Grace could give them/);
  });

  it('needs no length: then any that is offered will do', () => {
    const said = explainRequest(macCase({ windowMs: undefined }));
    expect(said.holds).toBe('yes');
    expect(said.tree.children[2]?.why).toBe('5m, 10m, 15m, 30m; extended to at most 30m');
    const policy = policyOf({ more: '    extend: { times: 1, windows: [5m], approve: { groups: [security] } }' });
    const own = explainRequest(macCase({ policy, windowMs: undefined }));
    expect(own.by?.extend).toEqual({ times: 1, windowsMs: [5 * MIN] });
    expect(own.tree.children[2]?.why).toMatch(/extended at most once to at most 30m, by 5m, decided by 1 of security$/);
  });

  it('looks for no rule where the person or the target is not right', () => {
    for (const change of [{ people: [GRACE] }, { people: [{ ...ADA, active: false }] }, { target: macOf('grace') }]) {
      const said = explainRequest(macCase(change));
      expect(said).toMatchObject({ holds: 'no', approvers: [], never: [] });
      expect(rulesIn(said)).toEqual([]);
      expect(said.tree.why).not.toBe('');
    }
  });

  it('stops at the first rule of which it is not known whether it covers', () => {
    const rule = (name: string, match: object) => ({ ...BASE, id: name, kind: 'aws-permission-set', match }) as Rule;
    const rules = [rule('by-tag', { tags: { tier: '0' } }), rule('others', { sets: ['Read*'] }), rule('all', { sets: ['*'] })];
    const about: AwsAbout = {
      kind: 'aws-permission-set',
      accountId: '',
      accountName: 'labs',
      ouNames: [],
      ouIds: [],
      tags: {},
      set: 'Admin',
    };
    const policy: Policy = { hash: sha256('p'), source: '', rules };
    const untold: Untold = (attribute) => ['accountId', 'tag:tier'].includes(attribute);
    const said = explainRequest(macCase({ policy, target: pairOf(about), look: { about }, untold }));
    expect(said).toMatchObject({ holds: 'unknown', approvers: [] });
    expect(said.by).toBeUndefined();
    expect(rulesIn(said).map(({ holds }) => holds)).toEqual(['unknown', 'no', 'unknown']);
    expect(rulesIn(said)[2]?.why).toBe('rule by-tag stands before it, and may apply');
    expect(said.tree.why).toMatch(/rule by-tag may: it depends on what is not known/);
    const told = explainRequest(macCase({ policy, target: pairOf(about), look: { about }, untold: (a) => a === 'accountId' }));
    expect(told.by?.rule).toBe('all');
    expect(rulesIn(told)[0]?.children[0]?.children[0]?.children[0]?.why).toBe('the account has no such tag');
  });
});

it('names the limits as not known, and takes them as not reached', () => {
  const mac = { people: EVERYBODY, target: requestOf().target, requester: 'ada', subject: 'ada' };
  const free = explainRequest(inquiryOf({ ...mac, policy: policyOf() }));
  const { holds, tree } = explainRequest(
    inquiryOf({ ...mac, policy: policyOf({ more: '    limits: { live: 1, perWeek: 2h }' }) }),
  );
  expect(holds).toBe(free.holds);
  const limits = tree.children.find(({ what }) => what === 'no limit is reached');
  expect(limits?.children.map(({ what, holds: known }) => [what, known])).toEqual([
    ['at most 1 at once by the rule macs', 'unknown'],
    ['at most 2h of access in seven days by the rule macs', 'unknown'],
  ]);
});

/** The whole tree as text: what, whether it holds, why. */
const drawn = ({ what, holds, why, children }: Reason): string[] => [
  `${what} | ${holds}${why === '' ? '' : ` | ${why}`}`,
  ...children.flatMap(drawn).map((line) => `  ${line}`),
];

const DAY = 24 * 60 * MIN;
const HELD = `    tier: 1
    channel: C0HELD0001
    reason: { min: 10, ticket: "INC-[0-9]+" }
    hours: { zone: UTC, days: [mon, tue, wed, thu, fri], from: "08:00", to: "18:00" }
    later: { ahead: 7d, missed: 1h }
    limits: { live: 1 }
    breakGlass: { ask: { people: [ada] }, max: 10m, review: { groups: [security] } }`;
const STAGED = '{ stages: [{ groups: [it] }, { groups: [security, it], quorum: 2 }] }';
const STEPPED = '{ groups: [it], escalate: [{ after: 15m, groups: [security] }, { after: 1h, groups: ["oncall:desk"] }] }';
const denying = (lines: string) =>
  policyOf({ more: `  - { id: fence, effect: deny, kind: mac-admin, match: { serials: ["*"] }, ${lines} }` });

const PROD: AwsAbout = {
  kind: 'aws-permission-set',
  accountId: '111111111111',
  accountName: 'prod-payments',
  ouNames: ['Production', 'Root'],
  ouIds: ['ou-ab12-prod1111'],
  tags: { tier: '0', owner: 'payments' },
  set: 'Admin',
};
const AWS_RULE = {
  accounts: ['222222222222', 'prod-*'],
  ous: ['Production'],
  tags: { tier: '0', owner: 'pay*' },
  sets: ['Read*', 'Adm*'],
};
const untagged = ({ tags: _, ...rest }: AwsAbout): AwsAbout => rest;
const awsRule = (name: string, match: object, change: object = {}) =>
  ({ ...BASE, id: name, kind: 'aws-permission-set', match, ...change }) as Rule;
const NOBODY: Who = { groups: [], people: [] };
function awsPolicy(match: object, deny?: object): Policy {
  const denies = deny
    ? [{ id: 'fence', kind: 'aws-permission-set', match: deny, ask: { groups: ['staff'], people: [] } } as unknown as Deny]
    : [];
  return { hash: sha256('p'), source: '', rules: [awsRule('aws', match)], denies };
}
const manyRules = (): Policy => ({
  ...awsPolicy({}),
  rules: [
    awsRule('theirs', { sets: ['*'] }, { ask: { ...NOBODY, people: ['linus'] } }),
    awsRule('first', { tags: { tier: '0' } }, { ask: { ...NOBODY, people: ['ada', 'grace'] }, for: 'self' }),
    awsRule('second', { sets: ['*'] }),
    awsRule('other', { sets: ['Read*'] }),
  ],
});
const awsCase = (match: object, about: AwsAbout, untold?: Untold): Partial<Case> => ({
  policy: awsPolicy(match),
  target: pairOf(about),
  look: { about },
  ...(untold ? { untold } : {}),
});

/** Each as a block that begins with its name. Read through it whenever it changes: every line has to be true. */
const EXPLAINED = new Map(
  readFileSync(join(import.meta.dirname, '../fixtures/explanations.txt'), 'utf8')
    .split('## ')
    .slice(1)
    .map((block) => {
      const [name = '', ...lines] = block.trimEnd().split('\n');
      return [name, lines];
    }),
);

it.each<[string, Partial<Case> & { waitedMs?: number; startAt?: Instant; whose?: Inquiry['whose'] }]>([
  ['of all that a rule may say', { policy: policyOf({ more: HELD }) }],
  ['for somebody else, at a time', { policy: policyOf({ more: HELD }), requester: 'grace', subject: 'ada', startAt: at(DAY) }],
  [
    'for somebody else, by one who may break the glass',
    { policy: policyOf({ more: HELD.replace('[ada]', '[grace]') }), requester: 'grace', subject: 'ada' },
  ],
  ['at a time that is too far ahead', { policy: policyOf({ more: HELD }), startAt: at(8 * DAY) }],
  ['at a time where the rule has none', { startAt: at(DAY) }],
  ['out of hours', { policy: policyOf({ more: HELD.replace('08:00', '10:00') }) }],
  ['with stages', { policy: policyOf({ approve: STAGED }) }],
  ['with stages that the same would have to sit in', { policy: policyOf({ approve: STAGED }), people: [ADA, GRACE, LINUS] }],
  [
    'with steps of which one has begun',
    { policy: policyOf({ approve: STEPPED }), waitedMs: 20 * MIN, untold: (a: string) => a === 'oncall:desk' },
  ],
  [
    'with steps, a rota among them',
    {
      policy: policyOf({ approve: STEPPED }),
      waitedMs: 60 * MIN,
      untold: (a: string) => a === 'oncall:desk',
      people: [ADA, GRACE, { ...LINUS, groups: ['oncall:desk'] }],
    },
  ],
  [
    'with a rota of which nothing is known',
    { policy: policyOf({ approve: '{ groups: ["oncall:desk"] }' }), untold: (a: string) => a === 'oncall:desk' },
  ],
  [
    'with a rota that may ask',
    { policy: policyOf({ ask: '{ groups: ["oncall:desk"] }' }), untold: (a: string) => a === 'oncall:desk' },
  ],
  ['with a manager who is nobody', { policy: policyOf({ approve: '{ manager: true }' }) }],
  ['that the policy itself approves', { policy: policyOf({ approve: '{ groups: [it], policy: { upTo: 10m, perDay: 2 } }' }) }],
  [
    'that is too long for the policy itself',
    { policy: policyOf({ approve: '{ groups: [it], policy: { upTo: 5m, perDay: 2 } }' }) },
  ],
  ['past a rule that denies others', { policy: denying('except: { groups: [staff] }') }],
  ['denied', { policy: denying('ask: { people: [ada] }, say: Ask the desk.') }],
  ['denied for another', { policy: denying('ask: { groups: [it] }'), requester: 'grace', subject: 'ada' }],
  ['by somebody whom no rule lets', { policy: policyOf({ ask: '{ groups: [it], people: [grace] }' }) }],
  ['by somebody who has left', { people: [{ ...ADA, active: false }, GRACE] }],
  ['by somebody unknown, for another', { requester: 'eve', subject: 'ada' }],
  ['of what is not theirs', { target: macOf('grace') }],
  ['of what may be theirs', { whose: { holds: 'unknown', why: 'AWS would say' } }],
  [
    'for another whom the rule does not let',
    { policy: policyOf({ ask: '{ people: [grace] }' }), requester: 'grace', subject: 'ada' },
  ],
  ['without a length', { windowMs: undefined, policy: policyOf({ max: '1h', more: '    extend: { times: 0 }' }) }],
  ['of a permission set that fits in every way', awsCase(AWS_RULE, PROD)],
  [
    'of one that fits in no way',
    awsCase(AWS_RULE, {
      ...PROD,
      accountId: '333333333333',
      accountName: 'labs',
      ouNames: [],
      ouIds: [],
      tags: { tier: '', owner: 'ops' },
      set: 'Other',
    }),
  ],
  ['of one without the tags', awsCase(AWS_RULE, { ...PROD, tags: {} })],
  ['of one in other units', awsCase(AWS_RULE, { ...PROD, ouNames: ['Labs', 'Root'], ouIds: ['ou-ab12-labs1111'] })],
  ['of one whose tags are not known', awsCase(AWS_RULE, untagged(PROD))],
  [
    'of one of which the id is not known',
    awsCase({ accounts: ['111111111111', 'x*'] }, { ...PROD, accountId: '' }, (a: string) => a === 'accountId'),
  ],
  [
    'of one of which the name is not known',
    awsCase({ accounts: ['222222222222', 'prod-*'] }, { ...PROD, accountName: '' }, (a: string) => a === 'accountName'),
  ],
  [
    'of one of which the units are not known',
    awsCase({ ous: ['ou-ab12-x1111111', 'Labs'] }, { ...PROD, ouIds: [] }, (a: string) => a === 'ouIds'),
  ],
  [
    'of one of which the names of the units are not known',
    awsCase({ ous: ['ou-ab12-x1111111', 'Labs'] }, PROD, (a: string) => a === 'ouNames'),
  ],
  ['of one of which the set is not known', awsCase({ sets: ['A*', 'B*'] }, { ...PROD, set: '' }, (a: string) => a === 'set')],
  [
    'of one of which a tag is not known, and another does not fit',
    awsCase({ tags: { tier: '0', owner: 'x*' } }, PROD, (a: string) => a === 'tag:tier'),
  ],
  ['of one that nothing is known of', { ...awsCase({ sets: ['*'] }, PROD), look: {} }],
  ['of one by rules about Macs', { ...awsCase({ sets: ['*'] }, PROD), policy: policyOf() }],
  [
    'of one that a rule may deny',
    {
      ...awsCase({ sets: ['*'] }, PROD, (a: string) => a === 'tag:tier'),
      policy: awsPolicy({ sets: ['*'] }, { tags: { tier: '1' } }),
    },
  ],
  [
    'of one that a rule would deny others',
    { ...awsCase({ sets: ['*'] }, PROD), policy: awsPolicy({ sets: ['*'] }, { tags: { tier: '1' } }) },
  ],
  ['of one by the second rule, with a third behind', { ...awsCase({ sets: ['*'] }, PROD), policy: manyRules() }],
  [
    'of one by a rule behind one that decides',
    { ...awsCase({ sets: ['*'] }, PROD), policy: manyRules(), requester: 'grace', subject: 'margaret' },
  ],
  [
    'that many could approve, by many ways',
    {
      policy: policyOf({ approve: '{ groups: [security, it, "oncall:desk"], people: [ada, zoe, ghost] }' }),
      people: [ADA, { ...GRACE, groups: ['staff', 'security', 'oncall:desk', 'it'] }, LINUS, { ...person('zoe'), active: false }],
    },
  ],
])('an explanation, whole, %s', (what, { waitedMs, startAt, whose, ...change }) => {
  const inquiry = macCase(change);
  const ask = { ...inquiry.ask, ...(startAt ? { startAt } : {}) };
  const said = explainRequest({ ...inquiry, ask, ...(whose ? { whose } : {}), waitedMs });
  const { tree, holds, by, untoldRotas: rotas } = said;
  expect([...drawn(tree), JSON.stringify({ holds, by, rotas })]).toEqual(EXPLAINED.get(what));
});
