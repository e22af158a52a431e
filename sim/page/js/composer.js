/** The line one writes in: plain messages, and the app's commands with their suggestions. */
import { act } from './api.js';
import { icon } from './icons.js';
import { change, drawNow, state } from './store.js';
import { h } from './vdom.js';

/** What the app's manifest registers. */
const COMMANDS = [
  { name: '/elevate', hint: '[reason]', about: 'Ask for elevated access for a while' },
  { name: '/admin-status', hint: '[page | id]', about: 'Show elevations (administrators of Stint only)' },
];

const fitting = (draft) =>
  /^\/\S*$/.test(draft) ? COMMANDS.filter((one) => one.name.startsWith(draft) && one.name !== draft) : [];

/** Draws the composer of a conversation, or of one of its threads. */
export function composer(channel, seen, threadTs) {
  const at = `composer/${state.as}/${channel.id}/${threadTs ?? ''}`;
  const draft = state.drafts[at] ?? '';
  const offers = threadTs ? [] : fitting(draft);
  const picked = Math.min(state.open[at] ?? 0, Math.max(0, offers.length - 1));
  const pending = state.acts[at] === 'pending';
  const send = () => void deliver(at, channel, seen, threadTs);
  const pick = (one) => fill(at, `${one.name} `);
  return h(
    'div',
    { class: 'composer', key: at },
    offers.length > 0 && suggestions(at, offers, picked, pick),
    h(
      'div',
      { class: 'composer-box' },
      h('textarea', {
        rows: '1',
        value: draft,
        class: threadTs ? 'thread-input' : 'composer-input',
        'aria-label': placeholder(channel, threadTs),
        placeholder: placeholder(channel, threadTs),
        'aria-autocomplete': 'list',
        'aria-controls': offers.length > 0 ? `${at}/offers` : undefined,
        'aria-activedescendant': offers.length > 0 ? `${at}/${picked}` : undefined,
        oninput: (event) => write(at, event.target.value),
        onkeydown: (event) => keys(event, { at, threadTs, pick, send }),
      }),
      h(
        'button',
        {
          type: 'button',
          class: 'send',
          'aria-label': 'Send',
          'aria-disabled': draft.trim() === '' || pending ? 'true' : undefined,
          onclick: send,
        },
        icon('send', 17),
      ),
    ),
  );
}

function placeholder(channel, threadTs) {
  if (threadTs) return 'Reply…';
  return channel.kind === 'im' ? 'Type /elevate to ask for admin rights' : `Message #${channel.name}, or type /elevate`;
}

function suggestions(at, offers, picked, pick) {
  return h(
    'ul',
    { class: 'offers', role: 'listbox', id: `${at}/offers`, 'aria-label': 'Commands' },
    offers.map((one, i) =>
      h(
        'li',
        {
          role: 'option',
          id: `${at}/${i}`,
          key: one.name,
          'aria-selected': String(i === picked),
          onmousedown: (event) => {
            event.preventDefault();
            pick(one);
          },
        },
        h('strong', {}, one.name),
        h('span', { class: 'offer-hint' }, one.hint),
        h('span', { class: 'offer-about' }, one.about),
      ),
    ),
  );
}

function write(at, words) {
  change((s) => {
    s.drafts[at] = words;
    s.open[at] = 0;
  });
}

/** Writes for the person. At once: they may be typing already. */
function fill(at, words) {
  write(at, words);
  drawNow();
}

function keys(event, { at, threadTs, pick, send }) {
  // Keys come faster than frames: what counts is what is typed now, not what was drawn last.
  const offers = threadTs ? [] : fitting(state.drafts[at] ?? '');
  const picked = Math.min(state.open[at] ?? 0, Math.max(0, offers.length - 1));
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (offers.length > 0 && step) {
    event.preventDefault();
    change((s) => {
      s.open[at] = (picked + step + offers.length) % offers.length;
    });
  } else if (offers.length > 0 && (event.key === 'Tab' || event.key === 'Enter') && !event.shiftKey && !event.ctrlKey) {
    event.preventDefault();
    pick(offers[picked]);
  } else if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    send();
  }
}

async function deliver(at, channel, seen, threadTs) {
  const words = (state.drafts[at] ?? '').trim();
  if (words === '' || state.acts[at] === 'pending') return;
  const command = /^(\/\S+)\s*([\s\S]*)$/.exec(words);
  const refusal = refused(channel, seen, threadTs, command);
  if (refusal) return aside(channel.id, refusal);
  fill(at, '');
  const answer = command
    ? await act('command', { channel: channel.id, command: command[1], text: command[2] }, at)
    : await act('say', { channel: channel.id, text: words, threadTs }, at);
  change((s) => {
    delete s.acts[at];
  });
  if (answer.saw) aside(channel.id, answer.saw);
}

/** What Slack's own client would say before it sends anything. */
function refused(channel, seen, threadTs, command) {
  if (command && threadTs) return `${command[1]} is not supported in threads. Sorry!`;
  if (command && !COMMANDS.some((one) => one.name === command[1])) return `${command[1]} is not a valid command.`;
  // The manifest makes the app's messages tab read-only.
  if (!command && channel.kind === 'im' && channel.members.includes(seen.app.userId))
    return `${seen.app.name} takes no messages. Type /elevate to ask for admin rights.`;
  return undefined;
}

/** A sentence of Slack itself in the conversation, which only this person sees. */
function aside(channel, words) {
  change((s) => {
    const at = `${s.as} ${channel}`;
    s.asides ??= {};
    s.asides[at] = [...(s.asides[at] ?? []).slice(-4), { at: Date.now(), words }];
  });
}
