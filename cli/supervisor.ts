/**
 * Keeps the demo's processes running: starts named parts, starts a killed one again and says so, and stops all of them
 * in reverse order. It writes no pid file and holds no lock: the parts end with it, even when it is killed.
 */
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { StintError } from '../contract/errors.js';
import { type Exit, type Guarded, spawnGuarded } from './parent-watch.js';

export interface Part {
  /** What people call it. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** The whole environment; the supervisor's own when absent. Secrets go by file, never in `args`. */
  readonly env?: NodeJS.ProcessEnv;
  /** Its output is appended here. */
  readonly logFile: string;
  /** Asked again and again after a start until it says true; a part without it is ready at once. */
  readonly ready?: () => Promise<boolean>;
  /** How long a start may take. */
  readonly readyMs?: number;
}

export interface SupervisorOptions {
  /** Told what happens, a line at a time, in words for a person. */
  readonly say: (line: string) => void;
  /** How long all parts together may take to stop before they are killed. */
  readonly stopMs?: number;
  /** Wait before the n-th start in a row (1, 2, ...), in milliseconds. */
  readonly backoffMs?: (attempt: number) => number;
  /** A part that ran this long is healthy: its next fall counts as the first again. */
  readonly healthyMs?: number;
}

export interface Supervisor {
  /**
   * Start a part and wait until it is ready; from then on it is kept running.
   * @throws StintError `not-ready` when it is not ready in time or ends before: a first start is not tried again
   */
  start(part: Part): Promise<void>;
  /** The running parts and their processes, in the order of their start. */
  pids(): ReadonlyMap<string, number>;
  /** Stop all, last started first. A second call with 0 kills at once. */
  stop(withinMs?: number): Promise<void>;
  /** Settles when everything was stopped. */
  readonly stopped: Promise<void>;
}

interface Kept {
  readonly part: Part;
  process: Guarded;
  readyAt: number;
}

const usualBackoff = (attempt: number) => Math.min(300 * 2 ** (attempt - 1), 10_000);

/** A supervisor without parts. */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { say, stopMs = 10_000, backoffMs = usualBackoff, healthyMs = 30_000 } = options;
  const kept: Kept[] = [];
  const stopping = new AbortController();
  let settle = () => {};
  const stopped = new Promise<void>((resolve) => {
    settle = resolve;
  });

  async function keep(entry: Kept): Promise<void> {
    let attempt = 0;
    for (;;) {
      const exit = await entry.process.exited;
      if (stopping.signal.aborted) return;
      attempt = Date.now() - entry.readyAt > healthyMs ? 1 : attempt + 1;
      const wait = backoffMs(attempt);
      say(`${entry.part.name} ended (${inWords(exit)}); starting it again in ${wait / 1000} s`);
      await sleep(wait, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      await restart(entry);
    }
  }

  /** A start that fails leaves an ended process behind, which the loop takes as the next fall. */
  async function restart(entry: Kept): Promise<void> {
    try {
      entry.process = await launch(entry.part);
      await untilReady(entry.part, entry.process, stopping.signal);
      entry.readyAt = Date.now();
      say(`${entry.part.name} is back (pid ${entry.process.pid})`);
    } catch (error) {
      if (!stopping.signal.aborted) say(`${entry.part.name}: ${error instanceof Error ? error.message : error}`);
      await entry.process.stop(1_000);
    }
  }

  async function start(part: Part): Promise<void> {
    stopping.signal.throwIfAborted();
    const process = await launch(part);
    const entry: Kept = { part, process, readyAt: Date.now() };
    kept.push(entry); // before it is ready: a stop that comes now must find it
    try {
      await untilReady(part, process, stopping.signal);
    } catch (error) {
      await process.stop(1_000);
      kept.splice(kept.indexOf(entry), 1);
      throw error;
    }
    entry.readyAt = Date.now();
    void keep(entry);
  }

  async function stop(withinMs = stopMs): Promise<void> {
    stopping.abort();
    const deadline = Date.now() + withinMs;
    for (const entry of [...kept].reverse()) {
      if (entry.process.alive()) say(`stopping ${entry.part.name}`);
      await entry.process.stop(Math.max(0, deadline - Date.now()));
    }
    settle();
  }

  const pids = () => new Map(kept.filter((k) => k.process.alive()).map((k) => [k.part.name, k.process.pid]));
  return { start, pids, stop, stopped };
}

/**
 * Stop a supervisor at the first SIGINT, SIGTERM or SIGHUP, and kill what is left at the second. The promise settles
 * when everything has stopped.
 */
export async function stopOnSignals(supervisor: Supervisor, say: (line: string) => void): Promise<void> {
  let count = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    count += 1;
    if (count === 1) say(`${signal}: stopping (again to stop at once)`);
    void supervisor.stop(count === 1 ? undefined : 0);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  await supervisor.stopped;
  for (const signal of signals) process.off(signal, onSignal);
}

async function launch(part: Part): Promise<Guarded> {
  const log = openSync(part.logFile, 'a', 0o600);
  try {
    return await spawnGuarded(part.command, part.args, { cwd: part.cwd, env: part.env, output: log });
  } finally {
    closeSync(log);
  }
}

async function untilReady(part: Part, process: Guarded, stopping: AbortSignal): Promise<void> {
  if (!part.ready) return;
  const deadline = Date.now() + (part.readyMs ?? 30_000);
  for (;;) {
    const ready = await part.ready();
    // Asked in this order: another program may answer in the place of one that has just ended.
    if (!process.alive())
      throw new StintError(
        'not-ready',
        `${part.name} ended before it was ready (${inWords(await process.exited)}); its log: ${part.logFile}`,
      );
    if (ready) return;
    if (stopping.aborted) throw new StintError('not-ready', `${part.name} was stopped before it was ready`);
    if (Date.now() > deadline) throw new StintError('not-ready', `${part.name} was not ready in time; its log: ${part.logFile}`);
    await sleep(100);
  }
}

function inWords(exit: Exit): string {
  return exit.signal ?? `exit code ${exit.code}`;
}
