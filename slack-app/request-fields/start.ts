/** When it is to begin. How far ahead, and in which hours, is looked at where the request is handed over. */
import { FIELDS } from '../../cards/modals.js';
import { type Instant, instant } from '../../contract/ids.js';
import type { Field } from './field.js';

export const startField: Field<Instant | undefined> = {
  name: FIELDS.start,
  due: () => false,
  read(values, { later }) {
    const text = values.get(FIELDS.start);
    if (text === undefined) return { value: undefined };
    if (later === undefined) return { wrong: 'This may be asked for now only. Leave it empty, and ask when you need it.' };
    // Seconds since 1970, as Slack's picker sends them.
    if (!/^\d{10}$/.test(text)) return { wrong: 'Choose a date and a time.' };
    return { value: instant(Number(text) * 1000) };
  },
};
