/** What it is for. */
import { FIELDS } from '../../cards/modals.js';
import { CATEGORIES, type Category } from '../../contract/request.js';
import type { Field } from './field.js';

export const categoryField: Field<Category> = {
  name: FIELDS.category,
  due: () => false,
  read(values) {
    const value = CATEGORIES.find((known) => known === values.get(FIELDS.category));
    return value ? { value } : { wrong: 'Choose a category.' };
  },
};
