/** Silence of an elevated Mac: told once, told again only when it could not be told, and never of others. */
import { beforeEach, describe, expect, it } from 'vitest';
import { StintError } from '../../../contract/errors.js';
import { instant } from '../../../contract/ids.js';
import type { ElevationRequest, MacAdminTarget } from '../../../contract/request.js';
import type { ElevationView } from '../../../contract/view.js';
import { type ContactWatch, createContactWatch } from '../../../device/api/contact-watch.js';
import { requestDigest } from '../../../seal/canonical.js';
import { requestOf } from '../../fixtures/people.js';
import { BOOT, viewOf } from './bench.js';
import { FakeDevices, FakeGate, FakeLedger, FakeRequests } from './fakes.js';

const GRACE_MS = 60_000;
let now: number;
let devices: FakeDevices;
let ledger: FakeLedger;
let gate: FakeGate;
let watch: ContactWatch;

beforeEach(() => {
  now = Date.UTC(2026, 4, 4, 9);
  devices = new FakeDevices();
  ledger = new FakeLedger();
  gate = new FakeGate(new FakeRequests());
  watch = createContactWatch({ store: { ledger, devices }, gate, clock: () => now, graceMs: GRACE_MS });
});

function active(change: Partial<ElevationView> = {}): ElevationRequest<MacAdminTarget> {
  const request = requestOf();
  ledger.views.set(request.requestId, viewOf(request, { state: 'active', confirmedAt: instant(now), ...change }));
  return request;
}

const heard = ({ target, requestId }: ElevationRequest<MacAdminTarget>) =>
  devices.report({ ...target, requestId, admin: true, standing: false, bootSession: BOOT, at: instant(now) });

describe('a Mac that falls silent', () => {
  it('is told once, with the instant at which it was last heard', async () => {
    const request = active();
    await heard(request);
    const last = instant(now);
    for (let i = 0; i < 30; i++) {
      now += 5_000;
      await watch.tick();
    }
    expect(gate.said).toEqual([
      {
        kind: 'contactLost',
        requestId: request.requestId,
        roundDigest: requestDigest(request),
        body: { lastHeardAt: last },
        actor: { serial: request.target.serial },
      },
    ]);
  });

  it('is not told before the grace is over', async () => {
    await heard(active());
    now += GRACE_MS;
    await watch.tick();
    expect(gate.said).toEqual([]);
    now += 1;
    await watch.tick();
    expect(gate.said).toHaveLength(1);
  });

  it('is told although it never reported since its confirmation', async () => {
    active();
    now += GRACE_MS + 1;
    await watch.tick();
    expect(gate.said).toHaveLength(1);
  });

  it('is told again after it was heard and fell silent anew', async () => {
    const request = active();
    now += GRACE_MS + 1;
    await watch.tick();
    await heard(request);
    await watch.tick();
    now += GRACE_MS + 1;
    await watch.tick();
    expect(gate.said).toHaveLength(2);
  });

  it('is told at the next look when it could not be told', async () => {
    active();
    now += GRACE_MS + 1;
    gate.error = new StintError('temporal-unavailable');
    await watch.tick();
    gate.error = undefined;
    await watch.tick();
    await watch.tick();
    expect(gate.said).toHaveLength(1);
  });

  it('is of interest only while it is active', async () => {
    for (const state of ['requested', 'approved', 'granting', 'ending', 'collecting', 'closed'] as const) active({ state });
    now += GRACE_MS * 10;
    await watch.tick();
    expect(gate.said).toEqual([]);
  });

  it('is found among hundreds', async () => {
    for (let i = 0; i < 450; i++) active();
    now += GRACE_MS + 1;
    await watch.tick();
    expect(gate.said).toHaveLength(450);
  });
});

describe('the loop', () => {
  it('looks by itself, goes on after an error, and stops when told', async () => {
    let looks = 0;
    ledger.list = async () => {
      looks += 1;
      throw new StintError('store-unavailable');
    };
    const quick = createContactWatch({ store: { ledger, devices }, gate, clock: () => now, graceMs: 40 });
    quick.start();
    await expect.poll(() => looks, { timeout: 5_000 }).toBeGreaterThan(3);
    quick.stop();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const then = looks;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(looks).toBe(then);
  });
});
