/** A minute of load in virtual time: windows begin to end while others still wait for their grant. */
import { expect, test } from 'vitest';
import type { AwsTarget } from '../../../activities/targets/aws-permission-set/types.js';
import { isStintError } from '../../../contract/errors.js';
import { instant, msOf } from '../../../contract/ids.js';
import type { FarStep } from '../../../contract/ports.js';
import { bigOrganization } from '../../../sim/identity-center/index.js';
import { type QuotaScene, quotaScene } from './quota.js';
import { calm, requestId, targetOf } from './rig.js';
import { type VirtualTime, virtualTime } from './time.js';

const [EVERY_MS, COUNT, WINDOW_MS] = [300, 120, 25_000];
const SLOW = { inProgressMs: [3_000, 5_000], statusDelayMs: [0, 200], listDelayMs: [0, 500] } as const;

test('D5.29 while windows end and others wait for their grant AWS refuses nothing as too much, and each delete leaves at its deadline', async () => {
  const time = virtualTime(3);
  const seed = bigOrganization({ accounts: COUNT / 4, sets: 4, users: COUNT });
  const scene = quotaScene(time, seed, SLOW);
  const targets = seed.users.map(({ id }, n) =>
    targetOf({
      instanceArn: seed.instanceArn,
      accountId: seed.accounts[1 + Math.floor(n / 4)]?.id ?? '',
      permissionSetArn: seed.permissionSets[n % 4]?.arn ?? '',
      principalId: id,
    }),
  );
  const lags = await time.run(
    Promise.all(targets.map((target, n) => time.sleep(n * EVERY_MS).then(() => live(time, scene, target)))),
  );
  scene.driver.close();
  expect(scene.refused).toEqual([]);
  expect(scene.changes.outstandingMost()).toBe(15);
  expect(scene.limits.measured().ssoAdmin.maxPerSecond).toBeLessThanOrEqual(20);
  expect(Math.max(...lags)).toBeLessThan(2_000);
});

/** One elevation from its approval until it is gone. Answers how long after its deadline AWS had taken the delete, in ms. */
async function live(time: VirtualTime, { driver, marks, changes }: QuotaScene, target: AwsTarget): Promise<number> {
  const id = requestId();
  const startBy = instant(time.now() + 600_000);
  let step: FarStep | undefined;
  const said = (one: FarStep): void => {
    step = one;
  };
  const permit = async () => instant(time.now() + 10_000);
  const grant = async (): Promise<void> => {
    const order = { requestId: id, target, maxMs: WINDOW_MS, startBy, sendBefore: await permit(), permit };
    await driver.grant(order, calm(), { said, ...(step && { earlier: step }) }).catch(async (error: unknown) => {
      if (!isStintError(error) || time.now() > msOf(startBy)) throw error;
      await time.sleep(1_000);
      return grant();
    });
  };
  await grant();
  const deadline = (step?.doneAt ? msOf(step.doneAt) : time.now()) + WINDOW_MS;
  marks.ends.set(id, deadline);
  await time.sleep(deadline - time.now());
  await driver.revoke(id, target, calm(), { before: 'absent' });
  const taken = changes.all().find(({ kind, wanted }) => kind === 'delete' && wanted.principalId === target.principalId);
  return (taken?.createdAt ?? Number.NaN) - deadline;
}
