/**
 * The processes of Stint: worker, Slack app, device API, and all of them in one. Each answers `/healthz`, stops in
 * order, and leaves nothing running.
 */
import type { Logger } from 'pino';
import { type NoticeDeps, paintCard } from '../activities/notices.js';
import { createReconcileDuties } from '../activities/reconcile.js';
import type { RequestId } from '../contract/ids.js';
import type { Store } from '../contract/ports.js';
import { createContactWatch } from '../device/api/contact-watch.js';
import { createDeviceApi } from '../device/api/server.js';
import { createPreview } from '../policy/preview.js';
import { createSlackApp } from '../slack-app/app.js';
import { serveAdmin } from './admin-socket.js';
import { bundleFolder, workflowBundle } from './bundle.js';
import { clocksOf } from './checks/areas.js';
import { requireKeys } from './checks/keys.js';
import type { Config, ConfigPart } from './config.js';
import { startFollowUps } from './followups.js';
import { alarmsOf, beatOf, reconcilerOf, summaryOf, sweepAlarm, temporalAnswers } from './guard.js';
import { serveHealth } from './health.js';
import { keepTrying, type Part as Running } from './keep-trying.js';
import {
  clock,
  dutiesOf,
  gateOf,
  noticesOf,
  pause,
  peopleOf,
  replyKeyOf,
  storeOf,
  targetsOf,
  temporalClient,
  temporalOptions,
} from './parts.js';
import { startPolling } from './poll.js';
import { insistFreePorts, portError } from './ports.js';
import { createPulse } from './pulse.js';
import type { Tools } from './questions.js';
import { type SelfWatch, startSelfWatch, withFitClock } from './self-watch.js';
import { slackAppConfig } from './slack-config.js';
import { startSweep } from './sweep.js';
import { installRuntime } from './telemetry.js';
import { createWatch } from './watch.js';

type Part = (config: Config, store: Store, log: Logger, watch: SelfWatch) => Promise<Running>;

/** How long a start waits for the first poll; a Temporal that is down is waited for in the background. */
const FIRST_POLL_MS = 10_000;
/** How long a start waits for the clocks of others, who may be down. */
const CLOCKS_MS = 3_000;
/** Like `pause`, but does not keep a process alive that has nothing else to do. */
const wait = (ms: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, ms).unref();
  });

/** This computer's clock, corrected where it is so far off that it must not be used. */
const fitClockOf = (watch: Pick<SelfWatch, 'clockOffMs'>) => () => clock() - watch.clockOffMs();

const worker: Part = async (config, store, log, watch) => {
  const people = peopleOf(config);
  // A clock that is far off would end what still runs, or leave what is over: what ends past a workflow goes by the others then.
  const fitClock = fitClockOf(watch);
  const targets = targetsOf(config, store, fitClock);
  const notices = noticesOf(config, store, people.directory);
  const bundle = await workflowBundle(bundleFolder);
  const alarms = alarmsOf(config, store, log);
  const swept = (requestId: RequestId) =>
    repairCard(store, notices, requestId).catch((error: unknown) =>
      log.warn({ err: error, requestId }, 'a card could not be drawn again'),
    );
  const say = sweepAlarm(alarms);
  const sweep = startSweep({
    store,
    driverOf: targets.driverOf,
    clock: fitClock,
    sleep: wait,
    alarm: (sentence, grant, error) => {
      if (error !== undefined) log.error({ requestId: grant.requestId, target: grant.targetKey, err: error }, sentence);
      say(sentence, grant, error);
    },
    swept,
    failed: (error) => log.warn({ err: error }, 'The overdue sweep could not read the store.'),
  });
  const reconcile = reconcilerOf(config, store, targets, { alarms, clock: fitClock, sleep: wait, swept });
  const run = async () => {
    const result = await reconcile({ dryRun: false });
    for (const failure of result.failures) log.warn({ ...failure }, 'The reconciler could not ask this.');
    return summaryOf(result);
  };
  const pulse = createPulse(clock);
  const followUps = startFollowUps({
    store,
    driverOf: targets.driverOf,
    client: temporalClient(config),
    peopleFile: config.policy.peopleFile,
    repair: (requestId) => repairCard(store, notices, requestId),
    clock: fitClock,
    wait,
    alarms,
    log,
  });
  const duties = dutiesOf(config, store, people, targets, fitClock);
  const polling = startPolling({
    options: temporalOptions(config),
    namespace: config.temporal.namespace,
    bundle,
    duties: { ...duties, grant: withFitClock(duties.grant, watch), reconcile: createReconcileDuties(run) },
    pulse,
    reconcileEveryMs: config.alarms.reconcileEveryMs,
    log,
    wait: pause,
  });
  const beat = beatOf(config);
  const client = temporalClient(config);
  const guard = createWatch({
    store,
    alarms,
    pulse,
    polls: async () => polling.polls() && temporalAnswers(client),
    sweptAt: sweep.ranAt,
    ...(beat && { beat }),
    reconcile: run,
    reconcileEveryMs: config.alarms.reconcileEveryMs,
    clock: fitClock,
    wait,
    failed: (error, what) => log.warn({ err: error }, `The watch could not look after ${what}.`),
  });
  guard.start();
  await Promise.race([polling.started, wait(FIRST_POLL_MS)]);
  return {
    trouble: polling.trouble,
    stop: async () => {
      guard.stop();
      sweep.stop();
      await followUps.stop();
      await polling.stop();
      await client.connection.close();
    },
  };
};

