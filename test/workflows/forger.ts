/**
 * Somebody with full write access to Temporal: sends any bytes as any signal, update or start, and can put any words
 * under any signature that a key in their hands can make. What they do not have is the key of a sender who may say it.
 */
import { randomBytes, randomUUID, sign } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { instant, workflowIdOf } from '../../contract/ids.js';
import type { Actor, Bodies, MessageKind, Sender } from '../../contract/messages.js';
import { ELEVATION, QUEUES } from '../../contract/queues.js';
import { canonical, sha256 } from '../../seal/canonical.js';
import { generateSealKey, privateKeyFrom, type SealKey } from '../../seal/keys.js';
import { grace } from '../fixtures/people.js';
import type { Asked, Harness } from './harness.js';
import { until } from './until.js';

const MIN = 60_000;
/** What a signal of each kind could be made of; `start` and the updates' kinds have signal handlers of the same name too. */
export const SIGNALS: readonly MessageKind[] = [
  'start',
  'approve',
  'deny',
  'revoke',
  'end',
  'withdraw',
  'askExtension',
  'closeUnproven',
  'contactLost',
  'evidenceComplete',
  'claim',
  'confirm',
];

export const VIA = { 'slack-app': 'slack', 'device-api': 'device', cli: 'cli' } as const;

/** A key that nobody trusts, which says that it is some sender's. */
export const stranger = generateSealKey('slack-app');

export type Fields = Record<string, unknown>;

/** Words of one kind for this elevation, well formed and in time, without a signature. */
export function words<K extends MessageKind>(e: Asked, kind: K, sender: Sender, change: Fields = {}): Fields {
  const { serial, localUser } = e.request.target;
  const mac = { serial, localUser, bootSession: 'B00T-1' };
  const bodies: Bodies = {
    start: { request: e.request },
    approve: { windowMs: 10 * MIN },
    deny: {},
    revoke: {},
    end: {},
    withdraw: {},
    askExtension: { windowMs: 10 * MIN },
    closeUnproven: { findingDigest: sha256('finding') },
    contactLost: { lastHeardAt: instant(Date.now()) },
    evidenceComplete: { chunks: 1, bytes: 10, digest: sha256('log') },
    claim: mac,
    confirm: mac,
  };
  const now = Date.now();
  return {
    v: 1,
    requestId: e.requestId,
    roundDigest: e.digest,
    kind,
    body: bodies[kind],
    actor: actorOf(e, kind),
    via: VIA[sender],
    at: instant(now),
    exp: instant(now + MIN),
    nonce: randomBytes(16).toString('base64url'),
    ...change,
  };
}

/** Whom it would have to come from to be carried out. */
function actorOf(e: Asked, kind: MessageKind): Actor {
  if (['contactLost', 'evidenceComplete', 'claim', 'confirm'].includes(kind)) return { serial: e.request.target.serial };
  const theirs = kind === 'start' || kind === 'end' || kind === 'withdraw' || kind === 'askExtension';
  return { personId: theirs ? e.request.subject.personId : grace.personId };
}

/** Puts a signature under any words, with no check of any kind. */
export function signed(fields: Fields, key: SealKey, change: Fields = {}): Fields {
  const { sig: _, ...rest } = fields;
  const { privateKey } = privateKeyFrom(key.sender, key.privatePem);
  const all = { ...rest, keyId: key.keyId };
  const sig = sign(null, Buffer.from(`stint-envelope-v1\n${canonical(all)}`), privateKey).toString('base64url');
  return { ...all, sig, ...change };
}

/** Bytes that are no message, one for each encoding that Temporal knows (and one that it does not). Of some a converter makes a value. */
export const UNDECODABLE = [
  'binary/unknown',
  'binary/plain',
  'binary/null',
  'json/plain',
  'json/protobuf',
  'binary/protobuf',
  'binary/encrypted',
  undefined,
].map((encoding) => ({
  name: encoding ?? 'no metadata',
  payload: {
    metadata: encoding ? { encoding: Buffer.from(encoding) } : null,
    data: Buffer.from('{bad'),
  },
}));
type Payload = (typeof UNDECODABLE)[number]['payload'];

