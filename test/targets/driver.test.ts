/** The Mac driver: what it orders, what it takes for proof, and that one part failing does not stop the other. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { askForEvidence } from '../../activities/targets/mac-admin/collect.js';
import { createMacAdminDriver } from '../../activities/targets/mac-admin/driver.js';
import { createRegistry } from '../../activities/targets/registry.js';
import { StintError } from '../../contract/errors.js';
import { instant, type RequestId } from '../../contract/ids.js';
import type { DeviceReport, TargetDriver } from '../../contract/ports.js';
import { createMdmBench, REQUEST, SERIAL, TAGS, TARGET, tagsOf } from './bench.js';

const GRACE_MS = 300_000;
let bench: Awaited<ReturnType<typeof createMdmBench>>;
let now: number;
let driver: TargetDriver;
const clock = () => now;
const alive = () => new AbortController().signal;

beforeEach(async () => {
  now = Date.now();
  bench = await createMdmBench();
  driver = createMacAdminDriver({ mdm: bench.iru, devices: bench.devices, clock, contactGraceMs: GRACE_MS });
});
afterEach(() => bench.mdm.close());

const order = (change = {}) => ({
  requestId: REQUEST,
  target: TARGET,
  maxMs: 600_000,
  startBy: instant(now + 60_000),
  sendBefore: instant(now + 10_000),
  ...change,
});
const kinds = () => bench.devices.orders.map((o) => o.kind);

function report(admin: boolean, change: Partial<DeviceReport> = {}): Promise<void> {
  const { serial, localUser } = TARGET;
  return bench.devices.report({
    serial,
    localUser,
    requestId: REQUEST,
    admin,
    standing: false,
    bootSession: 'b',
    at: instant(now),
    ...change,
  });
}
const observed = async () => driver.observe(REQUEST, TARGET);

describe('a grant', () => {
  it('is an order for the Mac and a tag in the MDM, however often it is called', async () => {
    await driver.grant(order(), alive());
    await driver.grant(order(), alive());
    expect(kinds()).toEqual(['start']);
    expect(tagsOf(bench.mdm)).toContain(TAGS.elevate);
    expect(await driver.listOurs()).toMatchObject([{ requestId: REQUEST }, { as: { serial: SERIAL } }]);
  });

  it('reads while it is asked whether it may leave, and gives nothing before it may', async () => {
    let allow: (before: ReturnType<typeof instant>) => void = () => {};
    const permit = () => new Promise<ReturnType<typeof instant>>((resolve) => (allow = resolve));
    const granting = driver.grant(order({ permit }), alive());
    const reads = () => bench.mdm.control.truth().calls.map(({ method }) => method);
    await vi.waitFor(() => expect(reads()).toEqual(['GET', 'GET']));
    expect([kinds(), tagsOf(bench.mdm).includes(TAGS.elevate)]).toEqual([[], false]);
    allow(order().sendBefore);
    await granting;
    expect(kinds()).toEqual(['start']);
    expect(tagsOf(bench.mdm)).toContain(TAGS.elevate);
  });

  it.each(['up', 'down'] as const)('that may not leave gives nothing and says why, with the MDM %s', async (mdm) => {
    if (mdm === 'down') bench.mdm.control.fault({ kind: 'down' });
    const permit = async () => {
      throw new StintError('fenced');
    };
    await expect(driver.grant(order({ permit }), alive())).rejects.toMatchObject({ code: 'fenced' });
    expect(kinds()).toEqual([]);
    expect(bench.mdm.control.truth().calls.filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  it('that was given up, or whose time was over, while it was asked for orders nothing', async () => {
    const over = new AbortController();
    const permit = async () => {
      over.abort();
      return order().sendBefore;
    };
    await expect(driver.grant(order({ permit }), over.signal)).rejects.toThrow();
    const slow = async () => {
      await new Promise((resolve) => setTimeout(resolve, 120));
      return order().sendBefore;
    };
    const late = driver.grant(order({ permit: slow, sendBefore: instant(now + 60) }), alive());
    await expect(late).rejects.toMatchObject({ code: 'too-late' });
    expect(kinds()).toEqual([]);
    expect(tagsOf(bench.mdm)).not.toContain(TAGS.elevate);
  });

  it('at or after its last instant sends nothing at all', async () => {
    const sendBefore = instant(now);
    await expect(driver.grant(order({ sendBefore }), alive())).rejects.toMatchObject({ code: 'too-late' });
    expect(kinds()).toEqual([]);
    expect(bench.mdm.control.truth().calls).toEqual([]);
  });

  it('is broken off at its last instant', async () => {
    bench.mdm.control.fault({ kind: 'latency', ms: 1_500 });
    const from = Date.now();
    await expect(driver.grant(order({ sendBefore: instant(now + 300) }), alive())).rejects.toMatchObject({ code: 'too-late' });
    expect(Date.now() - from).toBeLessThan(1_200);
    expect(tagsOf(bench.mdm)).not.toContain(TAGS.elevate);
  });

  it('writes nothing in the MDM when its time was over while it waited, whatever an abort does', async () => {
    bench.devices.lease = async () => {
      now += 10_000; // and no timer has gone off: the process stood still
      return true;
    };
    const iru = bench.iruWith({ clock, lanes: bench.devices });
    const slow = createMacAdminDriver({ mdm: iru, devices: bench.devices, clock, contactGraceMs: GRACE_MS });
    await expect(slow.grant(order(), alive())).rejects.toMatchObject({ code: 'too-late' });
    expect(tagsOf(bench.mdm)).not.toContain(TAGS.elevate);
  });

  it('that its caller gave up sends nothing', async () => {
    await expect(driver.grant(order(), AbortSignal.abort())).rejects.toThrow();
    expect(kinds()).toEqual([]);
  });

  it('keeps its order when the MDM is down, and fails so that it is tried again', async () => {
    bench.mdm.control.fault({ kind: 'down' });
    await expect(driver.grant(order(), alive())).rejects.toMatchObject({ code: 'mdm-unavailable', retryable: true });
    expect(kinds()).toEqual(['start']);
    bench.mdm.control.clearFaults();
    await driver.grant(order(), alive());
    expect(tagsOf(bench.mdm)).toContain(TAGS.elevate);
  });

  it('after the end of the same elevation is no order any more', async () => {
    await driver.grant(order(), alive());
    await driver.revoke(REQUEST, TARGET, alive());
    await driver.grant(order(), alive());
    expect(kinds()).toEqual(['end']);
  });
});

describe('a revoke', () => {
  beforeEach(async () => driver.grant(order(), alive()));

  it('orders the end and takes the tag back', async () => {
    await driver.revoke(REQUEST, TARGET, alive());
    expect(kinds()).toEqual(['end']);
    expect(tagsOf(bench.mdm)).toEqual(['beta', 'finance']);
  });

  it('takes the tag back although the store is down', async () => {
    bench.devices.order = () => Promise.reject(new StintError('store-unavailable'));
    bench.devices.lease = () => Promise.reject(new StintError('store-unavailable'));
    await expect(driver.revoke(REQUEST, TARGET, alive())).rejects.toMatchObject({ code: 'store-unavailable' });
    expect(tagsOf(bench.mdm)).toEqual(['beta', 'finance']);
  });

  it('orders the end although the MDM is down', async () => {
    bench.mdm.control.fault({ kind: 'down' });
    await expect(driver.revoke(REQUEST, TARGET, alive())).rejects.toMatchObject({ code: 'mdm-unavailable' });
    expect(kinds()).toEqual(['end']);
  });

  it('of a Mac that left the MDM is done with the order', async () => {
    const gone = { ...TARGET, serial: 'C02GONE001' as typeof SERIAL };
    await driver.revoke(REQUEST, gone, alive());
    expect(bench.devices.orders.map((o) => [o.serial, o.kind])).toContainEqual(['C02GONE001', 'end']);
  });
});

describe('clearing', () => {
  beforeEach(async () => {
    await driver.grant(order(), alive());
    await askForEvidence({ mdm: bench.iru, devices: bench.devices, clock }, REQUEST, SERIAL);
  });

  it('takes both tags and all orders back', async () => {
    expect(tagsOf(bench.mdm)).toEqual(['beta', 'finance', TAGS.collect, TAGS.elevate]);
    await driver.clear(REQUEST, TARGET);
    expect(tagsOf(bench.mdm)).toEqual(['beta', 'finance']);
    expect(kinds()).toEqual([]);
  });

  it('clears the orders although the MDM is down, and says that it was', async () => {
    bench.mdm.control.fault({ kind: 'down' });
    await expect(driver.clear(REQUEST, TARGET)).rejects.toMatchObject({ code: 'mdm-unavailable' });
    expect(kinds()).toEqual([]);
  });

  it('takes the second tag back although the first could not be', async () => {
    bench.mdm.control.fault({ kind: '500', method: 'PATCH', times: 1 });
    await expect(driver.clear(REQUEST, TARGET)).rejects.toMatchObject({ code: 'mdm-unavailable' });
    expect(tagsOf(bench.mdm)).toEqual(['beta', 'finance', TAGS.elevate]);
  });
});

describe('what a report proves', () => {
  it('is nothing while there is none', async () => {
    expect((await observed()).access).toBe('unknown');
  });

  it('is that the access is there, and whose doing it is', async () => {
    await report(true);
    expect(await observed()).toMatchObject({ access: 'present', whose: 'ours', observedAt: instant(now) });
    await report(true, { standing: true });
    expect(await observed()).toMatchObject({ access: 'present', whose: 'standing' });
    await report(true, { requestId: 'b'.repeat(26) as RequestId });
    const other = await observed();
    expect([other.access, other.whose]).toEqual(['present', undefined]);
  });

  it('counts for "gone" only when it was received after the order to end', async () => {
    await report(false);
    await driver.revoke(REQUEST, TARGET, alive());
    expect((await observed()).access).toBe('unknown');
    now += 1;
    await report(false);
    expect(await observed()).toMatchObject({ access: 'absent', observedAt: instant(now) });
  });

  it('counts for "gone" only when it was received after the start', async () => {
    await report(false);
    now += 5;
    await driver.grant(order(), alive());
    expect((await observed()).access).toBe('unknown');
  });

  it('of "gone" after the end stays true however long ago it was', async () => {
    await driver.revoke(REQUEST, TARGET, alive());
    now += 1;
    await report(false);
    now += 30 * 24 * 3_600_000;
    expect((await observed()).access).toBe('absent');
  });

  it('of anything else is void once it is older than the grace', async () => {
    for (const admin of [true, false]) {
      await report(admin);
      now += GRACE_MS;
      expect((await observed()).access).not.toBe('unknown');
      now += 1;
      expect((await observed()).access).toBe('unknown');
    }
  });

  it('is not moved by a request for the log', async () => {
    await driver.revoke(REQUEST, TARGET, alive());
    now += 1;
    await report(false);
    now += 1;
    await askForEvidence({ mdm: bench.iru, devices: bench.devices, clock }, REQUEST, SERIAL);
    expect((await observed()).access).toBe('absent');
  });

  it('of another account or another Mac is none', async () => {
    await report(false, { localUser: 'root' as typeof TARGET.localUser });
    await report(false, { serial: 'C02GRACE01' as typeof SERIAL });
    expect((await observed()).access).toBe('unknown');
  });

  it('is unknown, and not absent, when the store cannot be read', async () => {
    bench.devices.lastReport = () => Promise.reject(new StintError('store-unavailable'));
    await expect(observed()).rejects.toMatchObject({ code: 'store-unavailable' });
  });
});

describe('the registry', () => {
  it('answers the driver of a kind, refuses an unknown kind and two drivers of one', () => {
    expect(createRegistry([driver])('mac-admin')).toBe(driver);
    expect(() => createRegistry([])('mac-admin')).toThrow(/not set up/);
    expect(() => createRegistry([driver, driver])).toThrow(/same kind/);
  });
});
