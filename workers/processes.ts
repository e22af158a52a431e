/**
 * The processes of Stint: worker, Slack app, device API, and all of them in one. Each waits for its database, answers
 * `/healthz`, stops in order, and leaves nothing running.
 */
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { StintError } from '../contract/errors.js';
import type { Store } from '../contract/ports.js';
import { serveAdmin } from './admin-socket.js';
import { awaitStore } from './await-store.js';
import { clocksOf } from './checks/areas.js';
import { requireKeys } from './checks/keys.js';
import type { Config, ConfigPart } from './config.js';
import { alarmsOf } from './guard.js';
import { serveHealth } from './health.js';
import type { Part as Running } from './keep-trying.js';
import { awsOf, clock, pause, storeOf } from './parts.js';
import { type PolicyFile, startPolicyFile } from './policy-file.js';
import { insistFreePorts, portError } from './ports.js';
import { deviceApi } from './process-device-api.js';
import { wait } from './process-part.js';
import { slackApp } from './process-slack-app.js';
import { worker } from './process-worker.js';
import { type SelfWatch, startSelfWatch } from './self-watch.js';
import { installRuntime } from './telemetry.js';
import { toolsOf } from './tools.js';

/** How long a start waits for the clocks of others, who may be down. */
const CLOCKS_MS = 3_000;

const PARTS = { worker, 'slack-app': slackApp, 'device-api': deviceApi } as const;
export type ProcessName = keyof typeof PARTS | 'all';

const COMMON: readonly ConfigPart[] = ['policy', 'oncall', 'tickets', 'seals', 'store', 'temporal', 'workspace'];

/** What each process asks of the configuration: no process holds a secret that it has no use for. */
export const NEEDS: { readonly [P in ProcessName]: readonly ConfigPart[] } = {
  worker: [...COMMON, 'posting', 'mdm', 'aws', 'alarms', 'mail'],
  'slack-app': [...COMMON, 'posting', 'slack', 'aws'],
  'device-api': [...COMMON, 'device', 'aws'],
  all: [...COMMON, 'posting', 'slack', 'mdm', 'aws', 'device', 'alarms', 'mail'],
};

/**
 * What a retry cannot mend is looked at before anything is started: keys and ports. Policy and clock do not keep a process
 * from running, since revoking needs neither, but are told.
 */
async function insist(name: ProcessName, config: Config): Promise<void> {
  const parts = NEEDS[name];
  const { seals, device } = config;
  requireKeys({ seals, ...(parts.includes('device') && { device }), parts, clock });
  await insistFreePorts(config, parts);
}

function selfWatchOf(config: Config, log: Logger): SelfWatch {
  return startSelfWatch({ policy: config.policy, clocks: clocksOf(config, clock), log, wait });
}

/** The policy of a process's file counts from here on, if it may. Those who have no settings for alarms tell the log alone. */
function policyFileOf(name: ProcessName, config: Config, store: Store, log: Logger): Promise<PolicyFile> {
  const alarms = NEEDS[name].includes('alarms') ? alarmsOf(config, store, log) : undefined;
  const { policy, tickets } = config;
  return startPolicyFile({ policy, tickets, store, name: `${name} on ${hostname()}`, clock, log, alarms, wait });
}

/** A process that runs, or waits for its database. */
export interface Process extends Running {
  /** Puts the policy file in force, if it is valid. Never throws. */
  reload(): Promise<void>;
}

/** Whether a process is ready, for `/healthz`: not before its store is there and all its parts have started. */
interface Readiness {
  why: string | undefined;
  check(): Promise<void>;
}

function createReadiness(store: () => Store | undefined): Readiness {
  const readiness: Readiness = {
    why: 'This process is starting.',
    async check() {
      if (readiness.why !== undefined) throw new StintError('not-ready', readiness.why);
      await store()?.ping();
    },
  };
  return readiness;
}

/** The embedded store is not waited for: a folder that is another process's stays so. */
function openStoreOf(config: Config, log: Logger, stopped: AbortSignal, readiness: Readiness): Promise<Store | undefined> {
  if (config.store.kind === 'pglite') return storeOf(config);
  const waiting = (sentence: string) => {
    readiness.why = sentence;
  };
  return awaitStore({ open: () => storeOf(config), log, clock, stopped, waiting });
}

/**
 * Starts one process. Waits for a PostgreSQL that is down, until `stopped`; the answer is then a process with nothing in it.
 * What was already started is stopped again when a later part fails.
 */
export async function startProcess(
  name: ProcessName,
  config: Config,
  log: Logger,
  stopped: AbortSignal = new AbortController().signal,
): Promise<Process> {
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const one of stops.reverse())
      await one().catch((error: unknown) => log.error({ err: error }, 'a part did not stop cleanly'));
    stops.length = 0;
  };
  try {
    await insist(name, config);
    const watch = selfWatchOf(config, log);
    stops.push(async () => watch.stop());
    stops.push(installRuntime(log, config.metricsPort));
    const runs: Running[] = [];
    let store: Store | undefined;
    const readiness = createReadiness(() => store);
    let policyFile: PolicyFile | undefined;
    const warnings = () => [...watch.troubles(), ...[policyFile, ...runs].flatMap((run) => run?.trouble?.() ?? [])];
    const reload = async () => policyFile?.reload();
    if (config.healthPort !== undefined) {
      const health = await serveHealth(config.healthPort, readiness.check, warnings);
      stops.push(() => health.close());
    }
    const opened = await openStoreOf(config, log, stopped, readiness);
    if (!opened) return { stop, reload };
    store = opened;
    stops.push(() => opened.close());
    policyFile = await policyFileOf(name, config, opened, log);
    stops.push(async () => policyFile?.stop());
    const aws = NEEDS[name].includes('aws') ? awsOf(config, store) : undefined;
    if (aws) {
      aws.start((sentence) => log.warn({ why: sentence }, 'what there is in AWS cannot all be read'));
      stops.push(async () => aws.close());
    }
    // Nothing is swept, ended or answered by a clock that could have been compared and was not yet.
    await Promise.race([watch.looked(), pause(CLOCKS_MS)]);
    if (config.store.kind === 'pglite') {
      const admin = await serveAdmin(config.home, store, toolsOf(NEEDS[name], config, store, log, watch));
      stops.push(() => admin.close());
    }
    for (const part of name === 'all' ? [worker, deviceApi, slackApp] : [PARTS[name]]) {
      const running = await part(config, store, log, watch);
      runs.push(running);
      stops.push(running.stop);
    }
    readiness.why = undefined;
    return { stop, reload };
  } catch (error) {
    await stop();
    throw portError(error);
  }
}
