import { afterEach, expect, test } from 'vitest';
import { bigOrganization } from '../../../sim/identity-center/index.js';
import { calm, type Rig, requestId, soon, startRig, targetOf } from './rig.js';

let rig: Rig;
afterEach(() => rig.close());

test('D5.29 a crowd is granted and revoked without one throttled call or one write too many outstanding', async () => {
  const seed = bigOrganization({ accounts: 12, sets: 2, users: 24 });
  // A share a little below the quota: on a busy machine calls arrive closer than they left. `budget.test.ts` has the whole share.
  rig = await startRig({ seed, settings: { inProgressMs: [200, 600] }, perSecond: { sso: 17 } });
  const targets = seed.users.map(({ id }, n) =>
    targetOf({
      instanceArn: seed.instanceArn,
      accountId: seed.accounts[1 + (n % 12)]?.id ?? '',
      permissionSetArn: seed.permissionSets[n % 2]?.arn ?? '',
      principalId: id,
    }),
  );
  const ids = targets.map(() => requestId());
  const from = Date.now();
  await Promise.all(
    targets.map((target, n) => rig.driver.grant({ requestId: ids[n] ?? requestId(), target, ...soon(60_000) }, calm())),
  );
  const grantMs = Date.now() - from;
  expect(targets.every(rig.has)).toBe(true);
  await Promise.all(targets.map((target, n) => rig.driver.revoke(ids[n] ?? requestId(), target, calm())));
  expect(targets.some(rig.has)).toBe(false);
  const { ssoAdmin } = rig.aws.truth.rates();
  expect(ssoAdmin.throttled).toBe(0);
  expect(ssoAdmin.maxPerSecond).toBeLessThanOrEqual(20);
  expect(rig.aws.truth.outstandingMost()).toBeLessThanOrEqual(15);
  expect(rig.creates()).toBe(targets.length);
  // about five calls for each grant, at fourteen a second
  expect(grantMs).toBeLessThan(30_000);
});
