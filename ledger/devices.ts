/** What is known of Macs: their keys, the orders that wait for them, what they last said, and who writes their MDM tags. */
import { sql } from 'kysely';
import { StintError } from '../contract/errors.js';
import { type Instant, instant, msOf, type Serial } from '../contract/ids.js';
import type { DeviceKey, DeviceOrder, DeviceReport, Devices } from '../contract/ports.js';
import { appendEvents } from './append.js';
import { putText } from './documents.js';
import { houseEvent } from './house.js';
import type { Db, Tables, Trx } from './schema.js';
import { wroteRow } from './wrote.js';

export interface DevicesOptions {
  /** The same database, for orders: Macs and revokes wait for them. */
  readonly urgent: Db;
  /** No other process can be at this database, so the lanes need not be in it. */
  readonly alone: boolean;
}

/** `clock` gives milliseconds since 1970. */
export function createDevices(db: Db, clock: () => number, { urgent, alone }: DevicesOptions): Devices {
  return { ...keys(db), ...orders(urgent, clock), ...reports(db), ...(alone ? lanesInMemory() : lanes(db)) };
}

function keys(db: Db): Pick<Devices, 'register' | 'key' | 'registered' | 'withdraw'> {
  const find = (keyId: string) => db.selectFrom('device_keys').selectAll().where('key_id', '=', keyId).executeTakeFirst();
  return {
    async register(key, operator, at) {
      await db.transaction().execute((trx) => register(trx, key, operator, at));
      const kept = await find(key.keyId);
      if (kept?.serial === key.serial && kept.public_key === key.publicKey) return keyOf(kept);
      throw new StintError('ledger-conflict', `The key ${key.keyId} is registered for another Mac or with other content.`);
    },
    async key(keyId) {
      const row = await find(keyId);
      return row && keyOf(row);
    },
    async registered(serial) {
      const all = db.selectFrom('device_keys').selectAll().orderBy('serial').orderBy('key_id');
      return (await (serial === undefined ? all : all.where('serial', '=', serial)).execute()).map(keyOf);
    },
    withdraw: (serial, keyId, operator, at) =>
      db.transaction().execute((trx) => withdraw(trx, { serial, ...(keyId !== undefined && { keyId }) }, operator, at)),
  };
}

/** No key works of which there is no record, either. One that was withdrawn stays so, whoever registers it again. */
async function register(
  trx: Trx,
  { serial, keyId, publicKey }: Omit<DeviceKey, 'revokedAt'>,
  operator: string,
  at: Instant,
): Promise<void> {
  const wrote = await trx
    .insertInto('device_keys')
    .values({ key_id: keyId, serial, public_key: publicKey, revoked_at: null })
    .onConflict((clash) => clash.doNothing())
    .executeTakeFirst();
  if (!wroteRow(wrote)) return;
  const data = { serial, keyId, byDigest: await putText(trx, operator) };
  const name = `device-registered/${keyId}`;
  await appendEvents(trx, [houseEvent(name, 'device-registered', { via: 'cli' }, data, at)], at);
}

/** No key stops working of which there is no record: both are one transaction. */
async function withdraw(
  trx: Trx,
  { serial, keyId }: Pick<DeviceKey, 'serial'> & Partial<Pick<DeviceKey, 'keyId'>>,
  operator: string,
  at: Instant,
): Promise<readonly string[]> {
  const working = trx
    .updateTable('device_keys')
    .set({ revoked_at: at })
    .where('serial', '=', serial)
    .where('revoked_at', 'is', null);
  const rows = await (keyId === undefined ? working : working.where('key_id', '=', keyId)).returning('key_id').execute();
  const keyIds = rows.map((row) => row.key_id).sort();
  const [first] = keyIds;
  if (first === undefined) return [];
  const data = { serial, keyIds, byDigest: await putText(trx, operator) };
  // A key is withdrawn once, so its name is used once.
  const name = `device-keys-withdrawn/${first}`;
  await appendEvents(trx, [houseEvent(name, 'device-keys-withdrawn', { via: 'cli' }, data, at)], at);
  return keyIds;
}

function keyOf({ key_id: keyId, serial, public_key: publicKey, revoked_at: revokedAt }: Tables['device_keys']): DeviceKey {
  return { keyId, serial, publicKey, ...(revokedAt !== null && { revokedAt }) };
}

/** No order waits longer than this for a store that lives, in ms. What seems to have waited longer was given by a clock that is behind. */
const LATE_MS = 120_000;

/**
 * An order is one row per request and kind. That an `end` supersedes a `start` is part of the question, not of the
 * writing: so it holds even when a late `start` is written after its `end`, or at the same moment.
 */
