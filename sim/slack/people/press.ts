/** Presses and choices: block_actions out of messages, modals and the App Home. */
import type { Found } from '../blocks/complete.js';
import { defined, isObject, type Json, objects, text } from '../json.js';
import type { Channel, Message, UserSeed, Values, View } from '../types.js';
import { fill } from './fill.js';
import { forged, inputKey, messageAction, viewAction } from './payloads.js';
import {
  ActError,
  type ActResult,
  actor,
  blocksOf,
  channelFor,
  elementIn,
  forger,
  messageFor,
  modalsOf,
  type Stage,
  send,
  viewFor,
} from './stage.js';

type Place = { view: View; blocks: Json[] } | { channel: Channel; message: Message; blocks: Json[] };

/**
 * Somebody presses a button, found by action id or by the words on it, in a message (`channel`, `ts`) or in a view
 * (`viewId`, or the one before them). With `decline` they say no to its confirm dialog. With `forge` nothing has to be
 * there, and any field of the payload can be another.
 */
export async function click(stage: Stage, input: Json): Promise<ActResult> {
  const user = isObject(input.forge) ? forger(stage.world, input) : actor(stage.world, input);
  if (isObject(input.forge)) return forgedClick(stage, user, input, input.forge);
  const place = placeOf(stage, user, input);
  const found = elementIn(place.blocks, input);
  if (found.element.type !== 'button')
    throw new ActError('not_a_button', `${found.label || found.actionId} is a ${String(found.element.type)}, to be chosen from.`);
  if (found.element.confirm !== undefined && input.decline === true) return nothing(stage, user, 'declined');
  return dispatch(stage, user, place, found, buttonAction(found));
}

function buttonAction({ element, actionId, blockId }: Found): Json {
  const { text: label, value, style, url, confirm } = element;
  return defined({ action_id: actionId, block_id: blockId, text: label, value, style, url, confirm, type: 'button' });
}

/** Somebody chooses in a menu, radio buttons, checkboxes or an overflow, or presses Enter in a text field. */
export async function select(stage: Stage, input: Json): Promise<ActResult> {
  const user = actor(stage.world, input);
  const place = placeOf(stage, user, input);
  const found = elementIn(place.blocks, input);
  const offered = 'view' in place ? (place.view.offered[found.actionId] ?? []) : [];
  const filled = fill(found, input.value ?? input.values, offered);
  if ('refused' in filled) throw new ActError('no_such_option', filled.refused);
  remember(stage, user, place, found, filled.state);
  if (!found.dispatches) return nothing(stage, user, 'none');
  const { placeholder, initial_option, confirm } = found.element;
  const extra = defined({ placeholder, initial_option, confirm });
  return dispatch(stage, user, place, found, { ...extra, ...filled.state, action_id: found.actionId, block_id: found.blockId });
}

function placeOf({ world }: Stage, user: UserSeed, input: Json): Place {
  if (input.ts === undefined) {
    const view = viewFor(world, user, input.viewId);
    return { view, blocks: blocksOf(view) };
  }
  const channel = channelFor(world, user, input.channel);
  const message = messageFor(world, user, channel, input.ts);
  return { channel, message, blocks: message.blocks };
}

function remember({ world }: Stage, user: UserSeed, place: Place, { blockId, actionId }: Found, state: Json): void {
  // An overflow menu keeps no choice.
  if (state.type === 'overflow') return;
  let values: Values;
  if ('view' in place) values = place.view.values;
  else {
    const key = inputKey(user, place.message);
    world.data.inputs[key] ??= {};
    values = world.data.inputs[key];
  }
  values[blockId] = { ...values[blockId], [actionId]: state };
  world.changed('view' in place ? { kind: place.view.type, user: user.id } : { kind: 'message', channel: place.channel.id });
}

function payloadFor({ world }: Stage, user: UserSeed, place: Place, action: Json): Json {
  return 'view' in place
    ? viewAction(world, user, place.view, action)
    : messageAction(world, user, place.channel, place.message, action);
}

function dispatch(stage: Stage, user: UserSeed, place: Place, found: Found, action: Json): Promise<ActResult> {
  return sendAction(stage, user, found.label || found.actionId, payloadFor(stage, user, place, action));
}

function sendAction(stage: Stage, user: UserSeed, doing: string, payload: Json): Promise<ActResult> {
  const failure = () => 'A warning sign beside the button: the app did not respond.';
  return send(stage, user.id, doing, () => stage.deliverer.deliver('interactive', payload), failure);
}

function nothing({ world }: Stage, user: UserSeed, ack: ActResult['ack']): ActResult {
  return { ack, ms: 0, modals: modalsOf(world, user.id) };
}

function forgedClick(stage: Stage, user: UserSeed, input: Json, forge: Json): Promise<ActResult> {
  const place = forgedPlace(stage, input);
  const wanted = text(input.actionId) ?? text(input.label) ?? '';
  const action = forgedElement(place.blocks, input) ?? {
    action_id: wanted,
    block_id: 'forged',
    text: { type: 'plain_text', text: wanted || 'forged' },
    type: 'button',
  };
  return sendAction(stage, user, `forged ${wanted}`, forged(payloadFor(stage, user, place, action), forge));
}

function forgedElement(blocks: Json[], input: Json): Json | undefined {
  try {
    return buttonAction(elementIn(blocks, input));
  } catch (error) {
    if (error instanceof ActError) return undefined;
    throw error;
  }
}

/** The real place when there is one, else a plausible one. */
function forgedPlace({ world }: Stage, input: Json): Place {
  const view = world.data.views[text(input.viewId) ?? ''];
  if (view) return { view, blocks: blocksOf(view) };
  const id = text(input.channel) ?? 'C0FORGED00';
  const ts = text(input.ts) ?? '1700000000.000100';
  const channel = world.channel(id) ?? {
    id,
    name: 'forged',
    kind: 'public',
    members: [],
    archived: false,
    extShared: false,
    created: 0,
  };
  const invented: Message = {
    channel: id,
    ts,
    user: world.seed.bot.userId,
    text: 'forged',
    blocks: [],
    files: [],
    reactions: [],
    revision: 0,
  };
  const message = world.message(id, ts) ?? invented;
  return { channel, message, blocks: objects(message.blocks) };
}
