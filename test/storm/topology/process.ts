/** One process of the topology: started, killed without warning, and started again as a supervisor would. */
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Guarded, spawnGuarded } from '../../../cli/parent-watch.js';

export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly logFile: string;
  readonly ready: () => Promise<boolean>;
}

export interface StormProcess {
  readonly name: string;
  /** Since when it is healthy, in milliseconds since 1970; undefined while it is not. */
  readonly healthySince: number | undefined;
  /** How often it ended without having been killed by the storm. */
  readonly selfEnded: number;
  /** Starts it, and keeps starting it whenever it ended. Resolves when it is healthy for the first time. */
  start(): Promise<void>;
  /** SIGKILL; it stays down for so long. Resolves at once. False when it does not run at the moment. */
  kill(downMs: number): boolean;
  /** Resolves when it is healthy. */
  healthy(withinMs: number): Promise<void>;
  stop(): Promise<void>;
}

export function createProcess(spec: ProcessSpec): StormProcess {
  let running: Guarded | undefined;
  let healthySince: number | undefined;
  let stopped = false;
  let downUntil = 0;
  let byUs = false;
  let selfEnded = 0;
  let loop: Promise<void> | undefined;

  async function once(): Promise<void> {
    await sleep(Math.max(0, downUntil - Date.now()));
    if (stopped) return;
    byUs = false;
    const log = openSync(spec.logFile, 'a', 0o600);
    const mine = await spawnGuarded(spec.command, spec.args, { cwd: spec.cwd, env: spec.env, output: log });
    closeSync(log);
    running = mine;
    while (mine.alive() && !(await spec.ready().catch(() => false))) await sleep(100);
    if (mine.alive()) healthySince = Date.now();
    await mine.exited;
    running = undefined;
    healthySince = undefined;
    if (byUs || stopped) return;
    selfEnded += 1;
    await sleep(500);
  }

  async function healthy(withinMs: number): Promise<void> {
    for (const deadline = Date.now() + withinMs; healthySince === undefined; await sleep(50))
      if (Date.now() > deadline)
        throw new Error(`${spec.name} was not healthy within ${withinMs / 1000} s; its log: ${spec.logFile}`);
  }

  return {
    name: spec.name,
    get healthySince() {
      return healthySince;
    },
    get selfEnded() {
      return selfEnded;
    },
    start() {
      loop ??= (async () => {
        while (!stopped) await once();
      })();
      return healthy(90_000);
    },
    kill(downMs) {
      if (!running?.alive()) return false;
      byUs = true;
      downUntil = Date.now() + downMs;
      healthySince = undefined;
      process.kill(running.pid, 'SIGKILL');
      return true;
    },
    healthy,
    async stop() {
      stopped = true;
      await running?.stop(8000);
      await loop;
    },
  };
}

export async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
  return response?.ok ?? false;
}
