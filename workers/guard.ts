/**
 * Composes what watches over the promise in a process: the alarms with whom they are told to, the reconciler, and the
 * watch. Each works without Temporal.
 */
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { ReconcileSummary } from '../activities/reconcile.js';
import { createCards } from '../activities/slack/cards.js';
import { createPostingClient } from '../activities/slack/client.js';
import { createAwsWalk } from '../activities/targets/aws-permission-set/walk.js';
import type { Alarms } from '../contract/alarms.js';
import type { About, Store, Walk } from '../contract/ports.js';
import type { Target } from '../contract/request.js';
import { macTarget } from '../policy/macs.js';
import { parsePeople } from '../policy/people.js';
import { rulesAbout } from '../policy/rules.js';
import { callQuietly, slackSink, webhookSink } from './alarm-sinks.js';
import { type AlarmSink, createAlarms } from './alarms.js';
import type { Config } from './config.js';
import { readTextLater } from './file-text.js';
import { sweepFailedAlarm, sweptAlarm } from './grant-alarms.js';
import { awsOf, clock, peopleOf, type Targets } from './parts.js';
import { type ReconcileDeps, type Reconciled, type RunOptions, reconcileOnce } from './reconcile.js';
import type { SweepDeps } from './sweep.js';

/** The alarms of a process: its log, Slack, and the webhook where there is one. Posting is left out where it is not set up. */
export function alarmsOf(
  { alarms, posting }: Config<'alarms'> & Partial<Config<'posting'>>,
  store: Store,
  log: Logger,
): ReturnType<typeof createAlarms> {
  const sinks: AlarmSink[] = [];
  if (posting) {
    const client = createPostingClient({ token: posting.botToken.reveal(), slackApiUrl: posting.apiUrl });
    sinks.push(slackSink(createCards({ client, store, useClientMsgId: false }), alarms.channel ?? posting.approverChannel));
  }
  if (alarms.webhook) sinks.push(webhookSink(alarms.webhook));
  return createAlarms({ sinks, once: store.once, log, clock });
}

/** The call that keeps the outside watchdog quiet. */
export function beatOf({ alarms: { beat } }: Config<'alarms'>): (() => Promise<void>) | undefined {
  return beat && (() => callQuietly(fetch, beat));
}

/** Every target that somebody of the people file has, be they active or not: who left is who matters. */
export function knownTargets({ policy }: Config<'policy'>): () => Promise<readonly Target[]> {
  return async () => {
    const people = parsePeople(await readTextLater(policy.peopleFile), policy.peopleFile);
    return people.flatMap(({ macs }) => macs.map(macTarget));
  };
}

/** Who holds what in AWS, at the pairs that some rule of the policy speaks of. */
function walksOf(config: Config<'policy' | 'aws'>, store: Store): readonly Walk[] {
  const aws = awsOf(config, store);
  if (!aws) return [];
  const { policy } = peopleOf(config, store);
  const named = async () => {
    const now = await policy();
    return (about: About) => rulesAbout(now, about).length > 0;
  };
  return [createAwsWalk({ catalogue: aws.catalogue, calls: aws.calls, names: aws.identity.names, named, now: clock })];
}

/** What the sweep says, as alarms. */
export function sweepAlarm(alarms: Alarms): SweepDeps['alarm'] {
  return (sentence, grant, error) =>
    alarms.raise(error === undefined ? sweptAlarm(grant, sentence) : sweepFailedAlarm(grant, sentence, error));
}

export type Reconcile = (options: RunOptions) => Promise<Reconciled>;

/** The reconciler of a process, one run at a time: a Schedule, an operator and the watch may all ask for one. */
export function reconcilerOf(
  config: Config<'policy' | 'aws'>,
  store: Store,
  { drivers, driverOf }: Pick<Targets, 'drivers' | 'driverOf'>,
  rest: Pick<ReconcileDeps, 'alarms' | 'clock' | 'sleep'> & Pick<SweepDeps, 'swept'>,
): Reconcile {
  const { alarms, swept } = rest;
  const sweep = { alarm: sweepAlarm(alarms), ...(swept && { swept }) };
  const walks = walksOf(config, store);
  const deps: ReconcileDeps = { store, drivers, driverOf, known: knownTargets(config), walks, sweep, ...rest };
  let last: Promise<unknown> = Promise.resolve();
  return (options) => {
    const run = last.then(() => reconcileOnce(deps, options));
    last = run.catch(() => undefined);
    return run;
  };
}

/** A run in numbers. */
export function summaryOf({ looked, found, later, failures, swept }: Reconciled): ReconcileSummary {
  const removed = found.filter(({ did }) => did === 'removed').length + swept;
  const failed = found.filter(({ did }) => did === 'failed').length + failures.length;
  return { looked, found: found.length, removed, failed, later };
}

/** Whether Temporal answers now: workers that lost it go on polling into the void. */
export async function temporalAnswers({ connection }: Client): Promise<boolean> {
  try {
    await connection.withDeadline(Date.now() + 5_000, () => connection.workflowService.getSystemInfo({}));
    return true;
  } catch {
    return false;
  }
}
