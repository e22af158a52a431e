/**
 * Alarms: deduplicated, and told to everybody who is to be told. Raising returns at once and can't fail; telling goes on
 * by itself, with a bounded number of tries. With the store up one process of several says each alarm; without it each
 * says it for itself, for twice is better than never.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Alarm, Alarms } from '../contract/alarms.js';
import { type Instant, instant } from '../contract/ids.js';
import type { OnceStore } from '../contract/ports.js';

/** An alarm on its way out. */
export interface Told extends Alarm {
  readonly at: Instant;
  /** Unlike any other: by it the same alarm is known again when it is sent twice. */
  readonly id: string;
}

/** Whoever is told. Throws when it was not. */
export interface AlarmSink {
  readonly name: string;
  send(alarm: Told): Promise<void>;
}

export interface AlarmsDeps {
  readonly sinks: readonly AlarmSink[];
  readonly once: OnceStore;
  readonly log: Pick<Logger, 'error' | 'warn' | 'info'>;
  readonly clock: () => number;
  /** Waits between tries; must not keep a process alive. */
  readonly wait?: (ms: number) => Promise<void>;
}

/** An alarm that does not grow is said again after this, in milliseconds. */
export const AGAIN_MS = 60 * 60_000;
/** Each step of one that grows is said once in this time. */
const STEP_MS = 24 * 3_600_000;
/** How long the store is asked before this process decides by itself. */
const STORE_MS = 2_000;
const PAUSES_MS = [0, 1_000, 5_000, 30_000, 120_000, 600_000] as const;
/** Alarms on their way to one sink; more are only logged: a storm must not fill the memory. */
const WAITING_MAX = 200;
const REMEMBERED_MAX = 5_000;

const unhurried = (ms: number): Promise<void> => sleep(ms, undefined, { ref: false });

/** The alarms of one process. `idle` settles when nothing is on its way any more. */
export function createAlarms(deps: AlarmsDeps): Alarms & { idle(): Promise<void> } {
  const said = new Map<string, number>();
  const running = new Set<Promise<void>>();
  const waiting = new Map<AlarmSink, number>();
  const raise = (alarm: Alarm): void => {
    const now = deps.clock();
    const { value, untilMs } = placeOf(alarm, now);
    if ((said.get(value) ?? 0) > now) return;
    keep(said, value, untilMs);
    const work = tell(deps, { ...alarm, at: instant(now), id: `${value}@${now}` }, value, untilMs, waiting)
      .catch(() => undefined)
      .finally(() => running.delete(work));
    running.add(work);
  };
  return {
    raise,
    idle: async () => {
      while (running.size > 0) await Promise.all(running);
    },
  };
}

function placeOf({ key, step }: Alarm, now: number): { readonly value: string; readonly untilMs: number } {
  return step === undefined ? { value: key, untilMs: now + AGAIN_MS } : { value: `${key}#${step}`, untilMs: now + STEP_MS };
}

function keep(said: Map<string, number>, value: string, untilMs: number): void {
  said.delete(value);
  said.set(value, untilMs);
  for (const oldest of said.keys()) {
    if (said.size <= REMEMBERED_MAX) return;
    said.delete(oldest);
  }
}

async function tell(
  { sinks, once, log, wait = unhurried }: AlarmsDeps,
  alarm: Told,
  value: string,
  untilMs: number,
  waiting: Map<AlarmSink, number>,
): Promise<void> {
  if (!(await isFirst(once, value, instant(untilMs)))) return;
  const { key, sentence, todo, requestId, target, severity } = alarm;
  log[severity === 'warning' ? 'warn' : severity]({ alarm: key, requestId, target, todo }, sentence);
  await Promise.all(
    sinks.map(async (sink) => {
      const others = waiting.get(sink) ?? 0;
      if (others >= WAITING_MAX)
        return log.warn({ alarm: key, sink: sink.name }, 'too many alarms wait; this one is only logged');
      waiting.set(sink, others + 1);
      await send(sink, alarm, wait, log);
      waiting.set(sink, (waiting.get(sink) ?? 1) - 1);
    }),
  );
}

/** Whether this process is the one to say it. A store that does not answer in time decides nothing. */
async function isFirst(once: OnceStore, value: string, until: Instant): Promise<boolean> {
  const late = new AbortController();
  const asked = once.first('alarm', value, until).catch(() => true);
  const given = sleep(STORE_MS, true, { signal: late.signal }).catch(() => true);
  const answer = await Promise.race([asked, given]);
  late.abort();
  return answer;
}

async function send(sink: AlarmSink, alarm: Told, wait: (ms: number) => Promise<void>, log: AlarmsDeps['log']): Promise<void> {
  let failure: unknown;
  for (const pause of PAUSES_MS) {
    if (pause > 0) await wait(pause);
    try {
      return await sink.send(alarm);
    } catch (error) {
      failure = error;
    }
  }
  // NB: an address may be a secret; only its kind is named, and errors of sinks hold no address.
  log.warn({ alarm: alarm.key, sink: sink.name, err: failure }, 'an alarm could not be told there');
}
