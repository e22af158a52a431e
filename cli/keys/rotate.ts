/**
 * A new key for one sender. The order of the writes is such that the sender's private key is believed after each of them,
 * for ever: the trusted file names the new key before any message can be sealed with it, and the old key gets its end
 * only when the new one is in place. A rotation that was cut short is taken up, or done once more.
 */
import { createPublicKey } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { StintError } from '../../contract/errors.js';
import type { Sender } from '../../contract/messages.js';
import { readPrivate, sealKeyPath } from '../../seal/key-files.js';
import { generateSealKey, parseTrustedKeys, type TrustedEntry, type TrustedKeys, textOf, trustedEntry } from '../../seal/keys.js';
import { countingKeys, standingOf, withKey, withOthersEnded, withoutLongEnded } from '../../seal/rotation.js';
import { readTrustedText } from '../../seal/trusted-file.js';
import type { KeyDisk } from './disk.js';

export interface RotateInput {
  readonly keysDir: string;
  readonly trustedKeysFile: string;
  readonly sender: Sender;
  /** How long the keys before count on, in milliseconds; 0 revokes them. */
  readonly overlapMs: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}
export interface Rotated {
  readonly keyId: string;
  readonly privateKey: string;
  /** The keys that counted until now, as they stand after it. */
  readonly before: readonly TrustedEntry[];
}

/** Rotates. Throws `bad-config` when a file is not as it must be; then nothing that is in use was changed. */
export function rotate({ keysDir, trustedKeysFile, sender, overlapMs, now }: RotateInput, disk: KeyDisk): Rotated {
  if (!existsSync(keysDir)) throw new StintError('bad-config', `There is no folder ${keysDir}. Give the right --dir.`);
  const [draft, path] = [join(keysDir, `${sender}.next.pem`), sealKeyPath(keysDir, sender)];
  const text = readTrustedText(trustedKeysFile);
  const file = parseTrustedKeys(text, trustedKeysFile);
  const entry = draftOf(draft, sender, file, now) ?? newDraft(draft, sender, disk);

  const both = withKey(withoutLongEnded(file, now), entry);
  disk.replaceTrusted(trustedKeysFile, text, textOf(both));
  disk.move(draft, path);
  const ended = withOthersEnded(both, { sender, keepId: entry.keyId, now, overlapMs });
  disk.replaceTrusted(trustedKeysFile, textOf(both), textOf(ended));

  const counted = countingKeys(file, sender, now).map(({ keyId }) => keyId);
  const before = ended.keys.filter(({ keyId }) => keyId !== entry.keyId && counted.includes(keyId));
  return { keyId: entry.keyId, privateKey: path, before };
}

/** The public half of a key that a rotation before had made; undefined when there is none that could still be used. */
function draftOf(draft: string, sender: Sender, { keys }: TrustedKeys, now: number): TrustedEntry | undefined {
  if (!existsSync(draft)) return undefined;
  try {
    const { keyId, privateKey } = readPrivate(draft, sender);
    const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
    const listed = keys.find((entry) => entry.keyId === keyId);
    return listed && standingOf(listed, now).state !== 'live' ? undefined : { keyId, sender, publicKey };
  } catch {
    return undefined; // cut short while it was written: nobody can have trusted it yet
  }
}

function newDraft(draft: string, sender: Sender, disk: KeyDisk): TrustedEntry {
  const key = generateSealKey(sender);
  disk.putSecret(draft, key.privatePem);
  return trustedEntry(key);
}
