/** Names for people who are known by id, with the account of our workspace that a mention needs. */
import type { PeopleLookup } from '../cards/say.js';
import { accountIn } from '../contract/account.js';
import type { PersonId } from '../contract/ids.js';
import type { Directory } from '../contract/ports.js';

/** How many are looked up at most. */
const MAX = 40;

/** Never throws: whom the directory cannot name now is shown by id. */
export async function namesIn(directory: Directory, teamId: string, ids: readonly PersonId[]): Promise<PeopleLookup> {
  const found = await Promise.allSettled([...new Set(ids)].slice(0, MAX).map((id) => directory.person(id)));
  const people = found.flatMap((result) => (result.status === 'fulfilled' && result.value ? [result.value] : []));
  const named = people.map((person) => {
    const slackUserId = accountIn(teamId, person);
    return [person.personId, { name: person.name, ...(slackUserId && { slackUserId }) }] as const;
  });
  const known = new Map(named);
  return (id) => known.get(id);
}
