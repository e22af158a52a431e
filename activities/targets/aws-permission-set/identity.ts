/**
 * Who in the Identity Store a person is. An e-mail address is a first hint only, and compared by us: some servers ignore a
 * filter and return everybody. What is bound afterwards is the user's id, and only that.
 */
import type { User } from '@aws-sdk/client-identitystore';
import { foldAddress } from '../../../contract/address.js';
import { StintError } from '../../../contract/errors.js';
import type { How } from './calls.js';
import { asWanted, joined } from './shared-lists.js';

export interface AwsUser {
  readonly id: string;
  readonly userName: string;
  readonly name: string;
  readonly emails: readonly string[];
  readonly active: boolean;
}

/** The directory's calls, each whole or an error. */
export interface UserCalls {
  all(how: How): Promise<readonly AwsUser[]>;
  /** Undefined only when AWS says that there is no such user. */
  byId(id: string, how: How): Promise<AwsUser | undefined>;
}

export interface Identity {
  /** The one user with this address. Throws `person-unknown` for none and for several. */
  byEmail(email: string, signal?: AbortSignal): Promise<AwsUser>;
  /** What each user is called, by id: user name and address, in one line. For messages about those whom nobody here ever named. */
  names(signal?: AbortSignal): Promise<ReadonlyMap<string, string>>;
  /** The user of an id that was bound. Throws `person-unknown` when there is none any more, `person-inactive` when disabled. */
  bound(id: string, signal?: AbortSignal): Promise<AwsUser>;
}

/** Names are anybody's text: of a longer one the beginning does. */
const NAME_MAX = 120;

export function createIdentity(calls: UserCalls): Identity {
  // A list of ten thousand takes a second for each seventeen pages: a crowd that asks for the first time has it read twice at most.
  const listed = (rank: How['rank']) => joined(() => calls.all({ rank, what: 'the people of Identity Center' }));
  const [forGrants, inBackground] = [listed('grant'), listed('background')];
  return {
    async byEmail(email, signal) {
      const wanted = foldAddress(email);
      // Read after it was asked, and never from memory: a second user of this address may have come since, and then nobody is
      // meant. AWS has no question that would tell: it finds one user by an address, and says nothing of another.
      const users = await asWanted(forGrants(), { signal });
      const found = wanted ? users.filter(({ emails }) => emails.some((each) => foldAddress(each) === wanted)) : [];
      const [only] = found;
      if (only && found.length === 1) return active(only);
      throw new StintError('person-unknown', found.length === 0 ? noneOf(email) : severalOf(email, found));
    },
    async names(signal) {
      const users = await asWanted(inBackground(), { signal });
      return new Map(users.map((user) => [user.id, nameOf(user)]));
    },
    async bound(id, signal) {
      const user = await calls.byId(id, { rank: 'grant', signal, what: 'the person in Identity Center' });
      if (user) return active(user);
      throw new StintError(
        'person-unknown',
        `Your user in Identity Center (${id}) is no more. Ask your IT team to name your new one in the people file (aws: { user: … }).`,
      );
    },
  };
}

function active(user: AwsUser): AwsUser {
  if (user.active) return user;
  throw new StintError('person-inactive', `Your user in Identity Center ("${user.userName}") is disabled. Ask your IT team.`);
}

function nameOf({ userName, emails: [email] }: AwsUser): string {
  return lineOf(email && foldAddress(email) !== foldAddress(userName) ? `${userName}, ${email}` : userName);
}

/** A name from the directory, fit for a sentence: in one line, without what steers a terminal, and not too long. */
export function lineOf(text: string): string {
  return text.replace(/\p{C}/gu, '').slice(0, NAME_MAX);
}

const noneOf = (email: string): string =>
  `Identity Center has no user with the address ${email}. Ask your IT team to add it there, or to name your user id in the people file (aws: { user: … }).`;

const severalOf = (email: string, found: readonly AwsUser[]): string =>
  `Identity Center has ${found.length} users with the address ${email} (${found.map(({ userName }) => userName).join(', ')}), so none of them is taken for you. Ask your IT team to remove one, or to name your user id in the people file (aws: { user: … }).`;

/** A user as AWS tells it, reduced to what we use. Undefined without an id. */
export function userOf({ UserId, UserName, DisplayName, Emails, UserStatus }: User): AwsUser | undefined {
  if (!UserId) return undefined;
  const emails = Emails?.flatMap(({ Value }) => Value ?? []) ?? [];
  const userName = UserName ?? UserId;
  return { id: UserId, userName, name: DisplayName ?? userName, emails, active: UserStatus !== 'DISABLED' };
}
