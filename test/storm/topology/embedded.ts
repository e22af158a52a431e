/** The embedded topology: `stint all` on PGlite and Temporal's dev server on a file, as the demo runs them. */
import { awsEnv, type DemoHome, demoEnv } from '../../../cli/demo/home.js';
import type { DemoPorts } from '../../../cli/demo/world.js';
import { devServerPart } from '../../../cli/temporal-server/dev-server.js';
import { findServer } from '../../../cli/temporal-server/find.js';
import { freePort } from '../../../cli/temporal-server/ports.js';
import { SEARCH_ATTRIBUTES } from '../../../contract/queues.js';
import { askSocket } from '../../../workers/admin-socket.js';
import { PROGRAM } from '../../e2e/built.js';
import { CONTACT_GRACE_S, type FarEnds } from '../far/ends.js';
import { answers, createProcess } from './process.js';
import type { Topology } from './topology.js';

export interface Places {
  readonly home: DemoHome;
  readonly deviceApiPort: number;
  readonly far: FarEnds;
}

/** Starts everything and resolves when it is healthy. */
export async function startEmbedded({ home, deviceApiPort, far }: Places): Promise<Topology> {
  const { TEMPORAL_ADDRESS: _, ...env } = process.env;
  const found = await findServer({ env, say: () => undefined });
  if (found.kind !== 'binary') throw new Error('the storm starts its own Temporal server');
  const [temporalPort, health] = [await freePort(), await freePort()];
  const server = devServerPart({
    binary: found.path,
    port: temporalPort,
    dbFilename: home.path('temporal', 'temporal.db'),
    searchAttributes: Object.fromEntries(SEARCH_ATTRIBUTES.map((name) => [name, 'Keyword' as const])),
    logFile: home.path('logs', 'temporal.log'),
  });
  const temporal = createProcess({ ...server, ready: server.ready ?? (async () => true) });
  await temporal.start();
  const stint = createProcess({
    name: 'stint',
    command: process.execPath,
    args: [PROGRAM, 'all'],
    env: productEnv(home, far, { deviceApiPort, temporalPort, health }),
    logFile: home.path('logs', 'stint.log'),
    ready: () => answers(`http://127.0.0.1:${health}/healthz`),
  });
  await stint.start();
  return {
    processes: new Map([stint, temporal].map((p) => [p.name, p])),
    temporalAddress: `127.0.0.1:${temporalPort}`,
    temporalCli: found.path,
    ask: askSocket(home.folder),
    cliEnv: { STINT_HOME: home.folder },
    close: async () => {
      await stint.stop();
      await temporal.stop();
    },
  };
}

export interface ProductPorts {
  readonly deviceApiPort: number;
  readonly temporalPort: number;
  readonly health: number;
}

/** The demo's environment with the storm's far ends in it. */
export function productEnv(home: DemoHome, far: FarEnds, ports: ProductPorts): NodeJS.ProcessEnv {
  const aws = far.cloud && Number(new URL(far.cloud.aws.url).port);
  const demo: DemoPorts = {
    page: aws ?? 0,
    slack: Number(new URL(far.slack.url).port),
    mdm: Number(new URL(far.mdm.url).port),
    deviceApi: ports.deviceApiPort,
    temporal: ports.temporalPort,
    temporalUi: 0,
    health: ports.health,
    macs: [],
    aws: aws ?? 0,
  };
  const storm = { SLACK_ADMINS: '', STINT_CONTACT_GRACE: `${CONTACT_GRACE_S}s`, STINT_LOG_LEVEL: 'info' };
  return { ...demoEnv(home, demo), ...(aws !== undefined && awsEnv(demo)), ...storm };
}
