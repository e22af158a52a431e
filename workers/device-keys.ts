/** Public keys of Macs as they are registered: ECDSA P-256 in SPKI PEM, named by the digest of their bytes. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { StintError } from '../contract/errors.js';
import { sha256 } from '../seal/canonical.js';

/** The key id that a Mac signs with: the first 16 hex digits of the SHA-256 over the SPKI DER. Throws `bad-input`. */
export function deviceKeyId(pem: string): string {
  const der = p256(pem).export({ type: 'spki', format: 'der' });
  return sha256(der).slice(0, 16);
}

function p256(pem: string): KeyObject {
  try {
    const key = createPublicKey(pem);
    if (!pem.includes('PRIVATE') && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  } catch {
    // falls through: no key, or not a public one
  }
  throw new StintError('bad-input', 'publicKey must be an ECDSA P-256 public key in PEM ("-----BEGIN PUBLIC KEY-----").');
}
