/**
 * One Stint to measure, with everything around it: a real Temporal server, `stint all` as its own process on an embedded
 * store, and the stand-ins of Slack, the MDM and, where it is measured, AWS in this process, without latency or limits. Each group starts its own.
 */
import { createPublicKey, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { awsEnv, type DemoHome, demoEnv, openHome } from '../../../cli/demo/home.js';
import { AWS_REGION } from '../../../cli/demo/organisation.js';
import { TAGS } from '../../../cli/demo/world.js';
import { type Guarded, spawnGuarded } from '../../../cli/parent-watch.js';
import { type DevServer, startDevServer } from '../../../cli/temporal-server/dev-server.js';
import { findServer } from '../../../cli/temporal-server/find.js';
import { freePort } from '../../../cli/temporal-server/ports.js';
import { type Digest, type RequestId, workflowIdOf } from '../../../contract/ids.js';
import { SEARCH_ATTRIBUTES } from '../../../contract/queues.js';
import { openStore } from '../../../ledger/store.js';
import { createSealer, type Seal } from '../../../seal/envelope.js';
import { readSealKey } from '../../../seal/key-files.js';
import {
  type IdentityCenterStandIn,
  type OrganizationSeed,
  type Settings,
  startIdentityCenter,
} from '../../../sim/identity-center/index.js';
import { type MdmStandIn, startMdm } from '../../../sim/mdm/server.js';
import { type SlackSim, startSlack } from '../../../sim/slack/index.js';
import { askSocket } from '../../../workers/admin-socket.js';
import { type Ask, askStore, type Shown } from '../../../workers/questions.js';
import { startPostgres } from '../../ledger/postgres.js';
import type { Topology } from '../metric.js';
import { pooled } from '../pace.js';
import { BenchMac } from './bench-mac.js';
import { type Program, program } from './process.js';
import { APPROVERS, type Fleet, type Owner, ownersOf, peopleText, policyText, slackSeed } from './world.js';

export interface RigOptions {
  readonly fleets: readonly Fleet[];
  /** Owners whose Macs the group starts by itself. */
  readonly own?: (owner: Owner) => boolean;
  /** AWS: its organisation, how it behaves, and the one window of its rule. */
  readonly aws?: {
    readonly seed: (owners: readonly Owner[]) => OrganizationSeed;
    readonly settings: Partial<Settings>;
    readonly windowS: number;
  };
  /** Temporal keeps its executions in a file, so that it can be killed. */
  readonly durable?: boolean;
  /** A PostgreSQL, and Stint as three processes; without it one process with an embedded store. */
  readonly databaseUrl?: string;
  /** Where the store is asked when it is a PostgreSQL. */
  readonly ask?: Ask;
  /** `postgres`: a PostgreSQL of the rig's own, where none is named. */
  readonly topology?: Topology;
  readonly say: (line: string) => void;
}

export interface Rig {
  readonly folder: string;
  readonly home: DemoHome;
  readonly client: Client;
  readonly slack: SlackSim;
  readonly mdm: MdmStandIn;
  readonly aws?: IdentityCenterStandIn;
  readonly ask: Ask;
  readonly macs: readonly BenchMac[];
  readonly owners: readonly Owner[];
  readonly deviceUrl: string;
  /** `all`; or worker, Slack app and device API. */
  readonly programs: { readonly [name: string]: Program };
  readonly temporalAddress: string;
  temporalPid(): number;
  /** The first process of the rig's own PostgreSQL; absent where the store is embedded, or not the rig's own. */
  readonly storePid?: () => number;
  killTemporal(): Promise<void>;
  startTemporal(): Promise<void>;
  shown(id: RequestId): Promise<Shown>;
  /** Sends a sealed approval of the first approver. Answers when it was sent, in ms since 1970. */
  approve(id: RequestId, digest: Digest, windowS: number): Promise<number>;
  revoke(id: RequestId, digest: Digest): Promise<number>;
  /** The worker of the floors, on the same Temporal server. */
  startBare(): Promise<void>;
  close(): Promise<void>;
}

export async function startRig(options: RigOptions): Promise<Rig> {
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (const one of closers.splice(0).reverse()) await one();
  };
  try {
    return await build(options, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

/** A PostgreSQL for this rig alone. */
async function ownDatabase(closers: (() => unknown)[]) {
  const postgres = await startPostgres();
  closers.push(() => postgres.remove());
  const databaseUrl = await postgres.database();
  const store = await openStore({ databaseUrl, clock: () => Date.now() });
  closers.push(() => store.close());
  return { databaseUrl, ask: askStore(store), storePid: postgres.pid };
}

async function build(given: RigOptions, closers: (() => unknown)[], close: () => Promise<void>): Promise<Rig> {
  const needsOne = given.topology === 'postgres' && given.databaseUrl === undefined;
  const own = needsOne ? await ownDatabase(closers) : undefined;
  const options: RigOptions = { ...given, ...own };
  const { fleets, say } = options;
  const owners = ownersOf(fleets);
  const folder = mkdtempSync(join(tmpdir(), 'stint-bench-'));
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.once('exit', remove); // after Ctrl-C too
  closers.push(remove);
  mkdirSync(join(folder, 'home'));
  writeFileSync(join(folder, 'home', 'policy.yaml'), policyText(fleets, options.aws?.windowS));
  writeFileSync(join(folder, 'home', 'people.yaml'), peopleText(owners));
  const home = openHome(join(folder, 'home'), false);

  const slack = await startSlack({ mode: 'socket', seed: slackSeed(owners, home.secret), settings: { shareDelayMs: 0 } });
  closers.push(() => slack.close());
  const mdm = await startMdm({
    token: home.secret('mdm-token'),
    tags: [TAGS.elevate, TAGS.collect],
    hourlyLimit: 100_000_000,
    devices: owners.map(({ serial, user }) => ({ deviceId: `dev-${serial}`, serial, name: `mac-${user}`, tags: [] })),
  });
  closers.push(() => mdm.close());

  const { aws: wanted } = options;
  const aws = wanted && (await startIdentityCenter({ ...wanted, seed: wanted.seed(owners), region: AWS_REGION }));
  closers.push(() => aws?.close());

  const temporal = await temporalServer(folder, options.durable ?? false, say);
  closers.push(() => temporal.stop());
  const deviceApi = await freePort();
  const address = `127.0.0.1:${temporal.port}`;
  const client = new Client({ connection: Connection.lazy({ address }) });
  closers.push(() => client.connection.close());

  const ports = {
    page: 0,
    slack: portOf(slack.url),
    mdm: portOf(mdm.url),
    deviceApi,
    temporal: temporal.port,
    temporalUi: 0,
    health: 0,
    macs: [],
    aws: aws ? portOf(aws.url) : 0,
  };
  const env = {
    ...demoEnv(home, ports),
    ...(aws && awsEnv(ports)),
    STINT_LOG_LEVEL: 'warn',
    DEVICE_API_TRUST_PROXY: '127.0.0.1',
    DATABASE_URL: options.databaseUrl,
  };
  const programs = await startPrograms(folder, env, options.databaseUrl !== undefined);
  closers.push(() => Promise.all(Object.values(programs).map((one) => one.stop())));

  const ask = options.ask ?? askSocket(home.folder);
  const serverKey = createPublicKey(home.replyPublicKey);
  const deviceUrl = `http://127.0.0.1:${deviceApi}`;
  const macs = owners.flatMap((owner, i) => (options.own?.(owner) ? [] : [new BenchMac(owner, i, deviceUrl, serverKey)]));
  await pooled(macs, 16, (mac) =>
    ask({ ask: 'register-device', serial: mac.owner.serial, publicKey: mac.publicKey, operator: 'bench' }),
  );

  const key = readSealKey(home.path('keys'), 'slack-app');
  const seal: Seal = createSealer({ sender: 'slack-app', ...key, clock: () => Date.now(), random: randomBytes });
  const send = async (
    kind: 'approve' | 'revoke',
    id: RequestId,
    digest: Digest,
    body: { windowMs: number } | Record<string, never>,
  ) => {
    const actor = { personId: APPROVERS[0]?.person } as Parameters<Seal>[4];
    const envelope = seal(kind, id, digest, body, actor, 'slack');
    const at = Date.now();
    await client.workflow.getHandle(workflowIdOf(id)).signal(kind, envelope);
    return at;
  };
  return {
    folder,
    home,
    client,
    slack,
    mdm,
    ...(aws && { aws }),
    ask,
    macs,
    owners,
    deviceUrl,
    programs,
    temporalAddress: address,
    temporalPid: temporal.pid,
    ...(own && { storePid: own.storePid }),
    killTemporal: temporal.kill,
    startTemporal: temporal.start,
    shown: (id) => ask<Shown>({ ask: 'show', id }),
    approve: (id, digest, windowS) => send('approve', id, digest, { windowMs: windowS * 1000 }),
    revoke: (id, digest) => send('revoke', id, digest, {}),
    startBare: async () => {
      const bare = await startBareWorker(address);
      closers.push(() => bare.stop());
    },
    close,
  };
}

const portOf = (url: string): number => Number(new URL(url).port);

async function temporalServer(folder: string, durable: boolean, say: (line: string) => void) {
  const { TEMPORAL_ADDRESS: _, ...env } = process.env; // a bench starts its own server and loads no other
  const found = await findServer({ env, say });
  if (found.kind !== 'binary') throw new TypeError('a bench has its own server');
  const port = await freePort();
  const start = () =>
    startDevServer({
      binary: found.path,
      port,
      searchAttributes: Object.fromEntries(SEARCH_ATTRIBUTES.map((name) => [name, 'Keyword' as const])),
      ...(durable && { dbFilename: join(folder, 'temporal.db') }),
      logFile: join(folder, 'temporal.log'),
    });
  let server: DevServer = await start();
  return {
    port,
    pid: () => server.pid,
    kill: async () => {
      process.kill(server.pid, 'SIGKILL');
      await server.exited;
    },
    start: async () => {
      server = await start();
    },
    stop: () => server.stop(),
  };
}

async function startPrograms(folder: string, env: NodeJS.ProcessEnv, apart: boolean): Promise<Record<string, Program>> {
  const programs: Record<string, Program> = {};
  for (const command of apart ? ['worker', 'device-api', 'slack-app'] : ['all']) {
    const health = await freePort();
    const one = program({
      command,
      env: { ...env, STINT_HEALTH_PORT: String(health) },
      logFile: join(folder, `${command}.log`),
      healthUrl: `http://127.0.0.1:${health}/healthz`,
    });
    programs[command] = one;
    await one.start();
  }
  return programs;
}

function startBareWorker(address: string): Promise<Guarded> {
  const worker = new URL('../bare/worker.ts', import.meta.url).pathname;
  return spawnGuarded(process.execPath, ['--import', import.meta.resolve('tsx'), worker, address], { output: 2 });
}
