/** Slack as the person sees it whom one is: the list at the side, the open place, a thread, dialogs above them. */
import { act } from './api.js';
import { blocks } from './blocks.js';
import { conversation, threadPane } from './conversation.js';
import { avatar, icon, mark } from './icons.js';
import { namesFor } from './message.js';
import { confirmDialog, modalView } from './modal.js';
import { appDm, channelHere, channelsOf, go, place, unread } from './places.js';
import { mine, state } from './store.js';
import { toasts } from './toasts.js';
import { h } from './vdom.js';

/** The Slack window. */
export function slackView() {
  const seen = mine();
  if (!seen) return h('main', { class: 'slack empty' }, h('p', { class: 'nothing' }, 'Waiting for Slack…'));
  const here = channelHere();
  const thread = state.threads[state.as];
  const open = thread && seen.channels.find((channel) => channel.id === thread.channel);
  const modal = seen.modals.at(-1);
  const covered = Boolean(modal || state.confirm);
  return h(
    'main',
    { class: `slack ${open ? 'with-thread' : ''}`, key: state.as, 'aria-label': `Slack of ${seen.me.realName}` },
    h(
      'div',
      { class: 'slack-body', inert: covered },
      sidebar(seen),
      h(
        'div',
        { class: 'pane' },
        head(seen, here),
        down(),
        place().home ? home(seen) : here ? conversation(here, seen) : h('p', { class: 'nothing' }, 'No conversation yet.'),
      ),
      open && threadPane(open, thread.ts, seen),
    ),
    modal && modalView(modal, seen, { covered: Boolean(state.confirm) }),
    state.confirm && confirmDialog(state.confirm),
    toasts(),
  );
}

/** Slack itself is out of order: the person would see that nothing loads. */
function down() {
  const lost = state.links.slack === 'lost';
  const cut = state.slackFaults.some((fault) => fault.kind === 'down');
  if (!lost && !cut) return undefined;
  const words = lost
    ? 'Not connected. This is what was there last; it comes back by itself.'
    : 'Slack is down (a fault switch): the app can neither hear nor speak.';
  return h('p', { class: 'strip', role: 'status' }, icon('warn', 16), words);
}

function sidebar(seen) {
  const all = channelsOf(seen);
  const item = (channel) =>
    entry({
      key: channel.id,
      icon: icon(channel.kind === 'private' ? 'lock' : 'hash', 16),
      name: channel.name,
      on: place().channel === channel.id,
      count: unread(state.as, channel),
      go: () => go({ channel: channel.id }),
    });
  const channels = all.filter((channel) => channel.kind !== 'im');
  const dm = appDm(seen);
  return h(
    'nav',
    { class: 'sidebar', 'aria-label': 'Conversations' },
    h(
      'header',
      { class: 'workspace' },
      h('strong', {}, seen.team.name),
      h('small', {}, h('span', { class: 'presence' }), seen.me.realName),
    ),
    h('h3', {}, 'Channels'),
    channels.length > 0 ? channels.map(item) : h('p', { class: 'sidebar-note' }, 'You are in no channel'),
    h('h3', {}, 'Apps'),
    entry({
      key: 'app',
      icon: mark(18),
      name: seen.app.name,
      on: Boolean(place().home) || (dm !== undefined && place().channel === dm.id),
      count: dm ? unread(state.as, dm) : 0,
      go: () => (dm ? go({ channel: dm.id }) : go({ home: true })),
    }),
  );
}

function entry(one) {
  const label = one.count > 0 ? `${one.name}, ${one.count} new` : one.name;
  return h(
    'button',
    {
      type: 'button',
      key: one.key,
      class: `entry ${one.count > 0 ? 'unread' : ''}`,
      'aria-current': one.on ? 'page' : undefined,
      'aria-label': label,
      onclick: one.go,
    },
    one.icon,
    h('span', { class: 'entry-name' }, one.name),
    one.count > 0 && h('span', { class: 'badge' }, one.count),
  );
}

function head(seen, here) {
  const dm = appDm(seen);
  if (place().home || here?.kind === 'im') {
    const tab = (name, on, to) =>
      h('button', { type: 'button', class: 'tab', 'aria-current': on ? 'page' : undefined, onclick: () => go(to) }, name);
    return h(
      'header',
      { class: 'pane-head app-head' },
      mark(24),
      h('h2', {}, seen.app.name),
      h('span', { class: 'app-badge' }, 'APP'),
      h(
        'div',
        { class: 'tabs' },
        dm && tab('Messages', !place().home, { channel: dm.id }),
        tab('Home', place().home, { home: true }),
      ),
    );
  }
  if (!here) return h('header', { class: 'pane-head' }, h('h2', {}, seen.team.name));
  const members = here.members.map((id) => seen.people.find((one) => one.id === id)).filter((one) => one && !one.bot);
  return h(
    'header',
    { class: 'pane-head' },
    icon(here.kind === 'private' ? 'lock' : 'hash', 18),
    h('h2', {}, here.name),
    h(
      'span',
      { class: 'members', title: members.map((one) => one.realName).join(', ') },
      members.slice(0, 4).map((one) => avatar({ id: one.id, name: one.realName }, 22)),
      h('small', {}, `${here.members.length} members`),
    ),
  );
}

/** The app's Home tab. */
function home(seen) {
  const where = {
    place: (block, element) => `${state.as}/home/${block.block_id}/${element.action_id}`,
    press: (block, element, at) =>
      act('click', { viewId: seen.home.id, actionId: element.action_id, blockId: block.block_id }, at),
    choose: (block, element, value) =>
      act('select', { viewId: seen.home.id, actionId: element.action_id, blockId: block.block_id, value }),
    value: (block, element) => seen.home.values?.[block.block_id]?.[element.action_id],
    troubles: () => undefined,
  };
  return h(
    'section',
    { class: 'home', 'aria-label': `Home of ${seen.app.name}`, tabindex: '0' },
    seen.home
      ? blocks(seen.home.blocks, namesFor(seen), where)
      : h(
          'div',
          { class: 'beginning' },
          mark(52),
          h('h2', {}, 'Nothing here yet'),
          h('p', {}, `${seen.app.name} has not drawn a Home for you.`),
        ),
  );
}
