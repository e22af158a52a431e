/** Organizations: accounts, where they are in the tree, and their tags. Source: the API reference. */
import { type Input, optional, required } from '../check.js';
import { AwsError, denied } from '../errors.js';
import type { AccountSeed, AccountStatus, UnitSeed } from '../types.js';
import { type Context, type Operations, seconds } from './context.js';

const JOINED = Date.UTC(2023, 5, 1);
/** Organizations gives at most 20 a page. */
const MOST = 20;

export const organizationsOperations: Operations = {
  DescribeOrganization({ world }) {
    const { organizationId: Id, managementAccountId } = world.seed;
    return {
      Organization: {
        Id,
        Arn: `arn:aws:organizations::${managementAccountId}:organization/${Id}`,
        FeatureSet: 'ALL',
        MasterAccountArn: accountArn(world.seed, managementAccountId),
        MasterAccountId: managementAccountId,
        MasterAccountEmail: emailOf(world.accounts.get(managementAccountId)),
        AvailablePolicyTypes: [],
      },
    };
  },

  ListAccounts(context, input) {
    permitted(context);
    return accounts(context, 'ListAccounts', input, () => true);
  },

  DescribeAccount(context, input) {
    permitted(context);
    const { AccountId } = required(input, { AccountId: 'account' });
    const found = context.world.accounts.get(AccountId);
    if (!found) throw new AwsError('AccountNotFoundException', "You specified an account that doesn't exist.");
    return { Account: account(context, found) };
  },

  ListRoots(context, input) {
    permitted(context);
    const { rootId: Id, organizationId, managementAccountId } = context.world.seed;
    const Arn = `arn:aws:organizations::${managementAccountId}:root/${organizationId}/${Id}`;
    const root = { Id, Arn, Name: 'Root', PolicyTypes: [] };
    const { items, ...rest } = context.organizationsPager('ListRoots', input, [root], (one) => one.Id, MOST);
    return { Roots: items, ...rest };
  },

  ListOrganizationalUnitsForParent(context, input) {
    permitted(context);
    const parent = knownParent(context, input);
    const found = context.world.units.filter((unit) => (unit.parent ?? context.world.seed.rootId) === parent);
    const { items, ...rest } = context.organizationsPager(
      'ListOrganizationalUnitsForParent',
      input,
      found,
      (one) => one.id,
      MOST,
    );
    return { OrganizationalUnits: items.map((one) => unitOf(context, one)), ...rest };
  },

  ListAccountsForParent(context, input) {
    permitted(context);
    const parent = knownParent(context, input);
    return accounts(context, 'ListAccountsForParent', input, (one) => (one.parent ?? context.world.seed.rootId) === parent);
  },

  ListParents(context, input) {
    permitted(context);
    const { ChildId } = required(input, { ChildId: 'child' });
    const { world } = context;
    const child = world.accounts.get(ChildId) ?? world.units.find((unit) => unit.id === ChildId);
    if (!child) throw new AwsError('ChildNotFoundException', "We can't find a child with the ChildId that you specified.");
    const Id = child.parent ?? world.seed.rootId;
    return { Parents: [{ Id, Type: Id === world.seed.rootId ? 'ROOT' : 'ORGANIZATIONAL_UNIT' }] };
  },

  ListTagsForResource(context, input) {
    permitted(context);
    const { ResourceId } = required(input, { ResourceId: 'resource' });
    const { world } = context;
    const found = world.accounts.get(ResourceId);
    if (!found && ResourceId !== world.seed.rootId && !world.units.some((unit) => unit.id === ResourceId)) {
      throw new AwsError(
        'TargetNotFoundException',
        "We can't find a root, OU, account, or policy with the TargetId that you specified.",
      );
    }
    const tags = Object.entries(found?.tags ?? {}).map(([Key, Value]) => ({ Key, Value }));
    const { items, ...rest } = context.organizationsPager('ListTagsForResource', input, tags, ({ Key }) => Key, MOST);
    return { Tags: items, ...rest };
  },

  ListDelegatedAdministrators(context, input) {
    permitted(context);
    const service = optional(input, 'ServicePrincipal', 'service');
    const { delegatedAccountId } = context.world.seed;
    const found =
      service === undefined || service === 'sso.amazonaws.com' ? context.world.accounts.get(delegatedAccountId ?? '') : undefined;
    const admins = found ? [{ ...account(context, found), DelegationEnabledDate: seconds(JOINED) }] : [];
    const { items, ...rest } = context.organizationsPager('ListDelegatedAdministrators', input, admins, (one) => one.Id, MOST);
    return { DelegatedAdministrators: items, ...rest };
  },
};

/** Members that administer nothing may not list; the words are from public reports. */
function permitted({ settings }: Context): void {
  if (settings.caller === 'member') throw denied("You don't have permissions to access this resource.");
}

function knownParent({ world }: Context, input: Input): string {
  const { ParentId } = required(input, { ParentId: 'parent' });
  if (ParentId === world.seed.rootId || world.units.some((unit) => unit.id === ParentId)) return ParentId;
  throw new AwsError('ParentNotFoundException', "We can't find a root or OU with the ParentId that you specified.");
}

function accounts(context: Context, operation: string, input: Input, wanted: (one: AccountSeed) => boolean) {
  const found = [...context.world.accounts.values()].filter(wanted);
  const { items, ...rest } = context.organizationsPager(operation, input, found, (one) => one.id, MOST);
  return { Accounts: items.map((one) => account(context, one)), ...rest };
}

function account({ world }: Context, one: AccountSeed & { status: AccountStatus }) {
  return {
    Id: one.id,
    Arn: accountArn(world.seed, one.id),
    Email: emailOf(one),
    Name: one.name,
    Status: one.status,
    State: one.status,
    JoinedMethod: 'CREATED',
    JoinedTimestamp: seconds(JOINED),
  };
}

function unitOf({ world }: Context, { id: Id, name: Name }: UnitSeed) {
  const { managementAccountId, organizationId } = world.seed;
  return { Id, Arn: `arn:aws:organizations::${managementAccountId}:ou/${organizationId}/${Id}`, Name };
}

const accountArn = (seed: { managementAccountId: string; organizationId: string }, id: string): string =>
  `arn:aws:organizations::${seed.managementAccountId}:account/${seed.organizationId}/${id}`;
const emailOf = (one: AccountSeed | undefined): string => one?.email ?? `aws+${one?.id ?? 'unknown'}@example.com`;
