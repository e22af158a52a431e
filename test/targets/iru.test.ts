/** The Iru client against the stand-in: the vendor's traps, and every way in which an answer can be lost or wrong. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MdmAnswer, saidIn } from '../../activities/targets/mac-admin/iru-http.js';
import { isStintError, StintError } from '../../contract/errors.js';
import { instant, type Serial } from '../../contract/ids.js';
import { createMdmBench, DEVICES, SERIAL, TAGS, TOKEN, tagsOf } from './bench.js';

let bench: Awaited<ReturnType<typeof createMdmBench>>;
beforeEach(async () => {
  bench = await createMdmBench();
});
afterEach(() => bench.mdm.close());

/** The error of ours that a call ends in. */
async function refusalOf(call: Promise<unknown>): Promise<StintError> {
  try {
    await call;
  } catch (error) {
    if (isStintError(error)) return error;
    throw error;
  }
  throw new Error('the call should have failed');
}

const STRANGER = { device_id: 'dev-1', device_name: 'other', serial_number: 'C02OTHER01', tags: [TAGS.elevate] };

const writes = () => bench.mdm.control.truth().calls.filter((c) => c.method === 'PATCH');

describe('finding a Mac', () => {
  it('takes only the exact serial, although the filter of the MDM matches parts', async () => {
    expect(await bench.iru.resolveDevice(SERIAL)).toEqual({ deviceId: 'dev-1', name: 'ada-mac' });
    expect((await refusalOf(bench.iru.resolveDevice('C02ADA' as Serial))).code).toBe('device-unknown');
    expect((await refusalOf(bench.iru.resolveDevice('C02NOBODY1' as Serial))).code).toBe('device-unknown');
  });

  it('refuses two records of one serial, and changes neither', async () => {
    await bench.mdm.close();
    bench = await createMdmBench({ devices: [...DEVICES, { deviceId: 'dev-9', serial: SERIAL, name: 'stale', tags: [] }] });
    expect((await refusalOf(bench.iru.resolveDevice(SERIAL))).code).toBe('device-ambiguous');
    expect((await refusalOf(bench.iru.signal(SERIAL, 'elevate'))).code).toBe('device-ambiguous');
    expect((await refusalOf(bench.iru.clear(SERIAL, 'elevate'))).code).toBe('device-ambiguous');
    expect(writes()).toEqual([]);
  });

  it('reads all pages: the exact one may be the last of hundreds that contain it', async () => {
    await bench.mdm.close();
    const crowd = Array.from({ length: 650 }, (_, i) => ({
      deviceId: `c${i}`,
      serial: `C02ADA0001X${i}`,
      name: `c${i}`,
      tags: [],
    }));
    bench = await createMdmBench({ devices: [...crowd, ...DEVICES] });
    expect((await bench.iru.resolveDevice(SERIAL)).deviceId).toBe('dev-1');
  });
});

