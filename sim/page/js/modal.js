/**
 * The app's modals and Slack's own question before a click counts. Both lie over the Slack window alone: people, Macs
 * and fault switches beside it stay within reach, so that one can break something while a form is open.
 */
import { act } from './api.js';
import { blocks } from './blocks.js';
import { element } from './elements.js';
import { icon, mark } from './icons.js';
import { namesFor } from './message.js';
import { plainOf } from './mrkdwn.js';
import { change, mine, state } from './store.js';
import { h } from './vdom.js';

/** The topmost modal. `covered`: a question lies above it. */
export function modalView(view, seen, { covered }) {
  const at = `modal/${view.id}`;
  const pending = state.acts[at] === 'pending';
  const said = state.acts[at];
  const submit = () => void send(view, at);
  const title = `title-${view.id}`;
  return h(
    'div',
    { class: 'veil', key: view.id, inert: covered },
    h(
      'div',
      {
        class: 'modal',
        role: 'dialog',
        'aria-labelledby': title,
        tabindex: '-1',
        'data-view': view.id,
        onkeydown: (event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && view.submit) submit();
        },
      },
      h(
        'header',
        {},
        mark(24),
        h('h2', { id: title }, plainOf(view.title ?? { text: seen.app.name })),
        h('button', { type: 'button', class: 'tool', 'aria-label': 'Close', onclick: () => close(view) }, icon('close', 18)),
      ),
      h('div', { class: 'modal-body blocks' }, blocks(view.blocks, namesFor(seen), inModal(view))),
      said && said !== 'pending' && h('p', { class: 'trouble banner', role: 'alert' }, icon('warn', 16), said),
      h(
        'footer',
        {},
        h('button', { type: 'button', class: 'btn', onclick: () => close(view) }, plainOf(view.close) || 'Cancel'),
        view.submit &&
          h(
            'button',
            {
              type: 'button',
              class: 'btn primary submit',
              'aria-busy': pending ? 'true' : undefined,
              'aria-disabled': pending || view.submitDisabled ? 'true' : undefined,
              onclick: submit,
            },
            plainOf(view.submit),
          ),
      ),
    ),
  );
}

const close = (view) => act('close-view', { viewId: view.id });

/** Esc closes what lies on top, wherever the focus is. For the document's `keydown`. */
export function escapeKey(event) {
  if (event.key !== 'Escape') return;
  if (state.confirm)
    change((s) => {
      s.confirm = undefined;
    });
  else {
    const view = mine()?.modals.at(-1);
    if (view) void close(view);
  }
}
const draftsOf = (view) => state.drafts[view.id] ?? {};

async function send(view, at) {
  if (view.submitDisabled || state.acts[at] === 'pending') return;
  change((s) => {
    delete s.fieldErrors[view.id];
  });
  // A view that was drawn anew may have lost a field; what was written there is nobody's any more.
  const there = new Set(view.blocks.map((block) => block.block_id));
  const values = Object.fromEntries(Object.entries(draftsOf(view)).filter(([id]) => there.has(id)));
  const answer = await act('submit', { viewId: view.id, values }, at);
  if (!answer.errors) return;
  change((s) => {
    s.fieldErrors[view.id] = answer.errors;
  });
  const [first] = view.blocks.filter((block) => answer.errors[block.block_id]);
  setTimeout(
    () => document.querySelector(`[data-block="${CSS.escape(first?.block_id ?? '')}"] :is(input, select, textarea)`)?.focus(),
    60,
  );
}

/** What the controls of a modal do. Fields are kept here until they are sent; the rest acts at once. */
function inModal(view) {
  const place = (block, one) => `${view.id}/${block.block_id}/${one.action_id}`;
  const at = (block, one) => ({ viewId: view.id, actionId: one.action_id, blockId: block.block_id });
  const where = {
    place,
    ask: at,
    press: (block, one, name) => act('click', at(block, one), name),
    choose: (block, one, value) => {
      if (block.type === 'input') keep(view, block, value);
      if (block.type !== 'input' || block.dispatch_action) void act('select', { ...at(block, one), value }, place(block, one));
    },
    value: (block, one) => view.values?.[block.block_id]?.[one.action_id],
    troubles: () => undefined,
  };
  return { ...where, input: (block) => field(view, block, { ...where, labelled: labelFor(view) }) };
}

function keep(view, block, value) {
  state.drafts[view.id] = { ...draftsOf(view), [block.block_id]: value };
  if (state.fieldErrors[view.id]?.[block.block_id])
    change((s) => {
      delete s.fieldErrors[view.id][block.block_id];
    });
}

const errorOf = (view, block) => state.fieldErrors[view.id]?.[block.block_id] ?? view.errors?.[block.block_id];

/** The attributes that tie a control to its label, hint and error. */
const labelFor = (view) => (block) => {
  const id = `${view.id} ${block.block_id}`.replaceAll(' ', '-');
  const error = errorOf(view, block);
  const described = [error && `${id}-error`, block.hint && `${id}-hint`].filter(Boolean).join(' ');
  return {
    id,
    'aria-labelledby': `${id}-label`,
    'aria-describedby': described || undefined,
    'aria-invalid': error ? 'true' : undefined,
  };
};

/** An input block: label, field, hint, error. */
function field(view, block, where) {
  const one = block.element;
  const error = errorOf(view, block);
  const { id } = where.labelled(block);
  return h(
    'div',
    { class: `field ${error ? 'wrong' : ''}`, 'data-block': block.block_id },
    h(
      'label',
      { for: id, id: `${id}-label` },
      plainOf(block.label),
      block.optional && h('span', { class: 'optional' }, ' (optional)'),
    ),
    one.type === 'plain_text_input' ? textField(view, block, where) : element(one, block, where),
    error && h('p', { class: 'field-error', id: `${id}-error`, role: 'alert' }, icon('warn', 14), error),
    block.hint && h('p', { class: 'hint', id: `${id}-hint` }, plainOf(block.hint)),
  );
}

function textField(view, block, where) {
  const one = block.element;
  return h(one.multiline ? 'textarea' : 'input', {
    ...where.labelled(block),
    key: one.action_id,
    rows: one.multiline ? '4' : undefined,
    type: one.multiline ? undefined : 'text',
    placeholder: one.placeholder ? plainOf(one.placeholder) : undefined,
    initial: where.value(block, one)?.value ?? one.initial_value ?? '',
    oninput: (event) => keep(view, block, event.target.value),
  });
}

/** Slack's question before a click counts. */
export function confirmDialog(ask) {
  const finish = (act) => {
    change((s) => {
      s.confirm = undefined;
    });
    act?.();
  };
  return h(
    'div',
    { class: 'veil', key: 'confirm' },
    h(
      'div',
      {
        class: 'modal confirm',
        role: 'alertdialog',
        'aria-labelledby': 'confirm-title',
        'aria-describedby': 'confirm-text',
      },
      h('header', {}, h('h2', { id: 'confirm-title' }, ask.title)),
      h('div', { class: 'modal-body' }, h('p', { id: 'confirm-text' }, ask.text)),
      h(
        'footer',
        {},
        h('button', { type: 'button', class: 'btn', onclick: () => finish() }, ask.no),
        h(
          'button',
          {
            type: 'button',
            class: `btn ${ask.danger ? 'danger' : 'primary'}`,
            oncreate: (node) => node.focus(),
            onclick: () => finish(ask.act),
          },
          ask.yes,
        ),
      ),
    ),
  );
}
