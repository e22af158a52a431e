/** What a verdict says for itself: what counted, what did not and why, and who could still decide. */
import { few } from '../contract/few.js';
import type { PersonId } from '../contract/ids.js';
import type { Person } from '../contract/ports.js';
import type { StageCount } from '../contract/verdict.js';
import { durationText } from './duration.js';
import { rotaName } from './rota.js';
import { countOf, isFull, type Stage } from './stages.js';
import type { Standing } from './standing.js';
import type { Tally } from './tally.js';
import type { Terms } from './terms.js';

const NAMED = 5;

/** One sentence for each vote that was looked at. */
export function explain({ approvals, denials, ignored }: Tally, voters: readonly Person[]): string[] {
  const name = (id: PersonId) => voters.find((person) => person.personId === id)?.name ?? id;
  const lines = [
    ...denials.map((vote) => `Denied by ${name(vote.personId)}.`),
    ...approvals.map((vote) => `${name(vote.personId)} approved ${durationText(vote.windowMs)}.`),
    ...ignored.map(({ vote, why }) => `${name(vote.personId)}'s vote does not count: ${why}.`),
  ];
  return [...new Set(lines)];
}

/** How many approvals are missing, and who could give them; of several stages, what each of them waits for. */
export function missing(terms: Terms, standing: Standing): string[] {
  const lines = standing.stages ? missingStages(standing, standing.stages) : missingOf(terms, standing);
  return [...new Set([...lines, ...(lines.some((line) => line.endsWith(MEND)) ? nobodies(standing) : [])])];
}

/** Why it could never be approved as things stand: too few people could. */
export function impossible(terms: Terms, standing: Standing): string[] {
  return missing(terms, standing).filter((line) => line.endsWith(MEND) || nobodies(standing).includes(line));
}

const MEND = 'ask your IT team to correct the policy.';

function missingOf({ quorum }: Terms, { approved, pool }: Standing): string[] {
  const open = pool.filter(({ personId }) => !approved.some((person) => person.personId === personId));
  const needed = quorum - approved.length;
  if (open.length >= needed) return [`${approvalsNeeded(needed)} needed, from: ${listNames(open)}.`];
  const there = open.length === 0 ? 'nobody' : `only ${listNames(open)}`;
  return [`${approvalsNeeded(needed)} needed, but ${there} could give ${needed === 1 ? 'it' : 'them'}: ${MEND}`];
}

/** The stage that is asked and by whom it could be satisfied, those after it, and what nobody could satisfy any more. */
function missingStages({ plan, approved, pool, asked }: Standing, stages: readonly StageCount[]): string[] {
  const open = stages.flatMap((stage, i) => (isFull(stage) ? [] : [{ ...stage, label: labelOf(stage, i, stages) }]));
  const reach = countOf(plan, [...approved, ...pool]);
  return [
    ...open.map(({ label, quorum, approved: there }, i) => {
      const from = i === 0 && asked.length > 0 ? `, from: ${listNames(asked)}` : '';
      return `${label}: ${approvalsNeeded(quorum - there).toLowerCase()} needed${from}.`;
    }),
    ...reach.flatMap((stage, i) =>
      isFull(stage) ? [] : [`${labelOf(stage, i, stages)}: too few people could approve: ${MEND}`],
    ),
  ];
}

function labelOf({ name }: StageCount, index: number, stages: readonly StageCount[]): string {
  return `Stage ${index + 1} of ${stages.length} (${name})`;
}

function nobodies({ plan }: Standing): string[] {
  return plan.flatMap(({ manager }) => manager?.nobody ?? []);
}

function approvalsNeeded(needed: number): string {
  return needed === 1 ? 'One more approval is' : `${needed} more approvals are`;
}

/** Names in alphabetical order; of many only the first few. */
export function listNames(people: readonly Person[]): string {
  return few(namesOf(people), NAMED);
}

const namesOf = (people: readonly Person[]): readonly string[] =>
  [...new Set(people.map((person) => person.name))].sort((a, b) => a.localeCompare(b, 'en'));

const NUMBERS = ['nobody', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];
const number = (count: number): string => NUMBERS[count] ?? `${count}`;

/**
 * `one of Ada, Grace or 3 more of it-owners, then one of security`: whom a request would ask, `whose` being in front of
 * "manager". Of the stage that is asked first people are named, of those after it what the policy calls them.
 */
export function whoIsAsked({ plan, asked, pool }: Standing, whose: string): string {
  const [first, ...later] = plan;
  if (!first) return number(0);
  const names = namesOf(asked);
  const people = names.length > first.quorum ? `${number(first.quorum)} of ${anyOf(names)}` : names.join(' and ');
  const then = later.map((stage) => `${number(stage.quorum)} of ${anyOf(calledIn(stage, pool, whose))}`);
  return [`${people || number(0)}${throughWhat(first, whose)}`, ...then].join(', then ');
}

/** How those came to be asked whom a stage does not name itself. */
function throughWhat({ who, manager }: Stage, whose: string): string {
  const groups = who.groups.map(groupCalled);
  const all = [...groups, ...(manager ? [`${whose} manager`] : [])];
  if (all.length === 0) return '';
  return all.length === groups.length && who.people.length === 0 ? ` of ${anyOf(all)}` : ` (${all.join(', ')})`;
}

function calledIn({ who, manager }: Stage, pool: readonly Person[], whose: string): readonly string[] {
  const named = pool.filter(({ personId }) => who.people.includes(personId));
  return [...who.groups.map(groupCalled), ...namesOf(named), ...(manager ? [`${whose} manager`] : [])];
}

function groupCalled(group: string): string {
  const rota = rotaName(group);
  return rota === undefined ? group : `those on call for ${rota}`;
}

/** `Ada, Grace or 3 more`. */
function anyOf(names: readonly string[]): string {
  const shown = names.length > NAMED ? [...names.slice(0, NAMED - 1), `${names.length - NAMED + 1} more`] : names;
  return shown.length > 1 ? `${shown.slice(0, -1).join(', ')} or ${shown.at(-1)}` : (shown[0] ?? number(0));
}
