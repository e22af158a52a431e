/** What a people file says that cannot be: managers who are not there or go round in a circle, turns of people who left. */
import type { PersonId } from '../contract/ids.js';
import type { Person } from '../contract/ports.js';
import type { PeopleFile } from './people.js';
import { isPaged } from './rota.js';

/** One sentence for each manager or stand-in who is not in the file, and one for each circle. */
export function managerFindings(people: readonly Person[]): string[] {
  const byId = new Map(people.map((person) => [person.personId, person]));
  const unknown = people.flatMap(({ personId, manager, away }) => [
    ...(manager !== undefined && !byId.has(manager) ? [`${personId}: the manager ${manager} is not in the people file.`] : []),
    ...(away?.delegate !== undefined && !byId.has(away.delegate)
      ? [`${personId}: ${away.delegate}, who stands in while they are away, is not in the people file.`]
      : []),
  ]);
  return [...unknown, ...circles(byId).map((circle) => circleText(circle))];
}

function circleText(circle: readonly PersonId[]): string {
  if (circle.length === 1) return `${circle[0]}: is named as their own manager.`;
  return `${circle.slice(0, 5).join(', ')}${circle.length > 5 ? ' and more' : ''}: their managers go round in a circle.`;
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
export function rotaFindings({ people, rotas }: PeopleFile): string[] {
  const gone = new Set(people.filter(({ active }) => !active).map(({ personId }) => personId));
  const turns = rotas.flatMap((rota) => (isPaged(rota) ? [] : [...new Set(rota.people)].map((id) => ({ rota: rota.name, id }))));
  return turns.filter(({ id }) => gone.has(id)).map(({ rota, id }) => turnText(rota, id));
}

function turnText(rota: string, person: PersonId): string {
  return `the rota ${rota}: ${person} is not active in the people file, so nobody can decide in their turns.`;
}
