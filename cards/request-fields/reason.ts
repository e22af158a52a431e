/** Why, in the person's own words. */
import { REASON_MAX, REASON_MIN } from '../../contract/request.js';
import { plainText } from '../blocks.js';
import { FIELDS } from '../modals.js';
import { oneLine, sanitise } from '../text.js';
import type { Part } from './part.js';

/** Of several offers only what all of them ask is asked here; the rest is said when it is sent. */
export const reasonPart: Part = ({ shown, written }) => {
  const least = Math.min(...shown.map(({ reason }) => reason?.rule.min ?? REASON_MIN));
  const [says, ...more] = new Set(shown.map(({ reason }) => reason?.says ?? ''));
  const asked = says && more.length === 0 ? ` ${oneLine(says, 800)}` : '';
  const initial = sanitise(written.get(FIELDS.reason) ?? '', REASON_MAX);
  return [
    {
      type: 'input',
      block_id: FIELDS.reason,
      label: plainText('Reason', 2000),
      hint: plainText(`What will you do, and why does it need this access? Approvers see this as you write it.${asked}`, 2000),
      element: {
        type: 'plain_text_input',
        action_id: FIELDS.reason,
        multiline: true,
        min_length: Number.isFinite(least) ? least : REASON_MIN,
        max_length: REASON_MAX,
        ...(initial ? { initial_value: initial } : {}),
      },
    },
  ];
};
