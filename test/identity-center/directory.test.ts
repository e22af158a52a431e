/** People, groups and accounts, and the access that other hands give and take. */
import {
  DescribeGroupCommand,
  DescribeUserCommand,
  GetUserIdCommand,
  ListGroupMembershipsForMemberCommand,
  ListGroupsCommand,
  ListUsersCommand,
} from '@aws-sdk/client-identitystore';
import {
  DescribeAccountCommand,
  DescribeOrganizationCommand,
  ListAccountsCommand,
  ListAccountsForParentCommand,
  ListDelegatedAdministratorsCommand,
  ListOrganizationalUnitsForParentCommand,
  ListParentsCommand,
  ListRootsCommand,
  ListTagsForResourceCommand,
} from '@aws-sdk/client-organizations';
import {
  DescribePermissionSetCommand,
  ListAccountAssignmentsForPrincipalCommand,
  ListAccountsForProvisionedPermissionSetCommand,
  ListInstancesCommand,
  ListPermissionSetsProvisionedToAccountCommand,
} from '@aws-sdk/client-sso-admin';
import { describe, expect, it } from 'vitest';
import { EXAMPLE } from '../../sim/identity-center/index.js';
import { errorName } from './clients.js';
import { ADA, rigOf, START } from './rig.js';

const IdentityStoreId = 'd-906763b9a1';

describe('the directory', () => {
  it('filters people by user name, and gives everybody where it ignores filters', async () => {
    const rig = await rigOf();
    const Filters = [{ AttributePath: 'UserName', AttributeValue: 'ada' }];
    const ask = () => rig.store.send(new ListUsersCommand({ IdentityStoreId, Filters }));
    expect((await ask()).Users?.map((one) => one.UserId)).toEqual([EXAMPLE.ada]);
    rig.aws.settings.ignoreFilters = true;
    expect((await ask()).Users).toHaveLength(4);
    rig.aws.settings.ignoreFilters = false;
    const byMail = [{ AttributePath: 'Emails.Value', AttributeValue: 'ada@example.com' }];
    expect(await errorName(rig.store.send(new ListUsersCommand({ IdentityStoreId, Filters: byMail })))).toBe(
      'ValidationException',
    );
  });

  it('has two people of one address and names one of them without a word', async () => {
    const rig = await rigOf();
    const { Users = [] } = await rig.store.send(new ListUsersCommand({ IdentityStoreId }));
    const same = Users.filter((one) => one.Emails?.[0]?.Value?.toLowerCase() === 'ada@example.com');
    expect(same.map((one) => one.UserId).sort()).toEqual([EXAMPLE.ada, EXAMPLE.twin].sort());
    const AlternateIdentifier = { UniqueAttribute: { AttributePath: 'emails.value', AttributeValue: 'ada@example.com' } };
    const { UserId } = await rig.store.send(new GetUserIdCommand({ IdentityStoreId, AlternateIdentifier }));
    expect(UserId).toBe(EXAMPLE.ada);
  });

  it('says what it misses', async () => {
    const rig = await rigOf();
    rig.aws.sync.deleteUser(EXAMPLE.linus, 'with-assignments');
    const gone = rig.store.send(new DescribeUserCommand({ IdentityStoreId, UserId: EXAMPLE.linus }));
    await expect(gone).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      ResourceType: 'USER',
      ResourceId: EXAMPLE.linus,
    });
    const elsewhere = rig.store.send(new ListUsersCommand({ IdentityStoreId: 'd-0000000000' }));
    await expect(elsewhere).rejects.toMatchObject({ name: 'ResourceNotFoundException', ResourceType: 'IDENTITY_STORE' });
  });

  it('knows groups and who is in them', async () => {
    const rig = await rigOf();
    const { Groups } = await rig.store.send(new ListGroupsCommand({ IdentityStoreId }));
    expect(Groups?.map((one) => one.DisplayName)).toEqual(['operators']);
    const command = new ListGroupMembershipsForMemberCommand({ IdentityStoreId, MemberId: { UserId: EXAMPLE.linus } });
    expect((await rig.store.send(command)).GroupMemberships?.map((one) => one.GroupId)).toEqual([EXAMPLE.operators]);
    const group = await rig.store.send(new DescribeGroupCommand({ IdentityStoreId, GroupId: EXAMPLE.operators }));
    expect(group.DisplayName).toBe('operators');
  });
});