describe('tags', () => {
  it('are set and taken back, and all others stay', async () => {
    await bench.iru.signal(SERIAL, 'elevate');
    expect(tagsOf(bench.mdm)).toEqual(['beta', 'finance', TAGS.elevate]);
    await bench.iru.signal(SERIAL, 'collect');
    await bench.iru.clear(SERIAL, 'elevate');
    expect(tagsOf(bench.mdm)).toEqual(['beta', 'finance', TAGS.collect]);
    await bench.iru.clear(SERIAL, 'collect');
    expect(tagsOf(bench.mdm)).toEqual(['beta', 'finance']);
  });

  it('set twice are written once', async () => {
    await bench.iru.signal(SERIAL, 'elevate');
    await bench.iru.signal(SERIAL, 'elevate');
    expect(writes()).toHaveLength(1);
    await bench.iru.clear(SERIAL, 'collect');
    expect(writes()).toHaveLength(1);
  });

  it('are taken back from the record that got them, without looking for it again', async () => {
    const looks = () => bench.mdm.control.truth().calls.filter((c) => c.path.includes('serial_number='));
    await bench.iru.signal(SERIAL, 'elevate');
    expect(looks()).toHaveLength(1);
    await bench.iru.clear(SERIAL, 'elevate');
    expect(looks()).toHaveLength(1);
    expect(tagsOf(bench.mdm)).toEqual(['beta', 'finance']);
    await bench.iruWith({}).clear(SERIAL, 'elevate');
    expect(looks()).toHaveLength(2);
  });

  it('are looked for anew when that record is another Mac’s by now, which is left alone', async () => {
    let swapped = false;
    const iru = bench.iruWith({
      fetch: (url, init) => {
        const other = swapped && init?.method === 'GET' && String(url).endsWith('/devices/dev-1');
        return other ? Promise.resolve(new Response(JSON.stringify(STRANGER))) : fetch(url, init);
      },
    });
    await iru.signal(SERIAL, 'elevate');
    swapped = true;
    const error = await refusalOf(iru.clear(SERIAL, 'elevate'));
    // Looked for by its serial number, the stand-in names the same record once more, which still is the other's.
    expect(error).toMatchObject({ code: 'device-unknown', sentence: expect.stringContaining('dev-1') });
    expect(writes()).toHaveLength(1);
    swapped = false;
    await iru.clear(SERIAL, 'elevate');
    expect(tagsOf(bench.mdm)).toEqual(['beta', 'finance']);
  });

  it('tell which Macs carry one', async () => {
    await bench.iru.signal(SERIAL, 'elevate');
    await bench.iru.signal('C02GRACE01' as Serial, 'collect');
    expect(await bench.iru.listSignalled('elevate')).toEqual([SERIAL]);
    expect(await bench.iru.listSignalled('collect')).toEqual(['C02GRACE01']);
  });

  it('that the MDM does not know are named', async () => {
    await bench.mdm.close();
    bench = await createMdmBench({ tags: [TAGS.collect] });
    const error = await refusalOf(bench.iru.signal(SERIAL, 'elevate'));
    expect(error.code).toBe('tag-unknown');
    expect(error.sentence).toContain('"stint-elevate"');
    expect(tagsOf(bench.mdm)).toEqual(['beta', 'finance']);
  });

  it('of others, put on by hand while we write, are kept or put back', async () => {
    const iru = bench.iruWith({
      fetch: async (url, init) => {
        const answer = await fetch(url, init);
        // right after our write somebody writes the list that he read before it
        if (init?.method === 'PATCH' && writes().length === 1) bench.mdm.control.setTags(SERIAL, ['finance', 'by-hand']);
        return answer;
      },
    });
    await iru.signal(SERIAL, 'elevate');
    expect(tagsOf(bench.mdm)).toEqual(['beta', 'by-hand', 'finance', TAGS.elevate]);
  });

  it('of two writers at once are all there afterwards', async () => {
    for (let round = 0; round < 5; round++) {
      bench.mdm.control.setTags(SERIAL, ['finance', 'beta', TAGS.collect]);
      const other = bench.iruWith();
      await Promise.all([bench.iru.signal(SERIAL, 'elevate'), other.clear(SERIAL, 'collect')]);
      expect(tagsOf(bench.mdm)).toEqual(['beta', 'finance', TAGS.elevate]);
    }
  });

  it('of two writers at once do not overlap: one lane for each Mac', async () => {
    bench.mdm.control.fault({ kind: 'latency', ms: 30, path: '/api/v1/devices/' });
    await Promise.all([bench.iru.signal(SERIAL, 'elevate'), bench.iruWith().signal(SERIAL, 'collect')]);
    const calls = bench.mdm.control.truth().calls.filter((c) => c.path === '/api/v1/devices/dev-1');
    expect(calls.map((c) => c.method)).toEqual(['GET', 'PATCH', 'GET', 'GET', 'PATCH', 'GET']);
  });
});

