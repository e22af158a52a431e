/** Messages: how they are made, how the app is told of them, and how a channel's list is read. */
import { defined, type Json } from './json.js';
import type { FileRecord, Message } from './types.js';
import { frozen, teamOf, type World } from './world.js';

export interface NewMessage {
  channel: string;
  text: string;
  blocks?: Json[];
  user?: string;
  threadTs?: string;
  broadcast?: boolean;
  attachments?: Json[];
  metadata?: Json;
  clientMsgId?: string;
  files?: string[];
  onlyFor?: string;
}

/** Adds a message, of the app unless `user` says otherwise. */
export function addMessage(world: World, input: NewMessage): Message {
  const message: Message = {
    blocks: [],
    files: [],
    user: world.seed.bot.userId,
    ...frozenInput(input),
    ts: world.nextTs(),
    reactions: [],
    revision: 0,
  };
  world.messages(input.channel).push(message);
  world.changed({
    kind: message.onlyFor ? 'ephemeral' : 'message',
    channel: input.channel,
    ts: message.ts,
    ...(message.onlyFor ? { user: message.onlyFor } : {}),
  });
  return message;
}

function frozenInput(input: NewMessage): NewMessage {
  return structuredClone(
    Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)),
  ) as unknown as NewMessage;
}

/** Replies of a thread, oldest first, without the deleted ones. */
export function repliesOf(world: World, channel: string, ts: string): Message[] {
  return threadOf(world.messages(channel), ts).filter((message) => !message.deleted && message.onlyFor === undefined);
}

interface Threads {
  /** How many messages of the channel are in it: they are added at the end, and stay. */
  known: number;
  readonly byRoot: Map<string, Message[]>;
}
const threads = new WeakMap<readonly Message[], Threads>();

/** Replies of one thread. To look through a channel of thousands for each message that a page shows would stop the stand-in. */
function threadOf(channel: readonly Message[], ts: string): readonly Message[] {
  const all = threads.get(channel) ?? { known: 0, byRoot: new Map<string, Message[]>() };
  threads.set(channel, all);
  for (const message of channel.slice(all.known)) {
    if (message.threadTs === undefined) continue;
    const own = all.byRoot.get(message.threadTs);
    if (own) own.push(message);
    else all.byRoot.set(message.threadTs, [message]);
  }
  all.known = channel.length;
  return all.byRoot.get(ts) ?? [];
}

/** The ts of the thread's first message when `threadTs` names one of its replies. */
export function threadRoot(world: World, channel: string, threadTs: string): string | undefined {
  const found = world.messages(channel).find((message) => message.ts === threadTs && message.onlyFor === undefined);
  if (!found || (found.deleted && repliesOf(world, channel, threadTs).length === 0)) return undefined;
  return found.threadTs ?? found.ts;
}

/** A message as the Web API shows it. */
export function messageJson(world: World, message: Message, withMetadata: boolean): Json {
  const { team, bot } = world.seed;
  if (message.deleted) {
    return {
      type: 'message',
      subtype: 'tombstone',
      hidden: true,
      text: 'This message was deleted.',
      user: 'USLACKBOT',
      ts: message.ts,
      thread_ts: message.ts,
    };
  }
  const author = world.user(message.user);
  const own = message.user === bot.userId;
  return defined({
    type: 'message',
    subtype: message.broadcast ? 'thread_broadcast' : message.files.length > 0 ? 'file_share' : undefined,
    user: message.user,
    ts: message.ts,
    text: message.text,
    team: author ? teamOf(world, author) : team.id,
    ...(own ? { bot_id: bot.botId, app_id: bot.appId, bot_profile: botProfile(world) } : {}),
    blocks: message.blocks.length > 0 ? frozen(message.blocks) : undefined,
    attachments: message.attachments,
    metadata: withMetadata ? message.metadata : undefined,
    client_msg_id: message.clientMsgId,
    edited: message.edited ? { user: bot.userId, ts: message.edited } : undefined,
    files: message.files.length > 0 ? message.files.flatMap((id) => fileOf(world, id)) : undefined,
    reactions:
      message.reactions.length > 0 ? message.reactions.map((item) => ({ ...item, count: item.users.length })) : undefined,
    ...threadFields(world, message),
  });
}

