/**
 * Policies by hash, and which of them is in force. What is in force is the last row of those that were applied, so all
 * processes go by the same, and what was in force before is known.
 */
import type { Digest, Instant } from '../contract/ids.js';
import type { InForce, Policies, PolicyApplied, PolicyOrder } from '../contract/ports.js';
import { appendEvents } from './append.js';
import { putText } from './documents.js';
import { houseEvent } from './house.js';
import { createKept } from './kept.js';
import type { Db, Tables, Trx } from './schema.js';

type Row = Tables['applied_policies'];

/** The hash is the policy's own affair: the first text of a hash stays. `alone`: no other process is at this database. */
export function createPolicies(db: Db, alone: boolean): Policies {
  const now = createKept(async () => {
    const row = await last(db);
    return row && inForceOf(row);
  }, alone);
  return {
    async get(hash) {
      const row = await db.selectFrom('policies').select('bytes').where('hash', '=', hash).executeTakeFirst();
      return row && Buffer.from(row.bytes).toString('utf8');
    },
    inForce: now.get,
    apply: (order, at) => now.changing(() => db.transaction().execute((trx) => apply(trx, order, at))),
  };
}

async function apply(trx: Trx, order: PolicyOrder, at: Instant): Promise<PolicyApplied> {
  // Its entry takes this lock anyway; taken first, two orders come one after the other.
  await trx.selectFrom('ledger_head').select('size').forUpdate().executeTakeFirstOrThrow();
  const row = await last(trx);
  const was = row && inForceOf(row);
  const refused = await whyNot(trx, order, was);
  if (refused) return { done: refused, ...(was && { was }) };
  const number = (row?.number ?? 0) + 1;
  await keep(trx, order.hash, order.text);
  const next = { number, hash: order.hash, applied_by: Buffer.from(order.by, 'utf8'), at };
  await trx.insertInto('applied_policies').values(next).execute();
  const data = { ...(was && { before: was.hash }), after: order.hash, byDigest: await putText(trx, order.by) };
  await appendEvents(trx, [houseEvent(`${number}-policy-applied`, 'policy-applied', { via: order.via }, data, at)], at);
  return { done: 'applied', ...(was && { was }) };
}

async function whyNot(
  trx: Trx,
  { hash, over, unlessReplaced }: PolicyOrder,
  was: InForce | undefined,
): Promise<Exclude<PolicyApplied['done'], 'applied'> | undefined> {
  if (was?.hash === hash) return 'same';
  if (over !== undefined && over !== (was?.hash ?? null)) return 'overtaken';
  if (!unlessReplaced) return undefined;
  const before = await trx.selectFrom('applied_policies').select('number').where('hash', '=', hash).executeTakeFirst();
  return before && 'replaced-before';
}

async function keep(trx: Trx, hash: Digest, text: string): Promise<void> {
  await trx
    .insertInto('policies')
    .values({ hash, bytes: Buffer.from(text, 'utf8') })
    .onConflict((clash) => clash.doNothing())
    .execute();
}

function last(db: Db | Trx): Promise<Row | undefined> {
  return db.selectFrom('applied_policies').selectAll().orderBy('number', 'desc').limit(1).executeTakeFirst();
}

/** A row of `applied_policies` as the rest of Stint knows it. */
export function inForceOf({ hash, at, applied_by }: Pick<Row, 'hash' | 'at' | 'applied_by'>): InForce {
  return { hash, since: at, by: Buffer.from(applied_by).toString('utf8') };
}
