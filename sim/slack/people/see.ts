/** Everything as one person sees it. The shapes are described in README.md beside this folder's entry. */
import { stateValues } from '../blocks/values.js';
import type { Json } from '../json.js';
import { settle } from '../messages.js';
import type { Channel, Message, UserSeed, View } from '../types.js';
import { payloadName, type World } from '../world.js';
import { inputKey } from './payloads.js';
import { ActError, blocksOf, canSee } from './stage.js';

/** The state for `GET /sim/state?as=`. */
export function see(world: World, as: string): Json {
  settle(world);
  const me = personOf(world, as);
  const { team } = world.seed;
  const home = world.data.views[world.data.homes[me.id] ?? ''];
  return {
    now: world.now(),
    team: { id: team.id, name: team.name },
    app: { userId: world.seed.bot.userId, name: world.seed.bot.name ?? 'app' },
    me: { id: me.id, name: me.name, realName: me.realName, deleted: me.deleted ?? false },
    people: Object.values(world.data.users).map(({ id, name, realName, isBot }) => ({ id, name, realName, bot: isBot ?? false })),
    usergroups: Object.values(world.data.usergroups).map(({ id, name, handle }) => ({ id, name, handle })),
    channels: Object.values(world.data.channels)
      .filter((channel) => canSee(world, me, channel))
      .map((channel) => seeChannel(world, me, channel)),
    modals: modalsOf(world, me),
    home: seeView(home)[0] ?? null,
    notices: world.data.notices
      .filter((notice) => notice.user === me.id)
      .slice(-20)
      .map(({ at, what }) => ({ at, what })),
  };
}

/** The modals alone: of whoever has a thousand cards in a channel drawing these takes longer than all else. */
export function seeModals(world: World, as: string): Json[] {
  return modalsOf(world, personOf(world, as));
}

function personOf(world: World, as: string): UserSeed {
  const me = world.user(as);
  if (!me) throw new ActError('no_such_user', `There is no person ${as}.`);
  return me;
}

function modalsOf(world: World, me: UserSeed): Json[] {
  return (world.data.stacks[me.id] ?? []).flatMap((id) => seeView(world.data.views[id]));
}

function seeChannel(world: World, me: UserSeed, channel: Channel): Json {
  const all = world.messages(channel.id).filter((one) => one.onlyFor === undefined || one.onlyFor === me.id);
  const inThread = groupReplies(all);
  const roots = all.filter((one) => (one.threadTs === undefined || one.broadcast) && (!one.deleted || inThread.has(one.ts)));
  const partner = channel.kind === 'im' ? world.user(channel.members.find((id) => id !== me.id) ?? '') : undefined;
  return {
    id: channel.id,
    name: channel.kind === 'im' ? (partner?.realName ?? payloadName(channel)) : channel.name,
    kind: channel.kind,
    archived: channel.archived,
    member: channel.members.includes(me.id),
    botMember: world.botIn(channel),
    members: [...channel.members],
    messages: roots.map((one) => ({
      ...seeMessage(world, me, one),
      replies: one.threadTs
        ? []
        : (inThread.get(one.ts) ?? []).map((reply) => ({ ...seeMessage(world, me, reply), replies: [] })),
    })),
  };
}

function groupReplies(messages: Message[]): Map<string, Message[]> {
  const threads = new Map<string, Message[]>();
  for (const message of messages) {
    if (message.threadTs === undefined || message.deleted) continue;
    threads.set(message.threadTs, [...(threads.get(message.threadTs) ?? []), message]);
  }
  return threads;
}

function seeMessage(world: World, me: UserSeed, message: Message): Json {
  const author = world.user(message.user);
  const gone = message.deleted === true;
  return {
    ts: message.ts,
    channel: message.channel,
    threadTs: message.threadTs ?? null,
    from: { id: message.user, name: author?.realName ?? message.user, bot: message.user === world.seed.bot.userId },
    text: gone ? 'This message was deleted.' : message.text,
    blocks: gone ? [] : structuredClone(message.blocks),
    edited: message.edited !== undefined,
    deleted: gone,
    ephemeral: message.onlyFor !== undefined,
    revision: message.revision,
    values: stateValues(message.blocks, world.data.inputs[inputKey(me, message)] ?? {}),
    reactions: structuredClone(message.reactions),
    files: message.files.flatMap((id) => {
      const file = world.data.files[id];
      return file ? [{ id, name: file.name, title: file.title, size: file.length, url: `/sim/file/${id}?as=${me.id}` }] : [];
    }),
  };
}

function seeView(view: View | undefined): Json[] {
  if (!view) return [];
  const { title, submit, close, submit_disabled, callback_id } = view.body;
  return [
    {
      id: view.id,
      type: view.type,
      title: title ?? null,
      submit: submit ?? null,
      close: close ?? null,
      submitDisabled: submit_disabled === true,
      callbackId: callback_id ?? '',
      hash: view.hash,
      blocks: structuredClone(blocksOf(view)),
      values: stateValues(blocksOf(view), view.values),
      errors: { ...view.errors },
      offered: structuredClone(view.offered),
    },
  ];
}

/** A file's bytes, when the person can see a message that carries it. */
export function fileFor(world: World, as: string, id: string): { name: string; bytes: Buffer } | undefined {
  const user = world.user(as);
  const file = world.data.files[id];
  const channel = world.channel(file?.share?.channel ?? '');
  if (!user || !channel || file?.content === undefined || !canSee(world, user, channel)) return undefined;
  return { name: file.name, bytes: Buffer.from(file.content, 'base64') };
}
