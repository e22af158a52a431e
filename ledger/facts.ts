/**
 * What is true of a database before a process opens it as its store: version, rights, clock, and whether the last entries
 * of the ledger fit. Reads only; the one thing that it makes, to prove that it may, is rolled back.
 */
import { randomBytes } from 'node:crypto';
import { StintError } from '../contract/errors.js';
import type { InForce, LedgerEntry } from '../contract/ports.js';
import type { ElevationView } from '../contract/view.js';
import type { Session, Source } from './dialect.js';
import { MIGRATIONS } from './migrations.js';
import { inForceOf } from './policies.js';
import type { Tables } from './schema.js';
import { type ChainVerdict, verifyEnd } from './verify.js';

export interface StoreFacts {
  /** Of the database server, such as `16.4`. */
  readonly version: string;
  readonly database: string;
  readonly role: string;
  /** `off` forgets what was acknowledged. */
  readonly synchronousCommit: string;
  /** Steps of this version that were not run yet; all of them on an empty database. */
  readonly pending: readonly string[];
  /** Steps that this version does not know: the store is a newer Stint's. */
  readonly unknown: readonly string[];
  /** What the role lacks on tables that are there, such as `insert on grants`. */
  readonly lacking: readonly string[];
  /** Why the role cannot make tables and triggers, in the database's own words; undefined when it can. */
  readonly cannotMake?: string;
  /** Whether the end of the ledger fits; undefined while there is none. */
  readonly ledger?: ChainVerdict;
  /** Those of break-glass whose review is open, oldest first, at most `MOST_REVIEWS`; undefined while the tables are not of this version. */
  readonly reviews?: readonly ElevationView[];
}

/** So many open reviews are looked at. */
export const MOST_REVIEWS = 500;

/** How many of the newest entries are verified; all of them is `stint ledger verify`. */
const NEWEST = 200;

/** Looks at the database. Throws what `Source` and `Session` throw: `store-unavailable`, or the database's own error. */
export async function storeFacts(source: Source): Promise<StoreFacts> {
  const session = await source.connect();
  try {
    const about = await aboutServer(session);
    const done = await steps(session);
    const known = MIGRATIONS.map(({ name }) => name);
    const lacking = await lackingRights(session);
    const readable = done.length > 0 && lacking.length === 0;
    const pending = known.filter((name) => !done.includes(name));
    const cannotMake = await whyNotMake(session);
    return {
      ...about,
      pending,
      unknown: done.filter((name) => !known.includes(name)),
      lacking,
      ...(cannotMake !== undefined && { cannotMake }),
      ...(readable && { ledger: await endOfLedger(session) }),
      ...(readable && pending.length === 0 && { reviews: await openReviews(session) }),
    };
  } finally {
    session.release();
  }
}

async function aboutServer(session: Session) {
  const { version, database, role, sync } = await one<{ version: string; database: string; role: string; sync: string }>(
    session,
    `select current_setting('server_version') as version, current_database() as database, current_user as role,
       current_setting('synchronous_commit') as sync`,
  );
  return { version, database, role, synchronousCommit: sync };
}

/** The database's clock, and ours before and after the question; milliseconds since 1970. Throws as `storeFacts` does. */
export async function databaseClock(
  source: Source,
  clock: () => number,
): Promise<{ readonly theirs: number; readonly before: number; readonly after: number }> {
  const session = await source.connect();
  try {
    const before = clock();
    const { now } = await one<{ now: number }>(session, 'select extract(epoch from clock_timestamp())::float8 * 1000 as now');
    return { theirs: now, before, after: clock() };
  } finally {
    session.release();
  }
}

/** The policy in force; undefined when none ever was. Ends the source. Throws the database's own error, also where the table is missing. */
export async function appliedPolicy(source: Source): Promise<InForce | undefined> {
  const session = await source.connect();
  try {
    const text = 'select hash, at, applied_by from applied_policies order by number desc limit 1';
    const row = (await session.query(text, [])).rows[0] as
      | Pick<Tables['applied_policies'], 'hash' | 'at' | 'applied_by'>
      | undefined;
    return row && inForceOf(row);
  } finally {
    session.release();
    await source.end();
  }
}

