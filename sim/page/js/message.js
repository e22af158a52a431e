/** One message: its author, its blocks or text, its files, its thread. */
import { act, text as fetchText } from './api.js';
import { blocks } from './blocks.js';
import { avatar, icon } from './icons.js';
import { mrkdwn } from './mrkdwn.js';
import { openThread } from './places.js';
import { change, state } from './store.js';
import { clock, fully, msOfTs, size } from './time.js';
import { h } from './vdom.js';

/** Finds the names that a message only has ids of. */
export function namesFor(seen) {
  return {
    me: seen.me.id,
    person: (id) => seen.people.find((one) => one.id === id)?.realName,
    // As Slack has it for whoever may not see one: an id says nothing to anybody.
    channel: (id) => seen.channels.find((one) => one.id === id)?.name ?? 'private-channel',
    group: (id) => {
      const handle = seen.usergroups.find((one) => one.id === id)?.handle;
      return handle && `@${handle}`;
    },
  };
}

/** Draws a message. `options`: `grouped` under the one before, `inThread`. */
export function message(one, seen, options = {}) {
  const { grouped = false, inThread = false } = options;
  const kind = [one.from.bot ? 'from-app' : '', one.ephemeral ? 'ephemeral' : '', one.deleted ? 'gone' : ''].join(' ');
  return h(
    'article',
    {
      class: `message ${grouped ? 'grouped' : ''} ${kind}`,
      key: one.ts,
      'data-ts': one.ts,
      'aria-label': `Message from ${one.from.name}`,
    },
    one.ephemeral && h('p', { class: 'only-you' }, icon('eye', 14), 'Only visible to you'),
    h(
      'div',
      { class: 'message-row' },
      h(
        'div',
        { class: 'message-side' },
        grouped ? h('time', { class: 'side-time' }, clock(msOfTs(one.ts))) : avatar({ ...one.from }, 36),
      ),
      h('div', { class: 'message-main' }, !grouped && byline(one), body(one, seen), files(one), !inThread && replies(one, seen)),
    ),
    !inThread &&
      !one.ephemeral &&
      !one.deleted &&
      h(
        'div',
        { class: 'message-tools' },
        h(
          'button',
          { type: 'button', class: 'tool', onclick: () => openThread(one.channel, one.ts) },
          icon('chat', 15),
          'Reply in thread',
        ),
      ),
  );
}

function byline(one) {
  const ms = msOfTs(one.ts);
  return h(
    'p',
    { class: 'byline' },
    h('strong', {}, one.from.name),
    one.from.bot && h('span', { class: 'app-badge' }, 'APP'),
    h('time', { title: fully(ms), datetime: new Date(ms).toISOString() }, clock(ms)),
  );
}

function body(one, seen) {
  const names = namesFor(seen);
  const edited = one.edited && h('span', { class: 'edited', key: 'edited' }, '(edited)');
  if (one.blocks.length > 0) return h('div', { class: 'blocks' }, blocks(one.blocks, names, inMessage(one)), edited);
  // What a person typed is escaped by Slack's own client, so it is never parsed; an app's text is mrkdwn.
  return h('div', { class: 'said' }, one.from.bot ? mrkdwn(one.text, names) : one.text, edited && [' ', edited]);
}

/** What the controls of a message do: see elements.js. */
function inMessage(one) {
  const place = (block, element) => `${state.as}/${one.channel}/${one.ts}/${block.block_id}/${element.action_id}`;
  const at = (block, element) => ({ channel: one.channel, ts: one.ts, actionId: element.action_id, blockId: block.block_id });
  return {
    place,
    press: (block, element, where) => act('click', at(block, element), where),
    choose: (block, element, value) => act('select', { ...at(block, element), value }, place(block, element)),
    value: (block, element) => one.values?.[block.block_id]?.[element.action_id],
    troubles: (block) =>
      (block.elements ?? [])
        .map((element) => state.acts[place(block, element)])
        .filter((said) => said && said !== 'pending')
        .map((said) => h('p', {}, icon('warn', 15), said)),
  };
}

function files(one) {
  return one.files.map((file) => {
    const url = `/slack${file.url}`;
    const words = state.previews[file.id];
    return h(
      'div',
      { class: 'file', key: file.id },
      h(
        'div',
        { class: 'file-card' },
        h('span', { class: 'file-icon' }, icon('file', 22)),
        h(
          'div',
          { class: 'file-words' },
          h('strong', {}, file.title || file.name),
          h('small', {}, `${file.name} · ${size(file.size)}`),
        ),
        h(
          'div',
          { class: 'file-do' },
          h(
            'button',
            {
              type: 'button',
              class: 'quiet',
              'aria-expanded': String(words !== undefined),
              onclick: () => preview(file.id, url),
            },
            words === undefined ? 'Preview' : 'Hide',
          ),
          h('a', { class: 'quiet', href: url, download: file.name }, 'Download'),
        ),
      ),
      words !== undefined && h('pre', { class: 'code file-text', tabindex: '0' }, words),
    );
  });
}

async function preview(id, url) {
  if (state.previews[id] !== undefined)
    return change((s) => {
      delete s.previews[id];
    });
  const words = await fetchText(url).catch((error) => `Could not be read: ${error.message}`);
  change((s) => {
    s.previews[id] = words || '(empty)';
  });
}

function replies(one, seen) {
  if (one.replies.length === 0) return undefined;
  const authors = [...new Map(one.replies.map((reply) => [reply.from.id, reply.from])).values()].slice(0, 4);
  const last = one.replies.at(-1);
  const open = state.threads[seen.me.id]?.ts === one.ts;
  const count = one.replies.length;
  return h(
    'button',
    { type: 'button', class: 'replies', 'aria-expanded': String(open), onclick: () => openThread(one.channel, one.ts) },
    h(
      'span',
      { class: 'replies-who' },
      authors.map((author) => avatar(author, 22)),
    ),
    h('strong', {}, count === 1 ? '1 reply' : `${count} replies`),
    h('span', { class: 'replies-last' }, `Last reply at ${clock(msOfTs(last.ts))}`),
  );
}
