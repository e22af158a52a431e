/** The control API under /sim/: JSON in and out, Server-Sent Events, and a page to read. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Control } from '../control.js';
import { type FaultInput, isFaultKind } from '../faults.js';
import { isObject, type Json, parseJson, text } from '../json.js';
import { fileFor } from '../people/see.js';
import { ActError } from '../people/stage.js';
import type { World } from '../world.js';
import { write } from './answer.js';
import { mediaType, readBody } from './body.js';
import { truthPage } from './truth-page.js';

const MAX_CONTROL = 4 * 1024 * 1024;
type Post = (body: Json) => unknown;

/**
 * What can be posted. Bodies are handed on as they came: this is an instrument on the loopback interface, used by tests and
 * pages, and every act checks what it reads. The casts say no more than that.
 */
function posts(control: Control): Record<string, Post> {
  const table: Record<string, Post> = {
    fault: (body) => control.fault(readFault(body)),
    'fault/clear': (body) => control.clearFaults(typeof body.id === 'number' ? body.id : undefined),
    'socket/disconnect': (body) => ({
      connections: control.socket.disconnect(reason(body.reason), body.only === 'oldest' ? 'oldest' : undefined),
    }),
    'socket/drop': (body) => ({ connections: control.socket.drop(body.silent === true) }),
  };
  for (const [name, act] of Object.entries(control.act)) table[`act/${kebab(name)}`] = act as Post;
  for (const [name, act] of Object.entries(control.admin)) table[`admin/${kebab(name)}`] = act as Post;
  return table;
}

function readFault(body: Json): FaultInput {
  const { kind } = body;
  if (!isFaultKind(kind)) throw new ActError('no_such_fault', `There is no fault ${String(kind)}.`);
  const number = (value: unknown) => (typeof value === 'number' ? value : undefined);
  return {
    kind,
    method: text(body.method),
    error: text(body.error),
    ms: number(body.ms),
    times: number(body.times),
    retryAfter: number(body.retryAfter),
  };
}

function reason(value: unknown): 'warning' | 'refresh_requested' | 'link_disabled' {
  if (value === 'link_disabled' || value === 'warning') return value;
  return 'refresh_requested';
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The handler of everything under /sim/. */
export function createRoutes(world: World, control: Control) {
  const table = posts(control);
  return async (request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> => {
    const path = url.pathname.slice('/sim/'.length);
    if (request.method === 'GET') return get(world, control, path, url, response);
    const post = Object.hasOwn(table, path) ? table[path] : undefined;
    if (request.method !== 'POST' || !post) return write(response, { status: 404, body: { error: 'no_such_route' } });
    // Only JSON: a foreign page can't send that without asking first, and nobody answers its question.
    if (mediaType(request) !== 'application/json') return write(response, { status: 415, body: { error: 'json_only' } });
    const bytes = await readBody(request, MAX_CONTROL);
    const body = bytes?.length === 0 ? {} : parseJson(bytes?.toString() ?? '');
    if (!isObject(body)) return write(response, { status: 400, body: { error: 'no_json' } });
    await run(response, () => post(body));
  };
}

async function run(response: ServerResponse, act: () => unknown): Promise<void> {
  try {
    const result = await act();
    write(response, { status: 200, body: isObject(result) ? result : { ok: true } });
  } catch (error) {
    if (!(error instanceof ActError)) throw error;
    write(response, { status: 409, body: { error: error.code, message: error.message } });
  }
}

function get(world: World, control: Control, path: string, url: URL, response: ServerResponse): Promise<void> | void {
  const as = url.searchParams.get('as') ?? '';
  if (path === 'state') return run(response, () => control.state(as));
  if (path === 'truth') return run(response, () => control.truth());
  if (path === 'faults') return run(response, () => ({ faults: control.faults() }));
  if (path === 'truth/page') return write(response, { status: 200, body: truthPage(control.truth()) });
  if (path === 'events') return stream(control, response);
  if (path.startsWith('file/')) return file(world, as, path.slice('file/'.length), response);
  write(response, { status: 404, body: { error: 'no_such_route' } });
}

/** One small event per change. */
function stream(control: Control, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(': listening\n\n');
  let n = 0;
  const stop = control.onChange((change) => {
    n += 1;
    response.write(`id: ${n}\nevent: change\ndata: ${JSON.stringify(change)}\n\n`);
  });
  response.on('close', stop);
}

/** Always a download of plain text: what an app uploads must not run in a page. */
function file(world: World, as: string, id: string, response: ServerResponse): void {
  const found = fileFor(world, as, id);
  if (!found) {
    write(response, { status: 404, body: { error: 'no_such_file' } });
    return;
  }
  response.writeHead(200, {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(text(found.name) ?? id)}`,
  });
  response.end(found.bytes);
}
