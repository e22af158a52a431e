/** A row with a switch. */
import { h } from './vdom.js';

export function switchRow({ key, name, about, on, set }) {
  return h(
    'button',
    {
      type: 'button',
      class: 'switch',
      role: 'switch',
      key,
      'data-switch': key,
      'aria-checked': String(on),
      onclick: () => set(!on),
    },
    h('span', { class: 'switch-words' }, h('span', {}, name), about && h('small', {}, about)),
    h('span', { class: 'switch-knob', 'aria-hidden': 'true' }),
  );
}
