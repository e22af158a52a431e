/** Posts that may stand twice in Slack. Kept in the store, so that a process that dies forgets none. */
import type { Doubts } from '../contract/ports.js';
import type { Db } from './schema.js';

/** One line for each key and place. */
export function createDoubts(db: Db): Doubts {
  return {
    async put({ key, channel, threadTs = '', since }, next) {
      const times = { since, next_at: next };
      await db
        .insertInto('doubts')
        .values({ key, channel, thread_ts: threadTs, ...times })
        .onConflict((clash) =>
          clash.columns(['key', 'channel', 'thread_ts']).doUpdateSet(times).where('doubts.since', '<=', since),
        )
        .execute();
    },
    async take(now, until, limit) {
      const due = await db.selectFrom('doubts').selectAll().where('next_at', '<=', now).orderBy('next_at').limit(limit).execute();
      const taken = [];
      for (const row of due) {
        const { numUpdatedRows } = await db
          .updateTable('doubts')
          .set({ next_at: until })
          .where('key', '=', row.key)
          .where('channel', '=', row.channel)
          .where('thread_ts', '=', row.thread_ts)
          .where('next_at', '=', row.next_at)
          .executeTakeFirst();
        // Another process was quicker.
        if (numUpdatedRows > 0n) taken.push(row);
      }
      return taken.map(({ key, channel, thread_ts, since }) => ({ key, channel, threadTs: thread_ts || undefined, since }));
    },
    async remove({ key, channel, threadTs = '', since }) {
      await db
        .deleteFrom('doubts')
        .where('key', '=', key)
        .where('channel', '=', channel)
        .where('thread_ts', '=', threadTs)
        .where('since', '=', since)
        .execute();
    },
  };
}
