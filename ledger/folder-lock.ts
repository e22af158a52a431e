/**
 * An exclusive lock on a folder that the operating system frees when its owner dies, whatever kills it. Node has no
 * flock, so the lock is a listening Unix socket: a connect to it succeeds only while its owner lives.
 *
 * Replacing a dead owner's socket under one fixed name is a race between two newcomers. So every newcomer listens under
 * a name of its own, makes it visible, and only then looks at the others: of two newcomers at least one sees the other
 * alive. Names are never used twice, so a dead one may be removed by anybody.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rename, rm, symlink, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { StintError } from '../contract/errors.js';

/** A socket's path holds at most 104 bytes on macOS and 108 on Linux (sys/un.h), the last of them zero. */
const PATH_MAX = 103;
const ATTEMPTS = 4;
const OWNER = /^owner-(\d+)-[0-9a-f]{12}$/;

/**
 * Locks the folder, which is made when it is not there; answers the function that unlocks it. Throws `locked` with a
 * sentence that names the folder and what to do, and `bad-config` when the folder cannot hold a lock (a network drive).
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = resolve(folder);
  const sockets = await usable(path, () => prepare(path));
  try {
    return await usable(path, () => contend(path, sockets));
  } catch (error) {
    await sockets.forget();
    throw error;
  }
}

interface Sockets {
  /** Where the sockets are, by a path that is short enough. */
  readonly dir: string;
  forget(): Promise<void>;
}

/** Two newcomers that saw each other both step back; the pause decides who comes first the next time. */
async function contend(folder: string, sockets: Sockets): Promise<() => Promise<void>> {
  for (let attempt = 1; ; attempt++) {
    const mine = await announce(sockets.dir);
    const rival = await livingRival(sockets.dir, mine.name);
    if (rival === undefined) {
      return async () => {
        await mine.withdraw();
        await sockets.forget();
      };
    }
    await mine.withdraw();
    if (attempt === ATTEMPTS) throw lockedBy(folder, rival);
    await new Promise((done) => setTimeout(done, 20 + (randomBytes(1)[0] ?? 0)));
  }
}

async function prepare(folder: string): Promise<Sockets> {
  const dir = join(folder, 'lock');
  await mkdir(dir, { recursive: true, mode: 0o700 });
  if (Buffer.byteLength(join(dir, freshName())) <= PATH_MAX) return { dir, forget: async () => {} };
  // The sockets still lie in the folder itself; only the way to them is shorter.
  const shortcut = await mkdtemp(join(tmpdir().length < 60 ? tmpdir() : '/tmp', 'stint-'));
  await symlink(dir, join(shortcut, 'd'));
  return { dir: join(shortcut, 'd'), forget: () => rm(shortcut, { recursive: true, force: true }) };
}

function freshName(): string {
  return `owner-${process.pid}-${randomBytes(6).toString('hex')}`;
}

interface Announced {
  readonly name: string;
  withdraw(): Promise<void>;
}

/**
 * Listens first and takes its visible name afterwards: between bind and listen a socket refuses connections as a dead
 * one does, and would be removed by another newcomer.
 */
async function announce(dir: string): Promise<Announced> {
  const name = freshName();
  const hidden = join(dir, name.replace('owner', 'new'));
  const server = await listen(hidden);
  await rename(hidden, join(dir, name));
  return {
    name,
    async withdraw() {
      await unlink(join(dir, name)).catch(() => {});
      await new Promise((done) => server.close(done));
    },
  };
}

function listen(path: string): Promise<Server> {
  return new Promise((done, failed) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', failed);
    server.listen(path, () => {
      server.unref(); // the lock alone keeps no process running
      done(server);
    });
  });
}

/** The process id in the name of an owner that lives, if any. Removes what the dead have left. */
async function livingRival(dir: string, mine: string): Promise<string | undefined> {
  for (const name of await readdir(dir)) {
    const owner = OWNER.exec(name);
    if (!owner || name === mine) continue;
    if (await answers(join(dir, name))) return owner[1];
    await unlink(join(dir, name)).catch(() => {});
  }
  return undefined;
}

/** The process id of the living owner of a folder, if there is one. Only looks: nothing is taken, made or removed. */
export async function folderOwner(folder: string): Promise<string | undefined> {
  const path = resolve(folder);
  const names = await readdir(join(path, 'lock')).catch(() => []);
  if (!names.some((name) => OWNER.test(name))) return undefined;
  const sockets = await usable(path, () => prepare(path));
  try {
    for (const name of names) {
      const owner = OWNER.exec(name);
      if (owner && (await answers(join(sockets.dir, name)))) return owner[1];
    }
    return undefined;
  } finally {
    await sockets.forget();
  }
}

/** Only a refusal, or no file at all, is proof of death; every other failure counts as alive. */
function answers(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => done(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'));
  });
}

function lockedBy(folder: string, pid: string): StintError {
  return new StintError(
    'locked',
    `The data folder ${folder} is used by another Stint process (${pid}). Stop that one, or give this one another folder.`,
  );
}

async function usable<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StintError || !(error instanceof Error) || !('code' in error)) throw error;
    const sentence = `The data folder ${folder} cannot be used (${error.code}). Choose a folder on a local disk that Stint may write to.`;
    throw new StintError('bad-config', sentence, { cause: error });
  }
}
