/** Texts that somebody might write to make a card say something else. */
import fc from 'fast-check';

export const NASTY = [
  '<!channel> <!here> <!everyone>',
  '@here @channel @everyone @alice',
  '<@U0ALICE> <#C0123|general> <!subteam^S0123>',
  '<https://evil.example|Approve>',
  'https://evil.example/approve www.evil.example mailto:a@b.example',
  '<!date^1392734382^{date}^https://evil.example|x>',
  '`code` ```block``` *bold* _italic_ ~strike~ > quote',
  '\u202Egnp.tpircs\u202C',
  '\u2066hidden\u2069 \u200Bzero\u200Dwidth\uFEFF',
  'half \uD83D and \uDE00 pairs',
  ':rotating_light: :white_check_mark:',
  'مرحبا بالعالم שלום',
  '&lt;!channel&gt; &amp;',
  '👩‍👩‍👧‍👦🏳️‍🌈',
  '\n\n\n\n\n✅ Approved by <@U0ALICE>\n',
  '<'.repeat(500),
  '&'.repeat(500),
  '😀'.repeat(250),
  'x'.repeat(500),
  '\u0301'.repeat(100),
  '',
] as const;

/** Nasty pieces and random characters of every kind, joined. */
export const hostile: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(...NASTY),
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.string({ unit: 'grapheme', maxLength: 40 }),
    ),
    {
      minLength: 1,
      maxLength: 6,
    },
  )
  .map((parts) => parts.join(' '));
