/** The state of the stand-in with its few primitives: ids, timestamps, look-ups, and word of every change. */
import { randomBytes } from 'node:crypto';
import type { Json } from './json.js';
import { isObject } from './json.js';
import type { Channel, Data, Message, Seed, Settings, UserSeed } from './types.js';
import { DEFAULT_SETTINGS } from './types.js';

export interface Change {
  kind: 'message' | 'ephemeral' | 'modal' | 'home' | 'file' | 'notice' | 'admin' | 'fault' | 'truth';
  channel?: string;
  user?: string;
  ts?: string;
}
export interface World {
  readonly seed: Seed;
  readonly data: Data;
  /** Where this stand-in listens, without a slash at the end. */
  url: string;
  now(): number;
  /** The next message timestamp: unique and always growing, as Slack's. */
  nextTs(): string;
  id(prefix: string): string;
  changed(change: Change): void;
  onChange(listener: (change: Change) => void): () => void;
  user(id: string): UserSeed | undefined;
  channel(id: string): Channel | undefined;
  messages(channel: string): Message[];
  /** A message that is still there; `viewer` also finds what only that person sees. */
  message(channel: string, ts: string, viewer?: string): Message | undefined;
  /** The direct message channel with a person, opened when there is none. */
  openIm(userId: string): Channel;
  botIn(channel: Channel): boolean;
  notice(user: string, what: string): void;
  /** Everything back to the seed. */
  reset(): void;
}

/** Makes the world from the seed, or from stored data to which the seed adds what it lacks. */
export function createWorld(seed: Seed, now: () => number, settings: Partial<Settings>, stored?: unknown): World {
  const data = isData(stored) ? stored : emptyData();
  data.settings = { ...DEFAULT_SETTINGS, ...data.settings, ...settings };
  addSeed(data, seed, now());
  const listeners = new Set<(change: Change) => void>();
  const world: World = {
    seed,
    data,
    url: '',
    now,
    nextTs() {
      data.lastMicros = Math.max(Math.floor(now() * 1000), data.lastMicros + 1);
      return `${Math.floor(data.lastMicros / 1e6)}.${String(data.lastMicros % 1e6).padStart(6, '0')}`;
    },
    id: (prefix) => prefix + randomBytes(8).readBigUInt64BE().toString(36).toUpperCase().padStart(10, '0').slice(-10),
    changed(change) {
      for (const listener of listeners) listener(change);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    user: (id) => data.users[id],
    channel: (id) => data.channels[id],
    messages(channel) {
      data.messages[channel] ??= [];
      return data.messages[channel];
    },
    message: (channel, ts, viewer) =>
      data.messages[channel]?.find(
        (message) => message.ts === ts && !message.deleted && (message.onlyFor === undefined || message.onlyFor === viewer),
      ),
    openIm(userId) {
      const open = Object.values(data.channels).find((channel) => channel.kind === 'im' && channel.userId === userId);
      if (open) return open;
      const channel = newIm(world.id('D'), userId, seed.bot.userId, now());
      data.channels[channel.id] = channel;
      return channel;
    },
    botIn: (channel) => channel.members.includes(seed.bot.userId),
    notice(user, what) {
      data.notices.push({ at: now(), user, what });
      world.changed({ kind: 'notice', user });
    },
    reset() {
      const kept = data.settings;
      Object.assign(data, emptyData(), { settings: kept, lastMicros: data.lastMicros });
      addSeed(data, seed, now());
      world.changed({ kind: 'admin' });
    },
  };
  return world;
}

function newIm(id: string, userId: string, bot: string, at: number): Channel {
  return {
    id,
    name: '',
    kind: 'im',
    members: [userId, bot],
    archived: false,
    extShared: false,
    created: Math.floor(at / 1000),
    userId,
  };
}

function emptyData(): Data {
  return {
    version: 1,
    lastMicros: 0,
    users: {},
    channels: {},
    usergroups: {},
    messages: {},
    views: {},
    stacks: {},
    homes: {},
    files: {},
    triggers: {},
    responseUrls: {},
    inputs: {},
    notices: [],
    revoked: { bot: false, app: false },
    settings: { ...DEFAULT_SETTINGS },
  };
}

function isData(value: unknown): value is Data {
  return isObject(value) && value.version === 1 && isObject(value.users) && isObject(value.messages);
}

function addSeed(data: Data, seed: Seed, at: number): void {
  const { bot } = seed;
  const name = bot.name ?? 'app';
  data.users[bot.userId] ??= { id: bot.userId, name, realName: name, email: '', isBot: true };
  for (const user of seed.users) data.users[user.id] ??= { ...user };
  for (const group of seed.usergroups ?? []) data.usergroups[group.id] ??= { ...group, users: [...group.users] };
  for (const channel of seed.channels) {
    data.channels[channel.id] ??= {
      id: channel.id,
      name: channel.name,
      kind: channel.private ? 'private' : 'public',
      members: [...channel.members],
      archived: channel.archived ?? false,
      extShared: channel.extShared ?? false,
      created: Math.floor(at / 1000),
    };
  }
}

/** The team of a person: ours unless the seed says otherwise. */
export function teamOf(world: World, user: UserSeed): string {
  return user.teamId ?? world.seed.team.id;
}

/** The short name of our team in addresses. */
export function domainOf(world: World): string {
  const { team } = world.seed;
  return team.domain ?? team.name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}

/** The name under which Slack shows a channel in payloads: private ones and direct messages have none. */
export function payloadName(channel: Channel): string {
  if (channel.kind === 'im') return 'directmessage';
  return channel.kind === 'private' ? 'privategroup' : channel.name;
}

/** A copy that later changes can't reach. */
export function frozen<T extends Json | Json[]>(value: T): T {
  return structuredClone(value);
}