/** Draws the card of a closed elevation anew. While a run lives, its painter is the card's only writer. */
async function repairCard(store: Store, notices: NoticeDeps, requestId: RequestId): Promise<void> {
  const row = await store.ledger.find(requestId);
  if (row?.view.state === 'closed') await paintCard(notices, row.view);
}

const slackApp: Part = (config, store, log) => keepTrying('The Slack app', () => startSlackApp(config, store, log), log);

async function startSlackApp(config: Config, store: Store, log: Logger): Promise<Running> {
  const { slack, posting } = config;
  const people = peopleOf(config);
  const client = temporalClient(config);
  const notices = noticesOf(config, store, people.directory);
  const app = await createSlackApp({
    config: slackAppConfig(posting, slack),
    store,
    gate: gateOf(config, client, store, 'slack-app', 'slack'),
    directory: people.directory,
    preview: createPreview({ ...people, clock }),
    repairCard: (requestId) => repairCard(store, notices, requestId),
    clock,
    random: Math.random,
    logger: log,
  });
  await app.start();
  log.info({ mode: slack.mode }, 'Slack app listens');
  return {
    stop: async () => {
      await app.stop();
      await client.connection.close();
    },
  };
}

const deviceApi: Part = async (config, store, log, self) => {
  const { device } = config;
  const people = peopleOf(config);
  const client = temporalClient(config);
  const gate = gateOf(config, client, store, 'device-api', 'device');
  const preview = createPreview({ ...people, clock });
  // Reports are compared with grant calls of other processes: a clock that is far off would prove what was not there yet.
  const fitClock = fitClockOf(self);
  const api = await createDeviceApi({
    store,
    gate,
    directory: people.directory,
    preview: async (personId, target) => {
      const person = await people.directory.person(personId);
      const offers = person ? await preview.targetsFor(person) : [];
      const offer = offers.find((one) => one.target.key === target.key);
      return offer
        ? { ok: true, windowsMs: offer.windowsMs }
        : { ok: false, sentence: 'The policy does not let you ask for this Mac.' };
    },
    replyKey: replyKeyOf(config),
    ...(device.authorities.length > 0 && { authorities: device.authorities }),
    ...(device.trustProxy && { trustProxy: device.trustProxy }),
    clock: fitClock,
    contactGraceMs: config.contactGraceMs,
    logger: log,
    random: Math.random,
  });
  const watch = createContactWatch({ store, gate, clock: fitClock, graceMs: config.contactGraceMs, logger: log });
  await api.listen({ host: device.host, port: device.port });
  watch.start();
  log.info({ port: device.port }, 'device API listens');
  return {
    stop: async () => {
      watch.stop();
      await api.close();
      await client.connection.close();
    },
  };
};

const PARTS = { worker, 'slack-app': slackApp, 'device-api': deviceApi } as const;
export type ProcessName = keyof typeof PARTS | 'all';

const COMMON: readonly ConfigPart[] = ['policy', 'seals', 'store', 'temporal'];

/** What each process asks of the configuration: no process holds a secret that it has no use for. */
export const NEEDS: { readonly [P in ProcessName]: readonly ConfigPart[] } = {
  worker: [...COMMON, 'posting', 'mdm', 'alarms'],
  'slack-app': [...COMMON, 'posting', 'slack'],
  'device-api': [...COMMON, 'device'],
  all: [...COMMON, 'posting', 'slack', 'mdm', 'device', 'alarms'],
};

/** With the MDM's settings the command line can have an access ended here while Temporal is down. */
export function toolsOf(
  name: ProcessName,
  config: Config,
  store: Store,
  log: Logger,
  watch: Pick<SelfWatch, 'clockOffMs'>,
): Tools {
  // What an operator ends or reconciles must not go by a clock that is far off, either.
  const fitClock = fitClockOf(watch);
  if (!NEEDS[name].includes('mdm')) return { clock: fitClock };
  const targets = targetsOf(config, store, fitClock);
  const { driverOf } = targets;
  const alarms = alarmsOf(config, store, log);
  const reconcile = reconcilerOf(config, store, targets, { alarms, clock: fitClock, sleep: wait });
  return { clock: fitClock, targets: () => ({ driverOf, sleep: wait }), reconcile: () => reconcile };
}

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

/** Starts one process. What was already started is stopped again when a later part fails. */
export async function startProcess(name: ProcessName, config: Config, log: Logger): Promise<Running> {
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
    const store = await storeOf(config);
    stops.push(() => store.close());
    // Nothing is swept, ended or answered by a clock that could have been compared and was not yet.
    await Promise.race([watch.looked, pause(CLOCKS_MS)]);
    if (config.store.kind === 'pglite') {
      const admin = await serveAdmin(config.home, store, toolsOf(name, config, store, log, watch));
      stops.push(() => admin.close());
    }
    const parts = name === 'all' ? [worker, deviceApi, slackApp] : [PARTS[name]];
    const runs: Running[] = [];
    for (const part of parts) {
      const running = await part(config, store, log, watch);
      runs.push(running);
      stops.push(running.stop);
    }
    const warnings = () => [...watch.troubles(), ...runs.flatMap((run) => run.trouble?.() ?? [])];
    if (config.healthPort !== undefined) {
      const health = await serveHealth(config.healthPort, () => store.ping(), warnings);
      stops.push(() => health.close());
    }
    return { stop };
  } catch (error) {
    await stop();
    throw portError(error);
  }
}
