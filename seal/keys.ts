/**
 * The Ed25519 keys that messages are sealed with: one private key for each sender, and a ring of public keys that says
 * which sender a key belongs to. Workers hold the ring only, so a worker can check everything and say nothing.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { StintError } from '../contract/errors.js';
import { SENDERS, type Sender } from '../contract/messages.js';
import { instantText } from './shapes.js';

export interface SealKey {
  readonly keyId: string;
  readonly sender: Sender;
  /** PKCS #8. A secret. */
  readonly privatePem: string;
  /** SPKI. */
  readonly publicPem: string;
}

const NAMES = Object.keys(SENDERS) as [Sender, ...Sender[]];

const trustedKeys = z.strictObject({
  keys: z
    .array(
      z.strictObject({
        keyId: z.string().max(40),
        sender: z.enum(NAMES),
        publicKey: z.string().max(1000),
        notAfter: instantText.optional(),
        revoked: z.boolean().optional(),
      }),
    )
    .max(100),
});
/** The JSON file of public keys: `{keys: [{keyId, sender, publicKey (SPKI PEM), notAfter?, revoked?}]}`. */
export type TrustedKeys = z.infer<typeof trustedKeys>;

export interface TrustedKey {
  readonly keyId: string;
  readonly sender: Sender;
  readonly publicKey: KeyObject;
  /** Milliseconds since 1970; the key counts only before it. */
  readonly notAfterMs?: number;
  readonly revoked: boolean;
}
export interface KeyRing {
  find(keyId: string): TrustedKey | undefined;
}

/** A new key pair for one sender. */
export function generateSealKey(sender: Sender): SealKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    keyId: keyIdOf(sender, publicKey),
    sender,
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

/** `<sender>-<first 12 hex digits of the SHA-256 over the SPKI DER>`: a key id can't be given to another key by mistake. */
export function keyIdOf(sender: Sender, publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return `${sender}-${createHash('sha256').update(der).digest('hex').slice(0, 12)}`;
}

/** The private key of a PEM text with its id. Throws `bad-config`, never with any part of the text. */
export function privateKeyFrom(sender: Sender, pem: string): { readonly keyId: string; readonly privateKey: KeyObject } {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch {
    // No cause: OpenSSL's message is not ours to vouch for next to a secret.
    throw new StintError('bad-config', `The seal key of ${sender} is not a private key in PEM.`);
  }
  if (privateKey.asymmetricKeyType !== 'ed25519') {
    throw new StintError('bad-config', `The seal key of ${sender} must be Ed25519, not ${privateKey.asymmetricKeyType}.`);
  }
  return { keyId: keyIdOf(sender, createPublicKey(privateKey)), privateKey };
}

/** The file that lists the public halves of these keys. */
export function trustedKeysText(keys: readonly SealKey[]): string {
  const file: TrustedKeys = { keys: keys.map(({ keyId, sender, publicPem }) => ({ keyId, sender, publicKey: publicPem })) };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** Reads the file of public keys. Throws `bad-config` with a sentence that names the entry and what is wrong. */
export function loadTrustedKeys(text: string): KeyRing {
  const ring = new Map<string, TrustedKey>();
  parseTrusted(text).keys.forEach((entry, index) => {
    if (ring.has(entry.keyId)) throw bad(`keys[${index}]: ${entry.keyId} is listed twice`);
    ring.set(entry.keyId, toTrusted(entry, index));
  });
  return { find: (keyId) => ring.get(keyId) };
}

function parseTrusted(text: string): TrustedKeys {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw bad('it is not JSON');
  }
  const parsed = trustedKeys.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw bad(parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`).join('; '));
}

function toTrusted(entry: TrustedKeys['keys'][number], index: number): TrustedKey {
  const publicKey = publicKeyFrom(entry.publicKey, index);
  const keyId = keyIdOf(entry.sender, publicKey);
  if (entry.keyId !== keyId) throw bad(`keys[${index}]: keyId must be ${keyId} for this key and sender`);
  const notAfterMs = entry.notAfter === undefined ? {} : { notAfterMs: Date.parse(entry.notAfter) };
  return { keyId, sender: entry.sender, publicKey, revoked: entry.revoked ?? false, ...notAfterMs };
}

function publicKeyFrom(pem: string, index: number): KeyObject {
  // createPublicKey takes a private key too and derives from it: such a file would hold secrets that nobody guards.
  if (pem.includes('PRIVATE')) throw bad(`keys[${index}]: this is a private key; put its public half here`);
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // falls through: the same sentence for "no key" and "another kind of key"
  }
  throw bad(`keys[${index}]: publicKey must be an Ed25519 public key in PEM`);
}

function bad(what: string): StintError {
  return new StintError('bad-config', `The file of trusted keys is not valid: ${what}.`);
}
