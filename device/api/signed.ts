/** All that needs a signature: nothing of a stranger is parsed, and every good answer is signed for the call that it answers. */
import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { StintError } from '../../contract/errors.js';
import type { App, DeviceApiDeps } from './deps.js';
import { REPLY_HEADER, signReply } from './reply.js';
import type { SignedCall } from './signature.js';

/** What proves one kind of caller. */
export interface Callers<C extends { readonly keyId: string; readonly nonce: string }> {
  readonly check: (call: SignedCall) => Promise<C>;
  /** Calls a minute with one key. */
  readonly max: number;
  readonly keep: (call: FastifyRequest, caller: C) => void;
  readonly of: (call: FastifyRequest) => C;
}

/** Makes every route of this scope ask for a signature first. */
export function onlySigned<C extends { readonly keyId: string; readonly nonce: string }>(
  app: App,
  { afterRevokes, replyKey }: Pick<DeviceApiDeps, 'afterRevokes' | 'replyKey'>,
  callers: Callers<C>,
): void {
  const limit = app.createRateLimit({
    max: callers.max,
    timeWindow: 60_000,
    keyGenerator: (call) => `key ${callers.of(call as FastifyRequest).keyId}`,
  });
  // The body stays bytes until its sender is known.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
  app.addHook('preValidation', async (call, reply) => {
    if (call.routeOptions.config.yields) await afterRevokes?.();
    const body = Buffer.isBuffer(call.body) ? call.body : Buffer.alloc(0);
    callers.keep(call, await callers.check(signedCall(call.raw, call.method, body)));
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
    reply.header(REPLY_HEADER, signReply(replyKey, callers.of(call).nonce, reply.statusCode, text));
  });
}

/** The call as it came over the wire, not as a framework understood it. */
function signedCall(raw: IncomingMessage, method: string, body: Buffer): SignedCall {
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
