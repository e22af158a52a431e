/**
 * Turns a signed call into a known person, or refuses it. A key is looked up at each call and the person too: a key that was
 * removed, and a person who left, are refused at once.
 */
import { StintError } from '../../../contract/errors.js';
import { instant } from '../../../contract/ids.js';
import type { OnceStore, Person } from '../../../contract/ports.js';
import { personKeyObject } from '../../../seal/person-key.js';
import type { PeopleDeps } from '../deps.js';
import { OF_PEOPLE, openCall, type SignedCall, verifyCall } from '../signature.js';
import { bad } from '../signature-input.js';

/** A person who proved to be themself. */
export interface Speaker {
  readonly person: Person;
  readonly keyId: string;
  /** Of this call; the reply's signature is bound to it. */
  readonly nonce: string;
}

export interface SpeakerDeps extends Pick<PeopleDeps, 'keys' | 'directory'> {
  readonly once: OnceStore;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly authorities?: readonly string[];
}

const UNKNOWN = 'Its key is not enrolled, or was removed. Run "stint enroll", and paste the line that it prints into Slack.';

/** Throws `bad-signature`, `stale-call`, `replayed`, `person-unknown`, `person-inactive`, `store-unavailable`. */
export function createSpeakerCheck(deps: SpeakerDeps): (call: SignedCall) => Promise<Speaker> {
  const authorities = deps.authorities?.map((name) => name.toLowerCase());
  return async (call) => {
    if (authorities && !authorities.includes(call.authority.toLowerCase())) throw bad('It was made to another host.');
    const opened = openCall(call, deps.clock(), OF_PEOPLE);
    const { keyId, nonce } = opened.input;
    const row = await deps.keys.key(keyId);
    if (!row || row.removedAt) throw bad(UNKNOWN);
    verifyCall(call, opened, personKeyObject(row.publicKey), OF_PEOPLE);
    // remembered a second longer than it could be accepted again
    const until = instant((opened.refusedAfter + 1) * 1000);
    if (!(await deps.once.first('person-call', `${keyId}/${nonce}`, until))) throw new StintError('replayed');
    const person = await deps.directory.person(row.personId);
    if (!person) throw new StintError('person-unknown');
    if (!person.active) throw new StintError('person-inactive');
    return { person, keyId, nonce };
  };
}
