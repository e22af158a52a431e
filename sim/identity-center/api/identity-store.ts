/** The Identity Store: people and groups. Source: the API reference of identitystore. */
import { type Input, required, requiredList, structure } from '../check.js';
import { missing, validation } from '../errors.js';
import type { GroupSeed, UserSeed } from '../types.js';
import { type Context, type Operations, onlyAdministrators } from './context.js';

export const identityStoreOperations: Operations = {
  ListUsers(context, input) {
    const IdentityStoreId = ourStore(context, input, 'ListUsers');
    const wanted = filter(context, input, 'UserName');
    const all = [...context.world.users.values()].filter((one) => wanted === undefined || same(one.userName, wanted));
    const { items, ...rest } = context.pager('ListUsers', input, all, (one) => one.id);
    return { Users: items.map((one) => user(IdentityStoreId, one)), ...rest };
  },

  DescribeUser(context, input) {
    const IdentityStoreId = ourStore(context, input, 'DescribeUser');
    const { UserId } = required(input, { UserId: 'principal' });
    const found = context.world.users.get(UserId);
    if (!found) throw missing('USER', UserId);
    return user(IdentityStoreId, found);
  },

  /** Two people with one address: the first of them, without a word. That is the trap in asking by e-mail. */
  GetUserId(context, input) {
    const IdentityStoreId = ourStore(context, input, 'GetUserId');
    const unique = structure(structure(input, 'AlternateIdentifier'), 'UniqueAttribute');
    const { AttributePath: path, AttributeValue: value } = unique;
    if (typeof value !== 'string') throw validation('AlternateIdentifier must have exactly one member with a value');
    const attribute = String(path).toLowerCase();
    if (attribute !== 'username' && attribute !== 'emails.value') throw validation(`Unsupported attribute path ${String(path)}`);
    const all = [...context.world.users.values()];
    const found = all.find((one) => same((attribute === 'username' ? one.userName : one.email) ?? '', value));
    if (!found) throw missing('USER', value);
    return { UserId: found.id, IdentityStoreId };
  },

  ListGroupMembershipsForMember(context, input) {
    const IdentityStoreId = ourStore(context, input, 'ListGroupMembershipsForMember');
    const { UserId } = required(structure(input, 'MemberId'), { UserId: 'principal' });
    const found = [...context.world.groups.values()].filter((one) => one.members.has(UserId));
    const { items, ...rest } = context.pager('ListGroupMembershipsForMember', input, found, (one) => one.id);
    const memberships = items.map((one) => ({
      IdentityStoreId,
      MembershipId: membershipId(one.id, UserId),
      GroupId: one.id,
      MemberId: { UserId },
    }));
    return { GroupMemberships: memberships, ...rest };
  },

  /** One answer for each group, in the order of the question. One that there is not fails all of it: a guess. */
  IsMemberInGroups(context, input) {
    ourStore(context, input, 'IsMemberInGroups');
    const { UserId } = required(structure(input, 'MemberId'), { UserId: 'principal' });
    const groupIds = requiredList(input, 'GroupIds', 'principal', 100);
    const { users, groups } = context.world;
    if (!users.has(UserId)) throw missing('USER', UserId);
    const gone = groupIds.find((id) => !groups.has(id));
    if (gone !== undefined) throw missing('GROUP', gone);
    const isIn = (id: string): boolean => groups.get(id)?.members.has(UserId) ?? false;
    return { Results: groupIds.map((GroupId) => ({ GroupId, MemberId: { UserId }, MembershipExists: isIn(GroupId) })) };
  },

  ListGroups(context, input) {
    const IdentityStoreId = ourStore(context, input, 'ListGroups');
    const wanted = filter(context, input, 'DisplayName');
    const all = [...context.world.groups.values()].filter((one) => wanted === undefined || same(one.displayName, wanted));
    const { items, ...rest } = context.pager('ListGroups', input, all, (one) => one.id);
    return { Groups: items.map((one) => group(IdentityStoreId, one)), ...rest };
  },

  DescribeGroup(context, input) {
    const IdentityStoreId = ourStore(context, input, 'DescribeGroup');
    const { GroupId } = required(input, { GroupId: 'principal' });
    const found = context.world.groups.get(GroupId);
    if (!found) throw missing('GROUP', GroupId);
    return group(IdentityStoreId, found);
  },
};

function ourStore(context: Context, input: Input, operation: string): string {
  onlyAdministrators(context, `identitystore:${operation}`);
  const { IdentityStoreId } = required(input, { IdentityStoreId: 'store' });
  if (IdentityStoreId !== context.world.seed.identityStoreId) throw missing('IDENTITY_STORE', IdentityStoreId);
  return IdentityStoreId;
}

/** The one value to filter by. Only one attribute can be filtered by, the reference says. */
function filter({ settings }: Context, input: Input, attribute: string): string | undefined {
  const filters = input.Filters ?? [];
  if (!Array.isArray(filters)) throw validation("Value at 'filters' must be a list");
  if (settings.ignoreFilters || filters.length === 0) return undefined;
  const { AttributePath, AttributeValue } = filters[0] as Record<string, unknown>;
  if (filters.length > 1 || AttributePath !== attribute || typeof AttributeValue !== 'string') {
    throw validation(`Only one filter is supported, by ${attribute}`);
  }
  return AttributeValue;
}

function user(IdentityStoreId: string, { id, userName, displayName = userName, email, disabled }: UserSeed) {
  return {
    IdentityStoreId,
    UserId: id,
    UserName: userName,
    DisplayName: displayName,
    Name: { Formatted: displayName },
    ...(email && { Emails: [{ Value: email, Type: 'work', Primary: true }] }),
    UserStatus: disabled ? 'DISABLED' : 'ENABLED',
  };
}

const group = (IdentityStoreId: string, { id, displayName }: Pick<GroupSeed, 'id' | 'displayName'>) => ({
  IdentityStoreId,
  GroupId: id,
  DisplayName: displayName,
});
const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
/** As long as a real one, and of the two that it joins. */
const membershipId = (groupId: string, userId: string): string => `${groupId.slice(0, 23)}${userId.slice(-13)}`;
