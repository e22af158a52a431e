/**
 * The tickets that a reason names, and whether they are there. A far end keeps them, so it can be away: then it is not known,
 * which is never a yes, and no denial either, for it passes (`docs/decisions/0025`).
 */
import { isStintError } from '../contract/errors.js';
import type { Person, Tickets } from '../contract/ports.js';
import type { ReasonRule } from '../contract/preview.js';
import type { Condition } from '../contract/verdict.js';
import { linearMatches, type Matches } from './linear-pattern.js';
import { wrongReason } from './reason.js';

/** How one ticket stands, by one check. */
export type TicketFact = { readonly state: 'there' } | { readonly state: 'not' | 'unknown'; readonly why: string };

/** By check and ticket. */
export type TicketFacts = ReadonlyMap<string, TicketFact>;

/** One that is there will do; of many that a reason names only the first are looked up. */
const LOOKED_UP = 3;
/** NB: goes into an address, and on record: no blank, no slash, no sign that means something to a far end's query, and never `..` alone. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

const matchers = new Map<string, Matches>();

/** The names of tickets that a reason holds: what the rule's pattern takes of it, and nothing around that. */
export function ticketsIn({ ticket }: ReasonRule, text: string): readonly string[] {
  if (ticket === undefined) return [];
  const matches = matchers.get(ticket) ?? linearMatches(ticket);
  matchers.set(ticket, matches);
  return [...new Set(matches(text, LOOKED_UP))].filter((name) => NAME.test(name));
}

const keyOf = (check: string, ticket: string): string => `${check} ${ticket}`;

/** How the tickets stand that these rules want looked up. A reason that will not do anyway is not looked into. */
export async function ticketFacts(
  rules: readonly { readonly reason?: ReasonRule }[],
  text: string | undefined,
  requester: Pick<Person, 'email'> | undefined,
  tickets: Tickets | undefined,
): Promise<TicketFacts> {
  const wanted = rules.flatMap(({ reason }) => {
    const { check } = reason ?? {};
    if (!reason || check === undefined || text === undefined || wrongReason(reason, text) !== undefined) return [];
    return ticketsIn(reason, text).map((ticket) => ({ check, ticket }));
  });
  const once = new Map(wanted.map((one) => [keyOf(one.check, one.ticket), one]));
  const facts = [...once].map(async ([key, { check, ticket }]): Promise<readonly [string, TicketFact]> => {
    if (!tickets || !requester) return [key, NOWHERE];
    return [key, await factOf(tickets, check, ticket, requester)];
  });
  return new Map(await Promise.all(facts));
}

const NOWHERE: TicketFact = { state: 'unknown', why: 'No checks of tickets are set up here (STINT_TICKETS).' };

async function factOf(tickets: Tickets, check: string, ticket: string, requester: Pick<Person, 'email'>): Promise<TicketFact> {
  try {
    const answer = await tickets.look(check, ticket, requester);
    return answer.there ? { state: 'there' } : { state: 'not', why: answer.why };
  } catch (error) {
    if (isStintError(error) && error.code === 'ticket-unavailable') return { state: 'unknown', why: error.sentence };
    throw error;
  }
}

/** Whether a ticket that the reason names is there. None where the rule asks for no such thing, or the reason itself won't do. */
export function ticketCondition(rule: ReasonRule, text: string, facts: TicketFacts | undefined): Condition | undefined {
  const { check } = rule;
  if (check === undefined || wrongReason(rule, text) !== undefined) return undefined;
  const named = ticketsIn(rule, text).map((ticket) => ({ ticket, fact: facts?.get(keyOf(check, ticket)) ?? NOWHERE }));
  const there = named.find(({ fact }) => fact.state === 'there');
  if (there) return { name: 'ticket', state: 'satisfied', sentence: `The ticket ${there.ticket} is there (${check}).` };
  const unknown = named.find(({ fact }) => fact.state === 'unknown');
  if (unknown) return { name: 'ticket', state: 'failed', sentence: untold(unknown.ticket, unknown.fact) };
  const whys = named.map(({ fact }) => whyOf(fact));
  return { name: 'ticket', state: 'unsatisfied', sentence: whys.length > 0 ? whys.join(' ') : NO_NAME };
}

const NO_NAME = 'What the reason has in the place of a ticket can be the name of none.';
const untold = (ticket: string, fact: TicketFact): string =>
  `It can't be told now whether the ticket ${ticket} is there: ${whyOf(fact)} Nothing is approved by it until then.`;
const whyOf = (fact: TicketFact): string => ('why' in fact ? fact.why : '');

/** Whether a condition only waits for a far end: it refuses nothing, and lets nothing through. */
export function onlyWaits({ name, state }: Condition): boolean {
  return name === 'ticket' && state === 'failed';
}

/** The same facts, as if whatever can't be told now were there: what turns on it is seen by comparing. */
export function asIfThere(facts: TicketFacts): TicketFacts {
  return new Map([...facts].map(([key, fact]) => [key, fact.state === 'unknown' ? { state: 'there' } : fact]));
}
