/** What stood at a target before a grant: for far ends that keep no mark of whose an access is. */
import type { Mark, Marks } from '../contract/ports.js';
import type { Db, Tables } from './schema.js';

type Row = Tables['marks'];

export function createMarks(db: Db): Marks<{ readonly key: string }> {
  const rowOf = (requestId: Row['request_id']) =>
    db.selectFrom('marks').selectAll().where('request_id', '=', requestId).executeTakeFirst();
  /** Only that very look, so that of two attempts one alone goes on; and never one that led to something. */
  const replace = (requestId: Row['request_id'], at: Row['at'], look: Pick<Row, 'before' | 'at' | 'until'>) =>
    db
      .updateTable('marks')
      .set(look)
      .where('request_id', '=', requestId)
      .where('at', '=', at)
      .where('create_id', 'is', null)
      .where('delete_id', 'is', null)
      .execute();
  return {
    async read(requestId) {
      const row = await rowOf(requestId);
      return row && markOf(row);
    },
    async note(requestId, target, before, at, { until = null, instead } = {}) {
      const look = { before, at, until };
      const row = { request_id: requestId, target: JSON.stringify(target), ...look, create_id: null, delete_id: null };
      await db
        .insertInto('marks')
        .values(row)
        .onConflict((clash) => clash.doNothing())
        .execute();
      if (instead) await replace(requestId, instead, look);
      return markOf((await rowOf(requestId)) ?? row);
    },
    async bound(requestId, at, until) {
      await db.updateTable('marks').set({ until }).where('request_id', '=', requestId).where('at', '=', at).execute();
    },
    async request(requestId, kind, farId) {
      const change = kind === 'create' ? { create_id: farId } : { delete_id: farId };
      await db.updateTable('marks').set(change).where('request_id', '=', requestId).execute();
    },
    async open() {
      const rows = await db
        .selectFrom('marks')
        .leftJoin('grants', 'grants.request_id', 'marks.request_id')
        .select(['marks.request_id', 'marks.target'])
        .where('marks.before', '=', 'absent')
        .where('grants.gone_at', 'is', null)
        .orderBy('marks.request_id')
        .execute();
      return rows.map((row) => ({ requestId: row.request_id, target: JSON.parse(row.target) }));
    },
    async ending(from, before) {
      const rows = await db
        .selectFrom('grants')
        .innerJoin('marks', 'marks.request_id', 'grants.request_id')
        .select((row) => row.fn.coalesce('grants.ended_at', 'grants.not_after').as('at'))
        .where('grants.gone_at', 'is', null)
        .where('marks.before', '=', 'absent')
        .where('marks.delete_id', 'is', null)
        .where((row) => row.fn.coalesce('grants.ended_at', 'grants.not_after'), '>=', from)
        .where((row) => row.fn.coalesce('grants.ended_at', 'grants.not_after'), '<', before)
        .execute();
      return rows.map(({ at }) => at);
    },
  };
}

function markOf({ before, at, until, create_id, delete_id }: Row): Mark {
  const ids = { ...(create_id !== null && { create: create_id }), ...(delete_id !== null && { delete: delete_id }) };
  return { before, at, ...(until !== null && { until }), ...ids };
}