describe('the lane', () => {
  it('held by another is waited for 5 seconds by a revoke, which then goes on', async () => {
    bench.mdm.control.setTags(SERIAL, [TAGS.elevate]);
    await bench.devices.lease(SERIAL, 'somebody-else', instant(Date.now() + 600_000), instant(Date.now()));
    const from = Date.now();
    await bench.iru.clear(SERIAL, 'elevate');
    expect(Date.now() - from).toBeGreaterThan(4_500);
    expect(Date.now() - from).toBeLessThan(7_500);
    expect(tagsOf(bench.mdm)).toEqual([]);
  }, 15_000);

  it('held by another makes a grant fail so that it is tried again', async () => {
    await bench.devices.lease(SERIAL, 'somebody-else', instant(Date.now() + 600_000), instant(Date.now()));
    let now = Date.now();
    const iru = bench.iruWith({ clock: () => (now += 3_000) });
    const error = await refusalOf(iru.signal(SERIAL, 'elevate'));
    expect([error.code, error.retryable]).toEqual(['mdm-unavailable', true]);
    expect(writes()).toEqual([]);
  });

  it('is given back, and one that its holder left is taken over in the end', async () => {
    await bench.iru.signal(SERIAL, 'elevate');
    expect(await bench.devices.lease(SERIAL, 'next', instant(Date.now() + 300), instant(Date.now()))).toBe(true);
    await bench.iru.clear(SERIAL, 'elevate');
    expect(tagsOf(bench.mdm)).toEqual(['beta', 'finance']);
  });

  it('in a store that is down stops a grant and never a revoke', async () => {
    const down = { lease: () => Promise.reject(new StintError('store-unavailable')), release: async () => undefined };
    const iru = bench.iruWith({ lanes: down });
    expect((await refusalOf(iru.signal(SERIAL, 'elevate'))).code).toBe('store-unavailable');
    bench.mdm.control.setTags(SERIAL, ['finance', TAGS.elevate]);
    await iru.clear(SERIAL, 'elevate');
    expect(tagsOf(bench.mdm)).toEqual(['finance']);
  });
});