function threadFields(world: World, message: Message): Json {
  if (message.threadTs) return { thread_ts: message.threadTs, parent_user_id: world.seed.bot.userId };
  const replies = repliesOf(world, message.channel, message.ts);
  const last = replies.at(-1);
  if (!last) return {};
  const users = [...new Set(replies.map((reply) => reply.user))];
  return {
    thread_ts: message.ts,
    reply_count: replies.length,
    reply_users_count: users.length,
    reply_users: users,
    latest_reply: last.ts,
    is_locked: false,
  };
}

/** The app's profile as it is attached to its messages. */
function botProfile(world: World): Json {
  const { team, bot } = world.seed;
  return {
    id: bot.botId,
    app_id: bot.appId,
    user_id: bot.userId,
    name: bot.name ?? 'app',
    icons: {},
    deleted: false,
    updated: 0,
    team_id: team.id,
  };
}

function fileOf(world: World, id: string): Json[] {
  const file = world.data.files[id];
  return file ? [fileJson(world, file)] : [];
}

/** A file as the Web API shows it; `shares` stays empty until the scan is over. */
export function fileJson(world: World, file: FileRecord): Json {
  const { team, bot } = world.seed;
  const created = Math.floor(file.created / 1000);
  const address = `${world.url}/files-pri/${team.id}-${file.id}`;
  const channel = file.share ? world.channel(file.share.channel) : undefined;
  const shared = file.share?.ts !== undefined && channel !== undefined;
  const kind = channel?.kind === 'public' ? 'public' : 'private';
  const entry = defined({
    reply_users: [],
    reply_users_count: 0,
    reply_count: 0,
    ts: file.share?.ts,
    thread_ts: file.share?.threadTs,
    channel_name: channel?.name,
    team_id: team.id,
    share_user_id: bot.userId,
  });
  const inside = (wanted: string) => (shared && channel && channel.kind === wanted ? [channel.id] : []);
  return {
    id: file.id,
    created,
    timestamp: created,
    name: file.name,
    title: file.title,
    mimetype: 'text/plain',
    filetype: file.snippetType ?? 'text',
    pretty_type: 'Plain Text',
    user: bot.userId,
    user_team: team.id,
    editable: file.snippetType !== undefined,
    size: file.length,
    mode: file.snippetType ? 'snippet' : 'hosted',
    is_external: false,
    external_type: '',
    is_public: kind === 'public' && shared,
    public_url_shared: false,
    display_as_bot: false,
    username: '',
    url_private: `${address}/${encodeURIComponent(file.name)}`,
    url_private_download: `${address}/download/${encodeURIComponent(file.name)}`,
    permalink: `${world.url}/files/${bot.userId}/${file.id}`,
    channels: inside('public'),
    groups: inside('private'),
    ims: inside('im'),
    shares: shared && channel ? { [kind]: { [channel.id]: [entry] } } : {},
    has_rich_preview: false,
    file_access: 'visible',
  };
}

/** Finishes what was only waiting for its time: the shares of scanned files. */
export function settle(world: World): void {
  for (const file of Object.values(world.data.files)) {
    const { share } = file;
    if (!share || share.ts !== undefined || share.dueAt > world.now()) continue;
    const { channel, threadTs, comment, blocks } = share;
    const message = addMessage(world, {
      channel,
      text: comment ?? '',
      blocks,
      files: [file.id],
      ...(threadTs ? { threadTs } : {}),
    });
    share.ts = message.ts;
    world.changed({ kind: 'file', channel });
  }
}
