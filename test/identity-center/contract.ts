/**
 * The first half of the contract: what a driver of permission sets relies on, asked with the SDK alone of whatever endpoint
 * it is given: the stand-in, an emulator, or AWS itself. It gives one person one set in one account and takes it back.
 */
import { DescribeGroupCommand, DescribeUserCommand, IsMemberInGroupsCommand } from '@aws-sdk/client-identitystore';
import { ListAccountsCommand } from '@aws-sdk/client-organizations';
import { DescribePermissionSetCommand, ListPermissionSetsCommand } from '@aws-sdk/client-sso-admin';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ContractFixture, type Desk, failing, openDesk, walk } from './contract-desk.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const NOBODY = '00000000-0000-4000-8000-000000000000';

/** Registers the suite for one endpoint. */
export function describeContract(name: string, open: () => Promise<ContractFixture>): void {
  describe(`what the driver relies on, asked of ${name}`, { timeout: 600_000 }, () => {
    let fixture: ContractFixture;
    let desk: Desk;
    beforeAll(async () => {
      fixture = await open();
      desk = await openDesk(fixture);
    });
    afterAll(async () => {
      await desk?.clean();
      await fixture?.close();
    });

    it('knows the person, the set with its session length, and the account', async () => {
      const { sso, store, organizations } = fixture.clients;
      const UserId = fixture.userId;
      const person = await store.send(new DescribeUserCommand({ IdentityStoreId: desk.storeId, UserId }));
      expect(person.UserId).toBe(UserId);
      const set = { InstanceArn: desk.instanceArn, PermissionSetArn: fixture.setArn };
      const { PermissionSet } = await sso.send(new DescribePermissionSetCommand(set));
      expect(PermissionSet?.SessionDuration).toMatch(/^PT\d+[HMS]/);
      const accounts = await walk(async (NextToken) => {
        const { Accounts: items = [], NextToken: next } = await organizations.send(new ListAccountsCommand({ NextToken }));
        return { items, next };
      });
      // Only what the role of docs/aws.md may ask, and `State` before `Status`, which AWS retires.
      const account = accounts.find(({ Id }) => Id === fixture.accountId);
      expect(account?.State ?? account?.Status).toBe('ACTIVE');
    });

    it('gives the same sets in pages of one as in pages of a hundred', async () => {
      const all = async (MaxResults: number) => {
        const found = await walk(async (NextToken) => {
          const command = new ListPermissionSetsCommand({ InstanceArn: desk.instanceArn, MaxResults, NextToken });
          const { PermissionSets: items = [], NextToken: next } = await fixture.clients.sso.send(command);
          expect(items.length).toBeLessThanOrEqual(MaxResults);
          return { items, next };
        });
        return found.sort();
      };
      const hundred = await all(100);
      expect(hundred).toContain(fixture.setArn);
      if (hundred.length <= 30) expect(await all(1)).toEqual(hundred);
    });

    it('ends the delete of what is not there as failed or not found, never as done', async () => {
      const answer = await desk.remove().then(
        async (begun) => (await desk.finished(begun, 'delete')).Status,
        (error: Error) => error.name,
      );
      expect(['FAILED', 'ResourceNotFoundException']).toContain(answer);
    });

    it('ends the create for an unknown person as failed or refused, never as done', async () => {
      const answer = await desk.create(NOBODY).then(
        async (begun) => (await desk.finished(begun, 'create')).Status,
        (error: Error) => error.name,
      );
      expect(['FAILED', 'ResourceNotFoundException', 'ValidationException']).toContain(answer);
    });

    it('never calls the person a member of a group that there is not, and knows no name of it', async () => {
      const { store } = fixture.clients;
      const input = { IdentityStoreId: desk.storeId, MemberId: { UserId: fixture.userId }, GroupIds: [NOBODY] };
      const answer = await store.send(new IsMemberInGroupsCommand(input)).then(
        ({ Results }) => Results?.filter((one) => one.MembershipExists).length,
        (error: Error) => error.name,
      );
      expect([0, 'ResourceNotFoundException']).toContain(answer);
      const group = new DescribeGroupCommand({ IdentityStoreId: desk.storeId, GroupId: NOBODY });
      expect(await failing(store.send(group))).toBe('ResourceNotFoundException');
    });

    it('gives at once an id that can be followed to success, found in the status list, and proved by listing', async () => {
      const begun = await desk.create();
      expect(begun.RequestId).toMatch(UUID);
      const again = await desk.create().then(
        () => 'none',
        (error: Error) => error.name,
      );
      expect(['none', 'ConflictException']).toContain(again);
      const wanted = { TargetId: fixture.accountId, PermissionSetArn: fixture.setArn, PrincipalId: fixture.userId };
      expect(await desk.describe(begun.RequestId, 'create')).toMatchObject(wanted);
      await desk.untilInCreations(begun.RequestId);
      expect((await desk.finished(begun, 'create')).Status).toBe('SUCCEEDED');
      await desk.untilListed(1);
      expect(await failing(desk.describe(begun.RequestId, 'delete'))).toBe('ResourceNotFoundException');
    });

    it('takes the create of what is there, and lists the person once', async () => {
      const status = await desk.patiently(() => desk.create());
      expect((await desk.finished(status, 'create')).Status).toBe('SUCCEEDED');
      expect(await desk.listed()).toBe(1);
    });

    it('deletes, and proves it by listing', async () => {
      const begun = await desk.patiently(() => desk.remove());
      expect(begun.RequestId).toMatch(UUID);
      expect((await desk.finished(begun, 'delete')).Status).toBe('SUCCEEDED');
      await desk.untilListed(0);
    });

    it('tells an unknown id from a malformed one, and both from success', async () => {
      expect(await failing(desk.describe(NOBODY, 'create'))).toBe('ResourceNotFoundException');
      expect(await failing(desk.describe('not-an-id', 'create'))).toBe('ValidationException');
    });
  });
}
