/** The embedded store's folder: one process at a time, whatever ends it, and nothing acknowledged is lost. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LedgerEntry, Store } from '../../contract/ports.js';
import { lockFolder } from '../../ledger/folder-lock.js';
import { openStore } from '../../ledger/store.js';
import { verifyChain } from '../../ledger/verify.js';
import { compile, ROOT } from '../tooling/compile.js';
import { until } from '../tooling/processes.js';
import { Elevation } from './events.js';

const clock = () => Date.now();
let compiled: string;
let folder: string;
const owners: ChildProcess[] = [];

beforeAll(async () => {
  const sources = (
    await Promise.all(
      ['contract', 'seal', 'ledger'].map(async (dir) => (await readdir(join(ROOT, dir))).map((f) => `${dir}/${f}`)),
    )
  ).flat();
  compiled = await compile([...sources, 'test/ledger/owner.fixture.ts']);
});
afterAll(() => rm(compiled, { recursive: true, force: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stint-folder-'));
});
afterEach(async () => {
  await Promise.all(owners.splice(0).map(kill));
  await rm(folder, { recursive: true, force: true });
});

interface Owner {
  readonly child: ChildProcess;
  readonly said: string[];
}

function owner(mode: 'hold' | 'write' | 'lock', from = 0, where = folder): Owner {
  const child = spawn(process.execPath, [join(compiled, 'test/ledger/owner.fixture.js'), mode, where, String(from)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  owners.push(child);
  const said: string[] = [];
  if (child.stdout) createInterface(child.stdout).on('line', (line) => said.push(line));
  return { child, said };
}

async function owning(o: Owner): Promise<Owner> {
  await until('the other process speaks', () => o.said.length > 0, 30_000);
  return o;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((done) => child.once('close', done));
  child.kill('SIGKILL');
  await exited;
}

async function allEntries({ ledger }: Store): Promise<LedgerEntry[]> {
  const rows: LedgerEntry[] = [];
  for (;;) {
    const page = await ledger.entries(rows.length, 1_000);
    if (page.length === 0) return rows;
    rows.push(...page);
  }
}

describe('the lock of a folder', () => {
  test('a second process is refused with a sentence that names the folder; once the first is killed the folder is free', async () => {
    const first = await owning(owner('hold'));
    expect(first.said).toEqual(['owned']);
    expect((await owning(owner('hold'))).said).toEqual(['refused locked']);
    await expect(openStore({ folder, clock })).rejects.toMatchObject({
      code: 'locked',
      sentence: expect.stringContaining(folder),
    });
    await kill(first.child);
    const store = await openStore({ folder, clock });
    await store.ledger.append([new Elevation().requested()]);
    await store.close();
    const third = await openStore({ folder, clock });
    expect(await third.head()).toMatchObject({ entries: 1 });
    await third.close();
  });

  test('of many at the same moment at most one gets it, also over the socket of a dead owner', async () => {
    for (let round = 0; round < 3; round++) {
      const results = await Promise.allSettled(Array.from({ length: 12 }, () => lockFolder(folder)));
      const unlocks = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      expect(unlocks.length).toBeLessThanOrEqual(1);
      for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'locked' });
      await Promise.all(unlocks.map((unlock) => unlock()));
      await kill((await owning(owner('lock'))).child);
      expect((await readdir(join(folder, 'lock'))).length).toBeGreaterThan(0);
    }
    const unlock = await lockFolder(folder);
    await unlock();
    expect((await readdir(join(folder, 'lock'))).filter((name) => name.startsWith('owner-'))).toEqual([]);
  });

  test('of six processes at the same moment at most one owns the folder', async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => owning(owner('lock'))));
    expect(all.filter((o) => o.said[0] === 'owned').length).toBeLessThanOrEqual(1);
    expect(all.filter((o) => o.said[0] === 'refused locked').length).toBeGreaterThanOrEqual(5);
  });

  test('a folder whose path is too long for a socket is locked as well', async () => {
    const deep = join(folder, 'a'.repeat(90), 'b'.repeat(90));
    const unlock = await lockFolder(deep);
    await expect(lockFolder(deep)).rejects.toMatchObject({ code: 'locked' });
    expect((await owning(owner('lock', 0, deep))).said).toEqual(['refused locked']);
    await unlock();
    await (await lockFolder(deep))();
  });

  test('a folder that cannot be used is said so', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    await expect(lockFolder(file)).rejects.toMatchObject({ code: 'bad-config', sentence: expect.stringContaining(file) });
  });
});

describe('a store in a folder', () => {
  test('a process killed while it appends loses nothing that it acknowledged, and the chain stays whole', async () => {
    let next = 0;
    for (let round = 0; round < 4; round++) {
      const writer = await owning(owner('write', next));
      await until('it has written some', () => writer.said.length > 20 + round * 37, 30_000);
      await kill(writer.child);
      const acknowledged = Number(writer.said.at(-1));
      const store = await openStore({ folder, clock });
      const rows = await allEntries(store);
      const { entries, head, chain } = await store.head();
      expect(verifyChain(rows)).toEqual({ ok: true, entries, head, chain });
      // One more may have been committed without its acknowledgement being heard.
      expect(entries - (acknowledged + 1)).toBeGreaterThanOrEqual(0);
      expect(entries - (acknowledged + 1)).toBeLessThanOrEqual(1);
      next = entries;
      await store.close();
    }
  });

  test('a first start that was killed half way does not spoil the folder', async () => {
    await mkdir(join(folder, 'pg', 'base'), { recursive: true });
    await writeFile(join(folder, 'pg', 'PG_VERSION'), '18\n');
    const store = await openStore({ folder, clock });
    await store.ledger.append([new Elevation().requested()]);
    await store.close();
    expect(existsSync(join(folder, 'pg', 'stint-ready'))).toBe(true);
    expect((await readdir(folder)).filter((name) => name.startsWith('pg.unfinished-'))).toHaveLength(1);
  });
});
