/** Files that people write, as an editor may have saved them. */
import { describe, expect, test } from 'vitest';
import { POLICY_YAML } from '../../cli/demo/world.js';
import { parsePolicy } from '../../policy/load.js';
import { utf8Of } from '../../policy/utf8.js';

const refusedAt = (bytes: Uint8Array): string => {
  try {
    return `read as ${JSON.stringify(utf8Of(bytes, 'policy.yaml'))}`;
  } catch (error) {
    expect(error).toMatchObject({ code: 'bad-config' });
    return (error as { sentence: string }).sentence;
  }
};

describe('the text of a file', () => {
  test('is that of its bytes, without a BOM', () => {
    expect(utf8Of(Buffer.from('\ufeffous: ["Büro*", "東京", "🗝"]'), 'f')).toBe('ous: ["Büro*", "東京", "🗝"]');
    expect(utf8Of(Buffer.from(''), 'f')).toBe('');
    expect(parsePolicy(utf8Of(Buffer.from(`\ufeff${POLICY_YAML}`), 'f'), 'f').hash).toBe(parsePolicy(POLICY_YAML, 'f').hash);
  });

  test.each([
    ['Latin-1', Buffer.from('# ö\nous: ["Büro*"]\n', 'latin1'), '1:3'],
    ['Latin-1 further down', Buffer.concat([Buffer.from('# ö🗝\n\n'), Buffer.from('ous: ["Büro*"]\n', 'latin1')]), '3:9'],
    ['half a character at the end of a line', Buffer.concat([Buffer.from('ab\nab'), Buffer.of(0xc3, 0x0a)]), '2:3'],
    ['half a character at the end', Buffer.concat([Buffer.from('ab\nab'), Buffer.of(0xc3)]), '2:3'],
    ['a surrogate', Buffer.of(0x61, 0xed, 0xa0, 0x80), '1:2'],
  ])('that is %s is refused, with the place and the fix', (_, bytes, place) => {
    expect(refusedAt(bytes)).toBe(`policy.yaml:${place} here is a byte that is not UTF-8; save it as UTF-8`);
  });

  test('that is UTF-16 is refused by that name, in either order of bytes', () => {
    const little = Buffer.from('\ufefftargets: []', 'utf16le');
    for (const bytes of [little, Buffer.from(little).swap16()])
      expect(refusedAt(bytes)).toBe('policy.yaml:1:1 the file is UTF-16; save it as UTF-8');
  });
});
