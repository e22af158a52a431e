/** A store that cannot be used as it is: what is said at the start, by whom it is mended, and what the doctor sees of it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isStintError } from '../../contract/errors.js';
import { storeFacts } from '../../ledger/facts.js';
import { folderOwner } from '../../ledger/folder-lock.js';
import { MIGRATIONS } from '../../ledger/migrations.js';
import { pgliteInFolder, pgliteInMemory } from '../../ledger/pglite.js';
import { postgresSource } from '../../ledger/postgres.js';
import { openStore, storeOn } from '../../ledger/store.js';
import { verifyEnd } from '../../ledger/verify.js';
import { Elevation } from './events.js';
import { asAdmin, havePostgres, type PostgresServer, startPostgres } from './postgres.js';

const clock = () => Date.now();

async function refused(databaseUrl: string): Promise<string> {
  try {
    await (await openStore({ databaseUrl, clock })).close();
    return 'opened';
  } catch (error) {
    if (!isStintError(error)) throw error;
    return `${error.code}: ${error.sentence}`;
  }
}

/** The same database as another role. */
const as = (url: string, role: string) => url.replace('stint@', `${role}@`);

async function look(url: string) {
  const source = postgresSource(url);
  try {
    return await storeFacts(source);
  } finally {
    await source.end();
  }
}

