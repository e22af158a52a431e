/**
 * Who is on call, for commands that read files and ask nobody: by the rotas of the people file at this hour, and as flags tell
 * it. Of a rota that PagerDuty keeps, and of which nothing is told, it is not known.
 */
import { StintError } from '../../contract/errors.js';
import type { PersonId } from '../../contract/ids.js';
import type { Directory, Person } from '../../contract/ports.js';
import type { Untold } from '../../policy/attributes.js';
import { dutyAsSaid } from '../../policy/duty.js';
import { withRotas } from '../../policy/on-call.js';
import { directoryFrom, type PeopleFile } from '../../policy/people.js';
import { didYouMean } from '../../policy/problems.js';
import { isPaged, type Shift, shiftAt } from '../../policy/rota.js';
import type { OnCallWords } from '../../policy/who.js';

export interface ToldDuty {
  readonly directory: Directory;
  readonly onto: (people: readonly Person[]) => readonly Person[];
  /** Whether it is not known who is on call, by the group of the policy. */
  readonly untold: Untold;
  readonly words: OnCallWords;
}

/** `flags` are `rota=person`, once for each. `now` in milliseconds since 1970. Throws `bad-input` for what can't be meant. */
export function toldDuty(flags: readonly string[], file: PeopleFile, now: number): ToldDuty {
  const told = toldBy(flags, file);
  const shifts = new Map<string, Shift>();
  for (const rota of file.rotas) {
    const people = told.get(rota.name);
    if (people) shifts.set(rota.name, { people });
    else if (!isPaged(rota)) shifts.set(rota.name, shiftAt(rota, now));
  }
  const said = new Map([...shifts].map(([name, { people }]) => [name, people]));
  const unknown = new Set(file.rotas.flatMap(({ name }) => (shifts.has(name) ? [] : [`oncall:${name}`])));
  return {
    directory: directoryFrom(file.people, dutyAsSaid(said)),
    onto: (people) => withRotas(people, said),
    untold: (group) => unknown.has(group),
    words: new Map([...shifts].map(([name, { until }]) => [`oncall:${name}`, wordsOf(name, until)])),
  };
}

function wordsOf(name: string, until: string | undefined): string {
  return `on call for ${name}${until === undefined ? '' : ` until ${until}`}`;
}

function toldBy(flags: readonly string[], { people, rotas }: PeopleFile): ReadonlyMap<string, readonly PersonId[]> {
  const told = new Map<string, readonly PersonId[]>();
  for (const flag of flags) {
    const [, rota = '', id = ''] = /^([^=]+)=(.+)$/.exec(flag) ?? [];
    const person = people.find(({ personId }) => personId === id);
    if (!rotas.some(({ name }) => name === rota))
      throw bad(`--oncall must be <rota>=<person>, with a rota of the people file, not ${flag}${meant(rota, rotas)}`);
    if (!person) throw bad(`--oncall ${flag}: ${id} is not in the people file${didYouMean(id, ids(people), '.')}`);
    told.set(rota, [...(told.get(rota) ?? []), person.personId]);
  }
  return told;
}

const ids = (people: readonly Person[]): string[] => people.map(({ personId }) => personId);

function meant(rota: string, rotas: PeopleFile['rotas']): string {
  const names = rotas.map(({ name }) => name);
  return didYouMean(rota, names, names.length > 0 ? `; it has: ${names.join(', ')}.` : '; it has none.');
}

const bad = (sentence: string): StintError => new StintError('bad-input', sentence);
