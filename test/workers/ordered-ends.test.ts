/** Revoke and End now while no workflow hears them: who ordered it stands in the record, and the access goes. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { RequestId, SlackUserId } from '../../contract/ids.js';
import { fenceOff } from '../../workers/end-now.js';
import { createOrderedEnds, createOrderPast } from '../../workers/ordered-ends.js';
import { tellWorkflows } from '../../workers/untold.js';
import { grace } from '../fixtures/people.js';
import type { Elevation } from '../ledger/events.js';
import { type EndingBench, endingBench } from './ending-bench.js';

let b: EndingBench;
beforeAll(async () => {
  b = await endingBench();
});
afterAll(() => b.store.close());
beforeEach(async () => {
  b.macs.revokeFails = undefined;
  for (const { requestId } of await b.store.untold.all()) await b.store.untold.remove(requestId);
});

const GRACE = { personId: grace.personId, slackUserId: 'U0GRACE' as SlackUserId };
const order = (what: 'revoke' | 'end', { request }: Elevation) =>
  createOrderPast(b.deps, 'slack')(what, request.requestId, GRACE);

function worker() {
  const repaired: RequestId[] = [];
  const failed: RequestId[] = [];
  const round = createOrderedEnds({
    ...b.deps,
    repair: async (id) => void repaired.push(id),
    failed: (id) => failed.push(id),
  });
  return { round, repaired, failed };
}

const gone = (e: Elevation) =>
  expect.poll(async () => (await b.store.fence.grant(e.request.requestId))?.goneAt, { timeout: 10_000 }).toBeTruthy();

it('a revoke: nothing is granted from then on, the record names who pressed it, and a worker takes it away', async () => {
  const e = await b.elevation('active');
  await order('revoke', e);
  expect(await b.armable(e)).toBe('fenced');
  expect(await b.view(e)).toMatchObject({ state: 'ending', outcome: 'revoked', revokeCause: 'approver', endedBy: 'grace' });
  const { round, repaired } = worker();
  await Promise.all([round(), round()]);
  await gone(e);
  await round();
  await expect.poll(() => repaired).toEqual([e.request.requestId]);
  expect(b.macs.admins.has(e.request.target.serial)).toBe(false);
  expect((await b.types(e)).slice(-2)).toEqual(['revoked', 'swept']);
  expect(await b.view(e)).toMatchObject({ state: 'closed', outcome: 'revoked' });
});

it('an end by whoever holds it is recorded as that', async () => {
  const e = await b.elevation('active');
  await order('end', e);
  await order('end', e);
  expect(await b.view(e)).toMatchObject({ state: 'ending', outcome: 'ended', endedBy: 'grace' });
  await worker().round();
  await gone(e);
  expect((await b.types(e)).slice(-2)).toEqual(['ended', 'swept']);
});

it('a target that refuses is tried again in the next round', async () => {
  const e = await b.elevation('active');
  b.macs.silent.add(e.request.target.serial);
  await order('revoke', e);
  const { round, failed } = worker();
  await round();
  await expect.poll(() => failed).toEqual([e.request.requestId]);
  b.macs.silent.delete(e.request.target.serial);
  await round();
  await gone(e);
});

it('what an operator ended is the operator’s to prove', async () => {
  const e = await b.elevation('active');
  await fenceOff(b.deps, e.request.requestId, 'operator');
  const revoked = b.macs.revoked.length;
  await worker().round();
  expect(b.macs.revoked).toHaveLength(revoked);
});

it('stays on the list of a worker that starts anew, until it is gone or its workflow has heard', async () => {
  const e = await b.elevation('active');
  await order('revoke', e);
  const tell = () =>
    tellWorkflows({
      store: b.store,
      cancel: (requestId) => b.temporal.call('cancel', requestId),
      repair: async () => undefined,
      clock: b.clock,
      failed: (_, error) => {
        throw error;
      },
    });
  b.temporal.state = 'paused';
  await tell();
  expect(await b.store.untold.all()).toHaveLength(1);
  await worker().round();
  await gone(e);
  await tell();
  expect(await b.store.untold.all()).toEqual([]);
  b.temporal.state = 'up';
});
