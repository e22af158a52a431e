/** HTTP mode: signed posts to the app's request address. The answer is the acknowledgement. */
import { createHmac } from 'node:crypto';
import { type Json, parseJson } from '../json.js';
import type { Delivery } from '../truth.js';
import type { World } from '../world.js';
import type { Reply, SendOptions, Wire } from './deliver.js';

/** Slack sends exactly this, without a charset; Bolt reads anything longer as JSON. */
const FORM = 'application/x-www-form-urlencoded';

/** Posts to `requestUrl` under the v0 signature (docs.slack.dev/authentication/verifying-requests-from-slack). */
export function createHttpWire(world: World, requestUrl: () => string | undefined): Wire {
  return {
    via: 'http',
    async send(delivery, how) {
      const address = requestUrl();
      if (address === undefined) return { outcome: 'no-connection' };
      delivery.sent ??= sign(world, delivery, how.signature);
      const first = post(world, address, delivery, how.ackMs);
      if (how.twice) void post(world, address, delivery, how.ackMs);
      return first;
    },
  };
}

function sign(world: World, delivery: Delivery, signature: SendOptions['signature']): NonNullable<Delivery['sent']> {
  const body = bodyOf(delivery);
  const shift = signature === 'stale' ? -301 : signature === 'future' ? 3600 : 0;
  const timestamp = String(Math.floor(world.now() / 1000) + shift);
  const mac = createHmac('sha256', world.seed.bot.signingSecret).update(`v0:${timestamp}:${body}`).digest('hex');
  const retry = delivery.retry ?? 0;
  return {
    body,
    headers: {
      'content-type': delivery.type === 'events_api' ? 'application/json' : FORM,
      'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': `v0=${signature === 'bad' ? mac.replace(/./g, '0') : mac}`,
      ...(retry > 0 ? { 'x-slack-retry-num': String(retry), 'x-slack-retry-reason': 'http_timeout' } : {}),
    },
  };
}

function bodyOf({ type, payload }: Delivery): string {
  if (type === 'events_api') return JSON.stringify(payload);
  if (type === 'interactive') return new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  return new URLSearchParams(flat(payload)).toString();
}

function flat(payload: Json): Record<string, string> {
  return Object.fromEntries(Object.entries(payload).map(([key, value]) => [key, String(value)]));
}

async function post(world: World, address: string, delivery: Delivery, ackMs: number): Promise<Reply> {
  const { body, headers } = delivery.sent ?? { body: '', headers: {} };
  try {
    const response = await fetch(address, {
      method: 'POST',
      body,
      headers,
      signal: AbortSignal.timeout(ackMs),
      redirect: 'manual',
    });
    const words = await response.text();
    const payload = words === '' ? undefined : (parseJson(words) ?? words);
    delivery.acks.push({ at: world.now(), status: response.status, payload });
    return response.status === 200 ? { outcome: 'ok', payload } : { outcome: 'refused', payload };
  } catch (error) {
    const late = error instanceof Error && error.name === 'TimeoutError';
    return { outcome: late ? 'timeout' : 'no-connection' };
  }
}
