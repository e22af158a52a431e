/** `stint keys`: rotating under a power cut at every write, revoking, listing. On real files, without starting a process. */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { type KeyDisk, keyDisk } from '../../cli/keys/disk.js';
import { init } from '../../cli/keys/init.js';
import { listKeys } from '../../cli/keys/list.js';
import { revoke } from '../../cli/keys/revoke.js';
import { rotate } from '../../cli/keys/rotate.js';
import { isStintError } from '../../contract/errors.js';
import { instant } from '../../contract/ids.js';
import type { Envelope } from '../../contract/messages.js';
import { createSealer, openEnvelope } from '../../seal/envelope.js';
import { readSealKey, sealKeyPath } from '../../seal/key-files.js';
import { loadTrustedKeys, textOf } from '../../seal/keys.js';
import { readTrustedKeys } from '../../seal/trusted-file.js';
import { BODIES, REQUEST_ID, ROUND } from '../seal/samples.js';

const HOUR = 60 * 60 * 1000;
const YEAR = 365 * 24 * HOUR;
const NOW = Date.parse('2026-03-02T09:00:00.000Z');

let home = '';
let place = { keysDir: '', trustedKeysFile: '' };
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'stint-rotate-'));
  place = { keysDir: join(home, 'keys'), trustedKeysFile: join(home, 'trusted.json') };
  init(place);
});
afterEach(() => rmSync(home, { recursive: true }));

const keyNow = () => readSealKey(place.keysDir, 'slack-app');
const trustedNow = () => readTrustedKeys(place.trustedKeysFile);
const turn = (overlapMs = 48 * HOUR, disk = keyDisk, now = NOW) =>
  rotate({ ...place, sender: 'slack-app', overlapMs, now }, disk);
const entryOf = (keyId: string) => trustedNow().keys.find((entry) => entry.keyId === keyId);

/** A click sealed with the key that lies there now. */
function click(at: number, key = keyNow()): Envelope {
  const seal = createSealer({ sender: 'slack-app', ...key, clock: () => at, random: (n) => randomBytes(n) });
  return seal('approve', REQUEST_ID, ROUND, BODIES.approve, {}, 'slack');
}

/** Whether a worker that has the trusted file as it is now believes the message. */
function believed(message: Envelope, now: number): boolean {
  const ring = loadTrustedKeys(readFileSync(place.trustedKeysFile, 'utf8'));
  return openEnvelope(message, { ring, now, expect: { requestId: REQUEST_ID, kinds: ['approve'] } }).ok;
}

