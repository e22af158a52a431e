/** sso-admin: instances and permission sets. Assignments are in their own file. Source: the API reference. */
import { optional, required } from '../check.js';
import { notFound } from '../errors.js';
import { assignmentOperations } from './assignments.js';
import { type Context, callerAccount, type Operations, onlyAdministrators, ourInstance, seconds } from './context.js';

const CREATED = Date.UTC(2024, 0, 15);

export const ssoAdminOperations: Operations = {
  ...assignmentOperations,

  ListInstances(context, input) {
    const { items, ...rest } = context.pager('ListInstances', input, instances(context), ({ InstanceArn }) => InstanceArn);
    return { Instances: items, ...rest };
  },

  ListPermissionSets(context, input) {
    onlyAdministrators(context, 'sso:ListPermissionSets');
    ourInstance(context, input);
    const { items, ...rest } = context.pager('ListPermissionSets', input, [...context.world.sets.keys()], (arn) => arn);
    return { PermissionSets: items, ...rest };
  },

  DescribePermissionSet(context, input) {
    onlyAdministrators(context, 'sso:DescribePermissionSet');
    ourInstance(context, input);
    const { PermissionSetArn } = required(input, { PermissionSetArn: 'set' });
    const set = context.world.sets.get(PermissionSetArn);
    if (!set) throw notFound(`PermissionSet ${PermissionSetArn}`);
    const { name: Name, description: Description, sessionDuration: SessionDuration = 'PT1H' } = set;
    return { PermissionSet: { Name, PermissionSetArn, Description, SessionDuration, CreatedDate: seconds(CREATED) } };
  },

  ListPermissionSetsProvisionedToAccount(context, input) {
    onlyAdministrators(context, 'sso:ListPermissionSetsProvisionedToAccount');
    ourInstance(context, input);
    const { AccountId } = required(input, { AccountId: 'account' });
    const found = provisioned(context, input).filter((pair) => pair.accountId === AccountId);
    const sets = found.map((pair) => pair.setArn);
    const { items, ...rest } = context.pager('ListPermissionSetsProvisionedToAccount', input, sets, (arn) => arn);
    return { PermissionSets: items, ...rest };
  },

  ListAccountsForProvisionedPermissionSet(context, input) {
    onlyAdministrators(context, 'sso:ListAccountsForProvisionedPermissionSet');
    ourInstance(context, input);
    const { PermissionSetArn } = required(input, { PermissionSetArn: 'set' });
    if (!context.world.sets.has(PermissionSetArn)) throw notFound(`PermissionSet ${PermissionSetArn}`);
    const found = provisioned(context, input).filter((pair) => pair.setArn === PermissionSetArn);
    const accounts = found.map((pair) => pair.accountId);
    const { items, ...rest } = context.pager('ListAccountsForProvisionedPermissionSet', input, accounts, (id) => id);
    return { AccountIds: items, ...rest };
  },
};

/** Every role is up to date here: nobody edits sets, so a filter for outdated ones finds none. */
function provisioned({ world }: Context, input: Parameters<typeof optional>[0]) {
  const wanted = optional(input, 'ProvisioningStatus', 'provisioning');
  return wanted === 'LATEST_PERMISSION_SET_NOT_PROVISIONED' ? [] : world.provisioned();
}

function instances(context: Context) {
  const { world, settings } = context;
  const { seed } = world;
  const common = { CreatedDate: seconds(CREATED), Status: 'ACTIVE' };
  const ours = {
    InstanceArn: seed.instanceArn,
    IdentityStoreId: seed.identityStoreId,
    OwnerAccountId: seed.managementAccountId,
    ...common,
  };
  // Its ARN sorts first: a client that takes the first instance takes the wrong one.
  const other = {
    InstanceArn: 'arn:aws:sso:::instance/ssoins-0000000000000000',
    IdentityStoreId: 'd-0000000000',
    OwnerAccountId: callerAccount(context),
    ...common,
  };
  return [...(settings.accountInstance ? [other] : []), ...(settings.noInstance ? [] : [ours])];
}
