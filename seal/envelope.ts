/**
 * Sealing a message and opening one. What is opened is attacker-controlled in every byte: whoever can write to Temporal
 * can send anything. `openEnvelope` therefore never throws and says one of a few codes; the workflow records the refusal.
 */
import { type KeyObject, sign, verify } from 'node:crypto';
import { type ErrorCode, StintError } from '../contract/errors.js';
import { type Digest, instant, msOf, type RequestId } from '../contract/ids.js';
import { type Actor, type Bodies, type Envelope, KINDS, type MessageKind, SENDERS, type Sender } from '../contract/messages.js';
import { type AnyEnvelope, envelopeShape } from './bodies.js';
import { canonical, requestDigest } from './canonical.js';
import type { KeyRing } from './keys.js';

const SECOND = 1000;
const DAY = 24 * 60 * 60 * SECOND;
/** How far ahead of ours a sender's clock may be. */
const SKEW_MS = 60 * SECOND;

/**
 * How long a message of each kind may be delivered, in milliseconds. A click must outlive a day without workers, for
 * Temporal keeps it; whether it still counts is judged anew when it arrives. A Mac waits for the answer, so its two
 * questions live only a minute.
 */
export const TTL_MS: { readonly [K in MessageKind]: number } = {
  start: DAY,
  approve: DAY,
  deny: DAY,
  revoke: DAY,
  end: DAY,
  withdraw: DAY,
  askExtension: DAY,
  closeUnproven: DAY,
  contactLost: DAY,
  evidenceComplete: DAY,
  claim: 60 * SECOND,
  confirm: 60 * SECOND,
};

/** The entrances that each sender may name: a device key can't make a message look as if it came from Slack. */
const VIAS: { readonly [S in Sender]: readonly Envelope['via'][] } = {
  'slack-app': ['slack'],
  'device-api': ['device', 'cli'],
  cli: ['cli', 'http'],
};

/**
 * People reach the process of the device API from their command lines, with keys of their own, and may ask there, and take back what
 * they asked for and nobody has decided: no more. A Mac does not take back what a person asked for.
 */
const FOR_PEOPLE: readonly MessageKind[] = ['start', 'withdraw'];
const FOR_PEOPLE_ALONE: readonly MessageKind[] = ['withdraw'];

export interface SealerDeps {
  readonly sender: Sender;
  readonly keyId: string;
  readonly privateKey: KeyObject;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** That many random bytes. */
  readonly random: (bytes: number) => Uint8Array;
}
export type Seal = <K extends MessageKind>(
  kind: K,
  requestId: RequestId,
  roundDigest: Digest,
  body: Bodies[K],
  actor: Actor,
  via: Envelope['via'],
  ttlMs?: number,
) => Envelope<K>;

/**
 * A function that seals messages as one sender. Throws `wrong-sender` for a kind that the sender may not say and
 * `bad-input` for a message that no reader would accept, so that a mistake shows where it is made.
 */
export function createSealer({ sender, keyId, privateKey, clock, random }: SealerDeps): Seal {
  return (kind, requestId, roundDigest, body, actor, via, ttlMs = TTL_MS[kind]) => {
    if (!maySay(sender, kind, via)) throw new StintError('wrong-sender', `${sender} may not say ${kind} via ${via}.`);
    const now = clock();
    const unsigned = {
      v: 1 as const,
      requestId,
      roundDigest,
      kind,
      body,
      actor,
      via,
      at: instant(now),
      exp: instant(now + Math.min(ttlMs, DAY)),
      nonce: Buffer.from(random(16)).toString('base64url'),
      keyId,
    };
    const plain: object = JSON.parse(canonical(unsigned)); // drops undefined fields exactly as the wire will
    const sig = sign(null, signedBytes(plain), privateKey).toString('base64url');
    const shaped = envelopeShape(kind).safeParse({ ...plain, sig });
    if (!shaped.success) throw new StintError('bad-input', `This ${kind} message is not valid: ${where(shaped.error.issues)}.`);
    return { ...unsigned, ...plain, sig };
  };
}

export interface OpenOptions<K extends MessageKind> {
  readonly ring: KeyRing;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly expect: { readonly requestId: RequestId; readonly kinds: readonly K[] };
}
export type Opened<K extends MessageKind = MessageKind> =
  | { readonly ok: true; readonly envelope: AnyEnvelope<K>; readonly sender: Sender }
  | { readonly ok: false; readonly code: ErrorCode; readonly claimedKind: MessageKind | 'unknown'; readonly sentence: string };

/**
 * Checks one message in full: shape, addressee, key, what its sender may say, signature, times, and for a start that the
 * digest names the request. Never throws. The envelope returned is a fresh copy that holds known fields only.
 */
