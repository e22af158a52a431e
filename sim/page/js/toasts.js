/** Short words at the foot of the Slack window. */
import { untoast } from './api.js';
import { icon } from './icons.js';
import { state } from './store.js';
import { h } from './vdom.js';

export function toasts() {
  return h(
    'div',
    { class: 'toasts', role: 'status', 'aria-live': 'polite' },
    state.toasts.map((one) =>
      h(
        'div',
        { class: `toast ${one.kind}`, key: one.id },
        icon(one.kind === 'error' ? 'warn' : 'check', 17),
        h('span', {}, one.words),
        h(
          'button',
          { type: 'button', class: 'tool', 'aria-label': 'Dismiss', onclick: () => untoast(one.id) },
          icon('close', 14),
        ),
      ),
    ),
  );
}
