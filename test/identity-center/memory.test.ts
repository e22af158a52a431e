/** What outlives the stand-in's process, and what those see who watch it. */
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EXAMPLE, exampleOrganization, startIdentityCenter } from '../../sim/identity-center/index.js';
import { ADA, rigOf, START } from './rig.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stint-identity-center-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('a second start goes on with the truth of the first, changes in progress among it', async () => {
  const dataFile = join(folder, 'truth.jsonl');
  const rig = await rigOf({}, { dataFile });
  const group = { accountId: EXAMPLE.production, setArn: EXAMPLE.readOnly, userId: EXAMPLE.ada };
  await rig.create();
  rig.pass(2500);
  const elsewhere = { ...ADA, accountId: EXAMPLE.delegated };
  await rig.create(elsewhere);
  rig.pass(500);
  rig.aws.sync.setMember(EXAMPLE.operators, EXAMPLE.ada, true);
  rig.pass(500);
  rig.aws.sync.remove({
    accountId: EXAMPLE.sandbox,
    setArn: EXAMPLE.readOnly,
    principalType: 'USER',
    principalId: EXAMPLE.grace,
  });
  rig.aws.sync.setAccountStatus(EXAMPLE.sandbox, 'SUSPENDED');
  const removed = await rig.remove();
  await appendFile(dataFile, '{"kind":"chan');
  const again = await startIdentityCenter({ seed: exampleOrganization(), dataFile, clock: () => START + 60_000 });
  expect(again.truth.intervals(ADA)).toEqual([{ from: START + 1000, to: START + 4500 }]);
  expect(again.truth.intervals(group)).toEqual([{ from: START + 3000, to: Number.POSITIVE_INFINITY }]);
  expect(again.truth.intervals(elsewhere)).toEqual([{ from: START + 3500, to: Number.POSITIVE_INFINITY }]);
  expect(again.truth.changes().map((one) => one.outcome)).toEqual(['changed', 'changed', 'changed']);
  expect(again.truth.changes()[2]?.requestId).toBe(removed.RequestId);
  expect(again.world.accounts.get(EXAMPLE.sandbox)?.status).toBe('SUSPENDED');
  rig.pass(60_000);
  expect(again.truth.access()).toEqual(rig.aws.truth.access());
  await again.close();
});

it('a change is told to those who watch, when it begins and when it is seen by all', async () => {
  const rig = await rigOf({ inProgressMs: [50, 50], listDelayMs: [50, 50] });
  const stream = await fetch(`${rig.aws.url}/sim/events`);
  const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
  const { RequestId } = await rig.create();
  rig.pass(1000);
  let text = '';
  const outcomes = () => text.split('\n').filter((line) => line.includes(`"requestId":"${RequestId}"`));
  while (outcomes().length < 2) text += (await reader?.read())?.value ?? '';
  expect(text).toContain('event: call');
  expect(outcomes().map((line) => line.includes('"outcome":"changed"'))).toEqual([false, true]);
  await reader?.cancel();
});
