/** Rules of AWS permission sets: what they match, how mistakes in them are told, and what becomes of tier and channel. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isStintError } from '../../contract/errors.js';
import type { AwsAbout, TargetLook } from '../../contract/ports.js';
import type { ElevationRequest } from '../../contract/request.js';
import { findings } from '../../policy/check.js';
import { decide, decideBoth } from '../../policy/decide.js';
import { parsePolicy } from '../../policy/load.js';
import { aboutMac } from '../../policy/macs.js';
import { directoryFrom, parsePeople } from '../../policy/people.js';
import { covers, decidingRule, mayCover, type Rule } from '../../policy/rules.js';
import { requestDigest } from '../../seal/canonical.js';
import { ADA, approval, EVERYBODY, factsOf, GRACE, MIN, NOW, requestOf, roundOf } from './world.js';

const PRODUCTION: AwsAbout = {
  kind: 'aws-permission-set',
  accountId: '333333333333',
  accountName: 'Prod-Billing',
  ouNames: ['Workloads', 'Production'],
  ouIds: ['ou-ab12-work0000', 'ou-ab12-prod1111'],
  tags: { owner: 'payments', tier: '0' },
  set: 'AdministratorAccess',
};

const ruleText = (match: string, more = '') => `  - id: r
    kind: aws-permission-set
    match: ${match}
    ask: { groups: [staff] }
    approve: { groups: [it] }
    windows: [10m]
    max: 30m
${more}`;
const policyOf = (...rules: string[]) => parsePolicy(`version: 1\ntargets:\n${rules.join('')}`, 'policy.yaml');
const rule = (match: string) => policyOf(ruleText(match)).rules[0];

function problems(text: string): string {
  try {
    parsePolicy(text, 'policy.yaml');
  } catch (error) {
    if (isStintError(error) && error.code === 'bad-policy') return error.sentence;
    throw error;
  }
  return '';
}

describe('a rule of AWS', () => {
  it.each<[string, boolean]>([
    ['{ accounts: ["333333333333"] }', true],
    ['{ accounts: ["333333333334", "prod-*"] }', true],
    ['{ accounts: ["3333*"] }', false],
    ['{ accounts: [sandbox] }', false],
    ['{ ous: [production] }', true],
    ['{ ous: [workloads] }', true],
    ['{ ous: [ou-ab12-prod1111] }', true],
    ['{ ous: [ou-ab12-prod1112] }', false],
    ['{ ous: ["Prod"] }', false],
    ['{ tags: { owner: "pay*" } }', true],
    ['{ tags: { owner: payments, tier: "0" } }', true],
    ['{ tags: { owner: payments, tier: "1" } }', false],
    ['{ tags: { Owner: "*" } }', false],
    ['{ tags: { constructor: "*" } }', false],
    ['{ sets: ["*Admin*"] }', true],
    ['{ sets: [readonly] }', false],
    ['{ accounts: ["prod-*"], ous: [Production], tags: { tier: "0" }, sets: ["admin*"] }', true],
    ['{ accounts: ["prod-*"], ous: [Sandbox], tags: { tier: "0" }, sets: ["admin*"] }', false],
    ['{ accounts: ["prod-*"], ous: [Production], tags: { tier: "0" }, sets: [ReadOnly] }', false],
  ])('%s covers the account: %s', (match, expected) => {
    const found = rule(match);
    expect(found && covers(found, PRODUCTION)).toBe(expected);
  });

  it('does not go by tags that are not known yet, and lets no later rule in their place', () => {
    const { tags: _, ...untagged } = PRODUCTION;
    const [byTag, other, any] = [
      rule('{ tags: { tier: "0" } }'),
      rule('{ tags: { tier: "0" }, sets: [ReadOnly] }'),
      rule('{ accounts: ["*"] }'),
    ];
    if (!byTag || !other || !any) throw new Error('no rule');
    expect([covers(byTag, untagged), mayCover(byTag, untagged), mayCover(byTag, PRODUCTION)]).toEqual([false, true, false]);
    const first = (rules: readonly Rule[], about: AwsAbout) => decidingRule({ rules }, about, [ADA]);
    expect(first([byTag, any], untagged)).toBeUndefined();
    expect(first([byTag, any], { ...untagged, tags: { tier: '2' } })).toBe(any);
    expect(first([byTag, any], PRODUCTION)).toBe(byTag);
    expect(first([other, any], untagged)).toBe(any);
    expect(first([any, byTag], untagged)).toBe(any);
  });

  it('goes by ids where it names one: an account or unit that is called like it is not meant', () => {
    const [byAccount, byUnit] = [rule('{ accounts: ["444444444444"] }'), rule('{ ous: [ou-ab12-labs2222] }')];
    const posing = { ...PRODUCTION, accountName: '444444444444', ouNames: ['ou-ab12-labs2222'] };
    for (const found of [byAccount, byUnit]) expect(found && covers(found, posing)).toBe(false);
  });

  it('covers nothing of which nothing is known, and nothing of another kind', () => {
    const any = rule('{ sets: ["*"] }');
    expect(any && covers(any, undefined)).toBe(false);
    expect(any && covers(any, aboutMac(requestOf().target))).toBe(false);
  });

  it('is refused with the place and what is allowed', () => {
    const refused = (match: string, more?: string) => problems(`version: 1\ntargets:\n${ruleText(match, more)}`);
    expect(refused('{}')).toContain('5:12 targets[0].match: must name something: accounts, ous, tags, sets');
    expect(refused('{ serials: ["*"] }')).toContain('"serials" is not known here. Allowed: accounts, ous, tags, sets');
    expect(refused('{ acounts: [x] }')).toContain('"acounts" is not known here; did you mean "accounts"?');
    expect(refused('{ accounts: [333333333333] }')).toContain('targets[0].match.accounts[0]: must be a text: put it into quotes');
    expect(refused('{ tags: { tier: 0 } }')).toContain('targets[0].match.tags.tier: must be a text: put it into quotes');
    expect(refused('{ tags: {} }')).toContain('must name at least one tag');
    expect(refused('{ accounts: [] }')).toContain('must have at least 1 entry');
    expect(refused('{ sets: ["a b"] }')).toContain('must be the name of a permission set');
    expect(refused('{ sets: ["*"] }', '    tier: 4\n')).toContain('targets[0].tier: must be one of: 0, 1, 2, 3');
    expect(refused('{ sets: ["*"] }', '    channel: "#oncall"\n')).toContain(
      'must be the id of a Slack channel (C…), not its name',
    );
    expect(refused('{ sets: ["*"] }').length).toBe(0);
    const kind = ruleText('{ sets: ["*"] }').replace('aws-permission-set', 'aws-permision-set');
    expect(problems(`version: 1\ntargets:\n${kind}`)).toContain(
      '4:11 targets[0].kind: must be one of: mac-admin, aws-permission-set; did you mean "aws-permission-set"?',
    );
  });

  it.each<[string, string, boolean]>([
    ['{ accounts: ["prod-*"] }', '{ accounts: [PROD-billing] }', true],
    ['{ accounts: ["*"] }', '{ accounts: ["333333333333"] }', true],
    ['{ accounts: ["*"] }', '{ sets: [ReadOnly] }', true],
    ['{ sets: ["*"] }', '{ accounts: ["333333333333"], sets: [ReadOnly] }', true],
    ['{ ous: [Production] }', '{ ous: [Production], sets: ["*"] }', true],
    ['{ tags: { tier: "*" } }', '{ tags: { tier: "0", owner: x } }', true],
    ['{ accounts: ["prod-*"] }', '{ accounts: ["333333333333"] }', false],
    ['{ accounts: ["333333333333"] }', '{ accounts: ["prod-*"] }', false],
    ['{ ous: ["*"] }', '{ accounts: ["333333333333"] }', false],
    ['{ ous: [Production], sets: ["*"] }', '{ sets: ["*"] }', false],
    ['{ tags: { tier: "0" } }', '{ tags: { tier: "*" } }', false],
    ['{ tags: { tier: "0" } }', '{ accounts: ["*"] }', false],
  ])('%s leaves nothing to a later %s: %s', (first, second, expected) => {
    const text = `version: 1\ntargets:\n${ruleText(first)}${ruleText(second).replace('id: r', 'id: later')}`;
    expect(problems(text).includes('this rule can never apply: the rule r stands before it')).toBe(expected);
  });

  it('hides no rule of Macs, nor the other way round', () => {
    const mac = ruleText('{ serials: ["*"] }').replace('aws-permission-set', 'mac-admin').replace('id: r', 'id: macs');
    expect(policyOf(ruleText('{ accounts: ["*"] }'), mac).rules).toHaveLength(2);
    expect(policyOf(mac, ruleText('{ accounts: ["*"] }')).rules).toHaveLength(2);
  });
});

describe('a verdict about AWS', () => {
  const request: ElevationRequest = {
    ...requestOf(),
    target: {
      kind: 'aws-permission-set',
      key: 'aws/333333333333/ps-1111aaaa2222bbbb/ada-id',
      instanceArn: 'arn:aws:sso:::instance/ssoins-7223a1b2c3d4e5f6',
      accountId: '333333333333',
      permissionSetArn: 'arn:aws:sso:::permissionSet/ssoins-7223a1b2c3d4e5f6/ps-1111aaaa2222bbbb',
      principalId: 'ada-id',
      accountName: 'Prod-Billing',
      setName: 'AdministratorAccess',
      display: 'AdministratorAccess in Prod-Billing',
      sessionMs: 60 * MIN,
    },
  };
  const vote = approval(GRACE, 10 * MIN, requestDigest(request));
  const question = { request, round: roundOf(request) };
  const judged = (
    look: TargetLook,
    policy = policyOf(ruleText('{ tags: { tier: "0" } }', '    tier: 1\n    channel: C0ONE\n')),
  ) => decide(policy, question, { ...factsOf(EVERYBODY, request), look }, [vote], NOW);

  it('is by what is true of the target, and names tier and channel of the rule', () => {
    expect(judged({ about: PRODUCTION })).toMatchObject({ outcome: 'satisfied', rule: 'r', tier: 1, channel: 'C0ONE' });
    expect(judged({ about: PRODUCTION }, policyOf(ruleText('{ sets: ["*"] }')))).not.toHaveProperty('tier');
  });

  it('is a denial with a sentence where no rule covers it, nothing is known, or it is not theirs', () => {
    const said = (look: TargetLook) => {
      const verdict = judged(look);
      expect(verdict).toMatchObject({ outcome: 'deny' });
      return verdict.sentences[0];
    };
    const name = 'AdministratorAccess in Prod-Billing (333333333333)';
    expect(said({ about: { ...PRODUCTION, tags: {} } })).toBe(`No rule of the policy covers ${name}.`);
    const { tags: _, ...untagged } = PRODUCTION;
    expect(said({ about: untagged })).toMatch(/still being read. Try again in a minute/);
    const untold = said({ about: { ...untagged, untold: 'Stint may not read them.' } });
    expect(untold).toMatch(/tags of the account .* can't be looked up. Stint may not read them/);
    expect(said({})).toBe(`Nothing is known of ${name}, so no rule of the policy covers it.`);
    expect(said({ about: PRODUCTION, refusal: 'Not theirs.' })).toBe('Not theirs.');
  });

  it('has other facts when an attribute of the target changed', () => {
    const digest = (about: AwsAbout) => judged({ about }).factsDigest;
    expect(digest(PRODUCTION)).toBe(digest({ ...PRODUCTION }));
    expect(digest(PRODUCTION)).not.toBe(digest({ ...PRODUCTION, tags: { tier: '0' } }));
  });

  it('of two policies is of the graver tier, and stays in the channel where the card is', () => {
    const of = (more: string) => policyOf(ruleText('{ sets: ["*"] }', more));
    const both = (then: string, now: string) => {
      const facts = { ...factsOf(EVERYBODY, request), look: { about: PRODUCTION } };
      const { tier, channel } = decideBoth(of(then), of(now), question, facts, [vote], NOW);
      return [tier, channel];
    };
    expect(both('    tier: 2\n    channel: C0ONE\n', '    tier: 0\n    channel: C0TWO\n')).toEqual([0, 'C0ONE']);
    expect(both('    tier: 1\n', '    tier: 3\n    channel: C0TWO\n')).toEqual([1, undefined]);
    expect(both('    channel: C0ONE\n', '    tier: 3\n')).toEqual([3, 'C0ONE']);
  });
});

describe('policies of before', () => {
  it('keep their hash, by which running elevations find them again', () => {
    const text = `version: 1
deadlines: { pending: 24h, start: 4h, evidence: 30m }
reminders: { every: 10m, for: 1h, then: 1h }
warn: { before: 5m, minWindow: 5m }
targets:
  - id: macs
    kind: mac-admin
    match: { serials: ["*"] }
    ask: { groups: [staff] }
    approve: { groups: [it], quorum: 1 }
    windows: [5m, 10m, 15m, 30m]
    max: 30m
`;
    // As version 0.1 computed it.
    expect(parsePolicy(text, 'p').hash).toBe('9fddf0c7875efe3584ec39c52f5c0e79b08f6324ea5b492e23c6df763f8d0b21');
  });

  it('have another hash once a tier or a channel is named', () => {
    const hashes = ['', '    tier: 1\n', '    channel: C0ONE\n'].map((more) => policyOf(ruleText('{ sets: ["*"] }', more)).hash);
    expect(new Set(hashes).size).toBe(3);
  });
});

describe('the example with AWS', () => {
  const example = (name: string) => readFileSync(join(import.meta.dirname, '../../examples', name), 'utf8');

  it('is valid, and everybody who may ask can find an approver', async () => {
    const policy = parsePolicy(example('policy-aws.yaml'), 'policy-aws.yaml');
    expect(policy.rules.map(({ id, tier }) => [id, tier])).toEqual([
      ['aws-tier-0', 0],
      ['aws-production', 1],
      ['aws-sandboxes', 3],
      ['macs', undefined],
    ]);
    const found = await findings(policy, directoryFrom(parsePeople(example('people.yaml'), 'people.yaml')), 'p');
    expect(found).toEqual([]);
  });
});
