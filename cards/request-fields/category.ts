/** What it is for, in one word. */
import { plainText } from '../blocks.js';
import { FIELDS } from '../modals.js';
import { OPTIONS_MAX, option } from '../offer-options.js';
import type { Part } from './part.js';

export const categoryPart: Part = ({ categories, written }) => {
  const options = categories.slice(0, OPTIONS_MAX).map((one) => option(one, one.charAt(0).toUpperCase() + one.slice(1)));
  const initial = options.find(({ value }) => value === written.get(FIELDS.category));
  return [
    {
      type: 'input',
      block_id: FIELDS.category,
      label: plainText('Category', 2000),
      element: { type: 'static_select', action_id: FIELDS.category, options, ...(initial ? { initial_option: initial } : {}) },
    },
  ];
};
