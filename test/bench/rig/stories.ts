/** What groups do with a rig again and again: ask, be granted, and look at what the far ends saw. */
import type { Digest, RequestId } from '../../../contract/ids.js';
import { pooled, until } from '../pace.js';
import type { BenchMac } from './bench-mac.js';
import type { Rig } from './rig.js';

export interface Asked {
  readonly mac: BenchMac;
  readonly id: RequestId;
  readonly digest: Digest;
}

/** Each Mac asks; answers once every request waits for its approval. */
export function askAll(rig: Rig, macs: readonly BenchMac[], width = 12): Promise<readonly Asked[]> {
  return pooled(macs, width, async (mac) => asked(rig, mac, await mac.ask()));
}

export async function asked(rig: Rig, mac: BenchMac, id: RequestId): Promise<Asked> {
  // Whoever looks on shares the cores: no more often than is needed.
  const { row } = await until(`request ${id} is known`, () => rig.shown(id), 60_000, 250);
  return { mac, id, digest: row.view.digest };
}

export async function approve(rig: Rig, { id, digest, mac }: Asked): Promise<number> {
  return rig.approve(id, digest, mac.owner.fleet.windowS);
}

/** Asked, approved and claimed: only the confirmation, which starts the clock, is missing. */
export function claimAll(rig: Rig, macs: readonly BenchMac[], width = 12): Promise<readonly Asked[]> {
  return pooled(macs, width, async (mac) => {
    const one = await asked(rig, mac, await mac.ask());
    await approve(rig, one);
    await mac.waitFor('start', one.id);
    await mac.claim(one.id);
    return one;
  });
}

/** Until an elevation is over, evidence and all. */
export async function closed(rig: Rig, id: RequestId, ms = 120_000): Promise<void> {
  await until(`${id} is closed`, async () => (await rig.shown(id)).row.view.state === 'closed' || undefined, ms, 2_000);
}

/**
 * When each call that changes something of a Mac arrived at the MDM, in ms since 1970, by its serial number. What is read before it
 * gives and takes nothing, and is not counted.
 */
export function mdmCalls(rig: Rig): (serial: string, from: number) => number | undefined {
  const bySerial = new Map<string, number[]>();
  for (const { at, path, method } of rig.mdm.control.truth().calls) {
    const serial = /(?:serial_number=|\/dev-)([A-Z0-9]+)/.exec(path)?.[1];
    if (!serial || method === 'GET') continue;
    const list = bySerial.get(serial) ?? [];
    list.push(Date.parse(at));
    bySerial.set(serial, list);
  }
  return (serial, from) => bySerial.get(serial)?.find((at) => at >= from);
}
