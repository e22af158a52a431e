/** views.*: modals by trigger id, updates by hash, App Homes. */
import { type Json, text } from '../json.js';
import type { View } from '../types.js';
import { freshTrigger, openModal, publishHome, pushModal, readView, replaceView, viewJson } from '../views.js';
import type { World } from '../world.js';
import { knownUser, type Method } from './context.js';
import { SlackError } from './errors.js';

const shown = (world: World, view: View): Json => ({ view: viewJson(world, view) });

const open: Method = ({ world }, args) => {
  const trigger = freshTrigger(world, args.trigger_id ?? args.interactivity_pointer);
  const view = openModal(world, trigger.userId, readView(world, args.view, 'modal'));
  trigger.used = true;
  return shown(world, view);
};

const push: Method = ({ world }, args) => {
  const trigger = freshTrigger(world, args.trigger_id ?? args.interactivity_pointer);
  const view = pushModal(world, trigger.userId, readView(world, args.view, 'modal'), trigger.viewId);
  trigger.used = true;
  return shown(world, view);
};

function matchingHash(view: View, hash: unknown): void {
  if (text(hash) && hash !== view.hash) throw new SlackError('hash_conflict');
}

const update: Method = ({ world }, args) => {
  const { view_id: id, external_id: externalId } = args;
  const view = Object.values(world.data.views).find((one) => (id === undefined ? one.externalId === externalId : one.id === id));
  if (!view || (id === undefined && externalId === undefined)) throw new SlackError('not_found');
  matchingHash(view, args.hash);
  replaceView(world, view, readView(world, args.view, view.type));
  return shown(world, view);
};

const publish: Method = ({ world }, args) => {
  const user = knownUser(world, args.user_id);
  const before = world.data.views[world.data.homes[user.id] ?? ''];
  if (before) matchingHash(before, args.hash);
  return shown(world, publishHome(world, user.id, readView(world, args.view, 'home')));
};

export const viewMethods: Record<string, Method> = {
  'views.open': open,
  'views.push': push,
  'views.update': update,
  'views.publish': publish,
};
