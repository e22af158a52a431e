/** The name that has to be typed where the most is at stake. */
import { FIELDS } from '../../cards/modals.js';
import { sameName } from '../../contract/names.js';
import type { Field } from './field.js';

export const confirmField: Field<true> = {
  name: FIELDS.confirm,
  due: ({ tier }) => tier === 0,
  read(values, { tier, confirmBy }) {
    const typed = tier !== 0 || sameName(values.get(FIELDS.confirm) ?? '', confirmBy);
    return typed ? { value: true } : { wrong: `Type ${confirmBy} here, exactly.` };
  },
};