describe('a rotation', () => {
  it('lets both keys count during the overlap, and only the new one after it', () => {
    const old = keyNow();
    const { keyId } = turn();
    expect(keyNow().keyId).toBe(keyId);
    expect(keyId).not.toBe(old.keyId);
    for (const [at, both] of [
      [NOW, true],
      [NOW + 48 * HOUR - 1, true],
      [NOW + 48 * HOUR, false],
    ] as const) {
      expect(believed(click(at), at)).toBe(true);
      expect(believed(click(at, old), at)).toBe(both);
    }
    expect(believed(click(NOW + YEAR), NOW + YEAR)).toBe(true);
  });

  it('touches no other sender, and leaves no draft behind', () => {
    const others = () => trustedNow().keys.filter(({ sender }) => sender !== 'slack-app');
    const [files, before] = [readdirSync(place.keysDir), others()];
    turn();
    expect(others()).toEqual(before);
    expect(readdirSync(place.keysDir)).toEqual(files);
    expect(readdirSync(home).sort()).toEqual(['keys', 'trusted.json']);
    expect(statSync(sealKeyPath(place.keysDir, 'slack-app')).mode & 0o777).toBe(0o600);
    expect(statSync(place.trustedKeysFile).mode & 0o777).toBe(0o644);
  });

  it('without an overlap revokes the key before at once', () => {
    const old = keyNow();
    turn(0);
    expect(entryOf(old.keyId)?.revoked).toBe(true);
    expect(believed(click(NOW, old), NOW)).toBe(false);
    expect(believed(click(NOW), NOW)).toBe(true);
  });

  it('twice in a row never lengthens the life of the oldest key, and answers for each how it stands', () => {
    const old = keyNow().keyId;
    const second = turn(HOUR).keyId;
    const third = turn(48 * HOUR);
    expect(entryOf(old)?.notAfter).toBe(instant(NOW + HOUR));
    expect(entryOf(second)?.notAfter).toBe(instant(NOW + 48 * HOUR));
    expect(third.before.map(({ keyId }) => keyId)).toEqual([old, second]);
  });

  it('brings back a sender whose private key is lost, broken or revoked', () => {
    for (const spoil of [
      () => rmSync(sealKeyPath(place.keysDir, 'slack-app')),
      () => writeFileSync(sealKeyPath(place.keysDir, 'slack-app'), 'hello'),
      () => revoke({ ...place, keyId: keyNow().keyId, force: true, now: NOW }, keyDisk),
    ]) {
      spoil();
      turn();
      expect(believed(click(NOW), NOW)).toBe(true);
      expect(listKeys(place, NOW).problems).toEqual([]);
    }
  });

  it('forgets keys that ended more than a month ago, so that the file never grows full', () => {
    const day = 24 * HOUR;
    const first = keyNow().keyId;
    const second = turn(HOUR).keyId;
    turn(HOUR, keyDisk, NOW + HOUR + 30 * day - 1);
    expect(entryOf(first)).toBeDefined();
    turn(HOUR, keyDisk, NOW + HOUR + 30 * day + 1);
    expect([entryOf(first), entryOf(second)]).toEqual([undefined, expect.anything()]);
    expect(believed(click(NOW + YEAR), NOW + YEAR)).toBe(true);
  });

  it('is refused, and changes nothing, when the trusted file is not valid or is not there', () => {
    const before = keyNow().keyId;
    writeFileSync(place.trustedKeysFile, '{"keys": [');
    expect(() => turn()).toThrow(place.trustedKeysFile);
    rmSync(place.trustedKeysFile);
    expect(() => turn()).toThrow(place.trustedKeysFile);
    expect(keyNow().keyId).toBe(before);
  });

  it('never takes back what somebody else wrote meanwhile', () => {
    const rival: KeyDisk = {
      ...keyDisk,
      putSecret(path, text) {
        keyDisk.putSecret(path, text);
        revoke({ ...place, keyId: cli, force: true, now: NOW }, keyDisk);
      },
    };
    const cli = readSealKey(place.keysDir, 'cli').keyId;
    const before = keyNow().keyId;
    expect(() => turn(HOUR, rival)).toThrow(/run it again/);
    expect([keyNow().keyId, entryOf(cli)?.revoked]).toEqual([before, true]);
    turn(HOUR);
    expect([believed(click(NOW), NOW), entryOf(cli)?.revoked]).toEqual([true, true]);
  });
});

/** The disk that loses power before, or right after, its nth write. */
function cutOff(nth: number, when: 'before' | 'after'): KeyDisk {
  let count = 0;
  const step = (write: () => void) => {
    count += 1;
    if (count === nth && when === 'before') throw new Error('power cut');
    write();
    if (count === nth) throw new Error('power cut');
  };
  return {
    putSecret: (path, text) => step(() => keyDisk.putSecret(path, text)),
    move: (from, to) => step(() => keyDisk.move(from, to)),
    replaceTrusted: (path, before, after) => step(() => keyDisk.replaceTrusted(path, before, after)),
  };
}

const WRITES = [1, 2, 3, 4];
test.each(WRITES.flatMap((nth) => (['before', 'after'] as const).map((when) => [when, nth] as const)))(
  'a power cut right %s write %i leaves a key that is believed for ever, and running it again finishes',
  (when, nth) => {
    const old = keyNow();
    expect(() => turn(48 * HOUR, cutOff(nth, when))).toThrow('power cut');
    for (const at of [NOW, NOW + YEAR]) expect(believed(click(at), at)).toBe(true);
    // What a process that was not told yet still seals with the old key counts too.
    expect(believed(click(NOW, old), NOW)).toBe(true);
    const { keyId } = turn();
    expect(keyNow().keyId).toBe(keyId);
    expect(believed(click(NOW + YEAR), NOW + YEAR)).toBe(true);
    expect(existsSync(join(place.keysDir, 'slack-app.next.pem'))).toBe(false);
    const endless = trustedNow().keys.filter((entry) => entry.sender === 'slack-app' && !entry.notAfter);
    expect(endless.map((entry) => entry.keyId)).toEqual([keyId]);
  },
);

