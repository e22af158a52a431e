/** Private seal keys on disk: written for their owner only, and refused when anybody else could read them. */
import { chmodSync, closeSync, fstatSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StintError } from '../contract/errors.js';
import type { Sender } from '../contract/messages.js';
import { privateKeyFrom, type SealKey } from './keys.js';

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
export function readSealKey(dir: string, sender: Sender): ReturnType<typeof privateKeyFrom> {
  const path = sealKeyPath(dir, sender);
  const fd = open(path, sender);
  try {
    // Mode and content come from one open file: nobody can swap it between the check and the read.
    refuseOpenMode(path, fstatSync(fd).mode);
    return privateKeyFrom(sender, readFileSync(fd, 'utf8'));
  } finally {
    closeSync(fd);
  }
}

function open(path: string, sender: Sender): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    throw new StintError('bad-config', `The seal key of ${sender} cannot be read: ${path}.`, { cause });
  }
}

/** Writes a new private key for its owner only. Throws Node's EEXIST when there is one: a key is never overwritten. */
export function writeSealKey(dir: string, key: SealKey): string {
  const path = sealKeyPath(dir, key.sender);
  writeFileSync(path, key.privatePem, { mode: 0o600, flag: 'wx' });
  chmodSync(path, 0o600); // the umask may have taken bits away, never added: this makes the mode exact
  return path;
}
