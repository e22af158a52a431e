/** A process that is started while its database is down waits and says so; what waiting cannot mend ends it at once. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoEnv, openHome } from '../../cli/demo/home.js';
import { portsFrom } from '../../cli/demo/world.js';
import { freePort } from '../../cli/temporal-server/ports.js';
import { StintError } from '../../contract/errors.js';
import { openStore } from '../../ledger/store.js';
import { type AwaitStoreDeps, awaitStore, SAY_MS } from '../../workers/await-store.js';
import { loadConfig } from '../../workers/config.js';
import { NEEDS, startProcess } from '../../workers/processes.js';
import { asAdmin, havePostgres, type PostgresServer, startPostgres } from '../ledger/postgres.js';
import { until } from '../tooling/processes.js';

const down = (code = 'ECONNREFUSED') =>
  new StintError('store-unavailable', `The database cannot be reached (${code}).`, {
    cause: Object.assign(new Error('no'), { code }),
  });

/** A log that keeps its sentences. */
function logger() {
  const said: string[] = [];
  const note = (_: unknown, sentence: string) => void said.push(sentence);
  const log = { debug: note, error: note, fatal: note, info: note, trace: note, warn: note, child: () => log };
  return { said, log: log as unknown as Logger };
}

/** A start whose time passes in its waits only. */
function start<S>(open: () => Promise<S>, change: Partial<AwaitStoreDeps<S>> = {}) {
  const { said, log } = logger();
  let now = 1_000_000;
  const waits: string[] = [];
  const result = awaitStore({
    open,
    log,
    clock: () => now,
    stopped: new AbortController().signal,
    waiting: (sentence) => void waits.push(sentence),
    wait: async (ms) => {
      now += ms;
    },
    ...change,
  });
  return { result, said, waits };
}

describe('a database that is down', () => {
  it('is waited for, however long, and it is said every few seconds why', async () => {
    let left = 3_600;
    const { result, said, waits } = start(async () => {
      left -= 1;
      if (left >= 0) throw down();
      return 'store';
    });
    expect(await result).toBe('store');
    expect(said).toHaveLength(3_600 / (SAY_MS / 1_000) + 1);
    expect(said[0]).toBe('The database cannot be reached (ECONNREFUSED). Waiting for it; nothing is started before.');
    expect(said.at(-1)).toBe('The database is there now.');
    expect(waits).toHaveLength(3_600);
  });

  it('that is there at once is not spoken of', async () => {
    const { result, said } = start(async () => 'store');
    expect([await result, said]).toEqual(['store', []]);
  });

  it('is waited for until the process is to stop', async () => {
    const stopped = new AbortController();
    const wait = async () => stopped.abort();
    const { result } = start(() => Promise.reject(down()), { wait, stopped: stopped.signal });
    expect(await result).toBeUndefined();
  });

  it.each([
    ['another code', new StintError('bad-config', 'A newer store.')],
    ['a bug', new TypeError('no function')],
    ['a wrong password', down('28P01')],
    ['a role that does not exist', down('28000')],
    ['a database that is not there', down('3D000')],
    ['a right that is missing', down('42501')],
  ])('is not what %s means: that ends the start at once', async (_, error) => {
    const { result, said } = start(() => Promise.reject(error));
    await expect(result).rejects.toBe(error);
    expect(said).toEqual([]);
  });

  it.each(['57P03', '53300', '25006', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT'])('is what %s means', async (code) => {
    let first = true;
    const { result } = start(async () => {
      if (!first) return 'store';
      first = false;
      throw down(code);
    });
    expect(await result).toBe('store');
  });
});

describe.skipIf(!havePostgres())('a process on a real PostgreSQL', () => {
  let postgres: PostgresServer;
  let url: string;
  beforeAll(async () => {
    postgres = await startPostgres();
    url = await postgres.database();
  });
  afterAll(() => postgres?.remove());

  it.each([
    ['a role that does not exist', (good: string) => good.replace('stint@', 'nobody_here@'), /does not let this role in/],
    ['a database that is not there', (good: string) => good.replace(/stint_\d+$/, 'none'), /database is not there/],
    ['a role without rights', (good: string) => good.replace('stint@', 'bare@'), /lacks a right/],
  ])('%s ends the start at once, with its sentence', async (_, change, sentence) => {
    await asAdmin(url, 'do $$ begin create role bare login; exception when duplicate_object then null; end $$');
    const { result, said } = start(() => openStore({ databaseUrl: change(url), clock: Date.now }));
    await expect(result).rejects.toMatchObject({ code: 'store-unavailable', sentence: expect.stringMatching(sentence) });
    expect(said).toEqual([]);
  });

  it('waits, is not ready, ends at SIGTERM’s word, and comes up by itself when the database does', async () => {
    const home = openHome(mkdtempSync(join(tmpdir(), 'stint-await-')), false);
    const health = await freePort();
    const env = {
      ...demoEnv(home, portsFrom(40_000)),
      DATABASE_URL: url,
      STINT_HEALTH_PORT: String(health),
      DEVICE_API_PORT: String(await freePort()),
    };
    const config = loadConfig({ env, readFile: (path) => readFileSync(path, 'utf8'), parts: NEEDS['device-api'] });
    const ask = async () => {
      const reply = await fetch(`http://127.0.0.1:${health}/healthz`).catch(() => undefined);
      return reply && { status: reply.status, body: JSON.stringify(await reply.json()) };
    };
    const waits = async () => (await ask())?.body.includes('waits for it') ?? false;
    const { said, log } = logger();
    await postgres.crash();
    try {
      const stopped = new AbortController();
      const first = startProcess('device-api', config, log, stopped.signal);
      await until('it waits', waits, 20_000);
      expect(await ask()).toMatchObject({ status: 503, body: expect.stringContaining('cannot be reached') });
      stopped.abort();
      await (await first).stop();
      expect(await ask()).toBeUndefined();

      const second = startProcess('device-api', config, log);
      await until('it waits again', waits, 20_000);
      await postgres.start();
      const running = await second;
      expect(await ask()).toMatchObject({ status: 200 });
      await running.stop();
      expect(said).toContain('The database is there now.');
    } finally {
      rmSync(home.folder, { recursive: true, force: true });
    }
  }, 90_000);
});
