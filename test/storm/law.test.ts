/** The storm's policies are what the judge takes them for. */
import { describe, expect, it } from 'vitest';
import type { About } from '../../contract/ports.js';
import { ruleOfRound } from '../../policy/extension.js';
import { parsePolicy } from '../../policy/load.js';
import { poolsOf } from '../../policy/pools.js';
import { covers, type Rule } from '../../policy/rules.js';
import { PAIRS, targetKey } from './far/organisation.js';
import { BROKEN_POLICY, DUTY, INCIDENT, LATER, type Law, policyText, type Stage, stagesOf, termsOf } from './law.js';
import { makeWorld } from './world.js';

const LAWS: readonly Law[] = ['plain', 'strict'];
const ROUNDS = ['request', 'extension'] as const;

const macs = makeWorld(8).askers.map(
  ({ mac: { serial } }) => [serial, { kind: 'mac-admin', serial } as unknown as About] as const,
);
const aws = PAIRS.map((pair) => {
  const { accountId, account: accountName, set } = pair;
  const tags = accountName === 'storm-core' ? { tier: '0' } : {};
  const about = { kind: 'aws-permission-set', accountId, accountName, ouNames: [], ouIds: [], set, tags };
  return [targetKey(pair, 'user'), about as unknown as About] as const;
});

const ruleOf = (rules: readonly Rule[], about: About) => rules.find((rule) => covers(rule, about));

const asRead = (rule: Rule, round: (typeof ROUNDS)[number]): readonly Stage[] =>
  poolsOf(ruleOfRound(rule, round)).map(({ groups: [group], quorum, escalate: [step] = [] }) => ({
    group: group as Stage['group'],
    quorum,
    ...(step && { later: { group: step.groups[0] as Stage['group'], afterMs: step.afterMs } }),
  }));

describe.each(LAWS)('the %s policy', (law) => {
  const { rules } = parsePolicy(policyText(law), 'policy.yaml');

  it.each([...macs, ...aws])('is taken at its word about %s', (place, about) => {
    const rule = ruleOf(rules, about);
    if (!rule) throw new Error('no rule');
    const terms = termsOf(law, place);
    for (const round of ROUNDS) expect(stagesOf(terms, round)).toEqual(asRead(rule, round));
    expect(terms.extend?.times).toBe(rule.extend?.times);
    const review = terms.glass && { groups: [terms.glass.review], people: [] };
    const glass = terms.glass && { ask: { groups: [DUTY], people: [] }, maxMs: terms.glass.maxMs, incident: INCIDENT, review };
    expect(rule.breakGlass).toEqual(glass);
    expect(rule.later).toEqual(LATER);
    const { id, live } = terms;
    expect(rule.limits ?? []).toEqual(live === undefined ? [] : [{ rule: id, live }]);
  });

  it('has a use for each of its rules', () => {
    const used = new Set([...macs, ...aws].map(([, about]) => ruleOf(rules, about)?.id));
    expect(used).toEqual(new Set(rules.map(({ id }) => id)));
  });
});

it('the one with a mistake is none', () => {
  expect(() => parsePolicy(BROKEN_POLICY, 'policy.yaml')).toThrow(/bad-policy|mistake|must/);
});
