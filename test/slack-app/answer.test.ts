/** A sentence of an answer as Slack shows it: nothing is parsed, and instants are shown by the reader's own clock. */
import { expect, it } from 'vitest';
import { sentenceBlocks } from '../../slack-app/answer.js';

const elements = (sentence: string) => {
  const [block] = sentenceBlocks(sentence);
  return block?.type === 'rich_text' ? block.elements[0]?.elements : undefined;
};

it('has each instant as a date of Slack, with what was written for those who cannot show it', () => {
  expect(elements('It ends at 2026-11-21 14:05 UTC, and <@U0ALICE> knows; then 2026-11-22 00:00 UTC.')).toEqual([
    { type: 'text', text: 'It ends at ' },
    { type: 'date', timestamp: 1_795_269_900, format: '{date_short_pretty} at {time}', fallback: '2026-11-21 14:05 UTC' },
    { type: 'text', text: ', and <@U0ALICE> knows; then ' },
    { type: 'date', timestamp: 1_795_305_600, format: '{date_short_pretty} at {time}', fallback: '2026-11-22 00:00 UTC' },
    { type: 'text', text: '.' },
  ]);
});

it('is plain text where there is none, and where what looks like one is none, or none that Slack takes', () => {
  for (const sentence of ['Nothing changed.', 'Ask again at 2026-13-41 25:61 UTC.', 'Since 0000-01-01 00:00 UTC.'])
    expect(sentenceBlocks(sentence)).toEqual([{ type: 'section', text: { type: 'plain_text', text: sentence, emoji: false } }]);
});
