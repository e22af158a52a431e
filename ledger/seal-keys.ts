/** Which seal keys processes believed, as it is on record: each change is one entry, whoever of them sees it first. */
import type { Instant } from '../contract/ids.js';
import { HOUSE } from '../contract/ids.js';
import type { SealKeyName, SealKeyRecord } from '../contract/ports.js';
import { appendEvents } from './append.js';
import { eventOf } from './entry.js';
import { houseEvent } from './house.js';
import type { Db, Trx } from './schema.js';

export function createSealKeys(db: Db): SealKeyRecord {
  return { record: (keys, at) => db.transaction().execute((trx) => record(trx, keys, at)) };
}

async function record(trx: Trx, keys: readonly SealKeyName[], at: Instant): Promise<boolean> {
  // Its entry takes this lock anyway; taken first, two processes that see one change come one after the other.
  await trx.selectFrom('ledger_head').select('size').forUpdate().executeTakeFirstOrThrow();
  const { count, known } = await recorded(trx);
  const now = new Set(keys.map(({ keyId }) => keyId));
  const came = keys.filter(({ keyId }) => !known.has(keyId));
  const went = [...known.values()].filter(({ keyId }) => !now.has(keyId));
  if (came.length === 0 && went.length === 0) return false;
  const data = { came: inOrder(came), went: inOrder(went) };
  await appendEvents(trx, [houseEvent(`${count + 1}-seal-keys-changed`, 'seal-keys-changed', { via: 'system' }, data, at)], at);
  return true;
}

/** What all entries until now come to, and how many there are. */
async function recorded(trx: Trx): Promise<{ readonly count: number; readonly known: ReadonlyMap<string, SealKeyName> }> {
  const ofType = trx.selectFrom('entries').select('body').where('request_id', '=', HOUSE).where('type', '=', 'seal-keys-changed');
  const rows = await ofType.orderBy('seq').execute();
  const known = new Map<string, SealKeyName>();
  for (const { body } of rows) {
    const event = eventOf(body);
    if (event.type !== 'seal-keys-changed') continue;
    for (const { keyId } of event.data.went) known.delete(keyId);
    for (const key of event.data.came) known.set(key.keyId, key);
  }
  return { count: rows.length, known };
}

/** The id and the sender, and nothing that came with them. */
function inOrder(keys: readonly SealKeyName[]): SealKeyName[] {
  return keys.map(({ keyId, sender }) => ({ keyId, sender })).sort((a, b) => (a.keyId < b.keyId ? -1 : 1));
}
