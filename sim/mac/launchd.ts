/** Runs the agent's daemon as launchd would: at load, again whenever it ends, in a process group of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

export interface Launchd {
  pid(): number | undefined;
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
    const [program = '/bin/sh', ...args] = command;
    const fd = openSync(log, 'a');
    child = spawn(program, args, { detached: true, stdio: ['ignore', fd, fd], env: { PATH: process.env.PATH ?? '' } });
    closeSync(fd);
    count += 1;
    const mine = child;
    mine.once('exit', () => {
      if (child === mine) child = undefined;
      if (keep) timer = setTimeout(start, throttleMs);
    });
  };
  return {
    pid: () => child?.pid,
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
      if (child === undefined) return;
      const ended = new Promise((resolve) => child?.once('exit', resolve));
      signal('SIGKILL');
      await ended;
    },
  };
}
