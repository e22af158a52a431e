/**
 * HTTP mode: our own server in front of Bolt's receiver. Bolt accepts a signed request again and again for five
 * minutes, and one from the future without any bound (tried with 5.1): both ends of the window and the memory of
 * signatures are ours. Only a request whose signature is genuine is remembered, so junk can't use anything up.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parse } from 'node:querystring';
import { type HTTPReceiver, isValidSlackRequest } from '@slack/bolt';
import { ERRORS, type ErrorCode, StintError } from '../contract/errors.js';
import { errorText, type Log } from './log.js';
import type { ReplayGuard } from './replay.js';

/** Seconds that a request's time may differ from ours, either way. */
const WINDOW_S = 300;
const KEPT_MS = 2 * WINDOW_S * 1000 + 60_000;
const BODY_MAX = 1024 * 1024;

export interface HttpServer {
  /** Throws `port-used`. Resolves with the port. */
  listen(port: number, host: string): Promise<number>;
  close(): Promise<void>;
  listening(): boolean;
}

export interface HttpDeps {
  readonly receiver: HTTPReceiver;
  readonly signingSecret: string;
  readonly replay: ReplayGuard;
  readonly healthy: () => boolean;
  readonly clock: () => number;
  readonly logger: Log;
}

export function createHttpServer(deps: HttpDeps): HttpServer {
  const server = createServer({ headersTimeout: 5000, requestTimeout: 10_000 }, (req, res) => {
    route(deps, req, res).catch((error: unknown) => {
      deps.logger.error({ error: errorText(error) }, 'an HTTP request failed');
      end(res, 500);
    });
  });
  return {
    listen: (port, host) => listen(server, port, host),
    listening: () => server.listening,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await closed;
    },
  };
}

async function route(deps: HttpDeps, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const path = (req.url ?? '').split('?', 1)[0];
  if (req.method === 'GET' && path === '/healthz') return end(res, deps.healthy() ? 200 : 503);
  if (req.method !== 'POST' || path !== '/slack/events') return end(res, 404);
  const body = await readBody(req);
  if (!body) return refuse(deps, res, 'too-large');
  // Slack's certificate check comes unsigned and carries nothing (docs.slack.dev, implementing slash commands).
  if (parse(body.toString()).ssl_check === '1' && req.headers['x-slack-signature'] === undefined) return end(res, 200);
  const refusal = await admit(deps, req, body);
  if (refusal) return refuse(deps, res, refusal);
  // Bolt takes the bytes that were checked from `rawBody` and checks the signature a second time.
  deps.receiver.requestListener(Object.assign(req, { rawBody: body }), res);
}

/** Why a request is not genuine and fresh, or undefined. */
async function admit(deps: HttpDeps, req: IncomingMessage, body: Buffer): Promise<ErrorCode | undefined> {
  const signature = req.headers['x-slack-signature'];
  const stamp = req.headers['x-slack-request-timestamp'];
  if (typeof signature !== 'string' || typeof stamp !== 'string' || !/^\d{1,12}$/.test(stamp)) return 'bad-signature';
  const at = Number(stamp);
  if (Math.abs(deps.clock() / 1000 - at) > WINDOW_S) return 'stale-call';
  const genuine = isValidSlackRequest({
    signingSecret: deps.signingSecret,
    body: body.toString(),
    headers: { 'x-slack-signature': signature, 'x-slack-request-timestamp': at },
    nowMilliseconds: deps.clock(),
  });
  if (!genuine) return 'bad-signature';
  return (await deps.replay.first('slack-signature', signature, KEPT_MS, 'ask')) ? undefined : 'replayed';
}

/** The body, or undefined when it is larger than any payload of Slack's. */
async function readBody(req: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of req as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > BODY_MAX) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function refuse(deps: HttpDeps, res: ServerResponse, code: ErrorCode): void {
  deps.logger.warn({ code }, 'an HTTP request was refused');
  end(res, ERRORS[code].status);
}

function end(res: ServerResponse, status: number): void {
  if (res.headersSent) return;
  // A body that was not read to its end must not be taken for the next request.
  res.writeHead(status, status === 200 ? {} : { connection: 'close' }).end();
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const used = error.code === 'EADDRINUSE';
      reject(
        used ? new StintError('port-used', `Port ${port} for Slack's requests is already in use.`, { cause: error }) : error,
      );
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}
