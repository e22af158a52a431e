/** A PostgreSQL cluster of the storm's own: it can be killed like any other process, and comes back with what it had. */
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../cli/temporal-server/ports.js';
import { asAdmin } from '../../ledger/postgres.js';
import { createProcess, type StormProcess } from './process.js';

export interface Cluster {
  readonly process: StormProcess;
  readonly port: number;
  readonly user: string;
  url(database: string): string;
  create(database: string): Promise<void>;
  remove(): Promise<void>;
}

const USER = 'storm';

/** Where `initdb` and `postgres` are, if anywhere. */
export function findPostgres(): string | undefined {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).map((name) => join(root, name, 'bin')) : [];
  const path = (process.env.PATH ?? '').split(':');
  return [...versions.sort().reverse(), ...path].find(
    (dir) => existsSync(join(dir, 'initdb')) && existsSync(join(dir, 'postgres')),
  );
}

/** Makes and starts one. Without fsync: what a SIGKILL leaves in the system's cache is not lost. */
export async function startCluster(bin: string, logFile: string): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'stint-storm-pg-'));
  const nobody = unprivileged();
  if (nobody) chownSync(folder, nobody.uid, nobody.gid);
  const as = (program: string, args: readonly string[]): readonly [string, ...string[]] =>
    nobody
      ? ['setpriv', `--reuid=${nobody.uid}`, `--regid=${nobody.gid}`, '--clear-groups', join(bin, program), ...args]
      : [join(bin, program), ...args];
  const data = join(folder, 'data');
  const [initdb, ...args] = as('initdb', ['-D', data, '-U', USER, '-A', 'trust', '-N', '-E', 'UTF8', '--locale=C']);
  execFileSync(initdb, args, { cwd: folder, stdio: 'ignore' });
  const port = await freePort();
  const url = (database: string) => `postgres://${USER}@127.0.0.1:${port}/${database}`;
  const options = ['listen_addresses=127.0.0.1', 'fsync=off', 'max_connections=200'].flatMap((one) => ['-c', one]);
  const [command, ...rest] = as('postgres', ['-D', data, '-p', String(port), '-k', folder, ...options]);
  const ready = () =>
    asAdmin(url('postgres'), 'select 1').then(
      () => true,
      () => false,
    );
  const process_ = createProcess({ name: 'postgres', command, args: rest, cwd: folder, logFile, ready });
  await process_.start();
  return {
    process: process_,
    port,
    user: USER,
    url,
    create: (database) => asAdmin(url('postgres'), `create database ${database}`),
    remove: async () => {
      await process_.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root. */
function unprivileged(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
