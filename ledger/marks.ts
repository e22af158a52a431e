/** What stood at a target before a grant: for far ends that keep no mark of whose an access is. */
import type { Mark, Marks } from '../contract/ports.js';
import type { Db, Tables } from './schema.js';

export function createMarks(db: Db): Marks<{ readonly key: string }> {
  const rowOf = (requestId: Tables['marks']['request_id']) =>
    db.selectFrom('marks').selectAll().where('request_id', '=', requestId).executeTakeFirst();
  return {
    async read(requestId) {
      const row = await rowOf(requestId);
      return row && markOf(row);
    },
    async note(requestId, target, before, at) {
      const row = { request_id: requestId, target: JSON.stringify(target), before, at, create_id: null, delete_id: null };
      await db
        .insertInto('marks')
        .values(row)
        .onConflict((clash) => clash.doNothing())
        .execute();
      return markOf((await rowOf(requestId)) ?? row);
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
  };
}

function markOf({ before, at, create_id, delete_id }: Tables['marks']): Mark {
  return { before, at, ...(create_id !== null && { create: create_id }), ...(delete_id !== null && { delete: delete_id }) };
}
