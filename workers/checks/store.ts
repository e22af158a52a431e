/**
 * The store, looked at without opening it as a process would: that would bring its tables to this version. With the
 * embedded database only the process that holds the folder can be asked, through its admin socket.
 */
import { constants, existsSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isStintError } from '../../contract/errors.js';
import { few } from '../../contract/few.js';
import type { ElevationRow, InForce, LedgerEntry } from '../../contract/ports.js';
import type { Source } from '../../ledger/dialect.js';
import { openingError } from '../../ledger/errors.js';
import { appliedPolicy, databaseClock, MOST_REVIEWS, type StoreFacts, storeFacts } from '../../ledger/facts.js';
import { folderOwner } from '../../ledger/folder-lock.js';
import { newerStore } from '../../ledger/migrate.js';
import { pgliteInFolder } from '../../ledger/pglite.js';
import { postgresSource } from '../../ledger/postgres.js';
import { type ChainVerdict, verifyEnd } from '../../ledger/verify.js';
import { askSocket } from '../admin-socket.js';
import type { BaseConfig, PartConfigs } from '../config.js';
import type { Ask } from '../questions.js';
import type { Check, Say } from './check.js';
import type { AskClock } from './clock.js';
import type { AskInForce } from './policy.js';
import { tellReviews } from './reviews.js';

export interface StoreCheckDeps {
  readonly base: Pick<BaseConfig, 'home'>;
  readonly store: PartConfigs['store'];
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** Version, rights, durability, the end of the ledger, and reviews that nobody closes. */
export function checkStore(deps: StoreCheckDeps): Check {
  const { store } = deps;
  return (say) => (store.kind === 'postgres' ? onPostgres(deps, store.url.reveal(), say) : inFolder(deps, store.dir, say));
}

async function onPostgres({ clock }: StoreCheckDeps, url: string, say: Say): Promise<void> {
  const facts = await look(postgresSource(url));
  const { version, role, database } = facts;
  say.ok('reachable', `PostgreSQL ${version}, database ${database}, role ${role}`);
  tell(facts, clock(), say);
}

/** PostgreSQL's own clock, over a connection of its own. */
export function storeClock(url: string, clock: () => number): AskClock {
  return async () => {
    const source = postgresSource(url);
    try {
      return { source: 'the store', resolutionMs: 0, ...(await databaseClock(source, clock)) };
    } finally {
      await source.end();
    }
  };
}

/** Which policy is in force, without opening the store. */
export function askInForce(base: StoreCheckDeps['base'] | undefined, store: StoreCheckDeps['store'] | undefined): AskInForce {
  return async () => {
    if (!base || !store) return 'unknown';
    try {
      const found =
        store.kind === 'postgres'
          ? await appliedPolicy(postgresSource(store.url.reveal()))
          : await askSocket(base.home)<InForce | null>({ ask: 'policy-in-force' });
      return found ?? 'none';
    } catch {
      return 'unknown'; // what keeps the store from answering is for its own check to say
    }
  };
}

async function look(source: Source): Promise<StoreFacts> {
  try {
    return await storeFacts(source);
  } catch (error) {
    throw openingError(error);
  } finally {
    await source.end();
  }
}

async function inFolder(deps: StoreCheckDeps, dir: string, say: Say): Promise<void> {
  const owner = await folderOwner(dir);
  if (owner !== undefined) return atWork(deps, dir, owner, say);
  if (!existsSync(join(dir, 'pg', 'stint-ready'))) return notYet(dir, say);
  say.ok('folder', `${dir}: no process uses it now`);
  tell(await look(await pgliteInFolder(dir)), deps.clock(), say);
}

/** The folder's own process answers for it. */
async function atWork({ base, clock }: StoreCheckDeps, dir: string, owner: string, say: Say): Promise<void> {
  const ask = askSocket(base.home);
  try {
    await ask({ ask: 'ping' });
  } catch (error) {
    if (!isStintError(error)) throw error;
    const fix = 'If it has only just started, look again; else stop that process and start "stint all".';
    return say.fail('folder', `${dir} is held by process ${owner}, which does not answer: ${error.sentence}`, fix);
  }
  say.ok('folder', `${dir} is held by process ${owner}, which answers`);
  tellLedger(await endOfLedger(ask), say);
  const open = await ask<readonly ElevationRow[]>({ ask: 'list', review: 'open', limit: MOST_REVIEWS });
  tellReviews(
    open.map(({ view }) => view),
    clock(),
    say,
  );
}

async function notYet(dir: string, say: Say): Promise<void> {
  let there = resolve(dir);
  while (!existsSync(there)) there = dirname(there);
  const writable = await access(there, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  if (writable) say.ok('folder', `${dir}: nothing in it yet; the first start makes the database`);
  else say.fail('folder', `${there} cannot be written to`, 'Choose another STINT_HOME, or let the user of Stint write there.');
}

/** What the facts mean. The sentence about a newer store is the one with which a process refuses it. */
function tell(facts: StoreFacts, now: number, say: Say): void {
  const [unknown] = facts.unknown;
  if (unknown !== undefined) say.fail('version', newerStore(unknown));
  else if (facts.pending.length === 0) say.ok('version', 'the tables are of this version');
  else say.ok('version', `steps ${facts.pending.join(', ')} are missing; the next start runs them`);
  if (facts.synchronousCommit !== 'off') say.ok('durable', `synchronous_commit is ${facts.synchronousCommit}`);
  else say.fail('durable', 'synchronous_commit is off', `Run: alter role "${facts.role}" set synchronous_commit = on`);
  tellRights(facts, say);
  if (facts.ledger) tellLedger(facts.ledger, say);
  if (facts.reviews) tellReviews(facts.reviews, now, say);
}

function tellRights({ lacking, cannotMake, pending, role }: StoreFacts, say: Say): void {
  if (lacking.length > 0) {
    const fix = `Let the role that owns the tables run: grant select, insert, update, delete on all tables in schema public to "${role}"; or connect as the owner.`;
    say.fail('rights', `the role ${role} lacks ${few(lacking, 6)}`, fix);
  }
  if (cannotMake !== undefined) {
    const what = `the role ${role} cannot make tables and triggers: ${cannotMake}`;
    const fix = `Make it the owner: alter database … owner to "${role}"; or: grant create on schema public to "${role}"`;
    if (pending.length > 0) say.fail('rights', what, fix);
    else say.warn('rights', `${what}; nothing is missing now, but the next version may need it`, fix);
  }
  if (lacking.length === 0 && cannotMake === undefined) say.ok('rights', `${role} may read, write, and make tables and triggers`);
}

function tellLedger(verdict: ChainVerdict, say: Say): void {
  const fix =
    'Somebody changed the ledger, or a restore was partial. Run "stint ledger verify" and compare with the head that you kept.';
  if (verdict.ok) say.ok('ledger', `the newest entries fit; ${verdict.entries} in all`);
  else say.fail('ledger', `entry ${verdict.seq} does not fit: ${verdict.what}`, fix);
}

const NEWEST = 200;

/** The newest entries over the admin socket, which answers from a number on: the end is found by doubling and halving. */
async function endOfLedger(ask: Ask): Promise<ChainVerdict> {
  const page = (from: number, limit: number) => ask<readonly LedgerEntry[]>({ ask: 'entries', from, limit });
  const there = async (seq: number) => (await page(seq, 1)).length > 0;
  let [low, high] = [0, 1];
  while (await there(high)) [low, high] = [high, high * 2];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await there(middle)) low = middle;
    else high = middle;
  }
  return verifyEnd(await page(Math.max(0, low - NEWEST), NEWEST + 1), undefined);
}
