/**
 * The watch: a plain loop in each worker process, without Temporal, that tells people what is not as it should be, and
 * calls the dead-man's beat only while everything that keeps the promise is at work here. Silence is then noticed outside.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Alarms } from '../contract/alarms.js';
import { StintError } from '../contract/errors.js';
import type { AnyEvent } from '../contract/events.js';
import { instant, msOf, type RequestId } from '../contract/ids.js';
import type { Store } from '../contract/ports.js';
import { failedGrants } from './failed-grants.js';
import type { Pulse } from './pulse.js';
import { toldAgain } from './told-again.js';
import {
  backlogAlarm,
  createRefusalCount,
  downAlarm,
  evidenceAlarm,
  FAILING_MS,
  floodGrowth,
  HEARD,
  isFlood,
  minutesOf,
  pendingAlarm,
  type Times,
  troubleAlarm,
  WAITING_MS,
} from './watch-alarms.js';

export interface WatchDeps {
  readonly store: Pick<Store, 'fence' | 'ledger' | 'once' | 'ping'>;
  readonly alarms: Alarms;
  readonly pulse: Pulse;
  /** Whether the card of an elevation shows what the read model says. */
  readonly isPainted: (requestId: RequestId) => Promise<boolean>;
  /** Whether the workers of this process poll, and Temporal answers. Never throws. */
  readonly polls: () => Promise<boolean>;
  /** When the sweep last came through, in milliseconds since 1970. */
  readonly sweptAt: () => number | undefined;
  /** Calls the outside watchdog. Absent: there is none. */
  readonly beat?: () => Promise<void>;
  /** Runs the reconciler here, because nobody has run it for long. */
  readonly reconcile: () => Promise<unknown>;
  readonly reconcileEveryMs: number;
  readonly clock: () => number;
  readonly wait: (ms: number) => Promise<void>;
  readonly failed: (error: unknown, what: string) => void;
}

const EVERY_MS = 15_000;
/** Of the beat, and of the question whether the reconciler still runs. */
const BEAT_MS = 60_000;
const PING_MS = 5_000;
/** A sweep that has not come through for so long is stuck: one round takes well under a minute. */
const SWEEP_LATE_MS = 3 * 60_000;
/** The Schedule runs the reconciler; when nobody did for so many of its turns, this process does. */
const TURNS_MISSED = 3;

export interface Watch {
  /** One round. Never throws. */
  tick(): Promise<void>;
  start(): void;
  stop(): void;
}

/** Everything that the watch remembers between two rounds. */
export function createWatch(deps: WatchDeps): Watch {
  const { store, alarms, pulse, clock } = deps;
  const refusals = createRefusalCount();
  const begunMs = clock();
  let storeSince = begunMs;
  let storeUp = false;
  let polling = false;
  let polledAt = begunMs;
  let beatAt = Number.NEGATIVE_INFINITY;
  let askedAt = Number.NEGATIVE_INFINITY;
  let cursor: number | undefined;
  let reconciling: Promise<unknown> | undefined;
  let stopped = false;

  const lookAtStore = async () => {
    storeUp = await answers(store);
    if (storeUp) storeSince = clock();
    const silentMs = clock() - storeSince;
    if (silentMs >= FAILING_MS) alarms.raise(storeDown({ sinceMs: storeSince, nowMs: clock() }));
  };
  const lookAtGrants = async () => {
    for (const grant of await store.fence.overdue(instant(clock()))) {
      const alarm = pendingAlarm(grant, clock());
      if (alarm) alarms.raise(alarm);
    }
  };
  const lookAtNews = async () => {
    const { events, upTo } = await store.ledger.news(cursor, HEARD);
    const told = [...(await toldAgain(store, events, clock())), ...(await failedGrants(store, events, clock()))];
    const growths = await floodsOf(store.ledger, events);
    // Only now: where the store failed in between, all of them are read again, and none is counted twice.
    cursor = upTo;
    for (const alarm of told) alarms.raise(alarm);
    for (const event of events) {
      refusals.note(event, growths.get(event.id));
      const alarm = evidenceAlarm(event, clock());
      if (alarm) alarms.raise(alarm);
    }
    for (const alarm of refusals.alarms(clock())) alarms.raise(alarm);
  };
  const lookAtWorkers = async () => {
    polling = await deps.polls();
    if (polling) polledAt = clock();
    const silentMs = clock() - polledAt;
    if (silentMs >= FAILING_MS) alarms.raise(temporalDown({ sinceMs: polledAt, nowMs: clock() }));
    const troubles = pulse.troubles(FAILING_MS);
    for (const trouble of troubles) alarms.raise(troubleAlarm(trouble, clock()));
    if (storeUp) await letGoOfPainted(deps);
    // Where nothing works the one above says it.
    const slow = pulse.backlogs(WAITING_MS).filter(({ queue }) => troubles.every((trouble) => trouble.queue !== queue));
    for (const backlog of slow) alarms.raise(backlogAlarm(backlog, clock()));
    const sweptAt = deps.sweptAt() ?? begunMs;
    if (storeUp && clock() - sweptAt > SWEEP_LATE_MS) alarms.raise(sweepLate({ sinceMs: sweptAt, nowMs: clock() }));
  };
  const lookAtReconciler = async () => {
    const patience = TURNS_MISSED * deps.reconcileEveryMs;
    if (reconciling || clock() - askedAt < BEAT_MS) return;
    askedAt = clock();
    if (!(await isForgotten(deps, begunMs, patience))) return;
    // In the background: a long run must hold up neither alarms nor the beat.
    reconciling = deps
      .reconcile()
      .catch((error: unknown) => deps.failed(error, 'the reconciler'))
      .finally(() => {
        reconciling = undefined;
      });
  };
  const beat = async () => {
    if (!deps.beat || clock() - beatAt < BEAT_MS) return;
    const swept = deps.sweptAt();
    if (!storeUp || !polling || swept === undefined || clock() - swept > SWEEP_LATE_MS) return;
    beatAt = clock();
    await deps.beat();
  };

  const steps: readonly (readonly [string, () => Promise<void>])[] = [
    ['the store', lookAtStore],
    ['the workers', lookAtWorkers],
    ['pending revokes', async () => void (storeUp && (await lookAtGrants()))],
    ['new entries', async () => void (storeUp && (await lookAtNews()))],
    ['the reconciler', async () => void (storeUp && (await lookAtReconciler()))],
    ['the beat', beat],
  ];
  const tick = async () => {
    for (const [what, step] of steps) await step().catch((error: unknown) => deps.failed(error, what));
  };
  const loop = async () => {
    while (!stopped) {
      await tick();
      await deps.wait(EVERY_MS);
    }
  };
  return {
    tick,
    start: () => void loop(),
    stop: () => {
      stopped = true;
    },
  };
}

