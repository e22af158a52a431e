/** What a verdict holds beside its outcome: which reasons are said, who is named, and what its digest stands for. */
import { describe, expect, it } from 'vitest';
import type { Limit, Usage } from '../../contract/limits.js';
import type { AwsAbout, Person } from '../../contract/ports.js';
import type { ElevationRequest } from '../../contract/request.js';
import type { Verdict, Vote } from '../../contract/verdict.js';
import { decide, decideBoth } from '../../policy/decide.js';
import { NO_USAGE } from '../../policy/limits.js';
import { parsePolicy } from '../../policy/load.js';
import { hides, type Policy, type Rule } from '../../policy/rules.js';
import { askedNow, isFilled, type Plan } from '../../policy/stages.js';
import type { Facts } from '../../policy/terms.js';
import {
  ADA,
  approval,
  at,
  denial,
  EVERYBODY,
  factsOf,
  GRACE,
  LINUS,
  MARGARET,
  MIN,
  NOW,
  policyOf,
  requestOf,
  roundOf,
} from './world.js';

const DAY = 24 * 60 * MIN;
const request = requestOf();
const question = { request, round: roundOf(request) };
const judged = (policy: Policy, votes: readonly Vote[] = [], facts: Facts = factsOf(), now = NOW): Verdict =>
  decide(policy, question, facts, votes, now);
const changed = (policy: Policy, change: Partial<Rule>): Policy => ({
  ...policy,
  rules: policy.rules.map((rule) => ({ ...rule, ...change }) as Rule),
});
const staged = policyOf({ approve: '{ stages: [{ groups: [it] }, { groups: [security] }] }' });

describe('a request that is refused', () => {
  const closed = policyOf({ ask: '{ groups: [executives] }' });

  it('is told why, and not also that it is too old, too long or over a limit', () => {
    const limits: readonly Limit[] = [{ live: 1 }];
    const old = decideBoth(
      closed,
      changed(policyOf({ windows: '[5m]', max: '5m' }), { limits }),
      question,
      factsOf(),
      [],
      NOW + 9 * DAY,
    );
    expect(old.outcome).toBe('deny');
    expect(old.sentences).toEqual(judged(closed).sentences);
    expect(old.sentences).toHaveLength(1);
  });

  it('names nobody who could approve it, counts nobody who did, and keeps the deadlines for what comes after a refusal', () => {
    const deadlines = policyOf().rules[0]?.deadlines;
    for (const policy of [closed, { ...policyOf(), rules: [] }]) {
      const verdict = judged(policy, [approval(GRACE), denial(LINUS)]);
      expect(verdict).toMatchObject({ outcome: 'deny', approvedBy: [], approvers: [], windowsMs: [], maxWindowMs: 0 });
      expect(verdict.deadlines.remindEveryMs).toBeGreaterThan(0);
    }
    expect(judged(closed).deadlines).toEqual(deadlines);
  });

  it('for a length that is listed and yet over the maximum is told what it is not offered', () => {
    const verdict = judged(changed(policyOf(), { maxMs: 5 * MIN }));
    expect(verdict).toMatchObject({ outcome: 'deny', sentences: [expect.stringMatching(/does not offer 10m/)] });
  });

  it('for want of a length that both policies offer is offered none', () => {
    const [one, other] = [policyOf({ windows: '[5m]', max: '5m' }), policyOf({ windows: '[15m]', max: '15m' })];
    const verdict = decideBoth(one, other, question, factsOf(), [], NOW);
    expect(verdict).toMatchObject({ outcome: 'deny', windowsMs: [], sentences: ['The policy does not offer 10m for this.'] });
  });

  it('by limits is so only while they are counted and reached', () => {
    const limited = changed(policyOf(), { limits: [{ live: 1 }] });
    const held = { requestId: 'a'.repeat(26) as never, live: true, windowMs: 5 * MIN, notAfter: at(5 * MIN) };
    const of = (usage?: Usage) => judged(limited, [], { ...factsOf(), ...(usage ? { usage } : {}) }).outcome;
    expect([of(), of(NO_USAGE), of({ ...NO_USAGE, held: [held] })]).toEqual(['deny', 'needs-approval', 'deny']);
  });
});

describe('those whom a verdict names', () => {
  it('are, while it waits, those who bring the stage forward that is asked; afterwards all who could have decided', () => {
    expect(judged(staged).approvers).toEqual(['grace', 'linus']);
    expect(judged(staged, [approval(GRACE)]).approvers).toEqual(['margaret']);
    const all = ['grace', 'linus', 'margaret'];
    expect(judged(staged, [denial(GRACE)])).toMatchObject({ outcome: 'deny', approvers: all });
    const both = judged(staged, [approval(GRACE), approval(MARGARET)]);
    expect(both).toMatchObject({ outcome: 'satisfied', approvers: all });
  });

  it('are nobody where no seat is free, and a plan without seats is never filled', () => {
    const stage = { name: 'it', quorum: 1, who: { groups: ['it'], people: [] }, may: (one: Person) => one.groups.includes('it') };
    const plan: Plan = [stage];
    expect(askedNow(plan, [], EVERYBODY)).toEqual([GRACE, LINUS]);
    expect(askedNow(plan, [GRACE], EVERYBODY)).toEqual([]);
    expect([isFilled(plan, [GRACE]), isFilled(plan, []), isFilled([], [GRACE])]).toEqual([true, false, false]);
  });
});

