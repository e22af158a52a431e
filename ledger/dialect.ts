/**
 * One kysely dialect for both databases: PostgreSQL's SQL over anything that lends out a session. The sources
 * (`postgres.ts`, `pglite.ts`) differ only in how a session is had.
 */
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';

/** One exclusive conversation with the database. */
export interface Session {
  /** Throws `store-unavailable` when the database cannot be reached. */
  query(text: string, values: readonly unknown[]): Promise<{ readonly rows: readonly unknown[]; readonly affected: number }>;
  /** Gives it back. After `spoil` it is thrown away instead. */
  release(): void;
  spoil(): void;
}

export interface Source {
  /** Waits a bounded time for a free session; what is urgent, where there is but one, a shorter one. */
  connect(urgent?: boolean): Promise<Session>;
  /** Whether no other process can be at this database. */
  readonly alone?: boolean;
  end(): Promise<void>;
}

class Conversation implements DatabaseConnection {
  constructor(readonly session: Session) {}

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, affected } = await this.session.query(query.sql, query.parameters);
    return { rows: [...rows] as R[], numAffectedRows: BigInt(affected) };
  }

  // biome-ignore lint/correctness/useYield: kysely wants the method; the store reads in pages and never streams.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('streaming is not used');
  }
}

/** A kysely dialect over a source of sessions. `urgent`: what is asked through it goes before the rest. */
export function createDialect(source: Source, urgent = false): Dialect {
  return {
    createDriver: () => createDriver(source, urgent),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db) => new PostgresIntrospector(db),
  };
}

function createDriver(source: Source, urgent: boolean): Driver {
  const say = (connection: DatabaseConnection, text: string) => connection.executeQuery(CompiledQuery.raw(text));
  return {
    init: async () => {},
    acquireConnection: async () => new Conversation(await source.connect(urgent)),
    async beginTransaction(connection, { isolationLevel }) {
      await say(connection, isolationLevel ? `begin isolation level ${isolationLevel}` : 'begin');
    },
    async commitTransaction(connection) {
      await say(connection, 'commit');
    },
    async rollbackTransaction(connection) {
      // The error that led here is the one worth telling; a session that cannot roll back is not used again.
      await say(connection, 'rollback').catch(() => sessionOf(connection).spoil());
    },
    async releaseConnection(connection) {
      sessionOf(connection).release();
    },
    destroy: () => source.end(),
  };
}

function sessionOf(connection: DatabaseConnection): Session {
  if (connection instanceof Conversation) return connection.session;
  throw new Error('this connection is of another driver');
}
