/** Filling in, submitting and closing modals; asking for the options of an external select. */
import { SlackError } from '../api/errors.js';
import { list, obj, type Problem } from '../blocks/check.js';
import { interactiveElements } from '../blocks/complete.js';
import { optionGroup, plainOption } from '../blocks/text.js';
import { stateValues } from '../blocks/values.js';
import { isObject, type Json, objects, text } from '../json.js';
import type { UserSeed, Values, View } from '../types.js';
import { closeModals, pushModal, readView, replaceView, topModal } from '../views.js';
import type { World } from '../world.js';
import { complaint, fill } from './fill.js';
import { closing, forged, submission, suggestion } from './payloads.js';
import {
  ActError,
  type ActResult,
  actor,
  blocksOf,
  elementIn,
  forger,
  modalsOf,
  type Stage,
  sawError,
  send,
  viewFor,
} from './stage.js';

const TROUBLE = 'We had some trouble connecting. Try again?';

/**
 * Somebody fills in `values` (by block id, action id or label) and submits the modal before them. The client refuses what
 * it would refuse: missing required fields, lengths, options that are not there. With `forge` it refuses nothing, and
 * `forge.values` replaces the whole `state.values`.
 */
export async function submit(stage: Stage, input: Json): Promise<ActResult> {
  const { world, deliverer } = stage;
  const forge = isObject(input.forge) ? input.forge : undefined;
  const user = forge ? forger(world, input) : actor(world, input);
  const view = forge ? anyView(world, user, input) : viewFor(world, user, input.viewId);
  const refused = enter(view, isObject(input.values) ? input.values : {});
  if (!forge) {
    if (!view.body.submit || view.body.submit_disabled === true)
      throw new ActError('no_submit', 'The view has no submit button that can be pressed.');
    const errors = { ...complaints(view), ...refused };
    if (Object.keys(errors).length > 0) return { ack: 'client-refused', errors, ms: 0, modals: modalsOf(world, user.id) };
  }
  const payload = forge ? forgedSubmission(submission(world, user, view), forge) : submission(world, user, view);
  view.errors = {};
  const result = await send(
    stage,
    user.id,
    'submit',
    () => deliverer.deliver('interactive', payload, true),
    () => TROUBLE,
  );
  return result.ack === 'ok' ? obey(stage, user, view, result) : result;
}

/** The view that a forger names, whosever it is, their own, or an invented one. */
function anyView(world: World, user: UserSeed, input: Json): View {
  const named = world.data.views[text(input.viewId) ?? ''] ?? topModal(world, user.id);
  if (named) return named;
  const id = text(input.viewId) ?? world.id('V');
  const body = { type: 'modal', title: { type: 'plain_text', text: 'forged' }, blocks: [] };
  return { id, userId: user.id, type: 'modal', body, hash: '0.forged', rootId: id, values: {}, errors: {}, offered: {} };
}

/** Sets the fields; answers what no option fits, by block id. */
function enter(view: View, values: Json): Record<string, string> {
  const elements = interactiveElements(blocksOf(view));
  const refused: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    const found = elements.find((one) => [one.blockId, one.actionId, one.label].includes(name));
    if (!found)
      throw new ActError(
        'no_such_field',
        `The view has no field ${name}. It has: ${elements.map((one) => one.label || one.blockId).join(', ')}.`,
      );
    const filled = fill(found, value, view.offered[found.actionId] ?? []);
    if ('refused' in filled) refused[found.blockId] = filled.refused;
    else view.values[found.blockId] = { ...view.values[found.blockId], [found.actionId]: filled.state };
  }
  return refused;
}

function complaints(view: View): Record<string, string> {
  const values: Values = stateValues(blocksOf(view), view.values);
  const inputs = interactiveElements(blocksOf(view)).filter(({ block }) => block.type === 'input');
  return Object.fromEntries(
    inputs.flatMap((one) => {
      const said = complaint(one, values[one.blockId]?.[one.actionId]);
      return said === undefined ? [] : [[one.blockId, said]];
    }),
  );
}

function forgedSubmission(payload: Json, forge: Json): Json {
  const view = isObject(payload.view) ? payload.view : {};
  const state = isObject(forge.values) ? { values: forge.values } : view.state;
  return forged({ ...payload, view: { ...view, state } }, forge);
}

