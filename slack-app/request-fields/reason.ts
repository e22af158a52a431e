/** The reason: its length, and what the rule asks of it. */
import { FIELDS } from '../../cards/modals.js';
import { wrongReason } from '../../policy/reason.js';
import { tidy, wrongLength } from '../texts.js';
import type { Field } from './field.js';

export const reasonField: Field<string> = {
  name: FIELDS.reason,
  due: () => false,
  read(values, { reason }) {
    const value = tidy(values.get(FIELDS.reason) ?? '');
    const wrong = wrongLength(value, 'The reason') ?? (reason && wrongReason(reason.rule, value));
    return wrong === undefined ? { value } : { wrong };
  },
};
