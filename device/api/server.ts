/**
 * The device API: what Macs call, and people from their command lines. Signed calls in, signed flat JSON out. Orders and reports go to the store alone, so
 * that a Mac is answered while Temporal and the workers are down.
 */
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import fastify, { type FastifyInstance, LogController } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { StintError } from '../../contract/errors.js';
import { type Caller, createCallerCheck } from './caller.js';
import type { App, DeviceApiDeps, PeopleDeps } from './deps.js';
import { createDesk } from './desk.js';
import { createOrderBoard, type OrderBoard } from './order-board.js';
import { peopleAskRoute } from './people/ask.js';
import { peopleLookRoutes } from './people/look.js';
import { peopleReviewRoute } from './people/review.js';
import { createSpeakerCheck, type Speaker } from './people/speaker.js';
import { problemFrom, problemOf } from './problem.js';
import { askRoute } from './route-ask.js';
import { elevationRoutes } from './route-elevation.js';
import { logRoute } from './route-log.js';
import { pollRoute } from './route-poll.js';
import { reportRoute } from './route-report.js';
import { onlySigned } from './signed.js';

export type { DeviceApiDeps } from './deps.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The Mac that made this call; set before any handler of `/device/` runs. */
    caller: Caller;
    /** The person who made this call; set before any handler of `/people/` runs. */
    speaker: Speaker;
  }
}

const BODY_MAX = 96 * 1024;
const PER_ADDRESS = 3_000;
const PER_DEVICE = 300;
const PER_PERSON = 120;

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
  const { people } = deps;
  if (people) await app.register(async (scope) => peopleRoutes(scope.withTypeProvider<ZodTypeProvider>(), deps, people));
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

/** What Macs call. */
function deviceRoutes(app: App, deps: DeviceApiDeps, board: OrderBoard): void {
  app.decorateRequest('caller');
  onlySigned<Caller>(app, deps, {
    check: createCallerCheck({ ...deps, devices: deps.store.devices, once: deps.store.once }),
    max: deps.limits?.perDevice ?? PER_DEVICE,
    keep: (call, caller) => {
      call.caller = caller;
    },
    of: (call) => call.caller,
  });
  const desk = createDesk(deps);
  askRoute(app, deps, desk);
  pollRoute(app, deps, desk, board);
  elevationRoutes(app, deps, desk);
  reportRoute(app, deps, desk);
  logRoute(app, deps, desk);
}

/** What people call from their command lines. */
function peopleRoutes(app: App, deps: DeviceApiDeps, people: PeopleDeps): void {
  app.decorateRequest('speaker');
  onlySigned<Speaker>(app, deps, {
    check: createSpeakerCheck({ ...deps, ...people, once: deps.store.once }),
    max: deps.limits?.perPerson ?? PER_PERSON,
    keep: (call, speaker) => {
      call.speaker = speaker;
    },
    of: (call) => call.speaker,
  });
  peopleAskRoute(app, deps, people);
  peopleLookRoutes(app, deps, people);
  peopleReviewRoute(app, deps, people);
}
