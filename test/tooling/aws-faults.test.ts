/** `docs/aws-faults.md` promises a test for each fault: every row is there, and what it names is a test that runs. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
/** `D1` to `D5` of what went wrong elsewhere. */
const ITEMS = 41;
const IMPOSSIBLE = /^can't (happen|be prevented from here), because \S/;

const rows = readFileSync(join(ROOT, 'docs/aws-faults.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| \d+ \|/.test(line))
  .map((line) => {
    const [, number = '', fault = '', here = '', tests = ''] = line.split('|').map((cell) => cell.trim());
    return { number, fault, here, tests };
  });

it('has every item once, in order', () => {
  expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: ITEMS }, (_, n) => String(n + 1)));
});

it.each(rows)('$number, $fault, names tests that there are, or says why it can not happen', ({ here, tests }) => {
  const named = [...tests.matchAll(/`([\w./-]+\.test\.ts)`((?:[:,] "[^"]+")+)/g)];
  if (named.length === 0) expect(here).toMatch(IMPOSSIBLE);
  for (const [, file = '', titles = ''] of named) {
    const path = join(ROOT, 'test', file);
    expect(existsSync(path), file).toBe(true);
    const known = titlesIn(readFileSync(path, 'utf8'));
    for (const [, title = ''] of titles.matchAll(/"([^"]+)"/g))
      expect(
        known.filter((one) => one.includes(title)),
        `${file}: ${title}`,
      ).not.toEqual([]);
  }
  // no file without the name of a test in it
  expect(tests.match(/\.test\.ts/g) ?? []).toHaveLength(named.length);
});

/** What the tests of a file are called; the table may leave out a beginning or an end. */
function titlesIn(source: string): string[] {
  const calls = /\b(?:test|it)(?:\.\w+)*(?:\((?:[^()]|\([^()]*\))*\)(?: as const\))?)?\(\s*(['"`])((?:(?!\1)[^\\]|\\.)*)\1/g;
  return [...source.matchAll(calls)].map(([, , title = '']) => title.replace(/\\(.)/g, '$1'));
}
