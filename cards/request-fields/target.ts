/** What is asked for: a list, or a search where there is more than a list can hold. */
import { plainText } from '../blocks.js';
import { FIELDS } from '../modals.js';
import { OPTIONS_MAX, optionOf } from '../offer-options.js';
import { otherIn, targetBlock } from './for-whom.js';
import { onlyKind, type Part } from './part.js';

export const targetPart: Part = ({ offers, searchable, chosen, offer, forWhom }) => {
  if (offers.length === 0 && !searchable) return [];
  const base = { type: 'input' as const, block_id: targetBlock(otherIn(forWhom)), dispatch_action: true };
  if (searchable) {
    return [
      {
        ...base,
        label: plainText('What do you need?', 2000),
        hint: plainText('Type a part of its name, of the account, of its number, or of what you want to be there.', 2000),
        element: {
          type: 'external_select',
          action_id: FIELDS.target,
          placeholder: plainText('Type to search', 150),
          min_query_length: 0,
          ...(offer ? { initial_option: optionOf(offer) } : {}),
        },
      },
    ];
  }
  const options = offers.slice(0, OPTIONS_MAX).map(optionOf);
  const initial = options.find(({ value }) => value === chosen?.key);
  return [
    {
      ...base,
      label: plainText(onlyKind(offers)?.one ?? 'What do you need?', 2000),
      element: {
        type: 'static_select',
        action_id: FIELDS.target,
        options,
        ...(initial ? { initial_option: initial } : {}),
      },
    },
  ];
};
