/** The file of trusted keys on disk: read with a sentence for each thing that can be wrong, and only ever replaced whole. */
import { closeSync, existsSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { StintError } from '../contract/errors.js';
import type { Sender } from '../contract/messages.js';
import { type KeyRing, loadTrustedKeys, parseTrustedKeys, printOf, type TrustedKeys } from './keys.js';
import { standingOf } from './rotation.js';

/** The text of the file. Throws `bad-config` when it is missing, unreadable, or anybody on this computer may write it. */
export function readTrustedText(path: string): string {
  try {
    const fd = openSync(path, 'r');
    try {
      refuseWritable(path, fstatSync(fd).mode);
      return readFileSync(fd, 'utf8');
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    if (cause instanceof StintError) throw cause;
    throw unreadable(path, cause);
  }
}

/** Who may write this file says whom Stint believes. */
function refuseWritable(path: string, mode: number): void {
  if ((mode & 0o002) === 0) return;
  throw new StintError(
    'bad-config',
    `The file of trusted keys ${path} can be written by everybody on this computer. Run: chmod 644 '${path}', and compare it with "stint keys list".`,
  );
}

function unreadable(path: string, cause: unknown): StintError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const why =
    code === 'ENOENT'
      ? `there is no ${path}. Set STINT_TRUSTED_KEYS_FILE, or make keys with "stint keys init"`
      : `${path} (${String(code)}). It must be a file that the account that runs Stint may read`;
  return new StintError('bad-config', `The file of trusted keys cannot be read: ${why}.`, { cause });
}

/** The entries of the file. Throws `bad-config`. */
export function readTrustedKeys(path: string): TrustedKeys {
  return parseTrustedKeys(readTrustedText(path), path);
}

/** The trusted keys, read anew when the file changes: a revoked key stops at once. Throws `bad-config` at each call. */
export function livingRing(path: string): () => KeyRing {
  let last: { readonly text: string; readonly ring: KeyRing } | undefined;
  return () => {
    const text = readTrustedText(path);
    if (last?.text !== text) last = { text, ring: loadTrustedKeys(text, path) };
    return last.ring;
  };
}

export interface HeldKey {
  readonly sender: Sender;
  readonly keyId: string;
  /** Where its private half lies. */
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Throws `bad-config` when the trusted file says that no worker would believe this key. Quiet where there is no such file. */
export function refuseUnfit(trustedPath: string, held: HeldKey): void {
  if (!existsSync(trustedPath)) return; // an entrance on a computer of its own needs none
  const unfit = unfitness(readTrustedKeys(trustedPath), trustedPath, held);
  if (unfit) throw new StintError('bad-config', unfit);
}

/** Why no worker would believe this key, as a sentence with the fix; undefined when it is believed. */
export function unfitness({ keys }: TrustedKeys, trustedPath: string, { sender, keyId, path, now }: HeldKey): string | undefined {
  const entry = keys.find((one) => one.keyId === keyId);
  if (entry) {
    const standing = standingOf(entry, now);
    if (standing.state === 'revoked') return `${path} holds ${keyId}, which is revoked. Run: stint keys rotate ${sender}`;
    if (standing.state === 'ended')
      return `${path} holds ${keyId}, which ended at ${standing.at}. Put the newer key of ${sender} there, or run: stint keys rotate ${sender}`;
    return undefined;
  }
  const owner = keys.find((one) => printOf(one.keyId) === printOf(keyId));
  if (owner)
    return `${path} holds the key of ${owner.sender} (${owner.keyId}). Put the key of ${sender} there; were files swapped, swap them back.`;
  return `${path} holds ${keyId}, which ${trustedPath} does not name. Use the files that were made together, or run: stint keys rotate ${sender}`;
}
