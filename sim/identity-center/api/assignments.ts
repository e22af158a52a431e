/** sso-admin: creating, deleting and listing assignments, and the statuses of what was asked. Source: the API reference. */
import type { Change, ChangeKind } from '../changes.js';
import { type Input, optional, required, structure } from '../check.js';
import { AwsError, notAuthorized, notFound } from '../errors.js';
import type { Assignment, PrincipalType } from '../types.js';
import { type Context, callerAccount, type Operations, onlyAdministrators, ourInstance, seconds } from './context.js';

const TARGET = {
  TargetId: 'account',
  TargetType: 'targetType',
  PermissionSetArn: 'set',
  PrincipalType: 'principalType',
  PrincipalId: 'principal',
} as const;

export const assignmentOperations: Operations = {
  CreateAccountAssignment: (context, input) => begin(context, input, 'create'),
  DeleteAccountAssignment: (context, input) => begin(context, input, 'delete'),
  DescribeAccountAssignmentCreationStatus: (context, input) => describe(context, input, 'create'),
  DescribeAccountAssignmentDeletionStatus: (context, input) => describe(context, input, 'delete'),
  ListAccountAssignmentCreationStatus: (context, input) => statuses(context, input, 'create'),
  ListAccountAssignmentDeletionStatus: (context, input) => statuses(context, input, 'delete'),

  ListAccountAssignments(context, input) {
    onlyAdministrators(context, 'sso:ListAccountAssignments');
    ourInstance(context, input);
    const { AccountId, PermissionSetArn } = required(input, { AccountId: 'account', PermissionSetArn: 'set' });
    if (!context.world.sets.has(PermissionSetArn)) throw notFound(`PermissionSet ${PermissionSetArn}`);
    const found = context.world.listed(context.clock(), { accountId: AccountId, setArn: PermissionSetArn });
    const { items, ...rest } = context.pager('ListAccountAssignments', input, found, keyOf);
    return { AccountAssignments: items.map(shown), ...rest };
  },

  /** Only from the management account, the reference says; of a person it lists what comes through groups too. */
  ListAccountAssignmentsForPrincipal(context, input) {
    if (context.settings.caller !== 'management') {
      throw notAuthorized('sso:ListAccountAssignmentsForPrincipal', callerAccount(context));
    }
    ourInstance(context, input);
    const { PrincipalId, PrincipalType } = required(input, { PrincipalId: 'principal', PrincipalType: 'principalType' });
    const AccountId = optional(structure(input, 'Filter'), 'AccountId', 'account');
    const principals = [PrincipalId, ...(PrincipalType === 'USER' ? groupsOf(context, PrincipalId) : [])];
    const found = context.world
      .listed(context.clock())
      .filter((one) => principals.includes(one.principalId) && (AccountId === undefined || one.accountId === AccountId));
    const { items, ...rest } = context.pager('ListAccountAssignmentsForPrincipal', input, found, keyOf);
    return { AccountAssignments: items.map(shown), ...rest };
  },
};

function begin(context: Context, input: Input, kind: ChangeKind): Record<string, unknown> {
  const action = kind === 'create' ? 'sso:CreateAccountAssignment' : 'sso:DeleteAccountAssignment';
  onlyAdministrators(context, action);
  ourInstance(context, input);
  const { TargetId, PermissionSetArn, PrincipalType, PrincipalId } = required(input, TARGET);
  if (!context.world.sets.has(PermissionSetArn)) throw notFound(`PermissionSet ${PermissionSetArn}`);
  if (isManagements(context, TargetId, PermissionSetArn)) throw notAuthorized(action, callerAccount(context));
  const wanted: Assignment = {
    accountId: TargetId,
    setArn: PermissionSetArn,
    principalType: PrincipalType as PrincipalType,
    principalId: PrincipalId,
  };
  return status(context, context.changes.begin(kind, wanted, context.doomed));
}

/** A delegated administrator must not touch the management account, nor a set that is provisioned there (elevator #101). */
function isManagements({ world, settings }: Context, accountId: string, setArn: string): boolean {
  const management = world.seed.managementAccountId;
  if (settings.caller !== 'delegated') return false;
  return accountId === management || world.hasRole({ accountId: management, setArn });
}

function describe(context: Context, input: Input, kind: ChangeKind): Record<string, unknown> {
  const name = kind === 'create' ? 'AccountAssignmentCreationRequestId' : 'AccountAssignmentDeletionRequestId';
  onlyAdministrators(context, `sso:DescribeAccountAssignment${kind === 'create' ? 'Creation' : 'Deletion'}Status`);
  ourInstance(context, input);
  const { [name]: requestId = '' } = required<string>(input, { [name]: 'request' });
  const change = context.changes.find(kind, requestId);
  if (!change) throw new AwsError('ResourceNotFoundException', `Request ${requestId} not found`);
  return status(context, change);
}

/** The long form of a status. */
function status({ changes }: Context, change: Change): Record<string, unknown> {
  const now = changes.statusOf(change);
  const { wanted } = change;
  const body = {
    Status: now,
    RequestId: change.requestId,
    ...(now === 'FAILED' && { FailureReason: change.failureReason }),
    TargetId: wanted.accountId,
    TargetType: 'AWS_ACCOUNT',
    PermissionSetArn: wanted.setArn,
    PrincipalType: wanted.principalType,
    PrincipalId: wanted.principalId,
    CreatedDate: seconds(change.createdAt),
  };
  return { [change.kind === 'create' ? 'AccountAssignmentCreationStatus' : 'AccountAssignmentDeletionStatus']: body };
}

/** The lists give status, id and time only: what was asked for has to be described one by one. Their order is not told. */
function statuses(context: Context, input: Input, kind: ChangeKind): Record<string, unknown> {
  const operation = `ListAccountAssignment${kind === 'create' ? 'Creation' : 'Deletion'}Status`;
  onlyAdministrators(context, `sso:${operation}`);
  ourInstance(context, input);
  const wanted = optional(structure(input, 'Filter'), 'Status', 'status');
  const { changes } = context;
  const there = changes.all().filter((one) => one.kind === kind && one.inStatusListAt <= context.clock());
  const found = there.filter((one) => wanted === undefined || changes.statusOf(one) === wanted);
  const { items, ...rest } = context.pager(operation, input, found, (one) => one.requestId);
  const short = items.map((one) => ({
    Status: changes.statusOf(one),
    RequestId: one.requestId,
    CreatedDate: seconds(one.createdAt),
  }));
  return { [kind === 'create' ? 'AccountAssignmentsCreationStatus' : 'AccountAssignmentsDeletionStatus']: short, ...rest };
}

const groupsOf = ({ world }: Context, userId: string): string[] =>
  [...world.groups.values()].filter((group) => group.members.has(userId)).map((group) => group.id);
const keyOf = (one: Assignment): string => `${one.accountId} ${one.setArn} ${one.principalId}`;
const shown = (one: Assignment) => ({
  AccountId: one.accountId,
  PermissionSetArn: one.setArn,
  PrincipalType: one.principalType,
  PrincipalId: one.principalId,
});
