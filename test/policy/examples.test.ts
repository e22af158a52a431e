/** The example policies: each keeps what its own table of cases says, and the tables would see it if one did not. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCases } from '../../policy/case-file.js';
import { runCases } from '../../policy/cases.js';
import { fileFindings } from '../../policy/check.js';
import { parsePolicy } from '../../policy/load.js';
import { parsePeople, parsePeopleFile } from '../../policy/people.js';
import { NOW } from './world.js';

const read = (name: string) => readFileSync(join(import.meta.dirname, '../../examples', name), 'utf8');

/** The table of an example, run against its policy with some of it replaced. */
async function tried(name: string, from?: string, to = '') {
  const table = parseCases(read(`${name}.test.yaml`), `${name}.test.yaml`);
  const text = read(table.policy);
  const edited = from === undefined ? text : text.replace(from, to);
  if (from !== undefined && edited === text) throw new Error(`nothing to change: ${from}`);
  return runCases(parsePolicy(edited, table.policy), parsePeople(read(table.people), table.people), table, NOW);
}

const BANK_STAGES = 'approve: { stages: [{ groups: [core-owners] }, { groups: [risk] }] }';

describe.each(['policy', 'policy-aws', 'policy-bank'])('the example %s', (name) => {
  it('answers every case as its table says, and every rule is reached', async () => {
    const { cases, coverage } = await tried(name);
    expect(cases.filter((one) => !one.ok)).toEqual([]);
    expect(coverage).toBe(100);
  });
});

describe.each([
  ['policy', 'quorum: 2', 'quorum: 1'],
  ['policy', '["C02VAULT*"]', '["C02VOLT*"]'],
  ['policy', 'groups: [it], quorum: 1', 'groups: [it, security], quorum: 1'],
  ['policy', 'windows: [5m, 10m]\n    max: 10m', 'windows: [5m, 10m, 30m]\n    max: 30m'],
  ['policy-aws', 'tags: { tier: "0" }', 'tags: { tier: "1" }'],
  ['policy-aws', 'sets: [ReadOnly, "BreakGlass*"]', 'sets: ["*"]'],
  ['policy-aws', 'channel: C0ONCALL01', 'channel: C0ONCALL02'],
  ['policy-aws', '"444444444444", "sandbox-*"', '"*"'],
  ['policy-aws', 'for: others', 'for: self'],
  ['policy-aws', 'approve: { groups: [it], quorum: 1 }', 'for: others\n    approve: { groups: [it], quorum: 1 }'],
  ['policy-aws', 'except: { groups: [it, security] }', 'except: { groups: [staff] }'],
  ['policy-aws', 'except: { groups: [it, security] }', 'except: { groups: [security] }'],
  ['policy-bank', 'except: { groups: [operations] }', 'except: { groups: [operations, audit] }'],
  ['policy-bank', 'except: { groups: [operations] }', 'except: { groups: [risk] }'],
  ['policy-bank', 'except: { groups: [trading] }', 'except: { groups: [trading, operations] }'],
  ['policy-bank', 'except: { groups: [trading] }', 'except: { groups: [audit] }'],
  ['policy-bank', BANK_STAGES, 'approve: { groups: [core-owners, risk], quorum: 2 }'],
  ['policy-bank', BANK_STAGES, 'approve: { groups: [core-owners] }'],
  ['policy-bank', BANK_STAGES, 'approve: { stages: [{ groups: [operations] }, { groups: [risk] }] }'],
  ['policy-bank', 'manager: true\n      groups: [risk]', 'groups: [operations, risk]'],
  ['policy-bank', 'sets: [ReadOnly, SecurityAudit]', 'sets: ["*"]'],
  ['policy-bank', 'after: 1h', 'after: 2h'],
  ['policy-bank', 'after: 1h', 'after: 30m'],
  ['policy-bank', 'from: "08:00", to: "18:00"', 'from: "08:00", to: "18:01"'],
  ['policy-bank', 'from: "08:00", to: "18:00"', 'from: "08:00", to: "15:00"'],
  ['policy-bank', 'to: "20:00"', 'to: "21:00"'],
  ['policy-bank', 'zone: Europe/Berlin', 'zone: UTC'],
  ['policy-bank', 'min: 20', 'min: 10'],
  ['policy-bank', 'CHG-[0-9]{4,}', '[0-9]*'],
  ['policy-bank', '\\bcustomers?\\b', '\\bbatch\\b'],
  ['policy-bank', ' 2026-12-25,', ''],
  ['policy-bank', 'match: { ous: [Production] }', 'match: { ous: [Production, Test] }'],
])('the table of %s', (name, from, to) => {
  it(`sees ${JSON.stringify(from)} become ${JSON.stringify(to)}`, async () => {
    const { cases } = await tried(name, from, to);
    expect(cases.some((one) => !one.ok)).toBe(true);
  });
});

it('the bank names nobody who is not there, and nobody whom too few could approve', async () => {
  const file = parsePeopleFile(read('people-bank.yaml'), 'people-bank.yaml');
  expect(await fileFindings(parsePolicy(read('policy-bank.yaml'), 'policy-bank.yaml'), file, 'p')).toEqual([]);
});
