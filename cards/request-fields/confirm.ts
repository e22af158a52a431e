/** Where the most is at stake, a name has to be typed: nobody does that by habit. Another choice begins it anew. */
import { plainText } from '../blocks.js';
import { FIELDS } from '../modals.js';
import { oneLine } from '../text.js';
import { blockOf, type Part } from './part.js';

export const confirmPart: Part = ({ offer }) => {
  if (offer?.tier !== 0) return [];
  const name = oneLine(offer.confirmBy, 100);
  return [
    {
      type: 'input',
      block_id: blockOf(FIELDS.confirm, offer.key),
      label: plainText(`🔴 To confirm, type ${name}`, 2000),
      element: { type: 'plain_text_input', action_id: FIELDS.confirm, max_length: 150 },
    },
  ];
};
