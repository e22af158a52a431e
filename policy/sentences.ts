/** What a verdict says for itself: what counted, what did not and why, and who could still decide. */
import { few } from '../contract/few.js';
import type { PersonId } from '../contract/ids.js';
import type { Person } from '../contract/ports.js';
import type { StageCount } from '../contract/verdict.js';
import { durationText } from './duration.js';
import { countOf, isFull } from './stages.js';
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
  const names = [...new Set(people.map((person) => person.name))].sort((a, b) => a.localeCompare(b, 'en'));
  return few(names, NAMED);
}
