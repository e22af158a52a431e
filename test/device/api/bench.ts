/** A device API over in-memory ports on a real port, with Ada's and Grace's Macs enrolled. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import pino from 'pino';
import type { Digest, Instant, LocalUser, RequestId, Serial } from '../../../contract/ids.js';
import type { ElevationRequest, MacAdminTarget } from '../../../contract/request.js';
import type { ElevationView } from '../../../contract/view.js';
import type { AskPreview, DeviceApiDeps } from '../../../device/api/deps.js';
import { createDeviceApi } from '../../../device/api/server.js';
import { requestDigest } from '../../../seal/canonical.js';
import { everyone, requestOf, TEAM } from '../../fixtures/people.js';
import { FakeDevices, FakeEvidence, FakeGate, FakeLedger, FakeOnce, FakeRequests, FakeStops } from './fakes.js';
import { TestMac } from './mac.js';

export const ADA_MAC = 'C02ADA0001' as Serial;
export const GRACE_MAC = 'C02GRACE01' as Serial;
export const BOOT = '7F6C0A62-5D0E-4C43-9D0B-0A2C0F0E9A11';

export type Bench = Awaited<ReturnType<typeof createBench>>;

export async function createBench(change: Partial<DeviceApiDeps> = {}) {
  let aheadMs = 0;
  const clock = (): number => Date.now() + aheadMs;
  const devices = new FakeDevices();
  const evidence = new FakeEvidence();
  const requests = new FakeRequests();
  const ledger = new FakeLedger();
  const once = new FakeOnce(clock);
  const gate = new FakeGate(requests);
  const log: string[] = [];
  const replyKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const preview: AskPreview = async () => ({ ok: true, windowsMs: [5, 10, 15, 30].map((m) => m * 60_000) });
  const stops = new FakeStops();
  const { fence, freeze } = stops;
  const store = { devices, evidence, fence, freeze, requests, ledger, once, ping: async () => undefined };
  const directory = {
    personByMac: async (serial: Serial, user: LocalUser) =>
      everyone.find((p) => p.macs.some((m) => m.serial === serial && m.localUser === user)),
  };
  const logger = pino({ level: 'info' }, { write: (line: string) => log.push(line) });
  const api = await createDeviceApi({
    store,
    gate,
    directory,
    preview,
    teamId: TEAM,
    replyKey: replyKey.privateKey,
    clock,
    contactGraceMs: 60_000,
    logger,
    random: () => 0.5,
    ...change,
  });
  const url = await api.listen({ port: 0, host: '127.0.0.1' });
  const macs = { ada: mac(ADA_MAC), grace: mac(GRACE_MAC) };
  for (const one of Object.values(macs)) await devices.register(one.key());

  function mac(serial: Serial): TestMac {
    return new TestMac(serial, url, replyKey.publicKey, clock);
  }

  /** A request of Ada's that is stored and stands in the read model. */
  async function elevation(view: Partial<ElevationView> = {}): Promise<ElevationRequest<MacAdminTarget>> {
    const request = requestOf();
    await requests.put(request, requestDigest(request));
    ledger.views.set(request.requestId, viewOf(request, view));
    return request;
  }

  return {
    api,
    url,
    devices,
    evidence,
    requests,
    ledger,
    once,
    stops,
    fence,
    freeze,
    gate,
    log,
    macs,
    mac,
    clock,
    elevation,
    replyKey,
    advance: (ms: number) => {
      aheadMs += ms;
    },
    close: () => api.close(),
  };
}

export function viewOf(request: ElevationRequest, change: Partial<ElevationView> = {}): ElevationView {
  const deadlines = { pendingMs: 1, startMs: 1, evidenceMs: 1, remindEveryMs: 1, remindForMs: 1, remindThenMs: 1 };
  return {
    request,
    digest: requestDigest(request),
    state: 'requested',
    votes: [],
    unprovenBy: [],
    reminders: 0,
    refusals: 0,
    verdict: {
      outcome: 'needs-approval',
      policyHash: '0'.repeat(64) as Digest,
      factsDigest: '0'.repeat(64) as Digest,
      quorum: 1,
      approvedBy: [],
      approvers: [],
      windowsMs: [],
      maxWindowMs: 1,
      warnBeforeMs: 1,
      warnMinWindowMs: 1,
      deadlines,
      sentences: [],
    },
    ...change,
  };
}

export const iso = (ms: number): Instant => new Date(ms).toISOString() as Instant;

export const askBody = () => ({
  askId: randomBytes(16).toString('hex'),
  localUser: 'ada',
  windowMs: 600_000,
  category: 'install',
  reason: 'Install the printer driver for floor 3',
});

export const reportBody = (requestId: RequestId | undefined, admin: boolean, standing = false) => ({
  ...(requestId ? { requestId } : {}),
  localUser: 'ada',
  admin,
  standing,
  bootSession: BOOT,
});
