/**
 * The vendor's paths: GET and PATCH of devices, tags, library status and local accounts. The serial filter is a
 * SUBSTRING match and a PATCH of tags REPLACES the list: the two traps that a client has to survive.
 * Source: Iru's public API pages and OpenAPI description.
 */
import { type Answer, details, failure, libraryItems, notFound, record } from './answers.js';
import type { Device, Settings, World } from './world.js';

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  /** Answer as if done, do nothing. */
  readonly lie: boolean;
}

const PAGE_MAX = 300;

/** Answers one authenticated call. */
export function answer(world: World, settings: Settings, call: Call): Answer {
  const [, , , area = '', id, rest] = call.path.split('/');
  const verb = `${call.method} ${area}`;
  if (area === 'devices' && id !== undefined) return oneDevice(world, settings, call, decodeURIComponent(id), rest);
  if (verb === 'GET devices') return { status: 200, body: listDevices(world, call.query) };
  if (verb === 'GET tags' && id === undefined) return listTags(world, call.query);
  if (verb === 'POST tags' && id === undefined) return createTag(world, call);
  if (verb === 'GET prism' && id === 'local_users') return localUsers(world, call.query);
  return notFound();
}

function oneDevice(world: World, settings: Settings, call: Call, id: string, rest: string | undefined): Answer {
  const device = world.byId(id);
  if (!device) return notFound();
  if (call.method === 'PATCH' && rest === undefined) return patch(world, settings, call, device);
  if (call.method !== 'GET') return failure(405, 'detail', `Method "${call.method}" not allowed.`);
  if (rest === undefined) return { status: 200, body: record(world, device) };
  if (rest === 'details') return { status: 200, body: details(world, device) };
  if (rest === 'library-items') {
    return { status: 200, body: { device_id: device.deviceId, library_items: libraryItems(world, device) } };
  }
  if (rest === 'status') {
    return { status: 200, body: { device_id: device.deviceId, library_items: libraryItems(world, device), parameters: [] } };
  }
  return notFound();
}

function patch(world: World, settings: Settings, call: Call, device: Device): Answer {
  if (typeof call.body !== 'object' || call.body === null) return failure(400, 'detail', 'JSON parse error');
  const { tags, asset_tag } = call.body as { tags?: unknown; asset_tag?: unknown };
  if (tags !== undefined) {
    if (!Array.isArray(tags)) return failure(400, 'field', 'Expected a list of items.');
    const names = tags.filter((t) => typeof t === 'string' && t !== '');
    if (names.length !== tags.length) return failure(400, 'field', 'Not a valid string.');
    const unknown = names.find((name) => !world.tags.some((t) => t.name === name));
    if (unknown !== undefined && settings.unknownTag === 'refuse')
      return failure(400, 'field', `Tag "${unknown}" does not exist.`);
    if (call.lie) return { status: 200, body: record(world, device, names) };
    world.setTags(device, names, 'api');
  }
  if (typeof asset_tag === 'string' && !call.lie) device.assetTag = asset_tag;
  return { status: 200, body: record(world, device) };
}

function listDevices(world: World, query: URLSearchParams): unknown[] {
  const has = (name: string, text: string) => text.toLowerCase().includes((query.get(name) ?? '').toLowerCase());
  const is = (name: string, text: string) => !query.has(name) || query.get(name) === text;
  const tagNames = wanted(query, 'tag_name', 'tag_name_in');
  const tagIds = wanted(query, 'tag_id', 'tag_id_in');
  const idOf = (name: string) => world.tags.find((t) => t.name === name)?.id ?? '';
  const found = world.devices.filter((device) => {
    const tags = world.tagsOf(device);
    return (
      has('serial_number', device.serial) &&
      has('device_name', device.name) &&
      has('user_email', device.userEmail) &&
      is('user_email_exact', device.userEmail) &&
      is('device_id', device.deviceId) &&
      is('asset_tag', device.assetTag) &&
      is('platform', 'Mac') &&
      (!tagNames || tags.some((t) => tagNames.includes(t))) &&
      (!tagIds || tags.some((t) => tagIds.includes(idOf(t))))
    );
  });
  return page(found, query).map((device) => record(world, device));
}

function wanted(query: URLSearchParams, one: string, many: string): string[] | undefined {
  if (query.has(one)) return [query.get(one) ?? ''];
  return query.has(many) ? (query.get(many) ?? '').split(',') : undefined;
}

function page<T>(items: readonly T[], query: URLSearchParams): readonly T[] {
  const limit = Math.min(Number(query.get('limit') ?? PAGE_MAX) || PAGE_MAX, PAGE_MAX);
  const offset = Number(query.get('offset') ?? 0) || 0;
  return items.slice(offset, offset + limit);
}

function listTags(world: World, query: URLSearchParams): Answer {
  const search = (query.get('search') ?? '').toLowerCase();
  const results = world.tags.filter((t) => t.name.toLowerCase().includes(search));
  return { status: 200, body: { count: results.length, next: null, previous: null, results: page(results, query) } };
}

function createTag(world: World, call: Call): Answer {
  const name = (call.body as { name?: unknown } | null)?.name;
  if (typeof name !== 'string' || name === '') return failure(400, 'field', 'This field is required.', 'name');
  if (world.tags.some((t) => t.name === name)) return failure(400, 'field', 'Tag with this name already exists.', 'name');
  if (call.lie) return { status: 201, body: { id: '00000000-0000-4000-8000-000000000000', name } };
  const tag = world.addTag(name);
  world.save();
  return { status: 201, body: tag };
}

function localUsers(world: World, query: URLSearchParams): Answer {
  const rows = world.devices.flatMap((device) =>
    device.accounts.map((account) => ({
      device_id: device.deviceId,
      device__name: device.name,
      serial_number: device.serial,
      ...account,
      last_collected_at: device.accountsAt ?? null,
    })),
  );
  const data = page(rows, query);
  return { status: 200, body: { offset: Number(query.get('offset') ?? 0) || 0, limit: PAGE_MAX, total: rows.length, data } };
}
