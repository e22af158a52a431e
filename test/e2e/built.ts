/**
 * The product as it is shipped: compiled into `dist`, run as a process. Building takes seconds, so it is done once, and
 * only when a source is newer than what was built; a lock keeps two test files from building over each other.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { spawnGuarded } from '../../cli/parent-watch.js';
import { isStintError } from '../../contract/errors.js';
import { lockFolder } from '../../ledger/folder-lock.js';
import { ROOT } from '../tooling/compile.js';

export { ROOT };
export const PROGRAM = join(ROOT, 'dist', 'cli', 'main.js');

const NOTES = join(ROOT, 'dist', '.tsbuildinfo');
const SOURCES = 'contract policy seal cards workflows ledger activities slack-app device workers sim cli scripts'.split(' ');

/** Makes sure that `dist` is what the sources say. Throws with the compiler's words. */
export async function build(): Promise<void> {
  const unlock = await locked(join(tmpdir(), `stint-build-${createHash('sha256').update(ROOT).digest('hex').slice(0, 12)}`));
  try {
    if (isFresh()) return;
    await promisify(execFile)('npm', ['run', '-s', 'build'], { cwd: ROOT }).catch(({ stdout, stderr }) => {
      throw new Error(`the build failed:\n${stdout}${stderr}`);
    });
    utimesSync(NOTES, new Date(), new Date()); // the compiler leaves it alone when nothing had to be written
  } finally {
    await unlock();
  }
}

function isFresh(): boolean {
  if (!existsSync(PROGRAM) || !existsSync(NOTES)) return false;
  const built = statSync(NOTES).mtimeMs;
  const files = SOURCES.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(ROOT, folder, name)),
  );
  return [...files, join(ROOT, 'package.json'), join(ROOT, 'tsconfig.build.json')].every((f) => statSync(f).mtimeMs <= built);
}

async function locked(folder: string): Promise<() => Promise<void>> {
  for (const deadline = Date.now() + 90_000; ; ) {
    try {
      return await lockFolder(folder);
    } catch (error) {
      if (!isStintError(error) || error.code !== 'locked' || Date.now() > deadline) throw error;
      await sleep(250);
    }
  }
}

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/**
 * Runs the built program to its end, and never longer than two minutes or than this process lives. Only what is given is
 * in its environment, apart from PATH and HOME.
 */
export async function stint(args: readonly string[], given: NodeJS.ProcessEnv = {}, cwd = ROOT): Promise<Ran> {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, ...given };
  const { child, exited, stop } = await spawnGuarded(process.execPath, [PROGRAM, ...args], { cwd, env, output: 'pipe' });
  let [out, err] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (chunk) => {
    out += chunk;
  });
  child.stderr?.setEncoding('utf8').on('data', (chunk) => {
    err += chunk;
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  const timer = setTimeout(() => void stop(), 120_000);
  const { code, signal } = await exited;
  clearTimeout(timer);
  await closed;
  if (code === null) throw new Error(`stint ${args.join(' ')} was ended by ${signal}:\n${err}`);
  return { code, out, err };
}
