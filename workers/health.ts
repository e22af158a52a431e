/** `/healthz` of a process: 200 while its store answers, 503 with the sentence when it does not. Loopback only. */
import Fastify, { type FastifyInstance } from 'fastify';
import { isStintError, StintError } from '../contract/errors.js';

const PATIENCE_MS = 3000;

/**
 * Serves the answer of `check` until closed. `warnings` are what a restart would not mend: they are shown to whoever reads
 * the answer, and its status stays 200.
 */
export async function serveHealth(
  port: number,
  check: () => Promise<void>,
  warnings: () => readonly string[] = () => [],
): Promise<FastifyInstance> {
  const app = Fastify({ logger: false });
  app.get('/healthz', async (_req, reply) => {
    try {
      await Promise.race([check(), late()]);
      const found = warnings();
      return { ok: true, ...(found.length > 0 && { warnings: found }) };
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
