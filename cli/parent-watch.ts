/**
 * Child processes that cannot outlive their parent. A program is started in its own process group next to a tiny
 * watcher that holds one end of a pipe; when the parent dies, however it dies (SIGKILL included), the pipe closes and
 * the watcher ends the whole group. It needs no help from the program, so it serves vendors' binaries as well as ours.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The watcher ignores TERM so that it can wait for the program and then send KILL. `kill 0` means "my own group": it
 * can never hit a stranger, for a group id is not given out again while a member lives. The program replaces the shell
 * (`exec`), so the pid that the parent sees is the program's own, and signals to it need no translation.
 */
const GUARD = `
( trap '' TERM INT HUP
  cat
  kill -TERM 0
  n=0; while [ "$n" -lt 25 ] && kill -0 "$$" 2>/dev/null; do sleep 0.2; n=$((n+1)); done
  kill -KILL 0
) <&3 >/dev/null 2>&1 &
exec "$@" 3<&-
`;

export interface GuardedOptions {
  readonly cwd?: string;
  /** The whole environment of the child; the parent's when absent. */
  readonly env?: NodeJS.ProcessEnv;
  /** Where standard output and error go: a pipe to read, nothing, or an open file descriptor. */
  readonly output?: 'pipe' | 'ignore' | number;
}

/** How a process ended: its exit code, or the signal that ended it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Guarded {
  readonly child: ChildProcess;
  /** The program's own pid, which is also its process group. */
  readonly pid: number;
  /** Settles once, after the program ended and its group was cleared. Never rejects. */
  readonly exited: Promise<Exit>;
  /** Whether the program still runs. */
  alive(): boolean;
  /** TERM to the whole group, KILL after the deadline; settles when it is gone. Calling it again is harmless. */
  stop(deadlineMs?: number): Promise<void>;
}

/**
 * Start a program that ends when this process ends. Its standard input is empty.
 * @throws the system's error when not even a shell can be started (for instance a `cwd` that is not there)
 */
export async function spawnGuarded(command: string, args: readonly string[], options: GuardedOptions = {}): Promise<Guarded> {
  const output = options.output ?? 'ignore';
  const child = spawn('/bin/sh', ['-c', GUARD, 'stint-guard', command, ...args], {
    cwd: options.cwd,
    env: options.env ?? process.env,
    detached: true,
    stdio: ['ignore', output, output, 'pipe'],
  });
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL'); // the watcher, and whatever the program left behind
      resolve({ code, signal });
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('a started process has no pid');
  const alive = () => child.exitCode === null && child.signalCode === null;
  const stop = async (deadlineMs = 10_000) => {
    if (!alive()) return void (await exited);
    signalGroup(pid, 'SIGTERM');
    const late = new AbortController();
    const killed = sleep(deadlineMs, undefined, { signal: late.signal }).then(
      () => signalGroup(pid, 'SIGKILL'),
      () => undefined,
    );
    await exited;
    late.abort();
    await killed;
  };
  return { child, pid, exited, alive, stop };
}

/** Signal a process group; one that is gone is no error. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'EPERM'))) throw error;
  }
}
