/** Commands, plain messages, the App Home tab, and events. */
import { SlackError } from '../api/errors.js';
import { isObject, type Json, overlay, text } from '../json.js';
import { addMessage, threadRoot } from '../messages.js';
import { answerPerson } from '../response-url.js';
import type { Channel, UserSeed } from '../types.js';
import { viewJson } from '../views.js';
import type { World } from '../world.js';
import { commandPayload, eventPayload, forged } from './payloads.js';
import { ActError, type ActResult, actor, channelFor, forger, modalsOf, type Stage, sawError, send } from './stage.js';

/** Somebody types a slash command. Only people of the installing team have it. */
export async function command(stage: Stage, input: Json): Promise<ActResult> {
  const { world, deliverer } = stage;
  const user = isObject(input.forge) ? forger(world, input) : actor(world, input);
  if (user.teamId && user.teamId !== world.seed.team.id && !input.forge) {
    throw new ActError('no_such_command', 'Slash commands are there only for the team that installed the app.');
  }
  const channel = input.forge ? anyChannel(world, input) : channelFor(world, user, input.channel);
  const name = text(input.command) ?? '';
  if (!name.startsWith('/')) throw new ActError('no_such_command', 'A command begins with a slash.');
  const honest = commandPayload(world, user, channel, name, text(input.text) ?? '');
  const payload = isObject(input.forge) ? forged(honest, input.forge) : honest;
  const failure = (outcome: string) =>
    `${name} failed with the error "${outcome === 'timeout' ? 'operation_timeout' : 'dispatch_failed'}"`;
  const result = await send(stage, user.id, name, () => deliverer.deliver('slash_commands', payload, true), failure);
  return result.ack === 'ok' ? showAnswer(stage, user, channel, name, result) : result;
}

/** The channel that a forger names; their answers go nowhere when there is none. */
function anyChannel(world: World, input: Json): Channel {
  const id = text(input.channel) ?? 'C0FORGED00';
  const none: Channel = { id, name: 'forged', kind: 'public', members: [], archived: false, extShared: false, created: 0 };
  return world.channel(id) ?? none;
}

/** What the acknowledgement carries is shown at once: as text, or as a message body; ephemeral unless it says otherwise. */
function showAnswer(stage: Stage, user: UserSeed, channel: Channel, name: string, result: ActResult): ActResult {
  const said = typeof result.response === 'string' ? { text: result.response } : result.response;
  if (!isObject(said) || Object.keys(said).length === 0) return result;
  try {
    answerPerson(stage.world, { userId: user.id, channel: channel.id }, said);
    return result;
  } catch (error) {
    if (!(error instanceof SlackError)) throw error;
    return sawError(stage, user.id, name, result, `${name} failed with the error "${error.code}"`);
  }
}

/** Somebody writes a message; the app isn't told. */
export function say(stage: Stage, input: Json): { ts: string; channel: string } {
  const { world } = stage;
  const user = actor(world, input);
  const channel = channelFor(world, user, input.channel);
  const asked = text(input.threadTs);
  const threadTs = asked === undefined ? undefined : threadRoot(world, channel.id, asked);
  const { ts } = addMessage(world, { channel: channel.id, user: user.id, text: text(input.text) ?? '', threadTs });
  return { ts, channel: channel.id };
}

/** Somebody opens the app's Home tab; the app gets `app_home_opened`. */
export async function openHome(stage: Stage, input: Json): Promise<ActResult> {
  const { world } = stage;
  const user = actor(world, input);
  const home = world.data.views[world.data.homes[user.id] ?? ''];
  const body: Json = { type: 'app_home_opened', user: user.id, channel: world.openIm(user.id).id, tab: 'home' };
  return event(stage, { event: home ? { ...body, view: viewJson(world, home) } : body, user: user.id, forge: input.forge });
}

/** Any event of the Events API. Nobody sees an error when it is not acknowledged; it is repeated instead. */
export async function event(stage: Stage, input: Json): Promise<ActResult> {
  const { world, deliverer } = stage;
  if (!isObject(input.event)) throw new ActError('no_event', 'An event is an object with a type.');
  const honest = eventPayload(world, input.event);
  const payload = isObject(input.forge) && isObject(input.forge.patch) ? overlay(honest, input.forge.patch) : honest;
  const begun = performance.now();
  const { outcome, id } = await deliverer.deliver('events_api', payload);
  return {
    ack: outcome,
    delivery: id,
    ms: Math.round(performance.now() - begun),
    modals: modalsOf(world, text(input.user) ?? ''),
  };
}

/** Somebody reloads their client: ephemeral messages are gone. */
export function reload(stage: Stage, input: Json): { dropped: number } {
  const { world } = stage;
  const user = actor(world, input);
  let dropped = 0;
  for (const messages of Object.values(world.data.messages)) {
    for (const message of messages) {
      if (message.onlyFor !== user.id || message.deleted) continue;
      message.deleted = true;
      dropped += 1;
    }
  }
  world.changed({ kind: 'ephemeral', user: user.id });
  return { dropped };
}
