/** For whom something is asked, as an entrance hears it: an id that anybody may have written. */
import { StintError } from '../contract/errors.js';
import type { PersonId } from '../contract/ids.js';
import type { Directory, Person } from '../contract/ports.js';

const GONE = 'Whoever it is for is not in the people file, or not active. Name somebody else.';

/**
 * The person of an id; whoever asks where none is given. Throws `bad-input` for somebody who is not there. Whether a rule lets
 * the one ask for the other is not asked here.
 */
export async function subjectNamed(directory: Pick<Directory, 'person'>, asker: Person, id: string | undefined): Promise<Person> {
  if (id === undefined || id === asker.personId) return asker;
  const other = await directory.person(id as PersonId);
  if (other?.active) return other;
  throw new StintError('bad-input', GONE);
}
