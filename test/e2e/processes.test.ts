/**
 * The topology of a deployment without containers: a real PostgreSQL, a Temporal server, and Stint's three processes, each
 * with exactly the command, the settings and the secrets that docker-compose.yml gives it, against the stand-ins.
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type DemoHome, demoEnv, openHome } from '../../cli/demo/home.js';
import { createSight } from '../../cli/demo/sight.js';
import { type StandIns, startStandIns } from '../../cli/demo/standins.js';
import { PEOPLE, portsFrom } from '../../cli/demo/world.js';
import { type Guarded, spawnGuarded } from '../../cli/parent-watch.js';
import { type DevServer, startDevServer } from '../../cli/temporal-server/dev-server.js';
import { findServer } from '../../cli/temporal-server/find.js';
import { freePort } from '../../cli/temporal-server/ports.js';
import { SEARCH_ATTRIBUTES } from '../../contract/queues.js';
import { openStore } from '../../ledger/store.js';
import { askStore } from '../../workers/questions.js';
import { havePostgres, type PostgresServer, startPostgres } from '../ledger/postgres.js';
import { until } from '../tooling/processes.js';
import { createActs } from './acts.js';
import { build, PROGRAM, ROOT, stint } from './built.js';
import { cleanUp, freeBase, tempFolder } from './demo.js';

interface Service {
  readonly command: readonly string[];
  readonly environment: Record<string, string>;
  readonly secrets: readonly string[];
}
const compose = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
  services: Record<string, Service>;
};
const NAMES = ['worker', 'slack-app', 'device-api'] as const;
type Name = (typeof NAMES)[number];

const dir = tempFolder('processes');
const running: Partial<Record<Name, Guarded>> = {};
let postgres: PostgresServer;
let temporal: DevServer;
let standIns: StandIns;
let home: DemoHome;
let ports: ReturnType<typeof portsFrom>;
let databaseUrl = '';

/** Where each secret of the compose file comes from in this test. */
function secretSource(name: string): string {
  if (name === 'stint_database_url') return join(dir, 'database-url');
  // Nobody here uses these: the files are there, and empty.
  if (['pagerduty_token', 'ticket_authorization', 'smtp_password'].includes(name)) return '/dev/null';
  if (name.endsWith('.pem')) return home.path('keys', name);
  return home.path('secrets', name.replace('slack_', '').replace('_', '-'));
}

/** A container's environment, moved from its own paths and names to those of this test. */
function environmentOf(name: Name, healthPort: number): NodeJS.ProcessEnv {
  const { environment, secrets } = compose.services[name] as Service;
  const mine = join(dir, `secrets-${name}`);
  mkdirSync(mine, { recursive: true, mode: 0o700 });
  for (const secret of secrets) writeFileSync(join(mine, secret), readFileSync(secretSource(secret)), { mode: 0o600 });
  const places: Record<string, string> = {
    '/etc/stint': join(dir, 'config'),
    '/run/secrets': mine,
    '/tmp/stint': join(dir, `home-${name}`),
  };
  const moved = Object.entries(environment).map(([key, value]) => [
    key,
    value.replace(/^\/(etc\/stint|run\/secrets|tmp\/stint)/, (path) => places[path] ?? path),
  ]);
  return {
    PATH: process.env.PATH,
    ...Object.fromEntries(moved),
    TEMPORAL_ADDRESS: temporal.address,
    STINT_HEALTH_PORT: String(healthPort),
    ...(name === 'device-api' && { DEVICE_API_HOST: '127.0.0.1', DEVICE_API_PORT: String(ports.deviceApi) }),
  };
}

/** What docker-compose.yml leaves to stint.yaml, taken from the demo: no secret is among it. */
function writeConfig(): void {
  const config = join(dir, 'config');
  mkdirSync(config);
  for (const file of ['policy.yaml', 'people.yaml', 'trusted-keys.json']) copyFileSync(home.path(file), join(config, file));
  const wanted = /^(SLACK|MDM|DEVICE_API_AUTHORITIES|STINT_ALLOW_INSECURE)/;
  const settings = Object.entries(demoEnv(home, ports)).filter(([key]) => wanted.test(key) && !key.endsWith('_FILE'));
  writeFileSync(join(config, 'stint.yaml'), JSON.stringify(Object.fromEntries(settings)));
}

