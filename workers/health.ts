/** `/healthz` of a process: 200 while its store answers, 503 with the sentence when it does not. Loopback only. */
import Fastify, { type FastifyInstance } from 'fastify';
import { isStintError, StintError } from '../contract/errors.js';

const PATIENCE_MS = 3000;

/** Serves the answer of `check` until closed. */
export async function serveHealth(port: number, check: () => Promise<void>): Promise<FastifyInstance> {
  const app = Fastify({ logger: false });
  app.get('/healthz', async (_req, reply) => {
    try {
      await Promise.race([check(), late()]);
      return { ok: true };
    } catch (error) {
      return reply.code(503).send({ ok: false, why: isStintError(error) ? error.sentence : 'the check failed' });
    }
  });
  await app.listen({ host: '127.0.0.1', port });
  return app;
}

function late(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new StintError('store-unavailable')), PATIENCE_MS).unref();
  });
}
