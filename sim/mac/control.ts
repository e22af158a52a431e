/** The stand-in Mac's own HTTP side: its truth, its page, a stream of changes, and the switches. Not part of any vendor's protocol. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { ActAnswer, Acts } from './acts.js';
import { FAULTS, type FaultOrder, type Faults } from './faults.js';
import { page } from './page.js';
import type { Truth } from './truth.js';

export interface ControlDeps {
  readonly truth: () => Truth;
  readonly acts: Acts;
  readonly faults: Faults;
}

export interface Control {
  readonly server: Server;
  /** Tells every open stream that something may have changed. */
  tell(): void;
}

const KINDS = `kind is one of ${FAULTS.join(', ')}`;
type Body = Readonly<Record<string, unknown>>;
const text = (body: Body, key: string, fallback = ''): string => (typeof body[key] === 'string' ? body[key] : fallback);
const count = (body: Body, key: string): number | undefined => (typeof body[key] === 'number' ? body[key] : undefined);

/** The server, not yet listening. */
export function createControl({ truth, acts, faults }: ControlDeps): Control {
  const streams = new Set<ServerResponse>();
  const user = (body: Body) => text(body, 'user', truth().localUser);
  const posts: Readonly<Record<string, (body: Body) => ActAnswer | Promise<ActAnswer>>> = {
    '/act/request': (body) =>
      acts.request({
        localUser: text(body, 'localUser', truth().localUser),
        windowMs: count(body, 'windowMs') ?? 900_000,
        category: text(body, 'category', 'other'),
        reason: text(body, 'reason'),
      }),
    '/act/sudo': (body) => acts.sudo(user(body), text(body, 'command')),
    '/act/end': acts.end,
    '/act/kick': acts.kick,
    '/act/collect': acts.collect,
    '/act/status': acts.status,
    '/act/reboot': acts.reboot,
    '/act/kill-daemon': acts.killDaemon,
    '/act/make-standing-admin': (body) => acts.makeStandingAdmin(user(body)),
    '/act/add-admin': (body) => acts.addAdmin(text(body, 'user', 'backdoor')),
    '/fault': (body) => {
      const order = faultOrder(body);
      if (order === undefined) return { ok: false, output: KINDS };
      faults.set(order);
      return { ok: true, output: '' };
    },
    '/fault/clear': (body) => {
      const kind = FAULTS.find((one) => one === body.kind);
      if (body.kind !== undefined && kind === undefined) return { ok: false, output: KINDS };
      faults.clear(kind);
      return { ok: true, output: '' };
    },
  };
  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) => json(response, 500, { error: String(error) }));
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    if (request.method === 'GET' && path === '/truth') return json(response, 200, truth());
    if (request.method === 'GET' && path === '/truth/page') return html(response, page(truth()));
    if (request.method === 'GET' && path === '/events') return stream(response);
    const post = request.method === 'POST' ? posts[path] : undefined;
    if (post === undefined) return json(response, 404, { error: 'no such page' });
    const result = await post(await bodyOf(request));
    tell();
    json(response, result.ok ? 200 : 409, result);
  }
  function stream(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    streams.add(response);
    response.once('close', () => streams.delete(response));
    response.write(`data: ${JSON.stringify(truth())}\n\n`);
  }
  function tell(): void {
    if (streams.size === 0) return;
    const data = `data: ${JSON.stringify(truth())}\n\n`;
    for (const response of streams) response.write(data);
  }
  return { server, tell };
}

function faultOrder(body: Body): FaultOrder | undefined {
  const kind = FAULTS.find((known) => known === body.kind);
  if (kind === undefined) return undefined;
  const ms = count(body, 'ms');
  const times = count(body, 'times');
  return { kind, ...(ms === undefined ? {} : { ms }), ...(times === undefined ? {} : { times }) };
}

async function bodyOf(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const raw = Buffer.concat(chunks).toString('utf8');
  const body: unknown = raw === '' ? {} : JSON.parse(raw);
  return typeof body === 'object' && body !== null ? (body as Body) : {};
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'access-control-allow-origin': '*' });
  response.end(JSON.stringify(body));
}

function html(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  response.end(body);
}
