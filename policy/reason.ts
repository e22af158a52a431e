/** What a rule asks of the reason that somebody gives: its length, a pattern with the author's own message, a ticket. Pure. */
import type { ReasonRule } from '../contract/preview.js';
import { REASON_MAX, REASON_MIN } from '../contract/request.js';
import { type Finds, linearPattern } from './linear-pattern.js';

/** Why a reason won't do, with what would; undefined when it will. Never repeats the text: sentences end up on record. */
export function wrongReason({ min = REASON_MIN, pattern, message, ticket, check }: ReasonRule, text: string): string | undefined {
  if (text.length > REASON_MAX) return `The reason may have at most ${REASON_MAX} characters; this has ${text.length}.`;
  if (text.length < min) return `The reason needs at least ${min} characters; this has ${text.length}.`;
  if (pattern !== undefined && !finderOf(pattern)(text)) return patternSentence(pattern, message);
  if (ticket !== undefined && !finderOf(ticket)(text)) return `${ticketSentence(ticket, check)} This names none.`;
  return undefined;
}

/** All that is asked of it, before it is written. */
export function reasonText({ min, pattern, message, ticket, check }: ReasonRule): string {
  return [
    ...(min === undefined ? [] : [`The reason needs at least ${min} characters.`]),
    ...(pattern === undefined ? [] : [patternSentence(pattern, message)]),
    ...(ticket === undefined ? [] : [ticketSentence(ticket, check)]),
  ].join(' ');
}

/** Whether whatever does for the one does for the other, as far as the two say it by themselves. */
export function asksNoLess(one: ReasonRule | undefined, other: ReasonRule | undefined): boolean {
  const least = (rule: ReasonRule | undefined) => rule?.min ?? REASON_MIN;
  const keeps = (part: 'pattern' | 'ticket' | 'check') => other?.[part] === undefined || one?.[part] === other[part];
  return least(one) >= least(other) && keeps('pattern') && keeps('ticket') && keeps('check');
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
