/**
 * The embedded database: PGlite, which is one connection in one process. Sessions are lent out one after the other, so
 * that a transaction is never mixed with another query, and a folder is opened under an exclusive lock: two processes
 * in one folder diverge without an error (tried).
 *
 * PGlite 0.5 starts its server with `-F` (no fsync) and its file system has none: a killed process loses nothing that
 * was acknowledged (tried), a power failure may. Who cannot bear that runs PostgreSQL.
 */
import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PGlite, PGliteOptions } from '@electric-sql/pglite';
import type { Session, Source } from './dialect.js';
import { storeError } from './errors.js';
import { lockFolder } from './folder-lock.js';
import { createStatement } from './pglite-query.js';
import { createTurns } from './turns.js';

/** The longest that a caller waits for its turn, in milliseconds. */
const TURN_MS = 10_000;
/** Written once the database in a folder is complete. */
const READY = 'stint-ready';

interface Embedded {
  readonly db: PGlite;
  readonly ask: Session['query'];
}

/** A database in memory, gone with the process. */
export async function pgliteInMemory(): Promise<Source> {
  return sourceOf(await start({ loadDataDir: await emptyDatabase() }));
}

/** Made once a process: a copy of it is there in a third of the time that making one anew takes. */
let empty: Promise<Blob> | undefined;
function emptyDatabase(): Promise<Blob> {
  empty ??= start().then(async ({ db }) => {
    const made = await db.dumpDataDir('none');
    await db.close();
    return made;
  });
  return empty;
}

/**
 * The database in a folder, which is made when it is not there. Throws `locked` when a process uses the folder
 * already, and `bad-config` when the folder cannot be used.
 */
export async function pgliteInFolder(folder: string): Promise<Source> {
  const unlock = await lockFolder(folder);
  try {
    const source = sourceOf(await startInFolder(folder));
    return {
      ...source,
      async end() {
        await source.end();
        await unlock();
      },
    };
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function startInFolder(folder: string): Promise<Embedded> {
  const data = join(folder, 'pg');
  const ready = join(data, READY);
  // A process killed in the very first start leaves half a database that never opens again. Nothing was stored in it.
  if (existsSync(data) && !existsSync(ready)) await rename(data, `${data}.unfinished-${Date.now()}`);
  await mkdir(data, { recursive: true, mode: 0o700 });
  const embedded = await start({ dataDir: data });
  if (!existsSync(ready)) await writeFile(ready, '');
  return embedded;
}

async function start(options: PGliteOptions = {}): Promise<Embedded> {
  // Loaded here, so that those who run PostgreSQL never load the embedded one.
  const library = await import('@electric-sql/pglite');
  const db = new library.PGlite(options);
  await db.waitReady;
  return { db, ask: createStatement(db, library) };
}

function sourceOf({ db, ask }: Embedded): Source {
  const takeTurn = createTurns(TURN_MS);
  return {
    alone: true,
    connect: async (urgent) => sessionOf(ask, await takeTurn(urgent)),
    async end() {
      // A transaction under way is let through first; one that hangs does not keep the process from ending.
      const done = await takeTurn().catch(() => () => {});
      if (!db.closed) await db.close();
      done();
    },
  };
}

function sessionOf(ask: Session['query'], release: () => void): Session {
  return {
    async query(text, values) {
      try {
        return await ask(text, values);
      } catch (error) {
        throw storeError(error);
      }
    },
    release,
    spoil: () => {},
  };
}
