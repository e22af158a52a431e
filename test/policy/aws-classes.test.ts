/** The made-up AWS targets by which policies are compared: no target that rules treat alike goes without one that stands for it. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { AwsAbout } from '../../contract/ports.js';
import { awsClasses } from '../../policy/aws-classes.js';
import { fits, type MatchOf } from '../../policy/kinds.js';

type Match = MatchOf<'aws-permission-set'>;

const covering = (matches: readonly Match[], about: AwsAbout): string =>
  matches.map((match) => (fits('aws-permission-set', match, about) ? '1' : '0')).join('');
const labels = (...matches: Match[]) => awsClasses(matches).classes.map(({ label }) => label);

it('where no rule is there is none', () => {
  expect(awsClasses([])).toEqual({ classes: [], complete: true });
});

it('one rule makes one, whatever it names', () => {
  expect(labels({ accounts: ['444444444444', 'sandbox-*', 'lab'] })).toEqual([
    'account sandbox-* or account lab or account 444444444444',
  ]);
  expect(labels({ sets: ['*'] })).toEqual(['any']);
  expect(labels({ ous: ['Production'], tags: { tier: '0' }, sets: ['Read*'] })).toEqual(['in Production, set Read*, tag tier=0']);
});

it('two rules that can cover one target make one for each and one for both', () => {
  expect(labels({ accounts: ['prod-*'] }, { accounts: ['*-eu'] }).sort()).toEqual([
    'account *-eu',
    'account prod-*',
    'account prod-* and *-eu',
  ]);
  expect(labels({ ous: ['Production'] }, { ous: ['Payments'] }).sort()).toEqual([
    'in Payments',
    'in Production',
    'in Production and in Payments',
  ]);
  expect(labels({ accounts: ['444444444444'] }, { accounts: ['sandbox-*'] }).sort()).toEqual([
    'account 444444444444',
    'account 444444444444, as account sandbox-*',
    'account sandbox-*',
  ]);
});

it('two rules of which one takes all of the other make no target for that one alone', () => {
  expect(labels({ sets: ['ReadOnly'] }, { sets: ['Read*'] }).sort()).toEqual(['set Read*', 'set ReadOnly']);
});

it('too many to be reviewed are not all looked at, and that is said', () => {
  const many = Array.from({ length: 60 }, (_, i) => ({ ous: [`unit-${i}`] }));
  expect(awsClasses(many.slice(0, 20)).complete).toBe(true);
  expect(awsClasses(many).complete).toBe(false);
});

/** Patterns as people write them: a name, its beginning, its end, something in it, everything. */
const word = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 2 });
const pattern = fc.tuple(word, fc.constantFrom('x', 'x*', '*x', '*x*', '*')).map(([text, form]) => form.replace('x', text));
const some = fc.array(pattern, { minLength: 1, maxLength: 2 });
const match: fc.Arbitrary<Match> = fc
  .record(
    {
      accounts: fc.array(fc.oneof(pattern, fc.constantFrom('111111111111', '222222222222')), { minLength: 1, maxLength: 2 }),
      ous: some,
      tags: fc.dictionary(fc.constantFrom('k', 'l'), pattern, { minKeys: 1, maxKeys: 2 }),
      sets: some,
    },
    { requiredKeys: [] },
  )
  .filter((one) => Object.keys(one).length > 0);
const name = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'A'), maxLength: 5 });
const about: fc.Arbitrary<AwsAbout> = fc
  .record({
    accountId: fc.constantFrom('111111111111', '222222222222', '333333333333'),
    accountName: name,
    ouNames: fc.array(name, { maxLength: 2 }),
    tags: fc.dictionary(fc.constantFrom('k', 'l', 'm'), name),
    set: name,
  })
  .map((one) => ({ kind: 'aws-permission-set', ouIds: [], ...one }));

it('whatever target there is: one that stands for it is covered by exactly the same rules', () => {
  fc.assert(
    fc.property(
      fc.array(match, { minLength: 1, maxLength: 4 }),
      fc.array(about, { minLength: 1, maxLength: 20 }),
      (matches, real) => {
        const { classes, complete } = awsClasses(matches);
        expect(complete).toBe(true);
        const told = classes.map((one) => covering(matches, one.about));
        expect(new Set(told).size).toBe(told.length);
        const none = '0'.repeat(matches.length);
        for (const one of real) expect([none, ...told]).toContain(covering(matches, one));
      },
    ),
    { numRuns: 200 },
  );
});

it.each<[Parameters<typeof awsClasses>[0], readonly string[]]>([
  [[{ sets: ['a', 'b', 'c'] }], ['set a or set b or set c']],
  [[{ sets: ['a', 'b', 'c', 'd'] }], ['set a or set b or set c or 1 more']],
  [[{ accounts: ['111111111111'] }], ['account 111111111111']],
  [[{ accounts: ['1111111111110', 'x111111111111'] }], ['account 1111111111110 or account x111111111111']],
  [
    [{ accounts: ['111111111111'] }, { accounts: ['prod'] }],
    ['account prod', 'account 111111111111', 'account 111111111111, as account prod'],
  ],
  [
    [{ ous: ['A'] }, { ous: ['B'] }],
    ['in A', 'in B', 'in A and in B'],
  ],
  [
    [{ ous: ['*'] }, { ous: ['B'] }],
    ['in any unit', 'in B'],
  ],
  [
    [{ tags: { k: '*' } }, { tags: { k: 'x' } }],
    ['tag k of any value', 'tag k=x'],
  ],
  [
    [{ sets: ['a*'] }, { sets: ['*b'] }],
    ['set a*', 'set *b', 'set a* and *b'],
  ],
  [
    [{ sets: ['a'] }, {}],
    ['any', 'set a'],
  ],
])('what the rules %j tell apart is called so', (matches, labels) => {
  const { classes, complete } = awsClasses(matches);
  expect([classes.map(({ label }) => label), complete]).toEqual([labels, true]);
});
