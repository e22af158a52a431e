/** What a person does at a Mac: a command through sudo, and a request without Slack (as Self Service makes it). */
import { macAct } from './api.js';
import { macs as refresh } from './live.js';
import { change, state } from './store.js';
import { h } from './vdom.js';

const WINDOWS = [
  [30, '30 s'],
  [300, '5 min'],
  [600, '10 min'],
  [900, '15 min'],
  [1800, '30 min'],
];
const CATEGORIES = ['install', 'debug', 'config', 'security', 'developer', 'other'];

export function macForms(truth) {
  return [sudo(truth), state.open.asking === truth.serial && ask(truth)];
}

function sudo({ serial, localUser }) {
  const said = state.sudo[serial];
  return h(
    'form',
    { class: 'sudo', key: 'sudo', onsubmit: (event) => run(event, serial, localUser) },
    h(
      'div',
      { class: 'sudo-line' },
      h('label', { for: `sudo-${serial}` }, '$ sudo'),
      h('input', {
        id: `sudo-${serial}`,
        name: 'command',
        type: 'text',
        autocomplete: 'off',
        spellcheck: 'false',
        placeholder: '/usr/bin/dscl . list /Users',
        'aria-label': `A command that ${localUser} runs with sudo`,
      }),
      h('button', { type: 'submit', class: 'btn small' }, 'Run'),
    ),
    said && h('p', { class: `sudo-said ${said.ok ? 'ok' : 'bad'}`, role: 'status' }, said.words),
  );
}

async function run(event, serial, user) {
  event.preventDefault();
  const field = event.currentTarget.elements.command;
  const command = field.value.trim() || field.placeholder;
  const { ok, output } = await macAct(serial, 'sudo', { user, command });
  change((s) => {
    s.sudo[serial] = { ok, words: ok ? `ran: ${command}` : output };
  });
  if (ok) field.value = '';
  void refresh();
}

function ask({ serial, name }) {
  const at = `ask ${serial}`;
  const said = state.acts[at];
  const option = ([value, words]) => h('option', { value: String(value) }, words);
  return h(
    'form',
    { class: 'ask', key: 'ask', 'aria-label': `Request from ${name}`, onsubmit: (event) => request(event, serial, at) },
    h(
      'div',
      { class: 'ask-row' },
      h('label', {}, 'For', h('select', { name: 'window', initial: '30' }, WINDOWS.map(option))),
      h(
        'label',
        {},
        'Category',
        h(
          'select',
          { name: 'category', initial: 'install' },
          CATEGORIES.map((one) => option([one, one])),
        ),
      ),
    ),
    h(
      'label',
      {},
      'Reason',
      h('input', {
        name: 'reason',
        type: 'text',
        required: true,
        minlength: '10',
        maxlength: '500',
        placeholder: 'What for? At least 10 characters',
        oncreate: (node) => node.focus(),
      }),
    ),
    said && said !== 'pending' && h('p', { class: 'sudo-said bad', role: 'alert' }, said),
    h(
      'button',
      { type: 'submit', class: 'btn small primary', 'aria-busy': said === 'pending' ? 'true' : undefined },
      'Send request',
    ),
  );
}

async function request(event, serial, at) {
  event.preventDefault();
  if (state.acts[at] === 'pending') return;
  const { window: seconds, category, reason } = event.currentTarget.elements;
  const asked = { windowMs: Number(seconds.value) * 1000, category: category.value, reason: reason.value };
  change((s) => {
    s.acts[at] = 'pending';
  });
  const { ok, output } = await macAct(serial, 'request', asked);
  change((s) => {
    delete s.acts[at];
    s.sudo[serial] = { ok, words: output || (ok ? 'Sent.' : 'The Mac could not send it.') };
    if (ok) s.open.asking = '';
    else s.acts[at] = output;
  });
  void refresh();
}
