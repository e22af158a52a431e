/** The Identity Store's users through the SDK. */
import { DescribeUserCommand, GetUserIdCommand, ListUsersCommand, type User } from '@aws-sdk/client-identitystore';
import { allPages, type How } from './calls.js';
import type { Sdk } from './clients.js';
import { classOfError } from './errors.js';
import { userOf } from './identity.js';
import type { Again, UserCalls } from './users.js';

export function createUserCalls(sdk: Sdk, identityStoreId: () => Promise<string>): UserCalls {
  return {
    all: async (how, again) => {
      const users = await allUsers(sdk, await identityStoreId(), how, again);
      return users.flatMap((user) => userOf(user) ?? []);
    },
    byId: async (id, how) => {
      const user = await describe(sdk, await identityStoreId(), id, how);
      return user ? userOf(user) : undefined;
    },
    idByAddress: async (email, how) => idByAddress(sdk, await identityStoreId(), email, how),
  };
}

/** Whether a user is no more: not described, and not in the whole list either. An empty list proves nothing. */
export async function userGone(sdk: Sdk, identityStoreId: string, id: string, how: How): Promise<boolean> {
  if (await describe(sdk, identityStoreId, id, how)) return false;
  const users = await allUsers(sdk, identityStoreId, how);
  return users.length > 0 && !users.some((user) => user.UserId === id);
}

function describe(sdk: Sdk, IdentityStoreId: string, UserId: string, how: How): Promise<User | undefined> {
  const asked = sdk.ask('users', how, 'the person', (client, options) =>
    client.send(new DescribeUserCommand({ IdentityStoreId, UserId }), options),
  );
  return unlessNone(asked);
}

/** The path is one of the two that the API reference of GetUserId knows. */
async function idByAddress(sdk: Sdk, IdentityStoreId: string, email: string, how: How): Promise<string | undefined> {
  const UniqueAttribute = { AttributePath: 'emails.value', AttributeValue: email.trim() };
  const asked = sdk.ask('users', how, 'who has an e-mail address', (client, options) =>
    client.send(new GetUserIdCommand({ IdentityStoreId, AlternateIdentifier: { UniqueAttribute } }), options),
  );
  return (await unlessNone(asked))?.UserId;
}

async function unlessNone<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (classOfError(error) === 'not-found') return undefined;
    throw error;
  }
}

function allUsers(sdk: Sdk, IdentityStoreId: string, how: How, again: Again = (page) => page()): Promise<User[]> {
  return allPages('people', async (NextToken) => {
    const ask = () =>
      sdk.ask('users', how, 'the list of people', (client, options) =>
        client.send(new ListUsersCommand({ IdentityStoreId, NextToken, MaxResults: 100 }), options),
      );
    const page = await again(ask);
    return { items: page.Users, next: page.NextToken };
  });
}
