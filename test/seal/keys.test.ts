import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSealKey, sealKeyPath, writeSealKey } from '../../seal/key-files.js';
import { generateSealKey, loadTrustedKeys, privateKeyFrom, trustedKeysText } from '../../seal/keys.js';

const key = generateSealKey('slack-app');
const entry = { keyId: key.keyId, sender: key.sender, publicKey: key.publicPem };
const fileOf = (...keys: object[]) => JSON.stringify({ keys });

describe('the file of trusted keys', () => {
  it('gives back each key with its sender', () => {
    const ring = loadTrustedKeys(trustedKeysText([key]));
    expect(ring.find(key.keyId)).toMatchObject({ sender: 'slack-app', revoked: false });
    expect(ring.find('slack-app-000000000000')).toBeUndefined();
    expect(key.keyId).toMatch(/^slack-app-[0-9a-f]{12}$/);
  });

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' });
  it.each([
    ['text that is no JSON', '{', /not JSON/],
    ['an unknown field', fileOf({ ...entry, note: 'x' }), /note/],
    ['an unknown sender', fileOf({ ...entry, sender: 'worker' }), /keys\.0\.sender/],
    ['a key listed twice', fileOf(entry, entry), /keys\[1\].*twice/],
    ['a key under the name of another sender', fileOf({ ...entry, sender: 'cli' }), /keyId must be cli-/],
    ['a private key', fileOf({ ...entry, publicKey: key.privatePem }), /private key/],
    ['a key of another kind', fileOf({ ...entry, publicKey: rsa }), /Ed25519/],
    ['a key that is none', fileOf({ ...entry, publicKey: 'hello' }), /Ed25519/],
  ])('is refused with %s', (_what, text, sentence) => {
    expect(() => loadTrustedKeys(text)).toThrow(sentence);
  });

  it('never repeats a private key in its refusal', () => {
    const secret = key.privatePem.split('\n')[1] ?? '';
    expect(secret.length).toBeGreaterThan(20);
    const refusal = catchText(() => loadTrustedKeys(fileOf({ ...entry, publicKey: key.privatePem })));
    expect(refusal).not.toContain(secret);
    expect(catchText(() => privateKeyFrom('cli', key.privatePem.replace('PRIVATE', 'PRVATE')))).not.toContain(secret);
  });
});

describe('a private key on disk', () => {
  let dir = '';
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'stint-keys-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('is written for its owner only and read back as the same key', () => {
    const path = writeSealKey(dir, key);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8')).toBe(key.privatePem);
    expect(readSealKey(dir, 'slack-app').keyId).toBe(key.keyId);
  });

  it.each([0o640, 0o604, 0o660, 0o610])(
    'is refused when others could touch it (mode %o), with the command that mends it',
    (mode) => {
      const path = writeSealKey(dir, key);
      chmodSync(path, mode);
      expect(() => readSealKey(dir, 'slack-app')).toThrow(`chmod 600 '${path}'`);
    },
  );

  it('is never overwritten', () => {
    writeSealKey(dir, key);
    expect(() => writeSealKey(dir, generateSealKey('slack-app'))).toThrow(/EEXIST/);
    expect(readSealKey(dir, 'slack-app').keyId).toBe(key.keyId);
  });

  it('that is missing or of another kind is named in the refusal', () => {
    expect(() => readSealKey(dir, 'cli')).toThrow(sealKeyPath(dir, 'cli'));
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(sealKeyPath(dir, 'cli'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    expect(() => readSealKey(dir, 'cli')).toThrow(/must be Ed25519, not ec/);
  });
});

function catchText(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return String(error instanceof Error ? `${error.stack} ${String(error.cause)}` : error);
  }
  throw new Error('it did not throw');
}
