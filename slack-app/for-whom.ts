/** For whom something is asked: oneself, or somebody else where a rule lets both of them ask. */
import { type ForWhom, OTHERS_MAX } from '../cards/request-fields/for-whom.js';
import { refIn } from '../contract/account.js';
import type { Directory, Person } from '../contract/ports.js';
import type { Preview } from '../contract/preview.js';
import type { PersonRef } from '../contract/request.js';
import { subjectNamed } from '../policy/subject.js';

export interface ForWhomDesk {
  /** The person of an id that came with a form; whoever asks where none did. Throws `bad-input`. Whether a rule lets them is asked by `pin`. */
  named(person: Person, id: string | undefined): Promise<Person>;
  /** What the form offers; undefined where there is nobody but oneself. */
  offered(person: Person, subject: Person): Promise<ForWhom | undefined>;
  /** As a request names them, with their account in our workspace. */
  refOf(person: Person): PersonRef;
}

export function createForWhom(deps: {
  readonly preview: Pick<Preview, 'others'>;
  readonly directory: Pick<Directory, 'person'>;
  readonly teamId: string;
}): ForWhomDesk {
  return {
    named: (person, id) => subjectNamed(deps.directory, person, id),
    async offered(person, subject) {
      const found = await deps.preview.others(person, '', OTHERS_MAX + 1);
      if (found.length === 0) return undefined;
      return { self: person, subject, others: found.slice(0, OTHERS_MAX), more: found.length > OTHERS_MAX };
    },
    refOf: (person) => refIn(deps.teamId, person),
  };
}
