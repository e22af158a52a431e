/** One-time values: seen first, or seen before. Only their digests are kept, since their length is a stranger's choice. */
import { type Instant, instant } from '../contract/ids.js';
import type { OnceStore } from '../contract/ports.js';
import { digestOf } from '../seal/canonical.js';
import type { Db } from './schema.js';
import { wroteRow } from './wrote.js';

const SWEEP_EVERY_MS = 60_000;

/** `clock` gives milliseconds since 1970. An expired value counts as never seen, and is removed in time. */
export function createOnce(db: Db, clock: () => number): OnceStore {
  let sweepAt = 0;
  return {
    async first(scope, value, until) {
      const now = clock();
      if (now >= sweepAt) {
        sweepAt = now + SWEEP_EVERY_MS;
        // Before the answer is decided: a failure after it would have used the value up without telling.
        await db.deleteFrom('once').where('until', '<=', instant(now)).execute();
      }
      return remember(db, { digest: digestOf([scope, value]), scope, until }, instant(now));
    },
  };
}

async function remember(db: Db, row: { digest: ReturnType<typeof digestOf>; scope: string; until: Instant }, now: Instant) {
  const result = await db
    .insertInto('once')
    .values(row)
    .onConflict((clash) => clash.column('digest').doUpdateSet({ until: row.until }).where('once.until', '<=', now))
    .executeTakeFirst();
  return wroteRow(result);
}
