/**
 * The keys by which people speak from a command line. One transaction holds the key and its entry in the ledger, so that no
 * key works of which there is no record. A removed key stays removed: whoever had it can't have it enrolled anew.
 */
import { StintError } from '../contract/errors.js';
import type { AnyEvent } from '../contract/events.js';
import type { Instant, PersonId } from '../contract/ids.js';
import type { KeyHand, OustedBy, PersonKey, PersonKeys } from '../contract/ports.js';
import { appendEvents } from './append.js';
import { lockPerson } from './fence.js';
import { houseEvent, oustedBy, ousterOf } from './house.js';
import type { Db, Tables, Trx } from './schema.js';
import { wroteRow } from './wrote.js';

const LIVE_MAX = 5;

export function createPersonKeys(db: Db): PersonKeys {
  return {
    enroll: (key, by) => db.transaction().execute((trx) => enroll(trx, key, by)),
    remove: (keyId, by, at) => db.transaction().execute((trx) => remove(trx, keyId, by, at)),
    async key(keyId) {
      const row = await db.selectFrom('person_keys').selectAll().where('key_id', '=', keyId).executeTakeFirst();
      return row && keyOf(row);
    },
    revokeAll: (personId, by, at) => db.transaction().execute((trx) => revokeAll(trx, personId, by, at)),
    async live(personId) {
      const rows = await liveRows(db, personId).execute();
      return rows.map(keyOf);
    },
  };
}

function liveRows(db: Db | Trx, personId?: PersonId) {
  const all = db.selectFrom('person_keys').selectAll().where('removed_at', 'is', null).orderBy('enrolled_at').orderBy('key_id');
  return personId === undefined ? all : all.where('person_id', '=', personId);
}

async function enroll(trx: Trx, key: Omit<PersonKey, 'removedAt'>, by: KeyHand): Promise<'enrolled' | 'already'> {
  const { personId, keyId, publicKey, enrolledAt } = key;
  await lockPerson(trx, personId);
  const row = { key_id: keyId, person_id: personId, public_key: publicKey, enrolled_at: enrolledAt, removed_at: null };
  const wrote = await trx
    .insertInto('person_keys')
    .values(row)
    .onConflict((clash) => clash.doNothing())
    .executeTakeFirst();
  if (!wroteRow(wrote)) return refuseOthers(trx, key);
  const live = await liveRows(trx, personId).execute();
  if (live.length > LIVE_MAX) throw new StintError('too-many', TOO_MANY);
  await appendEvents(trx, [eventOf('key-enrolled', keyId, by, enrolledAt)], enrolledAt);
  return 'enrolled';
}

const TOO_MANY = `You have ${LIVE_MAX} keys already, which is the most. Type /elevate keys and remove one that you no longer use.`;

async function refuseOthers(trx: Trx, { personId, keyId, publicKey }: Omit<PersonKey, 'removedAt'>): Promise<'already'> {
  const there = await trx.selectFrom('person_keys').selectAll().where('key_id', '=', keyId).executeTakeFirst();
  if (there?.person_id !== personId || there.public_key !== publicKey)
    throw new StintError('state-conflict', 'This key is enrolled for another person. Make one of your own: stint enroll --new');
  if (there.removed_at !== null)
    throw new StintError('state-conflict', 'This key was removed, and stays so. Make a new one: stint enroll --new');
  return 'already';
}

async function remove(trx: Trx, keyId: string, by: KeyHand, at: Instant): Promise<boolean> {
  const done = await trx
    .updateTable('person_keys')
    .set({ removed_at: at })
    .where('key_id', '=', keyId)
    .where('person_id', '=', by.personId)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
  if (done.numUpdatedRows === 0n) return false;
  await appendEvents(trx, [eventOf('key-removed', keyId, by, at)], at);
  return true;
}

/** Under the lock of `enroll`: a key that comes at the same time is before this, and goes, or after it. */
async function revokeAll(trx: Trx, personId: PersonId, by: OustedBy, at: Instant): Promise<readonly string[]> {
  await lockPerson(trx, personId);
  const keyIds = (await liveRows(trx, personId).execute()).map((row) => row.key_id);
  const [first] = keyIds;
  if (first === undefined) return [];
  await trx.updateTable('person_keys').set({ removed_at: at }).where('key_id', 'in', keyIds).execute();
  const data = { personId, ...(await oustedBy(trx, by)), keyIds };
  // A key is removed once, so its name is used once.
  await appendEvents(trx, [houseEvent(`keys-revoked/${first}`, 'keys-revoked', ousterOf(by), data, at)], at);
  return keyIds;
}

function eventOf(type: 'key-enrolled' | 'key-removed', keyId: string, by: KeyHand, at: Instant): AnyEvent {
  const { personId, slackUserId } = by;
  return houseEvent(`${type}/${keyId}`, type, { via: 'slack', personId, slackUserId }, { keyId }, at);
}

function keyOf({ key_id, person_id, public_key, enrolled_at, removed_at }: Tables['person_keys']): PersonKey {
  const key = { personId: person_id, keyId: key_id, publicKey: public_key, enrolledAt: enrolled_at };
  return removed_at === null ? key : { ...key, removedAt: removed_at };
}
