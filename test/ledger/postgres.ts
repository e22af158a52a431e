/**
 * A real PostgreSQL server for tests: its own cluster in a temporary folder, on a free port, run as an unprivileged user
 * because PostgreSQL refuses root. Other tests may use it too.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { until } from '../tooling/processes.js';

export interface PostgresServer {
  /** Makes a new, empty database and answers its URL. */
  database(): Promise<string>;
  /** Stops at once, as a crash would. The port and the folder stay its own. */
  crash(): Promise<void>;
  start(): Promise<void>;
  /** The server's first process, whose children are the others; 0 while it is stopped. */
  pid(): number;
  /** Stops for good and removes the folder. */
  remove(): Promise<void>;
}

/**
 * Whether there are binaries of PostgreSQL here. Without them a CI run fails, and any other says loudly that a layer of
 * tests is left out.
 */
export function havePostgres(): boolean {
  if (findBinaries()) return true;
  if (process.env.CI) throw new Error('PostgreSQL is not installed, and CI must test on it.');
  process.stderr.write(
    '\n*** PostgreSQL is not installed: every test on it is SKIPPED. Install it (initdb, postgres) to run them. ***\n',
  );
  return false;
}

/** Makes a cluster and starts it. */
export async function startPostgres(): Promise<PostgresServer> {
  const bin = findBinaries();
  if (!bin) throw new Error('PostgreSQL is not installed');
  const folder = await mkdtemp(join(tmpdir(), 'stint-pg-'));
  const user = unprivileged();
  if (user) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'stint', '-A', 'trust', '-N', '-E', 'UTF8', '--locale=C'], {
    ...user,
    cwd: folder,
  });
  const port = await freePort();
  const urlOf = (name: string) => `postgres://stint@127.0.0.1:${port}/${name}`;
  let server: ChildProcess | undefined;
  process.once('exit', () => server?.kill('SIGQUIT'));
  const start = async () => {
    const args = ['-D', data, '-p', String(port), '-k', folder, '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off'];
    server = spawn(join(bin, 'postgres'), args, { ...user, cwd: folder, stdio: 'ignore' });
    await until('PostgreSQL answers', () => answers(urlOf('postgres')), 30_000);
  };
  const crash = async () => {
    const running = server;
    if (!running || running.exitCode !== null) return;
    const exited = new Promise((done) => running.once('exit', done));
    running.kill('SIGQUIT');
    await exited;
  };
  await start();
  let count = 0;
  return {
    async database() {
      count += 1;
      await asAdmin(urlOf('postgres'), `create database stint_${count}`);
      return urlOf(`stint_${count}`);
    },
    start,
    crash,
    pid: () => (server?.exitCode === null ? (server.pid ?? 0) : 0),
    async remove() {
      await crash();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Runs one statement over a connection of its own. */
export async function asAdmin(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

async function answers(url: string): Promise<boolean> {
  return asAdmin(url, 'select 1').then(
    () => true,
    () => false,
  );
}

function findBinaries(): string | undefined {
  const roots = ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt'].filter(existsSync);
  const versions = roots.flatMap((root) => readdirSync(root).map((name) => join(root, name, 'bin')));
  const path = (process.env.PATH ?? '').split(':');
  return [...versions.sort().reverse(), ...path].find(
    (dir) => existsSync(join(dir, 'initdb')) && existsSync(join(dir, 'postgres')),
  );
}

function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const probe = createServer().once('error', failed);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => (address && typeof address === 'object' ? done(address.port) : failed(new Error('no port'))));
    });
  });
}
