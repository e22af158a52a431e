/** The databases that the one suite runs on. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Source } from '../../ledger/dialect.js';
import { pgliteInFolder, pgliteInMemory } from '../../ledger/pglite.js';
import { postgresSource } from '../../ledger/postgres.js';
import { type OpenStore, storeOn } from '../../ledger/store.js';
import { havePostgres, startPostgres } from './postgres.js';

/** A store with a way past its ports, as an administrator of the database has one. */
export interface Bench {
  readonly store: OpenStore;
  /** The clock of the store; tests may set it. */
  readonly time: { now: number };
  sql(text: string): Promise<readonly unknown[]>;
  close(): Promise<void>;
}

interface Backend {
  readonly name: string;
  readonly there: boolean;
  open(): Promise<{ readonly source: Source; readonly after: () => Promise<void> }>;
}

export const BACKENDS: readonly Backend[] = [
  { name: 'PGlite in memory', there: true, open: async () => ({ source: await pgliteInMemory(), after: async () => {} }) },
  {
    name: 'PGlite in a folder',
    there: true,
    async open() {
      const folder = await mkdtemp(join(tmpdir(), 'stint-store-'));
      return { source: await pgliteInFolder(folder), after: () => rm(folder, { recursive: true, force: true }) };
    },
  },
  {
    name: 'PostgreSQL',
    there: havePostgres(),
    async open() {
      const server = await startPostgres();
      return { source: postgresSource(await server.database()), after: () => server.remove() };
    },
  },
];

export async function openBench({ open }: Backend): Promise<Bench> {
  const { source, after } = await open();
  const time = { now: Date.parse('2026-03-02T09:00:00.000Z') };
  const store = await storeOn(source, { clock: () => time.now });
  return {
    store,
    time,
    async sql(text) {
      const session = await source.connect();
      try {
        return (await session.query(text, [])).rows;
      } finally {
        session.release();
      }
    },
    async close() {
      await store.close();
      await after();
    },
  };
}
