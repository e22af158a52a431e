/** Why the form is here again, what may be missing from it, and what has to be known of a choice before it is asked for. */
import { context, lines } from '../blocks.js';
import { foreign, type Sentence, strong } from '../say.js';
import { oneLine } from '../text.js';
import { TIER_WORDS } from '../tier.js';
import type { Part } from './part.js';

export const saidPart: Part = ({ chosen, offer, searchable, again, note }) => {
  const found: Sentence[] = [
    chosen?.barred === undefined ? [] : ['🚫 ', strong('Not possible: '), foreign(chosen.barred, 600)],
    offer?.tier === undefined
      ? []
      : [strong('Risk: '), TIER_WORDS[offer.tier], ...(offer.tier === 0 ? ['. Look twice.'] : ['.'])],
    !searchable || offer?.detail === undefined ? [] : [foreign(offer.detail, 300)],
    ...(offer?.notes ?? []).slice(0, 6).map((one): Sentence => [foreign(one, 400)]),
  ];
  return [
    ...(again === undefined ? [] : [lines(['⚠️ ', foreign(again, 300)])]),
    ...(note === undefined ? [] : [context(`⏳ ${oneLine(note, 600)}`)]),
    ...found.filter((sentence) => sentence.length > 0).map((sentence) => lines(sentence)),
  ];
};
