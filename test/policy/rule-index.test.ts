/** The index of rules against a search through all of them, over any policies, targets and people: it may save work, and never change an answer. */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { PersonId, Serial } from '../../contract/ids.js';
import type { About, Person } from '../../contract/ports.js';
import type { ElevationRequest, Target } from '../../contract/request.js';
import { decide } from '../../policy/decide.js';
import { candidates } from '../../policy/rule-index.js';
import { covers, includes, mayCover, type Policy, type Rule, ruleFor, rulesAbout, type Who } from '../../policy/rules.js';
import { sha256 } from '../../seal/canonical.js';
import { ADA, NOW, person, policyOf, requestOf, roundOf } from './world.js';

const all = (rules: readonly Rule[], about?: About) => (about ? rules : []);
vi.doMock('../../policy/rule-index.js', () => ({ candidates: all, candidatesAbout: all }));
vi.resetModules();
/** The product with a search through all rules in place of the index. */
const linear = await import('../../policy/decide.js');
vi.doUnmock('../../policy/rule-index.js');

const NAMES = ['ada', 'bob', 'cyn', 'dan'];
const GROUPS = ['staff', 'it', 'security', 'oncall:primary'];
const who = fc.record<Who>({
  groups: fc.subarray(GROUPS),
  people: fc.subarray(NAMES).map((ids) => ids.map((id) => id as PersonId)),
});
const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined });
const some = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: 1, maxLength: 3 });
const rarely = <T>(usual: fc.Arbitrary<T>, other: T) => fc.oneof({ arbitrary: usual, weight: 9 }, fc.constant(other));

/** Few letters, so that they meet; one of them is spelt in three ways, and one star that only folding makes one. */
const letters = (unit: readonly string[], maxLength: number) => fc.string({ unit: fc.constantFrom(...unit), maxLength });
const pattern = letters(['a', 'b', 'A', 'ａ', '*', '＊'], 5);
const name = letters(['a', 'b', 'A', 'ａ', 'c'], 5);
const ACCOUNTS = ['111111111111', '222222222222', '333333333333'];
const UNITS = ['ou-ab12-prod1111', 'ou-ab12-test2222'];
const tagKey = fc.constantFrom('k', 'k\na', 'K', '__proto__', 'constructor');

const macMatch = fc.record({ serials: some(letters(['A', 'B', '*'], 5)) });
const awsMatch = fc.record({
  accounts: maybe(some(fc.oneof(pattern, fc.constantFrom(...ACCOUNTS)))),
  ous: maybe(rarely(some(fc.oneof(pattern, fc.constantFrom(...UNITS))), [])),
  tags: maybe(fc.dictionary(tagKey, pattern, { maxKeys: 2 })),
  sets: maybe(some(pattern)),
});
const match = fc.oneof(
  macMatch.map((one) => ({ kind: 'mac-admin', match: one }) as const),
  awsMatch.map((one) => ({ kind: 'aws-permission-set', match: one }) as const),
);
const [BASE] = policyOf().rules;
const forWhom = fc.constantFrom(undefined, 'others' as const);
const rule = fc
  .tuple(match, who, who, forWhom)
  .map(([one, ask, approve, whom]) => ({ ...BASE, ...one, ask, approve, for: whom }) as Rule);
const policy = fc
  .array(rule, { minLength: 1, maxLength: 12 })
  .map((rules): Policy => ({ hash: sha256('p'), source: '', rules: rules.map((one, i) => ({ ...one, id: `r${i}` })) }));

const aboutMac = letters(['A', 'B', 'C'], 4).map((serial): About => ({ kind: 'mac-admin', serial: serial as Serial }));
const aboutAws = fc
  .record({
    accountId: fc.constantFrom(...ACCOUNTS),
    accountName: fc.oneof(name, fc.constantFrom(...ACCOUNTS)),
    ouIds: fc.subarray(UNITS),
    ouNames: fc.array(fc.oneof(name, fc.constantFrom(...UNITS)), { maxLength: 2 }),
    tags: maybe(fc.dictionary(tagKey, name, { maxKeys: 3 })),
    set: name,
  })
  .map((one): About => ({ kind: 'aws-permission-set', ...one }));
const about = fc.oneof(aboutMac, aboutAws);

const somebody = fc.record({ id: fc.constantFrom(...NAMES), groups: fc.subarray(GROUPS), active: fc.boolean() });
const askers = fc
  .array(
    somebody.map(({ id, ...rest }) => person(id, rest)),
    { minLength: 1, maxLength: 2 },
  )
  .map(([asker = ADA, holder = asker]): readonly [Person, Person] => [asker, holder]);

const RUNS = { numRuns: 3_000 };