describe('the organisation', () => {
  it('can be walked from its root to every account, with tags and states', async () => {
    const rig = await rigOf();
    const { organizations } = rig;
    const { Roots } = await organizations.send(new ListRootsCommand({}));
    const root = Roots?.[0]?.Id;
    const units = await organizations.send(new ListOrganizationalUnitsForParentCommand({ ParentId: root }));
    expect(units.OrganizationalUnits?.map((one) => one.Name).sort()).toEqual(['Labs', 'Production']);
    const walked: (string | undefined)[] = [];
    for (const ParentId of [root, ...(units.OrganizationalUnits ?? []).map((one) => one.Id)]) {
      const { Accounts = [] } = await organizations.send(new ListAccountsForParentCommand({ ParentId }));
      walked.push(...Accounts.map((one) => one.Id));
    }
    const { Accounts: all = [] } = await organizations.send(new ListAccountsCommand({}));
    expect(walked.sort()).toEqual(all.map((one) => one.Id).sort());
    expect(all.filter((one) => one.State !== 'ACTIVE').map((one) => one.Id)).toEqual([EXAMPLE.suspended]);
    const { Parents } = await organizations.send(new ListParentsCommand({ ChildId: EXAMPLE.production }));
    expect(Parents).toEqual([{ Id: 'ou-ab12-prod1111', Type: 'ORGANIZATIONAL_UNIT' }]);
    const { Tags } = await organizations.send(new ListTagsForResourceCommand({ ResourceId: EXAMPLE.production }));
    expect(Tags).toEqual(expect.arrayContaining([{ Key: 'tier', Value: '0' }]));
  });

  it('names its management account and its administrator of Identity Center', async () => {
    const rig = await rigOf();
    const { Organization } = await rig.organizations.send(new DescribeOrganizationCommand({}));
    expect(Organization?.MasterAccountId).toBe(EXAMPLE.management);
    const command = new ListDelegatedAdministratorsCommand({ ServicePrincipal: 'sso.amazonaws.com' });
    const { DelegatedAdministrators } = await rig.organizations.send(command);
    expect(DelegatedAdministrators?.map((one) => one.Id)).toEqual([EXAMPLE.delegated]);
    const unknown = rig.organizations.send(new DescribeAccountCommand({ AccountId: '999999999999' }));
    expect(await errorName(unknown)).toBe('AccountNotFoundException');
  });

  it('may have a second instance, of one account alone, listed first', async () => {
    const rig = await rigOf({ accountInstance: true });
    const { Instances = [] } = await rig.sso.send(new ListInstancesCommand({}));
    expect(Instances.map((one) => one.InstanceArn === rig.instanceArn)).toEqual([false, true]);
  });
});

