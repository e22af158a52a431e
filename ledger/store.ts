/**
 * Opens the store: PostgreSQL when there is a URL, else the embedded database in a folder or in memory. One SQL dialect,
 * one set of tables, the same promises from all three.
 */
import { Kysely, sql } from 'kysely';
import { StintError } from '../contract/errors.js';
import type { Digest } from '../contract/ids.js';
import type { Store } from '../contract/ports.js';
import { createBindings } from './bindings.js';
import { createDevices } from './devices.js';
import { createDialect, type Source } from './dialect.js';
import { createMessageRefs, createRequests } from './documents.js';
import { createDoubts } from './doubts.js';
import { openingError } from './errors.js';
import { createEvidence } from './evidence.js';
import { createFence } from './fence.js';
import { createFreeze } from './freeze.js';
import { createLedger } from './ledger.js';
import { createMarks } from './marks.js';
import { migrate } from './migrate.js';
import { createOnce } from './once.js';
import { createPersonKeys } from './person-keys.js';
import { pgliteInFolder, pgliteInMemory } from './pglite.js';
import { createPolicies } from './policies.js';
import { postgresSource } from './postgres.js';
import type { Db, Tables } from './schema.js';
import { createSealKeys } from './seal-keys.js';
import { createUntold } from './untold.js';
import { createUsage } from './usage.js';

/** Exactly one of `databaseUrl`, `folder` and `memory`. */
export interface StoreOptions {
  /** `postgres://…`; may hold a password and is never repeated in an error. */
  readonly databaseUrl?: string;
  /** Where the embedded database lives; one process at a time. */
  readonly folder?: string;
  /** For tests and trials: gone with the process. */
  readonly memory?: boolean;
  /** Names the ledger for ever. A store that holds another one is refused; without it, any is taken. */
  readonly chain?: string;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** Where the ledger ends: what a verification of all entries must come to. */
export interface LedgerHead {
  readonly chain: string;
  readonly entries: number;
  readonly head: Digest;
}

export interface OpenStore extends Store {
  readonly chain: string;
  head(): Promise<LedgerHead>;
}

/**
 * Opens the store and brings its tables to this version. Throws `bad-config` (wrong options, a newer store, another
 * chain), `locked` (the folder is another process's) and `store-unavailable`.
 */
export async function openStore(options: StoreOptions): Promise<OpenStore> {
  return storeOn(await sourceOf(options), options);
}

/** The store over any source of sessions, which it owns from now on, also when it throws as `openStore` does. */
export async function storeOn(source: Source, { chain, clock }: Pick<StoreOptions, 'chain' | 'clock'>): Promise<OpenStore> {
  const db = new Kysely<Tables>({ dialect: createDialect(source) });
  const urgent = new Kysely<Tables>({ dialect: createDialect(source, true) });
  // The source is ended, and not kysely: so that whoever comes too late hears `store-unavailable`.
  let ending: Promise<void> | undefined;
  const close = () => {
    ending ??= source.end();
    return ending;
  };
  try {
    await requireDurable(db);
    return assemble(db, { chain: await migrate(db, chain), clock, close, urgent, alone: source.alone ?? false });
  } catch (error) {
    await close();
    throw openingError(error);
  }
}

function sourceOf({ databaseUrl, folder, memory }: StoreOptions): Promise<Source> {
  const given = [databaseUrl !== undefined, folder !== undefined, memory === true].filter(Boolean).length;
  if (given !== 1) throw new StintError('bad-config', 'Name one store: a database URL, a folder, or memory.');
  if (databaseUrl !== undefined) return Promise.resolve(postgresSource(databaseUrl));
  return folder !== undefined ? pgliteInFolder(folder) : pgliteInMemory();
}

/** With `synchronous_commit = off` PostgreSQL forgets acknowledged entries in a crash, and with them a grant's fence. */
async function requireDurable(db: Db): Promise<void> {
  const { rows } = await sql<{ value: string }>`select current_setting('synchronous_commit') as value`.execute(db);
  if (rows[0]?.value !== 'off') return;
  throw new StintError('bad-config', 'The database has synchronous_commit = off. Turn it on for the role of Stint.');
}

interface Parts {
  /** The same database, for what a revoke waits for. */
  readonly urgent: Db;
  /** Whether no other process can be at it. */
  readonly alone: boolean;
  readonly chain: string;
  readonly clock: () => number;
  readonly close: () => Promise<void>;
}

function assemble(db: Db, { chain, clock, close, urgent, alone }: Parts): OpenStore {
  return {
    ledger: createLedger(db, clock),
    fence: createFence(db, urgent),
    usage: createUsage(db, clock),
    freeze: createFreeze(db, alone),
    untold: createUntold(db),
    marks: createMarks(db),
    bindings: createBindings(db),
    personKeys: createPersonKeys(db),
    requests: createRequests(db),
    messages: createMessageRefs(db),
    doubts: createDoubts(db),
    once: createOnce(db, clock),
    devices: createDevices(db, clock, { urgent, alone }),
    evidence: createEvidence(db),
    policies: createPolicies(db, alone),
    sealKeys: createSealKeys(db),
    chain,
    async head() {
      const row = await db.selectFrom('ledger_head').selectAll().executeTakeFirstOrThrow();
      return { chain: row.chain, entries: row.size, head: row.hash };
    },
    async ping() {
      await sql`select 1`.execute(db);
    },
    close,
  };
}
