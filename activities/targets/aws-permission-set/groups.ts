/** The Identity Store's groups through the SDK: which of some a person is in, and what a group is called. */
import { DescribeGroupCommand, IsMemberInGroupsCommand } from '@aws-sdk/client-identitystore';
import type { How } from './calls.js';
import type { Sdk } from './clients.js';
import { classOfError } from './errors.js';
import { lineOf } from './identity.js';

/** Errors are those of `awsError`, or the signal's reason. */
export interface GroupCalls {
  /** The first of these groups that the user is in, as far as they exist; undefined when in none of them. */
  of(userId: string, groupIds: readonly string[], how: How): Promise<string | undefined>;
  /** In one line; undefined when the group has no name. */
  name(groupId: string, how: How): Promise<string | undefined>;
}

/** AWS takes no more of them in one question (API reference, IsMemberInGroups). */
const GROUPS_MAX = 100;

export function createGroupCalls(sdk: Sdk, identityStoreId: () => Promise<string>): GroupCalls {
  return {
    async of(userId, groupIds, how) {
      const IdentityStoreId = await identityStoreId();
      for (let from = 0; from < groupIds.length; from += GROUPS_MAX) {
        const found = await among({ sdk, IdentityStoreId, userId, how }, groupIds.slice(from, from + GROUPS_MAX));
        if (found !== undefined) return found;
      }
      return undefined;
    },
    async name(GroupId, how) {
      const IdentityStoreId = await identityStoreId();
      const { DisplayName } = await sdk.ask('users', how, 'the group', (client, options) =>
        client.send(new DescribeGroupCommand({ IdentityStoreId, GroupId }), options),
      );
      return lineOf(DisplayName ?? '').trim() || undefined;
    },
  };
}

interface Asking {
  readonly sdk: Sdk;
  readonly IdentityStoreId: string;
  readonly userId: string;
  readonly how: How;
}

/**
 * A deleted group leaves its assignments behind, and AWS may refuse the whole question for it: then each half is asked about
 * alone, so that it hides no other group.
 */
async function among(asking: Asking, groupIds: readonly string[]): Promise<string | undefined> {
  try {
    return await ask(asking, groupIds);
  } catch (error) {
    if (classOfError(error) !== 'not-found') throw error;
    if (groupIds.length < 2) return undefined;
    const half = Math.ceil(groupIds.length / 2);
    return (await among(asking, groupIds.slice(0, half))) ?? among(asking, groupIds.slice(half));
  }
}

async function ask({ sdk, IdentityStoreId, userId, how }: Asking, groupIds: readonly string[]): Promise<string | undefined> {
  const input = { IdentityStoreId, MemberId: { UserId: userId }, GroupIds: [...groupIds] };
  const { Results = [] } = await sdk.ask('users', how, 'who is in a group', (client, options) =>
    client.send(new IsMemberInGroupsCommand(input), options),
  );
  const isIn = new Set(Results.flatMap(({ GroupId, MembershipExists }) => (MembershipExists && GroupId ? [GroupId] : [])));
  // In the order of the question, and only what was asked about.
  return groupIds.find((id) => isIn.has(id));
}