/** Whether nobody looked for so long; of several processes that notice, one does it. */
async function isForgotten({ store, clock }: WatchDeps, begunMs: number, patienceMs: number): Promise<boolean> {
  const now = clock();
  if (now - begunMs < patienceMs) return false;
  const last = (await store.fence.looks()).reduce((latest, { at }) => Math.max(latest, msOf(at)), 0);
  return now - last >= patienceMs && store.once.first('reconcile', 'instead of the schedule', instant(now + patienceMs));
}

/**
 * Cards that wait here, and came through at another worker. One that did not is reason enough for the alarm: the others are not
 * looked at. A card that can't be looked at waits.
 */
async function letGoOfPainted({ pulse, isPainted, failed }: WatchDeps): Promise<void> {
  try {
    for (const card of pulse.resting(WAITING_MS)) {
      if (!(await isPainted(card))) return;
      pulse.painted(card);
    }
  } catch (error) {
    failed(error, 'a card that waits');
  }
}

/** By the id of its entry, how many refusals each flood was the first to tell of. */
async function floodsOf(
  ledger: Pick<Store['ledger'], 'timeline'>,
  events: readonly AnyEvent[],
): Promise<ReadonlyMap<string, number>> {
  const growths = new Map<string, number>();
  for (const flood of events.filter(isFlood)) growths.set(flood.id, floodGrowth(flood, await ledger.timeline(flood.requestId)));
  return growths;
}

async function answers(store: Pick<Store, 'ping'>): Promise<boolean> {
  const enough = new AbortController();
  const late = sleep(PING_MS, undefined, { signal: enough.signal, ref: false }).then(() =>
    Promise.reject(new StintError('store-unavailable')),
  );
  try {
    await Promise.race([store.ping(), late]);
    return true;
  } catch {
    return false;
  } finally {
    enough.abort();
    late.catch(() => undefined);
  }
}

const storeDown = (times: Times) =>
  downAlarm(
    'store-down',
    `The store has not answered this worker for ${minutesOf(times)} min. Nothing new is granted; revokes and deadlines go on, and their entries wait.`,
    'Bring the database back; "stint doctor" says what is wrong with it.',
    times,
  );
const temporalDown = (times: Times) =>
  downAlarm(
    'temporal-down',
    `This worker has not polled Temporal for ${minutesOf(times)} min. Macs end by themselves, and the sweep goes on here.`,
    'Bring Temporal back; workers connect again by themselves.',
    times,
  );
const sweepLate = (times: Times) =>
  downAlarm(
    'sweep-late',
    `The overdue sweep of this worker has not come through for ${minutesOf(times)} min.`,
    'Look at the log of this worker, and start it anew if nothing explains it.',
    times,
  );