export function openEnvelope<K extends MessageKind>(raw: unknown, { ring, now, expect }: OpenOptions<K>): Opened<K> {
  const claimedKind = kindOf(raw);
  const no = (code: ErrorCode, sentence: string): Opened<K> => ({ ok: false, code, claimedKind, sentence });
  if (claimedKind === 'unknown') return no('bad-input', 'This is no message that Stint knows.');
  if (!isOneOf(claimedKind, expect.kinds)) return no('bad-input', `A ${claimedKind} message does not belong here.`);
  const envelope = shaped(raw, claimedKind);
  if (!envelope) return no('bad-input', `This ${claimedKind} message is not well formed.`);
  if (envelope.requestId !== expect.requestId) return no('bad-seal', 'This message is for another elevation.');
  const key = ring.find(envelope.keyId);
  if (!key || key.revoked || (key.notAfterMs !== undefined && now >= key.notAfterMs)) {
    return no('bad-seal', 'The key of this message is not trusted.');
  }
  if (!signed(envelope, key.publicKey)) return no('bad-seal', 'The signature of this message is not valid.');
  if (!maySay(key.sender, envelope.kind, envelope.via)) {
    return no('wrong-sender', `${key.sender} may not say ${envelope.kind} via ${envelope.via}.`);
  }
  const untimely = timeProblem(envelope, now);
  if (untimely) return no(untimely, 'The time of this message does not fit.');
  if (!consistent(envelope)) return no('bad-seal', 'This message contradicts itself.');
  return { ok: true, envelope: envelope as AnyEnvelope<K>, sender: key.sender };
}

function maySay(sender: Sender, kind: MessageKind, via: Envelope['via']): boolean {
  if (sender === 'device-api' && via === 'cli' && !FOR_PEOPLE.includes(kind)) return false;
  if (sender === 'device-api' && via === 'device' && FOR_PEOPLE_ALONE.includes(kind)) return false;
  return (SENDERS[sender] as readonly MessageKind[]).includes(kind) && VIAS[sender].includes(via);
}

/** Reads one own field; a hostile object may throw on it. */
function kindOf(raw: unknown): MessageKind | 'unknown' {
  try {
    if (typeof raw !== 'object' || raw === null) return 'unknown';
    const kind: unknown = Object.getOwnPropertyDescriptor(raw, 'kind')?.value;
    return isOneOf(kind, KINDS) ? kind : 'unknown';
  } catch {
    return 'unknown';
  }
}

function isOneOf<T extends string>(value: unknown, all: readonly T[]): value is T {
  return (all as readonly unknown[]).includes(value);
}

function shaped(raw: unknown, kind: MessageKind): AnyEnvelope | undefined {
  try {
    const parsed = envelopeShape(kind).safeParse(raw);
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined; // a getter or proxy that throws while it is read: malformed, like any other
  }
}

function signedBytes(unsigned: object): Buffer {
  return Buffer.from(`stint-envelope-v1\n${canonical(unsigned)}`, 'utf8');
}

function signed({ sig, ...unsigned }: AnyEnvelope, publicKey: KeyObject): boolean {
  try {
    const bytes = Buffer.from(sig, 'base64url');
    // base64url has several spellings of the same bytes: only one is the signature, or a repeat would look new.
    return bytes.toString('base64url') === sig && verify(null, signedBytes(unsigned), publicKey, bytes);
  } catch {
    return false; // a lone surrogate has no canonical form
  }
}

function timeProblem({ at, exp }: AnyEnvelope, now: number): ErrorCode | undefined {
  const [from, to] = [msOf(at), msOf(exp)];
  if (from > now + SKEW_MS) return 'stale-call';
  if (to <= now) return 'seal-expired';
  return to <= from || to - from > DAY ? 'bad-seal' : undefined;
}

/** What a signature alone does not say: that the parts of one message speak of the same thing. */
function consistent({ kind, body, actor, requestId, roundDigest, via }: AnyEnvelope): boolean {
  if (kind === 'start') {
    const { request } = body;
    // A Mac's word is about the Mac; at a command line there is nothing but the person, so it must be named.
    const asker = actor.personId === undefined ? via !== 'cli' : actor.personId === request.requester.personId;
    const entrance = via === 'http' || request.via === via;
    return request.requestId === requestId && requestDigest(request) === roundDigest && asker && entrance;
  }
  // At a command line there is nothing but the person, so it must be named.
  if (kind === 'withdraw') return via !== 'cli' || actor.personId !== undefined;
  if (kind === 'claim' || kind === 'confirm') return actor.serial === undefined || actor.serial === body.serial;
  return true;
}

function where(issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]): string {
  return issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
}
