/**
 * Keeps a record of the seal keys that this process believes: whoever may write the file of trusted keys says who may ask and approve,
 * so each change of it is an entry of the ledger. It is looked at as the process starts and whenever other keys count than before.
 */
import { isStintError } from '../contract/errors.js';
import { instant } from '../contract/ids.js';
import type { SealKeyName, SealKeyRecord } from '../contract/ports.js';
import type { TrustedKeys } from '../seal/keys.js';
import { standingOf } from '../seal/rotation.js';

export interface KeyRecordDeps {
  readonly sealKeys: SealKeyRecord;
  /** The file as it is now. Throws `bad-config` where it is not valid. */
  readonly read: () => TrustedKeys;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** One look. Throws what the store throws; then the next look does it. */
export function createKeyRecord({ sealKeys, read, clock }: KeyRecordDeps): () => Promise<void> {
  let seen: string | undefined;
  return async () => {
    const keys = believed(read, clock());
    if (!keys) return;
    const set = keys.map(({ keyId }) => keyId).join();
    if (set === seen) return;
    await sealKeys.record(keys, instant(clock()));
    seen = set;
  };
}

/** A file that is not valid is not recorded as one without keys: whoever writes it may be at it, and each message that it refuses is. */
function believed(read: () => TrustedKeys, now: number): readonly SealKeyName[] | undefined {
  try {
    const { keys } = read();
    return keys.filter((key) => ['live', 'ending'].includes(standingOf(key, now).state));
  } catch (error) {
    if (isStintError(error) && error.code === 'bad-config') return undefined;
    throw error;
  }
}
