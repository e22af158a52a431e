/**
 * The freeze: one row that every arm reads under a shared lock, in its own transaction. So a freeze that has been
 * answered stands before every later arm, and one that comes while an arm is under way waits for it.
 */
import type { Instant } from '../contract/ids.js';
import type { Freeze, Frozen } from '../contract/ports.js';
import { appendEvents } from './append.js';
import { putText } from './documents.js';
import { houseEvent } from './house.js';
import { createKept } from './kept.js';
import type { Db, Tables, Trx } from './schema.js';

type Row = Tables['freezing'];
type By = Pick<Frozen, 'operator' | 'reason'>;

/** The switch and its record. `alone`: no other process is at this database. */
export function createFreeze(db: Db, alone: boolean): Freeze {
  const ask = async () => frozenOf(await db.selectFrom('freezing').selectAll().executeTakeFirstOrThrow());
  const { get: now, changing } = createKept(ask, alone);
  const order = <T>(work: (trx: Trx) => Promise<T>) => changing(() => db.transaction().execute(work));
  return {
    now,
    set: (by, at) =>
      order(async (trx) => {
        const row = await lock(trx);
        const standing = frozenOf(row);
        if (standing) return { changed: false, frozen: standing };
        const reason = Buffer.from(by.reason, 'utf8');
        await write(trx, { orders: row.orders + 1, since: at, operator: by.operator, reason });
        await record(trx, 'frozen', by, at, row.orders + 1);
        return { changed: true, frozen: { since: at, ...by } };
      }),
    lift: (by, at) =>
      order(async (trx) => {
        const row = await lock(trx);
        const standing = frozenOf(row);
        if (!standing) return undefined;
        await write(trx, { orders: row.orders + 1, since: null, operator: null, reason: null });
        await record(trx, 'unfrozen', by, at, row.orders + 1);
        return standing;
      }),
  };
}

/** Whether a freeze stands, held so until this transaction is over. */
export async function isFrozen(trx: Trx): Promise<boolean> {
  const { since } = await trx.selectFrom('freezing').select('since').forShare().executeTakeFirstOrThrow();
  return since !== null;
}

function lock(trx: Trx): Promise<Row> {
  return trx.selectFrom('freezing').selectAll().forUpdate().executeTakeFirstOrThrow();
}

async function write(trx: Trx, change: Omit<Row, 'only_row'>): Promise<void> {
  await trx.updateTable('freezing').set(change).execute();
}

/** Who and why go in as one text, so that the entry's digest commits to both. */
async function record(trx: Trx, type: 'frozen' | 'unfrozen', by: By, at: Instant, order: number): Promise<void> {
  const reasonDigest = await putText(trx, `${by.operator}: ${by.reason}`);
  await appendEvents(trx, [houseEvent(`${order}-${type}`, type, { via: 'cli' }, { reasonDigest }, at)], at);
}

function frozenOf({ since, operator, reason }: Row): Frozen | undefined {
  if (since === null || operator === null || reason === null) return undefined;
  return { since, operator, reason: Buffer.from(reason).toString('utf8') };
}
