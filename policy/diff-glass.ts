/** What changes between two rules in what may be taken by break-glass: more people or more time is wider, and so is another review. */
import type { BreakGlass } from './break-glass.js';
import { glassText } from './break-glass.js';
import type { Rule, Who } from './rules.js';

type Words = (who: Who) => string;

/** Told of a rule as a whole, to all whom it lets ask: who may break the glass is said in words. */
export function compareGlass({ breakGlass: before }: Rule, { breakGlass: after }: Rule, words: Words) {
  if (JSON.stringify(before) === JSON.stringify(after)) return {};
  const says = (one: BreakGlass | undefined) =>
    one ? `${words(one.ask)} may break the glass, ${glassText(one, words(one.review))}` : 'nobody may break the glass';
  const text = [`${says(after)}; was: ${says(before)}`];
  return { ...(isLess(after, before) ? {} : { wider: text }), ...(isLess(before, after) ? {} : { narrower: text }) };
}

function isLess(one: BreakGlass | undefined, other: BreakGlass | undefined): boolean {
  if (!one) return true;
  if (!other || one.maxMs > other.maxMs) return false;
  const keeps = other.incident === undefined || one.incident === other.incident;
  return keeps && within(one.ask, other.ask) && JSON.stringify(one.review) === JSON.stringify(other.review);
}

function within(one: Who, other: Who): boolean {
  return one.groups.every((group) => other.groups.includes(group)) && one.people.every((person) => other.people.includes(person));
}
