/**
 * What another writer gives while AWS refuses our create, or while nobody knows what became of it: it is theirs, told as such, and
 * never taken away. Nor is ours left behind where it came late.
 */
import { afterEach, expect, test } from 'vitest';
import type { AssignmentCalls } from '../../../activities/targets/aws-permission-set/calls.js';
import { createAwsDriver } from '../../../activities/targets/aws-permission-set/driver.js';
import { awsError } from '../../../activities/targets/aws-permission-set/errors.js';
import { createAssignmentCalls } from '../../../activities/targets/aws-permission-set/sdk.js';
import type { AwsTarget } from '../../../activities/targets/aws-permission-set/types.js';
import { StintError } from '../../../contract/errors.js';
import { instant } from '../../../contract/ids.js';
import { memoryMarks } from './marks.js';
import { assignmentOf, calm, type Rig, requestId, soon, startRig, targetOf, times } from './rig.js';
import { virtualTime } from './time.js';
import { smallWorld } from './world.js';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

const HANDS = {
  'a sync': async ({ aws }: Rig, target: AwsTarget) => aws.sync.add(assignmentOf(target)),
  'an administrator': async ({ sdk, has }: Rig, target: AwsTarget) => {
    await createAssignmentCalls(sdk, async () => '').begin('create', target, { rank: 'grant' });
    await expect.poll(() => has(target)).toBe(true);
  },
};

/** An attempt that AWS refused until its time was over; then somebody else gives the very same. */
async function refusedThen(hand: keyof typeof HANDS) {
  rig = await startRig();
  const { driver, aws } = rig;
  const [id, target, since] = [requestId(), targetOf(), instant(Date.now())];
  aws.faults.add({ kind: 'throttle', operation: 'CreateAccountAssignment' });
  await expect(driver.grant({ requestId: id, target, ...soon(700) }, calm())).rejects.toThrow();
  aws.faults.clear();
  await HANDS[hand](rig, target);
  return { ...rig, id, target, since };
}

const hands = Object.keys(HANDS) as (keyof typeof HANDS)[];

test.each(hands)('what %s gives while AWS refuses our create is told as had already, and stays', async (hand) => {
  const { driver, another, id, target, deletes, has } = await refusedThen(hand);
  const order = { requestId: id, target, ...soon() };
  await expect(another().grant(order, calm())).rejects.toMatchObject({ code: 'have-already' });
  await driver.revoke(id, target, calm());
  await another().revoke(id, target, calm(), { before: 'present' });
  expect([deletes(), has(target)]).toEqual([0, true]);
  expect(await driver.observe(id, target)).toMatchObject({ access: 'present', whose: 'standing' });
});

test.each(hands)('what %s gives while AWS refuses our create is not taken away by a Revoke in between', async (hand) => {
  const { driver, another, id, target, since, deletes, has } = await refusedThen(hand);
  for (const each of [driver, another()]) {
    await each.revoke(id, target, calm(), { since });
    expect(await each.observe(id, target, { since })).toMatchObject({ access: 'present', whose: 'standing' });
  }
  expect([deletes(), has(target)]).toEqual([0, true]);
});

test('what is there when a refused create is sent again is not ours: it is looked and noted anew', async () => {
  rig = await startRig();
  const { aws, driver, creates, deletes, has } = rig;
  const [id, target] = [requestId(), targetOf()];
  aws.faults.add({ kind: 'conflict', operation: 'CreateAccountAssignment', times: 1 });
  const granting = driver.grant({ requestId: id, target, ...soon() }, calm());
  granting.catch(() => undefined);
  await expect.poll(creates, { interval: 10 }).toBe(1);
  aws.sync.add(assignmentOf(target));
  await expect(granting).rejects.toMatchObject({ code: 'have-already' });
  await driver.revoke(id, target, calm());
  expect([creates(), deletes(), has(target)]).toEqual([1, 0, true]);
});

test('what is there after our create failed is not ours to take away', async () => {
  rig = await startRig();
  const { aws, driver, deletes, has } = rig;
  const [id, target] = [requestId(), targetOf()];
  aws.faults.add({ kind: 'fail-change', reason: 'Received a 500 status error', times: 1 });
  await expect(driver.grant({ requestId: id, target, ...soon() }, calm())).rejects.toMatchObject({ code: 'aws-failed' });
  aws.sync.add(assignmentOf(target));
  for (const each of [driver, rig.another()]) {
    await each.revoke(id, target, calm());
    expect(await each.observe(id, target)).toMatchObject({ access: 'present', whose: 'standing' });
  }
  expect([deletes(), has(target)]).toEqual([0, true]);
});

