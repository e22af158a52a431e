/** The bar at the top: what this is, whether it is connected, where to look further; and what to do first. */
import { icon, mark } from './icons.js';
import { become } from './places.js';
import { change, memory, state } from './store.js';
import { h } from './vdom.js';

export function topBar() {
  const links = state.info?.links ?? {};
  const out = (href, words) => href && h('a', { href, target: '_blank', rel: 'noopener' }, words, icon('out', 13));
  return h(
    'header',
    { class: 'top' },
    h('div', { class: 'brand' }, mark(28), h('h1', {}, 'Stint'), h('small', {}, 'demo')),
    health(),
    h(
      'nav',
      { class: 'top-links', 'aria-label': 'Look further' },
      out(links.temporal, 'Temporal Web UI'),
      out('/slack/sim/truth/page', "Slack's record"),
      out('/mdm/sim/truth/page', "MDM's record"),
      out('/aws/sim/truth', "AWS's record"),
      out(links.deviceApi, 'Device API'),
    ),
    h(
      'button',
      {
        type: 'button',
        class: 'tool theme',
        'aria-label': `Appearance: ${state.theme}. Change`,
        title: `Appearance: ${state.theme}`,
        onclick: nextTheme,
      },
      icon({ light: 'sun', dark: 'moon', auto: 'half' }[state.theme], 18),
    ),
  );
}

const NAMES = { demo: 'the demo', slack: 'Slack', mdm: 'the MDM', macs: 'a Mac', aws: 'AWS' };

/** Whether all parts answer. */
function health() {
  const lost = Object.entries(state.links)
    .filter(([, value]) => value === 'lost')
    .map(([name]) => NAMES[name]);
  if (state.links.demo === 'lost')
    return h('p', { class: 'health lost', role: 'status' }, 'Not connected. Is the demo running? (npm run demo)');
  if (lost.length > 0) return h('p', { class: 'health lost', role: 'status' }, `Not connected to ${lost.join(', ')}`);
  const waiting = Object.values(state.links).includes('waiting');
  return h('p', { class: `health ${waiting ? 'waiting' : 'live'}`, role: 'status' }, waiting ? 'Connecting…' : 'Live');
}

const THEMES = ['auto', 'light', 'dark'];

function nextTheme() {
  const theme = THEMES[(THEMES.indexOf(state.theme) + 1) % THEMES.length];
  memory.set('theme', theme);
  change((s) => {
    s.theme = theme;
  });
}

/** Three steps that tick themselves off. */
export function hints() {
  if (state.hintsGone || !state.info) return undefined;
  const { people, channel } = state.info;
  const [asker, approver] = [people.find((one) => one.mac), people.find((one) => one.inChannel)];
  const messages = state.seen[approver?.slack]?.channels.find((one) => one.id === channel.id)?.messages ?? [];
  const cards = messages.filter((one) => one.from.bot && !one.ephemeral && !one.text.startsWith('Stint: '));
  const elevated = Object.values(state.macs).some((mac) => mac.adminLog.some((one) => one.user === mac.localUser && one.admin));
  const logged = cards.some((one) => one.replies.some((reply) => reply.files.length > 0));
  const first = (person) => person?.name.split(' ')[0];
  const steps = [
    { done: cards.length > 0, be: asker, words: `Be ${first(asker)}: type /elevate, find your Mac, 30 s, say why` },
    { done: elevated, be: approver, words: `Be ${first(approver)}: press Approve on the card` },
    { done: logged, be: asker, mac: true, words: `Run sudo on ${asker?.mac.name}; see it end, and the log in the thread` },
  ];
  const now = steps.findIndex((step) => !step.done);
  return h(
    'aside',
    { class: 'hints', 'aria-label': 'What to do first' },
    h(
      'ol',
      {},
      steps.map((step, i) =>
        h(
          'li',
          { class: step.done ? 'done' : i === now ? 'now' : '', key: String(i) },
          h('span', { class: 'step-mark', 'aria-hidden': 'true' }, step.done ? icon('check', 13) : String(i + 1)),
          h(
            'button',
            { type: 'button', onclick: () => lead(step) },
            step.words,
            h('span', { class: 'sr-only' }, step.done ? ' (done)' : ''),
          ),
        ),
      ),
    ),
    now < 0 && h('span', { class: 'all-done' }, 'That was a whole life. Now break something.'),
    h('button', { type: 'button', class: 'tool', 'aria-label': 'Hide these hints', onclick: dismiss }, icon('close', 15)),
  );
}

/** Goes where the step is done, with the cursor there. */
function lead(step) {
  become(step.be.slack);
  if (step.mac)
    change((s) => {
      s.open.mac = step.be.mac.serial;
    });
  setTimeout(() => document.querySelector(step.mac ? '.sudo input' : '.composer-input')?.focus(), 150);
}

function dismiss() {
  memory.set('hintsGone', true);
  change((s) => {
    s.hintsGone = true;
  });
}
