/** What cannot be a message is known by its size, exactly and cheaply. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isOversize } from '../../workflows/backlog.js';

const long = (raw: unknown) => (JSON.stringify(raw) ?? '').length > 8000;

test('is oversize exactly when its JSON has more than 8,000 characters', () => {
  const text = fc.oneof(
    fc.string(),
    fc.integer({ min: 3990, max: 8010 }).map((n) => 'x'.repeat(n)),
  );
  const json = fc.letrec((tie) => ({
    any: fc.oneof({ maxDepth: 4 }, text, fc.double(), fc.boolean(), fc.constant(null), tie('list'), tie('object')),
    list: fc.array(tie('any')),
    object: fc.dictionary(fc.string(), tie('any')),
  })).any;
  fc.assert(
    fc.property(json, (raw) => {
      const parsed: unknown = JSON.parse(JSON.stringify(raw));
      expect(isOversize(parsed)).toBe(long(parsed));
    }),
  );
});

test.each([
  ['as many characters as fit', 'x'.repeat(7998), false],
  ['one more', 'x'.repeat(7999), true],
  ['a list that just fits', Array.from({ length: 3999 }, () => 7), false],
  ['a list of one more', Array.from({ length: 4000 }, () => 7), true],
  ['nothing', undefined, false],
  ['few bytes', new Uint8Array(100), false],
  ['many', new Uint8Array(2_000_000), true],
  ['what is nested without end', JSON.parse('['.repeat(3900) + ']'.repeat(3900)), false],
  ['and deeper', JSON.parse('['.repeat(5000) + ']'.repeat(5000)), true],
])('%s', (_, raw, oversize) => {
  expect(isOversize(raw)).toBe(oversize);
});

test('a key that Object itself has counts as any other', () => {
  expect(isOversize(JSON.parse(`{"__proto__":"${'x'.repeat(9000)}"}`))).toBe(true);
});
