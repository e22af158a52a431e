/**
 * A resolver that is down says of AWS what it says of a region that there is not. Nothing can leave meanwhile, and what was under
 * way goes on when AWS is found again. In virtual time.
 */
import { expect, test } from 'vitest';
import { createAwsDriver } from '../../../activities/targets/aws-permission-set/driver.js';
import { awsError } from '../../../activities/targets/aws-permission-set/errors.js';
import { instant } from '../../../contract/ids.js';
import { memoryMarks } from './marks.js';
import { calm, requestId, targetOf, times } from './rig.js';
import { virtualTime } from './time.js';
import { smallWorld } from './world.js';

/** A small AWS, and a name of it that is not found for as long as `down` is set: for no call, or for writes alone. */
function setUp() {
  const time = virtualTime(3);
  const world = smallWorld(time, { lostBefore: 0, lostAfter: 0, throttled: 0, failed: 0, listLagMs: 0, workMs: 8_000 });
  const net: { down: 'no' | 'writes' | 'all' } = { down: 'no' };
  const over = <A extends unknown[], R>(call: (...args: A) => Promise<R>, write = false) => {
    return async (...args: A): Promise<R> => {
      if (net.down === 'no' || (net.down === 'writes' && !write)) return call(...args);
      throw awsError(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }), 'it');
    };
  };
  const { begin, operation, operations, assigned } = world.calls;
  const found = { begin: over(begin, true), operation: over(operation), operations: over(operations), assigned: over(assigned) };
  const driver = createAwsDriver({ calls: { ...world.calls, ...found }, marks: memoryMarks(), time, workers: 1 });
  const [id, target] = [requestId(), targetOf()];
  const grant = () => driver.grant({ requestId: id, target, ...times(instant(time.now() + 10_000)) }, calm());
  const revoke = () => driver.revoke(id, target, calm());
  const pass = (ms: number) => time.run(time.sleep(ms));
  return { time, world, net, target, grant, revoke, pass };
}

test('a create that AWS works on while its name is not found is followed to its end, and not created again', async () => {
  const { time, world, net, target, grant, pass } = setUp();
  const granting = grant();
  await pass(700);
  expect(world.accepted).toHaveLength(1);
  net.down = 'all';
  await pass(60_000);
  net.down = 'no';
  await time.run(granting);
  expect([world.accepted.length, world.holds(target)]).toEqual([1, true]);
});

test('a create that could not leave is sent as soon as it can, and once', async () => {
  const { time, world, net, target, grant, pass } = setUp();
  net.down = 'writes';
  const granting = grant();
  await pass(3_000);
  expect(world.sent).toEqual([]);
  net.down = 'no';
  await time.run(granting);
  expect([world.accepted.length, world.holds(target)]).toEqual([1, true]);
});

test('a grant that can see nothing is tried again later, and says what to look at should it last', async () => {
  const { time, net, grant } = setUp();
  net.down = 'all';
  await expect(time.run(grant())).rejects.toMatchObject({
    code: 'aws-unavailable',
    retryable: true,
    sentence: expect.stringMatching(/not found.*name resolution.*STINT_AWS_REGION/),
  });
});

test('a revoke goes on until AWS is found again, and takes it away then', async () => {
  const { time, world, net, target, grant, revoke, pass } = setUp();
  await time.run(grant());
  net.down = 'all';
  const revoking = revoke();
  await pass(60_000);
  expect(world.holds(target)).toBe(true);
  net.down = 'no';
  await time.run(revoking);
  expect(world.holds(target)).toBe(false);
});
