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

it('takes no test for one that does not run, or not always, or that is to fail', () => {
  const run = ["it('a', () => {});", "test.each([1, 2])('a', () => {});", "test.concurrent('a', async () => {});"];
  const left = [
    "it.skip('a', () => {});",
    "it.todo('a');",
    "test.skipIf(missing)('a', () => {});",
    "test.runIf(slow)('a', () => {});",
    "test.fails('a', () => {});",
    "it.skip.each([1, 2])('a', () => {});",
    "it('a', { skip: true }, () => {});",
    "  // it('a', () => {});",
    "describe.skip('b', () => {\n  it('a', () => {});\n});",
  ];
  for (const source of run) expect(titlesIn(source), source).toEqual(['a']);
  for (const source of left) expect(titlesIn(source), source).toEqual([]);
});

const LEFT_OUT = /\.(?:skip|skipIf|runIf|todo|fails)\b/;

/** What the tests of a file that run are called; the table may leave out a beginning or an end. */
function titlesIn(source: string): string[] {
  const code = source.replace(/^\s*\/\/.*$/gm, '');
  // Which tests stand in it a pattern can't tell. Where it depends on what is there (`skipIf`), one of several stores always is.
  if (/\bdescribe(?:\.\w+)*\.(?:skip|todo)\b/.test(code)) return [];
  const calls =
    /\b(?:test|it)((?:\.\w+)*)(?:\((?:[^()]|\([^()]*\))*\)(?: as const\))?)?\(\s*(['"`])((?:(?!\2)[^\\]|\\.)*)\2(\s*,\s*\{[^}]*\bskip\b)?/g;
  return [...code.matchAll(calls)].flatMap(([, how = '', , title = '', skipped]) =>
    LEFT_OUT.test(how) || skipped ? [] : [title.replace(/\\(.)/g, '$1')],
  );
}
