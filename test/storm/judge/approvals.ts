/**
 * Who might decide what, at which time, by the storm's own knowledge: which policy was in force, who had left, who pressed what. Where
 * something happened at about the same time (a policy that was on its way, a judgement that waited) either is believed: what is
 * found here is wrong in every order of things.
 */
import { mostByTrying, sum } from '../../policy/seating.js';
import { DUTY, groupsOf, INCIDENT, type Law, MAX_MS, stagesOf, termsOf } from '../law.js';
import type { Press } from '../notebook.js';
import { askOf, at, type Facts, placeOf, pressesOf } from './facts.js';
import { only, type Recorded } from './ledger.js';

export type Round = 'request' | 'extension';

/** A span of time, in milliseconds since 1970. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** The people file is read at each question; one that was asked a moment before may still be answered. */
const READ_MS = 3000;
/** A click that Slack was not heard to be told of is delivered again. */
const DELIVERED_AGAIN_MS = 10_000;
/** Between our clock's look and the product's. */
const CLOCK_MS = 1000;

/** Whether somebody was not there for all of this time. */
export function isAway({ notebook }: Pick<Facts, 'notebook'>, personId: string, { from, to }: Span): boolean {
  return notebook.absences.some((one) => one.personId === personId && one.from + READ_MS <= from && to <= one.to);
}

/** The policies that may have been in force in some moment of this time. */
export function lawsIn({ notebook: { laws } }: Pick<Facts, 'notebook'>, { from, to }: Span): readonly Law[] {
  const all = [{ law: 'plain' as Law, from: Number.NEGATIVE_INFINITY }, ...laws];
  const until = (n: number) => laws[n]?.to ?? Number.POSITIVE_INFINITY;
  const found = all.filter((one, n) => one.from <= to && until(n) >= from);
  return [...new Set(found.map(({ law }) => law))];
}

/** Presses by people who might decide this then: no strangers, nobody who had left, and none of those whose it is. */
export function eligible(facts: Facts, { view }: Recorded, pattern: RegExp, round: Round = 'request'): readonly Press[] {
  const { requestId, requester, subject, target } = view.request;
  const may = ({ personId, at: from, ackAt: to = from }: Press) => {
    const laws = lawsIn(facts, { from: from - CLOCK_MS, to: to + CLOCK_MS });
    const groups = laws.flatMap((law) => groupsOf(termsOf(law, placeOf(target)), round)) as readonly string[];
    const person = facts.world.people.find(({ id }) => id === personId);
    return (
      person?.groups.some((group) => groups.includes(group)) === true &&
      !isAway(facts, personId, { from, to: to + DELIVERED_AGAIN_MS })
    );
  };
  return pressesOf(facts, requestId).filter(
    (p) =>
      !p.ack.startsWith('not pressed') &&
      pattern.test(p.actionId) &&
      p.personId !== requester.personId &&
      p.personId !== subject.personId &&
      may(p),
  );
}

/** When the policy was asked for the first time. */
export function askedIn({ view: { request }, events }: Recorded): Span {
  const [requested] = only(events, 'requested');
  return { from: at(request.askedAt) - CLOCK_MS, to: at(requested?.at ?? request.askedAt) + CLOCK_MS };
}

/** Whether these people fill the seats of then and of now, whichever policies those were; judged at some moment of `when`. */
export function isDecided(facts: Facts, recorded: Recorded, presses: readonly Press[], round: Round, when: Span): boolean {
  const { request } = recorded.view;
  const there = [...new Set(presses.filter((p) => p.at <= when.to).map(({ personId }) => personId))]
    .filter((personId) => !isAway(facts, personId, when))
    .flatMap((personId) => facts.world.people.find(({ id }) => id === personId) ?? []);
  const fills = (law: Law) => {
    const stages = stagesOf(termsOf(law, placeOf(request.target)), round);
    const masks = there.map(({ groups }) =>
      stages.reduce((mask, { group, later }, n) => {
        const joined = later && when.to - at(request.askedAt) >= later.afterMs && groups.includes(later.group);
        return mask | (groups.includes(group) || joined ? 1 << n : 0);
      }, 0),
    );
    const quorums = stages.map(({ quorum }) => quorum);
    return mostByTrying(quorums, masks) === sum(quorums);
  };
  return lawsIn(facts, askedIn(recorded)).some(fills) && lawsIn(facts, when).some(fills);
}

/**
 * For how long the policies of then and of now let this person take by break-glass what they asked for: the shorter, and nothing where
 * either lets them not, or they had not broken it.
 */
export function longestByGlass(facts: Facts, recorded: Recorded, when: Span): number {
  const { requester, subject, target } = recorded.view.request;
  const ask = askOf(facts, recorded.requestId);
  const person = facts.world.people.find(({ id }) => id === ask?.personId);
  const own = [requester, subject].every(({ personId }) => personId === ask?.personId);
  if (!ask?.glass || ask.glass.drill || !own || !person?.groups.includes(DUTY)) return 0;
  if (!new RegExp(INCIDENT).test(ask.glass.incident)) return 0;
  // Longer than the rule lets it be is not cut to what it lets: it is refused.
  const lets = (law: Law) => ask.windowMs <= (termsOf(law, placeOf(target)).glass?.maxMs ?? 0);
  return [askedIn(recorded), when].every((span) => lawsIn(facts, span).some(lets)) ? ask.windowMs : 0;
}

const lengthOf = ({ actionId }: Press) => Number(actionId.split(':')[1]);

/** The longest that so many approved as have to: of several lengths the shortest counts. Nothing where they were too few. */
export function longestOf(facts: Facts, recorded: Recorded, presses: readonly Press[], round: Round, when: Span): number {
  const lengths = [...new Set(presses.map(lengthOf))].sort((a, b) => b - a);
  const long = (least: number) => presses.filter((press) => lengthOf(press) >= least);
  return lengths.find((least) => isDecided(facts, recorded, long(least), round, when)) ?? 0;
}

/** When it was judged for the last time before access began: from the entry, which may be written again and again until it is heard. */
export function armedIn({ events }: Recorded, began: number): Span {
  const armed = only(events, 'armed').map((e) => at(e.at));
  return { from: Math.min(...armed) - CLOCK_MS, to: began + CLOCK_MS };
}

/**
 * The latest instant at which the approved window, with the extensions that were approved, may end: each of them once, and none past
 * the policy's cap.
 */
export function windowEnd(facts: Facts, recorded: Recorded): number {
  const { view, events } = recorded;
  const confirmed = at(view.confirmedAt);
  const armed = armedIn(recorded, confirmed);
  // What is taken by break-glass nobody makes longer.
  if (view.request.breakGlass) return confirmed + Math.min(view.approvedWindowMs ?? 0, longestByGlass(facts, recorded, armed));
  const first = longestOf(facts, recorded, eligible(facts, recorded, /^approve:/), 'request', armed);
  const longer = eligible(facts, recorded, /^ext-approve:/, 'extension');
  const rounds = new Map(only(events, 'extended').map((extended) => [extended.data.roundDigest, extended]));
  const extensions = [...rounds.values()].map(({ data, at: extendedAt }) => {
    const own = longer.filter(({ digest }) => digest === data.roundDigest);
    const from = Math.min(...own.map((p) => p.at));
    const judged = { from: from - CLOCK_MS, to: at(extendedAt) + CLOCK_MS };
    return Math.min(data.windowMs, longestOf(facts, recorded, own, 'extension', judged));
  });
  return confirmed + Math.min(MAX_MS, sum([Math.min(view.approvedWindowMs ?? 0, first), ...extensions]));
}
