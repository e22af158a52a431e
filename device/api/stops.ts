/** What keeps a Mac from beginning although the workflow might let it: a freeze, or an end that only the store knows of. */
import { frozenSentence } from '../../cards/frozen.js';
import { StintError } from '../../contract/errors.js';
import type { RequestId } from '../../contract/ids.js';
import type { DeviceApiDeps } from './deps.js';

type Stores = Pick<DeviceApiDeps['store'], 'fence' | 'freeze'>;

/** Throws `frozen` while a freeze stands. */
export async function refuseFrozen({ freeze }: Pick<Stores, 'freeze'>): Promise<void> {
  const frozen = await freeze.now();
  if (frozen) throw new StintError('frozen', frozenSentence(frozen));
}

/**
 * Throws `fenced` once the store has the end of this elevation. A workflow that was ended while Temporal was down wakes up
 * still believing in it: the Mac must not be told to begin by what no longer holds.
 */
export async function refuseEnded({ fence }: Pick<Stores, 'fence'>, requestId: RequestId): Promise<void> {
  const grant = await fence.grant(requestId);
  if (grant?.endedAt || grant?.goneAt) throw new StintError('fenced');
}
