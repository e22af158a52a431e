/** When the reconciler last looked at each target, and what it told of it: so that nothing is told at every look. */
import { type Instant, instant, msOf } from '../contract/ids.js';
import type { Fence, Look } from '../contract/ports.js';
import type { Db } from './schema.js';

/** A target that nobody has looked at for so long is not ours to look at any more. */
const KEPT_MS = 180 * 86_400_000;
/** Rows per statement; PostgreSQL takes 65,535 parameters in one. */
const PAGE = 500;

export function createLooks(db: Db): Pick<Fence, 'looks' | 'looked'> {
  return {
    async looks() {
      const rows = await db.selectFrom('looks').selectAll().execute();
      return rows.map(({ target, at, told }) => ({ target, at, told: JSON.parse(told) as string[] }));
    },
    async looked(looks) {
      for (let i = 0; i < looks.length; i += PAGE) await write(db, looks.slice(i, i + PAGE));
      const newest = looks.reduce<Instant | undefined>((latest, { at }) => (latest && latest > at ? latest : at), undefined);
      if (newest)
        await db
          .deleteFrom('looks')
          .where('at', '<', instant(msOf(newest) - KEPT_MS))
          .execute();
    },
  };
}

async function write(db: Db, looks: readonly Look[]): Promise<void> {
  await db
    .insertInto('looks')
    .values(looks.map(({ target, at, told }) => ({ target, at, told: JSON.stringify(told) })))
    .onConflict((clash) =>
      clash.column('target').doUpdateSet((e) => ({ at: e.ref('excluded.at'), told: e.ref('excluded.told') })),
    )
    .execute();
}
