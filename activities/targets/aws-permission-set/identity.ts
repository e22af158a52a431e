/**
 * Who in the Identity Store a person is. An e-mail address is a first hint only, and compared by us: some servers ignore a
 * filter and return everybody. What is bound afterwards is the user's id, and only that.
 */
import type { User } from '@aws-sdk/client-identitystore';
import { foldAddress } from '../../../contract/address.js';
import { StintError } from '../../../contract/errors.js';
import type { How } from './calls.js';
import { classOfError } from './errors.js';
import { asWanted } from './shared-lists.js';
import { systemTime } from './time.js';
import { type AwsUser, createUsers, type UserCalls, type Users } from './users.js';

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

export function createIdentity(calls: UserCalls, users: Users = createUsers({ calls, time: systemTime })): Identity {
  return {
    async byEmail(email, signal) {
      if (!foldAddress(email)) throw new StintError('person-unknown', noneOf(email));
      const known = await knownByAddress(calls, users, email, signal);
      if (known) return active(known);
      // Read after it was asked: nobody is taken, and nobody refused, by what was and may be no more.
      const found = (await asWanted(users.anew('grant'), { signal })).withAddress(email);
      const [only] = found;
      if (only && found.length === 1) return active(only);
      throw new StintError('person-unknown', found.length === 0 ? noneOf(email) : severalOf(email, found));
    },
    async names(signal) {
      const { byId } = users.now() ?? (await asWanted(users.anew('background'), { signal }));
      return new Map([...byId].map(([id, user]) => [id, nameOf(user)]));
    },
    async bound(id, signal) {
      // Never from memory: whom access goes to is proved each time, and last of all before the grant.
      const user = await calls.byId(id, { rank: 'grant', signal, what: 'the person in Identity Center' });
      if (user) return active(user);
      throw new StintError(
        'person-unknown',
        `Your user in Identity Center (${id}) is no more. Ask your IT team to name your new one in the people file (aws: { user: … }).`,
      );
    },
  };
}

/**
 * The user whom a list of the last minutes has alone under this address, if AWS says now that they have it still, and names
 * nobody else by it. Undefined when only a whole list can tell. Throws `person-unknown` where neither knows anybody.
 */
async function knownByAddress(
  calls: UserCalls,
  users: Users,
  email: string,
  signal: AbortSignal | undefined,
): Promise<AwsUser | undefined> {
  const listed = users.now()?.withAddress(email);
  if (!listed || listed.length > 1) return undefined;
  const how: How = { rank: 'grant', signal, what: 'your user in Identity Center' };
  const [hint] = listed;
  const [named, user] = await Promise.all([namedBy(calls, email, how), hint && calls.byId(hint.id, how)]);
  if (!hint && named === undefined) {
    // AWS may compare letters where we do not: the next list tells, and whoever asks again then is found.
    users.doubt();
    throw new StintError('person-unknown', noneOf(email, ' Were you added only now? Then ask again in a minute.'));
  }
  const agree = user !== undefined && user.id === hint?.id && named === user.id && hasAddress(user, email);
  return agree ? user : undefined;
}

/** Whom AWS names by an address; `untold` where Stint's role may not ask this, or AWS knows no such question. */
async function namedBy(calls: UserCalls, email: string, how: How): Promise<string | 'untold' | undefined> {
  return calls.idByAddress(email, how).catch((error: unknown) => {
    const word = classOfError(error);
    if (word === 'denied' || word === 'invalid') return 'untold';
    throw error;
  });
}

const hasAddress = ({ emails }: AwsUser, email: string): boolean =>
  emails.some((each) => foldAddress(each) === foldAddress(email));

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

const noneOf = (email: string, also = ''): string =>
  `Identity Center has no user with the address ${email}. Ask your IT team to add it there, or to name your user id in the people file (aws: { user: … }).${also}`;

const severalOf = (email: string, found: readonly AwsUser[]): string =>
  `Identity Center has ${found.length} users with the address ${email} (${found.map(({ userName }) => userName).join(', ')}), so none of them is taken for you. Ask your IT team to remove one, or to name your user id in the people file (aws: { user: … }).`;

/** A user as AWS tells it, reduced to what we use. Undefined without an id. */
export function userOf({ UserId, UserName, DisplayName, Emails, UserStatus }: User): AwsUser | undefined {
  if (!UserId) return undefined;
  const emails = Emails?.flatMap(({ Value }) => Value ?? []) ?? [];
  const userName = UserName ?? UserId;
  return { id: UserId, userName, name: DisplayName ?? userName, emails, active: UserStatus !== 'DISABLED' };
}
