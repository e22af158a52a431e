/** What people see and can reach: the guards and finders that every act begins with. */
import { type Found, interactiveElements } from '../blocks/complete.js';
import type { Deliverer, Reply } from '../delivery/deliver.js';
import { type Json, objects, text } from '../json.js';
import { settle } from '../messages.js';
import { keep, type Truth } from '../truth.js';
import type { Channel, Message, UserSeed, View } from '../types.js';
import { topModal } from '../views.js';
import { teamOf, type World } from '../world.js';

export interface Stage {
  world: World;
  truth: Truth;
  deliverer: Deliverer;
}
/** An act that a person could not even begin: there is no such button, no such view, no such channel for them. */
export class ActError extends Error {
  override readonly name = 'ActError';
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}
export interface ActResult {
  /** How the app answered; `none`: nothing is sent for this; `declined`: the person said no to the confirm dialog. */
  ack: Reply['outcome'] | 'none' | 'declined' | 'client-refused';
  /** The error that Slack showed, when it showed one. */
  saw?: string;
  /** The id of the delivery in the truth. */
  delivery?: string;
  ms: number;
  /** What the acknowledgement carried. */
  response?: unknown;
  /** The person's open modals afterwards, the topmost last. */
  modals: string[];
  /** Messages under fields: by the client (`client-refused`) or by the app (`response_action: errors`). */
  errors?: Record<string, string>;
  options?: Json[];
}

/** A person who can act: known and not deactivated. */
export function actor(world: World, input: Json): UserSeed {
  settle(world);
  const user = world.user(text(input.user) ?? '');
  if (!user) throw new ActError('no_such_user', `There is no person ${String(input.user)}.`);
  if (user.deleted) throw new ActError('user_deactivated', `${user.realName} is deactivated and can't do anything in Slack.`);
  return user;
}

/** Who a forged payload comes from: a forger needs no account. */
export function forger(world: World, input: Json): UserSeed {
  settle(world);
  const id = text(input.user) ?? 'UFORGER';
  return world.user(id) ?? { id, name: id.toLowerCase(), realName: id, email: '' };
}

/** Whether a person can look into a channel: its members, and for public ones everybody of the team but guests. */
export function canSee(world: World, user: UserSeed, channel: Channel): boolean {
  if (channel.members.includes(user.id)) return true;
  const guest = user.isRestricted || user.isUltraRestricted;
  return channel.kind === 'public' && !guest && teamOf(world, user) === world.seed.team.id;
}

/** The channel that a person named by id or name, if they can see it. */
export function channelFor(world: World, user: UserSeed, name: unknown): Channel {
  const wanted = (text(name) ?? '').replace(/^#/, '');
  const all = Object.values(world.data.channels);
  const found = all.find((one) => one.id === wanted) ?? all.find((one) => one.name !== '' && one.name === wanted);
  if (!found || !canSee(world, user, found)) throw new ActError('no_such_channel', `${user.realName} sees no channel ${wanted}.`);
  return found;
}

/** The message that a person sees at this place. */
export function messageFor(world: World, user: UserSeed, channel: Channel, ts: unknown): Message {
  const found = world.message(channel.id, text(ts) ?? '', user.id);
  if (!found) throw new ActError('no_such_message', `${user.realName} sees no message ${String(ts)} in ${channel.id}.`);
  return found;
}

/** The modal on top of the person's stack, or their Home. */
export function viewFor(world: World, user: UserSeed, id: unknown): View {
  const top = topModal(world, user.id);
  const wanted = text(id) ?? top?.id ?? '';
  const found = world.data.views[wanted];
  const reachable = found && found.userId === user.id && (found.type === 'home' || found.id === top?.id);
  if (!reachable) throw new ActError('no_such_view', `${user.realName} has no view ${wanted} before them.`);
  return found;
}

/** The one element that fits `actionId` (the action id, or the words on it) and `blockId` if given. */
export function elementIn(blocks: Json[], input: Json): Found {
  const wanted = text(input.actionId) ?? text(input.label) ?? '';
  const all = interactiveElements(blocks).filter((one) => input.blockId === undefined || one.blockId === input.blockId);
  const byId = all.filter((one) => one.actionId === wanted);
  const found = byId.length > 0 ? byId : all.filter((one) => one.label === wanted);
  const [first] = found;
  const there = all.map((one) => one.label || one.actionId).join(', ') || 'nothing';
  if (!first) throw new ActError('no_such_button', `Nothing called ${wanted} is there. There is: ${there}.`);
  if (found.length > 1) throw new ActError('ambiguous', `${found.length} elements are called ${wanted}; name the blockId too.`);
  return first;
}

/** The blocks of a view. */
export function blocksOf(view: View): Json[] {
  return objects(view.body.blocks);
}

/** The person's open modals. */
export function modalsOf(world: World, userId: string): string[] {
  return [...(world.data.stacks[userId] ?? [])];
}

/** Sends, waits, and says how it went; an error that the person saw is put on record. */
export async function send(
  stage: Stage,
  user: string,
  doing: string,
  deliver: () => Promise<Reply & { id: string }>,
  failure: (outcome: Reply['outcome']) => string,
): Promise<ActResult> {
  const { world } = stage;
  const begun = performance.now();
  const reply = await deliver();
  const result: ActResult = {
    ack: reply.outcome,
    delivery: reply.id,
    ms: Math.round(performance.now() - begun),
    modals: modalsOf(world, user),
    ...(reply.payload === undefined ? {} : { response: reply.payload }),
  };
  return reply.outcome === 'ok' ? result : sawError(stage, user, doing, result, failure(reply.outcome));
}

/** The person was shown an error by Slack itself. */
export function sawError(stage: Stage, user: string, doing: string, result: ActResult, saw: string): ActResult {
  keep(stage.truth, stage.truth.errors, { at: stage.world.now(), user, doing, saw });
  stage.world.notice(user, saw);
  return { ...result, saw };
}
