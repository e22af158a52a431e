/** The JSON Schema of the policy file: what it takes, what it catches, and that the file in `examples` is what the program prints. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { isStintError } from '../../contract/errors.js';
import { policyJsonSchema } from '../../policy/json-schema.js';
import { parsePolicy } from '../../policy/load.js';

const read = (name: string) => readFileSync(join(import.meta.dirname, '../../examples', name), 'utf8');
const takes = new Ajv({ allErrors: true }).compile(policyJsonSchema());

it('the file in examples is current: npx stint policy schema > examples/policy.schema.json, then npm run format', () => {
  expect(JSON.parse(read('policy.schema.json'))).toEqual(JSON.parse(JSON.stringify(policyJsonSchema())));
});

describe.each(['policy.yaml', 'policy-aws.yaml', 'policy-bank.yaml'])('the example %s', (name) => {
  it('is taken by the schema', () => {
    takes(parse(read(name)));
    expect(takes.errors).toBeNull();
  });
});

it.each([
  ['an unknown key', 'quorum: 2', 'qorum: 2'],
  ['an unknown kind', 'kind: mac-admin', 'kind: mac'],
  ['a length without unit', 'pending: 24h', 'pending: 24'],
  ['a length with the small unit first', 'pending: 24h', 'pending: 5m1h'],
  ['a quorum of none', 'quorum: 2', 'quorum: 0'],
  ['a name of somebody that is none', 'groups: [it, security], quorum: 2', 'people: ["-x"], quorum: 2'],
  ['five stages', '{ groups: [it, security], quorum: 2 }', `{ stages: [${'{ groups: [it] }, '.repeat(5)}] }`],
  ['people who approve their own requests', 'quorum: 2', 'self: true'],
  ['a manager by name', 'groups: [it, security], quorum: 2', 'manager: grace'],
  ['a rule without windows', '    windows: [5m, 10m]\n', ''],
  ['what belongs to the other kind', 'serials: ["C02VAULT*"]', 'accounts: ["a"]'],
  ['an unknown key of extensions', 'kind: mac-admin', 'kind: mac-admin\n    extend: { time: 1 }'],
  [
    'an extension that the policy approves by itself',
    'kind: mac-admin',
    'kind: mac-admin\n    extend: { approve: { groups: [it], policy: { upTo: 5m, perDay: 1 } } }',
  ],
  ['a rule that denies and lets', 'kind: mac-admin', 'kind: mac-admin\n    effect: deny'],
  ['an effect that is none', 'kind: mac-admin', 'kind: mac-admin\n    effect: dney'],
  ['for whom that is nobody', 'kind: mac-admin', 'kind: mac-admin\n    for: ada'],
  ['a tier that is none', 'kind: mac-admin', 'kind: mac-admin\n    tier: 4'],
])('%s is caught', (_what, from, to) => {
  const text = read('policy.yaml');
  expect(text).toContain(from);
  expect(takes(parse(text.replace(from, to)))).toBe(false);
});

type Said = Record<string, { description?: unknown }>;

it('says beside each key of a rule what it means', () => {
  type Forms = { oneOf: { oneOf: { properties: Said }[] }[] };
  const { properties } = policyJsonSchema() as { properties: { targets: { items: Forms } } };
  const rules = properties.targets.items.oneOf.flatMap(({ oneOf }) => oneOf);
  expect(rules).toHaveLength(4);
  const silent = rules
    .flatMap((rule) => Object.entries(rule.properties))
    .filter(([, { description }]) => typeof description !== 'string');
  expect(silent).toEqual([]);
});

/** Whether it is a policy for the program. */
function isPolicy(text: string): boolean {
  try {
    parsePolicy(text, 'policy.yaml');
    return true;
  } catch (error) {
    if (isStintError(error)) return false;
    throw error;
  }
}

it('underlines nothing that the program would take', () => {
  const length = fc.constantFrom('30s', '5m', '1h', '1h30m', '2h', '45m', '90s');
  const who = fc.record(
    {
      groups: fc.constantFrom(['it'], ['staff', 'a.b']),
      people: fc.constantFrom(['ada'], ['a@b', 'a.b+c']),
      quorum: fc.constantFrom(1, 2),
    },
    { requiredKeys: ['groups'] },
  );
  const decides = who.map((one) => ({ ...one, manager: true }));
  const stages = fc
    .array(fc.oneof(who, fc.constant({ manager: true })), { minLength: 1, maxLength: 4 })
    .map((all) => ({ stages: all }));
  const ask = who.map(({ quorum: _, ...rest }) => rest);
  const mac = fc.record({ serials: fc.constantFrom(['*'], ['C02*', 'X']) });
  const aws = fc.record(
    {
      accounts: fc.constantFrom(['111122223333'], ['Größe*']),
      ous: fc.constantFrom(['Prod'], ['ou-ab12-12345678']),
      sets: fc.constantFrom(['Read*'], ['a.b']),
      tags: fc.dictionary(fc.constantFrom('tier', 'system'), fc.constantFrom('0', ''), { minKeys: 1 }),
    },
    { requiredKeys: ['accounts'] },
  );
  const rule = (kind: string, match: fc.Arbitrary<object>) =>
    fc.record(
      {
        id: fc.constantFrom('a', 'b'),
        kind: fc.constant(kind),
        match,
        ask,
        approve: fc.oneof(who, decides, stages),
        windows: fc.constantFrom(['5m'], ['5m', '10m']),
        max: fc.constantFrom('10m', '30m', '1h30m'),
        extend: fc.oneof(
          fc.constant({ times: 0 }),
          fc.record(
            { times: fc.constantFrom(1, 9), windows: fc.constant(['5m']), approve: decides },
            { requiredKeys: ['times'] },
          ),
        ),
        later: fc.record(
          { ahead: fc.constantFrom('1d', '40d'), missed: fc.constantFrom('1h', '2d') },
          { requiredKeys: ['ahead'] },
        ),
        tier: fc.constantFrom(0, 3),
        channel: fc.constantFrom('C012', 'G01'),
        revoke: ask,
        warn: fc.record({ before: length, minWindow: length }, { requiredKeys: [] }),
        deadlines: fc.record({ pending: length, start: length }, { requiredKeys: [] }),
      },
      { requiredKeys: ['id', 'kind', 'match', 'ask', 'approve', 'windows', 'max'] },
    );
  const file = fc.record({
    version: fc.constant(1),
    targets: fc.array(fc.oneof(rule('mac-admin', mac), rule('aws-permission-set', aws)), { minLength: 1, maxLength: 1 }),
  });
  let policies = 0;
  fc.assert(
    fc.property(file, (value) => {
      if (!isPolicy(JSON.stringify(value))) return;
      policies += 1;
      expect(takes(value), JSON.stringify(takes.errors)).toBe(true);
    }),
    { numRuns: 100 },
  );
  expect(policies).toBeGreaterThan(10);
});
