/** What the author of a file reads when something in it is wrong: which word was meant, what is allowed, in which order. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readDocument } from '../../policy/document.js';
import { closest, didYouMean, pathText, problemError, problemsOf, unknownKey } from '../../policy/problems.js';

it.each<[string, readonly string[], string | undefined]>([
  // up to three letters one step, up to eight two, then three: never more
  ['windws', ['windows', 'zone'], 'windows'],
  ['wnidows', ['windows'], 'windows'],
  ['widnwos', ['windows'], 'windows'],
  ['widnwso', ['windows'], undefined],
  ['ab', ['ax'], 'ax'],
  ['ab', ['xy'], undefined],
  ['ba', ['ab'], 'ab'],
  ['abc', ['xyc'], undefined],
  ['abc', ['abcde'], undefined],
  ['abcde', ['abcxx'], undefined],
  ['abcdef', ['abcxxf'], 'abcxxf'],
  ['abcdef', ['abxxxf'], undefined],
  ['abcdefghi', ['abxxxfghi'], 'abxxxfghi'],
  ['abcdefghijkl', ['abxxxxghijkl'], undefined],
  ['abcdefghijkl', ['abcdefgh'], undefined],
  // only two letters side by side that stand the wrong way round are one step
  ['cab', ['abc'], undefined],
  ['acb', ['abc'], 'abc'],
  ['aab', ['aba'], 'aba'],
  ['xay', ['yax'], undefined],
  ['ab', ['bc'], undefined],
  ['abc', ['bcd'], undefined],
  ['groups', ['Groups'], 'Groups'],
  ['GROUPS', ['groups'], 'groups'],
  // the nearest, and of two that are as near the first
  ['approver', ['approved', 'approvers', 'approver'], 'approver'],
  ['maxim', ['maxxx', 'maxi'], 'maxi'],
  ['teams', ['terms', 'seams'], 'terms'],
  ['manger', ['managers', 'manager'], 'manager'],
  ['', ['a'], 'a'],
  ['', ['ab'], undefined],
  ['a', [], undefined],
])('the word that %j was meant to be, of %j, is %j', (word, allowed, meant) => {
  expect(closest(word, allowed)).toBe(meant);
});

it.each<[string, readonly string[], string]>([
  ['monday', ['mon', 'tue'], '; did you mean "mon"?'],
  ['Monday', ['MON'], '; did you mean "MON"?'],
  ['monday', ['mo', 'tue'], ''],
  ['tomorrow', ['row', 'tue'], ''],
  ['friday', ['mon', 'tue'], ''],
])('whoever writes %j where %j is allowed reads %j', (word, allowed, said) => {
  expect(didYouMean(word, allowed)).toBe(said);
  expect(didYouMean(word, allowed, '.')).toBe(said || '.');
});

it('a key that is not known is shown as far as its first sixty letters, with what is allowed', () => {
  expect(unknownKey('windws', ['windows', 'zone'])).toBe(
    '"windws" is not known here; did you mean "windows"? Allowed: windows, zone',
  );
  expect(unknownKey('x'.repeat(61), ['zone'])).toBe(`"${'x'.repeat(60)}" is not known here. Allowed: zone`);
});

it.each<[readonly PropertyKey[], string]>([
  [[], ''],
  [['a'], 'a'],
  [[0, 'a'], '[0].a'],
  [['a', 1, 2, 'b', 'c'], 'a[1][2].b.c'],
])('the path %j is written %j', (path, text) => {
  expect(pathText(path)).toBe(text);
});

describe('one error', () => {
  const problem = (at: string, what = 'is wrong', path = '') => ({ at, path, what });
  const sentence = (problems: Parameters<typeof problemError>[2]) => problemError('bad-config', 'The file', problems).sentence;

  it('lists what is wrong in the order of the file, by line and then by column, each once', () => {
    const mixed = [problem('f:10:2'), problem('f:9:30', 'is odd', 'a.b'), problem('f:9:4'), problem('f:10:2'), problem('f:9:4')];
    expect(sentence(mixed)).toBe(
      ['The file is not valid: 3 problems.', 'f:9:4 is wrong', 'f:9:30 a.b: is odd', 'f:10:2 is wrong'].join('\n'),
    );
  });

  it('takes the place from the end, for the name of a file may have colons', () => {
    expect(
      sentence([problem('c:7:f:2:1'), problem('c:7:f:1:9')])
        .split('\n')
        .slice(1),
    ).toEqual(['c:7:f:1:9 is wrong', 'c:7:f:2:1 is wrong']);
  });

  it('puts what has no place first', () => {
    expect(
      sentence([problem('f:1:1'), problem('')])
        .split('\n')
        .slice(1),
    ).toEqual([' is wrong', 'f:1:1 is wrong']);
  });

  it('counts, and shows fifty at most', () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => problem(`f:${i + 1}:1`));
    expect(sentence(many(1))).toBe('The file is not valid: one problem.\nf:1:1 is wrong');
    expect(sentence(many(50)).split('\n')).toHaveLength(51);
    expect(sentence(many(50))).toMatch(/^The file is not valid: 50 problems\.\n.*\nf:50:1 is wrong$/s);
    expect(sentence(many(52))).toMatch(/^The file is not valid: 52 problems\.\n.*\nf:50:1 is wrong\n… and 2 more$/s);
  });
});

describe('what a schema finds', () => {
  const inner = z.strictObject({ size: z.int().min(2).max(4).optional(), name: z.string().min(2).max(3).optional() });
  const schema = z.strictObject({
    one: inner.optional(),
    list: z.array(inner).min(2).optional(),
    some: z.array(z.string()).min(1).max(1).optional(),
    any: z.array(z.string()).optional(),
    map: z.record(z.string(), inner).optional(),
    short: z.union([z.string(), z.strictObject({ text: z.string(), when: z.string() })]).optional(),
    word: z.enum(['first', 'second']).optional(),
    kind: z
      .discriminatedUnion('is', [
        z.strictObject({ is: z.literal('a'), left: z.string() }),
        z.discriminatedUnion('of', [
          z.strictObject({ is: z.literal('b'), of: z.literal('x'), up: z.string() }),
          z.strictObject({ is: z.literal('b'), of: z.literal('y'), down: z.string() }),
        ]),
      ])
      .optional(),
    yes: z.boolean().optional(),
    own: z.custom((value) => value === 1, 'must be the one').optional(),
    need: z.custom((value) => value !== undefined, 'must be said'),
  });
  const found = (text: string) => {
    const doc = readDocument(text, 'f', 1e6);
    const parsed = schema.safeParse(doc.value);
    return parsed.success
      ? []
      : problemsOf(parsed.error.issues, schema, doc).map(({ at, path, what }) => `${at} ${path}: ${what}`);
  };

  it.each<[string, string]>([
    ['one: { sise: 3 }', 'f:1:8 one: "sise" is not known here; did you mean "size"? Allowed: size, name'],
    ['list: [{}, { nam: ab }]', 'f:1:14 list[1]: "nam" is not known here; did you mean "name"? Allowed: size, name'],
    ['map: { a: { nam: ab } }', 'f:1:13 map.a: "nam" is not known here; did you mean "name"? Allowed: size, name'],
    ['one: { size: 1 }', 'f:1:14 one.size: must be at least 2'],
    ['one: { size: 5 }', 'f:1:14 one.size: must be at most 4'],
    ['one: { size: 2.5 }', 'f:1:14 one.size: must be a whole number'],
    ['one: { name: a }', 'f:1:14 one.name: must be at least 2 characters long'],
    ['one: { name: abcd }', 'f:1:14 one.name: must be at most 3 characters long'],
    ['one: { name: 12 }', 'f:1:14 one.name: must be a text: put it into quotes'],
    ['one: { name: true }', 'f:1:14 one.name: must be a text: put it into quotes'],
    ['one: { name: [a, b] }', 'f:1:14 one.name: must be a text'],
    ['one: 7', 'f:1:6 one: must be a block of keys and values'],
    ['list: [{}]', 'f:1:7 list: must have at least 2 entries'],
    ['some: []', 'f:1:7 some: must have at least 1 entry'],
    ['some: [a, b]', 'f:1:7 some: must have at most 1 entry'],
    ['some: ab', 'f:1:7 some: must be a list: write ["ab"]'],
    ['some: ""', 'f:1:7 some: must be a list: write [""]'],
    ['any: ab', 'f:1:6 any: must be a list: write ["ab"]'],
    [`any: ${'a'.repeat(61)}`, `f:1:6 any: must be a list: write ["${'a'.repeat(60)}"]`],
    ['any: 7', 'f:1:6 any: must be a list'],
    ['any: { a: b }', 'f:1:6 any: must be a list'],
    ['word: frist', 'f:1:7 word: must be one of: first, second; did you mean "first"?'],
    ['word: third', 'f:1:7 word: must be one of: first, second'],
    ['word: 7', 'f:1:7 word: must be one of: first, second'],
    ['yes: "yes"', 'f:1:6 yes: must be true or false'],
    ['own: 2', 'f:1:6 own: must be the one'],
    // of several forms what is wrong with the one that was meant
    ['short: { text: a }', 'f:1:8 short.when: is missing'],
    ['short: { text: a, when: b, whem: c }', 'f:1:28 short: "whem" is not known here; did you mean "when"? Allowed: text, when'],
    ['short: { text: 7, when: b }', 'f:1:16 short.text: must be a text: put it into quotes'],
    ['short: 7', 'f:1:8 short: must be a text: put it into quotes'],
    ['kind: { is: a, lefft: b, left: c }', 'f:1:16 kind: "lefft" is not known here; did you mean "left"? Allowed: is, left'],
    [
      'kind: { is: b, of: y, dwn: d, down: d }',
      'f:1:23 kind: "dwn" is not known here; did you mean "down"? Allowed: is, of, down',
    ],
    ['kind: { is: b, of: x, uup: d, up: d }', 'f:1:23 kind: "uup" is not known here; did you mean "up"? Allowed: is, of, up'],
  ])('in %j is said %j', (text, said) => {
    expect(found(`${text}\nneed: it\n`)).toEqual([said]);
  });

  it.each<[string, string[]]>([
    ['one: {}', ['f:1:1 need: is missing; it must be said']],
    ['7', ['f:1:1 : must be a block of keys and values']],
    ['null', ['f:1:1 : the file is empty']],
    ['need: it\nonne: 7\nlits: 7', ['f:2:1', 'f:3:1']],
  ])('of the whole file %j is said %j', (text, said) => {
    const all = found(text);
    expect(all).toHaveLength(said.length);
    said.forEach((line, i) => {
      expect(all[i]).toContain(line);
    });
  });
});

describe('a file', () => {
  const TEXT = 'a: 1\nb:\n  - { c: 2 }\n  - d: {}\n    e: x\n';
  const doc = readDocument(TEXT, 'f', 1e6);
  it.each<[readonly PropertyKey[], string | undefined, string]>([
    [[], undefined, 'f:1:1'],
    [['a'], undefined, 'f:1:4'],
    [['b'], undefined, 'f:3:3'],
    [['b', 0], undefined, 'f:3:5'],
    [['b', 0, 'c'], undefined, 'f:3:10'],
    [['b', 1, 'e'], undefined, 'f:5:8'],
    // of a key, or of what is around it
    [[], 'b', 'f:2:1'],
    [[], 'z', 'f:1:1'],
    [['b', 1], 'e', 'f:5:5'],
    [['b', 1], 'z', 'f:4:5'],
    [['b'], 'c', 'f:3:3'],
    [['a'], 'c', 'f:1:4'],
    // where there is nothing, of what is around it
    [['z'], undefined, 'f:1:1'],
    [['b', 7], undefined, 'f:3:3'],
    [['b', 0, 'z', 'y'], undefined, 'f:3:5'],
    [['a', 'z'], undefined, 'f:1:4'],
  ])('has %j (key %j) at %s', (path, key, place) => {
    expect(doc.at(path, key)).toBe(place);
  });

  const of = (text: string, cap = 1e6) => {
    const { value, problems } = readDocument(text, 'f', cap);
    return problems.length === 0 ? value : problems.map(({ at, path, what }) => `${at} ${path}${what}`);
  };
  it.each<[string, unknown]>([
    [TEXT, { a: 1, b: [{ c: 2 }, { d: {}, e: 'x' }] }],
    ['', null],
    [
      'a: &x 1\nb: *x\n',
      [
        'f:1:7 anchors and aliases are not allowed; write the value out',
        'f:2:4 anchors and aliases are not allowed; write the value out',
      ],
    ],
    ['a: 1\n"a": 2\n', ['f:2:1 "a" stands twice in this block, first at f:1:1; keep one of them']],
    ['a: 1\n---\nb: 2\n', ['f:2:1 a second document begins here, and a file is one: take out the line "---"']],
    ['a:\n\tb: 1\n', ['f:2:1 a tab indents this line: use blanks']],
    ['<<: { a: 1 }', { '<<': { a: 1 } }],
    ['a: yes', { a: 'yes' }],
    ['? [a]\n: 1\n', [expect.stringMatching(/^f:1:3 .*keys must be strings/)]],
    ['a: { __proto__: 1 }', ['f:1:6 "__proto__" is not known here, and can be no key']],
    ['a: !!js/x 1', ['f:1:4 Unresolved tag: tag:yaml.org,2002:js/x']],
  ])('%j is read as %j', (text, read) => {
    expect(of(text)).toEqual(read);
  });

  it('has so many bytes at most, and no more depth than can be read', () => {
    expect(of('a: ä', 5)).toEqual({ a: 'ä' });
    expect(of('a: ä', 4)).toEqual(['f:1:1 the file has 5 bytes; at most 4 are allowed. Is it the file that is meant?']);
    const deep = readDocument('['.repeat(100_000), 'f', 1e6);
    expect(deep.problems).toContainEqual({ at: expect.stringMatching(/^f:1:/), path: '', what: 'the file is nested too deeply' });
    expect(deep.value).toBeUndefined();
    expect(readDocument('x'.repeat(9), 'f', 1).at(['a'])).toBe('f:1:1');
  });
});
