/** What a verdict says for itself: what counted, what did not and why, and who could still decide. */
import type { PersonId } from '../contract/ids.js';
import type { Person } from '../contract/ports.js';
import { durationText } from './duration.js';
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

/** How many approvals are missing, and who could give them. */
export function missing(terms: Terms, approvedBy: readonly PersonId[], pool: readonly Person[]): string[] {
  const open = pool.filter((person) => terms.approves(person) && !approvedBy.includes(person.personId));
  const needed = terms.quorum - approvedBy.length;
  const approvals = needed === 1 ? 'One more approval is' : `${needed} more approvals are`;
  if (open.length >= needed) return [`${approvals} needed, from: ${listNames(open)}.`];
  const there = open.length === 0 ? 'nobody' : `only ${listNames(open)}`;
  return [
    `${approvals} needed, but ${there} could give ${needed === 1 ? 'it' : 'them'}: ask your IT team to correct the policy.`,
  ];
}

/** Names in alphabetical order; of many only the first few. */
export function listNames(people: readonly Person[]): string {
  const names = [...new Set(people.map((person) => person.name))].sort((a, b) => a.localeCompare(b, 'en'));
  const rest = names.length - NAMED;
  return rest > 0 ? `${names.slice(0, NAMED).join(', ')} and ${rest} more` : names.join(', ');
}
