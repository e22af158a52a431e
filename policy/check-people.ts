/** What a people file says that cannot be: managers who are not there or go round in a circle, turns of people who left. */
import { few } from '../contract/few.js';
import type { PersonId } from '../contract/ids.js';
import type { Person } from '../contract/ports.js';
import type { PeopleFile } from './people.js';
import { didYouMean } from './problems.js';
import { isPaged } from './rota.js';

/** Of a long circle only so many are named. */
const NAMED = 5;
/** To hold each wrong name against all others would take minutes, where every name is wrong. */
const SUGGESTED = 50;

/** One sentence for each manager or stand-in who is not in the file, and one for each circle; each with where it stands. */
export function managerFindings({ people, at }: Pick<PeopleFile, 'people' | 'at'>): string[] {
  const byId = new Map(people.map((person) => [person.personId, person]));
  const ids = [...byId.keys()];
  let wrong = 0;
  const gone = (id: PersonId) => `is not in the people file${wrong++ < SUGGESTED ? didYouMean(id, ids, '.') : '.'}`;
  const unknown = people.flatMap(({ personId, manager, away }, i) => {
    const found: string[] = [];
    const say = (path: readonly string[], what: string) => found.push(placed(at, ['people', i, ...path], `${personId}: ${what}`));
    if (manager !== undefined && !byId.has(manager)) say(['manager'], `the manager ${manager} ${gone(manager)}`);
    const delegate = away?.delegate;
    if (delegate !== undefined && !byId.has(delegate))
      say(['away', 'delegate'], `${delegate}, who stands in while they are away, ${gone(delegate)}`);
    return found;
  });
  const place = ([first]: readonly PersonId[]) => ['people', people.findIndex(({ personId }) => personId === first), 'manager'];
  return [...unknown, ...circles(byId).map((circle) => placed(at, place(circle), circleText(circle)))];
}

/** With `file:line:column` before it, where that is known. */
function placed(at: PeopleFile['at'], path: readonly PropertyKey[], what: string): string {
  const where = at?.(path);
  return where === undefined ? what : `${where} ${what}`;
}

function circleText(circle: readonly PersonId[]): string {
  if (circle.length === 1) return `${circle[0]}: is named as their own manager. Name another, or nobody.`;
  return `${few(circle, NAMED)}: their managers go round in a circle. One of them needs another manager, or none.`;
}

/** Each circle once, beginning with whoever of it stands first in the file. Everybody is walked past once. */
function circles(byId: ReadonlyMap<PersonId, Person>): readonly (readonly PersonId[])[] {
  const found: PersonId[][] = [];
  const seen = new Set<PersonId>();
  for (const start of byId.keys()) {
    const way: PersonId[] = [];
    let at: PersonId | undefined = start;
    while (at !== undefined && byId.has(at) && !seen.has(at)) {
      seen.add(at);
      way.push(at);
      at = byId.get(at)?.manager;
    }
    const back = at === undefined ? -1 : way.indexOf(at);
    if (back !== -1) found.push(way.slice(back));
  }
  return found;
}

/** One sentence for each person who has turns in a rota and is not active: in those turns nobody is there to decide. */
export function rotaFindings({ people, rotas, at }: PeopleFile): string[] {
  const gone = new Set(people.filter(({ active }) => !active).map(({ personId }) => personId));
  return rotas.flatMap((rota, i) => {
    if (isPaged(rota)) return [];
    const turns = [...new Set(rota.people)].filter((id) => gone.has(id));
    return turns.map((id) => placed(at, ['rotas', i, 'people', rota.people.indexOf(id)], turnText(rota.name, id)));
  });
}

function turnText(rota: string, person: PersonId): string {
  return `the rota ${rota}: ${person} is not active in the people file, so nobody can decide in their turns. Take them out of it.`;
}