describe.skipIf(!havePostgres())('on PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.remove());

  test('a database that is not there is named, with how to make it', async () => {
    const url = (await server.database()).replace(/stint_\d+$/, 'nowhere');
    expect(await refused(url)).toMatch(/^store-unavailable: The database is not there \(.*"nowhere".*createdb/);
  });

  test('a role that may not log in, or that there is none, is said to be the role', async () => {
    const url = await server.database();
    await asAdmin(url, 'create role outsider nologin');
    expect(await refused(as(url, 'outsider'))).toMatch(/does not let this role in .*outsider.*DATABASE_URL/);
    expect(await refused(as(url, 'stranger'))).toMatch(/does not let this role in .*stranger/);
  });

  test('a role that may not connect, or not make tables, hears which right it lacks', async () => {
    const url = await server.database();
    const name = url.split('/').at(-1) ?? '';
    await asAdmin(url, 'create role weak login');
    await asAdmin(url, 'revoke create on schema public from public');
    expect(await refused(as(url, 'weak'))).toMatch(/lacks a right \(permission denied for schema public\).*stint doctor/);
    await asAdmin(url, `revoke connect on database ${name} from public`);
    expect(await refused(as(url, 'weak'))).toMatch(/lacks a right \(permission denied for database/);
  });

  test('a right that is taken away while Stint runs is an outage, not a bug, and passes', async () => {
    const url = await server.database();
    await asAdmin(url, 'create role worker1 login');
    await asAdmin(url, `alter database ${url.split('/').at(-1)} owner to worker1`);
    const store = await openStore({ databaseUrl: as(url, 'worker1'), clock });
    await asAdmin(url, 'alter table entries owner to stint');
    await asAdmin(url, 'revoke all on entries from worker1');
    const append = () => store.ledger.append([new Elevation().requested()]);
    await expect(append()).rejects.toMatchObject({ code: 'store-unavailable', retryable: true });
    await asAdmin(url, 'grant select, insert on entries to worker1');
    await append();
    await store.close();
  });

  test('a server that is not there is named with host and port, and its password is not', async () => {
    const said = await refused('postgres://stint:hunter2@127.0.0.1:9/stint');
    expect(said).toMatch(/^store-unavailable: The database cannot be reached \(.*ECONNREFUSED.*127\.0\.0\.1:9/);
    expect(said).not.toContain('hunter2');
  });

  test('of an empty database the doctor sees that all is still to be made, and makes nothing', async () => {
    const url = await server.database();
    const facts = await look(url);
    expect(facts).toMatchObject({
      pending: MIGRATIONS.map(({ name }) => name),
      unknown: [],
      lacking: [],
      synchronousCommit: 'on',
    });
    expect(facts.cannotMake).toBeUndefined();
    expect(facts.ledger).toBeUndefined();
    expect(await tables(url)).toEqual([]);
  });

  test('rights that a role lacks are listed one by one', async () => {
    const url = await server.database();
    await (await openStore({ databaseUrl: url, clock })).close();
    await asAdmin(url, 'create role reader login');
    await asAdmin(url, 'grant select, insert, update, delete on all tables in schema public to reader');
    await asAdmin(url, 'revoke create on schema public from public');
    await asAdmin(url, 'revoke insert, update on grants from reader');
    const facts = await look(as(url, 'reader'));
    expect(facts.lacking).toEqual(['insert on grants', 'update on grants']);
    expect(facts.cannotMake).toMatch(/permission denied for schema public/);
    expect(facts.pending).toEqual([]);
  });

  test('the newest entries are verified, and one that was changed is found', async () => {
    const url = await server.database();
    const store = await openStore({ databaseUrl: url, clock });
    for (let i = 0; i < 3; i++) await store.ledger.append([new Elevation().requested()]);
    await store.close();
    expect((await look(url)).ledger).toMatchObject({ ok: true, entries: 3 });
    await asAdmin(url, 'alter table entries disable trigger all');
    await asAdmin(url, `update entries set body = replace(body, '"v":1', '"v":2') where seq = 1`);
    expect((await look(url)).ledger).toMatchObject({ ok: false, seq: 1 });
    await asAdmin(url, 'delete from entries');
    expect((await look(url)).ledger).toMatchObject({ ok: false, what: expect.stringContaining('speaks of 3 entries') });
  });

  test('a store of a newer version: its step is named, and nothing else is touched', async () => {
    const url = await server.database();
    await (await openStore({ databaseUrl: url, clock })).close();
    await asAdmin(url, `insert into stint_migrations (name) values ('9999-from-the-future')`);
    expect(await look(url)).toMatchObject({ unknown: ['9999-from-the-future'], pending: [] });
    expect(await refused(url)).toMatch(/^bad-config: .*newer Stint .*9999-from-the-future.*Run that version/);
  });

  async function tables(url: string): Promise<readonly unknown[]> {
    const source = postgresSource(url);
    const session = await source.connect();
    try {
      return (await session.query("select tablename from pg_tables where schemaname = 'public'", [])).rows;
    } finally {
      session.release();
      await source.end();
    }
  }
});

describe('embedded', () => {
  test('a look at it changes nothing, and sees what is there', async () => {
    const source = await pgliteInMemory();
    expect(await storeFacts(source)).toMatchObject({ unknown: [], lacking: [] });
    const store = await storeOn(source, { clock });
    await store.ledger.append([new Elevation().requested()]);
    expect(await storeFacts(source)).toMatchObject({ pending: [], lacking: [], ledger: { ok: true, entries: 1 } });
    await store.close();
  });

  test('the owner of a folder is told as long as it lives, without touching the lock', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'stint-owner-'));
    try {
      expect(await folderOwner(join(folder, 'not-there'))).toBeUndefined();
      const source = await pgliteInFolder(folder);
      expect(await folderOwner(folder)).toBe(String(process.pid));
      expect(await folderOwner(folder)).toBe(String(process.pid));
      const second = await pgliteInFolder(folder).catch((error: unknown) => error);
      expect(second).toMatchObject({
        code: 'locked',
        sentence: expect.stringContaining(`another Stint process (${process.pid})`),
      });
      await source.end();
      expect(await folderOwner(folder)).toBeUndefined();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

test('the end of a ledger fits its head, and only its own', async () => {
  const store = await openStore({ memory: true, clock });
  for (let i = 0; i < 5; i++) await store.ledger.append([new Elevation().requested()]);
  const all = await store.ledger.entries(0, 10);
  const { head } = await store.head();
  await store.close();
  expect(verifyEnd(all.slice(2), { size: 5, hash: head })).toMatchObject({ ok: true, entries: 5, head });
  expect(verifyEnd([], undefined)).toMatchObject({ ok: true, entries: 0 });
  expect(verifyEnd(all.slice(0, 4), { size: 5, hash: head })).toMatchObject({ ok: false });
  expect(verifyEnd([...all.slice(1, 3), ...all.slice(4)], { size: 5, hash: head })).toMatchObject({ ok: false, seq: 3 });
});