it('a verdict reads back from a history as it was written, with whatever it has or has not', () => {
  const full = changed(policyOf({ more: '    tier: 1\n    channel: C0FIRST' }), { limits: [{ live: 1 }] });
  const verdicts = [
    judged(policyOf()),
    judged(full),
    judged(staged, [approval(GRACE)]),
    judged(policyOf({ ask: '{ people: [linus] }' })),
  ];
  for (const verdict of verdicts) expect(JSON.parse(JSON.stringify(verdict))).toStrictEqual(verdict);
  expect(verdicts.map(({ rule }) => rule)).toEqual(['macs', 'macs', 'macs', undefined]);
});

it('a rule that asks the manager waits for somebody where nothing is known of managers', () => {
  const verdict = judged(policyOf({ approve: '{ manager: true }' }), [approval(GRACE)]);
  expect(verdict).toMatchObject({ outcome: 'needs-approval', approvers: [], approvedBy: [] });
});

describe('the digest of the facts', () => {
  const digest = (change: Partial<Facts>) => judged(policyOf(), [], { ...factsOf(), ...change }).factsDigest;
  const led = (change: Partial<Person>) => digest({ managers: [{ ...GRACE, ...change }], requester: ADA });

  it('tells who the managers are, who is above them and when they are away', () => {
    const away = { from: at(0), until: at(DAY) };
    const above = [LINUS, MARGARET].map(({ personId }) => led({ manager: personId }));
    const all = [digest({}), digest({ managers: [] }), led({}), ...above, led({ away }), led({ away: { ...away, from: at(1) } })];
    expect(new Set([...all, digest({ managers: [LINUS] })]).size).toBe(all.length + 1);
  });

  it('tells what counts against limits, and whether it was counted at all', () => {
    const revoked = [{ requestId: 'a'.repeat(26) as never, at: at(0) }];
    expect(new Set([digest({}), digest({ usage: NO_USAGE }), digest({ usage: { ...NO_USAGE, revoked } })]).size).toBe(3);
  });

  it('tells voters from approvers, and who of them there is', () => {
    const sets = [[], [GRACE], [LINUS], [GRACE, LINUS]];
    const all = sets.flatMap((voters) => sets.map((approverPool) => digest({ voters, approverPool })));
    expect(new Set(all).size).toBe(all.length);
    expect(digest({ voters: [GRACE, LINUS, GRACE] })).toBe(digest({ voters: [LINUS, GRACE] }));
  });
});

describe('a rule', () => {
  const two = (first: string, second: string) => parsePolicy(`version: 1\ntargets:\n${first}${second}`, 'policy.yaml');
  const TERMS = 'approve: { groups: [it] }\n    windows: [10m]\n    max: 10m\n';
  const macs = (id: string, ask: string) =>
    `  - id: ${id}\n    kind: mac-admin\n    match: { serials: ["*"] }\n    ask: ${ask}\n    ${TERMS}`;

  it('for accounts that goes by tags stands in the way of no Mac', () => {
    const tagged = `  - id: tagged\n    kind: aws-permission-set\n    match: { tags: { owner: "*" } }\n    ask: { groups: [staff] }\n    ${TERMS}`;
    expect(judged(two(tagged, macs('macs', '{ groups: [staff] }')))).toMatchObject({ outcome: 'needs-approval', rule: 'macs' });
  });

  it('that goes by tags which are not known yet is the reason that is told, whatever other rules there are', () => {
    const aws = (id: string, match: string) =>
      `  - id: ${id}\n    kind: aws-permission-set\n    match: ${match}\n    ask: { groups: [staff] }\n    ${TERMS}`;
    const about: AwsAbout = {
      kind: 'aws-permission-set',
      accountId: '333333333333',
      accountName: 'Prod',
      ouNames: [],
      ouIds: [],
      set: 'Admin',
    };
    const facts = { ...factsOf(), look: { about } };
    const [tagged, other] = [aws('tagged', '{ tags: { owner: "*" } }'), aws('other', '{ accounts: [sandbox] }')];
    expect(judged(two(tagged, other), [], facts).sentences[0]).toMatch(/goes by the tags .* still being read/);
    expect(judged(two(other, macs('macs', '{ groups: [staff] }')), [], facts).sentences[0]).toMatch(
      /^No rule of the policy covers/,
    );
  });

  it('leaves nothing to a later one whose people it names all, and something where it leaves out one', () => {
    const hidden = (ask: string, later: string): boolean => {
      const [first, second] = [policyOf({ ask }).rules[0], policyOf({ ask: later }).rules[0]];
      return first !== undefined && second !== undefined && hides(first, second);
    };
    expect(hidden('{ people: [ada, linus] }', '{ people: [linus] }')).toBe(true);
    expect(hidden('{ people: [ada] }', '{ people: [ada, linus] }')).toBe(false);
    expect(hidden('{ groups: [it], people: [ada] }', '{ groups: [it, staff], people: [ada] }')).toBe(false);
  });
});

it('a request in the name of somebody else is judged by both, and named by whose it is', () => {
  const other: ElevationRequest = requestOf({
    subject: { personId: LINUS.personId, name: 'Linus' },
    target: requestOf({}, LINUS).target,
  });
  const of = (people: readonly Person[]) =>
    decide(policyOf(), { request: other, round: roundOf(other) }, factsOf(people, other), [], NOW);
  expect(of(EVERYBODY)).toMatchObject({ outcome: 'needs-approval', approvers: ['grace'] });
  for (const gone of [ADA, LINUS]) {
    const left = EVERYBODY.map((one) => (one === gone ? { ...one, active: false } : one));
    expect(of(left)).toMatchObject({ outcome: 'deny', sentences: [`${gone.name} is not active in the people file.`] });
    expect(of(EVERYBODY.filter((one) => one !== gone)).sentences).toEqual([`${gone.name} is not in the people file.`]);
  }
});
