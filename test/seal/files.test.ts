/** Key files on disk: each thing that can be wrong with one is a sentence that names the file and the fix. */
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { isStintError } from '../../contract/errors.js';
import { instant } from '../../contract/ids.js';
import { livingSealKey, readSealKey, sealKeyPath, writeSealKey } from '../../seal/key-files.js';
import { generateSealKey, textOf, trustedEntry, trustedKeysText } from '../../seal/keys.js';
import { livingRing, readTrustedKeys } from '../../seal/trusted-file.js';

const NOW = Date.parse('2026-03-02T09:00:00.000Z');
const [slack, device, other] = [generateSealKey('slack-app'), generateSealKey('device-api'), generateSealKey('slack-app')];
const clock = () => NOW;

let dir = '';
let trusted = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'stint-files-'));
  trusted = join(dir, 'trusted.json');
});
afterEach(() => rmSync(dir, { recursive: true }));

function sentence(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (isStintError(error) && error.code === 'bad-config') return error.sentence;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('a private key is refused', () => {
  const put = (text: string) => writeFileSync(sealKeyPath(dir, 'slack-app'), text, { mode: 0o600 });
  const said = () => sentence(() => readSealKey(dir, 'slack-app'));

  it.each([
    ['that is not there', () => {}, /there is no .*keys init/],
    ['that is a folder', () => mkdirSync(sealKeyPath(dir, 'slack-app'), { mode: 0o700 }), /EISDIR.*mode 600/],
    ['that is empty', () => put(''), /is empty.*keys rotate slack-app/],
    ['that is cut short', () => put(slack.privatePem.slice(0, 60)), /is cut short.*keys rotate slack-app/],
    ['that is a public key', () => put(slack.publicPem), /is a public key.*keys rotate slack-app/],
    ['with a passphrase', () => put(withPassphrase()), /has a passphrase.*keys rotate slack-app/],
    ['of another kind', () => put(rsa()), /must be Ed25519, not rsa.*keys rotate slack-app/],
    ['that is no key', () => put('hello'), /is not a private key in PEM\. Make/],
  ])('%s', (_what, make, words) => {
    make();
    expect(said()).toMatch(words);
    expect(said()).toContain(sealKeyPath(dir, 'slack-app'));
  });

  it('that this account may not read', () => {
    put(slack.privatePem);
    chmodSync(sealKeyPath(dir, 'slack-app'), 0o000);
    expect(asNobody(said)).toMatch(/EACCES.*mode 600/);
  });

  /** Root may read everything, so it is somebody else meanwhile. */
  function asNobody<T>(act: () => T): T {
    if (process.getuid?.() !== 0) return act();
    chmodSync(dir, 0o755);
    process.seteuid?.(65534);
    try {
      return act();
    } finally {
      process.seteuid?.(0);
    }
  }

  function withPassphrase(): string {
    const { privateKey } = generateKeyPairSync('ed25519');
    return privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }).toString();
  }
  function rsa(): string {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  }
});

describe('the trusted file is refused', () => {
  const entry = trustedEntry(slack);
  it.each([
    ['that is empty', '', /is empty/],
    ['that is cut short', trustedKeysText([slack, device]).slice(0, 150), /cut short/],
    ['with a key listed twice', textOf({ keys: [entry, entry] }), /keys\[1\]: .*twice; remove/],
    ['with an id that is not its key’s', textOf({ keys: [{ ...entry, keyId: other.keyId }] }), /keys\[0\]: keyId must be/],
    ['with one key for two senders', sameForTwo(), /keys\[1\]: this is the key of slack-app too/],
  ])('%s', (_what, text, words) => {
    writeFileSync(trusted, text);
    const said = sentence(() => readTrustedKeys(trusted));
    expect(said).toMatch(words);
    expect(said).toContain(trusted);
    expect(said).toContain('No message is carried out until it is mended');
  });

  it('that is not there, or a folder', () => {
    expect(sentence(() => readTrustedKeys(trusted))).toMatch(/there is no .*STINT_TRUSTED_KEYS_FILE.*keys init/);
    expect(sentence(() => readTrustedKeys(dir))).toContain(`${dir} (EISDIR)`);
  });

  it('that everybody on the computer may write', () => {
    writeFileSync(trusted, trustedKeysText([slack]));
    chmodSync(trusted, 0o666);
    expect(sentence(() => readTrustedKeys(trusted))).toContain(`chmod 644 '${trusted}'`);
  });

  function sameForTwo(): string {
    const keyId = slack.keyId.replace('slack-app', 'cli');
    return textOf({ keys: [entry, { ...entry, keyId, sender: 'cli' }] });
  }
});

