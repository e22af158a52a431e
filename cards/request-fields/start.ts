/** When it is to begin, where the rule lets it be asked for later. Slack asks it by the clocks of whoever fills it in, and sends an instant. */
import { plainText } from '../blocks.js';
import { FIELDS } from '../modals.js';
import { oneLine } from '../text.js';
import type { Part } from './part.js';

export const startPart: Part = ({ offer, outlook }) => {
  if (offer?.later === undefined) return [];
  return [
    {
      type: 'input',
      block_id: FIELDS.start,
      optional: true,
      // What would become of it depends on it.
      ...(outlook === undefined ? {} : { dispatch_action: true }),
      label: plainText('When it is to begin', 2000),
      hint: plainText(`Leave it empty to begin at once. It may lie ${oneLine(offer.later, 400)}.`, 2000),
      element: { type: 'datetimepicker', action_id: FIELDS.start },
    },
  ];
};
