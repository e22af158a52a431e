/** Temporal's real server on PostgreSQL: its schema, its configuration, and the namespace that Stint works in. */
import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { isServing } from '../../../cli/temporal-server/dev-server.js';
import { cacheFolder } from '../../../cli/temporal-server/find.js';
import { freePort, insistFree } from '../../../cli/temporal-server/ports.js';
import { SEARCH_ATTRIBUTES } from '../../../contract/queues.js';
import type { Cluster } from './cluster.js';
import { createProcess, type StormProcess } from './process.js';

const VERSION = '1.32.0';
/** What a deployment tells the server. */
const DEPLOYED = new URL('../../../deploy/temporal-dynamic.yaml', import.meta.url);
const run = promisify(execFile);

export interface ServerPrograms {
  readonly server: string;
  readonly sql: string;
}

/** What `temporal-server.sh` has put into the cache, or undefined. */
export function findServerPrograms(env: NodeJS.ProcessEnv): ServerPrograms | undefined {
  const folder = join(cacheFolder(env, process.platform), `temporal-server-${VERSION}`);
  const found = { server: join(folder, 'server'), sql: join(folder, 'sql') };
  return existsSync(found.server) && existsSync(found.sql) ? found : undefined;
}

/** Sets up the databases and starts the server; the namespace is there when it resolves. */
export async function startServer(
  programs: ServerPrograms,
  cli: string,
  cluster: Cluster,
  folder: string,
): Promise<{ readonly process: StormProcess; readonly port: number }> {
  await schema(programs.sql, cluster);
  const ports = {
    frontend: await freePort(),
    http: await freePort(),
    history: await freePort(),
    matching: await freePort(),
    worker: await freePort(),
  };
  const config = join(folder, 'temporal-server.yaml');
  const dynamic = join(folder, 'temporal-dynamic.yaml');
  writeFileSync(
    dynamic,
    `${readFileSync(DEPLOYED, 'utf8')}system.forceSearchAttributesCacheRefreshOnRead: [{ value: true }]\nfrontend.enableServerVersionCheck: [{ value: false }]\n`,
  );
  writeFileSync(config, JSON.stringify(configuration(cluster, ports, await membershipPorts(), dynamic)));
  const address = `127.0.0.1:${ports.frontend}`;
  const named = { done: false };
  const process_ = createProcess({
    name: 'temporal',
    command: programs.server,
    args: ['--config-file', config, '--allow-no-auth', 'start'],
    logFile: join(folder, 'logs', 'temporal.log'),
    ready: async () => {
      if (!named.done) named.done = await nameSpace(cli, address);
      return isServing(address, 'default');
    },
  });
  await process_.start();
  return { process: process_, port: ports.frontend };
}

async function schema(sql: string, { port, user }: Cluster): Promise<void> {
  const at = ['--plugin', 'postgres12', '--ep', '127.0.0.1', '-p', String(port), '-u', user, '--pw', 'none'];
  for (const [database, name] of [
    ['temporal', 'temporal'],
    ['temporal_visibility', 'visibility'],
  ] as const) {
    await run(sql, [...at, '--db', database, 'create']);
    await run(sql, [...at, '--db', database, 'setup-schema', '-v', '0.0']);
    await run(sql, [...at, '--db', database, 'update-schema', '--schema-name', `postgresql/v12/${name}`]);
  }
}

/** PostgreSQL keeps these in a smallint: above 32767 the server never comes up. */
async function membershipPorts(): Promise<readonly number[]> {
  for (;;) {
    const first = randomInt(10_000, 32_000);
    const four = [first, first + 1, first + 2, first + 3];
    const free = await Promise.allSettled(four.map((port) => insistFree(port, 'the Temporal server', '')));
    if (free.every(({ status }) => status === 'fulfilled')) return four;
  }
}

type Ports = Readonly<Record<'frontend' | 'http' | 'history' | 'matching' | 'worker', number>>;

/** JSON is YAML too. */
function configuration(cluster: Cluster, ports: Ports, membership: readonly number[], dynamic: string): object {
  const store = (databaseName: string, maxConns: number) => ({
    sql: {
      pluginName: 'postgres12',
      databaseName,
      connectAddr: `127.0.0.1:${cluster.port}`,
      connectProtocol: 'tcp',
      user: cluster.user,
      password: 'none',
      maxConns,
      maxIdleConns: maxConns,
      maxConnLifetime: '1h',
    },
  });
  const rpc = (grpcPort: number, n: number, more = {}) => ({
    rpc: { grpcPort, membershipPort: membership[n], bindOnLocalHost: true, ...more },
  });
  return {
    log: { stdout: true, level: 'error' },
    persistence: {
      defaultStore: 'd',
      visibilityStore: 'v',
      numHistoryShards: 4,
      datastores: { d: store('temporal', 20), v: store('temporal_visibility', 10) },
    },
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' } },
    services: {
      frontend: rpc(ports.frontend, 0, { httpPort: ports.http }),
      matching: rpc(ports.matching, 1),
      history: rpc(ports.history, 2),
      worker: rpc(ports.worker, 3),
    },
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: { enabled: true, initialFailoverVersion: 1, rpcName: 'frontend', rpcAddress: `127.0.0.1:${ports.frontend}` },
      },
    },
    dcRedirectionPolicy: { policy: 'noop' },
    dynamicConfigClient: { filepath: dynamic, pollInterval: '10s' },
  };
}

/** Makes the namespace and its search attributes; false while the server does not answer. */
async function nameSpace(cli: string, address: string): Promise<boolean> {
  const at = ['--address', address];
  try {
    await run(cli, ['operator', 'namespace', 'create', '-n', 'default', '--retention', '72h', ...at], { timeout: 10_000 }).catch(
      existing,
    );
    for (const name of SEARCH_ATTRIBUTES)
      await run(cli, ['operator', 'search-attribute', 'create', '--name', name, '--type', 'Keyword', ...at], {
        timeout: 10_000,
      }).catch(existing);
    return true;
  } catch {
    await sleep(300);
    return false;
  }
}

function existing(error: unknown): void {
  if (!/already/i.test(String((error as { stderr?: string }).stderr ?? error))) throw error;
}
