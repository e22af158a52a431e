/** The supervisor over real processes: restart, order, deadline, and nothing left behind whatever kills it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSupervisor, type Part, type Supervisor } from '../../cli/supervisor.js';
import { compile } from './compile.js';
import { isRunning, until } from './processes.js';

const STUBBORN = new URL('./fixtures/stubborn.mjs', import.meta.url).pathname;
const SUPERVISE = new URL('./fixtures/supervise.mjs', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'stint-supervisor-'));
const supervisors: Supervisor[] = [];

afterAll(async () => {
  await Promise.all(supervisors.map((supervisor) => supervisor.stop(0)));
  rmSync(folder, { recursive: true, force: true });
});

function make(options: { stopMs?: number; backoffMs?: (attempt: number) => number } = {}) {
  const said: string[] = [];
  const supervisor = createSupervisor({ say: (line) => said.push(line), backoffMs: () => 50, ...options });
  supervisors.push(supervisor);
  return { supervisor, said };
}

const sh = (name: string, script: string, more: Partial<Part> = {}): Part => ({
  name,
  command: 'sh',
  args: ['-c', script],
  logFile: join(folder, `${name}.log`),
  ...more,
});

function pidOf(supervisor: Supervisor, name: string): number {
  const pid = supervisor.pids().get(name);
  if (pid === undefined) throw new Error(`${name} does not run`);
  return pid;
}

const isBack = (supervisor: Supervisor, name: string, before: number) => () => {
  const pid = supervisor.pids().get(name);
  return pid !== undefined && pid !== before;
};

describe('a part that is killed', () => {
  test('is started again, and the supervisor says so', async () => {
    const { supervisor, said } = make();
    await supervisor.start(sh('worker', 'exec sleep 600'));
    const first = pidOf(supervisor, 'worker');
    process.kill(first, 'SIGKILL');
    await until('the worker is back', isBack(supervisor, 'worker', first));
    await until('it is said', () => said.length >= 2);
    expect(said).toEqual([
      'worker ended (SIGKILL); starting it again in 0.05 s',
      `worker is back (pid ${pidOf(supervisor, 'worker')})`,
    ]);
  });

  test('waits longer before each start in a row', async () => {
    const attempts: number[] = [];
    const { supervisor } = make({
      backoffMs: (attempt) => {
        attempts.push(attempt);
        return 10;
      },
    });
    await supervisor.start(sh('flapping', 'exit 3'));
    await until('three falls', () => attempts.length >= 3);
    expect(attempts.slice(0, 3)).toEqual([1, 2, 3]);
  });

  test('takes the programs that it started with it', async () => {
    const { supervisor } = make({ backoffMs: () => 60_000 });
    await supervisor.start(sh('parent', 'sleep 600 & echo child $!; wait'));
    const log = () => readFileSync(join(folder, 'parent.log'), 'utf8');
    await until('the child is named', () => /child \d+/.test(log()));
    const child = Number(/child (\d+)/.exec(log())?.[1]);
    expect(await isRunning(child)).toBe(true);
    process.kill(pidOf(supervisor, 'parent'), 'SIGKILL');
    await until('the child is gone', async () => !(await isRunning(child)));
  });
});

describe('a first start', () => {
  test('that ends before it is ready is an error that names the log', async () => {
    const { supervisor } = make();
    const broken = sh('broken', 'echo no such setting; exit 2', { ready: async () => false });
    await expect(supervisor.start(broken)).rejects.toThrow(
      /broken ended before it was ready \(exit code 2\); its log: .*broken\.log/,
    );
    expect(supervisor.pids().size).toBe(0);
  });

  test('that is not ready in time is ended', async () => {
    const { supervisor } = make();
    const slow = sh('slow', 'echo pid $$; exec sleep 600', { ready: async () => false, readyMs: 200 });
    await expect(supervisor.start(slow)).rejects.toThrow(/slow was not ready in time/);
    const pid = Number(/pid (\d+)/.exec(readFileSync(join(folder, 'slow.log'), 'utf8'))?.[1]);
    expect(await isRunning(pid)).toBe(false);
  });

  test('of a program that is not there is an error', async () => {
    const { supervisor } = make();
    const missing = { ...sh('missing', ''), command: '/nowhere/program', ready: async () => false };
    await expect(supervisor.start(missing)).rejects.toThrow(/exit code 127/);
  });
});

describe('stopping', () => {
  test('goes in reverse order and starts nothing again', async () => {
    const { supervisor, said } = make();
    for (const name of ['store', 'server', 'app']) await supervisor.start(sh(name, 'exec sleep 600'));
    const pids = [...supervisor.pids().values()];
    await supervisor.stop();
    expect(said).toEqual(['stopping app', 'stopping server', 'stopping store']);
    expect(await Promise.all(pids.map(isRunning))).toEqual([false, false, false]);
    await expect(supervisor.start(sh('late', 'exec sleep 600'))).rejects.toThrow();
  });

  test('during a backoff ends the wait', async () => {
    const { supervisor, said } = make({ backoffMs: () => 60_000 });
    await supervisor.start(sh('fallen', 'exec sleep 600'));
    process.kill(pidOf(supervisor, 'fallen'), 'SIGKILL');
    await until('the fall is said', () => said.length === 1);
    await supervisor.stop();
    expect(supervisor.pids().size).toBe(0);
  });

  test('kills a part that does not heed TERM when the deadline has passed', async () => {
    const { supervisor } = make({ stopMs: 300 });
    const logFile = join(folder, 'stubborn.log');
    const started = async () => readFileSync(logFile, 'utf8').includes('up');
    await supervisor.start({ name: 'stubborn', command: process.execPath, args: [STUBBORN], logFile, ready: started });
    const pid = pidOf(supervisor, 'stubborn');
    await supervisor.stop();
    expect(readFileSync(logFile, 'utf8')).toContain('heard TERM');
    expect(await isRunning(pid)).toBe(false);
  });
});

describe('the supervising process itself', () => {
  let compiled: string;
  beforeAll(async () => {
    compiled = await compile(['cli/supervisor.ts', 'cli/parent-watch.ts', 'contract/errors.ts']);
  });
  afterAll(() => rmSync(compiled, { recursive: true, force: true }));

  async function supervise(): Promise<{ child: ChildProcess; pids: number[]; output: () => string }> {
    const child = spawn(process.execPath, [SUPERVISE, compiled, folder, STUBBORN], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout?.on('data', (chunk) => {
      output += chunk;
    });
    await until('both parts run', () => /PIDS \d+ \d+\n/.test(output));
    const pids = (/PIDS (.*)\n/.exec(output)?.[1] ?? '').split(' ').map(Number);
    return { child, pids, output: () => output };
  }

  test.each(['SIGINT', 'SIGTERM'] as const)('stops everything at %s and ends', async (signal) => {
    const { child, pids, output } = await supervise();
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    child.kill(signal);
    expect(await ended).toBe(0);
    expect(output()).toMatch(/stopping stubborn\nstopping plain\nall stopped\n$/);
    expect(await Promise.all(pids.map(isRunning))).toEqual([false, false]);
  });

  test('leaves no process behind when it is killed, not even one that ignores TERM', async () => {
    const { child, pids } = await supervise();
    expect(await Promise.all(pids.map(isRunning))).toEqual([true, true]);
    child.kill('SIGKILL');
    await until('both parts are gone', async () => !(await Promise.all(pids.map(isRunning))).includes(true), 15_000);
  });
});
