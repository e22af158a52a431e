/** Lists: pages as AWS may cut them, and lists that lag behind what is true. */
import { paginateListUsers } from '@aws-sdk/client-identitystore';
import { paginateListAccounts } from '@aws-sdk/client-organizations';
import {
  ListPermissionSetsCommand,
  ListPermissionSetsProvisionedToAccountCommand,
  paginateListPermissionSets,
} from '@aws-sdk/client-sso-admin';
import { describe, expect, it } from 'vitest';
import { bigOrganization, EXAMPLE, HARSH, seeded, startIdentityCenter } from '../../sim/identity-center/index.js';
import { clientsOf, errorName } from './clients.js';
import { ADA, rigOf } from './rig.js';

describe('pages', () => {
  it('may be short or empty, and following the token to the end finds everything once', async () => {
    const seed = bigOrganization({ accounts: 60, sets: 30, users: 40 });
    const free = Number.POSITIVE_INFINITY;
    const settings = { ...HARSH, callsPerSecond: { ssoAdmin: free, identityStore: free, organizations: free } };
    const aws = await startIdentityCenter({ seed, settings, random: seeded(7) });
    const clients = clientsOf(aws.url);
    const sets: string[][] = [];
    for await (const page of paginateListPermissionSets({ client: clients.sso }, { InstanceArn: seed.instanceArn })) {
      sets.push(page.PermissionSets ?? []);
    }
    const users: unknown[] = [];
    const store = { IdentityStoreId: seed.identityStoreId };
    for await (const page of paginateListUsers({ client: clients.store }, store)) users.push(...(page.Users ?? []));
    const accounts: unknown[] = [];
    for await (const page of paginateListAccounts({ client: clients.organizations }, {})) accounts.push(...(page.Accounts ?? []));
    expect(sets.flat().sort()).toEqual(seed.permissionSets.map((set) => set.arn).sort());
    expect(sets.length).toBeGreaterThan(1);
    expect(users).toHaveLength(40);
    expect(accounts).toHaveLength(61);
    const pages = aws.truth.calls('ListAccounts').length;
    expect(pages).toBeGreaterThan(61 / 20);
    clients.destroy();
    await aws.close();
  });

  it('are empty with a token at the start when the chance says so, and never twice running', async () => {
    const rig = await rigOf({ emptyPages: 1 });
    const ask = (NextToken?: string) => rig.sso.send(new ListPermissionSetsCommand({ InstanceArn: rig.instanceArn, NextToken }));
    const first = await ask();
    expect(first.PermissionSets).toEqual([]);
    const second = await ask(first.NextToken);
    expect(second.PermissionSets).toHaveLength(3);
    const last = await ask(second.NextToken);
    expect(last).toMatchObject({ PermissionSets: [] });
    expect(last.NextToken).toBeUndefined();
  });

  it('refuse a token of another question', async () => {
    const rig = await rigOf({ pageMax: 1 });
    const list = new ListPermissionSetsCommand({ InstanceArn: rig.instanceArn });
    const { NextToken } = await rig.sso.send(list);
    expect(NextToken).toBeDefined();
    const ask = (token: string | undefined) => {
      const input = { InstanceArn: rig.instanceArn, AccountId: EXAMPLE.sandbox, NextToken: token };
      return errorName(rig.sso.send(new ListPermissionSetsProvisionedToAccountCommand(input)));
    };
    expect(await ask(NextToken)).toBe('ValidationException');
    expect(await ask('bm90aGluZw')).toBe('ValidationException');
    expect(await ask(undefined)).toBe('none');
  });
});

describe('lists of assignments', () => {
  it('lag behind the status, both when access begins and when it ends', async () => {
    const rig = await rigOf({ listDelayMs: [3000, 3000] });
    const { RequestId } = await rig.create();
    rig.pass(1000);
    expect((await rig.creation(RequestId)).Status).toBe('SUCCEEDED');
    expect(await rig.listed()).toEqual([]);
    expect(rig.aws.truth.hasAccess(ADA)).toBe(true);
    rig.pass(3000);
    expect(await rig.listed()).toEqual([EXAMPLE.ada]);
    const removed = await rig.remove();
    rig.pass(1000);
    expect((await rig.deletion(removed.RequestId)).Status).toBe('SUCCEEDED');
    expect(await rig.listed()).toEqual([EXAMPLE.ada]);
    expect(rig.aws.truth.hasAccess(ADA)).toBe(false);
    rig.pass(3000);
    expect(await rig.listed()).toEqual([]);
  });

  it('may know it before the status does', async () => {
    const rig = await rigOf({ statusDelayMs: [3000, 3000] });
    const { RequestId } = await rig.create();
    rig.pass(1000);
    expect((await rig.creation(RequestId)).Status).toBe('IN_PROGRESS');
    expect(await rig.listed()).toEqual([EXAMPLE.ada]);
    rig.pass(3000);
    expect((await rig.creation(RequestId)).Status).toBe('SUCCEEDED');
  });

  it('name a person once when removed and added again while the lists lag', async () => {
    const rig = await rigOf({ listDelayMs: [5000, 5000] });
    const wanted = { accountId: ADA.accountId, setArn: ADA.setArn, principalType: 'USER', principalId: ADA.userId } as const;
    await rig.create();
    rig.pass(7000);
    await rig.remove();
    rig.pass(1000);
    rig.aws.sync.add(wanted);
    expect(await rig.listed()).toEqual([EXAMPLE.ada]);
    rig.pass(10_000);
    expect(await rig.listed()).toEqual([EXAMPLE.ada]);
  });
});
