/** The ledger's port: append, and what can be asked of entries and of the read model. */
import { type SelectQueryBuilder, sql } from 'kysely';
import { instant, isRequestId } from '../contract/ids.js';
import type { Ledger, ListFilter } from '../contract/ports.js';
import { appendEvents } from './append.js';
import { eventOf } from './entry.js';
import { elevationOf, eventsOf } from './read-model.js';
import type { Db, Tables } from './schema.js';

/** The most rows that one question may bring. */
const PAGE_MAX = 1_000;
const LIST_DEFAULT = 50;

/** `clock` gives milliseconds since 1970. */
export function createLedger(db: Db, clock: () => number): Ledger {
  return {
    async append(events) {
      if (events.length === 0) return;
      await db.transaction().execute((trx) => appendEvents(trx, events, instant(clock())));
    },
    timeline: (requestId) => eventsOf(db, requestId),
    async newest(requestId, limit) {
      const of = db.selectFrom('entries').where('request_id', '=', requestId);
      const { total } = await of.select((q) => q.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
      const rows = await of.select('body').orderBy('seq', 'desc').limit(capped(limit)).execute();
      return { total, events: rows.reverse().map(({ body }) => eventOf(body)) };
    },
    entries: (from, limit) =>
      db
        .selectFrom('entries')
        .select(['seq', 'body', 'hash'])
        .where('seq', '>=', from)
        .orderBy('seq')
        .limit(capped(limit))
        .execute(),
    async find(requestId) {
      const row = await selectRows(db).where('request_id', '=', requestId).executeTakeFirst();
      return row && elevationOf(row);
    },
    async findByPrefix(prefix) {
      // Six characters or more of the id's own alphabet: nothing in it that `like` would understand.
      if (prefix.length < 6 || !isRequestId(prefix.padEnd(26, 'a'))) return undefined;
      const rows = await selectRows(db)
        .where(sql<boolean>`request_id like ${`${prefix}%`}`)
        .limit(2)
        .execute();
      const [row] = rows;
      return row && rows.length === 1 ? elevationOf(row) : undefined;
    },
    async list(filter) {
      const rows = await filtered(selectRows(db), filter)
        .orderBy('asked_at', 'desc')
        .orderBy('request_id', 'desc')
        .limit(capped(filter.limit ?? LIST_DEFAULT))
        .offset(Math.max(0, Math.trunc(filter.offset ?? 0)))
        .execute();
      return rows.map(elevationOf);
    },
    async count(filter) {
      const counting = db.selectFrom('elevations').select((q) => q.fn.countAll<number>().as('n'));
      return (await filtered(counting, filter).executeTakeFirstOrThrow()).n;
    },
    async news(after, types) {
      const { size } = await db.selectFrom('ledger_head').select('size').executeTakeFirstOrThrow();
      const from = after === undefined ? size - PAGE_MAX : after + 1;
      const rows = await db
        .selectFrom('entries')
        .select(['seq', 'body'])
        .where('seq', '>=', from)
        .where('seq', '<', size)
        .where('type', 'in', [...types])
        .orderBy('seq')
        .limit(PAGE_MAX)
        .execute();
      // A full page may have left some out: the next question goes on after its last.
      const last = rows.length === PAGE_MAX ? rows.at(-1)?.seq : undefined;
      return { events: rows.map(({ body }) => eventOf(body)), upTo: last ?? size - 1 };
    },
  };
}

function selectRows(db: Db) {
  return db.selectFrom('elevations').select(['view', 'updated_at']);
}

type Rows<O> = SelectQueryBuilder<Tables, 'elevations', O>;

/** A person's elevations are those for them and those that they asked for. */
function filtered<O>(query: Rows<O>, { live, personId, targetKey, review }: ListFilter): Rows<O> {
  let rows = query;
  if (live !== undefined) rows = rows.where('state', live ? '<>' : '=', 'closed');
  if (personId !== undefined) rows = rows.where((e) => e.or([e('person_id', '=', personId), e('requester_id', '=', personId)]));
  if (targetKey !== undefined) rows = rows.where('target_key', '=', targetKey);
  if (review === 'open') rows = rows.where('review_open', '=', true);
  return rows;
}

function capped(limit: number): number {
  return Math.min(Math.max(0, Math.trunc(limit)), PAGE_MAX);
}
