/** What every method gets, and the guards that several of them share. */
import type { Json } from '../json.js';
import { text } from '../json.js';
import type { Truth } from '../truth.js';
import type { Channel, Message, UserSeed } from '../types.js';
import type { World } from '../world.js';
import { SlackError } from './errors.js';

export interface Context {
  world: World;
  truth: Truth;
  /** Socket mode: hands out the address of a new single-use connection. */
  ticket(): string;
  /** Runs `settle` again after so many milliseconds. */
  later(ms: number): void;
}
export type Method = (context: Context, args: Json) => Json;

/** The scope by channel kind: `channels:x`, `groups:x`, `im:x`. */
export function needScope(world: World, channel: Channel, what: 'history' | 'read'): void {
  const family = channel.kind === 'im' ? 'im' : channel.kind === 'private' ? 'groups' : 'channels';
  requireScope(world, [`${family}:${what}`]);
}

/** Throws `missing_scope` unless the bot has one of the scopes. */
export function requireScope(world: World, anyOf: string[]): void {
  const provided = world.seed.bot.scopes;
  if (anyOf.length > 0 && !anyOf.some((scope) => provided.includes(scope))) {
    throw new SlackError('missing_scope', { needed: anyOf.join(','), provided: provided.join(',') });
  }
}

/** A channel that the bot may know of: a private one it is not in doesn't exist for it. */
export function visibleChannel(world: World, id: unknown): Channel {
  const channel = world.channel(text(id) ?? '');
  if (!channel || (channel.kind !== 'public' && !world.botIn(channel))) throw new SlackError('channel_not_found');
  return channel;
}

/** A channel of which the bot is a member. */
export function memberChannel(world: World, id: unknown): Channel {
  const channel = visibleChannel(world, id);
  if (!world.botIn(channel)) throw new SlackError('not_in_channel');
  return channel;
}

/** A person in our sight, deactivated ones too. */
export function knownUser(world: World, id: unknown): UserSeed {
  const user = world.user(text(id) ?? '');
  if (!user) throw new SlackError('user_not_found');
  return user;
}

/** A message that the app can see: ephemeral ones never are. */
export function knownMessage(world: World, channel: Channel, ts: unknown): Message {
  const message = world.message(channel.id, text(ts) ?? '');
  if (!message) throw new SlackError('message_not_found');
  return message;
}
