/** The Identity Store's users through the SDK. */
import { DescribeUserCommand, ListUsersCommand, type User } from '@aws-sdk/client-identitystore';
import { allPages, type How } from './calls.js';
import type { Sdk } from './clients.js';
import { classOfError } from './errors.js';
import { type UserCalls, userOf } from './identity.js';

export function createUserCalls(sdk: Sdk, identityStoreId: () => Promise<string>): UserCalls {
  return {
    all: async (how) => (await allUsers(sdk, await identityStoreId(), how)).flatMap((user) => userOf(user) ?? []),
    byId: async (id, how) => {
      const user = await describe(sdk, await identityStoreId(), id, how);
      return user ? userOf(user) : undefined;
    },
  };
}

/** Whether a user is no more: not described, and not in the whole list either. An empty list proves nothing. */
export async function userGone(sdk: Sdk, identityStoreId: string, id: string, how: How): Promise<boolean> {
  if (await describe(sdk, identityStoreId, id, how)) return false;
  const users = await allUsers(sdk, identityStoreId, how);
  return users.length > 0 && !users.some((user) => user.UserId === id);
}

async function describe(sdk: Sdk, IdentityStoreId: string, UserId: string, how: How): Promise<User | undefined> {
  try {
    return await sdk.ask('users', how, 'the person', (client, options) =>
      client.send(new DescribeUserCommand({ IdentityStoreId, UserId }), options),
    );
  } catch (error) {
    if (classOfError(error) === 'not-found') return undefined;
    throw error;
  }
}

function allUsers(sdk: Sdk, IdentityStoreId: string, how: How): Promise<User[]> {
  return allPages('people', async (NextToken) => {
    const page = await sdk.ask('users', how, 'the list of people', (client, options) =>
      client.send(new ListUsersCommand({ IdentityStoreId, NextToken, MaxResults: 100 }), options),
    );
    return { items: page.Users, next: page.NextToken };
  });
}
