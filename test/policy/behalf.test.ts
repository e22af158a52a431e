/** Asking for somebody else: whoever asks, it is never had on other terms than if they had asked for themself. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StintError } from '../../contract/errors.js';
import type { PersonId } from '../../contract/ids.js';
import type { Person } from '../../contract/ports.js';
import { decide } from '../../policy/decide.js';
import { diffPolicies } from '../../policy/diff.js';
import { explainRequest } from '../../policy/explain.js';
import { gatherFacts } from '../../policy/facts.js';
import { parsePolicy } from '../../policy/load.js';
import { lookAtMac } from '../../policy/macs.js';
import { directoryFrom } from '../../policy/people.js';
import type { Policy, Rule, Who } from '../../policy/rules.js';
import { termsOf } from '../../policy/terms.js';
import { sha256 } from '../../seal/canonical.js';
import { ADA, EVERYBODY, GRACE, MARGARET, MIN, NOW, person, policyOf, requestOf, roundOf } from './world.js';

const refOf = ({ personId, name }: Person) => ({ personId, name });
const requestFor = (asker: Person, subject: Person) => requestOf({ requester: refOf(asker) }, subject);
const factsFor = (asker: Person, subject: Person, pool: readonly Person[]) => ({
  requester: asker,
  subject,
  look: lookAtMac(requestOf({}, subject).target, subject),
  voters: pool,
  approverPool: pool,
});
const termsFor = (policy: Policy, asker: Person, subject: Person, pool: readonly Person[]) =>
  termsOf(policy, requestFor(asker, subject), factsFor(asker, subject, pool), NOW);

const GROUPS = ['staff', 'it', 'security', 'oncall:primary'];
const NAMES = ['ada', 'bob', 'cyn', 'dan'];
const who = fc.record<Who>({
  groups: fc.subarray(GROUPS),
  people: fc.subarray(NAMES).map((ids) => ids.map((id) => id as PersonId)),
});
const [BASE] = policyOf().rules;
const anyRule = fc
  .record({
    match: fc.subarray(['*', 'C02*', 'C02ADA01', 'C02B*'], { minLength: 1 }).map((serials) => ({ serials })),
    ask: who,
    for: fc.constantFrom(undefined, 'others' as const, 'others' as const),
    approve: who,
    quorum: fc.integer({ min: 1, max: 3 }),
    windowsMs: fc.subarray([5 * MIN, 10 * MIN, 30 * MIN], { minLength: 1 }),
    maxMs: fc.constantFrom(30 * MIN, 60 * MIN),
  })
  .map((rule) => ({ ...BASE, ...rule }) as Rule);
const anyPolicy = fc
  .array(anyRule, { minLength: 1, maxLength: 6 })
  .map((rules): Policy => ({ hash: sha256('p'), source: '', rules: rules.map((rule, i) => ({ ...rule, id: `r${i}` })) }));
const anyPeople = fc.tuple(...NAMES.map((name) => fc.subarray(GROUPS).map((groups) => person(name, { groups }))));

describe('whoever asks for somebody', () => {
  it('gets nothing, or the terms of the one rule by which they would ask for themself', () => {
    const seen = { same: 0, denied: 0 };
    fc.assert(
      fc.property(anyPolicy, anyPeople, (policy, people) => {
        const [asker = ADA, subject = ADA] = people;
        const [theirs, own] = [termsFor(policy, asker, subject, people), termsFor(policy, subject, subject, people)];
        if (theirs.refusals.length > 0) {
          if (own.refusals.length === 0) seen.denied++;
          return;
        }
        seen.same++;
        const { rule, quorum, windowsMs, maxMs } = own;
        expect(theirs).toMatchObject({ rule, quorum, windowsMs, maxMs });
        // Whoever asks drops out of those who decide, and nobody comes in.
        for (const one of people) expect(!theirs.approves(one) || own.approves(one)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
    // Or it would say little.
    expect(seen.same).toBeGreaterThan(100);
    expect(seen.denied).toBeGreaterThan(100);
  });

  it('does not pass a strict rule by being outside of it, nor does the holder', () => {
    const text = `version: 1
targets:
  - { id: strict, kind: mac-admin, match: { serials: ["*"] }, ask: { groups: [security] }, for: others, approve: { groups: [it], quorum: 2 }, windows: [10m], max: 10m }
  - { id: loose, kind: mac-admin, match: { serials: ["*"] }, ask: { groups: [staff] }, for: others, approve: { groups: [it] }, windows: [10m], max: 4h }
`;
    const policy = parsePolicy(text, 'policy.yaml');
    const vera = person('vera', { groups: ['staff', 'security'] });
    const pool = [...EVERYBODY, vera];
    for (const [asker, subject, other] of [
      [ADA, vera, 'Ada'],
      [vera, ADA, 'Ada'],
    ] as const) {
      const request = requestFor(asker, subject);
      const verdict = decide(policy, { request, round: roundOf(request) }, factsFor(asker, subject, pool), [], NOW);
      const why = `The rule strict decides about ${request.target.display} (${requestOf({}, subject).target.serial}), and does not let ${other} ask.`;
      expect(verdict).toMatchObject({ outcome: 'deny', sentences: [why] });
      const { holds, tree } = explainRequest({
        policy,
        ask: request,
        facts: factsFor(asker, subject, pool),
        whose: { holds: 'yes', why: '' },
        now: NOW,
      });
      expect([holds, tree.why]).toEqual(['no', why]);
      const [strict, loose] = tree.children[1]?.children ?? [];
      expect(strict?.why).toBe('it decides, alone, and does not let this be asked');
      expect(loose?.why).toBe('rule strict stands before it and decides, alone');
    }
  });

  it('is kept out by a rule of whoever is on call, whichever of the two is, and where that can not be looked up it is an error', async () => {
    const text = `version: 1
targets:
  - { id: strict, kind: mac-admin, match: { serials: ["*"] }, ask: { groups: ["oncall:primary"] }, for: others, approve: { groups: [it], quorum: 2 }, windows: [10m], max: 10m }
  - { id: loose, kind: mac-admin, match: { serials: ["*"] }, ask: { groups: [staff] }, for: others, approve: { groups: [it] }, windows: [10m], max: 30m }
`;
    const policy = parsePolicy(text, 'policy.yaml');
    const onDuty = directoryFrom(EVERYBODY, async () => ({ people: [MARGARET.personId] }));
    const verdictOf = async (asker: Person, subject: Person, directory = onDuty) => {
      const request = requestFor(asker, subject);
      const facts = await gatherFacts({ directory }, policy, request, []);
      return decide(policy, { request, round: roundOf(request) }, facts, [], NOW);
    };
    expect(await verdictOf(MARGARET, MARGARET)).toMatchObject({ rule: 'strict', outcome: 'needs-approval' });
    expect(await verdictOf(ADA, ADA)).toMatchObject({ rule: 'loose', outcome: 'needs-approval' });
    for (const [asker, subject] of [
      [ADA, MARGARET],
      [MARGARET, ADA],
    ] as const) {
      const { outcome, rule } = await verdictOf(asker, subject);
      expect([outcome, rule]).toEqual(['deny', undefined]);
    }
    const down = directoryFrom(EVERYBODY, async () => {
      throw new StintError('oncall-unavailable');
    });
    await expect(verdictOf(GRACE, ADA, down)).rejects.toMatchObject({ code: 'oncall-unavailable' });
  });
});

describe('a rule that does not say for whom', () => {
  const text = (more = '') => `version: 1
targets:
  - id: macs
    kind: mac-admin
    match: { serials: ["*"] }
    ask: { groups: [staff] }
    approve: { groups: [it] }
    windows: [10m]
    max: 30m
${more}`;
  const outcome = (more: string, asker: Person, subject: Person) => {
    const request = requestFor(asker, subject);
    return decide(
      parsePolicy(text(more), 'p'),
      { request, round: roundOf(request) },
      factsFor(asker, subject, EVERYBODY),
      [],
      NOW,
    );
  };

  it('lets people ask for themselves alone, and says so', () => {
    const why = 'The rule macs decides about ada-mac (C02ADA01), and lets people ask for themselves alone.';
    for (const more of ['', '    for: self\n']) {
      expect(outcome(more, MARGARET, ADA)).toMatchObject({ outcome: 'deny', sentences: [why] });
      expect(outcome(more, ADA, ADA)).toMatchObject({ outcome: 'needs-approval', rule: 'macs' });
    }
    for (const asker of [ADA, MARGARET])
      expect(outcome('    for: others\n', asker, ADA)).toMatchObject({ outcome: 'needs-approval', rule: 'macs' });
    expect(parsePolicy(text(), 'p').hash).toBe(parsePolicy(text('    for: self\n'), 'p').hash);
    expect(parsePolicy(text(), 'p').hash).not.toBe(parsePolicy(text('    for: others\n'), 'p').hash);
  });

  it('is explained with that', () => {
    const request = requestFor(MARGARET, ADA);
    const facts = factsFor(MARGARET, ADA, EVERYBODY);
    const whose = { holds: 'yes', why: '' } as const;
    const { holds, tree } = explainRequest({ policy: parsePolicy(text(), 'p'), ask: request, facts, whose, now: NOW });
    expect(holds).toBe('no');
    const [rule] = tree.children[1]?.children ?? [];
    expect(rule?.children.at(-1)).toMatchObject({ what: 'lets people ask for others', holds: 'no' });
  });

  it('becomes another for whoever asks for a colleague, and a comparison says for whom and on what', () => {
    const parsed = (more: string) => parsePolicy(text(more), 'p');
    const people = [ADA, GRACE, MARGARET];
    const { groups, complete } = diffPolicies(parsed(''), parsed('    for: others\n'), people);
    expect(complete).toBe(true);
    expect(groups).toEqual([
      {
        widened: ['may ask for others now, by the rule macs'],
        narrowed: [],
        other: [],
        people: ['ada', 'grace', 'margaret'],
        targets: ['C02ADA01 of ada', 'C02GRACE01 of grace', 'C02MARGARET01 of margaret'],
      },
    ]);
    const back = diffPolicies(parsed('    for: others\n'), parsed(''), people).groups;
    expect(back).toMatchObject([{ widened: [], narrowed: ['may ask for others no more; could by the rule macs'] }]);
    // Only one of a kind: nobody asks for themself on behalf of another.
    expect(diffPolicies(parsed(''), parsed('    for: others\n'), [ADA]).groups).toEqual([]);
  });

  it('in AWS is compared for every kind of asker and subject', () => {
    const aws = (more: string) =>
      parsePolicy(
        `version: 1
targets:
  - { id: prod, kind: aws-permission-set, match: { ous: [Production] }, ask: { groups: [it, security] }, ${more}approve: { groups: [it] }, windows: [10m], max: 30m }
`,
        'p',
      );
    const { groups } = diffPolicies(aws(''), aws('for: others, '), EVERYBODY);
    const three = ['grace', 'linus', 'margaret'];
    expect(groups).toMatchObject([{ people: three, subjects: three, widened: ['may ask for others now, by the rule prod'] }]);
  });
});

it('the bank: an auditor who asks for a trader finds the rule of the trading floor', () => {
  const policy = parsePolicy(readFileSync(resolve('examples/policy-bank.yaml'), 'utf8'), 'policy-bank.yaml');
  const mac = { macs: [{ ...ADA.macs[0], serial: 'C02TRADE0001' }] } as unknown as Partial<Person>;
  const leslie = person('leslie', { groups: ['staff', 'trading'], ...mac });
  const anita = person('anita', { groups: ['staff', 'audit'] });
  const pool = [person('donald', { groups: ['risk'] }), person('radia', { groups: ['risk'] })];
  expect(termsFor(policy, leslie, leslie, pool)).toMatchObject({ rule: 'trading-macs', quorum: 2, maxMs: 10 * MIN });
  expect(termsFor(policy, anita, leslie, pool)).toMatchObject({ rule: 'trading-fence', windowsMs: [], maxMs: 0 });
  const { denies: _, ...unfenced } = policy;
  expect(termsFor(unfenced, anita, leslie, pool).refusals.join()).toContain('The rule trading-macs decides about');
});
