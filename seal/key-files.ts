/** Private seal keys on disk: written for their owner only, and refused when anybody else could read them. */
import { chmodSync, closeSync, fstatSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StintError } from '../contract/errors.js';
import type { Sender } from '../contract/messages.js';
import { privateKeyFrom, type SealKey, type SigningKey } from './keys.js';
import { refuseUnfit } from './trusted-file.js';

/** Where the private key of a sender lies in the folder of seal keys. */
export function sealKeyPath(dir: string, sender: Sender): string {
  return join(dir, `${sender}.pem`);
}

/** Throws `bad-config` when the mode of a secret's file lets its group or the world touch it. */
export function refuseOpenMode(path: string, mode: number): void {
  if ((mode & 0o077) === 0) return;
  const octal = (mode & 0o777).toString(8).padStart(3, '0');
  throw new StintError(
    'bad-config',
    `The private key ${path} can be read by others (mode ${octal}). Run: chmod 600 '${path}', and replace the key if others used this computer.`,
  );
}

/** The private key of one sender from `<dir>/<sender>.pem`. Throws `bad-config` when missing, open to others, or not a key. */
export function readSealKey(dir: string, sender: Sender): SigningKey {
  return readPrivate(sealKeyPath(dir, sender), sender);
}

/** The same from any file. */
export function readPrivate(path: string, sender: Sender): SigningKey {
  const unreadable = (cause: unknown) => unreadableKey(path, sender, cause);
  const fd = attempt(() => openSync(path, 'r'), unreadable);
  try {
    // Mode and content come from one open file: nobody can swap it between the check and the read.
    refuseOpenMode(path, fstatSync(fd).mode);
    return privateKeyFrom(
      sender,
      attempt(() => readFileSync(fd, 'utf8'), unreadable),
      path,
    );
  } finally {
    closeSync(fd);
  }
}

function attempt<T>(act: () => T, error: (cause: unknown) => StintError): T {
  try {
    return act();
  } catch (cause) {
    throw error(cause);
  }
}

function unreadableKey(path: string, sender: Sender, cause: unknown): StintError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const why =
    code === 'ENOENT'
      ? `there is no ${path}. Put it there, set STINT_SEAL_KEYS_DIR, or make keys with "stint keys init"`
      : `${path} (${String(code)}). It must be a file that belongs to the account that runs Stint, with mode 600`;
  return new StintError('bad-config', `The seal key of ${sender} cannot be read: ${why}.`, { cause });
}

/** Writes a new private key for its owner only. Throws Node's EEXIST when there is one: a key is never overwritten. */
export function writeSealKey(dir: string, key: SealKey): string {
  const path = sealKeyPath(dir, key.sender);
  writeFileSync(path, key.privatePem, { mode: 0o600, flag: 'wx' });
  chmodSync(path, 0o600); // the umask may have taken bits away, never added: this makes the mode exact
  return path;
}

export interface KeyPlace {
  readonly keysDir: string;
  readonly trustedKeysFile: string;
}

/**
 * A sender's key for a process that runs on: read now, and anew when its file is another, so that a rotation needs no
 * restart. Throws `bad-config` now when the key cannot be read, or the trusted file (where this computer has one) says
 * that no worker would believe it. Later a file that cannot be read leaves the key in use: it may be in the making.
 */
export function livingSealKey(place: KeyPlace, sender: Sender, clock: () => number): () => SigningKey {
  const path = sealKeyPath(place.keysDir, sender);
  let stamp = stampOf(path);
  let key = readSealKey(place.keysDir, sender);
  refuseUnfit(place.trustedKeysFile, { sender, keyId: key.keyId, path, now: clock() });
  return () => {
    const now = stampOf(path);
    if (now === stamp) return key;
    try {
      key = readSealKey(place.keysDir, sender);
      stamp = now;
    } catch {
      // Half written, or not ours to read yet: the next message looks again.
    }
    return key;
  };
}

/** Changes whenever the file is replaced or written; empty when there is none. */
function stampOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat ? `${stat.dev}/${stat.ino}/${stat.mtimeNs}/${stat.size}` : '';
}
