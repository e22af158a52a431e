/**
 * What a change of keys writes. Each of these is whole or not there at all after a power cut; the order in which they are
 * done is `rotate.ts`.
 */
import { closeSync, existsSync, fsyncSync, openSync, realpathSync, renameSync, statSync, unlinkSync, writeSync } from 'node:fs';
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
    const draft = `${real}.${process.pid}.tmp`;
    write(draft, after, statSync(real).mode & 0o777);
    if (readTrustedText(path) !== before) {
      unlinkSync(draft);
      throw new StintError('bad-config', `Somebody else changed ${path} meanwhile. Nothing was changed here: run it again.`);
    }
    renameSync(draft, real);
    sync(dirname(real));
  },
};

function write(path: string, text: string, mode: number): void {
  const fd = openSync(path, 'wx', mode);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
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
