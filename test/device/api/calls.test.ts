/** Who may call, how often, and with what: everything before a route does its work. Over real HTTP. */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StintError } from '../../../contract/errors.js';
import type { Serial } from '../../../contract/ids.js';
import { askBody, type Bench, createBench, GRACE_MAC, reportBody } from './bench.js';

let bench: Bench;
beforeEach(async () => {
  bench = await createBench();
});
afterEach(() => bench.close());

describe('a call', () => {
  it('of an enrolled Mac is answered with a reply that verifies', async () => {
    const reply = await bench.macs.ada.get('/device/v1/orders');
    expect(reply).toMatchObject({ status: 200, verified: true, body: { order: 'none', state: 'none', waiting: false } });
  });

  it('with a recorded reply of another call is not believed', async () => {
    const nonce = randomBytes(16).toString('base64url');
    const reply = await bench.macs.ada.get('/device/v1/orders', { nonce });
    const signature = reply.headers['stint-reply-signature'];
    const text = JSON.stringify(reply.body);
    expect(bench.macs.ada.believes(nonce, 200, text, signature)).toBe(true);
    expect(bench.macs.ada.believes(randomBytes(16).toString('base64url'), 200, text, signature)).toBe(false);
    expect(bench.macs.ada.believes(nonce, 201, text, signature)).toBe(false);
    expect(bench.macs.ada.believes(nonce, 200, `${text} `, signature)).toBe(false);
  });

  it('sent twice is carried out once', async () => {
    const options = { nonce: randomBytes(16).toString('base64url'), created: Math.floor(bench.clock() / 1000) };
    const first = await bench.macs.ada.post('/device/v1/report', reportBody(undefined, false), options);
    const second = await bench.macs.ada.post('/device/v1/report', reportBody(undefined, false), options);
    expect([first.status, second.status]).toEqual([200, 409]);
    expect(second.body.code).toBe('replayed');
    expect(bench.devices.reports).toHaveLength(1);
  });

  it('is refused as a replay for as long as its time would still be accepted', async () => {
    const options = { nonce: randomBytes(16).toString('base64url'), created: Math.floor(bench.clock() / 1000) + 50 };
    expect((await bench.macs.ada.get('/device/v1/orders', options)).status).toBe(200);
    const codes = new Set<unknown>();
    for (let passed = 0; passed < 200; passed += 20) {
      codes.add((await bench.macs.ada.get('/device/v1/orders', options)).body.code);
      bench.advance(20_000);
    }
    expect([...codes].sort()).toEqual(['replayed', 'stale-call']);
  });

  it('that is forged does not use up the nonce of the genuine one', async () => {
    const nonce = randomBytes(16).toString('base64url');
    const forged = await bench.macs.ada.post('/device/v1/report', reportBody(undefined, false), {
      nonce,
      send: { headers: { signature: `stint=:${Buffer.alloc(64, 7).toString('base64')}:` } },
    });
    const genuine = await bench.macs.ada.post('/device/v1/report', reportBody(undefined, false), { nonce });
    expect([forged.body.code, genuine.status]).toEqual(['bad-signature', 200]);
  });

  it('that is old, from the future, for another path, or with another body changes nothing', async () => {
    const now = Math.floor(bench.clock() / 1000);
    const body = reportBody(undefined, true);
    const { ada } = bench.macs;
    const codes = [
      (await ada.post('/device/v1/report', body, { created: now - 125 })).body.code,
      (await ada.post('/device/v1/report', body, { created: now + 65 })).body.code,
      (await ada.post('/device/v1/orders', body, { send: { path: '/device/v1/report' } })).body.code,
      (await ada.post('/device/v1/report?x=1', body, { send: { path: '/device/v1/report' } })).body.code,
      (await ada.post('/device/v1/report', body, { send: { body: JSON.stringify(reportBody(undefined, false)) } })).body.code,
      (await ada.post('/device/v1/report', body, { send: { headers: { host: 'evil.example' } } })).body.code,
    ];
    expect(codes).toEqual(['stale-call', 'stale-call', 'bad-signature', 'bad-signature', 'bad-signature', 'bad-signature']);
    expect(bench.devices.reports).toHaveLength(0);
  });

  it('with a doubled header is refused', async () => {
    for (const name of ['signature', 'signature-input', 'content-digest']) {
      const reply = await bench.macs.ada.get('/device/v1/orders', { send: { headers: { [name]: ['a', 'b'] } } });
      expect(reply.body.code, name).toBe('bad-signature');
    }
  });

  it('of an unknown key is refused like that of a wrong one', async () => {
    const unknown = await bench.mac('C02NOBODY1' as Serial).get('/device/v1/orders');
    expect(unknown).toMatchObject({ status: 401, verified: false, body: { code: 'bad-signature' } });
    expect(unknown.headers['content-type']).toContain('application/problem+json');
    expect(unknown.headers.date).toBeDefined();
  });

  it('of a revoked key is refused at the latest 30 seconds later', async () => {
    const { ada } = bench.macs;
    expect((await ada.get('/device/v1/orders')).status).toBe(200);
    await bench.devices.register({ ...ada.key(), revokedAt: '2026-01-01T00:00:00.000Z' as never });
    bench.advance(30_000);
    expect((await ada.get('/device/v1/orders')).body.code).toBe('bad-signature');
  });

  it('reads the key once in 30 seconds, however many calls there are', async () => {
    for (let i = 0; i < 5; i++) await bench.macs.ada.post('/device/v1/report', reportBody(undefined, false));
    expect(bench.devices.keyReads).toBe(1);
  });

  it('is refused when the stored key is not the one of its id', async () => {
    const other = bench.mac(GRACE_MAC);
    other.keyId = bench.macs.ada.keyId;
    await bench.devices.register(other.key());
    const reply = await other.get('/device/v1/orders');
    expect(reply.body).toMatchObject({ code: 'bad-signature', detail: expect.stringContaining('not the one of its id') });
  });

  it('is refused when nonces cannot be remembered', async () => {
    bench.once.first = async () => {
      throw new StintError('store-unavailable');
    };
    const reply = await bench.macs.ada.get('/device/v1/orders');
    expect(reply).toMatchObject({ status: 503, body: { code: 'store-unavailable' } });
    expect(reply.headers['retry-after']).toBe('5');
  });

  it('to another host name than the configured ones is refused, although its signature is genuine', async () => {
    const other = await createBench({ authorities: ['stint.example'] });
    try {
      expect((await other.macs.ada.get('/device/v1/orders')).body.code).toBe('bad-signature');
    } finally {
      await other.close();
    }
  });
});

