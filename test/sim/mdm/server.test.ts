/** The MDM stand-in keeps to the vendor's paths, limits and error shapes, and to its own truth. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MdmOptions, type MdmStandIn, startMdm } from '../../../sim/mdm/server.js';

const devices = [
  { deviceId: 'd1', serial: 'ABC123', name: 'one', userEmail: 'one@example.test', tags: ['a'] },
  { deviceId: 'd2', serial: 'XABC1239', name: 'two', tags: [] },
];
let mdm: MdmStandIn;
let now: number;
const start = (change: Partial<MdmOptions> = {}) =>
  startMdm({ token: 't0ken', devices, tags: ['b'], clock: () => now, ...change });

beforeEach(async () => {
  now = Date.UTC(2026, 4, 4);
  mdm = await start();
});
afterEach(() => mdm.close());

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(mdm.url + path, {
    method,
    headers: { authorization: 'Bearer t0ken', 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: text && JSON.parse(text) };
}

describe('devices', () => {
  it('are found by any part of their serial', async () => {
    const { body } = await call('GET', '/api/v1/devices?serial_number=abc123');
    expect(body.map((d: { serial_number: string }) => d.serial_number)).toEqual(['ABC123', 'XABC1239']);
    expect(body[0]).toMatchObject({ device_id: 'd1', user: { email: 'one@example.test' }, tags: ['a'] });
    expect(body[1].user).toBe('');
  });

  it('are paged and filtered', async () => {
    expect((await call('GET', '/api/v1/devices?limit=1&offset=1')).body).toMatchObject([{ device_id: 'd2' }]);
    expect((await call('GET', '/api/v1/devices?tag_name=a')).body).toMatchObject([{ device_id: 'd1' }]);
    expect((await call('GET', '/api/v1/devices?tag_name=A')).body).toEqual([]);
    expect((await call('GET', '/api/v1/devices/d1/details')).body.general.device_name).toBe('one');
    expect((await call('GET', '/api/v1/devices/none')).status).toBe(404);
  });

  it('take a tag list as a whole', async () => {
    expect((await call('PATCH', '/api/v1/devices/d1', { tags: ['b'] })).body.tags).toEqual(['b']);
    expect((await call('PATCH', '/api/v1/devices/d1', { tags: [] })).body.tags).toEqual([]);
    expect(mdm.control.truth().devices[0]?.history.map((h) => h.tags)).toEqual([['a'], ['b'], []]);
  });

  it('refuse an unknown tag unless told to create it', async () => {
    expect(await call('PATCH', '/api/v1/devices/d1', { tags: ['new'] })).toMatchObject({
      status: 400,
      body: { tags: ['Tag "new" does not exist.'] },
    });
    await call('POST', '/sim/settings', { unknownTag: 'create' });
    expect((await call('PATCH', '/api/v1/devices/d1', { tags: ['new'] })).status).toBe(200);
    expect((await call('GET', '/api/v1/tags?search=new')).body.results).toHaveLength(1);
  });

  it('see a change of their tags only after the delay', async () => {
    mdm.control.settings({ tagDelayMs: 60_000 });
    await call('PATCH', '/api/v1/devices/d1', { tags: ['b'] });
    expect((await call('GET', '/sim/devices/ABC123/tags')).body).toEqual({ tags: ['a'] });
    now += 59_999;
    expect(mdm.control.tagsSeenBy('ABC123')).toEqual(['a']);
    now += 1;
    expect((await call('GET', '/sim/devices/abc123/tags')).body).toEqual({ tags: ['b'] });
  });

  it('show what ran on them, and their accounts', async () => {
    await call('POST', '/sim/devices/ABC123/library', { name: 'Elevate', status: 'PASS', log: 'ok' });
    const { body } = await call('GET', '/api/v1/devices/d1/library-items');
    expect(body.library_items).toMatchObject([
      { name: 'Elevate', status: 'PASS', log: 'ok' },
      { name: 'a', status: 'PENDING' },
    ]);
    expect((await call('GET', '/api/v1/devices/d1/status')).body.parameters).toEqual([]);
    const users = [{ username: 'ada', type: 'Admin', uid: 501, generated_uid: 'G' }];
    await call('POST', '/sim/devices/ABC123/local-users', { users });
    expect((await call('GET', '/api/v1/prism/local_users')).body.data).toMatchObject([
      { username: 'ada', serial_number: 'ABC123' },
    ]);
  });
});

describe('calls', () => {
  it('need the token, JSON and a known path', async () => {
    expect((await call('GET', '/api/v1/devices', undefined, { authorization: 'Bearer x' })).status).toBe(401);
    expect((await call('PATCH', '/api/v1/devices/d1', '{', {})).status).toBe(400);
    expect((await call('PATCH', '/api/v1/devices/d1', '{}', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await call('GET', '/api/v1/nothing')).status).toBe(404);
  });

  it('are limited by the hour and say how many are left', async () => {
    mdm.control.settings({ hourlyLimit: 2 });
    expect((await call('GET', '/api/v1/tags')).headers.get('ratelimit-remaining')).toBe('1');
    await call('GET', '/api/v1/tags');
    const third = await call('GET', '/api/v1/tags');
    expect([third.status, third.headers.get('retry-after')]).toEqual([429, '3600']);
    now += 3_600_000;
    expect((await call('GET', '/api/v1/tags')).status).toBe(200);
  });

  it('create tags once', async () => {
    expect((await call('POST', '/api/v1/tags', { name: 'fresh' })).status).toBe(201);
    expect((await call('POST', '/api/v1/tags', { name: 'fresh' })).status).toBe(400);
  });
});

describe('faults', () => {
  it('hit the paths and the number of calls they were set for', async () => {
    await call('POST', '/sim/fault', { kind: '500', path: '/devices', times: 1 });
    expect((await call('GET', '/api/v1/tags')).status).toBe(200);
    expect((await call('GET', '/api/v1/devices')).status).toBe(500);
    expect((await call('GET', '/api/v1/devices')).status).toBe(200);
  });

  it('cut the call before or after the work', async () => {
    await call('POST', '/sim/fault', { kind: 'drop-before', times: 1 });
    await expect(call('PATCH', '/api/v1/devices/d1', { tags: ['b'] })).rejects.toThrow();
    expect(mdm.control.truth().devices[0]?.tags).toEqual(['a']);
    await call('POST', '/sim/fault', { kind: 'drop-after', times: 1 });
    await expect(call('PATCH', '/api/v1/devices/d1', { tags: ['b'] })).rejects.toThrow();
    expect(mdm.control.truth().devices[0]?.tags).toEqual(['b']);
  });

  it('lie, and are cleared', async () => {
    await call('POST', '/sim/fault', { kind: 'lie' });
    expect((await call('PATCH', '/api/v1/devices/d1', { tags: ['b'] })).body.tags).toEqual(['b']);
    expect(mdm.control.truth().devices[0]?.tags).toEqual(['a']);
    await call('POST', '/sim/fault/clear');
    expect(mdm.control.truth().faults).toEqual([]);
  });

  it('refuse what is no fault', async () => {
    expect((await call('POST', '/sim/fault', { kind: 'meteor' })).status).toBe(400);
    expect((await call('POST', '/sim/fault', { kind: '500', times: 'x' })).status).toBe(400);
  });

  it('shape error bodies in the five ways seen', async () => {
    const texts: string[] = [];
    for (const shape of ['error', 'detail', 'string', 'field', 'empty'] as const) {
      mdm.control.fault({ kind: 'error-shape', shape, times: 1 });
      texts.push((await call('GET', '/api/v1/tags')).text);
    }
    expect(texts).toEqual([
      '{"error":"Something went wrong."}',
      '{"detail":"Something went wrong."}',
      '"Something went wrong."',
      '{"tags":["Something went wrong."]}',
      '',
    ]);
  });
});

describe('the truth', () => {
  it('tells every call with its body and its end, and is shown to people without markup from outside', async () => {
    await call('PATCH', '/api/v1/devices/d1', { tags: ['<script>'] });
    expect(mdm.control.truth().calls).toMatchObject([{ method: 'PATCH', status: 400, body: { tags: ['<script>'] } }]);
    const page = await (await fetch(`${mdm.url}/sim/truth/page`)).text();
    expect(page).toContain('ABC123');
    expect(page).not.toContain('["<script>"]');
    expect((await call('GET', '/sim/truth')).body.devices).toHaveLength(2);
  });

  it('is streamed as it changes', async () => {
    const stop = new AbortController();
    const stream = await fetch(`${mdm.url}/sim/events`, { signal: stop.signal });
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    await call('PATCH', '/api/v1/devices/d1', { tags: ['b'] });
    let seen = '';
    while (reader && !seen.includes('event: call')) seen += (await reader.read()).value ?? '';
    expect(seen).toContain('event: device');
    stop.abort();
  });

  it('survives a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mdm-'));
    try {
      const dataFile = join(folder, 'mdm.json');
      await mdm.close();
      mdm = await start({ dataFile });
      await call('PATCH', '/api/v1/devices/d1', { tags: ['b'] });
      await mdm.close();
      mdm = await start({ dataFile });
      expect(mdm.control.truth().devices.map((d) => d.tags)).toEqual([['b'], []]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
