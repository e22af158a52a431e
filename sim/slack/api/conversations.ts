/** conversations.*: what a channel is, who is in it, what was said. */
import { defined, type Json, text } from '../json.js';
import { messageJson, repliesOf, threadRoot } from '../messages.js';
import type { Channel, Message } from '../types.js';
import { teamOf, type World } from '../world.js';
import { knownUser, type Method, memberChannel, needScope, requireScope, visibleChannel } from './context.js';
import { SlackError } from './errors.js';

/** A channel as conversations.info shows it. */
function channelJson(world: World, channel: Channel): Json {
  const base = {
    id: channel.id,
    created: channel.created,
    is_im: channel.kind === 'im',
    is_org_shared: false,
    context_team_id: world.seed.team.id,
  };
  if (channel.kind === 'im')
    return {
      ...base,
      is_archived: false,
      user: channel.userId,
      is_user_deleted: world.user(channel.userId ?? '')?.deleted ?? false,
    };
  const priv = channel.kind === 'private';
  return {
    ...base,
    name: channel.name,
    name_normalized: channel.name,
    is_channel: true,
    is_group: false,
    is_mpim: false,
    is_private: priv,
    is_archived: channel.archived,
    is_general: false,
    is_shared: channel.extShared,
    is_ext_shared: channel.extShared,
    is_pending_ext_shared: false,
    shared_team_ids: [...new Set([world.seed.team.id, ...channel.members.flatMap((id) => teamIds(world, id))])],
    pending_shared: [],
    is_member: world.botIn(channel),
    creator: channel.members[0] ?? '',
    topic: { value: '', creator: '', last_set: 0 },
    purpose: { value: '', creator: '', last_set: 0 },
    previous_names: [],
    num_members: channel.members.length,
  };
}

function teamIds(world: World, userId: string): string[] {
  const user = world.user(userId);
  return user ? [teamOf(world, user)] : [];
}

const conversationsInfo: Method = ({ world }, args) => {
  const channel = visibleChannel(world, args.channel);
  needScope(world, channel, 'read');
  return { channel: channelJson(world, channel) };
};

const conversationsMembers: Method = ({ world }, args) => {
  const channel = visibleChannel(world, args.channel);
  needScope(world, channel, 'read');
  const limit = Number(args.limit ?? 100);
  if (limit < 1 || limit > 1000) throw new SlackError('invalid_limit');
  const from = args.cursor === undefined ? 0 : Number(args.cursor);
  if (!Number.isInteger(from)) throw new SlackError('invalid_cursor');
  const next = from + limit < channel.members.length ? String(from + limit) : '';
  return { members: channel.members.slice(from, from + limit), response_metadata: { next_cursor: next } };
};

const conversationsOpen: Method = ({ world }, args) => {
  const wanted = text(args.users);
  if (args.channel !== undefined)
    return { channel: { id: visibleChannel(world, args.channel).id }, no_op: true, already_open: true };
  if (wanted === undefined) throw new SlackError('users_list_not_supplied');
  // Only direct messages: a group conversation is of no use to an app that tells people about their own requests.
  if (wanted.includes(',')) throw new SlackError('method_not_supported_for_channel_type');
  requireScope(world, ['im:write']);
  const user = knownUser(world, wanted);
  if (user.deleted) throw new SlackError('user_disabled');
  if (user.isStranger) throw new SlackError('user_not_visible');
  const channel = world.openIm(user.id);
  return { channel: args.return_im === true ? channelJson(world, channel) : { id: channel.id } };
};

const range = (args: Json) => {
  const oldest = Number(args.oldest ?? 0);
  const latest = args.latest === undefined || args.latest === 'now' ? Number.POSITIVE_INFINITY : Number(args.latest);
  if (Number.isNaN(oldest)) throw new SlackError('invalid_ts_oldest');
  if (Number.isNaN(latest)) throw new SlackError('invalid_ts_latest');
  const ends = args.inclusive === true;
  return ({ ts }: Message) => (ends ? Number(ts) >= oldest && Number(ts) <= latest : Number(ts) > oldest && Number(ts) < latest);
};

function page(world: World, found: Message[], args: Json, standard: number): Json {
  const limit = Math.min(Number(args.limit ?? standard) || standard, 999);
  const from = args.cursor === undefined ? 0 : Number(Buffer.from(String(args.cursor), 'base64').toString().replace('next:', ''));
  if (!Number.isInteger(from) || from < 0) throw new SlackError('invalid_cursor');
  const more = found.length > from + limit;
  return defined({
    messages: found.slice(from, from + limit).map((message) => messageJson(world, message, args.include_all_metadata === true)),
    has_more: more,
    response_metadata: more ? { next_cursor: Buffer.from(`next:${from + limit}`).toString('base64') } : undefined,
  });
}

/** Newest first; replies only when they were sent to the channel too; ephemeral messages never. */
function history(world: World, channel: Channel, args: Json): Json {
  const inRange = range(args);
  const found = world.messages(channel.id).filter((message) => {
    if (message.onlyFor !== undefined || !inRange(message)) return false;
    if (message.deleted) return repliesOf(world, channel.id, message.ts).length > 0;
    return message.threadTs === undefined || message.broadcast === true;
  });
  return { ...page(world, found.reverse(), args, 100), pin_count: 0 };
}

/** The first message of the thread, then its replies, oldest first. */
function replies(world: World, channel: Channel, args: Json): Json {
  const root = threadRoot(world, channel.id, text(args.ts) ?? '');
  const first = world.messages(channel.id).find((message) => message.ts === root);
  if (!root || !first) throw new SlackError('thread_not_found');
  return page(world, [first, ...repliesOf(world, channel.id, root).filter(range(args))], args, 999);
}

export const conversationMethods: Record<string, Method> = {
  'conversations.info': conversationsInfo,
  'conversations.members': conversationsMembers,
  'conversations.open': conversationsOpen,
  'conversations.history': ({ world }, args) => {
    const channel = memberChannel(world, args.channel);
    needScope(world, channel, 'history');
    return history(world, channel, args);
  },
  'conversations.replies': ({ world }, args) => {
    const channel = memberChannel(world, args.channel);
    needScope(world, channel, 'history');
    return replies(world, channel, args);
  },
};