describe('a body', () => {
  const refused = async (change: object) =>
    bench.macs.ada.post('/device/v1/report', { ...reportBody(undefined, true), ...change });

  it('is never coerced into what was expected', async () => {
    for (const change of [{ admin: 'true' }, { admin: 1 }, { localUser: 12 }, { standing: null }, { bootSession: ['x'] }]) {
      expect(await refused(change), JSON.stringify(change)).toMatchObject({ status: 400, body: { code: 'bad-input' } });
    }
    expect((await bench.macs.ada.post('/device/v1/requests', { ...askBody(), windowMs: '600000' })).status).toBe(400);
    expect(bench.devices.reports).toHaveLength(0);
  });

  it('with an unknown key is refused', async () => {
    expect(await refused({ serial: GRACE_MAC })).toMatchObject({ status: 400, body: { code: 'bad-input' } });
    const raw = JSON.stringify(reportBody(undefined, true)).replace('{', '{"__proto__":{"x":1},');
    expect((await bench.macs.ada.call('POST', '/device/v1/report', raw)).status).toBe(400);
  });

  it('that is no JSON, empty, or a list is refused', async () => {
    for (const raw of ['{', '', '[]', 'null', '"x"']) {
      expect((await bench.macs.ada.call('POST', '/device/v1/report', raw)).status, raw).toBe(400);
    }
  });

  it('of another content type is refused', async () => {
    const reply = await bench.macs.ada.post('/device/v1/report', {}, { send: { headers: { 'content-type': 'text/plain' } } });
    expect(reply.status).toBe(415);
  });

  it('above 96 KiB is refused before anything is made of it', async () => {
    const reply = await bench.macs.ada.post('/device/v1/report', { x: 'a'.repeat(97 * 1024) });
    expect(reply).toMatchObject({ status: 413, body: { code: 'too-large' } });
  });

  it('of a stranger is not parsed', async () => {
    const stranger = bench.mac('C02NOBODY1' as Serial);
    expect((await stranger.call('POST', '/device/v1/report', '{')).body.code).toBe('bad-signature');
  });
});

