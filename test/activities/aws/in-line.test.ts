/** Grants that wait for others: who has waited too long leaves the line, costs AWS nothing, and comes back soon. */
import { afterEach, expect, test } from 'vitest';
import { guarded } from '../../../activities/failure.js';
import { createGrantDuties } from '../../../activities/target.js';
import { StintError } from '../../../contract/errors.js';
import { EXAMPLE } from '../../../sim/identity-center/index.js';
import { at, targetBench } from '../bench.js';
import { calm, type Rig, requestId, soon, startRig, targetOf } from './rig.js';

/** A busy computer may take seconds for the first call of a process. */
const PATIENT = { timeout: 10_000 };

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

test('a grant whose time is over while another one is at it gives up its place there and then', async () => {
  rig = await startRig({ settings: { inProgressMs: [3_000, 3_000] } });
  const { driver, aws, creates } = rig;
  const order = (principalId: string) => ({ requestId: requestId(), target: targetOf({ principalId }) });
  const first = driver.grant({ ...order(EXAMPLE.ada), ...soon() }, calm());
  await expect.poll(() => aws.truth.calls('ListAccountAssignments').length, PATIENT).toBeGreaterThan(0);
  const late = { ...order(EXAMPLE.grace), ...soon(500) };
  const from = performance.now();
  await expect(driver.grant(late, calm())).rejects.toMatchObject({ code: 'too-late' });
  expect(performance.now() - from).toBeLessThan(2_000);
  // Whoever waits longer has the place, not behind one that could only be refused.
  await Promise.all([first, driver.grant({ ...order(EXAMPLE.grace), ...soon(9_000) }, calm())]);
  expect(creates()).toBe(2);
});

test('whoever gives a grant up while it waits hears the reason, and not that it was too late', async () => {
  rig = await startRig({ settings: { inProgressMs: [3_000, 3_000] } });
  const { driver, creates } = rig;
  void driver.grant({ requestId: requestId(), target: targetOf(), ...soon() }, calm()).catch(() => undefined);
  await expect.poll(creates, PATIENT).toBe(1);
  const stop = new AbortController();
  const waiting = driver.grant(
    { requestId: requestId(), target: targetOf({ principalId: EXAMPLE.grace }), ...soon() },
    stop.signal,
  );
  stop.abort(new Error('given up'));
  await expect(waiting).rejects.toThrow('given up');
});

test('a grant that AWS was too slow for is tried again a second later, however often it was', async () => {
  const bench = targetBench();
  const request = { ...bench.request, target: targetOf() };
  bench.fence.hold(request);
  const slow = Object.assign(bench.driver, {
    grant: async () => Promise.reject(new StintError('too-late')),
  });
  const duties = guarded(createGrantDuties({ ...bench.deps, driverOf: () => slow }));
  await expect(duties.grant({ request, maxMs: 1, startBy: at(60_000) })).rejects.toMatchObject({
    type: 'aws-unavailable',
    nonRetryable: false,
    nextRetryDelay: 1_000,
  });
});
