/** Large people files: YAML has its own bound, and JSON that is not valid is told with line and column, as YAML is. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isStintError } from '../../contract/errors.js';
import { readDocument } from '../../policy/document.js';
import { readJson } from '../../policy/json-document.js';
import { parsePeopleFile } from '../../policy/people.js';

const MIB = 1024 * 1024;
const problems = (text: string) => readJson(text, 'p.json').problems.map(({ at, what }) => `${at} ${what}`);

function refusal(text: string): string {
  try {
    parsePeopleFile(text, 'p.json');
  } catch (error) {
    if (isStintError(error)) return error.sentence;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('JSON', () => {
  it.each([
    ['{\n "people": [\n  { "id": "ada"\n    "name": "Ada" }] }', 'p.json:4:5 this is no JSON: a comma is missing before this'],
    ['{"people": [1 2]}', 'p.json:1:15 this is no JSON: a comma is missing before this'],
    ['{"people": [], }', 'p.json:1:16 this is no JSON: a key in double quotes has to stand here'],
    ['{"people": [1, ]}', 'p.json:1:16 this is no JSON: a value has to stand here'],
    ['{"people" []}', 'p.json:1:11 this is no JSON: a colon is missing before this'],
    ['{"people": [', 'p.json:1:13 this is no JSON: a ] is missing before this'],
    ['{"people": 1', 'p.json:1:13 this is no JSON: a } is missing before this'],
    ['{"people": ada}', 'p.json:1:12 this is no JSON: a text has to stand in double quotes'],
    ['{people: []}', 'p.json:1:2 this is no JSON: a text has to stand in double quotes'],
    ['{"people": "ada\n"}', 'p.json:1:12 this is no JSON: this text has no closing quote'],
    ['{"people": "a\\da"}', 'p.json:1:12 this is no JSON: after this backslash no such letter may stand'],
    ['{"people": "a\\u00zz"}', 'p.json:1:12 this is no JSON: after \\u four hexadecimal digits have to stand'],
    ['{"people": "a\tb"}', 'p.json:1:12 this is no JSON: such a character has to be escaped'],
    ['{"people": 1.}', 'p.json:1:12 this is no JSON: this is no number'],
    ['{"people": []} {}', 'p.json:1:16 this is no JSON: the file should have ended before this'],
    ['{"people": [] // all\n}', 'p.json:1:15 this is no JSON: JSON has no comments'],
    ['', 'p.json:1:1 this is no JSON: a value has to stand here'],
    ['['.repeat(100_000), 'p.json:1:1 the file is nested too deeply'],
  ])('of %j is told where and what it lacks', (text, expected) => {
    expect(problems(text)).toEqual([expected]);
  });

  it('whose key stands twice, or would change what objects are, is refused as YAML is, each with its place', () => {
    const text = '{"a": {"id": 1,\n "id": 2,\n "id": 3}, "__proto__": {}, "b": [{"id": 1}, {"id": 1}]}';
    const said = ['p.json:2:2 "id" stands twice in this block, first at p.json:1:8; keep one of them'];
    expect(problems(text)).toEqual([
      ...said,
      'p.json:3:2 "id" stands twice in this block, first at p.json:1:8; keep one of them',
      'p.json:3:12 "__proto__" is not known here, and can be no key',
    ]);
    expect(readJson(text, 'p.json').value).toBeUndefined();
  });

  it('is what JSON.parse makes of it, and places are those that the reader of YAML tells', () => {
    const name = fc.stringMatching(/^[a-z]{1,4}$/);
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(1, true, null, 'text'),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(name, tie('tree'), { maxKeys: 3, noNullPrototype: true }),
      ),
    }));
    const root = fc.dictionary(name, tree, { maxKeys: 3, noNullPrototype: true });
    const path = fc.array(fc.oneof(name, fc.integer({ min: 0, max: 2 })), { maxLength: 4 });
    fc.assert(
      fc.property(root, fc.array(path, { minLength: 1, maxLength: 5 }), fc.constantFrom(0, 1, 2), (value, others, indent) => {
        const text = JSON.stringify(value, null, indent);
        const [json, yaml] = [readJson(text, 'f'), readDocument(text, 'f', MIB)];
        expect(json.problems).toEqual([]);
        expect(json.value).toEqual(value);
        for (const one of [...pathsOf(value), ...others]) {
          expect(json.at(one)).toBe(yaml.at(one));
          for (const key of keysAt(value, one)) expect(json.at(one, key)).toBe(yaml.at(one, key));
        }
      }),
      { numRuns: 300 },
    );
  });
});

function pathsOf(value: unknown): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [[]];
  const inner: [string | number, unknown][] = Array.isArray(value) ? value.map((one, i) => [i, one]) : Object.entries(value);
  return [[], ...inner.flatMap(([step, one]) => pathsOf(one).map((path) => [step, ...path]))];
}

function keysAt(value: unknown, path: readonly (string | number)[]): string[] {
  const inner = path.reduce<unknown>((all, step) => (all as Record<string, unknown> | null | undefined)?.[step], value);
  return typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? Object.keys(inner) : [];
}

describe('a people file of more than 1 MiB', () => {
  const people = Array.from({ length: 11_000 }, (_, i) => ({
    id: `p${i}`,
    name: `Person ${i}`,
    groups: ['staff', 'everybody-else-here'],
  }));
  const json = (change: (text: string) => string) => change(JSON.stringify({ people }, null, 1));

  it('is taken as JSON', () => {
    expect(parsePeopleFile(json(String), 'p.json').people).toHaveLength(11_000);
  });

  it.each([
    ['"id": "p7000"', '"id": "p6999"', /p\.json:\d+:\d+ people\[7000\]\.id: the id p6999 was named before, at p\.json:\d+:\d+;/],
    [
      '"name": "Person 7000"',
      '"nmae": "Person 7000"',
      /p\.json:56005:4 people\[7000\]: "nmae" is not known here; did you mean "name"\?/,
    ],
    ['"name": "Person 7000"', '"name": 7000', /p\.json:56005:12 people\[7000\]\.name: must be a text: put it into quotes/],
    ['"name": "Person 7000"', '"id": "p7000"', /p\.json:56005:4 "id" stands twice in this block, first at p\.json:56004:4;/],
    ['"name": "Person 7000",', '"name": "Person 7000"', /p\.json:56006:4 this is no JSON: a comma is missing before this/],
  ])('as JSON with a mistake says where: %s was %s', (was, is, expected) => {
    const text = json((whole) => whole.replace(was, is));
    expect(text).toContain(is);
    expect(text.length).toBeGreaterThan(MIB);
    const started = process.cpuUsage();
    expect(refusal(text)).toMatch(expected);
    // Work, not waiting: the YAML parser takes several times as long for it.
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(5000);
  });

  it('as YAML is refused before it is read, with what to do', () => {
    const yaml = `people:\n${people.map(({ id, name }) => `  - { id: ${id}, name: ${name} }${' '.repeat(100)}\n`).join('')}`;
    const started = process.cpuUsage();
    expect(refusal(yaml)).toMatch(
      /p\.json:1:1 the file has \d+ bytes; as YAML at most 1048576 are allowed, as JSON 33554432: write it as JSON/,
    );
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(500);
    expect(parsePeopleFile(`people: []${' '.repeat(MIB - 10)}`, 'p').people).toEqual([]);
    expect(refusal(`people: []${' '.repeat(MIB - 9)}`)).toContain('as YAML at most');
  });
});
