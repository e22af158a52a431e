/** The list of elevations that were ended past their workflow. Kept in the store, so that a process that dies forgets none. */
import type { Untold } from '../contract/ports.js';
import type { Db } from './schema.js';

/** One line per elevation; the first instant stays. */
export function createUntold(db: Db): Untold {
  return {
    async put(requestId, at) {
      await db
        .insertInto('untold')
        .values({ request_id: requestId, at })
        .onConflict((clash) => clash.doNothing())
        .execute();
    },
    async all() {
      const rows = await db.selectFrom('untold').selectAll().orderBy('at').orderBy('request_id').execute();
      return rows.map(({ request_id, at }) => ({ requestId: request_id, at }));
    },
    async remove(requestId) {
      await db.deleteFrom('untold').where('request_id', '=', requestId).execute();
    },
  };
}