describe('the index of rules', () => {
  it('finds the same rule first as a search through all of them, and the same rules that cover a target', () => {
    const seen = { applied: 0, spared: 0 };
    fc.assert(
      fc.property(policy, about, askers, (all, one, people) => {
        const { rules } = all;
        const fits = rules.filter((each) => covers(each, one) || mayCover(each, one));
        const first = fits.find(({ ask }) => people.some((each) => includes(ask, each)));
        const forOthers = new Set(people.map(({ personId }) => personId)).size > 1;
        const may = first && (first.for === 'others' || !forOthers);
        const lets = may && covers(first, one) && people.every((each) => includes(first.ask, each));
        expect(ruleFor(all, one, people)).toBe(lets ? first : undefined);
        expect(rulesAbout(all, one)).toEqual(rules.filter((each) => covers(each, one)));
        expect(candidates(rules, one)).toEqual(expect.arrayContaining(fits));
        seen.applied += first ? 1 : 0;
        seen.spared += rules.length - candidates(rules, one, people).length;
      }),
      RUNS,
    );
    // Or it would say little: that often a rule applied, and so many were not looked at.
    expect(seen.applied).toBeGreaterThan(300);
    expect(seen.spared).toBeGreaterThan(5_000);
  });

  it('changes no verdict and none of its sentences', () => {
    fc.assert(
      fc.property(policy, about, askers, (all, one, [asker, holder]) => {
        const ref = ({ personId, name: called }: Person) => ({ personId, name: called });
        const request: ElevationRequest = {
          ...requestOf(),
          requester: ref(asker),
          subject: ref(holder),
          target: { ...requestOf().target, kind: one.kind, accountId: ACCOUNTS[0] } as Target,
        };
        const facts = { requester: asker, subject: holder, look: { about: one }, voters: [], approverPool: [asker, holder] };
        const question = { request, round: roundOf(request) };
        expect(decide(all, question, facts, [], NOW)).toEqual(linear.decide(all, question, facts, [], NOW));
      }),
      RUNS,
    );
  });

  it('leaves those who might be on call to be asked about, and those who may not ask out', () => {
    const ask = (...groups: string[]): Who => ({ groups, people: [] });
    const rules = [ask('oncall:primary'), ask('security'), ask('staff'), ask()].map(
      (one, i) => ({ ...BASE, id: `r${i}`, ask: one }) as Rule,
    );
    const mac: About = { kind: 'mac-admin', serial: 'C02ADA01' as Serial };
    expect(candidates(rules, mac, [ADA]).map(({ id }) => id)).toEqual(['r0', 'r2']);
    expect(candidates(rules, mac).map(({ id }) => id)).toEqual(['r0', 'r1', 'r2', 'r3']);
    expect(candidates(rules, undefined, [ADA])).toEqual([]);
  });

  it('files each rule by what the fewest others have: by who may ask where all are about everything, by the set where accounts are', () => {
    const own = (i: number): Who => ({ groups: [`team${i}`], people: [] });
    const macs = Array.from(
      { length: 1000 },
      (_, i) => ({ ...BASE, id: `r${i}`, match: { serials: ['*'] }, ask: own(i) }) as Rule,
    );
    const mac: About = { kind: 'mac-admin', serial: 'C02ADA01' as Serial };
    const asker = { ...ADA, groups: ['team7', 'team9'] };
    expect(candidates(macs, mac, [asker]).map(({ id }) => id)).toEqual(['r7', 'r9']);
    const pairs = Array.from({ length: 1000 }, (_, i) => {
      const match = { accounts: ['*'], ous: ['Workloads'], sets: [`Set${i}`] };
      return { ...BASE, id: `r${i}`, kind: 'aws-permission-set', match } as Rule;
    });
    const units = { ouNames: ['Workloads'], ouIds: [] };
    const pair: About = { kind: 'aws-permission-set', accountId: '1', accountName: 'a', ...units, tags: {}, set: 'Set7' };
    expect(candidates(pairs, pair, [ADA]).map(({ id }) => id)).toEqual(['r7']);
    expect(candidates(pairs, pair).map(({ id }) => id)).toEqual(['r7']);
  });

  it('looks at as few of a thousand rules as of ten where the same could match', () => {
    const rules = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ ...BASE, id: `r${i}`, match: { serials: [`C${i}X*`, `D${i}`] } }) as Rule);
    for (const [serial, found] of [
      ['C7X1', ['r7']],
      ['D3', ['r3']],
      ['D3X', []],
    ] as const)
      for (const count of [10, 1000])
        expect(candidates(rules(count), { kind: 'mac-admin', serial: serial as Serial }).map(({ id }) => id)).toEqual(found);
  });
});