/** Sends bytes as a signal. */
export async function signalBytes(client: Client, e: Asked, signalName: string, payload: Payload): Promise<void> {
  await client.workflowService.signalWorkflowExecution({
    namespace: client.options.namespace,
    workflowExecution: { workflowId: e.workflowId },
    signalName,
    input: { payloads: [payload] },
  });
}

/** Sends bytes as an update; answers Temporal's outcome. */
export async function updateBytes(client: Client, e: Asked, name: string, payload: Payload) {
  const { outcome } = await client.workflowService.updateWorkflowExecution({
    namespace: client.options.namespace,
    workflowExecution: { workflowId: e.workflowId },
    waitPolicy: { lifecycleStage: 3 },
    request: { meta: { updateId: randomUUID(), identity: 'forger' }, input: { name, args: { payloads: [payload] } } },
  });
  return outcome;
}

/** Starts the workflow of an elevation with bytes. */
export async function startBytes(client: Client, e: Asked, payload: Payload): Promise<void> {
  await client.workflowService.startWorkflowExecution({
    namespace: client.options.namespace,
    workflowId: workflowIdOf(e.requestId),
    workflowType: { name: ELEVATION },
    taskQueue: { name: QUEUES.story },
    input: { payloads: [payload] },
    requestId: randomUUID(),
    identity: 'forger',
  });
}

/** The codes of all refusals of an elevation in the ledger, sorted. */
export async function refusedCodes(h: Harness, e: Asked): Promise<readonly string[]> {
  const timeline = await h.store.ledger.timeline(e.requestId);
  return timeline.flatMap((event) => (event.type === 'refused' ? [event.data.code] : [])).sort();
}

/** All that an elevation is, apart from how often somebody was refused. */
async function all(h: Harness, e: Asked) {
  const { refusals, ...view } = (await e.view()) ?? { refusals: 0 };
  const { status } = await e.handle.describe();
  const calls = [e.calls('grant'), e.calls('revoke'), e.calls('clear')];
  return {
    refusals,
    rest: { view, calls, admin: e.isAdmin, grant: await h.store.fence.grant(e.requestId), status: status.name },
  };
}

/** When a window begins, the store learns its end a moment later. */
async function settled(h: Harness, e: Asked): Promise<void> {
  await until(async () => {
    const view = await e.view();
    return view?.state !== 'active' || (await h.store.fence.grant(e.requestId))?.notAfter === view.deadlineAt;
  }, 'the stored end');
}

/**
 * Lets somebody try, and insists that nothing changed: the view, the Mac, the fence, and that the workflow lives. Each
 * refusal is counted in the view and stands in the ledger with its code.
 */
export async function inVain(h: Harness, e: Asked, codes: readonly string[], attempt: () => Promise<unknown>): Promise<void> {
  await settled(h, e);
  const [before, known] = [await all(h, e), await refusedCodes(h, e)];
  await attempt();
  const wanted = [...known, ...codes].sort();
  await until(async () => (await refusedCodes(h, e)).length >= wanted.length, `${codes.length} refusals in the ledger`);
  expectSame(await refusedCodes(h, e), wanted, 'the refusals in the ledger');
  const after = await all(h, e);
  expectSame(after.refusals, before.refusals + codes.length, 'the refusals that the view counts');
  expectSame(after.rest, before.rest, 'the elevation');
}

function expectSame(is: unknown, was: unknown, what: string): void {
  const [a, b] = [canonical(JSON.parse(JSON.stringify(is))), canonical(JSON.parse(JSON.stringify(was)))];
  if (a !== b) throw new Error(`${what} changed:\nis  ${a}\nwas ${b}`);
}
