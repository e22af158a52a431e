/**
 * The worker as a part of a process: it polls Temporal, and beside that runs the loops that keep the promise without it: the
 * sweep, the follow-ups, the reconciler and the watch.
 */
import type { Logger } from 'pino';
import { forgetPainted, isOutdated, isPainted, paintCard } from '../activities/notices.js';
import { createReconcileDuties } from '../activities/reconcile.js';
import type { RequestId } from '../contract/ids.js';
import type { Store } from '../contract/ports.js';
import type { ElevationView } from '../contract/view.js';
import { passedOver, reviewersOf } from '../policy/reviewers.js';
import { readTrustedKeys } from '../seal/trusted-file.js';
import { createTurns } from './alarm-turns.js';
import { createBlindWatch } from './blind-watch.js';
import { bundleFolder, workflowBundle } from './bundle.js';
import type { Config } from './config.js';
import { startFollowUps } from './followups.js';
import { withPulse } from './grant-pulse.js';
import { alarmsOf, beatOf, reconcilerOf, summaryOf, sweepAlarm, temporalAnswers } from './guard.js';
import { createKeyRecord } from './key-record.js';
import {
  clock,
  dutiesOf,
  mailerOf,
  noticesOf,
  type People,
  pause,
  peopleOf,
  type Targets,
  targetsOf,
  temporalClient,
  temporalOptions,
} from './parts.js';
import { type Polling, startPolling } from './poll.js';
import { fitClockOf, type StartPart, wait } from './process-part.js';
import { createPulse, type Pulse } from './pulse.js';
import { repairCard } from './repair-card.js';
import { createReviewMails, type ReviewMailDeps } from './review-ways.js';
import { createReviews } from './reviews.js';
import { type SelfWatch, withFitClock } from './self-watch.js';
import { type Sweep, startSweep } from './sweep.js';
import { createTellOthers } from './tell-others.js';
import { createWatch, type Watch } from './watch.js';

/** How long a start waits for the first poll; a Temporal that is down is waited for in the background. */
const FIRST_POLL_MS = 10_000;

/** What the pieces of a worker share. */
interface Bench {
  readonly config: Config;
  readonly store: Store;
  readonly log: Logger;
  readonly people: People;
  readonly targets: Targets;
  readonly alarms: ReturnType<typeof alarmsOf>;
  readonly notices: ReturnType<typeof noticesOf>;
  readonly pulse: Pulse;
  /** A clock that is far off would end what still runs, or leave what is over: what ends past a workflow goes by the others then. */
  readonly fitClock: () => number;
  readonly repair: (requestId: RequestId) => Promise<void>;
  /** Whether the card was last painted as this view. */
  readonly shows: (view: ElevationView) => Promise<boolean>;
  /** `repair`, for those who must not fail by it. */
  readonly swept: (requestId: RequestId) => Promise<void>;
}

