/**
 * Who calls: HTTP Message Signatures (RFC 9421), with a Mac's own ECDSA P-256 key or a person's own Ed25519 key. Pure. `openCall` checks all that
 * needs no key and names the key; `verifyCall` checks the signature. Remembering nonces is the caller's part, and only
 * after `verifyCall`: else a forged call could use up a genuine nonce.
 */
import { createHash, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import { StintError } from '../../contract/errors.js';
import {
  bad,
  type Profile,
  readSignatureBytes,
  readSignatureInput,
  type SignatureInput,
  strictBase64,
} from './signature-input.js';

/** One call as it came in; all of it is attacker-controlled. */
export interface SignedCall {
  readonly method: string;
  /** The Host header. */
  readonly authority: string;
  readonly path: string;
  /** With its question mark; `?` when there is none. */
  readonly query: string;
  readonly body: Uint8Array;
  /** All values of a header of that lower-case name, as they were sent. */
  readonly header: (name: string) => readonly string[];
}

export interface OpenedCall {
  readonly input: SignatureInput;
  readonly signature: Buffer;
  readonly contentDigest: string;
  readonly contentType: string;
  /** Unix seconds after which this call is refused as stale: how long its nonce must be remembered. */
  readonly refusedAfter: number;
}

/** The longest life that a call may give itself, and how far clocks may be apart; seconds. */
const WINDOW_S = 60;
const SKEW_S = 60;

/** One kind of caller, and how its signatures are checked. */
export interface CallProfile extends Profile {
  readonly verify: (base: string, signature: Uint8Array, key: KeyObject) => boolean;
}

/** A Mac. */
export const OF_MACS: CallProfile = {
  algorithm: 'ecdsa-p256-sha256',
  tag: 'stint-device-v1',
  keyId: /^[0-9a-f]{16}$/,
  verify: verifyP256,
};

/** A person at a command line. */
export const OF_PEOPLE: CallProfile = {
  algorithm: 'ed25519',
  tag: 'stint-person-v1',
  keyId: /^person-[0-9a-f]{32}$/,
  verify: (base, signature, key) =>
    key.asymmetricKeyType === 'ed25519' && verify(null, Buffer.from(base, 'latin1'), key, signature),
};

/** The key id of a public key: the first 16 hex digits of the SHA-256 over its SPKI DER. */
export function keyIdOf(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);
}

/** Checks form, time and content digest. Throws `bad-signature`, or `stale-call` when the time alone is wrong. */
export function openCall(call: SignedCall, nowMs: number, profile: Profile = OF_MACS): OpenedCall {
  const input = readSignatureInput(only(call, 'signature-input'), profile);
  const signature = readSignatureBytes(only(call, 'signature'));
  const contentDigest = only(call, 'content-digest');
  const contentType = only(call, 'content-type');
  if (contentType !== 'application/json') throw bad('Its content type must be application/json.');
  checkDigest(contentDigest, call.body);
  checkTime(input, nowMs / 1000);
  return { input, signature, contentDigest, contentType, refusedAfter: input.expires + SKEW_S };
}

/** Throws `bad-signature` unless the call was signed by this key. */
export function verifyCall(call: SignedCall, opened: OpenedCall, key: KeyObject, profile: CallProfile = OF_MACS): void {
  if (!profile.verify(signatureBase(call, opened), opened.signature, key))
    throw bad('It was made with another key or for another call.');
}

/** ECDSA P-256 over SHA-256 with a raw r||s signature, as RFC 9421 section 3.3.4 has it. */
export function verifyP256(base: string, signature: Uint8Array, key: KeyObject): boolean {
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1' || signature.length !== 64) return false;
  return verify('sha256', Buffer.from(base, 'latin1'), { key, dsaEncoding: 'ieee-p1363' }, signature);
}

/** The text that is signed (RFC 9421 section 2.5): one line for each component, then the parameters; no last line break. */
export function signatureBase(call: SignedCall, opened: Pick<OpenedCall, 'input' | 'contentDigest' | 'contentType'>): string {
  return [
    `"@method": ${call.method.toUpperCase()}`,
    `"@authority": ${call.authority.toLowerCase()}`,
    `"@path": ${call.path}`,
    `"@query": ${call.query}`,
    `"content-digest": ${opened.contentDigest}`,
    `"content-type": ${opened.contentType}`,
    `"@signature-params": ${opened.input.raw}`,
  ].join('\n');
}

/** Exactly one value: of two, another part on the way might have looked at the other. */
function only(call: SignedCall, name: string): string {
  const [value, ...more] = call.header(name);
  if (value === undefined || more.length > 0) throw bad(`It needs exactly one ${name} header.`);
  return value;
}

function checkDigest(header: string, body: Uint8Array): void {
  const given = strictBase64(/^sha-256=:([A-Za-z0-9+/]{43}=):$/.exec(header)?.[1] ?? '');
  const actual = createHash('sha256').update(body).digest();
  if (given?.length !== actual.length || !timingSafeEqual(given, actual))
    throw bad('Its content digest is not that of the body.');
}

function checkTime({ created, expires }: SignatureInput, now: number): void {
  const window = expires - created;
  if (window <= 0 || window > WINDOW_S) throw bad(`It must expire within ${WINDOW_S} seconds of its making.`);
  if (created > now + SKEW_S || expires + SKEW_S < now) throw new StintError('stale-call');
}
