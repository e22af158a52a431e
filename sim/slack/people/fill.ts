/** What a person can enter into an element, and what the client refuses before anything is sent. */

import type { Found } from '../blocks/complete.js';
import { wording } from '../blocks/complete.js';
import { optionsOf } from '../blocks/elements.js';
import { isObject, type Json, objects, strings, text } from '../json.js';

/** The state of an element after a person entered `value`: text, an option's value or words, or a list of them. */
export type Filled = { state: Json } | { refused: string };

/** `offered` are the options that the app last gave for an external select. */
export function fill({ element }: Found, value: unknown, offered: Json[]): Filled {
  const type = String(element.type);
  switch (type) {
    case 'plain_text_input':
      return { state: { type, value: value === '' || value === null || value === undefined ? null : String(value) } };
    case 'datetimepicker':
      return fillTime(type, value);
    case 'checkboxes':
      return fillMany(type, element, Array.isArray(value) ? strings(value) : strings([value]));
    case 'static_select':
    case 'external_select':
    case 'radio_buttons':
    case 'overflow': {
      if (value === null || value === undefined || value === '') return { state: { type, selected_option: null } };
      const options = [...optionsOf(element), ...offered, ...objects([element.initial_option])];
      const option = choose(options, value);
      return option ? { state: { type, selected_option: option } } : { refused: `There is no option ${String(value)}.` };
    }
    default:
      return { refused: `A ${type} can't be set.` };
  }
}

/** Seconds since 1970, whatever the clocks of the person's zone show then. */
function fillTime(type: string, value: unknown): Filled {
  if (value === null || value === undefined || value === '') return { state: { type, selected_date_time: null } };
  const seconds = Number(value);
  return Number.isInteger(seconds)
    ? { state: { type, selected_date_time: seconds } }
    : { refused: `${String(value)} is no time.` };
}

function fillMany(type: string, element: Json, values: string[]): Filled {
  const chosen = values.map((value) => choose(optionsOf(element), value));
  if (chosen.includes(undefined)) return { refused: `There is no option ${values[chosen.indexOf(undefined)]}.` };
  return { state: { type, selected_options: objects(chosen) } };
}

function choose(options: Json[], value: unknown): Json | undefined {
  return options.find((option) => option.value === value) ?? options.find((option) => wording(option.text) === value);
}

/** The sentence under a field that the client would not send, or undefined when it is fine. */
export function complaint({ block, element }: Found, state: Json | undefined): string | undefined {
  const value = text(state?.value) ?? '';
  const picked = typeof state?.selected_date_time === 'number';
  const chosen = picked || isObject(state?.selected_option) || objects(state?.selected_options).length > 0;
  const empty = element.type === 'plain_text_input' ? value === '' : !chosen;
  if (empty) return block.optional === true ? undefined : 'Please complete this required field.';
  const { min_length: min, max_length: max } = element;
  if (typeof min === 'number' && value.length < min) return `Please enter at least ${min} characters.`;
  // Without a limit of its own a text field still ends at Slack's.
  const most = typeof max === 'number' ? max : 3000;
  if (value.length > most) return `Please enter no more than ${most} characters.`;
  return undefined;
}