describe('access by other hands', () => {
  it('stands from the start, directly and through groups', async () => {
    const rig = await rigOf();
    const forever = [{ from: 0, to: Number.POSITIVE_INFINITY }];
    const { truth } = rig.aws;
    expect(truth.intervals({ accountId: EXAMPLE.production, setArn: EXAMPLE.readOnly, userId: EXAMPLE.linus })).toEqual(forever);
    expect(truth.intervals({ accountId: EXAMPLE.sandbox, setArn: EXAMPLE.readOnly, userId: EXAMPLE.grace })).toEqual(forever);
    const principal = { InstanceArn: rig.instanceArn, PrincipalId: EXAMPLE.linus, PrincipalType: 'USER' as const };
    const { AccountAssignments } = await rig.sso.send(new ListAccountAssignmentsForPrincipalCommand(principal));
    expect(AccountAssignments?.map((one) => one.PrincipalType)).toEqual(['GROUP']);
  });

  it('makes one interval of what overlaps, and ends only when every way is gone', async () => {
    const rig = await rigOf();
    const key = { accountId: EXAMPLE.production, setArn: EXAMPLE.readOnly, userId: EXAMPLE.ada };
    rig.aws.sync.setMember(EXAMPLE.operators, EXAMPLE.ada, true);
    await rig.create(key);
    rig.pass(2000);
    rig.aws.sync.setMember(EXAMPLE.operators, EXAMPLE.ada, false);
    rig.pass(1000);
    await rig.remove(key);
    rig.pass(5000);
    expect(rig.aws.truth.intervals(key)).toEqual([{ from: START, to: START + 4000 }]);
  });

  it('comes and goes with a sync, which is named as the cause', async () => {
    const rig = await rigOf();
    const wanted = { accountId: ADA.accountId, setArn: ADA.setArn, principalType: 'USER', principalId: ADA.userId } as const;
    await rig.create();
    rig.pass(1500);
    rig.aws.sync.remove(wanted);
    rig.pass(1500);
    rig.aws.sync.add(wanted);
    const spans = rig.aws.truth.access().filter((one) => one.userId === EXAMPLE.ada);
    expect(spans.map(({ from, to, cause, endedBy }) => [from - START, (to ?? START) - START, cause.by, endedBy?.by])).toEqual([
      [1000, 1500, 'call', 'sync'],
      [3000, 0, 'sync', undefined],
    ]);
  });

  it('goes with the role when the last assignment of a set in an account does', async () => {
    const rig = await rigOf();
    const sets = new ListPermissionSetsProvisionedToAccountCommand({ InstanceArn: rig.instanceArn, AccountId: ADA.accountId });
    const accounts = new ListAccountsForProvisionedPermissionSetCommand({
      InstanceArn: rig.instanceArn,
      PermissionSetArn: EXAMPLE.admin,
    });
    expect((await rig.sso.send(sets)).PermissionSets).toEqual([EXAMPLE.readOnly]);
    await rig.create();
    rig.pass(1000);
    expect((await rig.sso.send(sets)).PermissionSets).toEqual([EXAMPLE.admin, EXAMPLE.readOnly]);
    expect((await rig.sso.send(accounts)).AccountIds).toEqual([EXAMPLE.production]);
    await rig.remove();
    rig.pass(1000);
    expect((await rig.sso.send(accounts)).AccountIds).toEqual([]);
    const set = { InstanceArn: rig.instanceArn, PermissionSetArn: EXAMPLE.readOnly };
    const { PermissionSet } = await rig.sso.send(new DescribePermissionSetCommand(set));
    expect(PermissionSet).toMatchObject({ Name: 'ReadOnly', SessionDuration: 'PT8H' });
  });
});

describe('the control paths', () => {
  const call = (url: string, path: string, body?: unknown) =>
    fetch(`${url}/sim/${path}`, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) });

  it('serve another process: faults, settings, the other writer, and the truth', async () => {
    const rig = await rigOf();
    const wanted = { accountId: ADA.accountId, setArn: ADA.setArn, principalType: 'USER', principalId: ADA.userId };
    expect((await call(rig.aws.url, 'sync/add', wanted)).status).toBe(200);
    expect(rig.aws.truth.hasAccess(ADA)).toBe(true);
    expect((await call(rig.aws.url, 'fault', { kind: 'throttle', times: 1 })).status).toBe(200);
    expect(await errorName(rig.listed())).toBe('ThrottlingException');
    expect((await call(rig.aws.url, 'settings', { roleQuota: 5 })).status).toBe(200);
    const truth = (await (await call(rig.aws.url, 'truth')).json()) as { access: unknown[]; settings: { roleQuota: number } };
    expect(truth.settings.roleQuota).toBe(5);
    expect(truth.access).toHaveLength(4);
  });

  it('refuse what they do not understand', async () => {
    const rig = await rigOf();
    const refused = [
      await call(rig.aws.url, 'fault', { kind: 'flood' }),
      await call(rig.aws.url, 'settings', { roleQuota: 'many' }),
      await call(rig.aws.url, 'settings', { noSuchSetting: 1 }),
      await call(rig.aws.url, 'sync/add', { accountId: '1' }),
    ];
    expect(refused.map((one) => one.status)).toEqual([400, 400, 400, 400]);
    expect((await call(rig.aws.url, 'constructor')).status).toBe(404);
  });
});
