/** All of AWS for one process, from what a person types to the access and back, over one budget. */
import { expect, test } from 'vitest';
import { createAws } from '../../../activities/targets/aws-permission-set/aws.js';
import { bigOrganization, exampleOrganization, startIdentityCenter } from '../../../sim/identity-center/index.js';
import { memoryMarks } from './marks.js';
import { never, requestId, soon, targetOf } from './rig.js';

test('a pair that is searched for can be given to a person who is found by e-mail, and taken back', async () => {
  process.env.AWS_ACCESS_KEY_ID = 'AKIDEXAMPLE';
  process.env.AWS_SECRET_ACCESS_KEY = 'not-a-secret';
  const stand = await startIdentityCenter({ seed: exampleOrganization() });
  const aws = createAws({ settings: { region: 'us-east-1', endpoint: stand.url }, processes: 1, marks: memoryMarks() });
  try {
    const { search, instance } = await aws.catalogue.loaded();
    const [pair] = search.find('prod admin', 1);
    const user = await aws.identity.byEmail('grace@example.com');
    const target = targetOf({
      instanceArn: instance.arn,
      accountId: pair?.account.id ?? '',
      permissionSetArn: pair?.set.arn ?? '',
      principalId: user.id,
    });
    const id = requestId();
    await aws.driver.grant({ requestId: id, target, ...soon() }, never);
    expect(await aws.driver.listOurs()).toEqual([{ target: target.key, requestId: id }]);
    await aws.driver.revoke(id, target, never);
    expect(await aws.driver.observe(id, target)).toMatchObject({ access: 'absent' });
    expect(stand.truth.rates().ssoAdmin.throttled).toBe(0);
  } finally {
    aws.close();
    await stand.close();
  }
});

test('D5.29 the one worker among three processes has all changes that AWS takes at a time, not a third of them', async () => {
  process.env.AWS_ACCESS_KEY_ID = 'AKIDEXAMPLE';
  process.env.AWS_SECRET_ACCESS_KEY = 'not-a-secret';
  const seed = bigOrganization({ accounts: 13, sets: 1, users: 1 });
  const callsPerSecond = { ssoAdmin: 1000, identityStore: 1000, organizations: 1000 };
  const stand = await startIdentityCenter({ seed, settings: { inProgressMs: [20_000, 20_000], callsPerSecond } });
  const share = { processes: 3, workers: 1, perSecond: { sso: 600, users: 600, organizations: 600 } };
  const aws = createAws({ settings: { region: 'us-east-1', endpoint: stand.url }, ...share, marks: memoryMarks() });
  const over = new AbortController();
  try {
    const grants = seed.accounts.slice(1).map(({ id }) => {
      const ids = { accountId: id, permissionSetArn: seed.permissionSets[0]?.arn ?? '', principalId: seed.users[0]?.id ?? '' };
      const target = targetOf({ instanceArn: seed.instanceArn, ...ids });
      return aws.driver.grant({ requestId: requestId(), target, ...soon() }, over.signal);
    });
    const ends = Promise.allSettled(grants);
    // A third of the fifteen is kept for taking away.
    await expect.poll(() => stand.truth.outstandingMost(), { timeout: 8_000 }).toBe(10);
    over.abort(new Error('seen enough'));
    await ends;
  } finally {
    aws.close();
    await stand.close();
  }
}, 15_000);
