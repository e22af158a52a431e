/** Entries of the house: what concerns no single elevation, such as a freeze, a policy or a key. */
import type { AnyEvent, ElevationEvent, EventType } from '../contract/events.js';
import { type Digest, HOUSE, type Instant, NO_DIGEST } from '../contract/ids.js';
import type { OustedBy } from '../contract/ports.js';
import { putText } from './documents.js';
import type { Trx } from './schema.js';

/** Why something was taken from a person, as an entry carries it; an operator's name is kept as a text of its own. */
export async function oustedBy(
  trx: Trx,
  by: OustedBy,
): Promise<{ readonly cause: OustedBy['cause']; readonly byDigest?: Digest }> {
  return by.cause === 'left' ? { cause: 'left' } : { cause: 'operator', byDigest: await putText(trx, by.operator) };
}

/** Who took it. */
export function ousterOf({ cause }: OustedBy): AnyEvent['actor'] {
  return { via: cause === 'left' ? 'sweep' : 'cli' };
}

/** One entry of the house. `name` makes its id, which is never used twice. */
export function houseEvent<T extends EventType>(
  name: string,
  type: T,
  actor: AnyEvent['actor'],
  data: ElevationEvent<T>['data'],
  at: Instant,
): AnyEvent {
  const id = `${HOUSE}/no-run/${name}`;
  return { id, type, requestId: HOUSE, requestDigest: NO_DIGEST, runId: 'no-run', at, actor, data } as AnyEvent;
}
