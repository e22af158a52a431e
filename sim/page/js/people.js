/** The people to be: a rail that the arrow keys walk along. */
import { avatar } from './icons.js';
import { become, unreadOf } from './places.js';
import { state } from './store.js';
import { h } from './vdom.js';

export function peopleRail() {
  const people = state.info?.people ?? [];
  return h(
    'nav',
    { class: 'rail', 'aria-label': 'People' },
    h('h2', { class: 'rail-title', id: 'rail-title' }, 'Be'),
    h(
      'div',
      { class: 'rail-list', role: 'radiogroup', 'aria-labelledby': 'rail-title', onkeydown: (event) => walk(event, people) },
      people.map(person),
    ),
    h('p', { class: 'rail-note' }, 'Alt + 1 … ', String(people.length || 5)),
  );
}

function person(one, i) {
  const on = one.slack === state.as;
  const fresh = on ? 0 : unreadOf(one.slack);
  const form = !on && (state.seen[one.slack]?.modals.length ?? 0) > 0;
  return h(
    'button',
    {
      type: 'button',
      class: 'person',
      role: 'radio',
      key: one.id,
      'data-person': one.id,
      'aria-checked': String(on),
      tabindex: on ? '0' : '-1',
      title: `${one.name}: ${one.role} (Alt+${i + 1})`,
      'aria-label': `${one.name}, ${one.role}${fresh > 0 ? `, ${fresh} new` : ''}${form ? ', has a form open' : ''}`,
      onclick: () => become(one.slack),
    },
    h(
      'span',
      { class: 'person-face' },
      avatar({ id: one.slack, name: one.name }, 40),
      fresh > 0 && h('span', { class: 'badge' }, fresh),
      form && h('span', { class: 'badge form', title: 'A form is open' }, '…'),
    ),
    h(
      'span',
      { class: 'person-words' },
      h(
        'strong',
        {},
        h('span', {}, one.name.split(' ')[0]),
        h('span', { class: 'last-name' }, ` ${one.name.split(' ').slice(1).join(' ')}`),
      ),
      h('small', {}, one.role),
    ),
  );
}

function walk(event, people) {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const at = people.findIndex((one) => one.slack === state.as);
  const next = people[(at + step + people.length) % people.length];
  become(next.slack);
  event.currentTarget.querySelector(`[data-person="${CSS.escape(next.id)}"]`)?.focus();
}

/** Alt and a digit: that person, from anywhere. */
export function personKeys(event) {
  const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
  const one = event.altKey && !event.ctrlKey && digit ? state.info?.people[Number(digit) - 1] : undefined;
  if (!one) return;
  event.preventDefault();
  become(one.slack);
}
