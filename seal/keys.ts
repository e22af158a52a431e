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
export type TrustedEntry = TrustedKeys['keys'][number];

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

export interface SigningKey {
  readonly keyId: string;
  readonly privateKey: KeyObject;
}

/**
 * The private key of a PEM text with its id; `where` names the file for the sentence. Throws `bad-config`, never with any
 * part of the text.
 */
export function privateKeyFrom(sender: Sender, pem: string, where = ''): SigningKey {
  const name = `The seal key of ${sender}${where && ` in ${where}`}`;
  const fix = `Make a new one with "stint keys rotate ${sender}".`;
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch {
    // No cause: OpenSSL's message is not ours to vouch for next to a secret.
    throw new StintError('bad-config', `${name} is not a private key in PEM${flawOf(pem)}. ${fix}`);
  }
  if (privateKey.asymmetricKeyType !== 'ed25519')
    throw new StintError('bad-config', `${name} must be Ed25519, not ${privateKey.asymmetricKeyType}. ${fix}`);
  return { keyId: keyIdOf(sender, createPublicKey(privateKey)), privateKey };
}

function flawOf(pem: string): string {
  if (pem.trim() === '') return ': it is empty';
  if (pem.includes('ENCRYPTED')) return ' that Stint can read: it has a passphrase';
  if (pem.includes('BEGIN PUBLIC KEY')) return ': it is a public key';
  return pem.includes('BEGIN') && !pem.includes('END') ? ': it is cut short' : '';
}

/** The entry of a key's public half. */
export function trustedEntry({ keyId, sender, publicPem }: SealKey): TrustedEntry {
  return { keyId, sender, publicKey: publicPem };
}

/** The file that lists the public halves of these keys. */
export function trustedKeysText(keys: readonly SealKey[]): string {
  return textOf({ keys: keys.map(trustedEntry) });
}

/** The file as it is written. */
export function textOf(file: TrustedKeys): string {
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** Reads the file of public keys. Throws `bad-config` with a sentence that names the file, the entry and what is wrong. */
export function loadTrustedKeys(text: string, file?: string): KeyRing {
  const ring = new Map<string, TrustedKey>();
  for (const entry of parseTrustedKeys(text, file).keys) ring.set(entry.keyId, toTrusted(entry));
  return { find: (keyId) => ring.get(keyId) };
}

/** The file's entries, each of them checked. Throws as `loadTrustedKeys`. */
export function parseTrustedKeys(text: string, file?: string): TrustedKeys {
  const flaw = (what: string) => bad(file, what);
  const parsed = shaped(text, flaw);
  const known: TrustedEntry[] = [];
  for (const [index, entry] of parsed.keys.entries()) {
    const wrong = flawOfEntry(entry) ?? clash(entry, known);
    if (wrong) throw flaw(`keys[${index}]: ${wrong}`);
    known.push(entry);
  }
  return parsed;
}

function shaped(text: string, flaw: (what: string) => StintError): TrustedKeys {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw flaw(text.trim() === '' ? 'it is empty' : 'it is not JSON; it may be cut short');
  }
  const parsed = trustedKeys.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw flaw(parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`).join('; '));
}

function flawOfEntry({ keyId, sender, publicKey }: TrustedEntry): string | undefined {
  // createPublicKey takes a private key too and derives from it: such a file would hold secrets that nobody guards.
  if (publicKey.includes('PRIVATE')) return 'this is a private key; put its public half here';
  const key = publicKeyFrom(publicKey);
  if (!key) return 'publicKey must be an Ed25519 public key in PEM';
  const right = keyIdOf(sender, key);
  return keyId === right ? undefined : `keyId must be ${right} for this key and sender`;
}

/** What an entry may not share with one before it: one key under two senders could say what either may. */
function clash({ keyId, sender }: TrustedEntry, known: readonly TrustedEntry[]): string | undefined {
  const same = known.find((other) => printOf(other.keyId) === printOf(keyId));
  if (!same) return undefined;
  if (same.sender === sender) return `${keyId} is listed twice; remove one of the two`;
  return `this is the key of ${same.sender} too; each sender needs a key of its own`;
}

/** The part of a key id that names the key, whoever its sender is. */
export function printOf(keyId: string): string {
  return keyId.slice(-12);
}

function toTrusted(entry: TrustedEntry): TrustedKey {
  const notAfterMs = entry.notAfter === undefined ? {} : { notAfterMs: Date.parse(entry.notAfter) };
  const publicKey = createPublicKey(entry.publicKey);
  return { keyId: entry.keyId, sender: entry.sender, publicKey, revoked: entry.revoked ?? false, ...notAfterMs };
}

function publicKeyFrom(pem: string): KeyObject | undefined {
  try {
    const key = createPublicKey(pem);
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined; // no key at all is answered as another kind of key is
  }
}

function bad(file: string | undefined, what: string): StintError {
  return new StintError(
    'bad-config',
    `The file of trusted keys${file ? ` ${file}` : ''} is not valid: ${what}. No message is carried out until it is mended.`,
  );
}
