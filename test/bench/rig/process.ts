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
  return memoryOf(pid).resident;
}

/** The same of a process and its children together; what they have in common, as the buffers of a PostgreSQL, counts once. */
export function familyBytes(pid: number): number {
  return together([memoryOf(pid), ...childrenOf(pid).flatMap(ifThere)]);
}

/** A child may end between two looks; so does the `ps` that lists them. */
function ifThere(pid: number): readonly Memory[] {
  try {
    return [memoryOf(pid)];
  } catch {
    return [];
  }
}

/** In bytes. */
interface Memory {
  readonly resident: number;
  /** The part of it that other processes may have too; 0 where the system does not tell. */
  readonly shared: number;
}

/** All that they hold, in bytes: what each has alone, and the most that one of them has in common with others. */
export function together(members: readonly Memory[]): number {
  const alone = members.reduce((sum, { resident, shared }) => sum + resident - shared, 0);
  return alone + Math.max(0, ...members.map(({ shared }) => shared));
}

function memoryOf(pid: number): Memory {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
    return { resident: bytes('VmRSS'), shared: bytes('RssShmem') };
  } catch {
    return { resident: Number(ps('-o', 'rss=', '-p', String(pid))) * 1024, shared: 0 };
  }
}

/** Its own children, and not theirs. */
export function childrenOf(pid: number): readonly number[] {
  const pairs = ps('-A', '-o', 'pid=,ppid=').trim().split('\n');
  return pairs.flatMap((line) => {
    const [child, parent] = line.trim().split(/\s+/).map(Number);
    return parent === pid && child !== undefined ? [child] : [];
  });
}

const ps = (...args: string[]): string => execFileSync('ps', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
