/**
 * One writer at a time on a Mac's MDM record. The vendor's tag call replaces the whole list and knows no ETag, so two
 * writers would lose each other's tags. Correctness never depends on the lane: every write is read back afterwards.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { StintError } from '../../../contract/errors.js';
import type { Serial } from '../../../contract/ids.js';
import { instant } from '../../../contract/ids.js';
import type { Devices } from '../../../contract/ports.js';

export type Lanes = Pick<Devices, 'lease' | 'release'>;

const LOOK_EVERY_MS = 150;

export interface LaneOptions {
  readonly lanes: Lanes;
  readonly clock: () => number;
  /** How long the lease lasts if its holder dies; longer than all calls made under it. */
  readonly leaseMs: number;
  /** How long to wait for another holder. */
  readonly waitMs: number;
  /** Taking access away goes on without the lane, when it is held too long or the store is down. */
  readonly goOnWithout: boolean;
  readonly abort?: AbortSignal | undefined;
}

/** Runs `work` as the only writer of this Mac's record. Throws `mdm-unavailable` when another holds it for too long. */
export async function inLane<T>(serial: Serial, options: LaneOptions, work: () => Promise<T>): Promise<T> {
  const holder = randomUUID();
  const held = await take(serial, holder, options);
  try {
    return await work();
  } finally {
    // a lease that cannot be given back runs out by itself
    if (held) await options.lanes.release(serial, holder).catch(() => undefined);
  }
}

async function take(serial: Serial, holder: string, options: LaneOptions): Promise<boolean> {
  const giveUpAt = options.clock() + options.waitMs;
  try {
    for (;;) {
      const now = options.clock();
      if (await options.lanes.lease(serial, holder, instant(now + options.leaseMs), instant(now))) return true;
      if (now >= giveUpAt) break;
      await sleep(LOOK_EVERY_MS, undefined, options.abort ? { signal: options.abort } : {});
    }
  } catch (error) {
    if (options.abort?.aborted) throw options.abort.reason;
    if (options.goOnWithout) return false;
    throw error;
  }
  if (options.goOnWithout) return false;
  throw new StintError('mdm-unavailable', 'Another change of this Mac in the MDM is still under way. Trying again.');
}
