/**
 * The whole server side of a Mac against the stand-in Mac, which runs the real agent: the driver's order goes out, the
 * Mac claims, becomes admin and confirms, and what it reports is what the driver observes. Only the workflow is played.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMacAdminDriver } from '../../activities/targets/mac-admin/driver.js';
import { instant } from '../../contract/ids.js';
import type { TargetDriver } from '../../contract/ports.js';
import type { ElevationRequest, MacAdminTarget } from '../../contract/request.js';
import { type Mac, startMac } from '../../sim/mac/mac.js';
import { type Bench, createBench, viewOf } from '../device/api/bench.js';
import { createMdmBench } from './bench.js';

let folder: string;
let api: Bench;
let mdm: Awaited<ReturnType<typeof createMdmBench>>;
let mac: Mac;
let driver: TargetDriver;
let request: ElevationRequest<MacAdminTarget>;
const alive = () => new AbortController().signal;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stint-mac-'));
  api = await createBench();
  mdm = await createMdmBench();
  request = await api.elevation({ state: 'granting' });
  const { serial, localUser } = request.target;
  mac = await startMac({
    serial,
    name: 'ada-mac',
    localUser,
    osVersion: '15.5',
    folder,
    deviceApiUrl: api.url,
    serverPublicKeyPem: api.replyKey.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  });
  await api.devices.register({ serial, keyId: mac.keyId, publicKey: mac.publicKeyPem });
  driver = createMacAdminDriver({ mdm: mdm.iru, devices: api.devices, clock: api.clock, contactGraceMs: 60_000 });
});
afterEach(async () => {
  await mac.close();
  await api.close();
  await mdm.mdm.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Plays the workflow: yes to the claim, and the clock starts at the confirmation. */
function playWorkflow(): void {
  const { requestId, target } = request;
  api.gate.ask = async <_K, A>(kind: string) => {
    const now = api.clock();
    if (kind === 'claim') return { ok: true, localUser: target.localUser, maxMs: 600_000, startBy: instant(now + 60_000) } as A;
    const deadlineAt = instant(now + 600_000);
    api.ledger.views.set(requestId, viewOf(request, { state: 'active', confirmedAt: instant(now), deadlineAt }));
    return { ok: true, confirmedAt: instant(now), deadlineAt } as A;
  };
}

const grant = () =>
  driver.grant(
    {
      requestId: request.requestId,
      target: request.target,
      maxMs: 600_000,
      startBy: instant(api.clock() + 60_000),
      sendBefore: instant(api.clock() + 10_000),
    },
    alive(),
  );
const access = async () => (await driver.observe(request.requestId, request.target)).access;
const within = { timeout: 45_000, interval: 250 };

describe('a Mac', () => {
  it('becomes admin by the order, says so, and is none again after the revoke', async () => {
    playWorkflow();
    await grant();
    await expect.poll(access, within).toBe('present');
    expect(mac.truth().admins).toContain('ada');
    await driver.revoke(request.requestId, request.target, alive());
    expect(await access()).toBe('unknown');
    await expect.poll(access, within).toBe('absent');
    expect(mac.truth().admins).not.toContain('ada');
    await expect.poll(() => api.gate.said.map((s) => s.kind), within).toContain('evidenceComplete');
  }, 120_000);

  it('whose claim is refused never becomes admin', async () => {
    api.gate.answer = { ok: false, code: 'state-conflict', sentence: 'It was revoked.' };
    await grant();
    await expect.poll(() => api.gate.said.map((s) => s.kind), within).toContain('claim');
    expect(mac.truth().admins).not.toContain('ada');
    expect(api.gate.said.map((s) => s.kind)).not.toContain('confirm');
    expect(mac.truth().adminLog.filter((change) => change.user === 'ada' && change.admin)).toEqual([]);
  }, 90_000);

  it('asks for an elevation, and asks once', async () => {
    api.ledger.views.clear(); // while another elevation of this Mac is under way it may not
    const answer = await mac.acts.request({
      localUser: 'ada',
      windowMs: 600_000,
      category: 'install',
      reason: 'A "printer" driver\nfor floor 3',
    });
    expect(answer.ok, answer.output).toBe(true);
    expect(api.gate.said).toMatchObject([{ kind: 'start', body: { subject: { personId: 'ada' }, windowMs: 600_000 } }]);
    expect([...api.requests.texts.values()]).toEqual(['A "printer" driver\nfor floor 3']);
  }, 60_000);
});
