/** Interaction payloads in Slack's shape (docs.slack.dev/reference/interaction-payloads). */
import { stateValues } from '../blocks/values.js';
import { type Json, overlay, text } from '../json.js';
import { messageJson } from '../messages.js';
import { issueResponseUrl } from '../response-url.js';
import type { Channel, Message, UserSeed, View } from '../types.js';
import { issueTrigger, viewJson } from '../views.js';
import { domainOf, payloadName, teamOf, type World } from '../world.js';

/** The deprecated verification token; apps must not rely on it. */
const VERIFICATION = 'verification-token';

function head(world: World, user: UserSeed): Json {
  const { team, bot } = world.seed;
  return {
    user: { id: user.id, username: user.name, name: user.name, team_id: teamOf(world, user) },
    api_app_id: bot.appId,
    token: VERIFICATION,
    team: { id: team.id, domain: domainOf(world) },
    enterprise: null,
    is_enterprise_install: false,
  };
}

/** A slash command. All values are strings, as in the form that Slack posts. */
export function commandPayload(world: World, user: UserSeed, channel: Channel, command: string, words: string): Json {
  const { team, bot } = world.seed;
  return {
    token: VERIFICATION,
    team_id: team.id,
    team_domain: domainOf(world),
    channel_id: channel.id,
    channel_name: payloadName(channel),
    user_id: user.id,
    user_name: user.name,
    command,
    text: words,
    api_app_id: bot.appId,
    is_enterprise_install: 'false',
    response_url: issueResponseUrl(world, { userId: user.id, channel: channel.id }),
    trigger_id: issueTrigger(world, user.id),
  };
}

/** Key under which a person's choices in a message are kept. */
export function inputKey(user: UserSeed, message: Message): string {
  return `${user.id} ${message.channel} ${message.ts}`;
}

/** block_actions out of a message. For an ephemeral message Slack sends no `message`. */
export function messageAction(world: World, user: UserSeed, channel: Channel, message: Message, action: Json): Json {
  const ephemeral = message.onlyFor !== undefined;
  const thread = message.threadTs ? { thread_ts: message.threadTs } : {};
  return {
    type: 'block_actions',
    ...head(world, user),
    container: { type: 'message', message_ts: message.ts, channel_id: channel.id, is_ephemeral: ephemeral, ...thread },
    trigger_id: issueTrigger(world, user.id),
    channel: { id: channel.id, name: payloadName(channel) },
    ...(ephemeral ? {} : { message: messageJson(world, message, true) }),
    state: { values: stateValues(message.blocks, world.data.inputs[inputKey(user, message)] ?? {}) },
    response_url: issueResponseUrl(world, {
      userId: user.id,
      channel: channel.id,
      originalTs: message.ts,
      ...(message.threadTs ? { threadTs: message.threadTs } : {}),
    }),
    actions: [{ ...action, action_ts: world.nextTs() }],
  };
}

/** block_actions out of a modal or the App Home: no channel, no message, no response_url. */
export function viewAction(world: World, user: UserSeed, view: View, action: Json): Json {
  return {
    type: 'block_actions',
    ...head(world, user),
    container: { type: 'view', view_id: view.id },
    trigger_id: issueTrigger(world, user.id, view.type === 'modal' ? view.id : undefined),
    view: viewJson(world, view),
    actions: [{ ...action, action_ts: world.nextTs() }],
  };
}

/** view_submission. */
export function submission(world: World, user: UserSeed, view: View): Json {
  return {
    type: 'view_submission',
    ...head(world, user),
    trigger_id: issueTrigger(world, user.id, view.id),
    view: viewJson(world, view),
    response_urls: [],
  };
}

/** view_closed. */
export function closing(world: World, user: UserSeed, view: View, cleared: boolean): Json {
  return { type: 'view_closed', ...head(world, user), view: viewJson(world, view), is_cleared: cleared };
}

/** block_suggestion: what an external select asks while a person types. */
export function suggestion(world: World, user: UserSeed, view: View, blockId: string, actionId: string, query: string): Json {
  return {
    type: 'block_suggestion',
    ...head(world, user),
    container: { type: 'view', view_id: view.id },
    action_id: actionId,
    block_id: blockId,
    value: query,
    view: viewJson(world, view),
  };
}

/** An event in its outer envelope. */
export function eventPayload(world: World, event: Json): Json {
  const { team, bot } = world.seed;
  return {
    token: VERIFICATION,
    team_id: team.id,
    api_app_id: bot.appId,
    event: { event_ts: world.nextTs(), ...event },
    type: 'event_callback',
    event_id: world.id('Ev'),
    event_time: Math.floor(world.now() / 1000),
    authorizations: [{ enterprise_id: null, team_id: team.id, user_id: bot.userId, is_bot: true, is_enterprise_install: false }],
    is_ext_shared_channel: false,
  };
}

/** Lays a forger's wishes over an honest payload. Names of single fields come first, then `patch` over the whole. */
export function forged(payload: Json, forge: Json): Json {
  const wish = (name: string) =>
    text(forge[name]) ?? text(forge[name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())]);
  let result = payload;
  const lay = (value: string | undefined, patch: (value: string) => Json) => {
    if (value !== undefined) result = overlay(result, patch(value));
  };
  const command = payload.type === undefined;
  lay(wish('user'), (id) => (command ? { user_id: id } : { user: { id } }));
  lay(wish('user_team'), (id) => ({ user: { team_id: id } }));
  lay(wish('team'), (id) => (command ? { team_id: id } : { team: { id } }));
  lay(wish('api_app_id'), (id) => ({ api_app_id: id }));
  lay(wish('channel'), (id) => (command ? { channel_id: id } : { channel: { id }, container: { channel_id: id } }));
  lay(wish('message_ts'), (ts) => ({ message: { ts }, container: { message_ts: ts } }));
  if (Array.isArray(result.actions))
    result = { ...result, actions: result.actions.map((action: Json) => forgedAction(action, wish)) };
  return typeof forge.patch === 'object' && forge.patch !== null ? overlay(result, forge.patch as Json) : result;
}

function forgedAction(action: Json, wish: (name: string) => string | undefined): Json {
  const changes = {
    value: wish('value'),
    action_id: wish('action_id'),
    block_id: wish('block_id'),
    action_ts: wish('action_ts'),
  };
  return { ...action, ...Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) };
}