async function start(name: Name, healthPort: number): Promise<void> {
  const { command } = compose.services[name] as Service;
  let said = '';
  const process_ = await spawnGuarded(process.execPath, [PROGRAM, ...command], {
    cwd: dir,
    env: environmentOf(name, healthPort),
    output: 'pipe',
  });
  for (const stream of [process_.child.stdout, process_.child.stderr])
    stream?.on('data', (chunk) => {
      said += chunk;
    });
  running[name] = process_;
  const healthy = async () => {
    if (!process_.alive()) throw new Error(`${name} ended:\n${said}`);
    const answer = await fetch(`http://127.0.0.1:${healthPort}/healthz`).catch(() => undefined);
    return answer?.ok ?? false;
  };
  await until(`${name} is healthy`, healthy, 40_000);
}

describe.skipIf(!havePostgres())('three processes, PostgreSQL and a Temporal server', () => {
  beforeAll(async () => {
    await build();
    ports = portsFrom(await freeBase());
    home = openHome(join(dir, 'far-ends'), false);
    const { TEMPORAL_ADDRESS: _, ...env } = process.env;
    const found = await findServer({ env, say: () => undefined });
    if (found.kind !== 'binary') throw new Error('a test starts its own server');
    [postgres, temporal, standIns] = await Promise.all([
      startPostgres(),
      startDevServer({
        binary: found.path,
        port: ports.temporal,
        namespace: compose.services.worker?.environment.TEMPORAL_NAMESPACE ?? '',
        searchAttributes: Object.fromEntries(SEARCH_ATTRIBUTES.map((name) => [name, 'Keyword' as const])),
        logFile: join(dir, 'temporal.log'),
      }),
      startStandIns(home, ports),
    ]);
    databaseUrl = await postgres.database();
    writeFileSync(join(dir, 'database-url'), `${databaseUrl}\n`, { mode: 0o600 });
    writeConfig();
    // At once, as compose does: migrations of three processes meet.
    const health = await Promise.all(NAMES.map(() => freePort()));
    await Promise.all(NAMES.map((name, i) => start(name, health[i] ?? 0)));
  }, 120_000);

  afterAll(async () => {
    await Promise.all(NAMES.map((name) => running[name]?.stop(15_000)));
    await standIns?.close();
    await temporal?.stop();
    await postgres?.remove();
    await cleanUp();
  }, 60_000);

  test('each runs the command of the compose file and holds no private key but its own', () => {
    for (const name of NAMES) {
      const { command, secrets } = compose.services[name] as Service;
      expect(command).toEqual([name]);
      const keys = secrets.filter((secret) => secret.endsWith('.pem') && secret !== 'reply.pem');
      expect(keys.map((key) => basename(key, '.pem'))).toEqual(name === 'worker' ? [] : [name]);
    }
  });

  test('a whole elevation, watched over the database', async () => {
    const env = { DATABASE_URL_FILE: join(dir, 'database-url') };
    for (const { mac } of PEOPLE) {
      if (!mac) continue;
      const key = standIns.macs.find((one) => one.serial === mac.serial)?.publicKeyPem ?? '';
      writeFileSync(join(dir, `${mac.serial}.pem`), key);
      const args = ['device', 'register', '--serial', mac.serial, '--public-key', join(dir, `${mac.serial}.pem`), '--json'];
      expect(JSON.parse((await stint(args, env)).out)).toEqual({ keyId: expect.stringMatching(/^[0-9a-f]{16}$/) });
    }
    const store = await openStore({ databaseUrl, clock: Date.now });
    try {
      const acts = createActs({ sight: createSight(`http://127.0.0.1:${ports.page}`), ask: askStore(store), ports });
      const asked = await acts.elevate('ada', 30_000);
      await acts.approve('grace', asked, 30_000);
      await acts.becomesAdmin('ada', 45_000);
      await acts.macAct('ada', 'sudo', { user: 'ada', command: '/usr/bin/true' });
      await acts.isNoAdmin('ada', 45_000);
      const closed = await acts.reaches(asked.requestId, 'closed', 60_000);
      expect(closed).toMatchObject({ outcome: 'expired', evidence: { complete: true } });
      expect((await acts.card(asked)).text).toContain('Ended. Access gone');
      const listed = JSON.parse((await stint(['list', '--json'], env)).out) as readonly unknown[];
      expect(listed).toHaveLength(1);
      expect((await stint(['show', asked.requestId.slice(0, 8)], env)).out).toContain('closed (expired)');
      expect(JSON.parse((await stint(['ledger', 'verify', '--json'], env)).out)).toMatchObject({ ok: true });
    } finally {
      await store.close();
    }
  });

  test('SIGTERM ends each of them cleanly', async () => {
    for (const name of NAMES) {
      const one = running[name];
      if (!one) throw new Error(`${name} does not run`);
      process.kill(one.pid, 'SIGTERM');
      expect(await one.exited, name).toEqual({ code: 0, signal: null });
    }
  });
});
