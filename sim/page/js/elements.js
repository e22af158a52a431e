/**
 * Controls in blocks: buttons, menus, radio buttons, checkboxes, overflow. A `where` carries what differs between a
 * message and a modal: `place(block, element)` names the control, `press` and `choose` act, `value(block, element)` is
 * what is chosen.
 */
import { plainOf } from './mrkdwn.js';
import { search } from './search.js';
import { change, state } from './store.js';
import { h } from './vdom.js';

/** Draws one control. */
export function element(one, block, where) {
  return (KINDS[one.type] ?? unknown)(one, block, where);
}

const unknown = (one) => h('span', { class: 'unknown' }, `(${String(one.type)} is not drawn here)`);

/** Groups and plain lists alike. */
export const optionsOf = (one) => [...(one.options ?? []), ...(one.option_groups ?? []).flatMap((group) => group.options)];

/** Asks first when the element wants to be confirmed. */
function confirmed(one, act) {
  const { confirm } = one;
  if (!confirm) return act();
  change((s) => {
    s.confirm = {
      title: plainOf(confirm.title),
      text: plainOf(confirm.text),
      yes: plainOf(confirm.confirm) || 'Yes',
      no: plainOf(confirm.deny) || 'Cancel',
      danger: confirm.style === 'danger',
      act,
    };
  });
}

const KINDS = {
  button(one, block, where) {
    const place = where.place(block, one);
    const pending = state.acts[place] === 'pending';
    return h(
      'button',
      {
        type: 'button',
        key: one.action_id,
        class: `btn ${one.style === 'primary' ? 'primary' : ''} ${one.style === 'danger' ? 'danger' : ''}`,
        'aria-label': one.accessibility_label,
        'aria-busy': pending ? 'true' : undefined,
        'aria-disabled': pending ? 'true' : undefined,
        'data-action': one.action_id,
        onclick: () => !pending && confirmed(one, () => where.press(block, one, place)),
      },
      plainOf(one.text),
    );
  },
  static_select: (one, block, where) => menu(one, block, where, one.placeholder ? plainOf(one.placeholder) : 'Choose…'),
  external_select: search,
  overflow: (one, block, where) => menu(one, block, where, '⋯'),
  radio_buttons: (one, block, where) => ticks('radio', one, block, where),
  checkboxes: (one, block, where) => ticks('checkbox', one, block, where),
};

function menu(one, block, where, empty) {
  const chosen = where.value(block, one)?.selected_option?.value ?? '';
  const options = optionsOf(one).map((option) => h('option', { value: option.value }, plainOf(option.text)));
  return h(
    'select',
    {
      ...where.labelled?.(block),
      key: one.action_id,
      class: one.type === 'overflow' ? 'menu overflow' : 'menu',
      'aria-label': where.labelled ? undefined : empty,
      'data-action': one.action_id,
      initial: chosen,
      onchange: (event) => {
        const { value } = event.target;
        if (one.type === 'overflow') event.target.value = '';
        if (value) confirmed(one, () => where.choose(block, one, value));
      },
    },
    h('option', { value: '' }, empty),
    options,
  );
}

function ticks(type, one, block, where) {
  const held = where.value(block, one);
  const chosen = new Set([held?.selected_option, ...(held?.selected_options ?? [])].map((option) => option?.value));
  const name = where.place(block, one);
  const read = (event) => [...event.currentTarget.querySelectorAll('input:checked')].map((input) => input.value);
  return h(
    'div',
    {
      ...where.labelled?.(block),
      class: 'ticks',
      key: one.action_id,
      role: type === 'radio' ? 'radiogroup' : 'group',
      onchange: (event) => where.choose(block, one, type === 'radio' ? read(event)[0] : read(event)),
    },
    optionsOf(one).map((option) =>
      h(
        'label',
        { class: 'tick' },
        h('input', { type, name, value: option.value, initial: chosen.has(option.value) }),
        h('span', {}, plainOf(option.text), option.description && h('small', {}, plainOf(option.description))),
      ),
    ),
  );
}
