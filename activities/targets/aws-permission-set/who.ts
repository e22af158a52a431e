/**
 * Who in the Identity Store a person of the people file is: the user that the file names, or else bound at the first request
 * by exact e-mail address, and only by the bound id from then on. Whoever changes an address later becomes nobody else by it.
 */
import { isStintError, StintError } from '../../../contract/errors.js';
import { instant } from '../../../contract/ids.js';
import type { Bindings, Person } from '../../../contract/ports.js';
import type { AwsUser, Identity } from './identity.js';

const KIND = 'aws-permission-set';

export interface WhoDeps {
  readonly identity: Identity;
  readonly bindings: Bindings;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The user of somebody who asks, who is bound now if that was not done. Throws `person-unknown`, `person-inactive`, `state-conflict`. */
export async function bindUser({ identity, bindings, now }: WhoDeps, person: Person): Promise<AwsUser> {
  const known = await knownUser(bindings, person);
  if (known !== undefined) return identity.bound(known);
  if (!person.email) throw new StintError('person-unknown', NO_ADDRESS);
  const user = await identity.byEmail(person.email);
  const kept = await bindings.bind(person.personId, KIND, user.id, instant(now()));
  return kept === user.id ? user : identity.bound(kept);
}

/** By hand goes before what was found: it mends a binding to a user who is gone, or was the wrong one. */
async function knownUser(bindings: Bindings, { personId, awsUserId }: Person): Promise<string | undefined> {
  return awsUserId ?? bindings.get(personId, KIND);
}

const NO_ADDRESS =
  'The people file has no e-mail address for you, so your user in Identity Center cannot be found. Ask your IT team to add it.';

/** Why a user id is not this person's, as a sentence about them; undefined when it is, and can be given access. */
export async function notTheirs({ identity, bindings }: WhoDeps, id: string, person: Person): Promise<string | undefined> {
  const { name } = person;
  const known = await knownUser(bindings, person);
  if (known === undefined) return `No user of Identity Center is bound to ${name}. They have to ask anew.`;
  if (known !== id) return `The request names a user of Identity Center who is not ${name}.`;
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
