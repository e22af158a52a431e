/** Modals and App Homes: the stack of a person, hashes, trigger ids. */
import { SlackError } from './api/errors.js';
import { checkView } from './blocks/blocks.js';
import { sentence } from './blocks/check.js';
import { withIds } from './blocks/complete.js';
import { stateValues } from './blocks/values.js';
import { forgetOld } from './forget.js';
import { type Json, objects, text } from './json.js';
import type { Trigger, View } from './types.js';
import { frozen, type World } from './world.js';

const MAX_VIEW = 250 * 1024;
const MAX_STACK = 3;

/** A view as the app gave it, with ids filled in. Throws `invalid_arguments` with Slack's sentences, or `view_too_large`. */
export function readView(world: World, view: unknown, type: View['type']): Json {
  const problems = checkView(view, type);
  if (problems.length > 0) throw new SlackError('invalid_arguments', { response_metadata: { messages: problems.map(sentence) } });
  if (JSON.stringify(view).length > MAX_VIEW) throw new SlackError('view_too_large');
  const body = frozen(view as Json);
  return { ...body, blocks: withIds(objects(body.blocks), () => world.id('').slice(0, 5)) };
}

/** A new trigger id: good once, for 3 s. */
export function issueTrigger(world: World, userId: string, viewId?: string): string {
  const { triggers, settings } = world.data;
  forgetOld(triggers, ({ issuedAt }) => world.now() - issuedAt > 100 * settings.triggerMs);
  const id = `${Math.floor(world.now())}.${world.seed.team.id}.${world.id('').toLowerCase()}${world.id('').toLowerCase()}`;
  triggers[id] = { userId, issuedAt: world.now(), used: false, ...(viewId ? { viewId } : {}) };
  return id;
}

/** The trigger, still fresh. It is spent by `spendTrigger` when the view was accepted. */
export function freshTrigger(world: World, id: unknown): Trigger {
  const trigger = world.data.triggers[text(id) ?? ''];
  if (!trigger) throw new SlackError('invalid_trigger_id');
  if (trigger.used) throw new SlackError('exchanged_trigger_id');
  if (world.now() - trigger.issuedAt > world.data.settings.triggerMs) throw new SlackError('expired_trigger_id');
  return trigger;
}

/** Opens a modal in place of whatever this app had open for the person. */
export function openModal(world: World, userId: string, body: Json): View {
  uniqueExternalId(world, body);
  for (const id of world.data.stacks[userId] ?? []) delete world.data.views[id];
  const view = newView(world, userId, 'modal', body);
  world.data.stacks[userId] = [view.id];
  world.changed({ kind: 'modal', user: userId });
  return view;
}

/** Puts a modal on top of another of the same person. */
export function pushModal(world: World, userId: string, body: Json, onto: string | undefined): View {
  const stack = world.data.stacks[userId] ?? [];
  if (onto === undefined || !stack.includes(onto)) throw new SlackError('not_found');
  if (stack.length >= MAX_STACK) throw new SlackError('push_limit_reached');
  uniqueExternalId(world, body);
  const view = newView(world, userId, 'modal', body);
  view.rootId = stack[0] ?? view.id;
  view.previousId = stack.at(-1);
  stack.push(view.id);
  world.changed({ kind: 'modal', user: userId });
  return view;
}

/** Replaces what a view shows. What the person had set in inputs that are still there stays. */
export function replaceView(world: World, view: View, body: Json): void {
  uniqueExternalId(world, body, view.id);
  view.body = body;
  view.externalId = text(body.external_id) || view.externalId;
  view.hash = newHash(world);
  view.errors = {};
  view.values = stateValues(objects(body.blocks), view.values);
  world.changed({ kind: view.type, user: view.userId });
}

/** Sets a person's App Home. */
export function publishHome(world: World, userId: string, body: Json): View {
  const open = world.data.views[world.data.homes[userId] ?? ''];
  if (open) {
    replaceView(world, open, body);
    return open;
  }
  uniqueExternalId(world, body);
  const view = newView(world, userId, 'home', body);
  world.data.homes[userId] = view.id;
  world.changed({ kind: 'home', user: userId });
  return view;
}

/** Takes the topmost modal away, or all of them. */
export function closeModals(world: World, userId: string, all: boolean): void {
  const stack = world.data.stacks[userId] ?? [];
  for (const id of all ? stack.splice(0) : stack.splice(-1)) delete world.data.views[id];
  world.changed({ kind: 'modal', user: userId });
}

/** The modal that a person has before them. */
export function topModal(world: World, userId: string): View | undefined {
  return world.data.views[world.data.stacks[userId]?.at(-1) ?? ''];
}

function newView(world: World, userId: string, type: View['type'], body: Json): View {
  const id = world.id('V');
  const view: View = {
    id,
    userId,
    type,
    body,
    hash: newHash(world),
    rootId: id,
    values: stateValues(objects(body.blocks), {}),
    errors: {},
    offered: {},
  };
  const externalId = text(body.external_id);
  if (externalId) view.externalId = externalId;
  world.data.views[id] = view;
  return view;
}

function newHash(world: World): string {
  return `${Math.floor(world.now() / 1000)}.${world.id('').slice(0, 8)}`;
}

function uniqueExternalId(world: World, body: Json, except?: string): void {
  const wanted = text(body.external_id);
  if (wanted && Object.values(world.data.views).some((view) => view.externalId === wanted && view.id !== except)) {
    throw new SlackError('duplicate_external_id');
  }
}

/** A view as payloads and answers show it. */
export function viewJson(world: World, view: View): Json {
  const { team, bot } = world.seed;
  const modal = view.type === 'modal' ? { title: null, submit: null, close: null } : {};
  return {
    id: view.id,
    team_id: team.id,
    private_metadata: '',
    callback_id: '',
    clear_on_close: false,
    notify_on_close: false,
    submit_disabled: false,
    ...modal,
    ...frozen(view.body),
    state: { values: stateValues(objects(view.body.blocks), view.values) },
    hash: view.hash,
    previous_view_id: view.previousId ?? null,
    root_view_id: view.rootId,
    app_id: bot.appId,
    external_id: view.externalId ?? '',
    app_installed_team_id: team.id,
    bot_id: bot.botId,
  };
}
