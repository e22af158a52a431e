/**
 * Who decides as the manager of somebody: whom the people file names; while they are away, who stands in for them, else
 * their own manager, and so on. Exactly one person, or nobody and why: what is missing, goes round in a circle or comes back to
 * those whose request it is, is nobody.
 */
import { type Instant, msOf, type PersonId } from '../contract/ids.js';
import type { Directory, Person } from '../contract/ports.js';

/** So many managers, one above the other, are looked at. */
const LEVELS = 5;

/** The person, and as what they decide; or why nobody does. */
export type Managing =
  | { readonly person: Person; readonly as: string; readonly nobody?: undefined }
  | { readonly nobody: string; readonly person?: undefined };

interface Staff {
  /** A person by their id, as the directory knew them. */
  readonly find: (personId: PersonId) => Person | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Who decides as the subject's manager now. `own`: those whose request it is, who never do. */
export function managing(subject: Person, own: readonly PersonId[], staff: Staff): Managing {
  const above = new Set([subject.personId]);
  let below = subject;
  for (let level = 0; level < LEVELS; level++) {
    const { manager } = below;
    if (manager === undefined) return { nobody: `${below.name} has no manager in the people file.` };
    const theirs = `the manager of ${below.name}`;
    if (above.has(manager)) return { nobody: `In the people file ${manager} is ${theirs}, in a circle.` };
    const person = staff.find(manager);
    if (!person) return { nobody: `${manager}, ${theirs}, is not in the people file.` };
    if (!person.active) return { nobody: `${person.name}, ${theirs}, is not active in the people file.` };
    if (!isAway(person, staff.now)) return own.includes(manager) ? ownRequest(person, theirs) : { person, as: theirs };
    const delegate = standIn(person, own, staff);
    if (delegate) return { person: delegate, as: `for ${person.name}, ${theirs}, who is away ${untilText(person)}` };
    above.add(manager);
    below = person;
  }
  return { nobody: `The ${LEVELS} managers above ${subject.name} are away, and nobody stands in for them.` };
}

function ownRequest({ name }: Person, theirs: string): Managing {
  return { nobody: `${name}, ${theirs}, is one of those whose request it is, and nobody decides their own.` };
}

function isAway({ away }: Person, now: number): boolean {
  return away !== undefined && msOf(away.from) <= now && now < msOf(away.until);
}

/** Somebody who could not decide either stands in for nobody: then it goes on upwards. */
function standIn({ away }: Person, own: readonly PersonId[], { find, now }: Staff): Person | undefined {
  const delegate = away?.delegate === undefined ? undefined : find(away.delegate);
  return delegate?.active && !own.includes(delegate.personId) && !isAway(delegate, now) ? delegate : undefined;
}

function untilText({ away }: Person): string {
  const text = (until: Instant) => `until ${until.slice(0, 16).replace('T', ' ')} UTC`;
  return away ? text(away.until) : '';
}

/**
 * Everybody who may have to be known to say who decides as this person's manager: managers one above the other, and who
 * stands in for them. Who isn't there is left out. Throws what the directory throws.
 */
export async function managersOf(directory: Pick<Directory, 'person'>, subject: Person): Promise<readonly Person[]> {
  const found = new Map<PersonId, Person>();
  let below: Person | undefined = subject;
  for (let level = 0; level < LEVELS && below?.manager !== undefined; level++) {
    const person: Person | undefined = await directory.person(below.manager);
    const delegate = person?.away?.delegate === undefined ? undefined : await directory.person(person.away.delegate);
    for (const one of [person, delegate]) if (one) found.set(one.personId, one);
    below = person;
  }
  return [...found.values()];
}
