/** What a rule asks of the reason that somebody gives: its length, a pattern with the author's own message, a ticket. Pure. */
import type { ReasonRule } from '../contract/preview.js';
import { type Category, REASON_MAX, REASON_MIN } from '../contract/request.js';
import { type Finds, linearPattern } from './linear-pattern.js';

/** Why a reason won't do, with what would; undefined when it will. Never repeats the text: sentences end up on record. */
export function wrongReason({ min = REASON_MIN, pattern, message, ticket, check }: ReasonRule, text: string): string | undefined {
  if (text.length > REASON_MAX) return `The reason may have at most ${REASON_MAX} characters; this has ${text.length}.`;
  if (text.length < min) return `The reason needs at least ${min} characters; this has ${text.length}.`;
  if (pattern !== undefined && !finderOf(pattern)(text)) return patternSentence(pattern, message);
  if (ticket !== undefined && !finderOf(ticket)(text)) return `${ticketSentence(ticket, check)} This names none.`;
  return undefined;
}

/** The same of the category that was chosen beside it. */
export function wrongCategory({ category: allowed }: ReasonRule, category: Category | undefined): string | undefined {
  if (allowed === undefined || (category !== undefined && allowed.includes(category))) return undefined;
  return `${categorySentence(allowed)} This is ${category ?? 'not known'}.`;
}

/** All that is asked of it, before it is written. */
export function reasonText({ min, pattern, message, ticket, check, category }: ReasonRule): string {
  return [
    ...(category === undefined ? [] : [categorySentence(category)]),
    ...(min === undefined ? [] : [`The reason needs at least ${min} characters.`]),
    ...(pattern === undefined ? [] : [patternSentence(pattern, message)]),
    ...(ticket === undefined ? [] : [ticketSentence(ticket, check)]),
  ].join(' ');
}

/** Whether whatever does for the one does for the other, as far as the two say it by themselves. */
export function asksNoLess(one: ReasonRule | undefined, other: ReasonRule | undefined): boolean {
  const least = (rule: ReasonRule | undefined) => rule?.min ?? REASON_MIN;
  const keeps = (part: 'pattern' | 'ticket' | 'check') => other?.[part] === undefined || one?.[part] === other[part];
  const within = other?.category === undefined || one?.category?.every((each) => other.category?.includes(each)) === true;
  return least(one) >= least(other) && keeps('pattern') && keeps('ticket') && keeps('check') && within;
}

function categorySentence(allowed: readonly Category[]): string {
  return `The category must be ${allowed.length > 1 ? 'one of: ' : ''}${allowed.join(', ')}.`;
}

function patternSentence(pattern: string, message = `The reason must match ${pattern}.`): string {
  return message;
}

function ticketSentence(ticket: string, check: string | undefined): string {
  return `The reason must name a ticket (${ticket})${check === undefined ? '' : ` that is there by the check ${check}`}.`;
}

const finders = new Map<string, Finds>();

/** Patterns come from policies alone, so they are few. Throws `bad-input` for one that was refused when the policy was read. */
function finderOf(pattern: string): Finds {
  const finder = finders.get(pattern) ?? linearPattern(pattern);
  finders.set(pattern, finder);
  return finder;
}
