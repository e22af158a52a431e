/**
 * Appending to the ledger, inside a transaction that the caller owns (`arm` appends in its own). The head row is locked
 * first: appends happen one after the other, and entries and head can never disagree.
 */
import { StintError } from '../contract/errors.js';
import type { AnyEvent } from '../contract/events.js';
import type { Instant } from '../contract/ids.js';
import { bodyOf, eventOf, leafHash, type Place, sameEvent } from './entry.js';
import { parseEvent } from './entry-schema.js';
import { project } from './read-model.js';
import type { Tables, Trx } from './schema.js';

/** Entries per statement; PostgreSQL takes 65,535 parameters in one. */
const PAGE = 500;

/**
 * Appends in order what is not there yet, and folds it into the read model. An id that is there with the same content
 * is skipped. Throws `ledger-conflict` when it has other content, `bad-input` for an event outside the contract.
 */
export async function appendEvents(trx: Trx, events: readonly AnyEvent[], now: Instant): Promise<void> {
  const checked = unique(events.map(parseEvent));
  const head = await trx.selectFrom('ledger_head').selectAll().forUpdate().executeTakeFirstOrThrow();
  const fresh = await notYetThere(trx, checked);
  if (fresh.length === 0) return;
  const rows = chainUp(fresh, { chain: head.chain, seq: head.size, prev: head.hash });
  for (let i = 0; i < rows.length; i += PAGE) await insert(trx, rows.slice(i, i + PAGE));
  await project(trx, fresh, now);
}

/** Entries and the head that they make, in one statement: each costs a way to the database and back under the lock. */
async function insert(trx: Trx, rows: readonly Tables['entries'][]): Promise<void> {
  const last = rows.at(-1);
  if (!last) return;
  await trx
    .with('written', (db) => db.insertInto('entries').values(rows).returning('seq'))
    .updateTable('ledger_head')
    .set({ size: last.seq + 1, hash: last.hash })
    .execute();
}

/** The same event twice in one batch counts once, as it does in two. */
function unique(events: readonly AnyEvent[]): readonly AnyEvent[] {
  const byId = new Map<string, AnyEvent>();
  for (const event of events) {
    const earlier = byId.get(event.id);
    if (earlier) requireSame(earlier, event);
    else byId.set(event.id, event);
  }
  return [...byId.values()];
}

async function notYetThere(trx: Trx, events: readonly AnyEvent[]): Promise<readonly AnyEvent[]> {
  const there = new Map<string, AnyEvent>();
  for (let i = 0; i < events.length; i += PAGE) {
    const ids = events.slice(i, i + PAGE).map(({ id }) => id);
    const rows = await trx.selectFrom('entries').select(['id', 'body']).where('id', 'in', ids).execute();
    for (const { id, body } of rows) there.set(id, eventOf(body));
  }
  return events.filter((event) => {
    const stored = there.get(event.id);
    if (stored) requireSame(stored, event);
    return !stored;
  });
}

function requireSame(stored: AnyEvent, event: AnyEvent): void {
  if (sameEvent(stored, event)) return;
  throw new StintError('ledger-conflict', `The ledger has an entry ${event.id} with other content.`);
}

function chainUp(events: readonly AnyEvent[], start: Place): Tables['entries'][] {
  let { seq, prev } = start;
  return events.map((event) => {
    const body = bodyOf(event, { chain: start.chain, seq, prev });
    const hash = leafHash(body);
    const { id, requestId, type, at } = event;
    const row = { seq, hash, prev, id, request_id: requestId, type, at, body };
    seq += 1;
    prev = hash;
    return row;
  });
}
