/** Public keys of Macs: named by their bytes, and nothing else is one. */
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { keyIdOf } from '../../device/api/signature.js';
import { deviceKeyId } from '../../workers/device-keys.js';

const pair = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();
const mac = pair('prime256v1');

describe('the id of a Mac’s key', () => {
  it('is the first 16 hex digits over its DER, as the device API names it too', () => {
    const der = mac.publicKey.export({ type: 'spki', format: 'der' });
    expect(deviceKeyId(pem(mac.publicKey))).toBe(createHash('sha256').update(der).digest('hex').slice(0, 16));
    expect(deviceKeyId(pem(mac.publicKey))).toBe(keyIdOf(mac.publicKey));
  });

  it('does not depend on how the text is broken or what stands around it', () => {
    const text = pem(mac.publicKey);
    expect(deviceKeyId(`\n${text.replaceAll('\n', '\r\n')}\n\n`)).toBe(deviceKeyId(text));
  });

  it.each([
    ['a private key, from which a public one could be had', mac.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['a private key of the older form', mac.privateKey.export({ type: 'sec1', format: 'pem' }).toString()],
    ['another curve', pem(pair('secp384r1').publicKey)],
    ['Ed25519', pem(generateKeyPairSync('ed25519').publicKey)],
    ['RSA', pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey)],
    ['nothing', ''],
    ['some text', 'ssh-ed25519 AAAA ada@mac'],
  ])('of %s is refused, without a word of its text', (_, text) => {
    expect(() => deviceKeyId(text)).toThrow(/publicKey must be an ECDSA P-256 public key/);
    try {
      deviceKeyId(text);
    } catch (error) {
      if (text.length > 60) expect(String(error)).not.toContain(text.slice(30, 50));
    }
  });
});
