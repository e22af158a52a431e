/** The one port: Web API, uploads, response addresses, file downloads, the control API, and the socket upgrade. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { unknownArgs } from '../api/args.js';
import type { Context } from '../api/context.js';
import { callApi } from '../api/dispatch.js';
import { takeUpload } from '../api/files.js';
import type { Limits } from '../api/limits.js';
import { isObject, type Json, parseJson } from '../json.js';
import { useResponseUrl } from '../response-url.js';
import { type Answering, answerCall, write } from './answer.js';
import { MAX_BODY, readBody, readCallArgs, readUpload } from './body.js';

export interface ServerParts extends Answering {
  context: Context;
  limits: Limits;
  control(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void>;
}

/** The HTTP server, not listening yet. */
export function createHttp(parts: ServerParts): Server {
  return createServer((request, response) => {
    route(parts, request, response).catch((error: unknown) => {
      console.error('slack stand-in:', error);
      if (!response.headersSent) write(response, { status: 500, body: { ok: false, error: 'stand_in_failed' } });
      else response.destroy();
    });
  });
}

async function route(parts: ServerParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (url.pathname.startsWith('/sim/')) return parts.control(request, response, url);
  if (url.pathname.startsWith('/files-pri/')) return download(parts, request, response, url);
  const body = await readBody(request, MAX_BODY);
  if (!body) return write(response, { status: 413, body: { ok: false, error: 'request_too_large' } });
  if (url.pathname.startsWith('/api/')) return webApi(parts, request, response, url, body);
  if (url.pathname.startsWith('/upload/v1/')) return upload(parts, request, response, url, body);
  if (url.pathname.startsWith('/hooks/')) return respond(parts, response, url, body);
  write(response, { status: 404, body: { ok: false, error: 'not_found' } });
}

async function webApi(
  parts: ServerParts,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  body: Buffer,
): Promise<void> {
  const method = url.pathname.slice('/api/'.length);
  const read = await readCallArgs(request, url, body);
  if (typeof read === 'string') return write(response, { status: 200, body: { ok: false, error: read } });
  const bearer = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const record = { method, args: withoutToken(read.args), unknownArgs: unknownArgs(method, read.args) };
  await answerCall(parts, record, response, () => callApi(parts.context, parts.limits, { method, bearer, ...read }));
}

/** Structured arguments are kept as what they say, not as how they were packed. */
function withoutToken(args: Json): Json {
  const entries = Object.entries(args).filter(([name]) => name !== 'token');
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      typeof value === 'string' && /^[[{]/.test(value) ? (parseJson(value) ?? value) : value,
    ]),
  );
}

async function upload(
  parts: ServerParts,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  body: Buffer,
): Promise<void> {
  const token = url.pathname.split('/').at(-1) ?? '';
  const bytes = await readUpload(request, body);
  await answerCall(parts, { method: 'upload', args: { bytes: bytes?.length ?? 0 }, unknownArgs: [] }, response, () =>
    bytes && takeUpload(parts.world, token, bytes)
      ? { status: 200, headers: { 'content-type': 'text/plain' }, body: `OK - ${bytes.length}` }
      : {
          status: 400,
          headers: { 'content-type': 'text/plain' },
          body: 'Bad Request: no such upload, or another length than announced',
        },
  );
}

async function respond(parts: ServerParts, response: ServerResponse, url: URL, body: Buffer): Promise<void> {
  const said = parseJson(body.toString());
  const args = isObject(said) ? said : {};
  const id = url.pathname.split('/').at(-1) ?? '';
  await answerCall(parts, { method: 'response_url', args, unknownArgs: [] }, response, () =>
    useResponseUrl(parts.world, id, args),
  );
}

/** `url_private`: for the app with its token. */
function download({ world }: ServerParts, request: IncomingMessage, response: ServerResponse, url: URL): void {
  const id = url.pathname.split('/')[2]?.split('-')[1] ?? '';
  const file = world.data.files[id];
  const allowed =
    request.headers.authorization === `Bearer ${world.seed.bot.token}` && world.seed.bot.scopes.includes('files:read');
  if (!allowed || file?.content === undefined) {
    write(response, { status: allowed ? 404 : 403, body: 'no' });
    return;
  }
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' });
  response.end(Buffer.from(file.content, 'base64'));
}
