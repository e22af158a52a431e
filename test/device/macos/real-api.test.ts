/** The agent against the real device API: both keep to the protocol as the other understands it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Instant } from '../../../contract/ids.js';
import { startMac } from '../../../sim/mac/mac.js';
import { ADA_MAC, createBench, iso, viewOf } from '../api/bench.js';
import { until } from './setup.js';

test('asks, starts, holds, ends by order and sends its log', async () => {
  const bench = await createBench();
  const folder = await mkdtemp(join(tmpdir(), 'stint-real-api-'));
  const mac = await startMac({
    serial: ADA_MAC,
    name: "Ada's Mac",
    localUser: 'ada',
    folder,
    deviceApiUrl: bench.url,
    serverPublicKeyPem: bench.replyKey.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    osVersion: '15.5',
    heartbeatS: 1,
  });
  onTestFinished(async () => {
    await mac.close();
    await bench.close();
    await rm(folder, { recursive: true, force: true });
  });
  const log = () => `${mac.truth().agentLog.join('\n')}\n${bench.log.join('')}`;
  await bench.devices.register({ serial: ADA_MAC, keyId: mac.keyId, publicKey: mac.publicKeyPem });

  const asked = await mac.acts.request({
    localUser: 'ada',
    windowMs: 600_000,
    category: 'install',
    reason: 'Install the "label" printer',
  });
  expect(asked.output).toMatch(/^[a-z2-7]{26} requested$/);
  const refused = await mac.acts.request({ localUser: 'ada', windowMs: 600_000, category: 'install', reason: 'short' });
  expect(refused).toMatchObject({ ok: false, output: expect.stringContaining('not accepted: The reason needs') });

  const request = await bench.elevation({ state: 'granting' });
  const view = bench.ledger.views;
  const deadlineAt = (): Instant => iso(Date.now() + 600_000);
  Object.assign(bench.gate, {
    ask: async (kind: 'claim' | 'confirm') => {
      if (kind === 'claim') return { ok: true, localUser: 'ada', maxMs: 600_000, startBy: iso(Date.now() + 60_000) };
      const answer = { ok: true, confirmedAt: iso(Date.now()), deadlineAt: deadlineAt() };
      view.set(request.requestId, viewOf(request, { state: 'active', deadlineAt: answer.deadlineAt }));
      return answer;
    },
  });
  await bench.devices.order(ADA_MAC, request.requestId, 'start', iso(Date.now()));
  await until('the window is open', () => mac.truth().session?.phase === 'active', 30_000, log);
  mac.acts.sudo('ada', '/usr/sbin/lpadmin -p label');
  const last = () => bench.devices.reports.at(-1);
  await until('a heartbeat', () => last()?.admin === true && last()?.requestId === request.requestId, 15_000, log);

  view.set(request.requestId, viewOf(request, { state: 'ending' }));
  await bench.devices.order(ADA_MAC, request.requestId, 'end', iso(Date.now()));
  await until('gone', () => last()?.admin === false, 15_000, log);
  expect(mac.truth().admins).not.toContain('ada');
  await until('the log is there', () => bench.gate.said.some((said) => said.kind === 'evidenceComplete'), 15_000, log);
  const evidence = Buffer.from(await bench.evidence.assemble(request.requestId)).toString('utf8');
  expect(evidence).toContain('COMMAND=/usr/sbin/lpadmin -p label');
}, 60_000);
