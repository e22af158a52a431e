/** Since when AWS had done it, where nobody watched: all workers were down, or AWS did not answer. In virtual time. */
import { expect, test } from 'vitest';
import { createAwsDriver } from '../../../activities/targets/aws-permission-set/driver.js';
import { instant, msOf } from '../../../contract/ids.js';
import type { FarStep } from '../../../contract/ports.js';
import { memoryMarks } from './marks.js';
import { calm, requestId, targetOf, times } from './rig.js';
import { virtualTime } from './time.js';
import { smallWorld } from './world.js';

const MIN = 60_000;

/** An AWS that needs up to so long for a create, processes over it, and what their heartbeats keep. */
function setUp(workMs: number) {
  const time = virtualTime(7);
  const rough = { lostBefore: 0, lostAfter: 0, throttled: 0, failed: 0, listLagMs: 0, workMs };
  const world = smallWorld(time, rough);
  const marks = memoryMarks();
  const [id, target] = [requestId(), targetOf()];
  const steps: FarStep[] = [];
  const begin = () => createAwsDriver({ calls: world.calls, marks, time, workers: 1 });
  const grant = (driver: ReturnType<typeof begin>, signal = calm()) => {
    const earlier = steps.at(-1);
    const order = { requestId: id, target, ...times(instant(time.now() + 10_000)) };
    return driver.grant(order, signal, { said: (step) => void steps.push(step), ...(earlier && { earlier }) });
  };
  /** The process that asked for it is gone before AWS has done it. */
  const beginAndDie = async () => {
    const [first, stop] = [begin(), new AbortController()];
    const dying = grant(first, stop.signal);
    dying.catch(() => undefined);
    await time.run(time.sleep(700));
    stop.abort(new Error('died'));
    first.close();
  };
  const created = () => {
    const [first] = world.accepted;
    if (!first) throw new Error('nothing was created');
    return first;
  };
  const doneAt = () => msOf(steps.at(-1)?.doneAt ?? instant(0));
  return { time, rough, begin, grant, beginAndDie, created, doneAt };
}

test('done while all workers were down: its window counts from when AWS began with it, not from when somebody looked again', async () => {
  const { time, begin, grant, beginAndDie, created, doneAt } = setUp(8_000);
  await beginAndDie();
  await time.run(time.sleep(20 * MIN));
  await time.run(grant(begin()));
  expect(Math.abs(doneAt() - created().at)).toBeLessThan(1);
});

test('done while AWS did not answer: its window counts from when it was last seen at work, also in the process that watched', async () => {
  const { time, rough, begin, grant, created, doneAt } = setUp(MIN);
  const granting = grant(begin());
  await time.run(time.sleep(5_000));
  expect(created().dueAt).toBeGreaterThan(time.now());
  rough.lostBefore = 1;
  await time.run(time.sleep(10 * MIN));
  rough.lostBefore = 0;
  await time.run(granting);
  expect(doneAt() - created().at).toBeGreaterThan(2_000);
  expect(doneAt() - created().at).toBeLessThan(6_000);
});

test('watched to its end it counts from when it was seen to be done, however long AWS was at it', async () => {
  const { time, begin, grant, created, doneAt } = setUp(10 * MIN);
  await time.run(grant(begin()));
  const { at, dueAt } = created();
  expect(dueAt - at).toBeGreaterThan(MIN);
  expect(doneAt() - dueAt).toBeGreaterThanOrEqual(0);
  expect(doneAt() - dueAt).toBeLessThan(5_000);
});

test('seen by the next process a few seconds after the one that watched died, it counts from then', async () => {
  const { time, begin, grant, beginAndDie, created, doneAt } = setUp(8_000);
  await beginAndDie();
  await time.run(time.sleep(6_000));
  await time.run(grant(begin()));
  expect(doneAt()).toBeGreaterThanOrEqual(created().dueAt);
});
