/** Runs the agent's daemon as launchd would: at load, again whenever it ends, in a process group of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

export interface Launchd {
  running(): boolean;
  starts(): number;
  /** Kills the daemon and all that it runs, as SIGKILL does; `keep: false` leaves it dead. */
  kill(keep: boolean): void;
  /** Starts it when it is not running. */
  start(): void;
  /** Stops the whole group where it is, and lets it go on: a Mac that sleeps. */
  freeze(): void;
  thaw(): void;
  close(): Promise<void>;
}

/**
 * Runs the command and ends its whole group with it, as launchd does; and also when this process dies in whatever way, which
 * the end of the pipe on descriptor 3 tells. Else a stand-in that was killed would leave an agent behind.
 */
const KEEPER = '"$@" </dev/null 3<&- & pid=$!; { read -r _; kill -9 0; } <&3 & wait "$pid"; kill -9 0';

/** `throttleMs`: how long launchd waits before it starts a daemon again (10 s on a Mac). */
export function launchd(command: readonly string[], log: string, throttleMs: number): Launchd {
  let child: ChildProcess | undefined;
  let keep = true;
  let count = 0;
  let timer: NodeJS.Timeout | undefined;

  const signal = (name: NodeJS.Signals) => {
    if (child?.pid === undefined) return;
    try {
      process.kill(-child.pid, name);
    } catch (error) {
      // The group may be gone already; anything else is a bug.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  const start = () => {
    keep = true;
    if (child !== undefined) return;
    const fd = openSync(log, 'a');
    const args = ['-c', KEEPER, 'launchd', ...command];
    child = spawn('/bin/sh', args, { detached: true, stdio: ['ignore', fd, fd, 'pipe'], env: { PATH: process.env.PATH ?? '' } });
    child.stdio[3]?.on('error', () => undefined);
    closeSync(fd);
    count += 1;
    const mine = child;
    mine.once('exit', () => {
      if (child === mine) child = undefined;
      if (keep) timer = setTimeout(start, throttleMs);
    });
  };
  return {
    running: () => child !== undefined,
    starts: () => count,
    start,
    kill: (again) => {
      keep = again;
      clearTimeout(timer);
      signal('SIGKILL');
      if (again && child === undefined) start();
    },
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    close: async () => {
      keep = false;
      clearTimeout(timer);
      const pid = child?.pid;
      if (pid === undefined) return;
      const ended = new Promise((resolve) => child?.once('exit', resolve));
      signal('SIGKILL');
      await ended;
      // The keeper is reaped first; what it ran may still be writing for a moment.
      for (let i = 0; i < 400 && alive(pid); i++) await new Promise((resolve) => setTimeout(resolve, 5));
    },
  };
}

/** Whether a process of this group is still there. */
function alive(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}
