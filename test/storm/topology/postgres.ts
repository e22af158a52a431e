/**
 * The production topology without containers: PostgreSQL, Temporal's real server on it, and worker, Slack app and device API
 * as processes of their own.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { findServer } from '../../../cli/temporal-server/find.js';
import { freePort } from '../../../cli/temporal-server/ports.js';
import { openStore } from '../../../ledger/store.js';
import { askStore } from '../../../workers/questions.js';
import { PROGRAM } from '../../e2e/built.js';
import { findPostgres, startCluster } from './cluster.js';
import { type Places, productEnv } from './embedded.js';
import { answers, createProcess } from './process.js';
import { findServerPrograms, startServer } from './server.js';
import type { Skipped, Topology } from './topology.js';

const NAMES = ['worker', 'slack-app', 'device-api'] as const;

/** Starts everything and resolves when it is healthy, or says what is missing and how to get it. */
export async function startPostgresTopology(places: Places): Promise<Topology | Skipped> {
  const { home, deviceApiPort, far } = places;
  const { TEMPORAL_ADDRESS: _, ...env } = process.env;
  const bin = findPostgres();
  if (!bin) return { skipped: 'PostgreSQL is not installed (initdb, postgres): the production topology was not tried.' };
  const programs = findServerPrograms(env);
  if (!programs)
    return {
      skipped:
        "Temporal's server is not there: sh test/storm/topology/temporal-server.sh gets it. The production topology was not tried.",
    };
  const found = await findServer({ env, say: () => undefined });
  if (found.kind !== 'binary') throw new Error('the storm starts its own Temporal server');

  const cluster = await startCluster(bin, home.path('logs', 'postgres.log'));
  const temporal = await startServer(programs, found.path, cluster, home.folder);
  await cluster.create('stint');
  const databaseUrl = cluster.url('stint');
  writeFileSync(home.path('secrets', 'database-url'), databaseUrl, { mode: 0o600 });
  const own = await Promise.all(
    NAMES.map(async (name) => {
      const health = await freePort();
      mkdirSync(home.path('homes', name), { recursive: true, mode: 0o700 });
      return createProcess({
        name,
        command: process.execPath,
        args: [PROGRAM, name],
        env: {
          ...productEnv(home, far, { deviceApiPort, temporalPort: temporal.port, health }),
          STINT_HOME: home.path('homes', name),
          DATABASE_URL_FILE: home.path('secrets', 'database-url'),
        },
        logFile: home.path('logs', `${name}.log`),
        ready: () => answers(`http://127.0.0.1:${health}/healthz`),
      });
    }),
  );
  // At once, as compose does: the migrations of three processes meet.
  await Promise.all(own.map((process) => process.start()));
  const store = await openStore({ databaseUrl, clock: Date.now });
  return {
    processes: new Map([...own, temporal.process, cluster.process].map((process) => [process.name, process])),
    temporalAddress: `127.0.0.1:${temporal.port}`,
    temporalCli: found.path,
    ask: askStore(store),
    cliEnv: { DATABASE_URL_FILE: home.path('secrets', 'database-url') },
    close: async () => {
      await store.close();
      await Promise.all(own.map((process) => process.stop()));
      await temporal.process.stop();
      await cluster.remove();
    },
  };
}
