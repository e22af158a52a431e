/** Where a person is in Slack, what they have read, and how to go elsewhere. */
import { act } from './api.js';
import { slackOf } from './live.js';
import { change, drawNow, memory, mine, state } from './store.js';
import { msOfTs } from './time.js';

state.read = memory.get('read', {});

/** The conversations that a person sees: channels by name, then direct messages. */
export function channelsOf(seen) {
  const all = (seen?.channels ?? []).filter((channel) => channel.member || channel.kind === 'public');
  return [...all].sort((a, b) => Number(a.kind === 'im') - Number(b.kind === 'im') || a.name.localeCompare(b.name));
}

/** The direct message with the app, if there is one yet. */
export const appDm = (seen) =>
  seen?.channels.find((channel) => channel.kind === 'im' && channel.members.includes(seen.app.userId));

/** Where the person one is looks at: `{home: true}` or `{channel}`. */
export function place() {
  const chosen = state.places[state.as];
  if (chosen) return chosen;
  const seen = mine();
  const all = channelsOf(seen);
  const first = all.find((one) => one.id === state.info?.channel.id) ?? all[0];
  return first ? { channel: first.id } : { app: true };
}

/** The conversation that is open, or undefined in the Home tab. */
export const channelHere = () => mine()?.channels.find((channel) => channel.id === place().channel);

export function go(to) {
  change((s) => {
    s.places[s.as] = to;
    delete s.threads[s.as];
  });
  drawNow();
  if (to.home) void act('open-home', {});
}

/** Becomes another person. Their direct messages are opened once, as Slack does when an app is looked at. */
export function become(slackId) {
  if (state.as === slackId) return;
  change((s) => {
    s.as = slackId;
    s.confirm = undefined;
    delete s.open.mac;
  });
  drawNow();
  memory.set('as', slackId);
  void slackOf(slackId).then(greet);
}

/** Somebody whom the app never wrote to has no conversation with it yet: looking at its Home makes one. */
export function greet() {
  const seen = mine();
  if (seen && !appDm(seen)) void act('open-home', {}).then(() => slackOf(state.as));
}

export function openThread(channel, ts) {
  change((s) => {
    s.threads[s.as] = { channel, ts };
  });
}
/** Closes the thread, and gives the focus back to where it was opened. */
export function closeThread() {
  const { ts } = state.threads[state.as] ?? {};
  change((s) => {
    delete s.threads[s.as];
  });
  drawNow();
  document.querySelector(`.pane [data-ts="${CSS.escape(ts ?? '')}"] :is(.replies, .tool)`)?.focus();
}

const key = (user, channel) => `${user} ${channel}`;
const newest = (channel) => channel.messages.at(-1)?.ts ?? '0';

/** What was there when the page was opened is not new. */
export function markOld(user) {
  for (const channel of state.seen[user]?.channels ?? []) state.read[key(user, channel.id)] ??= newest(channel);
}

/** The open conversation is read. */
export function markRead() {
  const here = channelHere();
  if (!here || document.hidden) return;
  const at = key(state.as, here.id);
  if (state.read[at] === newest(here)) return;
  state.read[at] = newest(here);
  memory.set('read', state.read);
}

/** How many messages are new to a person in one conversation. */
export function unread(user, channel) {
  const read = Number(state.read[key(user, channel.id)] ?? 0);
  return channel.messages.filter((one) => Number(one.ts) > read && one.from.id !== user && !one.deleted).length;
}

export const unreadOf = (user) => channelsOf(state.seen[user]).reduce((sum, channel) => sum + unread(user, channel), 0);

/** Whether two messages belong under one name, as Slack groups them. */
export const groups = (one, next) =>
  one?.from.id === next.from.id &&
  !one.from.bot &&
  !one.ephemeral &&
  !next.ephemeral &&
  msOfTs(next.ts) - msOfTs(one.ts) < 300_000;
