/**
 * Who in the Identity Store a person of the people file is: the user that the file names, or else bound at the first request
 * by exact e-mail address, and only by the bound id from then on. Whoever changes an address later becomes nobody else by it.
 * A user whom the people file or a binding gives to two people is neither's.
 */
import { isStintError, StintError } from '../../../contract/errors.js';
import { instant } from '../../../contract/ids.js';
import type { Bindings, Directory, Person } from '../../../contract/ports.js';
import type { Identity } from './identity.js';
import type { AwsUser } from './users.js';

const KIND = 'aws-permission-set';

export interface WhoDeps {
  readonly identity: Identity;
  readonly bindings: Pick<Bindings, 'get' | 'bind' | 'holder'>;
  readonly directory: Pick<Directory, 'personByAwsUser'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The user of somebody who asks, who is bound now if that was not done. Throws `person-unknown`, `person-inactive`, `state-conflict`. */
export async function bindUser(deps: WhoDeps, person: Person): Promise<AwsUser> {
  const { identity, bindings, now } = deps;
  const known = await knownUser(bindings, person);
  const user = known === undefined ? await byAddress(identity, person) : await identity.bound(known);
  if (await isOthers(deps, user.id, person)) throw new StintError('state-conflict', notYours(user.id));
  if (known !== undefined) return user;
  const kept = await bindings.bind(person.personId, KIND, user.id, instant(now()));
  return kept === user.id ? user : bindUser(deps, person);
}

async function byAddress(identity: Identity, { email }: Person): Promise<AwsUser> {
  if (!email) throw new StintError('person-unknown', NO_ADDRESS);
  return identity.byEmail(email);
}

/** Whether the people file names this user for somebody else, or somebody else is bound to it. */
async function isOthers({ bindings, directory }: WhoDeps, id: string, { personId }: Person): Promise<boolean> {
  const named = await directory.personByAwsUser(id);
  if (named && named.personId !== personId) return true;
  return ![undefined, personId].includes(await bindings.holder(KIND, id));
}

/** By hand goes before what was found: it mends a binding to a user who is gone, or was the wrong one. */
async function knownUser(bindings: WhoDeps['bindings'], { personId, awsUserId }: Person): Promise<string | undefined> {
  return awsUserId ?? bindings.get(personId, KIND);
}

/** Whose it is, is for the operator to see. */
const notYours = (id: string): string =>
  `The user ${id} of Identity Center is taken for somebody else already, so it is not taken for you. Ask your IT team to correct the people file, or to unbind who is wrong: "stint people bindings" shows whose it is.`;

const NO_ADDRESS =
  'The people file has no e-mail address for you, so your user in Identity Center cannot be found. Ask your IT team to add it.';

/** Why a user id is not this person's, as a sentence about them; undefined when it is, and can be given access. */
export async function notTheirs(deps: WhoDeps, id: string, person: Person): Promise<string | undefined> {
  const { identity, bindings } = deps;
  const { name } = person;
  const known = await knownUser(bindings, person);
  if (known === undefined) return `No user of Identity Center is bound to ${name}. They have to ask anew.`;
  if (known !== id) return `The request names a user of Identity Center who is not ${name}.`;
  if (await isOthers(deps, id, person))
    return `The user of ${name} in Identity Center (${id}) is taken for somebody else too, so it is neither's. Ask your IT team.`;
  try {
    await identity.bound(id);
    return undefined;
  } catch (error) {
    if (!isStintError(error) || error.retryable) throw error;
    return SAYS[error.code]?.(name, id) ?? error.sentence;
  }
}

const SAYS: { readonly [code: string]: ((name: string, id: string) => string) | undefined } = {
  'person-inactive': (name) => `The user of ${name} in Identity Center is disabled.`,
  'person-unknown': (name, id) => `The user of ${name} in Identity Center (${id}) is no more.`,
};
