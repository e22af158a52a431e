/** What an operator may ask of the store, and the answers: the same over the admin socket and directly. */
import { z } from 'zod';
import { StintError } from '../contract/errors.js';
import { type AnyEvent, wordsOf } from '../contract/events.js';
import { HOUSE, type Instant, instant, isRequestId, type PersonId, type RequestId, type Serial } from '../contract/ids.js';
import type { DeviceKey, ElevationRow, Grant, InForce, ListFilter, OustedBy, Store } from '../contract/ports.js';
import { digest, personId } from '../seal/shapes.js';
import { deviceKeyId } from './device-keys.js';
import { type EndNowDeps, fence, fenceOff, proveEnded } from './end-now.js';
import type { Reconcile } from './guard.js';
import { revocable } from './revocable.js';
import { takePolicy } from './take-policy.js';
import { unbind } from './unbind.js';
import { withdrawDevice } from './withdraw-device.js';

const requestId = z.custom<RequestId>(isRequestId, { error: 'must be the whole id of an elevation' });
/** What an operator says for the record: one line, and of a length that every surface can show. */
const words = z
  .string()
  .max(2000)
  .transform((text) => text.replace(/[\p{Cc}\p{Cs}\s]+/gu, ' ').trim())
  .pipe(z.string().min(1, { error: 'must say something' }).max(500, { error: 'must be at most 500 characters' }));
const order = { operator: words, reason: words };
const serial = z.string().regex(/^[A-Z0-9]{6,20}$/, { error: 'must be the serial number, exactly as the MDM has it' });

/** Which elevations; without any of these, all. */
const which = {
  live: z.boolean().optional(),
  review: z.literal('open').optional(),
  personId: z.string().max(100).optional(),
  targetKey: z.string().max(300).optional(),
};

const question = z.discriminatedUnion('ask', [
  z.strictObject({ ask: z.literal('list'), ...which, limit: z.number().int().min(1).max(500).optional() }),
  z.strictObject({ ask: z.literal('count'), ...which }),
  z.strictObject({ ask: z.literal('show'), id: z.string().min(6).max(26) }),
  z.strictObject({
    ask: z.literal('register-device'),
    serial,
    publicKey: z.string().max(2000),
    operator: words,
  }),
  z.strictObject({ ask: z.literal('house'), limit: z.number().int().min(1).max(500) }),
  z.strictObject({ ask: z.literal('device-keys'), serial: serial.optional() }),
  z.strictObject({
    ask: z.literal('withdraw-device-keys'),
    serial,
    keyId: z.string().min(1).max(100).optional(),
    operator: words,
  }),
  z.strictObject({ ask: z.literal('entries'), from: z.number().int().min(0), limit: z.number().int().min(1).max(1000) }),
  z.strictObject({ ask: z.literal('ping') }),
  z.strictObject({ ask: z.literal('frozen') }),
  z.strictObject({ ask: z.literal('freeze'), ...order }),
  z.strictObject({ ask: z.literal('unfreeze'), ...order }),
  // Nothing that is empty: without a filter it is everything.
  z.strictObject({
    ask: z.literal('revocable'),
    id: z.string().min(6).max(26).optional(),
    personId: z.string().min(1).max(100).optional(),
    targetKey: z.string().min(1).max(300).optional(),
  }),
  z.strictObject({ ask: z.literal('bindings') }),
  z.strictObject({ ask: z.literal('unbind'), personId, operator: words }),
  z.strictObject({ ask: z.literal('person-keys'), personId: personId.optional() }),
  z.strictObject({ ask: z.literal('revoke-keys'), personId, operator: words }),
  z.strictObject({ ask: z.literal('keep-words'), text: words }),
  z.strictObject({ ask: z.literal('policy-in-force') }),
  z.strictObject({
    ask: z.literal('apply-policy'),
    // The policy's own reader has the smaller limit, and says it with the file's name.
    text: z.string().max(4 * 1024 * 1024),
    name: z.string().min(1).max(1000),
    operator: words,
    over: digest.nullable().optional(),
  }),
  // The steps of ending one past its workflow; see `end-now.ts`.
  z.strictObject({ ask: z.literal('fence'), requestId }),
  z.strictObject({ ask: z.literal('fence-off'), requestId }),
  z.strictObject({ ask: z.literal('prove-ended'), requestId }),
  z.strictObject({ ask: z.literal('told'), requestId }),
  z.strictObject({ ask: z.literal('reconcile'), dryRun: z.boolean(), all: z.boolean() }),
]);

