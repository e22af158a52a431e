/** The driver's calls through the unmodified AWS SDK: SSO Admin for assignments, Organizations for what accounts there are. */
import { ListAccountsCommand, OrganizationsClient } from '@aws-sdk/client-organizations';
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
  SSOAdminClient,
} from '@aws-sdk/client-sso-admin';
import type { Budget } from './budget.js';
import { type AssignmentCalls, allPages, type Brief, type How, type Operation, type OperationState } from './calls.js';
import { type AwsSettings, createSender, type Sender, sdkOptions } from './client.js';
import type { AwsTarget, Kind, Time } from './types.js';

/** Calls a second of Organizations; AWS names no figure, and throttles far below Identity Center. */
export const ORGANIZATION_CALLS_PER_SECOND = 5;

export interface Sdk {
  readonly sender: Sender;
  readonly sso: SSOAdminClient;
  readonly organizations: OrganizationsClient;
  /** Asks SSO Admin; `run` gets the client and the options of the call. */
  ask<T>(how: How, what: string, run: (client: SSOAdminClient, options: { abortSignal: AbortSignal }) => Promise<T>): Promise<T>;
  askOrganization<T>(
    how: How,
    what: string,
    run: (client: OrganizationsClient, options: { abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T>;
  close(): void;
}

export interface SdkDeps {
  readonly settings: AwsSettings;
  readonly time: Time;
  readonly budgets: { readonly sso: Budget; readonly organizations: Budget };
}

/** The clients of the SDK within their budgets. Makes no call by itself. */
export function createSdk({ settings, time, budgets }: SdkDeps): Sdk {
  const sender = createSender(time);
  const sso = new SSOAdminClient(sdkOptions(settings));
  const organizations = new OrganizationsClient(sdkOptions(settings));
  const last = { step: 'deserialize', priority: 'low', name: 'lastLook' } as const;
  sso.middlewareStack.add((next) => sender.lastLook(next), last);
  organizations.middlewareStack.add((next) => sender.lastLook(next), last);
  return {
    sender,
    sso,
    organizations,
    ask: (how, what, run) =>
      sender.send({
        how,
        what,
        budget: budgets.sso,
        prepare: () => ready(sso),
        run: (options) => run(sso, options),
      }),
    askOrganization: (how, what, run) =>
      sender.send({
        how,
        what,
        budget: budgets.organizations,
        prepare: () => ready(organizations),
        run: (options) => run(organizations, options),
      }),
    close: () => {
      sso.destroy();
      organizations.destroy();
    },
  };
}

/** Region and credentials, which the SDK may have to fetch, are there. */
export async function ready({
  config,
}: {
  readonly config: { readonly region: () => Promise<unknown>; readonly credentials: () => Promise<unknown> };
}): Promise<void> {
  await Promise.all([config.region(), config.credentials()]);
}

/** The driver's calls. */
export function createAssignmentCalls(sdk: Sdk): AssignmentCalls {
  return {
    skewMs: sdk.sender.skewMs,
    begin: (kind, target, how) => begin(sdk, kind, target, how),
    operation: (kind, instanceArn, id, how) => operation(sdk, kind, instanceArn, id, how),
    operations: (kind, instanceArn, state, how) => operations(sdk, kind, instanceArn, state, how),
    assigned: (target, how) => assigned(sdk, target, how),
    permissionSets: (InstanceArn, how) =>
      allPages('permission sets', async (NextToken) => {
        const page = await sdk.ask(how, 'the list of permission sets', (client, options) =>
          client.send(new ListPermissionSetsCommand({ InstanceArn, NextToken, MaxResults: 100 }), options),
        );
        return { items: page.PermissionSets, next: page.NextToken };
      }),
    accountIds: (how) =>
      allPages('accounts', async (NextToken) => {
        const page = await sdk.askOrganization(how, 'the list of accounts', (client, options) =>
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
  return sdk.ask(how, target.display, async (client, options) =>
    kind === 'create'
      ? operationOf((await client.send(new CreateAccountAssignmentCommand(input), options)).AccountAssignmentCreationStatus)
      : operationOf((await client.send(new DeleteAccountAssignmentCommand(input), options)).AccountAssignmentDeletionStatus),
  );
}

async function operation(sdk: Sdk, kind: Kind, InstanceArn: string, id: string, how: How): Promise<Operation> {
  return sdk.ask(how, 'the state of an assignment', async (client, options) => {
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
    return sdk.ask(how, 'the list of assignment states', async (client, options) => {
      if (kind === 'create') {
        const page = await client.send(new ListAccountAssignmentCreationStatusCommand(input), options);
        return { items: page.AccountAssignmentsCreationStatus?.map(briefOf), next: page.NextToken };
      }
      const page = await client.send(new ListAccountAssignmentDeletionStatusCommand(input), options);
      return { items: page.AccountAssignmentsDeletionStatus?.map(briefOf), next: page.NextToken };
    });
  });
}

function assigned(
  sdk: Sdk,
  { instanceArn, accountId, permissionSetArn }: Pick<AwsTarget, 'instanceArn' | 'accountId' | 'permissionSetArn'>,
  how: How,
): Promise<readonly string[]> {
  return allPages('assignments', async (NextToken) => {
    const input = {
      InstanceArn: instanceArn,
      AccountId: accountId,
      PermissionSetArn: permissionSetArn,
      NextToken,
      MaxResults: 100,
    };
    const page = await sdk.ask(how, `the assignments in account ${accountId}`, (client, options) =>
      client.send(new ListAccountAssignmentsCommand(input), options),
    );
    const users = page.AccountAssignments?.filter(({ PrincipalType }) => PrincipalType === 'USER');
    return { items: users?.flatMap(({ PrincipalId }) => PrincipalId ?? []), next: page.NextToken };
  });
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
