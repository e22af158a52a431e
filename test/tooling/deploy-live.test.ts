/** The deployment's scripts against a real PostgreSQL and a real Temporal server. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Guarded, spawnGuarded } from '../../cli/parent-watch.js';
import { type DevServer, startDevServer } from '../../cli/temporal-server/dev-server.js';
import { findServer } from '../../cli/temporal-server/find.js';
import { freePort } from '../../cli/temporal-server/ports.js';
import { run } from '../../cli/temporal-server/run.js';
import { ROOT } from './compile.js';
import { until } from './processes.js';

const folder = mkdtempSync(join(tmpdir(), 'stint-live-'));
chmodSync(folder, 0o755); // PostgreSQL runs as another user than root
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sh = (script: string, args: readonly string[], env: NodeJS.ProcessEnv) =>
  run('sh', [join(ROOT, 'deploy', script), ...args], { timeoutMs: 60_000, env: { ...process.env, ...env } });

describe('create-namespace', () => {
  let server: DevServer | undefined;
  afterAll(() => server?.stop());

  test('makes namespace and search attributes, and finds them there the second time', async () => {
    const found = await findServer({ env: { ...process.env, TEMPORAL_ADDRESS: '' }, say: () => {} });
    if (found.kind !== 'binary') throw new Error('no binary');
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    symlinkSync(found.path, join(bin, 'temporal'));
    server = await startDevServer({ binary: found.path, logFile: join(folder, 'temporal.log') });
    const env = { PATH: `${bin}:${process.env.PATH}`, TEMPORAL_ADDRESS: server.address, HOME: folder };
    expect(await sh('create-namespace.sh', [], env)).toMatch(/Namespace stint successfully registered[\s\S]*stint is ready\n$/);
    expect(await sh('create-namespace.sh', [], env)).toBe('create-namespace: stint is ready\n');
    const args = ['operator', 'search-attribute', 'list', '--namespace', 'stint', '--address', server.address];
    const attributes = await run(found.path, args, { timeoutMs: 10_000, env });
    for (const name of ['StintState', 'StintPerson', 'StintTarget', 'StintOutcome', 'StintRule'])
      expect(attributes).toContain(name);
  });

  test('gives up with a sentence when there is no server', async () => {
    const env = {
      PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      MAX_ATTEMPTS: '1',
      HOME: folder,
    };
    await expect(sh('create-namespace.sh', [], env)).rejects.toThrow(/gave up after 1 attempts: healthy/);
  });
});

describe('postgres-init', () => {
  const home = join(folder, 'pg');
  let server: Guarded;
  let port: number;

  beforeAll(async () => {
    const bin = postgresFolder();
    mkdirSync(home);
    const as = dropRoot(home);
    execFileSync(
      as.command,
      [
        ...as.args,
        join(bin, 'initdb'),
        '-D',
        join(home, 'data'),
        '-U',
        'postgres',
        '--auth-local=trust',
        '--auth-host=scram-sha-256',
      ],
      { cwd: home },
    );
    port = await freePort();
    const args = [
      ...as.args,
      join(bin, 'postgres'),
      '-D',
      join(home, 'data'),
      '-p',
      String(port),
      '-k',
      home,
      '-c',
      'listen_addresses=127.0.0.1',
    ];
    server = await spawnGuarded(as.command, args, { cwd: home });
    await until('PostgreSQL answers', () => existsSync(join(home, `.s.PGSQL.${port}`)));
  }, 60_000);
  afterAll(() => server?.stop(5_000));

  async function connect(user: string, database: string, password?: string): Promise<string> {
    const client = new pg.Client({ host: '127.0.0.1', port, user, database, password });
    try {
      await client.connect();
      await client.query('create table mine (n int)');
      return 'in';
    } catch (error) {
      return error instanceof Error ? error.message : 'refused';
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  test('gives each role its own databases, by password only, and none of the other', async () => {
    const secrets = join(folder, 'secrets');
    await sh('make-secrets.sh', [secrets], {});
    const env = { SECRETS_DIR: secrets, PGHOST: home, PGPORT: String(port), POSTGRES_USER: 'postgres' };
    await until('it accepts connections', () =>
      sh('postgres-init.sh', [], env).then(
        () => true,
        (error) => /already exists/.test(String(error)),
      ),
    );
    const [stint, temporal] = ['stint_db_password', 'temporal_db_password'].map((name) =>
      readFileSync(join(secrets, name), 'utf8').trim(),
    );
    expect(await connect('stint', 'stint', stint)).toBe('in');
    expect(await connect('temporal', 'temporal', temporal)).toBe('in');
    expect(await connect('temporal', 'temporal_visibility', temporal)).toBe('in');
    expect(await connect('stint', 'stint', temporal)).toMatch(/password authentication failed/);
    expect(await connect('temporal', 'stint', temporal)).toMatch(/permission denied for database/);
    expect(await connect('stint', 'temporal', stint)).toMatch(/permission denied for database/);
  });

  test("the address in Stint's secret lets the driver in", async () => {
    const secret = readFileSync(join(folder, 'secrets', 'stint_database_url'), 'utf8').trim();
    const client = new pg.Client({ connectionString: secret.replace('@postgres:5432', `@127.0.0.1:${port}`) });
    await client.connect();
    expect((await client.query('select current_user as me, current_database() as here')).rows).toEqual([
      { me: 'stint', here: 'stint' },
    ]);
    await client.end();
  });
});

/** Debian keeps the server's programs off PATH. Throws, and so fails the tests, where PostgreSQL is not installed. */
function postgresFolder(): string {
  const versions = readdirSync('/usr/lib/postgresql');
  const newest = versions.map(Number).sort((a, b) => b - a)[0];
  return join('/usr/lib/postgresql', String(newest), 'bin');
}

/** PostgreSQL refuses root: as root, run it as its own user, who then owns the folder. */
function dropRoot(home: string): { command: string; args: readonly string[] } {
  if (process.getuid?.() !== 0) return { command: 'env', args: [] };
  const uid = Number(execFileSync('id', ['-u', 'postgres'], { encoding: 'utf8' }));
  chownSync(home, uid, -1);
  return { command: 'setpriv', args: ['--reuid=postgres', '--regid=postgres', '--init-groups'] };
}
