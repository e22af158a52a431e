/**
 * What a change of keys writes. Each of these is whole or not there at all after a power cut; the order in which they are
 * done is `rotate.ts`.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { StintError } from '../../contract/errors.js';
import { parseTrustedKeys } from '../../seal/keys.js';
import { readTrustedText } from '../../seal/trusted-file.js';

export interface KeyDisk {
  /** Writes a secret for its owner only, over whatever is there. */
  putSecret(path: string, text: string): void;
  /** Gives a file the name of another, which is gone at that instant. */
  move(from: string, to: string): void;
  /** Replaces the trusted file. Throws `bad-config` when it is no longer as it was read. */
  replaceTrusted(path: string, before: string, after: string): void;
}

export const keyDisk: KeyDisk = {
  putSecret(path, text) {
    if (existsSync(path)) unlinkSync(path); // an old file's mode, or a link, must not be taken over
    write(path, text, 0o600);
  },
  move(from, to) {
    renameSync(from, to);
    sync(dirname(to));
  },
  replaceTrusted(path, before, after) {
    parseTrustedKeys(after, path); // what no worker could read must not become the file
    const real = realpathSync(path); // where a link is given, what it points to is replaced
    // No name of a draft that a crash left behind: a leftover must not block the revocation of a stolen key.
    const draft = `${real}.${randomBytes(6).toString('hex')}.tmp`;
    try {
      const was = statSync(real);
      write(draft, after, 0o600, (fd) => keepOwner(fd, was, path));
      if (readTrustedText(path) !== before)
        throw new StintError('bad-config', `Somebody else changed ${path} meanwhile. Nothing was changed here: run it again.`);
      renameSync(draft, real);
    } finally {
      rmSync(draft, { force: true });
    }
    sync(dirname(real));
  },
};

function write(path: string, text: string, mode: number, dress?: (fd: number) => void): void {
  const fd = openSync(path, 'wx', mode);
  try {
    dress?.(fd);
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Whoever could read the file before can read it after: workers that could not would hear no message, not even a revoke. */
function keepOwner(fd: number, { uid, gid, mode }: Stats, path: string): void {
  const made = fstatSync(fd);
  fchmodSync(fd, mode & 0o777); // past the umask, and while it is still ours
  try {
    if (made.uid !== uid || made.gid !== gid) fchownSync(fd, uid, gid);
  } catch (cause) {
    const who = `the account that owns it (user ${uid}, group ${gid}), or as root`;
    throw new StintError('bad-config', `${path} was not changed, for it has to keep its owner. Run this as ${who}.`, { cause });
  }
}

/** A new name is on the disk only when its folder is. */
function sync(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