export type Question = z.input<typeof question>;
type Asked = z.output<typeof question>;
/** Puts one question, wherever the store is. */
export type Ask = <T>(question: Question) => Promise<T>;

/** One elevation with everything that was recorded of it. */
export interface Shown {
  readonly row: ElevationRow;
  readonly timeline: readonly AnyEvent[];
  /** What people wrote with what they did, by its digest, as far as it is kept. */
  readonly words: Readonly<Record<string, string>>;
  /** Its row in the fence, once there is one. */
  readonly grant?: Grant;
}

/** The newest of what was recorded of the whole service: freezes, policies, keys, and what is nobody's elevation. */
export interface HouseShown extends Pick<Shown, 'timeline' | 'words'> {
  /** How many there are, with those that are not shown. */
  readonly total: number;
}

/** What the process that holds the store can do beside reading it. */
export interface Tools {
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Reaches the targets without Temporal; a process without the MDM's settings has none. */
  readonly targets?: () => Pick<EndNowDeps, 'driverOf' | 'sleep' | 'watchMs'>;
  /** Compares targets with the store; needs the settings of the MDM and the people file, too. */
  readonly reconcile?: () => Reconcile;
}
const JUST_THE_STORE: Tools = { clock: Date.now };

function filterOf({ live, review, personId, targetKey }: Extract<Asked, { ask: 'list' | 'count' }>): ListFilter {
  return {
    ...(live && { live }),
    ...(review && { review }),
    ...(personId && { personId: personId as PersonId }),
    ...(targetKey && { targetKey }),
  };
}

