/** Revoke and End now while no workflow hears them: who ordered it stands in the record, and the access goes. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { StintError } from '../../contract/errors.js';
import { instant, type PersonId, type RequestId, type SlackUserId } from '../../contract/ids.js';
import type { Store } from '../../contract/ports.js';
import { fence, fenceOff } from '../../workers/end-now.js';
import { createOrderedEnds, createPastWorkflow } from '../../workers/ordered-ends.js';
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
  createPastWorkflow(b.deps, 'slack').order(what, request.requestId, GRACE);

function worker(store: Store = b.store, slackIsUp = () => true) {
  const repaired: RequestId[] = [];
  const failed: RequestId[] = [];
  const round = createOrderedEnds({
    ...b.deps,
    store,
    repair: async (id) => {
      if (!slackIsUp()) throw new StintError('slack-unavailable');
      repaired.push(id);
    },
    failed: (id) => failed.push(id),
  });
  return { round, repaired, failed };
}

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

/** Until what a round has begun had every chance to go on: the bench's own sleeps take no time. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 300));

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

it('a revoke with a reason: the record names it; pressed again without, it is the same end', async () => {
  const e = await b.elevation('active');
  const commentDigest = await b.store.requests.putText('The laptop is lost');
  await createPastWorkflow(b.deps, 'slack').order('revoke', e.request.requestId, GRACE, commentDigest);
  await order('revoke', e);
  expect(await b.view(e)).toMatchObject({ state: 'ending', revokeCause: 'approver', revokeComment: commentDigest });
  expect((await b.types(e)).filter((type) => type === 'revoked')).toHaveLength(1);
});

it('behind an end that a workflow was told of only the fence is closed, and only where there is something to take back', async () => {
  const past = createPastWorkflow(b.deps, 'slack');
  const e = await b.elevation('active');
  await past.closeBehind(e.request.requestId);
  expect((await b.store.fence.grant(e.request.requestId))?.endedAt).toBeTruthy();
  expect(await b.view(e)).toMatchObject({ state: 'active' });
  expect(await b.store.untold.all()).toEqual([]);
  const waiting = await b.elevation('requested');
  await past.closeBehind(waiting.request.requestId);
  expect(await b.store.fence.grant(waiting.request.requestId)).toBeUndefined();
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

it('what an operator ended is the operator’s to prove, unless that takes too long: who ordered it may have died', async () => {
  const e = await b.elevation('active');
  await fenceOff(b.deps, e.request.requestId, 'operator');
  const revoked = b.macs.revoked.length;
  const { round } = worker();
  await round();
  await settled();
  expect(b.macs.revoked).toHaveLength(revoked);
  b.advance(16_000);
  await round();
  await gone(e);
});

it('an end that was fenced and never recorded is carried out all the same', async () => {
  const e = await b.elevation('active');
  await b.store.untold.put(e.request.requestId, instant(b.clock()));
  await fence(b.deps, e.request.requestId);
  b.advance(16_000);
  await worker().round();
  await gone(e);
});

it('one whose record cannot be read keeps none of the others waiting', async () => {
  const [bad, good] = [await b.elevation('active'), await b.elevation('active')];
  for (const e of [bad, good]) await order('revoke', e);
  const ledger = Object.assign(Object.create(b.store.ledger), {
    find: (id: RequestId) => (id === bad.request.requestId ? Promise.reject(new Error('broken')) : b.store.ledger.find(id)),
  });
  const { round, failed } = worker({ ...b.store, ledger });
  await round();
  await gone(good);
  await expect.poll(() => failed).toEqual([bad.request.requestId]);
});

it('any number that fail at each round keep none that was ordered later out: who was tried longest ago comes first', async () => {
  const bad = new Set<RequestId>();
  for (let i = 0; i < 25; i += 1) bad.add((await b.elevation('active')).request.requestId);
  for (const id of bad) await b.store.untold.put(id, instant(b.clock()));
  b.advance(1_000);
  const good = await b.elevation('active');
  await order('revoke', good);
  const broken = (id: RequestId) => (bad.has(id) ? Promise.reject(new Error('broken')) : b.store.fence.grant(id));
  const fence = Object.assign(Object.create(b.store.fence), { grant: broken });
  const { round, failed } = worker({ ...b.store, fence });
  await round();
  await expect.poll(() => failed.length).toBe(20);
  await round();
  await gone(good);
  await expect.poll(() => new Set(failed)).toEqual(bad);
});

it('two who press at the same time both get their word; the first is named, and it ends once', async () => {
  const e = await b.elevation('active');
  const { order: press } = createPastWorkflow(b.deps, 'slack');
  await Promise.all(['grace', 'linus'].map((id) => press('revoke', e.request.requestId, { personId: id as PersonId })));
  const { round } = worker();
  await Promise.all([round(), round()]);
  await gone(e);
  await settled();
  expect((await b.types(e)).filter((type) => type === 'swept')).toHaveLength(1);
  expect(['grace', 'linus']).toContain((await b.view(e))?.endedBy);
});

it('the card of what had not begun is drawn, too, and a Slack that is down is tried again', async () => {
  const e = await b.elevation('approved');
  await order('revoke', e);
  let up = false;
  const { round, repaired } = worker(b.store, () => up);
  await round();
  await settled();
  expect(repaired).toEqual([]);
  up = true;
  await round();
  await expect.poll(() => repaired).toEqual([e.request.requestId]);
  await round();
  await settled();
  expect(repaired).toEqual([e.request.requestId]);
});

it('an order that is not fenced yet is not told to the workflow: its cancel would be all that the record has', async () => {
  const e = await b.elevation('active');
  b.temporal.told.length = 0;
  await b.store.untold.put(e.request.requestId, instant(b.clock()));
  await tell();
  expect(b.temporal.told).toEqual([]);
  b.advance(61_000);
  await tell();
  expect(b.temporal.told).toHaveLength(1);
});

it('stays on the list of a worker that starts anew, until it is gone or its workflow has heard', async () => {
  const e = await b.elevation('active');
  await order('revoke', e);
  b.temporal.state = 'paused';
  await tell();
  expect(await b.store.untold.all()).toHaveLength(1);
  await worker().round();
  await gone(e);
  await tell();
  expect(await b.store.untold.all()).toEqual([]);
  b.temporal.state = 'up';
});
