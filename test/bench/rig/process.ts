/** Stint as a process of its own: the built program, its memory, its sudden death. */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../cli/package-root.js';
import { type Guarded, spawnGuarded } from '../../../cli/parent-watch.js';
import { until } from '../pace.js';

const PROGRAM = join(packageRoot, 'dist', 'cli', 'main.js');

export interface Program {
  readonly pid: () => number;
  start(): Promise<void>;
  /** As a crash would end it. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export interface ProgramOptions {
  /** `all`, `worker`, `slack-app` or `device-api`. */
  readonly command: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  /** Answers once it is up. */
  readonly healthUrl: string;
}

/** One process of Stint that can be started again and again. */
export function program({ command, env, logFile, healthUrl }: ProgramOptions): Program {
  let running: Guarded | undefined;
  return {
    pid: () => running?.pid ?? 0,
    async start() {
      const output = openSync(logFile, 'a', 0o600);
      const started = await spawnGuarded(process.execPath, [PROGRAM, command], { env, output });
      closeSync(output);
      running = started;
      await until(`${command} is well (its log: ${logFile})`, async () => {
        if (!started.alive()) throw new Error(`it ended: ${readFileSync(logFile, 'utf8').slice(-1500)}`);
        return (await fetch(healthUrl, { signal: AbortSignal.timeout(2000) })).ok || undefined;
      });
    },
    async kill() {
      if (!running) return;
      process.kill(running.pid, 'SIGKILL');
      await running.exited;
    },
    stop: async () => running?.stop(15_000),
  };
}

/** Memory that a process holds in RAM, in bytes. */
export function residentBytes(pid: number): number {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kilobytes) * 1024;
  } catch {
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1024;
  }
}
