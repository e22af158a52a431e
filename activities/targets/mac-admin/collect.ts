/** Asks a Mac for its log: an order row that its poll reads, and the MDM tag that wakes it. */
import { instant, type RequestId, type Serial } from '../../../contract/ids.js';
import type { Devices, Mdm } from '../../../contract/ports.js';

export interface CollectDeps {
  readonly mdm: Pick<Mdm, 'signal'>;
  readonly devices: Pick<Devices, 'order'>;
  readonly clock: () => number;
}

/**
 * Idempotent. The order stands when only the tag failed; then the MDM's error is thrown, for another attempt. The
 * driver's `clear` takes both back.
 */
export async function askForEvidence(
  deps: CollectDeps,
  requestId: RequestId,
  serial: Serial,
  abort?: AbortSignal,
): Promise<void> {
  await deps.devices.order(serial, requestId, 'collect', instant(deps.clock()));
  await deps.mdm.signal(serial, 'collect', abort);
}