describe('limits', () => {
  it('hold for each key by itself', async () => {
    const tight = await createBench({ limits: { perDevice: 3 } });
    try {
      const statuses: number[] = [];
      for (let i = 0; i < 5; i++) statuses.push((await tight.macs.ada.get('/device/v1/orders')).status);
      expect(statuses).toEqual([200, 200, 200, 429, 429]);
      expect((await tight.macs.grace.get('/device/v1/orders')).status).toBe(200);
    } finally {
      await tight.close();
    }
  }, 15_000);

  it('hold for each address, signed or not', async () => {
    const tight = await createBench({ limits: { perAddress: 4 } });
    try {
      const statuses: number[] = [];
      for (let i = 0; i < 6; i++) statuses.push((await fetch(`${tight.url}/device/v1/orders`)).status);
      expect(statuses).toEqual([401, 401, 401, 401, 429, 429]);
      const reply = await tight.macs.ada.get('/device/v1/orders');
      expect(reply).toMatchObject({ status: 429, body: { code: 'too-many' } });
      expect(reply.headers['retry-after']).toBeDefined();
      expect((await fetch(`${tight.url}/nothing-here`)).status).toBe(429);
    } finally {
      await tight.close();
    }
  });
});

describe('what is open to tools', () => {
  it('describes itself in OpenAPI 3.1 with every path', async () => {
    const spec = (await (await fetch(`${bench.url}/openapi.json`)).json()) as { openapi: string; paths: Record<string, object> };
    expect(spec.openapi).toBe('3.1.0');
    expect(Object.keys(spec.paths).sort()).toEqual([
      '/device/v1/elevations/{id}/claim',
      '/device/v1/elevations/{id}/confirm',
      '/device/v1/elevations/{id}/end',
      '/device/v1/elevations/{id}/log',
      '/device/v1/orders',
      '/device/v1/report',
      '/device/v1/requests',
    ]);
    expect(JSON.stringify(spec.paths['/device/v1/requests'])).toContain('"additionalProperties":false');
  });

  it('says whether the store answers, and sends the headers of helmet', async () => {
    const reply = await fetch(`${bench.url}/healthz`);
    expect(await reply.json()).toEqual({ ok: true });
    expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
    const down = await createBench({
      store: {
        ...bench,
        ping: () => Promise.reject(new StintError('store-unavailable')),
      },
    });
    expect((await fetch(`${down.url}/healthz`)).status).toBe(503);
    await down.close();
  });

  it('answers an unknown path with a problem', async () => {
    const reply = await fetch(`${bench.url}/x`);
    expect(reply.status).toBe(404);
    expect(reply.headers.get('content-type')).toContain('application/problem+json');
  });
});

describe('an unknown error', () => {
  it('is logged and told without details', async () => {
    bench.devices.report = async () => {
      throw new Error('secret detail of the database');
    };
    const reply = await bench.macs.ada.post('/device/v1/report', reportBody(undefined, false));
    expect(reply).toMatchObject({ status: 500, verified: false, body: { code: 'internal' } });
    expect(JSON.stringify(reply.body)).not.toContain('secret detail');
    expect(bench.log.join('')).toContain('secret detail');
  });
});

describe('a broken connection', () => {
  it('of a half-sent call leaves the server answering', async () => {
    const { port } = new URL(bench.url);
    const socket = connect(Number(port), '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.write('POST /device/v1/report HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"a');
    socket.destroy();
    expect((await bench.macs.ada.get('/device/v1/orders')).status).toBe(200);
  });
});
