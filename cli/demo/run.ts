/** The demo from the first line to Ctrl-C: checks ports, starts the parts in order, registers the Macs, says what to do. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StintError } from '../../contract/errors.js';
import { SEARCH_ATTRIBUTES } from '../../contract/queues.js';
import { lockFolder } from '../../ledger/folder-lock.js';
import { parsePolicy } from '../../policy/load.js';
import { askSocket } from '../../workers/admin-socket.js';
import { readText } from '../../workers/file-text.js';
import { operatorName } from '../ask.js';
import { createSupervisor, type Part, type Supervisor, stopOnSignals } from '../supervisor.js';
import { devServerPart } from '../temporal-server/dev-server.js';
import { findServer } from '../temporal-server/find.js';
import { insistFree } from '../temporal-server/ports.js';
import { followPolicy } from './follow-policy.js';
import { awsEnv, type DemoHome, demoEnv, openHome } from './home.js';
import { runScript, type Story } from './script.js';
import { type DemoPorts, PEOPLE, portsFrom } from './world.js';

export interface RunOptions {
  readonly port: number;
  readonly dir: string;
  readonly fresh?: boolean;
  /** The story that is told without a person. */
  readonly script?: Story;
  readonly json?: boolean;
  readonly temporal?: string;
}

const main = fileURLToPath(new URL('../main.js', import.meta.url));

/** Runs the demo. Resolves when it was stopped; with `script` the exit code tells how it went. */
export async function runDemo(options: RunOptions): Promise<void> {
  const begun = Date.now();
  const say = (line: string) => process.stderr.write(`${((Date.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
  const ports = portsFrom(options.port);
  await checkPorts(ports);
  const folder = resolve(options.dir);
  const unlock = await lockFolder(folder); // before anything is touched: the stand-ins' files have no lock of their own
  try {
    await runIn(openHome(folder, options.fresh ?? false), ports, options, begun, say);
  } finally {
    await unlock();
  }
}

async function runIn(
  home: DemoHome,
  ports: DemoPorts,
  options: RunOptions,
  begun: number,
  say: (line: string) => void,
): Promise<void> {
  const policyFile = home.path('policy.yaml');
  parsePolicy(readText(policyFile), policyFile); // said before anything is started, with its line
  const supervisor = createSupervisor({ say });
  const stopping = stopOnSignals(supervisor, say);
  let unfollow = () => {};
  try {
    await bringUp(supervisor, home, ports, options, say);
    unfollow = followPolicy({ file: policyFile, ask: askSocket(home.folder), operator: operatorName(), say });
    if (options.script)
      process.exitCode = await runScript({ story: options.script, ports, home, say, json: options.json ?? false });
    else say(welcome(ports, home, begun));
  } catch (error) {
    const wanted = stopped(supervisor);
    await supervisor.stop();
    if (!wanted) throw error;
  }
  if (options.script) await supervisor.stop();
  await stopping;
  unfollow();
}

function stopped(supervisor: Supervisor): boolean {
  return supervisor.pids().size === 0;
}

/** Every port is looked at before anything starts, so that a clash is named with the option that moves them all. */
async function checkPorts(ports: DemoPorts): Promise<void> {
  const names: readonly (readonly [string, number])[] = [
    ['the demo page', ports.page],
    ["Slack's stand-in", ports.slack],
    ["the MDM's stand-in", ports.mdm],
    ["AWS's stand-in", ports.aws],
    ['the device API', ports.deviceApi],
    ['the Temporal server', ports.temporal],
    ['the Temporal Web UI', ports.temporalUi],
    ['the health answer', ports.health],
    ...ports.macs.map((port, i) => [`Mac ${i + 1}`, port] as const),
  ];
  for (const [what, port] of names) await insistFree(port, what, '--port');
}

async function bringUp(
  supervisor: Supervisor,
  home: DemoHome,
  ports: DemoPorts,
  options: RunOptions,
  say: (line: string) => void,
): Promise<void> {
  const { TEMPORAL_ADDRESS: _, ...env } = process.env; // the demo starts its own server and touches no other
  const [server] = await Promise.all([
    findServer({ env, say, ...(options.temporal && { path: options.temporal }) }),
    supervisor.start(standInsPart(home, ports, options)),
  ]);
  say('stand-ins for Slack, the MDM, AWS and three Macs are up');
  if (server.kind !== 'binary') throw new TypeError('a demo has its own server');
  const attributes = Object.fromEntries(SEARCH_ATTRIBUTES.map((name) => [name, 'Keyword' as const]));
  await supervisor.start(
    devServerPart({
      binary: server.path,
      port: ports.temporal,
      uiPort: ports.temporalUi,
      dbFilename: home.path('temporal', 'temporal.db'),
      searchAttributes: attributes,
      logFile: home.path('logs', 'temporal.log'),
    }),
  );
  say('Temporal is up');
  const stint = stintPart(home, ports);
  const before = logOf(stint).length;
  await supervisor.start(stint).catch((error: unknown) => {
    throw startFailed(logOf(stint).slice(before), stint.logFile) ?? error;
  });
  await registerMacs(home, ports);
  say('Stint is up');
}

function standInsPart(home: DemoHome, ports: DemoPorts, options: RunOptions): Part {
  return {
    name: 'stand-ins',
    command: process.execPath,
    args: [main, 'demo-standins', '--port', String(options.port), '--dir', home.folder],
    logFile: home.path('logs', 'stand-ins.log'),
    ready: () => answers(`http://127.0.0.1:${ports.page}/demo/info`),
  };
}

