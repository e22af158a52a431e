/** What an operator may ask of the store, and the answers: the same over the admin socket and directly. */
import { z } from 'zod';
import { StintError } from '../contract/errors.js';
import type { AnyEvent } from '../contract/events.js';
import { isRequestId, type PersonId, type RequestId, type Serial } from '../contract/ids.js';
import type { DeviceKey, ElevationRow, Store } from '../contract/ports.js';
import { deviceKeyId } from './device-keys.js';

const question = z.discriminatedUnion('ask', [
  z.strictObject({
    ask: z.literal('list'),
    live: z.boolean().optional(),
    personId: z.string().max(100).optional(),
    limit: z.number().int().min(1).max(500).optional(),
  }),
  z.strictObject({ ask: z.literal('show'), id: z.string().min(6).max(26) }),
  z.strictObject({
    ask: z.literal('register-device'),
    serial: z.string().regex(/^[A-Z0-9]{6,20}$/),
    publicKey: z.string().max(2000),
  }),
  z.strictObject({ ask: z.literal('entries'), from: z.number().int().min(0), limit: z.number().int().min(1).max(1000) }),
  z.strictObject({ ask: z.literal('ping') }),
]);

export type Question = z.infer<typeof question>;
/** Puts one question, wherever the store is. */
export type Ask = <T>(question: Question) => Promise<T>;

/** One elevation with everything that was recorded of it. */
export interface Shown {
  readonly row: ElevationRow;
  readonly timeline: readonly AnyEvent[];
}

/** The answer from the store. Throws `bad-input` naming the field, `unknown-request`. */
export async function answer(store: Store, raw: unknown): Promise<unknown> {
  const parsed = question.safeParse(raw);
  if (!parsed.success)
    throw new StintError('bad-input', parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`).join('; '));
  const asked = parsed.data;
  switch (asked.ask) {
    case 'list': {
      const { live, personId, limit } = asked;
      return store.ledger.list({
        ...(live && { live }),
        ...(personId && { personId: personId as PersonId }),
        ...(limit && { limit }),
      });
    }
    case 'show':
      return show(store, asked.id);
    case 'register-device':
      return registerDevice(store, asked.serial as Serial, asked.publicKey);
    case 'entries':
      return store.ledger.entries(asked.from, asked.limit);
    case 'ping':
      return store.ping();
  }
}

/** Asks a store that this process holds. */
export function askStore(store: Store): Ask {
  return async <T>(asked: Question) => (await answer(store, asked)) as T;
}

async function show(store: Store, id: string): Promise<Shown> {
  const row = isRequestId(id) ? await store.ledger.find(id) : await store.ledger.findByPrefix(id);
  if (!row) throw new StintError('unknown-request', `No elevation, or several, begin with ${id}. Give more of the id.`);
  return { row, timeline: await store.ledger.timeline(row.view.request.requestId as RequestId) };
}

async function registerDevice(store: Store, serial: Serial, publicKey: string): Promise<{ readonly keyId: string }> {
  const key: DeviceKey = { serial, keyId: deviceKeyId(publicKey), publicKey };
  await store.devices.register(key);
  return { keyId: key.keyId };
}
