/** PostgreSQL goes away and comes back; stores of other versions and other chains. */
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore } from '../../ledger/store.js';
import { until } from '../tooling/processes.js';
import { Elevation } from './events.js';
import { asAdmin, havePostgres, type PostgresServer, startPostgres } from './postgres.js';

const clock = () => Date.now();
const down = { code: 'store-unavailable', retryable: true };

describe.skipIf(!havePostgres())('a store on PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.remove());

  test('a server that stops is unavailable, kills nobody, and is used again when it is back', async () => {
    const store = await openStore({ databaseUrl: await server.database(), clock });
    const elevation = new Elevation();
    await store.ledger.append([elevation.requested()]);
    const underWay = Promise.allSettled(Array.from({ length: 40 }, () => store.ledger.append([new Elevation().requested()])));
    await server.crash();
    for (const result of await underWay) if (result.status === 'rejected') expect(result.reason).toMatchObject(down);
    await expect(store.ping()).rejects.toMatchObject(down);
    await expect(store.ledger.append([elevation.approved()])).rejects.toMatchObject(down);
    await expect(store.fence.arm(elevation.grant(), elevation.armed(), elevation.request.askedAt)).rejects.toMatchObject(down);
    await server.start();
    await until('the store answers again', () =>
      store
        .ping()
        .then(() => true)
        .catch(() => false),
    );
    expect(await store.ledger.timeline(elevation.request.requestId)).toHaveLength(1);
    await store.close();
  });

  test('connections that the server ends are replaced', async () => {
    const url = await server.database();
    const store = await openStore({ databaseUrl: url, clock });
    await Promise.all(Array.from({ length: 8 }, () => store.ping()));
    await asAdmin(
      url,
      'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()',
    );
    await until(
      'the store answers again',
      () =>
        store
          .ping()
          .then(() => true)
          .catch(() => false),
      5_000,
    );
    await Promise.all(Array.from({ length: 8 }, () => store.ping()));
    await store.close();
  });

  test('a lock that never comes is given up as unavailable, and nothing of it is left', async () => {
    const url = await server.database();
    const store = await openStore({ databaseUrl: url, clock });
    const elevation = new Elevation();
    const blocker = asAdmin(url, 'begin; lock table ledger_head in exclusive mode; select pg_sleep(7)');
    await until('the lock is held', () => isLocked(url));
    await expect(store.fence.arm(elevation.grant(), elevation.armed(), elevation.request.askedAt)).rejects.toMatchObject(down);
    expect(await store.fence.live(elevation.request.target.key)).toBeUndefined();
    await blocker;
    await store.close();
  });

  test('many processes may open a new store at the same moment', async () => {
    const databaseUrl = await server.database();
    const stores = await Promise.all(Array.from({ length: 6 }, () => openStore({ databaseUrl, clock })));
    const event = new Elevation().requested();
    await Promise.all(stores.map((store) => store.ledger.append([event])));
    expect(await stores[0]?.head()).toMatchObject({ entries: 1 });
    await Promise.all(stores.map((store) => store.close()));
  });

  test('a store that a newer version wrote is refused with a sentence', async () => {
    const databaseUrl = await server.database();
    await (await openStore({ databaseUrl, clock })).close();
    await asAdmin(databaseUrl, `insert into stint_migrations (name) values ('9999-later')`);
    const opening = openStore({ databaseUrl, clock });
    await expect(opening).rejects.toMatchObject({ code: 'bad-config', sentence: expect.stringContaining('newer Stint') });
  });

  test('a store keeps the name of its chain', async () => {
    const databaseUrl = await server.database();
    await (await openStore({ databaseUrl, clock, chain: 'stint.example.com/a' })).close();
    const other = openStore({ databaseUrl, clock, chain: 'stint.example.com/b' });
    await expect(other).rejects.toMatchObject({ code: 'bad-config', sentence: expect.stringContaining('stint.example.com/a') });
    const store = await openStore({ databaseUrl, clock });
    expect(store.chain).toBe('stint.example.com/a');
    await store.close();
  });

  test('a database that may forget what it acknowledged is refused', async () => {
    const databaseUrl = await server.database();
    const name = new URL(databaseUrl).pathname.slice(1);
    await asAdmin(databaseUrl, `alter database ${name} set synchronous_commit = off`);
    await expect(openStore({ databaseUrl, clock })).rejects.toMatchObject({ code: 'bad-config' });
  });
});

async function isLocked(url: string): Promise<boolean> {
  return asAdmin(
    url,
    'begin; lock table ledger_head in access share mode nowait; lock table ledger_head in row share mode nowait',
  ).then(
    () => false,
    () => true,
  );
}

describe('a store that cannot be opened', () => {
  test('nobody listens: unavailable, and the password stays untold', async () => {
    const error: unknown = await openStore({ databaseUrl: 'postgres://stint:hunter2@127.0.0.1:1/x', clock }).catch((e) => e);
    expect(error).toMatchObject(down);
    expect(String(error)).not.toContain('hunter2');
  });

  test('a server that accepts and says nothing is given up after three seconds', async () => {
    const silent = await listen();
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const began = Date.now();
    await expect(openStore({ databaseUrl: `postgres://stint@127.0.0.1:${port}/x`, clock })).rejects.toMatchObject(down);
    expect(Date.now() - began).toBeLessThan(6_000);
    silent.close();
  });

  test.each([
    [{}],
    [{ memory: true, folder: '/tmp/x' }],
    [{ databaseUrl: 'mysql://root@localhost/x' }],
    [{ databaseUrl: 'postgres://no port:x/' }],
    [{ databaseUrl: '' }],
  ])('options that name no one store are refused: %j', async (options) => {
    await expect(openStore({ ...options, clock })).rejects.toMatchObject({ code: 'bad-config' });
  });
});

function listen(): Promise<Server> {
  return new Promise((done) => {
    const server = createServer((socket) => socket.on('error', () => {}));
    server.listen(0, '127.0.0.1', () => done(server));
  });
}
