/** The calls about assignments through the unmodified AWS SDK, and what proves that a thing they name is no more. */
import { ListAccountsCommand } from '@aws-sdk/client-organizations';
import {
  type AccountAssignmentOperationStatus,
  CreateAccountAssignmentCommand,
  DeleteAccountAssignmentCommand,
  DescribeAccountAssignmentCreationStatusCommand,
  DescribeAccountAssignmentDeletionStatusCommand,
  ListAccountAssignmentCreationStatusCommand,
  ListAccountAssignmentDeletionStatusCommand,
  ListAccountAssignmentsCommand,
  ListPermissionSetsCommand,
  type PrincipalType,
} from '@aws-sdk/client-sso-admin';
import { type AssignmentCalls, allPages, type Brief, type How, type Operation, type OperationState } from './calls.js';
import type { Sdk } from './clients.js';
import { userGone } from './people.js';
import type { AwsTarget, Kind } from './types.js';

/** The driver's calls. */
export function createAssignmentCalls(sdk: Sdk, identityStoreId: () => Promise<string>): AssignmentCalls {
  return {
    skewMs: sdk.skewMs,
    begin: (kind, target, how) => begin(sdk, kind, target, how),
    operation: (kind, instanceArn, id, how) => operation(sdk, kind, instanceArn, id, how),
    operations: (kind, instanceArn, state, how) => operations(sdk, kind, instanceArn, state, how),
    assigned: async (target, how) => (await principals(sdk, target, how)).users,
    permissionSets: (InstanceArn, how) =>
      allPages('permission sets', async (NextToken) => {
        const page = await sdk.ask('sso', how, 'the list of permission sets', (client, options) =>
          client.send(new ListPermissionSetsCommand({ InstanceArn, NextToken, MaxResults: 100 }), options),
        );
        return { items: page.PermissionSets, next: page.NextToken };
      }),
    userGone: async (principalId, how) => userGone(sdk, await identityStoreId(), principalId, how),
    accountIds: (how) =>
      allPages('accounts', async (NextToken) => {
        const page = await sdk.ask('organizations', how, 'the list of accounts', (client, options) =>
          client.send(new ListAccountsCommand({ NextToken }), options),
        );
        return { items: page.Accounts?.flatMap(({ Id }) => Id ?? []), next: page.NextToken };
      }),
  };
}

async function begin(sdk: Sdk, kind: Kind, target: AwsTarget, how: How): Promise<Operation> {
  const input = {
    InstanceArn: target.instanceArn,
    PermissionSetArn: target.permissionSetArn,
    PrincipalId: target.principalId,
    PrincipalType: 'USER',
    TargetId: target.accountId,
    TargetType: 'AWS_ACCOUNT',
  } as const;
  return sdk.ask('sso', how, target.display, async (client, options) =>
    kind === 'create'
      ? operationOf((await client.send(new CreateAccountAssignmentCommand(input), options)).AccountAssignmentCreationStatus)
      : operationOf((await client.send(new DeleteAccountAssignmentCommand(input), options)).AccountAssignmentDeletionStatus),
  );
}

async function operation(sdk: Sdk, kind: Kind, InstanceArn: string, id: string, how: How): Promise<Operation> {
  return sdk.ask('sso', how, 'the state of an assignment', async (client, options) => {
    if (kind === 'create') {
      const input = { InstanceArn, AccountAssignmentCreationRequestId: id };
      const answer = await client.send(new DescribeAccountAssignmentCreationStatusCommand(input), options);
      return operationOf(answer.AccountAssignmentCreationStatus);
    }
    const input = { InstanceArn, AccountAssignmentDeletionRequestId: id };
    const answer = await client.send(new DescribeAccountAssignmentDeletionStatusCommand(input), options);
    return operationOf(answer.AccountAssignmentDeletionStatus);
  });
}

function operations(
  sdk: Sdk,
  kind: Kind,
  InstanceArn: string,
  state: OperationState | undefined,
  how: How,
): Promise<readonly Brief[]> {
  return allPages('assignment states', async (NextToken) => {
    const input = { InstanceArn, NextToken, MaxResults: 100, ...(state ? { Filter: { Status: state } } : {}) };
    return sdk.ask('sso', how, 'the list of assignment states', async (client, options) => {
      if (kind === 'create') {
        const page = await client.send(new ListAccountAssignmentCreationStatusCommand(input), options);
        return { items: page.AccountAssignmentsCreationStatus?.map(briefOf), next: page.NextToken };
      }
      const page = await client.send(new ListAccountAssignmentDeletionStatusCommand(input), options);
      return { items: page.AccountAssignmentsDeletionStatus?.map(briefOf), next: page.NextToken };
    });
  });
}

/** Ids of those to whom a permission set is assigned in an account. */
export interface Principals {
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

/** The whole list. Errors are those of `awsError`, or the signal's reason. */
export async function principals(
  sdk: Sdk,
  { instanceArn, accountId, permissionSetArn }: Pick<AwsTarget, 'instanceArn' | 'accountId' | 'permissionSetArn'>,
  how: How,
): Promise<Principals> {
  const all = await allPages('assignments', async (NextToken) => {
    const input = {
      InstanceArn: instanceArn,
      AccountId: accountId,
      PermissionSetArn: permissionSetArn,
      NextToken,
      MaxResults: 100,
    };
    const page = await sdk.ask('sso', how, `the assignments in account ${accountId}`, (client, options) =>
      client.send(new ListAccountAssignmentsCommand(input), options),
    );
    return { items: page.AccountAssignments, next: page.NextToken };
  });
  const idsOf = (type: PrincipalType): string[] =>
    all.flatMap(({ PrincipalType, PrincipalId }) => (PrincipalType === type && PrincipalId ? [PrincipalId] : []));
  return { users: idsOf('USER'), groups: idsOf('GROUP') };
}

const STATES: ReadonlySet<string> = new Set<OperationState>(['IN_PROGRESS', 'SUCCEEDED', 'FAILED']);

/** An answer in another form says nothing, and is never read as "not there". */
function briefOf({ RequestId, Status, CreatedDate }: AccountAssignmentOperationStatus): Brief {
  if (!RequestId || !Status || !STATES.has(Status)) throw new Error('AWS answered in an unexpected form');
  return { id: RequestId, state: Status, ...(CreatedDate ? { createdAt: CreatedDate.getTime() } : {}) };
}

function operationOf(status: AccountAssignmentOperationStatus | undefined): Operation {
  return {
    ...briefOf(status ?? {}),
    ...(status?.FailureReason ? { reason: status.FailureReason } : {}),
    ...(status?.TargetId ? { accountId: status.TargetId } : {}),
    ...(status?.PermissionSetArn ? { permissionSetArn: status.PermissionSetArn } : {}),
    ...(status?.PrincipalId ? { principalId: status.PrincipalId } : {}),
  };
}
