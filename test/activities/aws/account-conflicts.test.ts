/** An AWS that takes one change at a time for a whole account, and not for account and permission set: what one waits for there. */
import { expect, test } from 'vitest';
import { instant } from '../../../contract/ids.js';
import { bigOrganization } from '../../../sim/identity-center/index.js';
import { quotaScene } from './quota.js';
import { calm, requestId, targetOf } from './rig.js';
import { virtualTime } from './time.js';

test('D2 four sets of one account, asked for and ended at the same moment, are all granted and all taken away', async () => {
  const time = virtualTime(11);
  const seed = bigOrganization({ accounts: 1, sets: 4, users: 4 });
  const scene = quotaScene(time, seed, { conflictScope: 'account', inProgressMs: [1_000, 3_000], listDelayMs: [0, 500] });
  const startBy = instant(time.now() + 600_000);
  const permit = async () => instant(time.now() + 10_000);
  const elevations = seed.users.map(({ id }, n) => ({
    requestId: requestId(),
    target: targetOf({
      instanceArn: seed.instanceArn,
      accountId: seed.accounts[1]?.id ?? '',
      permissionSetArn: seed.permissionSets[n]?.arn ?? '',
      principalId: id,
    }),
  }));
  const held = () =>
    scene.changes
      .all()
      .filter((one) => scene.changes.statusOf(one) === 'SUCCEEDED')
      .map(({ kind }) => kind);
  const again = async (work: () => Promise<unknown>): Promise<unknown> =>
    work().catch(async (error: unknown) => {
      // As Temporal tries a call anew: what AWS was too busy for is nothing that ends an elevation.
      expect(error).toMatchObject({ code: 'aws-unavailable', cause: { class: 'conflict' } });
      await time.sleep(1_000);
      return again(work);
    });
  const grant = async (each: (typeof elevations)[number]) =>
    scene.driver.grant({ ...each, maxMs: 60_000, startBy, sendBefore: await permit(), permit }, calm(), {});
  await time.run(Promise.all(elevations.map((each) => again(() => grant(each)))));
  expect(held()).toEqual(['create', 'create', 'create', 'create']);
  const ended = time.now();
  const revoke = ({ requestId: id, target }: (typeof elevations)[number]) =>
    scene.driver.revoke(id, target, calm(), { before: 'absent' });
  await time.run(Promise.all(elevations.map((each) => again(() => revoke(each)))));
  for (const { requestId: id, target } of elevations)
    expect(await time.run(scene.driver.observe(id, target, { before: 'absent' }))).toMatchObject({ access: 'absent' });
  expect(held().filter((kind) => kind === 'delete')).toHaveLength(4);
  // Four changes of at most three seconds each, one after the other, and what it takes to notice that one's turn has come.
  expect(time.now() - ended).toBeLessThan(30_000);
  scene.driver.close();
});
