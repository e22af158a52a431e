/** `stint reconcile`, over the admin socket of a process that holds the store: the table, the JSON and the exit codes. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../../contract/ports.js';
import { openStore } from '../../ledger/store.js';
import { serveAdmin } from '../../workers/admin-socket.js';
import { type Reconciled, reconcileOnce } from '../../workers/reconcile.js';
import { bench, newMac, Story } from '../workers/reconcile-bench.js';

const run = promisify(execFile);
const HOUR = 3_600_000;
const time = { now: Date.parse('2026-03-02T09:00:00.000Z') };
let home: string;
let store: Store;
let b: ReturnType<typeof bench>;
let served: Awaited<ReturnType<typeof serveAdmin>>;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'stint-reconcile-'));
  store = await openStore({ memory: true, clock: () => time.now });
  b = bench(store, time);
  served = await serveAdmin(home, store, { clock: () => time.now, reconcile: () => (options) => reconcileOnce(b.deps, options) });
});
afterAll(async () => {
  await served.close();
  await store.close();
  await rm(home, { recursive: true, force: true });
});

async function stint(...args: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const tsx = join(import.meta.dirname, '..', '..', 'node_modules', '.bin', 'tsx');
  const main = join(import.meta.dirname, '..', '..', 'cli', 'main.ts');
  const env = { PATH: process.env.PATH, HOME: home, STINT_HOME: home };
  try {
    const { stdout, stderr } = await run(tsx, [main, 'reconcile', ...args], { env });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}

describe('stint reconcile', () => {
  it('with nothing wrong says what it looked at and ends with 0', async () => {
    b.known.push(newMac());
    const { code, out } = await stint();
    expect(out).toBe('1 looked at, 0 found.\n');
    expect(code).toBe(0);
  });

  it('finds, removes and shows what came back; a dry run before only shows it; both end with 3', async () => {
    const e = await new Story(store, time).gone();
    time.now += HOUR;
    b.fleet.of(e.target).admin = e.id;
    const dry = await stint('--dry-run');
    expect(dry.code).toBe(3);
    expect(dry.out).toMatch(/reappeared +untouched/);
    expect(dry.out).toContain('dry run: nothing was changed');
    expect(b.fleet.of(e.target).admin).toBe(e.id);
    const real = await stint('--json');
    expect(real.code).toBe(3);
    expect((JSON.parse(real.out) as Reconciled).found).toMatchObject([{ what: 'reappeared', requestId: e.id, did: 'removed' }]);
    expect(b.fleet.of(e.target).admin).toBe('no');
    expect((await stint('--once')).code).toBe(0);
  });

  it('ends with 3 for a new access that is not of Stint, and with 0 when it was told before', async () => {
    const mac = newMac();
    b.known.push(mac);
    b.fleet.of(mac).admin = 'standing';
    expect((await stint()).code).toBe(3);
    const again = await stint();
    expect(again.code).toBe(0);
    expect(again.out).toMatch(/foreign +told before/);
  });

  it('ends with 1 when an MDM could not be asked: a script must not take that for nothing found', async () => {
    b.fleet.listFails = true;
    const { code, out } = await stint('--dry-run');
    b.fleet.listFails = false;
    expect(out).toContain('could not be asked: ');
    expect(code).toBe(1);
  });

  it('where nobody serves the folder says what to do and ends with 1', async () => {
    await served.close();
    const { code, err } = await stint();
    expect(code).toBe(1);
    expect(err).toContain('stint all');
  });
});