/** The names of the steps that were run; none on an empty database, or when the role may not look. */
async function steps(session: Session): Promise<readonly string[]> {
  const { there } = await one<{ there: boolean }>(
    session,
    `select case when to_regclass('stint_migrations') is null then false
       else has_table_privilege(to_regclass('stint_migrations'), 'select') end as there`,
  );
  if (!there) return [];
  const { rows } = await session.query('select name from stint_migrations order by name', []);
  return rows.map((row) => String((row as { name: unknown }).name));
}

/** The tables that the steps make, so that a new step needs nothing here. */
const TABLES: readonly string[] = [
  'stint_migrations',
  ...MIGRATIONS.flatMap(({ statements }) => statements.flatMap((text) => /^\s*create table (\w+)/.exec(text)?.[1] ?? [])),
];

/** Nothing is ever deleted from these, and the first is never changed either: nobody needs the right to. */
const KEPT = ['entries', 'ledger_head', 'grants', 'requests', 'texts', 'policies', 'elevations', 'stint_migrations'];

async function lackingRights(session: Session): Promise<readonly string[]> {
  const { rows } = await session.query(
    `select lower(p.word) || ' on ' || t.name as lack
     from unnest($1::text[]) as t(name) cross join unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) as p(word)
     where to_regclass(t.name) is not null and not has_table_privilege(to_regclass(t.name), p.word)
       and not (t.name = 'entries' and p.word = 'UPDATE')
       and not (p.word = 'DELETE' and t.name = any($2))
     order by 1`,
    [TABLES, KEPT],
  );
  return rows.map((row) => String((row as { lack: unknown }).lack));
}

/** Makes what a step makes, and rolls it back: rights have too many sources to be read off the catalogue. */
async function whyNotMake(session: Session): Promise<string | undefined> {
  const name = `stint_doctor_${randomBytes(6).toString('hex')}`;
  const attempt = [
    `create table ${name} (at text)`,
    `create function ${name}() returns trigger language plpgsql as $$ begin return new; end $$`,
    `create trigger ${name} before insert on ${name} for each row execute function ${name}()`,
    `alter table ${name} enable always trigger ${name}`,
    `insert into ${name} values ('now')`,
  ];
  await session.query('begin', []);
  try {
    for (const statement of attempt) await session.query(statement, []);
    return undefined;
  } catch (error) {
    const refusal = refusalIn(error);
    if (refusal === undefined) throw error;
    return refusal;
  } finally {
    await session.query('rollback', []);
  }
}

/** 42501 is `insufficient_privilege`, 25006 a server that only reads, 42704 and 3F000 a missing language or schema. */
function refusalIn(error: unknown): string | undefined {
  const said = error instanceof StintError ? error.cause : error;
  const refused = said instanceof Error && 'code' in said && /^(42501|25006|42704|3F000)$/.test(String(said.code));
  return refused ? said.message : undefined;
}

async function endOfLedger(session: Session): Promise<ChainVerdict> {
  const { rows } = await session.query('select seq, body, hash from entries order by seq desc limit $1', [NEWEST]);
  const head = (await session.query('select size, hash from ledger_head', [])).rows[0] as
    | { size: number | string; hash: LedgerEntry['hash'] }
    | undefined;
  const entries = (rows as readonly LedgerEntry[]).map((row) => ({ ...row, seq: Number(row.seq) })).reverse();
  return verifyEnd(entries, head && { size: Number(head.size), hash: head.hash });
}

async function openReviews(session: Session): Promise<readonly ElevationView[]> {
  const text = 'select view from elevations where review_open order by asked_at limit $1';
  const { rows } = await session.query(text, [MOST_REVIEWS]);
  return rows.map((row) => JSON.parse((row as Pick<Tables['elevations'], 'view'>).view));
}

async function one<T>(session: Session, text: string): Promise<T> {
  return (await session.query(text, [])).rows[0] as T;
}
