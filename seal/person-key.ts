/** The public half of a person's own key (Ed25519): how it is written, and what names it. What is read was typed by anybody. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { sha256 } from './canonical.js';

/** Public keys under which anybody can sign, by their y coordinate: those of small order, also where y is written one round higher. */
const WEAK: ReadonlySet<string> = new Set([
  `00${'00'.repeat(31)}`,
  `01${'00'.repeat(31)}`,
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);

/** Whether a text is a public key as `stint enroll` writes it: 32 bytes in base64url, in their one spelling, and no weak one. */
export function isPersonKey(text: string): boolean {
  if (!/^[A-Za-z0-9_-]{43}$/.test(text)) return false;
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length !== 32 || bytes.toString('base64url') !== text) return false;
  const y = Buffer.from(bytes);
  y.writeUInt8(y.readUInt8(31) & 0x7f, 31); // the last bit is the sign of x
  return !WEAK.has(y.toString('hex'));
}

/** What a key is called in calls, in the store and in the ledger; never the shape of a Mac's key id. */
export function personKeyId(publicKey: string): string {
  return `person-${sha256(Buffer.from(publicKey, 'base64url')).slice(0, 32)}`;
}

/** A key id for people to compare: eight groups of four. */
export function fingerprint(keyId: string): string {
  return keyId.replace(/^person-/, '').replace(/(.{4})(?=.)/g, '$1 ');
}

/** The key itself, for checking signatures. */
export function personKeyObject(publicKey: string): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
}