function orders(db: Db, clock: () => number): Pick<Devices, 'order' | 'clearOrders' | 'openOrders' | 'openStarts'> {
  return {
    async order(serial, requestId, kind, at) {
      const row = { serial, request_id: requestId, kind, created_at: at };
      const insert = db
        .insertInto('device_orders')
        .values({ ...row, id: sql<number>`nextval('device_order_ids')`, closed_at: null });
      if (kind === 'start') {
        await insert.onConflict((clash) => clash.doNothing()).execute();
        return;
      }
      // A closed `end` or `collect` opens again when it is asked for anew, as the sweep does for a Mac that came back:
      // only a `start` could add access, and it never opens twice. One that was given before the clearing and arrives after it (a store
      // that is busy lets it wait) asks for nothing any more: nobody would take it back.
      const again = { serial, created_at: at, closed_at: null, id: sql<number>`nextval('device_order_ids')` };
      await insert
        .onConflict((clash) =>
          clash
            .columns(['request_id', 'kind'])
            .doUpdateSet(again)
            .where((row) =>
              row.or([
                row('device_orders.closed_at', '<=', at),
                row('device_orders.closed_at', '>', instant(msOf(at) + LATE_MS)),
              ]),
            ),
        )
        .execute();
    },
    async clearOrders(requestId, kind) {
      const open = db
        .updateTable('device_orders')
        .set({ closed_at: instant(clock()) })
        .where('request_id', '=', requestId)
        .where('closed_at', 'is', null);
      await (kind === undefined ? open : open.where('kind', '=', kind)).execute();
    },
    async openOrders(serials) {
      if (serials.length === 0) return [];
      const rows = await openRows(db)
        .where(sql<boolean>`o.serial = any(${[...serials]}::text[])`)
        .execute();
      return rows.map(orderOf);
    },
    async openStarts() {
      const rows = await openRows(db).where('o.kind', '=', 'start').limit(STARTS_MAX).execute();
      return rows.map(orderOf);
    },
  };
}

const STARTS_MAX = 1_000;

/** Open orders; a `start` only while there is no `end` of the same request. */
function openRows(db: Db) {
  return db
    .selectFrom('device_orders as o')
    .selectAll()
    .where('o.closed_at', 'is', null)
    .where((e) =>
      e.or([
        e('o.kind', '<>', 'start'),
        e.not(
          e.exists(
            e
              .selectFrom('device_orders as later')
              .select('later.id')
              .whereRef('later.request_id', '=', 'o.request_id')
              .where('later.kind', '=', 'end'),
          ),
        ),
      ]),
    )
    .orderBy('o.id');
}

function reports(db: Db): Pick<Devices, 'report' | 'lastReport'> {
  return {
    async report(report) {
      const { serial, local_user, ...said } = reportRow(report);
      await db
        .insertInto('device_reports')
        .values({ serial, local_user, ...said })
        // Two reports may overtake each other on their way here: an older one never replaces a newer.
        .onConflict((clash) =>
          clash.columns(['serial', 'local_user']).doUpdateSet(said).where('device_reports.at', '<=', said.at),
        )
        .execute();
    },
    async lastReport(serial, localUser) {
      const query = db.selectFrom('device_reports').selectAll().where('serial', '=', serial).where('local_user', '=', localUser);
      const row = await query.executeTakeFirst();
      return row && reportOf(row);
    },
  };
}

/** The same promise among the callers of one process. */
function lanesInMemory(): Pick<Devices, 'lease' | 'release'> {
  const held = new Map<Serial, { readonly holder: string; readonly until: Instant }>();
  return {
    async lease(serial, holder, until, now) {
      const before = held.get(serial);
      if (before && before.until > now && before.holder !== holder) return false;
      held.set(serial, { holder, until });
      return true;
    },
    async release(serial, holder) {
      if (held.get(serial)?.holder === holder) held.delete(serial);
    },
  };
}

function lanes(db: Db): Pick<Devices, 'lease' | 'release'> {
  return {
    async lease(serial, holder, until, now) {
      const result = await db
        .insertInto('device_lanes')
        .values({ serial, holder, until })
        .onConflict((clash) =>
          clash
            .column('serial')
            .doUpdateSet({ holder, until })
            .where((e) => e.or([e('device_lanes.until', '<=', now), e('device_lanes.holder', '=', holder)])),
        )
        .executeTakeFirst();
      return wroteRow(result);
    },
    async release(serial, holder) {
      await db.deleteFrom('device_lanes').where('serial', '=', serial).where('holder', '=', holder).execute();
    },
  };
}

function orderOf(row: Tables['device_orders']): DeviceOrder {
  return { id: row.id, serial: row.serial, requestId: row.request_id, kind: row.kind, createdAt: row.created_at };
}

function reportRow(report: DeviceReport): Tables['device_reports'] {
  const { serial, localUser, requestId, admin, standing, bootSession, at } = report;
  return { serial, local_user: localUser, request_id: requestId ?? null, admin, standing, boot_session: bootSession, at };
}

function reportOf(row: Tables['device_reports']): DeviceReport {
  return {
    serial: row.serial,
    localUser: row.local_user,
    ...(row.request_id !== null && { requestId: row.request_id }),
    admin: row.admin,
    standing: row.standing,
    bootSession: row.boot_session,
    at: row.at,
  };
}
