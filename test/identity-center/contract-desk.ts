/** What both halves of the contract do with their account, set and person: create, delete, follow, list, and clean up. */
import {
  type AccountAssignmentOperationStatus,
  CreateAccountAssignmentCommand,
  DeleteAccountAssignmentCommand,
  DescribeAccountAssignmentCreationStatusCommand,
  DescribeAccountAssignmentDeletionStatusCommand,
  ListAccountAssignmentCreationStatusCommand,
  ListAccountAssignmentsCommand,
  ListInstancesCommand,
} from '@aws-sdk/client-sso-admin';
import type { Clients } from './clients.js';
import type { ContractPlace } from './contract-place.js';

export interface ContractFixture extends ContractPlace {
  readonly clients: Clients;
  /** How long a change may take, and how often to look. */
  readonly deadlineMs: number;
  readonly pollMs: number;
  /** Where its quota is not AWS' own: calls a second that the driver may make. */
  readonly perSecond?: { readonly sso: number; readonly users: number; readonly organizations: number };
  close(): Promise<void>;
}

type Kind = 'create' | 'delete';
type Status = AccountAssignmentOperationStatus;
export type Desk = Awaited<ReturnType<typeof createDesk>>;

/** The name of the error that a call ends in, or `none`. */
export const failing = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'none',
    (error: Error) => error.name,
  );

/** Follows every token, through empty pages too. */
export async function walk<T>(
  ask: (token: string | undefined) => Promise<{ items: T[]; next: string | undefined }>,
): Promise<T[]> {
  const found: T[] = [];
  let token: string | undefined;
  do {
    const { items, next } = await ask(token);
    found.push(...items);
    token = next;
  } while (token);
  return found;
}

/**
 * A desk at which nothing stands before. Throws where the person has the set already: taking away what stood before would be
 * the very mistake that the product exists to avoid, so it is refused before anything could clean up.
 */
export async function openDesk(fixture: ContractFixture): Promise<Desk> {
  const desk = await createDesk(fixture);
  const { accountId, userId } = fixture;
  if ((await desk.listed()) > 0) throw new Error(`${userId} has this set in ${accountId} already: choose another`);
  return desk;
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
      const where = { InstanceArn, AccountId: accountId, PermissionSetArn: setArn, NextToken };
      const { AccountAssignments: items = [], NextToken: next } = await sso.send(new ListAccountAssignmentsCommand(where));
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
  const remove = async (): Promise<Status> =>
    (await sso.send(new DeleteAccountAssignmentCommand(target(userId)))).AccountAssignmentDeletionStatus ?? {};
  /** The final status of a change. */
  const finished = (begun: Status, kind: Kind) =>
    until(`the end of ${kind} ${begun.RequestId}`, async () => {
      const now = await describeChange(begun.RequestId, kind);
      return now.Status === 'IN_PROGRESS' ? undefined : now;
    });
  /** As the driver does: a conflict is waited out. */
  const patiently = (begin: () => Promise<Status>) =>
    until('a change without conflict', () =>
      begin().catch((error: Error) => {
        if (error.name === 'ConflictException') return undefined;
        throw error;
      }),
    );
  const untilListed = (count: number) =>
    until(`${count} in the list`, async () => ((await listed()) === count ? true : undefined));
  return {
    instanceArn: InstanceArn,
    storeId: IdentityStoreId,
    listed,
    describe: describeChange,
    creations,
    create: async (person = userId): Promise<Status> =>
      (await sso.send(new CreateAccountAssignmentCommand(target(person)))).AccountAssignmentCreationStatus ?? {},
    remove,
    finished,
    patiently,
    untilInCreations: (id: string | undefined) =>
      until(`${id} in the status list`, async () => ((await creations()).includes(id) ? true : undefined)),
    untilListed,
    /** Takes away whatever a test left, also what is still on its way: AWS refuses a delete until that has ended. */
    async clean() {
      const begun = await patiently(remove).catch((error: Error) => {
        if (error.name !== 'ResourceNotFoundException') throw error;
      });
      if (begun) await finished(begun, 'delete');
      await untilListed(0);
    },
  };
}
