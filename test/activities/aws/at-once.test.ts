/** A delete leaves within a second or little more, whatever else AWS is busy with and though the store is silent; creates wait for their turn. */
import { expect, test } from 'vitest';
import type { AssignmentCalls } from '../../../activities/targets/aws-permission-set/calls.js';
import { createAwsDriver } from '../../../activities/targets/aws-permission-set/driver.js';
import { awsError } from '../../../activities/targets/aws-permission-set/errors.js';
import { instant } from '../../../contract/ids.js';
import { memoryMarks } from './marks.js';
import { calm, requestId, targetOf } from './rig.js';
import { virtualTime } from './time.js';
import { smallWorld } from './world.js';

const GIVEN = { before: 'absent' } as const;

/** One process of seven, so that two writes may be outstanding. Keeps when each delete left. */
function bench(workMs: number, most = Number.POSITIVE_INFINITY) {
  const time = virtualTime();
  const world = smallWorld(time, { lostBefore: 0, lostAfter: 0, throttled: 0, failed: 0, listLagMs: 0, workMs });
  const left: number[] = [];
  let refused = 0;
  const begin: AssignmentCalls['begin'] = async (kind, target, how) => {
    left.push(time.now());
    const open = world.accepted.filter(({ dueAt }) => dueAt > time.now()).length;
    if (open < most) return world.calls.begin(kind, target, how);
    refused += 1;
    throw awsError(Object.assign(new Error('too many'), { name: 'ThrottlingException' }), 'it');
  };
  const marks = memoryMarks();
  const driver = createAwsDriver({ calls: { ...world.calls, begin }, marks, time, workers: 7 });
  const given = (over: Parameters<typeof targetOf>[0]) => {
    const target = targetOf(over);
    world.foreign('add', target);
    return target;
  };
  return { time, world, left, refused: () => refused, marks, driver, given };
}

const ACCOUNTS = ['111111111111', '222222222222', '333333333333', '444444444444'];

test('a delete beyond the places of this process leaves all the same', async () => {
  const { time, left, driver, given } = bench(600_000);
  const from = time.now();
  for (const accountId of ACCOUNTS) void driver.revoke(requestId(), given({ accountId }), calm(), GIVEN).catch(() => undefined);
  await time.run(time.sleep(2_000));
  expect(left).toHaveLength(ACCOUNTS.length);
  expect(Math.max(...left) - from).toBeLessThan(1_000);
});

test('one that AWS throttles, because as many are outstanding as may be, is sent again until it is taken', async () => {
  const { time, world, refused, driver, given } = bench(20_000, 2);
  const targets = ACCOUNTS.map((accountId) => given({ accountId }));
  await time.run(Promise.all(targets.map((target) => driver.revoke(requestId(), target, calm(), GIVEN))));
  expect(refused()).toBeGreaterThan(0);
  expect(targets.some(world.holds)).toBe(false);
});

test('a store that is silent is waited for once, not again for what was asked already', async () => {
  const { time, left, marks, driver, given } = bench(600_000);
  marks.read = () => new Promise(() => undefined);
  void driver.revoke(requestId(), given({ principalId: 'ada' }), calm(), GIVEN).catch(() => undefined);
  await time.run(time.sleep(600));
  const from = time.now();
  void driver.revoke(requestId(), given({ principalId: 'bob' }), calm(), GIVEN).catch(() => undefined);
  await time.run(time.sleep(1_200));
  // 400 ms for the store, 600 ms for the other change of the same account and permission set.
  expect(left.map((at) => at >= from)).toEqual([false, true]);
});

test('creates that wait for a place come one after the other, however much longer than its own seconds each waits', async () => {
  const { time, world, left, driver } = bench(20_000);
  const permits: number[] = [];
  const permit = async () => {
    permits.push(time.now());
    return instant(time.now() + 10_000);
  };
  // One place for grants: the last one waits for five changes of up to 20 s.
  const targets = ['a', 'b', 'c', 'd', 'e', 'f'].map((principalId) => targetOf({ principalId, accountId: `${principalId}` }));
  const orders = targets.map((target) => ({
    requestId: requestId(),
    target,
    sendBefore: instant(time.now() + 10_000),
    startBy: instant(time.now() + 600_000),
    maxMs: 3_600_000,
    permit,
  }));
  const from = time.now();
  await time.run(Promise.all(orders.map((order) => driver.grant(order, calm()))));
  expect(targets.every(world.holds)).toBe(true);
  expect(left).toHaveLength(targets.length);
  // It could not be seen otherwise: without a turn of its own the last one would have been too late.
  expect(Math.max(...left) - from).toBeGreaterThan(10_000);
  expect(permits.every((at, i) => (left[i] ?? 0) - at < 10_000)).toBe(true);
});

test('one that waits for a place in vain until it may not start any more was never sent', async () => {
  const { time, left, driver } = bench(600_000);
  const permit = async () => instant(time.now() + 10_000);
  const order = (principalId: string, startMs: number) => ({
    ...{ requestId: requestId(), target: targetOf({ principalId, accountId: principalId }), maxMs: 3_600_000, permit },
    ...{ sendBefore: instant(time.now() + 10_000), startBy: instant(time.now() + startMs) },
  });
  void driver.grant(order('a', 900_000), calm()).catch(() => undefined);
  await time.run(time.sleep(1_000));
  const answer = driver.grant(order('b', 30_000), calm());
  await expect(time.run(answer)).rejects.toMatchObject({ code: 'too-late' });
  expect(left).toHaveLength(1);
});