/** The answer from the store. Throws `bad-input` naming the field, `unknown-request`. */
export async function answer(store: Store, raw: unknown, tools: Tools = JUST_THE_STORE): Promise<unknown> {
  const parsed = question.safeParse(raw);
  if (!parsed.success)
    throw new StintError('bad-input', parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`).join('; '));
  const asked = parsed.data;
  switch (asked.ask) {
    case 'list':
      return store.ledger.list({ ...filterOf(asked), ...(asked.limit && { limit: asked.limit }) });
    case 'count':
      return store.ledger.count(filterOf(asked));
    case 'show':
      return show(store, asked.id);
    case 'house':
      return showHouse(store, asked.limit);
    case 'register-device':
      return registerDevice(store, { ...asked, serial: asked.serial as Serial }, instant(tools.clock()));
    case 'device-keys':
      return store.devices.registered(asked.serial as Serial | undefined);
    case 'withdraw-device-keys':
      return withdrawDevice(store, { ...asked, serial: asked.serial as Serial }, instant(tools.clock()));
    case 'entries':
      return store.ledger.entries(asked.from, asked.limit);
    case 'ping':
      return store.ping();
    case 'frozen':
      return store.freeze.now();
    case 'freeze':
      return store.freeze.set({ operator: asked.operator, reason: asked.reason }, instant(tools.clock()));
    case 'unfreeze':
      return store.freeze.lift({ operator: asked.operator, reason: asked.reason }, instant(tools.clock()));
    case 'revocable':
      return revocable(store, asked);
    case 'unbind':
      return unbind(store, asked.personId, byHand(asked), instant(tools.clock()));
    case 'bindings':
      return store.bindings.all();
    case 'person-keys':
      return store.personKeys.live(asked.personId);
    case 'revoke-keys':
      return store.personKeys.revokeAll(asked.personId, byHand(asked), instant(tools.clock()));
    case 'keep-words':
      return store.requests.putText(asked.text);
    case 'policy-in-force':
      return inForce(store);
    case 'apply-policy':
      return takePolicy(store, byCommand(asked), instant(tools.clock()));
    case 'fence':
      return fence({ store, clock: tools.clock }, asked.requestId);
    case 'fence-off':
      return fenceOff({ store, clock: tools.clock }, asked.requestId, 'operator');
    case 'prove-ended':
      return proveEnded({ store, clock: tools.clock, ...targetsOf(tools) }, asked.requestId, 'operator');
    case 'told':
      return store.untold.remove(asked.requestId);
    case 'reconcile':
      return reconcilerOf(tools)({ dryRun: asked.dryRun, all: asked.all });
  }
}

/** Asks a store that this process holds. */
export function askStore(store: Store, tools?: Tools): Ask {
  return async <T>(asked: Question) => (await answer(store, asked, tools)) as T;
}

function targetsOf({ targets }: Tools): ReturnType<NonNullable<Tools['targets']>> {
  if (targets) return targets();
  throw new StintError(
    'bad-config',
    'The process that holds the store has no settings of the MDM, so it cannot reach a target. A worker does it within two minutes.',
  );
}

function reconcilerOf({ reconcile }: Tools): Reconcile {
  if (reconcile) return reconcile();
  throw new StintError(
    'bad-config',
    'The process that holds the store has no settings of the MDM, so it cannot look at targets. A worker does it every few minutes.',
  );
}

const byHand = ({ operator }: { readonly operator: string }): OustedBy => ({ cause: 'operator', operator });

const byCommand = ({ text, name, operator, over }: Extract<Asked, { ask: 'apply-policy' }>) => ({
  text,
  name,
  by: operator,
  via: 'cli' as const,
  ...(over !== undefined && { over }),
});

/** The policy that counts, with its text. */
export interface PolicyShown extends InForce {
  readonly text?: string;
}

async function inForce({ policies }: Store): Promise<PolicyShown | undefined> {
  const now = await policies.inForce();
  const text = now && (await policies.get(now.hash));
  return now && { ...now, ...(text !== undefined && { text }) };
}

async function show(store: Store, id: string): Promise<Shown> {
  const row = isRequestId(id) ? await store.ledger.find(id) : await store.ledger.findByPrefix(id);
  if (!row) throw new StintError('unknown-request', `No elevation, or several, begin with ${id}. Give more of the id.`);
  const { requestId } = row.view.request;
  const [timeline, grant] = await Promise.all([store.ledger.timeline(requestId), store.fence.grant(requestId)]);
  return { row, timeline, words: await wordsIn(store, timeline), ...(grant && { grant }) };
}

async function showHouse(store: Store, limit: number): Promise<HouseShown> {
  const { total, events } = await store.ledger.newest(HOUSE, limit);
  return { total, timeline: events, words: await wordsIn(store, events) };
}

/** What is kept of what people wrote, by its digest. */
async function wordsIn({ requests }: Store, timeline: readonly AnyEvent[]): Promise<Shown['words']> {
  const digests = [...new Set(timeline.flatMap((event) => wordsOf(event) ?? []))];
  const texts = await Promise.all(digests.map(async (one) => [one, await requests.getText(one)] as const));
  return Object.fromEntries(texts.flatMap(([one, text]) => (text === undefined ? [] : [[one, text]])));
}

async function registerDevice(
  { devices }: Store,
  { serial, publicKey, operator }: Pick<DeviceKey, 'serial' | 'publicKey'> & { readonly operator: string },
  at: Instant,
): Promise<Pick<DeviceKey, 'keyId'>> {
  const keyId = deviceKeyId(publicKey);
  const { revokedAt } = await devices.register({ serial, keyId, publicKey }, operator, at);
  if (revokedAt)
    throw new StintError(
      'state-conflict',
      `The key ${keyId} was withdrawn at ${revokedAt}, and stays so. Make a new one on that Mac: remove /private/var/db/stint/device-key.pem and run "stint-agent enrol".`,
    );
  return { keyId };
}