describe('the trusted keys of a running worker', () => {
  it('are the file’s at each moment: a key that is revoked is revoked at the next look', () => {
    writeFileSync(trusted, trustedKeysText([slack, device]));
    const ring = livingRing(trusted);
    expect(ring().find(slack.keyId)?.revoked).toBe(false);
    writeFileSync(trusted, textOf({ keys: [{ ...trustedEntry(slack), revoked: true }] }));
    expect(ring().find(slack.keyId)?.revoked).toBe(true);
    expect(ring().find(device.keyId)).toBeUndefined();
  });

  it('are refused while the file is not valid, and there again when it is mended', () => {
    writeFileSync(trusted, trustedKeysText([slack]));
    const ring = livingRing(trusted);
    ring();
    writeFileSync(trusted, '{');
    expect(sentence(ring)).toContain(trusted);
    writeFileSync(trusted, trustedKeysText([slack]));
    expect(ring().find(slack.keyId)).toBeDefined();
  });
});

describe('the key of a running sender', () => {
  const place = () => ({ keysDir: dir, trustedKeysFile: trusted });
  const start = () => livingSealKey(place(), 'slack-app', clock);

  test.each([
    [
      'is another sender’s: the files were swapped',
      { ...device, sender: 'slack-app' as const },
      [slack, device],
      /key of device-api.*swap them back/,
    ],
    ['is not in the trusted file', other, [slack, device], /does not name.*keys rotate slack-app/],
  ])('is refused at the start when it %s', (_what, key, known, words) => {
    writeSealKey(dir, key);
    writeFileSync(trusted, trustedKeysText(known));
    expect(sentence(start)).toMatch(words);
    expect(sentence(start)).toContain(sealKeyPath(dir, 'slack-app'));
  });

  test.each([
    ['revoked', { revoked: true }, /is revoked.*keys rotate slack-app/],
    ['over', { notAfter: instant(NOW) }, /ended at 2026-03-02T09.*keys rotate slack-app/],
  ])('is refused at the start when it is %s', (_what, change, words) => {
    writeSealKey(dir, slack);
    writeFileSync(trusted, textOf({ keys: [{ ...trustedEntry(slack), ...change }] }));
    expect(sentence(start)).toMatch(words);
  });

  it('may be used where there is no trusted file, and while its end is ahead', () => {
    writeSealKey(dir, slack);
    expect(start()().keyId).toBe(slack.keyId);
    writeFileSync(trusted, textOf({ keys: [{ ...trustedEntry(slack), notAfter: instant(NOW + 1) }] }));
    expect(start()().keyId).toBe(slack.keyId);
  });

  it('is the new one from the next message on when its file is replaced', () => {
    const path = writeSealKey(dir, slack);
    const key = start();
    const next = join(dir, 'next.pem');
    writeFileSync(next, other.privatePem, { mode: 0o600 });
    renameSync(next, path);
    expect(key().keyId).toBe(other.keyId);
  });

  it('stays the one in use while its file is gone, half written or open to others, and is looked for again', () => {
    const path = writeSealKey(dir, slack);
    const key = start();
    for (const spoil of [
      () => rmSync(path),
      () => writeFileSync(path, other.privatePem.slice(0, 50), { mode: 0o644 }),
      () => writeFileSync(path, other.privatePem),
      () => chmodSync(path, 0o640),
    ]) {
      spoil();
      expect(key().keyId).toBe(slack.keyId);
    }
    chmodSync(path, 0o600);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8')).toBe(other.privatePem);
    expect(key().keyId).toBe(other.keyId);
  });
});