describe('an MDM that fails', () => {
  const both = [
    ['signal', () => bench.iru.signal(SERIAL, 'elevate')],
    ['clear', () => bench.iru.clear(SERIAL, 'elevate')],
  ] as const;

  it.each(both)('with 500, 503, a broken connection or silence is tried again later (%s)', async (_, call) => {
    for (const fault of [
      { kind: '500' },
      { kind: 'error-shape', status: 503, shape: 'empty' },
      { kind: 'drop-before' },
      { kind: 'down' },
    ] as const) {
      bench.mdm.control.fault(fault);
      const error = await refusalOf(call());
      expect([error.code, error.retryable], fault.kind).toEqual(['mdm-unavailable', true]);
      bench.mdm.control.clearFaults();
    }
  });

  it('by being slow runs into the time limit', async () => {
    bench.mdm.control.fault({ kind: 'latency', ms: 3_000 });
    const from = Date.now();
    const error = await refusalOf(bench.iruWith({ timeoutMs: 200 }).signal(SERIAL, 'elevate'));
    expect(error.code).toBe('mdm-unavailable');
    expect(Date.now() - from).toBeLessThan(1_500);
  });

  it('after it did the work loses only the answer: the next attempt finds it done', async () => {
    bench.mdm.control.fault({ kind: 'drop-after', method: 'PATCH', times: 1 });
    expect((await refusalOf(bench.iru.signal(SERIAL, 'elevate'))).retryable).toBe(true);
    expect(tagsOf(bench.mdm)).toContain(TAGS.elevate);
    await bench.iru.signal(SERIAL, 'elevate');
    expect(writes()).toHaveLength(1);
  });

  it('by answering 200 and doing nothing is found out', async () => {
    bench.mdm.control.fault({ kind: 'lie', method: 'PATCH' });
    const error = await refusalOf(bench.iru.signal(SERIAL, 'elevate'));
    expect([error.code, error.retryable]).toEqual(['mdm-unavailable', true]);
    bench.mdm.control.clearFaults();
    bench.mdm.control.fault({ kind: 'lie', method: 'PATCH', times: 1 });
    await bench.iru.signal(SERIAL, 'elevate');
    expect(tagsOf(bench.mdm)).toContain(TAGS.elevate);
  });

  it.each(['error', 'detail', 'string', 'field', 'empty'] as const)(
    'with an error body of the shape "%s" is understood',
    async (shape) => {
      bench.mdm.control.fault({ kind: 'error-shape', shape, status: 400, method: 'PATCH' });
      const error = await refusalOf(bench.iru.signal(SERIAL, 'elevate'));
      expect(error.code).toBe('mdm-rejected');
      expect(error.sentence).toContain(shape === 'empty' ? 'no reason given' : 'Something went wrong.');
      expect((error.cause as MdmAnswer).status).toBe(400);
    },
  );

  it('by refusing the token says so without it', async () => {
    for (const token of [`${TOKEN}x`, `${TOKEN}\n`, '']) {
      const error = await refusalOf(bench.iruWith({ token: () => token }).signal(SERIAL, 'elevate'));
      expect(['mdm-rejected', 'bad-config']).toContain(error.code);
      expect(JSON.stringify([error.message, error.stack, String(error.cause)])).not.toContain(TOKEN);
    }
  });

  it('with 429 is left alone as long as it asks, except by a revoke', async () => {
    bench.mdm.control.fault({ kind: '429', ms: 7_000, times: 1 });
    const error = await refusalOf(bench.iru.signal(SERIAL, 'elevate'));
    expect([error.code, error.retryable, (error.cause as MdmAnswer).retryAfterMs]).toEqual(['mdm-unavailable', true, 7_000]);
    const seen = bench.mdm.control.truth().calls.length;
    const again = await refusalOf(bench.iru.signal(SERIAL, 'elevate'));
    expect((again.cause as MdmAnswer).retryAfterMs).toBeGreaterThan(5_000);
    expect(bench.mdm.control.truth().calls).toHaveLength(seen);
    await bench.iru.clear(SERIAL, 'elevate');
    expect(bench.mdm.control.truth().calls.length).toBeGreaterThan(seen);
  });

  it('whose hourly limit is nearly used up is asked more slowly, except by a revoke', async () => {
    await bench.mdm.close();
    let aheadMs = 0;
    bench = await createMdmBench({ hourlyLimit: 100, clock: () => Date.now() + aheadMs });
    for (let i = 0; i < 96; i++) await bench.iru.resolveDevice(SERIAL);
    aheadMs = 3_598_000;
    await bench.iru.clear(SERIAL, 'elevate'); // learns that 2 are left for 2 seconds
    const from = Date.now();
    await bench.iru.resolveDevice(SERIAL);
    expect(Date.now() - from).toBeGreaterThan(400);
  });

  it('that redirects is not followed, so that the token stays here', async () => {
    const seen: unknown[] = [];
    const elsewhere = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end('[]');
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    const redirecting = createServer((_, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/` }).end();
    });
    await new Promise<void>((resolve) => redirecting.listen(0, '127.0.0.1', resolve));
    const baseUrl = `http://127.0.0.1:${(redirecting.address() as AddressInfo).port}`;
    const error = await refusalOf(bench.iruWith({ baseUrl }).signal(SERIAL, 'elevate'));
    expect(error.code).toBe('mdm-rejected');
    expect(seen).toEqual([]);
    redirecting.close();
    elsewhere.close();
  });

  it('that answers with something else than devices is not taken for one without devices', async () => {
    const answering = (body: string) =>
      bench.iruWith({ fetch: async () => new Response(body, { status: 200, headers: { 'content-type': 'application/json' } }) });
    for (const body of ['{}', '<html>', '', 'null', '[{"device_id":"x"}]', '{"results":[]}']) {
      expect((await refusalOf(answering(body).clear(SERIAL, 'elevate'))).code, body).toBe('mdm-unavailable');
      expect((await refusalOf(answering(body).listSignalled('elevate'))).code, body).toBe('mdm-unavailable');
    }
  });

  it('whose answer never ends is not read to the end', async () => {
    const endless = bench.iruWith({
      timeoutMs: 5_000,
      fetch: async () => new Response(new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(1024 * 1024)) })),
    });
    expect((await refusalOf(endless.resolveDevice(SERIAL))).code).toBe('mdm-unavailable');
  });

  it('that echoes the token in an error page does not bring it into our errors', async () => {
    const echo = bench.iruWith({ fetch: async () => new Response(`denied: Bearer ${TOKEN}`, { status: 400 }) });
    const error = await refusalOf(echo.resolveDevice(SERIAL));
    expect(`${error.sentence} ${String(error.cause)}`).not.toContain(TOKEN);
  });

  it('is broken off when the caller says so', async () => {
    bench.mdm.control.fault({ kind: 'latency', ms: 1_500 });
    const from = Date.now();
    await expect(bench.iru.signal(SERIAL, 'elevate', AbortSignal.timeout(100))).rejects.toThrow();
    expect(Date.now() - from).toBeLessThan(1_000);
    expect(writes()).toEqual([]);
  });
});

describe('the words of an error body', () => {
  it('are one line of at most 200 characters, whatever came', () => {
    expect(saidIn('{"a":["one","two"],"detail":"three"}')).toBe('a: one; a: two; three');
    expect(saidIn('"bare"')).toBe('bare');
    expect(saidIn('[]')).toBe('no reason given');
    expect(saidIn('x\n\u202ey'.repeat(300))).toHaveLength(200);
    expect(saidIn('x\n\u202ey')).toBe('x y');
  });
});
