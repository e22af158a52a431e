/** `stint doctor` as it is shipped, beside a real Temporal server and a `stint all` at work; and what stops a start. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Guarded, spawnGuarded } from '../../cli/parent-watch.js';
import { type DevServer, startDevServer } from '../../cli/temporal-server/dev-server.js';
import { findServer } from '../../cli/temporal-server/find.js';
import { freePort } from '../../cli/temporal-server/ports.js';
import type { Finding } from '../../workers/checks/check.js';
import { build, PROGRAM, stint } from '../e2e/built.js';
import { until } from '../tooling/processes.js';
import { type SetUp, setUp } from '../workers/checks/set-up.js';

let bench: SetUp;
let temporal: DevServer;
let env: NodeJS.ProcessEnv;
const logs = mkdtempSync(join(tmpdir(), 'stint-doctor-logs-'));
const running: Guarded[] = [];

beforeAll(async () => {
  const { TEMPORAL_ADDRESS: _, ...shell } = process.env;
  const [found, made] = await Promise.all([
    findServer({ env: shell, say: (line) => process.stderr.write(`${line}\n`) }),
    setUp(),
    build(),
  ]);
  if (found.kind !== 'binary') throw new Error('tests start their own server');
  bench = made;
  temporal = await startDevServer({ binary: found.path, logFile: join(logs, 'temporal.log') });
  const [health, device] = [await freePort(), await freePort()];
  env = {
    ...bench.env,
    TEMPORAL_ADDRESS: temporal.address,
    STINT_HEALTH_PORT: String(health),
    DEVICE_API_PORT: String(device),
    DEVICE_API_AUTHORITIES: `127.0.0.1:${device}`,
  };
}, 180_000);
afterEach(() => Promise.all(running.splice(0).map((one) => one.stop(15_000))));
afterAll(async () => {
  await temporal?.stop();
  await bench?.close();
  rmSync(logs, { recursive: true, force: true });
}, 60_000);

async function doctor(args: readonly string[] = [], change: NodeJS.ProcessEnv = {}) {
  const ran = await stint(['doctor', '--json', ...args], { ...env, ...change });
  expect(ran.err).toBe('');
  const { level, findings } = JSON.parse(ran.out) as { level: string; findings: Finding[] };
  const of = (area: string, check: string) => findings.filter((one) => one.area === area && one.check === check);
  return { code: ran.code, level, findings, of, out: ran.out };
}

test('before the first start nothing is to be mended, and nothing is made', async () => {
  const looked = await doctor();
  expect(looked.findings.filter(({ level }) => level === 'fail')).toEqual([]);
  expect(looked).toMatchObject({ code: 0, level: 'warn' });
  expect(looked.of('store', 'folder')).toMatchObject([{ found: expect.stringContaining('nothing in it yet') }]);
  expect(looked.of('temporal', 'search attributes')).toMatchObject([
    { level: 'warn', fix: expect.stringContaining('--name StintRule') },
  ]);
  expect(existsSync(bench.home.path('store', 'pg'))).toBe(false);
  for (const name of ['bot-token', 'app-token', 'mdm-token'] as const) expect(looked.out).not.toContain(bench.home.secret(name));
});

test('a namespace that is not there ends with exit code 1 and the command that makes it', async () => {
  const looked = await doctor(['--only', 'temporal'], { TEMPORAL_NAMESPACE: 'nowhere' });
  expect(looked.code).toBe(1);
  expect(looked.findings).toMatchObject([
    { check: 'version', level: 'ok' },
    { check: 'namespace', level: 'fail', fix: expect.stringContaining('namespace create -n nowhere') },
  ]);
});

test('for people it is a table, and what is wrong on the command line is said', async () => {
  const ran = await stint(['doctor', '--only', 'keys,policy', '--process', 'worker'], env);
  expect(ran.code).toBe(0);
  expect(ran.out).toMatch(/^ok {4}keys {4}trusted keys {2}.*\n[\s\S]*\n\d+ ok, 0 to look at, 0 to mend\n$/);
  for (const args of [
    ['--only', 'stores'],
    ['--process', 'cli'],
    ['--limit', '0'],
  ]) {
    const refused = await stint(['doctor', ...args], env);
    expect(refused.code).toBe(2);
    expect(refused.err).toMatch(/Areas: configuration, keys|must be one of: all, worker|from 1 to 300/);
  }
});

describe('beside a "stint all" at work', () => {
  const start = async (): Promise<Guarded> => {
    const one = await spawnGuarded(process.execPath, [PROGRAM, 'all'], { env, output: 'pipe' });
    one.child.stdout?.resume();
    one.child.stderr?.resume();
    running.push(one);
    const healthy = () =>
      fetch(`http://127.0.0.1:${env.STINT_HEALTH_PORT}/healthz`).then(
        (answer) => answer.ok,
        () => false,
      );
    await until('Stint is healthy', healthy, 90_000);
    return one;
  };

  test('it asks that process for the store, and a second one is refused with a sentence', async () => {
    const one = await start();
    const looked = await doctor();
    expect(looked.findings.filter(({ level }) => level === 'fail')).toEqual([]);
    expect(looked.of('store', 'folder')).toMatchObject([
      { level: 'ok', found: expect.stringContaining(`held by process ${one.pid}`) },
    ]);
    expect(looked.of('store', 'ledger')).toMatchObject([{ level: 'ok', found: expect.stringContaining('2 in all') }]);
    expect(looked.of('policy', 'in force')).toMatchObject([
      { level: 'ok', found: expect.stringMatching(/^this policy, since .*, applied by the start of all on /) },
    ]);
    expect(looked.of('temporal', 'search attributes')).toMatchObject([{ level: 'ok' }]);
    expect(looked.of('clock', 'Temporal')).toMatchObject([{ level: 'ok' }]);
    const ports = { STINT_HEALTH_PORT: '', DEVICE_API_PORT: '0' };
    const second = await stint(['all'], { ...env, ...ports });
    expect(second).toMatchObject({
      code: 1,
      err: expect.stringMatching(new RegExp(`is used by another Stint process \\(${one.pid}\\)`)),
    });
    expect((await stint(['all'], env)).err).toMatch(/Port \d+ \(STINT_HEALTH_PORT\) is used by another program/);
    await one.stop(15_000);
    const after = await doctor(['--only', 'store']);
    expect(after.of('store', 'folder')).toMatchObject([{ level: 'ok', found: expect.stringContaining('no process uses it') }]);
    expect(after.of('store', 'version')).toMatchObject([{ level: 'ok', found: 'the tables are of this version' }]);
  }, 180_000);

  test('it sees that an edit does not count yet, and SIGHUP has it count without a restart', async () => {
    const one = await start();
    const file = bench.home.path('policy.yaml');
    const text = readFileSync(file, 'utf8');
    const inForce = async () => (await doctor(['--only', 'policy'])).of('policy', 'in force');
    try {
      writeFileSync(file, text.replace('max: 30m', 'max: 45m'));
      expect(await inForce()).toMatchObject([{ level: 'warn', fix: expect.stringContaining('npx stint policy apply') }]);
      process.kill(one.pid, 'SIGHUP');
      const counts = async () => (await inForce()).some(({ found }) => /^this policy, .* SIGHUP to all on /.test(found));
      await until('the edit counts', counts, 60_000);
      expect(one.alive()).toBe(true);
    } finally {
      writeFileSync(file, text);
    }
  }, 180_000);
});

describe('a start that cannot succeed', () => {
  test('for a key that others can read ends before anything is made', async () => {
    const key = bench.home.path('keys', 'device-api.pem');
    const home = join(logs, 'no-home');
    chmodSync(key, 0o644);
    try {
      const ran = await stint(['all'], { ...env, STINT_HOME: home });
      expect(ran).toMatchObject({ code: 1, err: expect.stringMatching(/device-api\.pem can be read by others/) });
      expect(existsSync(home)).toBe(false);
    } finally {
      chmodSync(key, 0o600);
    }
  });

  test('for a port that is taken names it and its variable', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const ran = await stint(['device-api'], { ...env, DEVICE_API_PORT: String(port) });
    server.close();
    expect(ran).toMatchObject({ code: 1, err: expect.stringContaining(`Port ${port} (DEVICE_API_PORT) is used`) });
  });
});
