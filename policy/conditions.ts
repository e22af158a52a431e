/**
 * What a rule asks of a request beside who and what: that it is the hour for it, and that the reason will do. A condition never lets anything through
 * that would not be without it: one that does not hold refuses, and so does one that can't be worked out.
 */
import type { ReasonRule } from '../contract/preview.js';
import type { Category } from '../contract/request.js';
import type { Condition } from '../contract/verdict.js';
import { type Hours, hoursText, isOpen, nextOpening, wallText } from './calendar.js';
import { reasonText, wrongCategory, wrongReason } from './reason.js';
import { type TicketFacts, ticketCondition } from './tickets.js';

/** The conditions of one rule; what is left out is not asked. */
export interface Conditions {
  readonly hours?: Hours;
  readonly reason?: ReasonRule;
}

/** What they are held against. */
export interface Circumstances {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** What was written; undefined where that can't be read. */
  readonly reason?: string | undefined;
  /** What was chosen beside it; where that is not known, none of those that a rule names. */
  readonly category?: Category | undefined;
  /** How the tickets stand that it names, where a rule wants that looked up. */
  readonly tickets?: TicketFacts | undefined;
}

/** How each stands, for all of these rules at once: a policy of then and one of now may both have some. */
export function judgeConditions(rules: readonly Conditions[], circumstances: Circumstances): readonly Condition[] {
  const all = rules.flatMap((rule) => conditionsOf(rule, circumstances));
  return [...new Map(all.map((one) => [`${one.name} ${one.sentence}`, one])).values()];
}

function conditionsOf({ hours, reason }: Conditions, circumstances: Circumstances): Condition[] {
  return [
    ...(hours ? [hoursCondition(hours, circumstances.now)] : []),
    ...(reason ? reasonConditions(reason, circumstances) : []),
  ];
}

function reasonConditions(rule: ReasonRule, { reason: text, category, tickets }: Circumstances): Condition[] {
  const other = wrongCategory(rule, category);
  const chosen: Condition[] = other === undefined ? [] : [{ name: 'reason', state: 'unsatisfied', sentence: other }];
  const says = reasonText(rule);
  if (text === undefined)
    return [...chosen, { name: 'reason', state: 'failed', sentence: `${says} It can't be read, so it does not count.` }];
  const wrong = wrongReason(rule, text);
  const ticket = ticketCondition(rule, text, tickets);
  return [
    ...chosen,
    { name: 'reason', state: wrong === undefined ? 'satisfied' : 'unsatisfied', sentence: wrong ?? says },
    ...(ticket ? [ticket] : []),
  ];
}

/** Whether it is open, and if not, when it opens. */
export function hoursCondition(hours: Hours, now: number): Condition {
  const may = `This can be asked for and approved ${hoursText(hours)}`;
  try {
    if (isOpen(hours, now)) return { name: 'hours', state: 'satisfied', sentence: `${may}.` };
    return { name: 'hours', state: 'unsatisfied', sentence: `${may}. It is closed now, and ${opensNext(hours, now)}.` };
  } catch (error) {
    // No instant, or a zone that this runtime does not know: which hour it is can't be told.
    if (error instanceof RangeError)
      return { name: 'hours', state: 'failed', sentence: `${may}. Which hour it is there can't be told, so it is closed.` };
    throw error;
  }
}

function opensNext(hours: Hours, now: number): string {
  const next = nextOpening(hours, now);
  return next === undefined ? 'does not open within a year' : `opens next on ${wallText(hours.zone, next)}`;
}
