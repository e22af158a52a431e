/** How many of one person there may be at once by one rule, whichever way they came to be. */
import { termsOf } from '../law.js';
import { type Access, type Facts, placeOf, type Violation } from './facts.js';

/** No law has other limits than another. */
const termsFor = ({ view }: NonNullable<Access['of']>) => termsOf('plain', placeOf(view.request.target));

export function pastLimit({ now }: Pick<Facts, 'now'>, { mac, held, of }: Access, all: readonly Access[]): Violation[] {
  if (!of) return [];
  const { id, live } = termsFor(of);
  const { personId } = of.view.request.subject;
  const there = all.filter(
    ({ of: other, held: { from, to = now } }) =>
      other?.view.request.subject.personId === personId && termsFor(other).id === id && from <= held.from && held.from < to,
  );
  if (live === undefined || there.length <= live) return [];
  const what = `${personId} had ${there.length} at once by the rule ${id}, which allows ${live}, at ${new Date(held.from).toISOString()}`;
  return [{ rule: 'limit', requestId: of.requestId, serial: mac.serial, what }];
}
