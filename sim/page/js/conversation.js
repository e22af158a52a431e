/** A conversation with its messages, and the pane of one thread. */
import { composer } from './composer.js';
import { avatar, icon, mark } from './icons.js';
import { message } from './message.js';
import { closeThread, groups } from './places.js';
import { state } from './store.js';
import { clock, dayOf, msOfTs } from './time.js';
import { h } from './vdom.js';

/** The messages of a conversation, with a line between days. */
export function conversation(channel, seen) {
  return h(
    'section',
    { class: 'conversation', key: channel.id, 'aria-label': channel.kind === 'im' ? channel.name : `Channel ${channel.name}` },
    h(
      'div',
      { class: 'messages', 'data-stick': channel.id, tabindex: '0', role: 'log', 'aria-label': 'Messages' },
      beginning(channel),
      rows(channel, seen),
    ),
    composer(channel, seen),
  );
}

function rows(channel, seen) {
  const asides = (state.asides?.[`${seen.me.id} ${channel.id}`] ?? []).map((one) => ({ ms: one.at, aside: one.words }));
  const all = [...channel.messages.map((one) => ({ ms: msOfTs(one.ts), one })), ...asides].sort((a, b) => a.ms - b.ms);
  return all.flatMap((row, i) => {
    const before = all[i - 1];
    const day = dayOf(row.ms);
    const fresh = !before || dayOf(before.ms) !== day;
    return [
      fresh && h('div', { class: 'day', key: `day ${day}` }, h('span', {}, day)),
      row.one ? message(row.one, seen, { grouped: !fresh && groups(before?.one, row.one) }) : aside(row),
    ];
  });
}

/** A word from Slack's own client. */
function aside({ ms, aside: words }) {
  return h(
    'article',
    { class: 'message ephemeral', key: `aside ${ms}` },
    h('p', { class: 'only-you' }, icon('eye', 14), 'Only visible to you'),
    h(
      'div',
      { class: 'message-row' },
      h('div', { class: 'message-side' }, avatar({ id: 'slackbot', name: 'Slackbot' }, 36)),
      h(
        'div',
        { class: 'message-main' },
        h('p', { class: 'byline' }, h('strong', {}, 'Slackbot'), h('time', {}, clock(ms))),
        h('div', { class: 'said' }, words),
      ),
    ),
  );
}

function beginning(channel) {
  if (channel.kind === 'im')
    return h(
      'div',
      { class: 'beginning', key: 'beginning' },
      mark(52),
      h('h2', {}, channel.name),
      h(
        'p',
        {},
        'This is the beginning of your messages with ',
        h('strong', {}, channel.name),
        '. What happens to your requests is told here.',
      ),
    );
  return h(
    'div',
    { class: 'beginning', key: 'beginning' },
    h('span', { class: 'beginning-mark' }, icon(channel.kind === 'private' ? 'lock' : 'hash', 26)),
    h('h2', {}, channel.name),
    h('p', {}, channel.botMember ? 'Requests appear here as cards, and are decided on them.' : 'A channel for everybody.'),
  );
}

/** The thread that the person has open. */
export function threadPane(channel, ts, seen) {
  const root = channel.messages.find((one) => one.ts === ts);
  const count = root?.replies.length ?? 0;
  return h(
    'aside',
    {
      class: 'thread',
      key: `thread ${ts}`,
      'aria-label': 'Thread',
      onkeydown: (event) => event.key === 'Escape' && closeThread(),
    },
    h(
      'header',
      { class: 'pane-head' },
      h('h2', {}, 'Thread'),
      h('small', {}, channel.kind === 'im' ? channel.name : `#${channel.name}`),
      h(
        'button',
        {
          type: 'button',
          class: 'tool',
          'aria-label': 'Close thread',
          oncreate: (node) => node.focus({ preventScroll: true }),
          onclick: closeThread,
        },
        icon('close', 17),
      ),
    ),
    h(
      'div',
      { class: 'messages', 'data-stick': `thread ${ts}`, tabindex: '0', role: 'log', 'aria-label': 'Replies' },
      root ? message(root, seen, { inThread: true }) : h('p', { class: 'nothing' }, 'This message is gone.'),
      count > 0 && h('div', { class: 'reply-line', key: 'line' }, h('span', {}, count === 1 ? '1 reply' : `${count} replies`)),
      (root?.replies ?? []).map((one, i) => message(one, seen, { inThread: true, grouped: groups(root.replies[i - 1], one) })),
    ),
    root && composer(channel, seen, ts),
  );
}
