/**
 * Alarms: deduplicated, and told to everybody who is to be told, at least once. Raising returns at once and can't fail;
 * telling goes on by itself, with a bounded number of tries, and begins anew when the alarm is raised again. With the store
 * up one process of several tells each sink; without it each tells it for itself, for twice is better than never.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Alarm, Alarms } from '../contract/alarms.js';
import { type Instant, instant } from '../contract/ids.js';
import type { OnceStore } from '../contract/ports.js';
import { createTurns, TURN_MS, type Turns } from './alarm-turns.js';

/** An alarm on its way out. */
export interface Told extends Alarm {
  readonly at: Instant;
  /** The same alarm has it again when it is sent twice, also by another process; any other has another. */
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
/** What another process has said is asked for again after this: it may have said it long ago. */
const OTHERS_MS = 10 * 60_000;
const PAUSES_MS = [0, 1_000, 5_000, 30_000, 120_000, 600_000] as const;
/** Alarms on their way to one sink; more are only logged: a storm must not fill the memory. */
const WAITING_MAX = 200;
const REMEMBERED_MAX = 10_000;

const unhurried = (ms: number): Promise<void> => sleep(ms, undefined, { ref: false });

/** The alarms of one process. `idle` settles when nothing is on its way any more. */
export function createAlarms(deps: AlarmsDeps): Alarms & { idle(): Promise<void> } {
  const { sinks, log, clock } = deps;
  const turns = createTurns(deps.once, clock);
  const quiet = createMemory(clock);
  const underWay = new Map<string, Promise<void>>();
  const waiting = new Map<AlarmSink, number>();
  const tell = (sink: AlarmSink, told: Told, place: string, untilMs: number) => {
    waiting.set(sink, (waiting.get(sink) ?? 0) + 1);
    const work = deliver({ ...deps, turns }, sink, told, place, untilMs)
      .then((quietUntil) => quietUntil !== undefined && quiet.keep(place, quietUntil))
      .catch((error: unknown) => log.warn({ alarm: told.key, sink: sink.name, err: error }, UNTOLD))
      .then(() => {
        underWay.delete(place);
        waiting.set(sink, (waiting.get(sink) ?? 1) - 1);
      });
    underWay.set(place, work);
  };
  return {
    raise(alarm) {
      const { value, untilMs, told } = prepare(alarm, clock());
      const news = !quiet.holds(value);
      if (news) write(log, alarm);
      if (news) quiet.keep(value, untilMs);
      for (const sink of sinks) {
        const place = `${value} > ${sink.name}`;
        if (quiet.holds(place) || underWay.has(place)) continue;
        if ((waiting.get(sink) ?? 0) < WAITING_MAX) tell(sink, told, place, untilMs);
        else if (news) log.warn({ alarm: alarm.key, sink: sink.name }, 'too many alarms wait; this one is only logged for now');
      }
    },
    idle: async () => {
      while (underWay.size > 0) await Promise.all(underWay.values());
    },
  };
}

/**
 * The id goes by whole hours (or days) and not by the instant, so that two processes that say the same give it the same
 * one: what was said is kept for as long, so that the next time it is said falls into another.
 */
function prepare(alarm: Alarm, now: number): { readonly value: string; readonly untilMs: number; readonly told: Told } {
  const { key, step } = alarm;
  const lasts = step === undefined ? AGAIN_MS : STEP_MS;
  const value = step === undefined ? key : `${key}#${step}`;
  const id = `${value}@${Math.floor(now / lasts) * lasts}`;
  return { value, untilMs: now + lasts, told: { ...alarm, at: instant(now), id } };
}

function write(log: AlarmsDeps['log'], { key, sentence, todo, requestId, target, severity }: Alarm): void {
  log[severity === 'warning' ? 'warn' : severity]({ alarm: key, requestId, target, todo }, sentence);
}

/** What need not be said here until an instant; the oldest are forgotten first, for saying twice is better than never. */
function createMemory(clock: () => number): { holds(value: string): boolean; keep(value: string, untilMs: number): void } {
  const until = new Map<string, number>();
  return {
    holds: (value) => (until.get(value) ?? 0) > clock(),
    keep(value, untilMs) {
      until.delete(value);
      until.set(value, untilMs);
      for (const oldest of until.keys()) {
        if (until.size <= REMEMBERED_MAX) return;
        until.delete(oldest);
      }
    },
  };
}

const UNTOLD = 'an alarm could not be told there; it is tried again when it is raised again';

type DeliverDeps = Pick<AlarmsDeps, 'clock' | 'wait' | 'log'> & { readonly turns: Turns };

/** Answers until when this process need not say it there again, or undefined when nobody is known to have said it. */
async function deliver(
  { turns, clock, wait = unhurried, log }: DeliverDeps,
  sink: AlarmSink,
  alarm: Told,
  place: string,
  untilMs: number,
): Promise<number | undefined> {
  let failure: unknown;
  let mineUntil = Number.NEGATIVE_INFINITY;
  for (const pause of PAUSES_MS) {
    if (pause > 0) await wait(pause);
    if (clock() >= mineUntil) {
      const asked = clock();
      const turn = await turns.take(place);
      if (turn === 'said') return Math.min(untilMs, clock() + OTHERS_MS);
      if (turn === 'others') continue;
      mineUntil = asked + TURN_MS;
    }
    try {
      await sink.send(alarm);
    } catch (error) {
      failure = error;
      continue;
    }
    await turns.said(place, untilMs);
    return untilMs;
  }
  // NB: an address may be a secret; only its kind is named, and errors of sinks hold no address.
  if (failure !== undefined) log.warn({ alarm: alarm.key, sink: sink.name, err: failure }, UNTOLD);
  return undefined;
}
