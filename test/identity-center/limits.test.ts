/** Quotas: calls a second of each service, and changes in progress. */
import { ListUsersCommand } from '@aws-sdk/client-identitystore';
import { DescribeOrganizationCommand } from '@aws-sdk/client-organizations';
import { ListInstancesCommand } from '@aws-sdk/client-sso-admin';
import { describe, expect, it } from 'vitest';
import { bigOrganization, startIdentityCenter } from '../../sim/identity-center/index.js';
import { clientsOf, errorName } from './clients.js';
import { rigOf } from './rig.js';

const times = <T>(count: number, act: (n: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => act(n)));

describe('the quotas', () => {
  it('let twenty calls a second through, of all operations together, and throttle what is more', async () => {
    const rig = await rigOf();
    const list = () => errorName(rig.sso.send(new ListInstancesCommand({})));
    const described = await times(10, () => errorName(rig.listed()));
    const answers = [...described, ...(await times(15, list))];
    expect(answers.filter((one) => one === 'none')).toHaveLength(20);
    expect(answers.filter((one) => one === 'ThrottlingException')).toHaveLength(5);
    rig.pass(100);
    expect(await times(3, list)).toEqual(expect.arrayContaining(['none', 'none', 'ThrottlingException']));
    expect(rig.aws.truth.rates().ssoAdmin).toEqual({ calls: 28, throttled: 6, maxPerSecond: 28 });
  });

  it('are separate for each service, and Organizations names its own error', async () => {
    const rig = await rigOf({ callsPerSecond: { ssoAdmin: 0, identityStore: 1, organizations: 0 } });
    const users = () => rig.store.send(new ListUsersCommand({ IdentityStoreId: 'd-906763b9a1' }));
    expect(await errorName(rig.listed())).toBe('ThrottlingException');
    expect(await errorName(users())).toBe('none');
    expect(await errorName(users())).toBe('ThrottlingException');
    expect(await errorName(rig.organizations.send(new DescribeOrganizationCommand({})))).toBe('TooManyRequestsException');
  });

  it('count the calls of the last second only', async () => {
    const rig = await rigOf();
    await times(8, () => rig.listed());
    rig.pass(1000);
    await times(8, () => rig.listed());
    expect(rig.aws.truth.rates().ssoAdmin.maxPerSecond).toBe(8);
  });

  it('let fifteen changes be in progress and throttle the sixteenth, without beginning it', async () => {
    const rig = await rigOf({ conflictScope: 'none' });
    const answers = await times(16, () => errorName(rig.create()));
    expect(answers.filter((one) => one === 'ThrottlingException')).toHaveLength(1);
    expect(rig.aws.truth.changes()).toHaveLength(15);
    expect(rig.aws.truth.outstandingMost()).toBe(15);
    rig.pass(1000);
    expect(await errorName(rig.create())).toBe('none');
  });

  it('are survived by the SDK itself when it may try again', async () => {
    const seed = bigOrganization({ accounts: 3, sets: 2, users: 2 });
    const settings = { callsPerSecond: { ssoAdmin: 5, identityStore: 5, organizations: 5 } };
    const aws = await startIdentityCenter({ seed, settings });
    const clients = clientsOf(aws.url, { maxAttempts: 10 });
    const found = await times(8, () => clients.sso.send(new ListInstancesCommand({})));
    expect(found.map(({ Instances }) => Instances?.[0]?.InstanceArn)).toEqual(Array(8).fill(seed.instanceArn));
    expect(aws.truth.rates().ssoAdmin.throttled).toBeGreaterThan(0);
    clients.destroy();
    await aws.close();
  });
});
