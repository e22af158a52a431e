/** Starts a Temporal dev server from a CLI binary and says when it serves; it ends with this process. */
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { StintError } from '../../contract/errors.js';
import { type Exit, type Guarded, spawnGuarded } from '../parent-watch.js';
import type { Part } from '../supervisor.js';
import { freePort, insistFree } from './ports.js';
import { lastWords } from './run.js';

export interface DevServerOptions {
  readonly binary: string;
  /** Port of the gRPC service; 0 or nothing lets the system choose. */
  readonly port?: number;
  /** Port of the Web UI; nothing means no UI, 0 lets the system choose. */
  readonly uiPort?: number;
  /** SQLite file that keeps the executions; in memory when absent. */
  readonly dbFilename?: string;
  readonly namespace?: string;
  readonly searchAttributes?: Readonly<Record<string, 'Keyword'>>;
  /**
   * Per-workflow time skipping. For tests only: anyone who can write to such a server could fast-forward a grant.
   */
  readonly timeSkipping?: boolean;
  /** The server's output is appended here. */
  readonly logFile: string;
  /** How long to wait until it serves. */
  readonly startMs?: number;
  /** How the options are called where the person typed them, for the sentence about a port in use. */
  readonly optionNames?: { readonly port: string; readonly uiPort: string };
}

export interface DevServer {
  readonly address: string;
  readonly uiUrl?: string;
  /** The server's own process. */
  readonly pid: number;
  /** Ends it, and settles when it has ended. */
  stop(): Promise<void>;
  /** Settles when it ended, whoever ended it. */
  readonly exited: Promise<Exit>;
  /** Calls back once when it ended, whoever ended it. */
  onExit(listener: (exit: Exit) => void): void;
}

const TRIES = 4;

/**
 * Start a dev server and wait until it serves.
 * @throws StintError `port-used` when a port that was asked for is taken; `no-server` when it does not come up
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const names = options.optionNames ?? { port: '--temporal-port', uiPort: '--temporal-ui-port' };
  if (options.port) await insistFree(options.port, 'the Temporal server', names.port);
  if (options.uiPort) await insistFree(options.uiPort, 'the Temporal Web UI', names.uiPort);
  // The server picks further ports by itself (metrics, HTTP, membership), and so may we: somebody else can be quicker.
  for (let left = TRIES; ; left--) {
    try {
      return await startOnce(options);
    } catch (error) {
      if (left <= 1 || !/address already in use/.test(String(error))) throw error;
    }
  }
}

async function startOnce(options: DevServerOptions): Promise<DevServer> {
  const port = options.port || (await freePort());
  const uiPort = options.uiPort === 0 ? await freePort() : options.uiPort;
  const log = openSync(options.logFile, 'a', 0o600);
  const server = await spawnGuarded(options.binary, devServerArgs({ ...options, port, uiPort }), { output: log });
  closeSync(log);
  const address = `127.0.0.1:${port}`;
  try {
    await untilServing(server, address, options);
  } catch (error) {
    await server.stop(1_000);
    throw error;
  }
  return {
    address,
    ...(uiPort === undefined ? {} : { uiUrl: `http://127.0.0.1:${uiPort}` }),
    pid: server.pid,
    stop: () => server.stop(5_000),
    exited: server.exited,
    onExit: (listener) => void server.exited.then(listener),
  };
}

/** The command line, as a pure function of the options. */
export function devServerArgs(
  options: Omit<DevServerOptions, 'binary' | 'logFile'> & { readonly port: number },
): readonly string[] {
  const dynamic = {
    'frontend.enableServerVersionCheck': false,
    'system.forceSearchAttributesCacheRefreshOnRead': true,
    // From the fourth worker that dies with the same task on, the server waits longer before another gets it: up to 10 minutes
    // by default (temporal/common/dynamicconfig/constants.go, 1.32). A revoke may be what waits.
    'history.workflowTaskRetryMaxInterval': '"5s"',
    ...(options.timeSkipping ? { 'frontend.WorkflowTimeSkippingEnabled': true } : {}),
  };
  const ui = options.uiPort === undefined ? ['--headless'] : ['--ui-port', String(options.uiPort), '--ui-disable-news-fetch'];
  return [
    'server',
    'start-dev',
    ...['--ip', '127.0.0.1', '--port', String(options.port)],
    ...ui,
    ...(options.dbFilename ? ['--db-filename', options.dbFilename] : []),
    ...['--namespace', options.namespace ?? 'default'],
    ...Object.entries(options.searchAttributes ?? {}).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
    ...Object.entries(dynamic).flatMap(([key, value]) => ['--dynamic-config-value', `${key}=${value}`]),
    ...['--log-level', 'error'],
  ];
}

async function untilServing(server: Guarded, address: string, options: DevServerOptions): Promise<void> {
  const deadline = Date.now() + (options.startMs ?? 30_000);
  while (Date.now() < deadline) {
    const serving = await isServing(address, options.namespace ?? 'default');
    // The order matters: a stranger on this port can answer while our own server has given up.
    if (!server.alive()) throw await gaveUp(options.logFile);
    if (serving) return;
    await sleep(100);
  }
  throw new StintError('no-server', `The Temporal server at ${address} did not come up in time. Its log: ${options.logFile}`);
}

async function gaveUp(logFile: string): Promise<StintError> {
  const log = (await readFile(logFile, 'utf8').catch(() => '')).slice(-4_096);
  return new StintError('no-server', `The Temporal server ended at once: ${lastWords(log)} (log: ${logFile})`);
}

const SERVING = 1;

/** Whether a server answers, says SERVING, and knows the namespace. */
export async function isServing(address: string, namespace: string): Promise<boolean> {
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ address, connectTimeout: 1_000 });
    const health = await connection.healthService.check({ service: 'temporal.api.workflowservice.v1.WorkflowService' });
    if (health.status !== SERVING) return false;
    await connection.workflowService.describeNamespace({ namespace });
    return true;
  } catch {
    return false;
  } finally {
    await connection?.close();
  }
}

/** The dev server as a part of a supervisor: with `dbFilename` it comes back with all it knew. */
export function devServerPart(options: DevServerOptions & { readonly port: number }): Part {
  return {
    name: 'temporal',
    command: options.binary,
    args: devServerArgs(options),
    logFile: options.logFile,
    ready: () => isServing(`127.0.0.1:${options.port}`, options.namespace ?? 'default'),
    readyMs: options.startMs,
  };
}
