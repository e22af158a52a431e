/** Run a helper program to its end: bounded in time and output, and gone when this process goes. */
import { spawnGuarded } from '../parent-watch.js';

const KEPT = 64 * 1024;

export interface RunOptions {
  readonly timeoutMs: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/**
 * Standard output of a program that ended well.
 * @throws Error with the program's last words when it failed, was not there, or took longer than `timeoutMs`
 */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<string> {
  const started = await spawnGuarded(command, args, { cwd: options.cwd, env: options.env, output: 'pipe' });
  let [out, err] = ['', ''];
  started.child.stdout?.on('data', (chunk) => {
    out = (out + chunk).slice(-KEPT);
  });
  started.child.stderr?.on('data', (chunk) => {
    err = (err + chunk).slice(-KEPT);
  });
  const closed = new Promise((resolve) => started.child.once('close', resolve));
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    void started.stop(500);
  }, options.timeoutMs);
  const { code, signal } = await started.exited;
  clearTimeout(timer);
  await closed;
  if (late) throw new Error(`no end within ${Math.round(options.timeoutMs / 1000)} s`);
  if (code !== 0) throw new Error(lastWords(err) || lastWords(out) || `exit ${code ?? signal}`);
  return out;
}

/** The last line that says something, short enough for one line of a report. */
export function lastWords(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return (lines.at(-1) ?? '').trim().slice(0, 300);
}
