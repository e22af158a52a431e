/**
 * The device API: what Macs call. Signed calls in, signed flat JSON out. Orders and reports go to the store alone, so
 * that a Mac is answered while Temporal and the workers are down.
 */
import type { IncomingMessage } from 'node:http';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import fastify, { type FastifyInstance, LogController } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { StintError } from '../../contract/errors.js';
import { type Caller, createCallerCheck } from './caller.js';
import type { App, DeviceApiDeps } from './deps.js';
import { createDesk } from './desk.js';
import { createOrderBoard, type OrderBoard } from './order-board.js';
import { problemFrom, problemOf } from './problem.js';
import { REPLY_HEADER, signReply } from './reply.js';
import { askRoute } from './route-ask.js';
import { elevationRoutes } from './route-elevation.js';
import { logRoute } from './route-log.js';
import { pollRoute } from './route-poll.js';
import { reportRoute } from './route-report.js';

export type { DeviceApiDeps } from './deps.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The Mac that made this call; set before any handler of `/device/` runs. */
    caller: Caller;
  }
}

const BODY_MAX = 96 * 1024;
const PER_ADDRESS = 3_000;
const PER_DEVICE = 300;

/**
 * The server, not yet listening: `await api.listen({port, host})`. `close()` answers waiting polls first. The watch for
 * Macs that fall silent is a part of its own: `createContactWatch`.
 */
export async function createDeviceApi(deps: DeviceApiDeps): Promise<FastifyInstance> {
  const app: App = fastify({
    loggerInstance: deps.logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_MAX,
    requestTimeout: 20_000,
    exposeHeadRoutes: false,
    trustProxy: deps.trustProxy ?? false,
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, call, reply) => {
    const { problem, known } = problemFrom(error);
    if (!known) deps.logger.error({ err: error, method: call.method, route: call.routeOptions.url }, 'a device call failed');
    if (problem.status === 503) reply.header('retry-after', '5');
    reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  });
  await addPlugins(app, deps);
  const board = createOrderBoard(deps.store.devices, deps.clock);
  await app.register(async (scope) => deviceRoutes(scope.withTypeProvider<ZodTypeProvider>(), deps, board));
  openRoutes(app, deps);
  app.addHook('preClose', async () => board.close());
  await app.ready();
  return app;
}

async function addPlugins(app: App, { limits }: DeviceApiDeps): Promise<void> {
  await app.register(helmet);
  await app.register(rateLimit, {
    max: limits?.perAddress ?? PER_ADDRESS,
    timeWindow: 60_000,
    cache: 20_000,
    keyGenerator: (call) => `address ${call.ip}`,
    errorResponseBuilder: () => new StintError('too-many'),
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Stint device API',
        version: '1',
        description:
          'Every call carries an RFC 9421 signature (label stint, ecdsa-p256-sha256) over @method, @authority, @path, @query, ' +
          'content-digest and content-type. Every 2xx reply carries Stint-Reply-Signature.',
      },
      components: { securitySchemes: { device: { type: 'apiKey', in: 'header', name: 'Signature' } } },
      security: [{ device: [] }],
    },
    transform: jsonSchemaTransform,
  });
  const preHandler = app.rateLimit();
  app.setNotFoundHandler({ preHandler }, (_, reply) => {
    const problem = { ...problemOf('bad-input', 'There is no such path.'), status: 404 };
    reply.code(404).type('application/problem+json').send(JSON.stringify(problem));
  });
}

/** Health and description: not signed, for tools. */
function openRoutes(app: App, deps: DeviceApiDeps): void {
  app.get('/healthz', { schema: { hide: true } }, async () => {
    await deps.store.ping();
    return { ok: true };
  });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
}

/** All that needs a signature. */
function deviceRoutes(app: App, deps: DeviceApiDeps, board: OrderBoard): void {
  const check = createCallerCheck({ ...deps, devices: deps.store.devices, once: deps.store.once });
  const limit = app.createRateLimit({
    max: deps.limits?.perDevice ?? PER_DEVICE,
    timeWindow: 60_000,
    keyGenerator: (call) => `key ${call.caller.keyId}`,
  });
  app.decorateRequest('caller');
  // The body stays bytes until its sender is known: nothing of a stranger is parsed.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
  app.addHook('preValidation', async (call, reply) => {
    if (call.routeOptions.config.yields) await deps.afterRevokes?.();
    const body = Buffer.isBuffer(call.body) ? call.body : Buffer.alloc(0);
    call.caller = await check(signedCall(call.raw, call.method, body));
    const used = await limit(call);
    if (!used.isAllowed && used.isExceeded) {
      reply.header('retry-after', String(used.ttlInSeconds));
      throw new StintError('too-many');
    }
    call.body = body.length > 0 ? parse(body) : undefined;
  });
  app.addHook('onSend', async (call, reply, payload) => {
    if (reply.statusCode < 200 || reply.statusCode > 299) return;
    const text = typeof payload === 'string' ? payload : '';
    reply.header(REPLY_HEADER, signReply(deps.replyKey, call.caller.nonce, reply.statusCode, text));
  });
  const desk = createDesk(deps);
  askRoute(app, deps, desk);
  pollRoute(app, deps, desk, board);
  elevationRoutes(app, deps, desk);
  reportRoute(app, deps, desk);
  logRoute(app, deps, desk);
}

/** The call as it came over the wire, not as a framework understood it. */
function signedCall(raw: IncomingMessage, method: string, body: Buffer) {
  const [path = '', ...rest] = (raw.url ?? '').split('?');
  return {
    method,
    authority: raw.headers.host ?? '',
    path,
    query: `?${rest.join('?')}`,
    body,
    header: (name: string) => raw.headersDistinct[name] ?? [],
  };
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'), refuseProto) as unknown;
  } catch {
    throw new StintError('bad-input', 'The body is not JSON.');
  }
}

/** A key named `__proto__` has no honest use. */
function refuseProto(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new SyntaxError('forbidden key');
  return value;
}
