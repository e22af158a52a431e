/** Whom a rule means, in words: through what somebody may ask or approve, and why somebody never may. */
import { few } from '../contract/few.js';
import type { PersonId } from '../contract/ids.js';
import type { Person } from '../contract/ports.js';
import { rotaName } from './rota.js';
import { includes, type Rule, type Who } from './rules.js';
import type { Plan, Stage } from './stages.js';
import type { Facts, Terms } from './terms.js';

const NAMED = 10;

/** A person, and through what they may approve, or why they never may. */
export interface Placed {
  readonly personId: PersonId;
  readonly name: string;
  readonly why: string;
}

/** Everybody whose approval would count, and those who might be thought of and whose would not. Each by id. */
export interface Deciders {
  /** In order, where there are several: how many of whom, each by id. */
  readonly stages?: readonly { readonly name: string; readonly quorum: number; readonly approvers: readonly PersonId[] }[];
  readonly approvers: readonly Placed[];
  readonly never: readonly Placed[];
}

/** What there is to say of being on call, by the group of the policy: such as until when. */
export type OnCallWords = ReadonlyMap<string, string>;
const NO_WORDS: OnCallWords = new Map();

/** Who decides by a rule on its terms: everybody whom it names as approver, the requester and the subject. */
export function decidersOf(rule: Rule, terms: Terms, facts: Facts, words = NO_WORDS): Deciders {
  const { requester, subject, approverPool } = facts;
  const [plan = []] = terms.plans;
  const named = approverPool.filter((person) => includes(rule.approve, person) || terms.approves(person));
  const own = [requester, subject].filter((person) => person !== undefined);
  const all = [...new Map([...named, ...own].map((person) => [person.personId, person])).values()];
  const absent = rule.approve.people.filter((id) => !all.some(({ personId }) => personId === id));
  const place = (why: (person: Person) => string) => (person: Person) => ({
    personId: person.personId,
    name: person.name,
    why: why(person),
  });
  const approvers = all.filter(terms.approves);
  return {
    ...(plan.length > 1 ? { stages: plan.map((stage) => stageOf(stage, approvers)) } : {}),
    approvers: approvers.map(place((person) => throughStages(plan, person, words))).sort(byId),
    never: [
      ...all.filter((person) => !terms.approves(person)).map(place((person) => whyNever(person, facts))),
      ...absent.map((id) => ({ personId: id, name: id, why: 'is not in the people file' })),
    ].sort(byId),
  };
}

function stageOf({ name, quorum, may }: Stage, approvers: readonly Person[]) {
  const ids = approvers.filter(may).map((person) => person.personId);
  return { name, quorum, approvers: ids.sort() };
}

/** Through what somebody may approve, over all stages that they could sit in. */
function throughStages(plan: Plan, person: Person, words: OnCallWords): string {
  const ways = plan.filter(({ may }) => may(person)).map((stage) => throughStage(stage, person, words));
  return [...new Set(ways)].join('; ');
}

function throughStage({ who, manager }: Stage, person: Person, words: OnCallWords): string {
  return manager?.person && manager.person.personId === person.personId
    ? `as a manager: ${manager.as}`
    : through(who, person, words);
}

function whyNever(person: Person, { requester, subject }: Facts): string {
  if (person.personId === requester?.personId) return 'asks for it, and nobody decides their own request';
  if (person.personId === subject?.personId) return 'would hold it, and nobody decides over their own access';
  return person.active ? 'is no approver' : 'is not active in the people file';
}

function byId(a: Placed, b: Placed): number {
  return a.personId < b.personId ? -1 : 1;
}

/** Through what somebody is meant who is. */
export function through({ groups, people }: Who, person: Person, words = NO_WORDS): string {
  const shared = person.groups.filter((group) => groups.includes(group));
  if (people.includes(person.personId) || shared.length === 0) return 'by name';
  const plain = shared.filter((group) => rotaName(group) === undefined);
  const rotas = shared.flatMap((group) => words.get(group) ?? onCallFor(group));
  return [...(plain.length > 0 ? [`through ${groupsName(plain)}`] : []), ...rotas].join(' and ');
}

/** Everybody who is meant, as the rule has it. */
export function whoName({ groups, people }: Who): string {
  const plain = groups.filter((group) => rotaName(group) === undefined);
  const rotas = groups.flatMap(onCallFor).map((words) => `whoever is ${words}`);
  const named = people.length > 0 ? [few(people, NAMED)] : [];
  return [...(plain.length > 0 ? [groupsName(plain)] : []), ...rotas, ...named].join(' and ');
}

function onCallFor(group: string): string[] {
  const rota = rotaName(group);
  return rota === undefined ? [] : [`on call for ${rota}`];
}

function groupsName(groups: readonly string[]): string {
  return `the group${groups.length > 1 ? 's' : ''} ${few(groups, NAMED)}`;
}
