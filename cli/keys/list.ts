/** The trusted keys as they stand, and whether the private keys on this computer fit them. */
import { existsSync } from 'node:fs';
import { isStintError } from '../../contract/errors.js';
import { SENDERS, type Sender } from '../../contract/messages.js';
import { type KeyPlace, readSealKey, sealKeyPath } from '../../seal/key-files.js';
import type { TrustedKeys } from '../../seal/keys.js';
import { countingKeys, type Standing, standingOf } from '../../seal/rotation.js';
import { readTrustedKeys, unfitness } from '../../seal/trusted-file.js';

export interface ListedKey {
  readonly keyId: string;
  readonly sender: Sender;
  readonly standing: Standing;
  readonly says: readonly string[];
  /** Whether its private half lies on this computer. */
  readonly here: boolean;
}
export interface KeyList {
  readonly keys: readonly ListedKey[];
  /** What is wrong, each as a sentence with its fix. */
  readonly problems: readonly string[];
}

const NAMES = Object.keys(SENDERS) as Sender[];

/** Looks at the trusted file and at each private key that is there. Throws `bad-config` when the trusted file is not valid. */
export function listKeys({ keysDir, trustedKeysFile }: KeyPlace, now: number): KeyList {
  const file = readTrustedKeys(trustedKeysFile);
  const held = NAMES.flatMap((sender) => look(keysDir, sender));
  const problems = [
    ...held.flatMap(({ sender, path, keyId, problem }) => {
      const wrong = keyId ? unfitness(file, trustedKeysFile, { sender, keyId, path, now }) : problem;
      return wrong ? [wrong] : [];
    }),
    ...NAMES.flatMap((sender) => silent(file, trustedKeysFile, sender, now)),
  ];
  const keys = file.keys.map((entry) => ({
    keyId: entry.keyId,
    sender: entry.sender,
    standing: standingOf(entry, now),
    says: SENDERS[entry.sender],
    here: held.some(({ keyId }) => keyId === entry.keyId),
  }));
  return { keys, problems };
}

interface Held {
  readonly sender: Sender;
  readonly path: string;
  readonly keyId?: string;
  readonly problem?: string;
}

/** Each computer has the private keys of its own processes only: one that is not here is no problem. */
function look(keysDir: string, sender: Sender): readonly Held[] {
  const path = sealKeyPath(keysDir, sender);
  if (!existsSync(path)) return [];
  try {
    return [{ sender, path, keyId: readSealKey(keysDir, sender).keyId }];
  } catch (error) {
    if (!isStintError(error)) throw error;
    return [{ sender, path, problem: error.sentence }];
  }
}

function silent(file: TrustedKeys, path: string, sender: Sender, now: number): readonly string[] {
  if (countingKeys(file, sender, now).length > 0) return [];
  return [`${path} has no key of ${sender} that counts: nothing it says is carried out. Run: stint keys rotate ${sender}`];
}
