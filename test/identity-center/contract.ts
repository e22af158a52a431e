/**
 * What a driver of permission sets relies on, asked of whatever endpoint it is given: the stand-in, an emulator, or AWS
 * itself. It gives one person one set in one account and takes it back, and refuses to begin where the person has it.
 */
import { DescribeUserCommand } from '@aws-sdk/client-identitystore';
import { DescribeAccountCommand } from '@aws-sdk/client-organizations';
import {
  type AccountAssignmentOperationStatus,
  CreateAccountAssignmentCommand,
  DeleteAccountAssignmentCommand,
  DescribeAccountAssignmentCreationStatusCommand,
  DescribeAccountAssignmentDeletionStatusCommand,
  DescribePermissionSetCommand,
  ListAccountAssignmentCreationStatusCommand,
  ListAccountAssignmentsCommand,
  ListInstancesCommand,
  ListPermissionSetsCommand,
} from '@aws-sdk/client-sso-admin';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Clients } from './clients.js';

export interface ContractFixture {
  readonly clients: Clients;
  /** Taken away and given: an account, a set and a person that nothing else uses. */
  readonly accountId: string;
  readonly setArn: string;
  readonly userId: string;
  /** How long a change may take, and how often to look. */
  readonly deadlineMs: number;
  readonly pollMs: number;
  close(): Promise<void>;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const NOBODY = '00000000-0000-4000-8000-000000000000';

/** Registers the suite for one endpoint. */
export function describeContract(name: string, open: () => Promise<ContractFixture>): void {
  describe(`what the driver relies on, asked of ${name}`, { timeout: 600_000 }, () => {
    let fixture: ContractFixture;
    let desk: Desk;
    beforeAll(async () => {
      fixture = await open();
      desk = await createDesk(fixture);
      const standing = await desk.listed();
      // Taking away what stood before would be the very mistake that the product exists to avoid.
      if (standing > 0) throw new Error(`${fixture.userId} has this set in ${fixture.accountId} already: choose another`);
    });
    afterAll(async () => {
      if (desk && (await desk.listed()) > 0) await desk.finished(await desk.remove(), 'delete');
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
      const { Account } = await organizations.send(new DescribeAccountCommand({ AccountId: fixture.accountId }));
      expect(Account?.Status).toBe('ACTIVE');
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

type Kind = 'create' | 'delete';
type Status = AccountAssignmentOperationStatus;
type Desk = Awaited<ReturnType<typeof createDesk>>;

const failing = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'none',
    (error: Error) => error.name,
  );

/** Follows every token, through empty pages too. */
async function walk<T>(ask: (token: string | undefined) => Promise<{ items: T[]; next: string | undefined }>): Promise<T[]> {
  const found: T[] = [];
  let token: string | undefined;
  do {
    const { items, next } = await ask(token);
    found.push(...items);
    token = next;
  } while (token);
  return found;
}

async function createDesk({ clients, accountId, setArn, userId, deadlineMs, pollMs }: ContractFixture) {
  const { sso } = clients;
  const instances = await walk(async (NextToken) => {
    const { Instances: items = [], NextToken: next } = await sso.send(new ListInstancesCommand({ NextToken }));
    return { items, next };
  });
  // A set belongs to one instance: its ARN names it.
  const own = instances.find((one) => setArn.includes(`/${one.InstanceArn?.split('/').at(-1)}/`));
  if (!own?.InstanceArn || !own.IdentityStoreId) throw new Error(`no instance of this region has the set ${setArn}`);
  const { InstanceArn, IdentityStoreId } = own;
  const target = (PrincipalId: string) => ({
    InstanceArn,
    TargetId: accountId,
    TargetType: 'AWS_ACCOUNT' as const,
    PermissionSetArn: setArn,
    PrincipalType: 'USER' as const,
    PrincipalId,
  });
  const until = async <T>(what: string, look: () => Promise<T | undefined>): Promise<T> => {
    const end = Date.now() + deadlineMs;
    while (Date.now() < end) {
      const found = await look();
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
    throw new Error(`${what}: not within ${deadlineMs} ms`);
  };
  const describeChange = async (id: string | undefined, kind: Kind): Promise<Status> => {
    if (kind === 'create') {
      const command = new DescribeAccountAssignmentCreationStatusCommand({ InstanceArn, AccountAssignmentCreationRequestId: id });
      return (await sso.send(command)).AccountAssignmentCreationStatus ?? {};
    }
    const command = new DescribeAccountAssignmentDeletionStatusCommand({ InstanceArn, AccountAssignmentDeletionRequestId: id });
    return (await sso.send(command)).AccountAssignmentDeletionStatus ?? {};
  };
  const listed = async (): Promise<number> => {
    const found = await walk(async (NextToken) => {
      const command = new ListAccountAssignmentsCommand({
        InstanceArn,
        AccountId: accountId,
        PermissionSetArn: setArn,
        NextToken,
      });
      const { AccountAssignments: items = [], NextToken: next } = await sso.send(command);
      return { items, next };
    });
    return found.filter((one) => one.PrincipalId === userId).length;
  };
  const creations = () =>
    walk(async (NextToken) => {
      const command = new ListAccountAssignmentCreationStatusCommand({ InstanceArn, MaxResults: 100, NextToken });
      const { AccountAssignmentsCreationStatus: found = [], NextToken: next } = await sso.send(command);
      return { items: found.map((one) => one.RequestId), next };
    });
  return {
    instanceArn: InstanceArn,
    storeId: IdentityStoreId,
    listed,
    describe: describeChange,
    create: async (person = userId): Promise<Status> =>
      (await sso.send(new CreateAccountAssignmentCommand(target(person)))).AccountAssignmentCreationStatus ?? {},
    remove: async (): Promise<Status> =>
      (await sso.send(new DeleteAccountAssignmentCommand(target(userId)))).AccountAssignmentDeletionStatus ?? {},
    /** The final status of a change. */
    finished: (begun: Status, kind: Kind) =>
      until(`the end of ${kind} ${begun.RequestId}`, async () => {
        const now = await describeChange(begun.RequestId, kind);
        return now.Status === 'IN_PROGRESS' ? undefined : now;
      }),
    untilInCreations: (id: string | undefined) =>
      until(`${id} in the status list`, async () => ((await creations()).includes(id) ? true : undefined)),
    untilListed: (count: number) => until(`${count} in the list`, async () => ((await listed()) === count ? true : undefined)),
    /** As the driver does: a conflict is waited out. */
    patiently: (begin: () => Promise<Status>) =>
      until('a change without conflict', () =>
        begin().catch((error: Error) => {
          if (error.name === 'ConflictException') return undefined;
          throw error;
        }),
      ),
  };
}
