/** Our patterns against the runtime's: the same is found, and no text makes one slow. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linearPattern } from '../../policy/linear-pattern.js';

const LETTERS = ['a', 'b', 'A', '1', '_', '-', ' ', '\n', 'é', '😀'];
const atom = fc.constantFrom(
  ...['a', 'b', 'A', '1', '-', ' ', 'é', '😀', '.', '\\d', '\\D', '\\w', '\\W', '\\s', '\\S', '\\.', '\\n', '\\p{L}', '\\P{Lu}'],
  ...['[ab]', '[^ab]', '[a-b1]', '[\\d_-]', '[^\\w\\]]', '[]', '[^]', '^', '$', '\\b', '\\B'],
);
const times = fc.constantFrom('', '', '', '*', '+', '?', '{0}', '{2}', '{1,}', '{0,2}', '{2,3}');
const isPlace = (source: string) => ['^', '$', '\\b', '\\B'].includes(source);
const { pattern } = fc.letrec<{ pattern: string; part: string; group: string }>((tie) => ({
  group: tie('pattern').map((inner) => `(${inner})`),
  part: fc
    .tuple(
      fc.oneof(
        { maxDepth: 2 },
        atom,
        tie('group'),
        tie('group').map((one) => one.replace('(', '(?:')),
      ),
      times,
    )
    .map(([one, repeat]) => (isPlace(one) ? one : one + repeat)),
  pattern: fc
    .array(
      fc.array(tie('part'), { maxLength: 4 }).map((parts) => parts.join('')),
      { minLength: 1, maxLength: 2 },
    )
    .map((all) => all.join('|')),
}));

function refusal(source: string): string {
  try {
    linearPattern(source);
    return 'taken';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Asked at each letter: of itself V8 looks inside of letters of two units as well, where `\B` then holds; the standard says not. */
function runtimeFinds(source: string, text: string): boolean {
  const at = new RegExp(source, 'uy');
  let from = 0;
  return [...text, ''].some((letter) => {
    at.lastIndex = from;
    from += letter.length;
    return at.test(text);
  });
}

describe('a pattern', () => {
  it('is found where the runtime finds it, and nowhere else', () => {
    const text = fc.array(fc.constantFrom(...LETTERS), { maxLength: 6 }).map((all) => all.join(''));
    expect(runtimeFinds('\\B', 'a😀a')).toBe(false);
    fc.assert(
      fc.property(pattern, fc.array(text, { minLength: 1, maxLength: 5 }), (source, texts) => {
        // Written out it may be larger than we take.
        fc.pre(!/smaller/.test(refusal(source)));
        const finds = linearPattern(source);
        expect([source, ...texts.map(finds)]).toEqual([source, ...texts.map((one) => runtimeFinds(source, one))]);
      }),
      { numRuns: 400 },
    );
  });

  it.each(['(a|a)*b', '(a*)*b', '(a+)+b', `${'a?'.repeat(90)}${'a'.repeat(90)}b`, `${'.*a'.repeat(20)}b`, '(a{1,20}){1,20}b$'])(
    'that would hold the runtime for hours, %s, answers a text made for it at once',
    (source) => {
      const before = process.cpuUsage();
      expect(linearPattern(source)('a'.repeat(500))).toBe(false);
      expect(process.cpuUsage(before).user / 1000).toBeLessThan(5000);
    },
  );

  it.each([
    ['(?=a)b', /must not look around/],
    ['(?<!a)b', /must not look around/],
    ['(?<name>a)', /nor name its groups/],
    ['(a)\\1', /must not have "\\\\1", which is not known here/],
    ['a*?b', /must not have a \? after a repeat/],
    ['a{1000}b{1000}', /must be smaller/],
    ['((a{99}){99}){99}', /must be smaller/],
    ['(a', /must be a regular expression: Unterminated group$/],
    ['[b-a]', /must be a regular expression: Range out of order in character class$/],
    ['x/u: (', /must be a regular expression: Unterminated group$/],
    ['\\u0041', /not known here/],
  ])('%s is refused, and why', (source, said) => {
    expect(refusal(source)).toMatch(said);
  });
});