/** Does what the acknowledgement says: show errors, replace, push, clear; nothing said closes the view. */
function obey(stage: Stage, user: UserSeed, view: View, result: ActResult): ActResult {
  const { world } = stage;
  const said = isObject(result.response) ? result.response : {};
  try {
    switch (said.response_action) {
      case undefined:
        if (world.data.views[view.id]) closeModals(world, user.id, false);
        break;
      case 'clear':
        closeModals(world, user.id, true);
        break;
      case 'errors':
        return showErrors(stage, user, view, said.errors, result);
      case 'update':
        replaceView(world, view, readView(world, said.view, 'modal'));
        break;
      case 'push':
        pushModal(world, user.id, readView(world, said.view, 'modal'), view.id);
        break;
      default:
        throw new SlackError(`response_action ${String(said.response_action)}`);
    }
    return { ...result, modals: modalsOf(world, user.id) };
  } catch (error) {
    if (!(error instanceof SlackError)) throw error;
    return sawError(stage, user.id, 'submit', result, TROUBLE);
  }
}

/** Errors must name input blocks of the view; anything else is "trouble" to the person. */
function showErrors(stage: Stage, user: UserSeed, view: View, errors: unknown, result: ActResult): ActResult {
  const inputs = new Set(blocksOf(view).flatMap((block) => (block.type === 'input' ? [block.block_id] : [])));
  const entries = isObject(errors) ? Object.entries(errors) : [];
  const fits = entries.length > 0 && entries.every(([id, said]) => inputs.has(id) && typeof said === 'string' && said !== '');
  if (!fits) return sawError(stage, user.id, 'submit', result, TROUBLE);
  view.errors = Object.fromEntries(entries.map(([id, said]) => [id, String(said)]));
  stage.world.changed({ kind: 'modal', user: user.id });
  return { ...result, errors: { ...view.errors }, modals: modalsOf(stage.world, user.id) };
}

/** Somebody closes the modal before them (`all`: the whole stack). The app is told only if it asked for it. */
export async function closeView(stage: Stage, input: Json): Promise<ActResult> {
  const { world, deliverer } = stage;
  const user = actor(world, input);
  const view = viewFor(world, user, input.viewId);
  if (view.type !== 'modal') throw new ActError('no_such_view', 'A Home can not be closed.');
  const all = input.all === true || view.body.clear_on_close === true;
  const payload = closing(world, user, view, all);
  closeModals(world, user.id, all);
  if (view.body.notify_on_close !== true) return { ack: 'none', ms: 0, modals: modalsOf(world, user.id) };
  // The view is closed for the person whatever the app says.
  return send(
    stage,
    user.id,
    'close',
    () => deliverer.deliver('interactive', payload),
    () => '',
  );
}

const suggestions = obj({}, { options: list(plainOption, 0, 100), option_groups: list(optionGroup, 0, 100) });

/** Somebody types into an external select; the app answers with options, which `select` and `submit` then accept. */
export async function options(stage: Stage, input: Json): Promise<ActResult> {
  const { world, deliverer } = stage;
  const user = actor(world, input);
  const view = viewFor(world, user, input.viewId);
  const { element, actionId, blockId } = elementIn(blocksOf(view), input);
  if (element.type !== 'external_select') throw new ActError('not_external', `${actionId} asks the app for nothing.`);
  const query = text(input.query) ?? '';
  // Slack asks from 3 characters on unless the app says otherwise.
  const least = typeof element.min_query_length === 'number' ? element.min_query_length : 3;
  if (query.length < least) return { ack: 'none', ms: 0, modals: modalsOf(world, user.id), options: [] };
  const payload = suggestion(world, user, view, blockId, actionId, query);
  const failure = () => 'No results: the options could not be loaded.';
  const result = await send(stage, user.id, 'options', () => deliverer.deliver('interactive', payload, true), failure);
  return result.ack === 'ok' ? offer(stage, user, view, actionId, result) : result;
}

function offer(stage: Stage, user: UserSeed, view: View, actionId: string, result: ActResult): ActResult {
  const problems: Problem[] = [];
  suggestions(result.response, '', problems);
  const said = isObject(result.response) ? result.response : {};
  if (problems.length > 0 || 'options' in said === 'option_groups' in said) {
    return sawError(stage, user.id, 'options', result, 'No results: the options could not be loaded.');
  }
  const offered = [...objects(said.options), ...objects(said.option_groups).flatMap((group) => objects(group.options))];
  view.offered[actionId] = offered;
  stage.world.changed({ kind: view.type, user: user.id });
  return { ...result, options: offered };
}
