/** A `stint demo` as a child process: started on free ports, seen over HTTP, and gone afterwards whatever a test does. */
import { randomInt } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSight, type Sight } from '../../cli/demo/sight.js';
import { type DemoPorts, POLICY_YAML, portsFrom } from '../../cli/demo/world.js';
import { type Exit, spawnGuarded } from '../../cli/parent-watch.js';
import { insistFree } from '../../cli/temporal-server/ports.js';
import { askSocket } from '../../workers/admin-socket.js';
import type { Ask } from '../../workers/questions.js';
import { isRunning, until } from '../tooling/processes.js';
import { build, PROGRAM, ROOT } from './built.js';

export interface Demo {
  readonly dir: string;
  readonly ports: DemoPorts;
  readonly pid: number;
  readonly sight: Sight;
  readonly ask: Ask;
  /** All that it said so far. */
  said(): string;
  /** What it wrote to standard output. */
  printed(): string;
  readonly exited: Promise<Exit>;
  signal(name: NodeJS.Signals): void;
  /** Ends it and waits until nothing of it is left. */
  stop(): Promise<void>;
}

export interface DemoOptions {
  readonly dir: string;
  readonly base?: number;
  readonly args?: readonly string[];
  /** Wait until it says that it is ready; off for runs that end by themselves. */
  readonly ready?: boolean;
}

/** A folder of its own for one test file; removed by `cleanUp`. */
export function tempFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `stint-e2e-${name}-`));
  folders.push(folder);
  return folder;
}
const folders: string[] = [];
const demos: Demo[] = [];

/** A demo's folder with another policy in it: the demo keeps what is there. */
export function withPolicy(dir: string, change: (text: string) => string): string {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'policy.yaml'), change(POLICY_YAML));
  return dir;
}

/** Ends every demo that this file started, and removes their folders. For `afterAll`. */
export async function cleanUp(): Promise<void> {
  for (const demo of demos.splice(0)) await demo.stop();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Starts a demo; with `ready` (the default) it is up when this answers. */
export async function startDemo({ dir, base, args = [], ready = true }: DemoOptions): Promise<Demo> {
  await build();
  const port = base ?? (await freeBase());
  const { TEMPORAL_ADDRESS: _, ...env } = process.env;
  const child = await spawnGuarded(process.execPath, [PROGRAM, 'demo', '--port', String(port), '--dir', dir, ...args], {
    cwd: ROOT,
    env,
    output: 'pipe',
  });
  let [out, err] = ['', ''];
  child.child.stdout?.on('data', (chunk) => {
    out += chunk;
  });
  child.child.stderr?.on('data', (chunk) => {
    err += chunk;
  });
  const ports = portsFrom(port);
  const demo: Demo = {
    dir,
    ports,
    pid: child.pid,
    sight: createSight(`http://127.0.0.1:${ports.page}`),
    ask: askSocket(dir),
    said: () => err,
    printed: () => out,
    exited: child.exited,
    signal: (name) => void process.kill(child.pid, name),
    stop: async () => {
      await child.stop(20_000);
      await nothingLeft(dir);
    },
  };
  demos.push(demo);
  if (ready) await isReady(demo);
  return demo;
}

async function isReady(demo: Demo): Promise<void> {
  const ended = demo.exited.then(({ code }) => {
    throw new Error(`the demo ended with ${code} before it was ready:\n${demo.said()}`);
  });
  await Promise.race([ended, until('the demo is ready', () => demo.said().includes('ready after'), 60_000)]);
}

/** The first of eleven free ports in a row; searched from anywhere, so that two runs at a time seldom meet. */
export async function freeBase(): Promise<number> {
  const begin = randomInt(49);
  for (let n = 0; n < 49; n++) {
    const base = 7000 + ((begin + n) % 49) * 20;
    const ports = [...Array(11).keys()].map((n) => base + n);
    const free = await Promise.all(
      ports.map((port) =>
        insistFree(port, 'a test', '').then(
          () => true,
          () => false,
        ),
      ),
    );
    if (free.every(Boolean)) return base;
  }
  throw new Error('no eleven free ports in a row from 7000 to 7990');
}

export interface Seen {
  readonly pid: number;
  readonly command: string;
}

/** Every process that has the folder in its command line or its environment: the parts, the agents, their watchers. */
export function processesOf(folder: string): readonly Seen[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      const [command, environment] = [text(`/proc/${name}/cmdline`), text(`/proc/${name}/environ`)];
      return `${command}\0${environment}`.includes(folder)
        ? [{ pid: Number(name), command: command.replaceAll('\0', ' ').trim() }]
        : [];
    });
}

/**
 * Waits until no process of that folder is left: parts and agents that were killed take a moment to go. One that is
 * going has neither command line nor environment any more, but still its files and ports, so each is asked for by id,
 * too; `known` are those that were seen earlier.
 */
export async function nothingLeft(folder: string, known: readonly Seen[] = []): Promise<void> {
  const seen = new Map(known.map((one) => [one.pid, one]));
  const left = async () => {
    for (const one of processesOf(folder)) seen.set(one.pid, one);
    const all = [...seen.values()];
    const running = await Promise.all(all.map(({ pid }) => isRunning(pid)));
    return all.filter((_, i) => running[i]);
  };
  await until('no process is left', async () => (await left()).length === 0, 10_000).catch(async (error: unknown) => {
    const still = await left();
    throw new Error(`still running: ${still.map(({ pid, command }) => `${pid} ${command}`).join('\n')}`, { cause: error });
  });
}

/** The one process of a demo whose command line fits; the part itself and not its watcher. */
export function partOf(demo: Demo, pattern: RegExp): number {
  const found = processesOf(demo.dir).filter(({ command }) => pattern.test(command) && !command.startsWith('/bin/sh'));
  const [one] = found;
  if (!one || found.length > 1) throw new Error(`${pattern}: ${JSON.stringify(processesOf(demo.dir))}`);
  return one.pid;
}

/** Empty for a process that has just ended, and for a zombie. */
function text(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
