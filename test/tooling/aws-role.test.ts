/** The role of `docs/aws.md` has exactly the rights that the product uses, and the contract for a real organisation needs no more. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

/** The operations that the sources of a folder send, by the names of the SDK's commands. */
function asked(folder: string, which: RegExp): readonly string[] {
  const files = readdirSync(join(ROOT, folder)).filter((name) => which.test(name));
  const texts = files.map((name) => readFileSync(join(ROOT, folder, name), 'utf8'));
  const names = texts.flatMap((text) => [...text.matchAll(/\bnew ([A-Z]\w+)Command\(/g)].map(([, name = '']) => name));
  return [...new Set(names)].sort();
}

/** The actions of both statements of the role, without their service. */
function rights(): readonly string[] {
  const [, role = ''] = /```json\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, 'docs/aws.md'), 'utf8')) ?? [];
  const { Statement } = JSON.parse(role) as { readonly Statement: readonly { readonly Action: readonly string[] }[] };
  return Statement.flatMap(({ Action }) => Action.map((name) => name.replace(/^[a-z]+:/, ''))).sort();
}

test('the role has each right that the product uses, and no other', () => {
  expect(rights()).toEqual(asked('activities/targets/aws-permission-set', /\.ts$/));
});

test('the contract for a real organisation asks nothing that the role may not', () => {
  const contract = asked('test/identity-center', /^(contract|contract-desk|driver-contract)\.ts$/);
  expect(contract.length).toBeGreaterThan(5);
  expect(contract.filter((name) => !rights().includes(name))).toEqual([]);
});