/** Exactly what a deployment runs: `stint all` and its environment. */
function stintPart(home: DemoHome, ports: DemoPorts): Part {
  return {
    name: 'stint',
    command: process.execPath,
    args: [main, 'all'],
    env: { ...demoEnv(home, ports), ...awsEnv(ports) },
    logFile: home.path('logs', 'stint.log'),
    ready: () => answers(`http://127.0.0.1:${ports.health}/healthz`),
    readyMs: 60_000,
  };
}

/** A part that refuses to start has said why, as a sentence: that is no bug of the demo. */
function startFailed(said: string, logFile: string): StintError | undefined {
  const words = /^stint: ((?!this is a bug).+)/ms.exec(said)?.[1]?.trim();
  return words ? new StintError('bad-config', `Stint did not start. ${words}\nIts log: ${logFile}`) : undefined;
}

function logOf({ logFile }: Part): string {
  return existsSync(logFile) ? readFileSync(logFile, 'utf8') : '';
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
  return response?.ok ?? false;
}

/** Until enrolment is a feature, the demo makes the keys of its Macs known by itself. */
async function registerMacs(home: DemoHome, ports: DemoPorts): Promise<void> {
  const ask = askSocket(home.folder);
  const serials = PEOPLE.flatMap((p) => (p.mac ? [p.mac.serial] : []));
  for (const serial of serials) {
    const response = await fetch(`http://127.0.0.1:${ports.page}/demo/key/${serial}`);
    const { publicKey } = (await response.json()) as { publicKey: string };
    await ask({ ask: 'register-device', serial, publicKey, operator: operatorName() });
  }
}

function welcome(ports: DemoPorts, home: DemoHome, begun: number): string {
  return `ready after ${((Date.now() - begun) / 1000).toFixed(1)} s

  Open this page       http://127.0.0.1:${ports.page}
  Temporal Web UI      http://127.0.0.1:${ports.temporalUi}
  Device API           http://127.0.0.1:${ports.deviceApi}/openapi.json

  1. On the page you are Ada. Type /elevate in her Slack, find her Mac, choose 30 seconds, say why, and send.
  2. Become Grace and press Approve. Ada's Mac makes her an administrator, and only then the clock starts.
  3. Run something with sudo on Ada's Mac, then watch the warning, the end, and the log in the thread.
  4. /elevate again, and type "sandbox power": the same for an account in AWS.
  5. Or from a terminal: STINT_SERVER_URL=http://127.0.0.1:${ports.deviceApi} npx stint request aws --help

  Data and logs        ${home.folder}   (--fresh forgets them)
  Ctrl-C stops everything.`;
}
