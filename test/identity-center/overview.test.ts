/** What a page of the organisation shows: who has access and since when, what AWS still works on, what ended, what failed. */
import { expect, it } from 'vitest';
import { EXAMPLE } from '../../sim/identity-center/index.js';
import type { Overview } from '../../sim/identity-center/overview.js';
import { rigOf, START } from './rig.js';

const look = async (rig: Awaited<ReturnType<typeof rigOf>>): Promise<Overview> =>
  (await (await fetch(`${rig.aws.url}/sim/overview`)).json()) as Overview;
const ours = (spans: Overview['access']) => spans.filter(({ cause }) => cause.by === 'call');

it('shows a change while AWS works on it, then the access and since when, then that it ended', async () => {
  const rig = await rigOf();
  const { RequestId } = await rig.create();
  expect(await look(rig)).toMatchObject({ doing: [{ requestId: RequestId, kind: 'create', state: 'IN_PROGRESS' }] });
  expect(ours((await look(rig)).access)).toEqual([]);
  rig.pass(5000);
  const there = await look(rig);
  expect(there.doing).toEqual([]);
  const [span] = ours(there.access);
  expect(span).toMatchObject({ accountId: EXAMPLE.production, userId: EXAMPLE.ada, via: 'direct', cause: { by: 'call' } });
  expect(span?.from).toBeGreaterThan(START);
  await rig.remove();
  rig.pass(5000);
  const gone = await look(rig);
  expect(ours(gone.access)).toEqual([]);
  expect(gone.ended).toMatchObject([{ userId: EXAMPLE.ada, endedBy: { by: 'call' } }]);
  expect(gone.access.filter(({ cause }) => cause.by === 'standing')).toHaveLength(3);
});

it('shows a failure with its reason for a minute', async () => {
  const rig = await rigOf();
  rig.aws.faults.add({ kind: 'fail-change', times: 1, reason: 'no role left' });
  await rig.create();
  rig.pass(5000);
  expect((await look(rig)).doing).toMatchObject([{ state: 'FAILED', failureReason: 'no role left' }]);
  rig.pass(60_000);
  expect((await look(rig)).doing).toEqual([]);
});