export const worker: StartPart = async (config, store, log, watch) => {
  const bundle = await workflowBundle(bundleFolder);
  const bench = benchOf(config, store, log, watch);
  const sweep = sweepOf(bench);
  const reconcile = reconcileOf(bench);
  const followUps = followUpsOf(bench);
  const polling = pollingOf(bench, watch, bundle, reconcile);
  const client = temporalClient(config);
  const polls = async () => polling.polls() && temporalAnswers(client);
  const guard = guardOf(bench, { polls, sweptAt: sweep.ranAt, reconcile });
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

function benchOf(config: Config, store: Store, log: Logger, watch: SelfWatch): Bench {
  const fitClock = fitClockOf(watch);
  const people = peopleOf(config, store);
  const alarms = alarmsOf(config, store, log);
  const notices = noticesOf(config, store, people.directory, { log, alarms });
  const repair = (requestId: RequestId) => repairCard(store, notices, requestId);
  return {
    config,
    store,
    log,
    people,
    targets: targetsOf(config, store, fitClock),
    alarms,
    notices,
    pulse: createPulse(clock),
    fitClock,
    repair,
    shows: (view) => isPainted(notices, view),
    swept: (requestId) =>
      repair(requestId).catch((error: unknown) => log.warn({ err: error, requestId }, 'a card could not be drawn again')),
  };
}

function sweepOf({ store, log, targets, alarms, fitClock, swept }: Bench): Sweep {
  const say = sweepAlarm(alarms);
  return startSweep({
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
}

type Reconcile = () => Promise<ReturnType<typeof summaryOf>>;

function reconcileOf({ config, store, log, targets, alarms, fitClock, swept }: Bench): Reconcile {
  const reconcile = reconcilerOf(config, store, targets, { alarms, clock: fitClock, sleep: wait, swept });
  const blind = createBlindWatch({ alarms, clock });
  return async () => {
    const result = await reconcile({ dryRun: false });
    for (const failure of result.failures) log.warn({ ...failure }, 'The reconciler could not ask this.');
    blind(result);
    return summaryOf(result);
  };
}

function followUpsOf(bench: Bench): ReturnType<typeof startFollowUps> {
  const { config, store, log, targets, alarms, notices, people, fitClock, repair, shows } = bench;
  const mailer = mailerOf(config);
  return startFollowUps({
    store,
    driverOf: targets.driverOf,
    client: temporalClient(config),
    peopleFile: config.policy.peopleFile,
    repair,
    forget: (view) => forgetPainted(notices, view),
    lookAgain: notices.cards.lookAgain,
    shows,
    outdated: (view) => isOutdated(notices, view),
    paint: (view) => paintCard(notices, view),
    tellOthers: createTellOthers({
      store,
      directory: people.directory,
      cards: notices.cards,
      mail: mailer?.send,
      turns: createTurns(store.once, clock),
      alarms,
      clock,
    }),
    reviews: reviewsOf(bench, mailer?.send),
    recordKeys: createKeyRecord({
      sealKeys: store.sealKeys,
      read: () => readTrustedKeys(config.seals.trustedKeysFile),
      clock,
    }),
    clock: fitClock,
    wait,
    alarms,
    log,
  });
}

function reviewsOf({ store, people, notices, log }: Bench, mail: ReviewMailDeps['mail'] | undefined): () => Promise<void> {
  const known = { policies: store.policies, grants: store.fence, directory: people.directory };
  const reviewers = (view: ElevationView) => reviewersOf(known, view);
  const failed = ({ request }: ElevationView, error: unknown) =>
    log.warn({ err: error, requestId: request.requestId }, 'Of a break-glass somebody could not be told; it is tried again.');
  const { teamId } = notices;
  return createReviews({
    store,
    notices,
    passedOver: (view) => passedOver(known, view),
    reviewers,
    mails: mail && createReviewMails({ mail, turns: createTurns(store.once, clock), teamId, reviewers, clock, failed }),
    clock,
    failed,
  });
}

function pollingOf(
  { config, store, log, people, targets, notices, pulse, fitClock }: Bench,
  watch: SelfWatch,
  bundle: Awaited<ReturnType<typeof workflowBundle>>,
  reconcile: Reconcile,
): Polling {
  const duties = dutiesOf(config, store, people, targets, notices, fitClock);
  return startPolling({
    options: temporalOptions(config),
    namespace: config.temporal.namespace,
    bundle,
    duties: {
      ...duties,
      grant: withPulse(withFitClock(duties.grant, watch), pulse),
      reconcile: createReconcileDuties(reconcile),
    },
    pulse,
    reconcileEveryMs: config.alarms.reconcileEveryMs,
    log,
    wait: pause,
  });
}

function guardOf(
  { config, store, log, alarms, pulse, fitClock, shows }: Bench,
  seen: Pick<Parameters<typeof createWatch>[0], 'polls' | 'sweptAt' | 'reconcile'>,
): Watch {
  const beat = beatOf(config);
  return createWatch({
    store,
    alarms,
    pulse,
    isPainted: async (requestId) => {
      const row = await store.ledger.find(requestId);
      return row !== undefined && shows(row.view);
    },
    ...seen,
    ...(beat && { beat }),
    reconcileEveryMs: config.alarms.reconcileEveryMs,
    clock: fitClock,
    wait,
    failed: (error, what) => log.warn({ err: error }, `The watch could not look after ${what}.`),
  });
}
