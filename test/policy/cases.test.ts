/** Tables of cases: what makes one fail, what it is told with, and what a table may not say. */
import { describe, expect, it } from 'vitest';
import { isStintError } from '../../contract/errors.js';
import { parseCases } from '../../policy/case-file.js';
import { usageOfCase } from '../../policy/case-usage.js';
import { runCases } from '../../policy/cases.js';
import { parsePolicy } from '../../policy/load.js';
import type { Policy } from '../../policy/rules.js';
import { at, EVERYBODY, MIN, NOW, policyOf } from './world.js';

const HEAD = 'version: 1\npolicy: policy.yaml\npeople: people.yaml\ncases:\n';
const table = (...cases: string[]) => parseCases(HEAD + cases.map((one) => `  - ${one}\n`).join(''), 'policy.test.yaml');
const CASE = '{ name: one, who: ada, target: { mac: C02ADA01 }, window: 10m, expect: { outcome: needs-approval } }';
const changed = (from: string, to: string) => {
  if (!CASE.includes(from)) throw new Error(`nothing to change: ${from}`);
  return CASE.replace(from, to);
};
const run = (one: string, policy: Policy = policyOf()) => runCases(policy, EVERYBODY, table(one), NOW);

async function failures(one: string, policy?: Policy) {
  const { cases } = await run(one, policy);
  return cases.flatMap((result) => result.failures);
}

