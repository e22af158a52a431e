/** Sessions of a PostgreSQL server, from a bounded pool with a limit on every wait. */
import pg from 'pg';
import { StintError } from '../contract/errors.js';
import type { Session, Source } from './dialect.js';
import { isAnswer, storeError } from './errors.js';

/** Milliseconds. A caller is answered within these, whatever the server or the network does. */
const LIMITS = { connect: 3_000, lock: 5_000, statement: 10_000, answer: 12_000, idleInTransaction: 10_000 };
const POOL_SIZE = 10;
const INT8_OID = 20;

/**
 * Opens a pool; nothing is connected before the first query. Throws `bad-config` when the URL is none of PostgreSQL's;
 * the URL itself is never repeated, since it may hold a password.
 */
export function postgresSource(databaseUrl: string): Source {
  const pool = new pg.Pool(poolConfig(databaseUrl));
  // A connection that breaks is told as an event, by the pool while it is idle and by the client while it is lent out
  // (also between two queries of a transaction). Without a listener Node would end the process; the next query finds
  // out by itself.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return {
    async connect() {
      try {
        return sessionOf(await pool.connect());
      } catch (error) {
        throw storeError(error);
      }
    },
    end: () => pool.end(),
  };
}

function poolConfig(databaseUrl: string): pg.PoolConfig {
  if (!/^postgres(ql)?:\/\//.test(databaseUrl) || !URL.canParse(databaseUrl)) {
    throw new StintError('bad-config', 'The database URL must look like postgres://user:password@host:5432/name.');
  }
  return {
    connectionString: databaseUrl,
    application_name: 'stint',
    max: POOL_SIZE,
    keepAlive: true,
    connectionTimeoutMillis: LIMITS.connect,
    lock_timeout: LIMITS.lock,
    statement_timeout: LIMITS.statement,
    query_timeout: LIMITS.answer,
    idle_in_transaction_session_timeout: LIMITS.idleInTransaction,
    types: { getTypeParser },
  };
}

/** A count or a sequence number comes as a number, as from PGlite, not as text. */
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === INT8_OID ? safeInteger : pg.types.getTypeParser(oid, format);

function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError('the database holds a number that is too large');
  return value;
}

function sessionOf(client: pg.PoolClient): Session {
  let broken: unknown;
  return {
    async query(text, values) {
      // After a lost answer the connection may still be busy with the old question: nothing more goes over it.
      if (broken) throw broken;
      try {
        const { rows, rowCount } = await client.query(text, [...values]);
        return { rows, affected: rowCount ?? 0 };
      } catch (error) {
        const told = storeError(error);
        if (!isAnswer(error)) broken = told;
        throw told;
      }
    },
    spoil() {
      broken ??= new StintError('store-unavailable');
    },
    release: () => client.release(broken !== undefined),
  };
}
