/** What is set in inputs: the initial state of elements, and the `state.values` of a view or message. */
import { isObject, type Json, objects, text } from '../json.js';
import type { Values } from '../types.js';
import { interactiveElements } from './complete.js';

/** The state of an untouched element; undefined for those that have none, such as buttons. */
function initialState(element: Json): Json | undefined {
  const type = String(element.type);
  switch (type) {
    case 'plain_text_input':
      return { type, value: text(element.initial_value) ?? null };
    case 'static_select':
    case 'external_select':
    case 'radio_buttons':
      return { type, selected_option: isObject(element.initial_option) ? element.initial_option : null };
    case 'datetimepicker':
      return { type, selected_date_time: typeof element.initial_date_time === 'number' ? element.initial_date_time : null };
    case 'checkboxes':
      return { type, selected_options: objects(element.initial_options) };
    default:
      return undefined;
  }
}

/** `state.values`: what was set, and for the rest what the app gave as initial. Values of blocks that are gone are left out. */
export function stateValues(blocks: Json[], set: Values): Values {
  const values: Values = {};
  for (const { blockId, actionId, element } of interactiveElements(blocks)) {
    const initial = initialState(element);
    if (!initial) continue;
    const kept = set[blockId]?.[actionId];
    values[blockId] = { ...values[blockId], [actionId]: kept && kept.type === initial.type ? kept : initial };
  }
  return values;
}