test('there are no more writes than those that were cut', () => {
  expect(() => turn(48 * HOUR, cutOff(WRITES.length + 1, 'before'))).not.toThrow();
});

test('a draft that was cut short while it was written is no key, and is replaced', () => {
  writeFileSync(join(place.keysDir, 'slack-app.next.pem'), '-----BEGIN PRIVATE KEY-----\nMC4', { mode: 0o600 });
  turn();
  expect(believed(click(NOW), NOW)).toBe(true);
});

test('a draft whose key was revoked since is never put to use', () => {
  expect(() => turn(HOUR, cutOff(3, 'before'))).toThrow('power cut');
  const draft = trustedNow().keys.at(-1)?.keyId ?? '';
  revoke({ ...place, keyId: draft, force: false, now: NOW }, keyDisk);
  expect(turn().keyId).not.toBe(draft);
  expect(believed(click(NOW), NOW)).toBe(true);
});

describe('revoking a key', () => {
  const take = (keyId: string, force = false) => revoke({ ...place, keyId, force, now: NOW }, keyDisk);

  it('stops what it sealed, at once and for good', () => {
    const old = keyNow();
    const message = click(NOW, old);
    const { keyId } = turn();
    expect(believed(message, NOW)).toBe(true);
    expect(take(old.keyId)).toEqual({ keyId: old.keyId, sender: 'slack-app', already: false, left: [keyId] });
    expect(believed(message, NOW)).toBe(false);
    expect(take(old.keyId).already).toBe(true);
  });

  it('of the only key that counts is refused with what would stop and what to do, and goes with force', () => {
    const { keyId } = keyNow();
    expect(said(() => take(keyId))).toMatch(/nobody can ask.*rotate slack-app --overlap 0s.*--force/);
    expect(believed(click(NOW), NOW)).toBe(true);
    expect(take(keyId, true).left).toEqual([]);
    expect(believed(click(NOW), NOW)).toBe(false);
    expect(listKeys(place, NOW).problems.join()).toContain('stint keys rotate slack-app');
  });

  it('does not count a key that has ended, or is revoked, as one that is left', () => {
    const old = keyNow().keyId;
    const { keyId } = turn(HOUR);
    expect(() => revoke({ ...place, keyId, force: false, now: NOW + HOUR }, keyDisk)).toThrow(/only key/);
    take(old);
    expect(() => take(keyId)).toThrow(/only key/);
  });

  it('of an unknown id names those that there are', () => {
    const sentence = said(() => take('slack-app-000000000000'));
    for (const { keyId } of trustedNow().keys) expect(sentence).toContain(keyId);
  });
});

describe('the list', () => {
  it('says how each key stands, what it may say, and whether its private half is here', () => {
    const old = keyNow().keyId;
    const { keyId } = turn(HOUR);
    rmSync(sealKeyPath(place.keysDir, 'cli'));
    const at = (now: number) => new Map(listKeys(place, now).keys.map((key) => [key.keyId, key]));
    expect(at(NOW).get(old)).toMatchObject({ standing: { state: 'ending', at: instant(NOW + HOUR) }, here: false });
    expect(at(NOW + HOUR).get(old)).toMatchObject({ standing: { state: 'ended' } });
    expect(at(NOW).get(keyId)).toMatchObject({ standing: { state: 'live' }, here: true });
    expect(at(NOW).get(keyId)?.says).toContain('approve');
    const device = [...at(NOW).values()].find(({ sender }) => sender === 'device-api');
    expect(device?.says).not.toContain('approve');
    expect([...at(NOW).values()].find(({ sender }) => sender === 'cli')?.here).toBe(false);
  });

  it('finds keys that were swapped, are open to others, or are foreign', () => {
    const path = (sender: 'slack-app' | 'device-api' | 'cli') => sealKeyPath(place.keysDir, sender);
    const texts = [readFileSync(path('slack-app'), 'utf8'), readFileSync(path('device-api'), 'utf8')];
    writeFileSync(path('slack-app'), texts[1] ?? '');
    writeFileSync(path('device-api'), texts[0] ?? '');
    writeFileSync(path('cli'), texts[0] ?? '');
    expect(listKeys(place, NOW).problems).toEqual([
      expect.stringContaining(`${path('slack-app')} holds the key of device-api`),
      expect.stringContaining(`${path('device-api')} holds the key of slack-app`),
      expect.stringContaining(`${path('cli')} holds the key of slack-app`),
    ]);
  });

  it('of a fresh deployment has no problem', () => {
    expect(listKeys(place, NOW).problems).toEqual([]);
    const empty = { ...place, keysDir: join(home, 'elsewhere') };
    expect(listKeys(empty, NOW).problems).toEqual([]);
  });
});

