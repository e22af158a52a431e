/** Taking the trust from one key, at once and for ever. */
import { StintError } from '../../contract/errors.js';
import type { Sender } from '../../contract/messages.js';
import { parseTrustedKeys, type TrustedEntry, textOf } from '../../seal/keys.js';
import { countingKeys, withRevoked } from '../../seal/rotation.js';
import { readTrustedText } from '../../seal/trusted-file.js';
import type { KeyDisk } from './disk.js';

export interface RevokeInput {
  readonly trustedKeysFile: string;
  readonly keyId: string;
  /** Also the only key of its sender that counts. */
  readonly force: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}
export interface Revoked {
  readonly keyId: string;
  readonly sender: Sender;
  /** Whether it was revoked before; then nothing was written. */
  readonly already: boolean;
  /** The sender's keys that still count. */
  readonly left: readonly string[];
}

/** Revokes. Throws `bad-config` for a file that is not as it must be, for a key that is not in it, and for the last of a sender. */
export function revoke({ trustedKeysFile, keyId, force, now }: RevokeInput, disk: KeyDisk): Revoked {
  const text = readTrustedText(trustedKeysFile);
  const file = parseTrustedKeys(text, trustedKeysFile);
  const entry = file.keys.find((one) => one.keyId === keyId);
  if (!entry) throw unknown(keyId, trustedKeysFile, file.keys);
  const { sender } = entry;
  const left = countingKeys(file, sender, now).flatMap((one) => (one.keyId === keyId ? [] : [one.keyId]));
  if (entry.revoked) return { keyId, sender, already: true, left };
  const counts = countingKeys(file, sender, now).includes(entry);
  if (counts && left.length === 0 && !force) throw lastOne(entry);
  disk.replaceTrusted(trustedKeysFile, text, textOf(withRevoked(file, keyId)));
  return { keyId, sender, already: false, left };
}

function unknown(keyId: string, file: string, keys: readonly TrustedEntry[]): StintError {
  const known = keys.map((one) => one.keyId).join(', ') || 'none';
  return new StintError('bad-config', `${file} has no key ${keyId}. It has: ${known}.`);
}

const WHAT_STOPS: { readonly [S in Sender]: string } = {
  'slack-app': 'nobody can ask, decide, revoke or end anything in Slack',
  'device-api': 'no Mac can claim, confirm, end or report anything, so no Mac gets access',
  cli: 'nothing said on the command line is carried out',
};

function lastOne({ keyId, sender }: TrustedEntry): StintError {
  return new StintError(
    'bad-config',
    `${keyId} is the only key of ${sender} that counts: without it ${WHAT_STOPS[sender]}. To replace it and revoke it in one step: stint keys rotate ${sender} --overlap 0s. To revoke it all the same, add --force. What is held now ends at its deadline either way.`,
  );
}