/** The sentence of a refusal. */
async function refusal(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (isStintError(error) && error.code === 'bad-config') return error.sentence;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('a case', () => {
  it('comes out as expected, with the rule and the words of the verdict', async () => {
    const { cases } = await run(CASE);
    expect(cases).toEqual([
      {
        name: 'one',
        at: 'policy.test.yaml:5:5',
        ok: true,
        failures: [],
        outcome: 'needs-approval',
        rule: 'macs',
        sentences: ['One more approval is needed, from: Grace, Linus.'],
      },
    ]);
  });

  it.each([
    ['outcome: needs-approval', 'outcome: satisfied', 'outcome: expected satisfied, got needs-approval'],
    ['outcome: needs-approval', 'outcome: needs-approval, rule: other', 'rule: expected other, got macs'],
    ['outcome: needs-approval', 'outcome: needs-approval, rule: null', 'rule: expected none, got macs'],
    ['outcome: needs-approval', 'outcome: needs-approval, window: 10m', 'window: expected 10m, got none'],
    ['outcome: needs-approval', 'outcome: needs-approval, quorum: 2', 'quorum: expected 2, got 1'],
    ['outcome: needs-approval', 'outcome: needs-approval, tier: 0', 'tier: expected 0, got none'],
    ['outcome: needs-approval', 'outcome: needs-approval, channel: C01', 'channel: expected C01, got none'],
    [
      'outcome: needs-approval',
      'outcome: needs-approval, approvers: { include: [grace, mallory] }',
      'approvers: mallory is expected among them, and is not',
    ],
    [
      'outcome: needs-approval',
      'outcome: needs-approval, approvers: { exclude: [grace, ada] }',
      'approvers: grace must not be among them, and is',
    ],
    ['window: 10m', 'window: 10m, votes: [{ by: grace }]', 'outcome: expected needs-approval, got satisfied'],
    ['window: 10m', 'window: 10m, votes: [{ by: grace, decision: deny }]', 'outcome: expected needs-approval, got deny'],
    ['who: ada', 'who: mallory, for: ada', 'outcome: expected needs-approval, got deny'],
    ['mac: C02ADA01', 'mac: C02GRACE01', 'outcome: expected needs-approval, got deny'],
  ])('with %j changed to %j fails and says so', async (from, to, said) => {
    expect(await failures(changed(from, to))).toEqual([said]);
  });

  it('holds the length that is granted against the one expected', async () => {
    const voted = changed('window: 10m', 'window: 10m, votes: [{ by: grace, window: 5m }]');
    expect(await failures(voted.replace('outcome: needs-approval', 'outcome: satisfied, window: 5m'))).toEqual([]);
    expect(await failures(voted.replace('outcome: needs-approval', 'outcome: satisfied, window: 10m'))).toEqual([
      'window: expected 10m, got 5m',
    ]);
  });

  it('counts against limits what it says that somebody had', async () => {
    const policy = policyOf({ more: '    limits: { live: 2, perHour: 3, perWeek: 1h, coolDown: 30m }' });
    const outcome = async (had: string) => {
      const { cases } = await run(changed('window: 10m', `window: 10m, had: { ${had} }`), policy);
      return cases[0]?.outcome;
    };
    for (const fine of ['', 'live: 1', 'requests: 2', 'access: 50m', 'revoked: 30m'])
      expect([fine, await outcome(fine)]).toEqual([fine, 'needs-approval']);
    for (const much of ['live: 2', 'requests: 3', 'access: 51m', 'revoked: 29m'])
      expect([much, await outcome(much)]).toEqual([much, 'deny']);
  });

  it('of AWS goes by exactly the attributes that it names', async () => {
    const policy = parsePolicy(
      `version: 1
targets:
  - { id: by-id, kind: aws-permission-set, match: { accounts: ["111122223333"] }, ask: { groups: [staff] }, approve: { groups: [it] }, windows: [10m], max: 10m }
  - { id: by-unit, kind: aws-permission-set, match: { ous: [ou-ab12-12345678, Prod] }, ask: { groups: [staff] }, approve: { groups: [it] }, windows: [10m], max: 10m }
  - { id: by-tag, kind: aws-permission-set, match: { tags: { tier: "0" } }, ask: { groups: [staff] }, approve: { groups: [it] }, windows: [10m], max: 10m }
  - { id: by-set, kind: aws-permission-set, match: { accounts: ["dev-*"], sets: [Admin] }, ask: { groups: [staff] }, approve: { groups: [it] }, windows: [10m], max: 10m }
`,
      'policy.yaml',
    );
    const rules = [
      ['account: a, accountId: "111122223333"', 'by-id'],
      ['account: a, ous: [ou-ab12-12345678]', 'by-unit'],
      ['account: a, ous: [Root, prod]', 'by-unit'],
      ['account: a, tags: { tier: "0" }', 'by-tag'],
      ['account: a, tags: { tier: "1" }', 'null'],
      ['account: dev-1', 'by-set'],
      ['account: prod-1', 'null'],
    ].map(([attributes, rule]) =>
      changed('mac: C02ADA01', `aws: { ${attributes}, set: Admin }`).replace(
        'needs-approval',
        `${rule === 'null' ? 'deny' : 'needs-approval'}, rule: ${rule}`,
      ),
    );
    const { cases } = await runCases(policy, EVERYBODY, table(...rules), NOW);
    expect(cases.flatMap((one) => one.failures)).toEqual([]);
    expect(cases).toHaveLength(7);
  });
});

describe('coverage', () => {
  const TWO = `
  - id: second
    kind: mac-admin
    match: { serials: ["C02*"] }
    ask: { groups: [contractors] }
    approve: { groups: [it] }
    windows: [10m]
    max: 10m`;

  it('counts for each rule the cases that it applied to, the refused ones too', async () => {
    const report = await runCases(policyOf({ more: TWO }), EVERYBODY, table(CASE, changed('window: 10m', 'window: 2h')), NOW);
    expect(report.rules).toEqual([
      { rule: 'macs', cases: 2 },
      { rule: 'second', cases: 0 },
    ]);
    expect(report.coverage).toBe(50);
  });

  it('is whole only when every rule is reached', async () => {
    const mallory = changed('who: ada', 'who: mallory').replace('C02ADA01', 'C02MALLORY01');
    expect((await runCases(policyOf({ more: TWO }), EVERYBODY, table(CASE, mallory), NOW)).coverage).toBe(100);
  });
});

describe('a table', () => {
  it.each([
    ['who: ada', 'who: adda', /policy\.test\.yaml:5:23 cases\[0\]\.who: adda is not in the people file; did you mean "ada"\?/],
    ['who: ada', 'who: ada, for: adda', /cases\[0\]\.for: adda is not/],
    ['C02ADA01', 'C02NOBODY', /cases\[0\]\.target\.mac: C02NOBODY is not/],
    ['window: 10m', 'window: 10m, votes: [{ by: grcae }]', /cases\[0\]\.votes\[0\]\.by: grcae is not/],
    [
      'outcome: needs-approval',
      'outcome: needs-approval, approvers: { include: [x1], exclude: [x2] }',
      /include\[0\]: x1 is not[\s\S]*exclude\[0\]: x2 is not/,
    ],
  ])('is refused with %j changed to %j: a case about nobody would pass for the wrong reason', async (from, to, said) => {
    expect(await refusal(() => run(changed(from, to)))).toMatch(said);
  });

  it.each([
    ['window: 10m', 'windw: 10m', /"windw" is not known here; did you mean "window"\?/],
    ['window: 10m', 'window: 10', /cases\[0\]\.window: must be a length of time/],
    ['mac: C02ADA01', 'mac: C02ADA01, aws: { account: a, set: b }', /cases\[0\]\.target: must name one target: mac or aws/],
    ['mac: C02ADA01', '', /cases\[0\]\.target: must name one target/],
    ['mac: C02ADA01', 'aws: { account: "111122223333", set: b }', /account: must be the name of an account; write an id/],
    [
      'outcome: needs-approval',
      'outcome: needs-aproval',
      /must be one of: deny, needs-approval, satisfied, auto; did you mean "needs-/,
    ],
    ['outcome: needs-approval', 'rule: macs', /cases\[0\]\.expect\.outcome/],
  ])('with %j changed to %j is refused with line and column', async (from, to, said) => {
    const sentence = await refusal(async () => table(changed(from, to)));
    expect(sentence).toMatch(said);
    expect(sentence).toMatch(/policy\.test\.yaml:5:\d+/);
  });
});

it('what a case says that was had before is so, by the rule that applies, and ends as the case is asked', () => {
  const [one] = table(
    changed(', window: 10m', ', window: 10m, had: { live: 2, requests: 2, access: 1h, revoked: 5m, automatic: 1 }'),
  ).cases;
  const [none] = table(CASE).cases;
  if (!one || !none) throw new Error('no case');
  const by = { rule: 'macs' };
  const end = { from: at(0), to: at(0) };
  expect(usageOfCase(one, 'macs', NOW)).toEqual({
    asked: [1, 2].map((i) => ({ requestId: `request-${i}`, ...by, at: at(-MIN) })),
    held: [
      ...[1, 2].map((i) => ({ requestId: `live-${i}`, ...by, live: true, windowMs: 0, notAfter: at(30 * MIN), span: end })),
      { requestId: 'access', ...by, live: false, windowMs: 60 * MIN, notAfter: at(0), span: { from: at(-60 * MIN), to: at(0) } },
    ],
    automatic: [{ requestId: 'automatic-1', ...by, at: at(-MIN) }],
    revoked: [{ requestId: 'revoked', ...by, at: at(-5 * MIN) }],
  });
  expect(usageOfCase(none, undefined, NOW)).toEqual({ asked: [], held: [], automatic: [], revoked: [] });
  expect(usageOfCase(one, undefined, NOW).revoked).toStrictEqual([{ requestId: 'revoked', at: at(-5 * MIN) }]);
});