test('that AWS refused our create is known to who heard it though the store did not take it: what another begins then stays', async () => {
  const { time, world, first, far, order, id, target, deletes, marks } = deaf();
  far.says = 'ThrottlingException';
  marks.bound = () => Promise.reject(new StintError('store-unavailable'));
  const stop = new AbortController();
  const granting = first.grant(order(), stop.signal);
  granting.catch(() => undefined);
  await time.run(time.sleep(1_000));
  stop.abort(new Error('given up'));
  world.foreignCall('create', target);
  await time.run(first.revoke(id, target, calm()));
  expect(await time.run(first.observe(id, target))).toMatchObject({ access: 'present', whose: 'standing' });
  expect([deletes(), world.holds(target)]).toEqual([0, true]);
});

/** The small AWS, and two processes whose creates get no answer for as long as `lost` is set, or a no; they arrive after that time, if at all. */
function deaf() {
  const time = virtualTime();
  const world = smallWorld(time, { lostBefore: 0, lostAfter: 0, throttled: 0, failed: 0, listLagMs: 0, workMs: 100 });
  const far: { lost: boolean; arrivesAfterMs?: number; says?: string } = { lost: true };
  const begin: AssignmentCalls['begin'] = async (kind, target, how) => {
    if (kind === 'delete' || !far.lost) return world.calls.begin(kind, target, how);
    if (far.arrivesAfterMs !== undefined)
      void time.sleep(far.arrivesAfterMs).then(() => world.calls.begin(kind, target, { rank: 'grant' }));
    await time.sleep(100, how.signal);
    throw awsError(Object.assign(new Error('no answer'), far.says && { name: far.says }), 'it');
  };
  const marks = memoryMarks();
  const [first, second] = [1, 2].map(() => createAwsDriver({ calls: { ...world.calls, begin }, marks, time, workers: 1 }));
  if (!first || !second) throw new TypeError('two processes');
  const order = () => ({ requestId: id, target, ...times(instant(time.now() + 10_000)) });
  const [id, target] = [requestId(), targetOf()];
  const deletes = () => world.accepted.filter(({ kind }) => kind === 'delete').length;
  return { time, world, far, marks, first, second, order, id, target, deletes };
}

test('of a create without an answer that AWS never lists nobody says whose an access is, until its time is over', async () => {
  const { time, world, first, second, order, id, target, deletes } = deaf();
  await expect(time.run(first.grant(order(), calm()))).rejects.toMatchObject({ code: 'aws-unavailable' });
  world.foreign('add', target);
  const seen = await time.run(second.observe(id, target));
  expect([seen.access, seen.whose]).toEqual(['present', undefined]);
  await time.run(second.revoke(id, target, calm()));
  expect(await time.run(second.observe(id, target))).toMatchObject({ access: 'present', whose: 'standing' });
  expect([deletes(), world.holds(target)]).toEqual([0, true]);
});

test('after a create without an answer it is looked anew once its time is over, and what is there then stays', async () => {
  const { time, world, far, first, second, order, target, deletes } = deaf();
  await expect(time.run(first.grant(order(), calm()))).rejects.toMatchObject({ code: 'aws-unavailable' });
  far.lost = false;
  world.foreign('add', target);
  const again = async (): Promise<unknown> => {
    const error: unknown = await second.grant(order(), calm()).catch((each: unknown) => each);
    return (error as { code?: unknown })?.code === 'too-late' ? again() : error;
  };
  expect(await time.run(again())).toMatchObject({ code: 'have-already' });
  expect(deletes()).toBe(0);
});

test('after a create without an answer that came to nothing another one is sent, and is ours', async () => {
  const { time, world, far, first, second, order, id, target } = deaf();
  await expect(time.run(first.grant(order(), calm()))).rejects.toMatchObject({ code: 'aws-unavailable' });
  far.lost = false;
  await time.run(time.sleep(11_000));
  await time.run(second.grant(order(), calm()));
  expect(world.holds(target)).toBe(true);
  await time.run(first.revoke(id, target, calm()));
  expect(world.holds(target)).toBe(false);
});

test('a create that was given up and arrives all the same is found by the revoke, and taken back', async () => {
  const { time, world, far, first, second, order, id, target } = deaf();
  far.arrivesAfterMs = 2_000;
  const stop = new AbortController();
  const granting = first.grant(order(), stop.signal);
  granting.catch(() => undefined);
  await time.run(time.sleep(1_000));
  stop.abort(new Error('given up'));
  await time.run(second.revoke(id, target, calm()));
  expect(world.accepted.map(({ kind }) => kind)).toEqual(['create', 'delete']);
  expect(world.holds(target)).toBe(false);
});
