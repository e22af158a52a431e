/** The record of what was taken from a person or a Mac and not by themselves: keys, and who somebody is at a far end. */
import type { AnyEvent, ElevationEvent } from '../contract/events.js';
import { type Digest, HOUSE, type Instant, NO_DIGEST } from '../contract/ids.js';
import type { OustedBy } from '../contract/ports.js';
import { putText } from './documents.js';
import type { Trx } from './schema.js';

/** The cause as an entry carries it; an operator's name is kept as a text of its own. */
export async function oustedBy(
  trx: Trx,
  by: OustedBy,
): Promise<{ readonly cause: OustedBy['cause']; readonly byDigest?: Digest }> {
  return by.cause === 'left' ? { cause: 'left' } : { cause: 'operator', byDigest: await putText(trx, by.operator) };
}

/** One entry of the house. `name` makes its id, which is never used twice. */
export function houseEvent<T extends 'keys-revoked' | 'unbound' | 'device-keys-withdrawn'>(
  name: string,
  type: T,
  data: ElevationEvent<T>['data'],
  { cause }: Pick<OustedBy, 'cause'>,
  at: Instant,
): AnyEvent {
  const actor = { via: cause === 'left' ? 'sweep' : 'cli' } as const;
  const id = `${HOUSE}/no-run/${name}`;
  return { id, type, requestId: HOUSE, requestDigest: NO_DIGEST, runId: 'no-run', at, actor, data } as AnyEvent;
}
