/** chat.*: posting, updating, deleting. */
import { type Json, text } from '../json.js';
import { addMessage, messageJson, type NewMessage, threadRoot } from '../messages.js';
import type { Channel, Message } from '../types.js';
import type { World } from '../world.js';
import { type Content, isEmpty, NO_TEXT, readContent } from './content.js';
import { knownMessage, type Method, memberChannel, visibleChannel } from './context.js';
import { SlackError } from './errors.js';

const MAX_TEXT = 40_000;
const MAX_UPDATE_TEXT = 4_000;

/** Where a post goes: a channel id, a channel name, or a person's id, which opens the direct message. */
function destination(world: World, given: unknown): Channel {
  const name = text(given) ?? '';
  if (/^[UW][A-Z0-9]+$/.test(name)) return directMessage(world, name);
  const named = Object.values(world.data.channels).find(
    (channel) => channel.name !== '' && channel.name === name.replace(/^#/, ''),
  );
  const channel = world.channel(name) ?? named;
  if (!channel) throw new SlackError('channel_not_found');
  const open = channel.kind === 'public' && world.seed.bot.scopes.includes('chat:write.public');
  return open ? channel : memberChannel(world, channel.id);
}

/** Deactivated people, strangers and unknown ids can't be written to; `cannot_dm_bot` is from practice, not the reference. */
function directMessage(world: World, userId: string): Channel {
  const user = world.user(userId);
  if (!user || user.deleted || user.isStranger) throw new SlackError('channel_not_found');
  if (user.isBot) throw new SlackError('cannot_dm_bot');
  return world.openIm(userId);
}

function thread(world: World, channel: Channel, args: Json): string | undefined {
  const given = text(args.thread_ts);
  if (given === undefined) return undefined;
  if (!/^\d+\.\d{6}$/.test(given)) throw new SlackError('invalid_thread_ts');
  const root = threadRoot(world, channel.id, given);
  if (root === undefined) throw new SlackError('thread_not_found');
  return root;
}

const postMessage: Method = ({ world }, args) => {
  const channel = destination(world, args.channel);
  if (channel.archived) throw new SlackError('is_archived');
  const content = readContent(world, args);
  if (isEmpty(content)) throw new SlackError('no_text');
  const clientMsgId = text(args.client_msg_id);
  const before = world.messages(channel.id).find((message) => clientMsgId !== undefined && message.clientMsgId === clientMsgId);
  if (before && world.data.settings.dedupeClientMsgId) return { ...posted(world, before), is_duplicate: true };
  const threadTs = thread(world, channel, args);
  const message = addMessage(world, {
    ...shown(content),
    channel: channel.id,
    threadTs,
    broadcast: threadTs !== undefined && args.reply_broadcast === true ? true : undefined,
    clientMsgId,
  });
  const cut = (content.text?.length ?? 0) > MAX_TEXT;
  return {
    ...posted(world, message),
    ...(cut ? { warning: 'message_truncated', response_metadata: { warnings: ['message_truncated'] } } : {}),
  };
};

function shown(content: Content): Omit<NewMessage, 'channel'> {
  const words = content.text || (content.blocks?.length ? NO_TEXT : '');
  const metadata = content.metadata && Object.keys(content.metadata).length > 0 ? content.metadata : undefined;
  return { ...content, text: words.slice(0, MAX_TEXT), metadata };
}

function posted(world: World, message: Message): Json {
  return { channel: message.channel, ts: message.ts, message: messageJson(world, message, true) };
}

const postEphemeral: Method = ({ world }, args) => {
  const channel = memberChannel(world, args.channel);
  if (channel.archived) throw new SlackError('is_archived');
  const user = knownUserIn(world, channel, args.user);
  const content = readContent(world, args);
  if (isEmpty(content)) throw new SlackError('no_text');
  const threadTs = thread(world, channel, args);
  // Slack answers ok and shows nothing when the person is away.
  if (user.present === false) return { message_ts: world.nextTs() };
  const message = addMessage(world, { ...shown(content), metadata: undefined, channel: channel.id, threadTs, onlyFor: user.id });
  return { message_ts: message.ts };
};

function knownUserIn(world: World, channel: Channel, id: unknown) {
  const user = world.user(text(id) ?? '');
  if (!user || !channel.members.includes(user.id)) throw new SlackError('user_not_in_channel');
  return user;
}

/** `chat.update` knows channels by id only. A message of somebody else, and every one in a public channel that the bot left, can't be updated. */
const update: Method = ({ world }, args) => {
  const channel = visibleChannel(world, args.channel);
  if (channel.archived) throw new SlackError('is_inactive');
  const message = knownMessage(world, channel, args.ts);
  if (message.user !== world.seed.bot.userId || !world.botIn(channel)) throw new SlackError('cant_update_message');
  const content = readContent(world, args);
  if (isEmpty(content) && content.metadata === undefined) throw new SlackError('no_text');
  if ((content.text?.length ?? 0) > MAX_UPDATE_TEXT) throw new SlackError('msg_too_long');
  applyUpdate(message, content, world.nextTs());
  world.changed({ kind: 'message', channel: channel.id, ts: message.ts });
  return { ...posted(world, message), text: message.text };
};

/** Text without blocks removes the blocks; attachments and metadata stay when they are not given. */
export function applyUpdate(message: Message, content: Content, editedTs: string): void {
  if (!isEmpty(content)) {
    message.blocks = content.blocks ?? [];
    message.text = content.text || (message.blocks.length > 0 ? NO_TEXT : '');
  }
  if (content.attachments) message.attachments = content.attachments;
  if (content.metadata) {
    if (Object.keys(content.metadata).length > 0) message.metadata = content.metadata;
    else delete message.metadata;
  }
  message.edited = editedTs;
  message.revision += 1;
}

const remove: Method = ({ world }, args) => {
  const channel = visibleChannel(world, args.channel);
  const message = knownMessage(world, channel, args.ts);
  if (message.user !== world.seed.bot.userId) throw new SlackError('cant_delete_message');
  deleteMessage(world, message);
  return { channel: channel.id, ts: message.ts };
};

/** Takes a message away. What it said is gone; a thread under it keeps a tombstone. */
export function deleteMessage(world: World, message: Message): void {
  message.deleted = true;
  world.changed({ kind: 'message', channel: message.channel, ts: message.ts });
}

const getPermalink: Method = ({ world }, args) => {
  const channel = visibleChannel(world, args.channel);
  const message = knownMessage(world, channel, args.message_ts);
  const inThread = message.threadTs ? `?thread_ts=${message.threadTs}&cid=${channel.id}` : '';
  return { channel: channel.id, permalink: `${world.url}/archives/${channel.id}/p${message.ts.replace('.', '')}${inThread}` };
};

const NAME = /^[a-z0-9_+'-]{1,100}$/;

const addReaction: Method = ({ world }, args) => {
  const name = text(args.name) ?? '';
  if (!NAME.test(name)) throw new SlackError('invalid_name');
  const channel = memberChannel(world, args.channel);
  if (channel.archived) throw new SlackError('is_archived');
  const message = knownMessage(world, channel, args.timestamp);
  const bot = world.seed.bot.userId;
  const reaction = message.reactions.find((item) => item.name === name);
  if (reaction?.users.includes(bot)) throw new SlackError('already_reacted');
  if (reaction) reaction.users.push(bot);
  else message.reactions.push({ name, users: [bot] });
  world.changed({ kind: 'message', channel: channel.id, ts: message.ts });
  return {};
};

export const chatMethods: Record<string, Method> = {
  'chat.postMessage': postMessage,
  'chat.postEphemeral': postEphemeral,
  'chat.update': update,
  'chat.delete': remove,
  'chat.getPermalink': getPermalink,
  'reactions.add': addReaction,
};
