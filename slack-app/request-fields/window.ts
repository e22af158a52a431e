/** The length, in milliseconds: one of those that are offered. */
import { FIELDS } from '../../cards/modals.js';
import type { Field } from './field.js';

export const windowField: Field<number> = {
  name: FIELDS.window,
  due: () => true,
  read(values, { windowsMs }) {
    const value = windowsMs.find((ms) => String(ms) === values.get(FIELDS.window));
    return value === undefined ? { wrong: 'This length is not offered for it. Choose another.' } : { value };
  },
};
