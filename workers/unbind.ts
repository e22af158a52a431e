/** Forgetting who a person is at AWS, with its entry in the ledger. What is pinned in an elevation stays pinned, so none is left behind by it. */
import { StintError } from '../contract/errors.js';
import { type Instant, type PersonId, shortId } from '../contract/ids.js';
import type { OustedBy, Store } from '../contract/ports.js';

const KIND = 'aws-permission-set';

export interface Unbound {
  readonly personId: PersonId;
  /** The id of the user that they were bound to; null when there was none. */
  readonly was: string | null;
}

/**
 * Forgets the person's user of Identity Center. Throws `state-conflict` while that user holds access of ours: whoever they are
 * taken for next could otherwise be given the same while the old one is still to be taken back.
 */
export async function unbind(
  { bindings, fence }: Pick<Store, 'bindings' | 'fence'>,
  personId: PersonId,
  by: OustedBy,
  at: Instant,
): Promise<Unbound> {
  const was = await bindings.get(personId, KIND);
  const held = (await fence.open()).find(({ target }) => target.kind === KIND && target.principalId === was);
  if (held) {
    throw new StintError(
      'state-conflict',
      `${personId} holds ${held.target.display} now (${shortId(held.requestId)}). End it first: "stint revoke --person ${personId} --wait".`,
    );
  }
  return { personId, was: (await bindings.unbind(personId, KIND, by, at)) ?? null };
}