test('a trusted file that no worker could read is never written', () => {
  const text = readFileSync(place.trustedKeysFile, 'utf8');
  const [first] = trustedNow().keys;
  if (!first) throw new Error('no key');
  expect(() => keyDisk.replaceTrusted(place.trustedKeysFile, text, textOf({ keys: [first, first] }))).toThrow(/twice/);
  expect(readFileSync(place.trustedKeysFile, 'utf8')).toBe(text);
});

describe('the trusted file', () => {
  it('stays readable for the workers: owner and mode are kept, whatever the umask of who changes it', () => {
    chmodSync(place.trustedKeysFile, 0o640);
    const root = process.getuid?.() === 0;
    if (root) chownSync(place.trustedKeysFile, 1000, 1001);
    const owner = () => {
      const { uid, gid, mode } = statSync(place.trustedKeysFile);
      return { uid, gid, mode: mode & 0o777 };
    };
    const before = owner();
    const umask = process.umask(0o077);
    try {
      turn();
    } finally {
      process.umask(umask);
    }
    expect(before.mode).toBe(0o640);
    if (root) expect(before).toMatchObject({ uid: 1000, gid: 1001 });
    expect(owner()).toEqual(before);
  });

  it('is changed although a crash left a draft of the same process behind', () => {
    writeFileSync(`${place.trustedKeysFile}.${process.pid}.tmp`, '{"keys": [');
    const { keyId } = keyNow();
    revoke({ ...place, keyId, force: true, now: NOW }, keyDisk);
    expect(entryOf(keyId)?.revoked).toBe(true);
    expect(readdirSync(home).filter((name) => name.endsWith('.tmp'))).toEqual([`trusted.json.${process.pid}.tmp`]);
  });

  // Only root can make itself a file of somebody else, and stop being root for a while.
  it.runIf(process.getuid?.() === 0 && process.seteuid)('of another account is left as it was, and it is said who may', () => {
    const before = readFileSync(place.trustedKeysFile, 'utf8');
    chmodSync(home, 0o777);
    chownSync(place.trustedKeysFile, 1000, 1001);
    process.setegid?.(65534);
    process.seteuid?.(65534);
    try {
      expect(said(() => keyDisk.replaceTrusted(place.trustedKeysFile, before, before))).toMatch(/user 1000, group 1001.*as root/);
    } finally {
      process.seteuid?.(0);
      process.setegid?.(0);
    }
    expect([readdirSync(home).sort(), statSync(place.trustedKeysFile).uid]).toEqual([['keys', 'trusted.json'], 1000]);
  });

  it('that somebody else changed leaves no draft', () => {
    const other = `${readFileSync(place.trustedKeysFile, 'utf8')}\n`;
    expect(() => keyDisk.replaceTrusted(place.trustedKeysFile, other, other)).toThrow(/run it again/);
    expect(readdirSync(home).sort()).toEqual(['keys', 'trusted.json']);
  });
});

test('an init that finds anything there makes nothing', () => {
  const second = { keysDir: place.keysDir, trustedKeysFile: join(home, 'second.json') };
  expect(said(() => init(second))).toContain('keys rotate');
  expect(existsSync(second.trustedKeysFile)).toBe(false);
});

function said(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (isStintError(error)) return error.sentence;
    throw error;
  }
  throw new Error('it was not refused');
}
