/**
 * Brings a store to this version, and refuses one of a newer. Not kysely's own Migrator: that one holds a session-level
 * advisory lock, which a connection pooler breaks and which PGlite's single connection makes re-entrant (tried).
 */
import { sql } from 'kysely';
import { StintError } from '../contract/errors.js';
import { GENESIS } from './entry.js';
import { MIGRATIONS, type Migration } from './migrations.js';
import type { Db, Trx } from './schema.js';

/** The chain's name when none is given. */
const DEFAULT_CHAIN = 'stint';

/**
 * Runs what is missing, all of it in one transaction under a table lock, and makes the ledger's head if there is none.
 * Answers the name of the chain. Throws `bad-config` for a newer store, or for one that holds another chain.
 */
export async function migrate(db: Db, chain: string | undefined): Promise<string> {
  await ensureTable(db);
  return db.transaction().execute(async (trx) => {
    await sql`lock table stint_migrations in exclusive mode`.execute(trx);
    const done = await executed(trx);
    refuseNewer(done);
    for (const step of MIGRATIONS.filter(({ name }) => !done.includes(name))) await run(trx, step);
    return ensureHead(trx, chain);
  });
}

/** `if not exists` still fails when two create at the same moment; by the second try the other one is done. */
async function ensureTable(db: Db): Promise<void> {
  const create = sql`create table if not exists stint_migrations (name text primary key, at timestamptz not null default now())`;
  try {
    await create.execute(db);
  } catch (error) {
    if (error instanceof StintError) throw error;
    await create.execute(db);
  }
}

async function executed(trx: Trx): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`select name from stint_migrations`.execute(trx);
  return rows.map(({ name }) => name);
}

function refuseNewer(done: readonly string[]): void {
  const unknown = done.find((name) => !MIGRATIONS.some((step) => step.name === name));
  if (unknown !== undefined) throw new StintError('bad-config', newerStore(unknown));
}

/** What is said of a store with a step that this version does not know. */
export function newerStore(step: string): string {
  return `The store was written by a newer Stint (it has step ${step}, which this version does not know). Run that version, or a later one.`;
}

async function run(trx: Trx, step: Migration): Promise<void> {
  for (const statement of step.statements) await sql.raw(statement).execute(trx);
  await sql`insert into stint_migrations (name) values (${step.name})`.execute(trx);
}

async function ensureHead(trx: Trx, chain: string | undefined): Promise<string> {
  const head = await trx.selectFrom('ledger_head').select('chain').executeTakeFirst();
  if (!head) {
    const row = { only_row: true, chain: chain ?? DEFAULT_CHAIN, size: 0, hash: GENESIS };
    await trx.insertInto('ledger_head').values(row).execute();
    return row.chain;
  }
  if (chain !== undefined && chain !== head.chain) {
    throw new StintError('bad-config', `The store holds the ledger of ${head.chain}, not of ${chain}. Correct the chain's name.`);
  }
  return head.chain;
}
