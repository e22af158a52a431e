/**
 * What the policy should say, in a few lines of their own: who may decide, who counted, for how long. It knows rules and people as
 * they are now, and uses nothing of the product.
 */
import { mostByTrying, sum } from '../../policy/seating.js';
import type { Name, PoolName, Rule, Setting, Stage } from './plan.js';

export interface Someone {
  readonly active: boolean;
  readonly groups: readonly PoolName[];
}
export type People = { readonly [N in Name]: Someone };

/** Whose elevation it is: none of them ever counts. */
export function ownersOf({ onBehalf }: Pick<Setting, 'onBehalf'>): readonly [asker: Name, holder: Name] {
  return ['asker', onBehalf ? 'holder' : 'asker'];
}

export interface Round {
  readonly kind: 'request' | 'extension';
  readonly minutes: number;
  /** Of an extension: how many there were before. */
  readonly granted: number;
}

export interface Vote {
  readonly who: Name;
  readonly minutes: number;
}

export interface Said {
  readonly outcome: 'deny' | 'needs-approval' | 'satisfied';
  /** Each once, in the order of the alphabet. */
  readonly counted: readonly Name[];
  readonly minutes: number;
  readonly max: number;
  /** Whose approval would count at all. */
  readonly may: readonly Name[];
}

const least = (...all: readonly (number | undefined)[]) => Math.min(...all.map((one) => one ?? Number.POSITIVE_INFINITY));

/** The stages and lengths that go for a round: an extension may have its own, and knows no steps. */
export function termsOf(
  rule: Rule,
  kind: Round['kind'],
): { readonly stages: readonly Stage[]; readonly windows: readonly number[] } {
  if (kind === 'request') return rule;
  const { by, windows = rule.windows } = rule.extend ?? {};
  return { stages: (by ? [by] : rule.stages).map(({ later: _, ...stage }) => stage), windows };
}

const sits = ({ groups, people, later }: Stage, who: Name, one: Someone): boolean =>
  people.includes(who) || one.groups.some((group) => groups.includes(group) || (later?.begun && later.group === group));

/** Whether somebody is to join who has not yet. */
export const hasStepsAhead = (rules: readonly Rule[]): boolean =>
  rules.some(({ stages }) => stages.some(({ later }) => later && !later.begun));

/** How often it may be extended, where any of these rules says so. */
export function timesOf(rules: readonly Rule[]): number {
  return least(...rules.map(({ extend }) => extend?.times));
}

/** All of these rules have to be satisfied: that of the request, and that of now. */
export function judge(rules: readonly Rule[], setting: Setting, people: People, round: Round, votes: readonly Vote[]): Said {
  const owners = ownersOf(setting);
  const terms = rules.map((rule) => termsOf(rule, round.kind));
  const mayUnder = (stages: readonly Stage[], who: Name) =>
    people[who].active && !owners.includes(who) && stages.some((stage) => sits(stage, who, people[who]));
  const may = (Object.keys(people) as Name[]).filter((who) => terms.every(({ stages }) => mayUnder(stages, who)));
  const offered = (minutes: number) => terms.every(({ windows }) => windows.includes(minutes));
  const isBroken = setting.how === 'glass';
  const max = least(...rules.flatMap(({ max, glass }) => [max, isBroken ? glass?.max : undefined]));
  const counting = votes.filter(({ who, minutes }) => may.includes(who) && offered(minutes));
  const counted = [...new Set(counting.map(({ who }) => who))].sort();
  const refused =
    owners.some((who) => !people[who].active) ||
    !offered(round.minutes) ||
    round.minutes > max ||
    (round.kind === 'extension' && round.granted >= timesOf(rules)) ||
    (isBroken && (round.kind === 'extension' || !rules.every((rule) => mayBreak(rule, owners)))) ||
    (setting.how === 'later' && round.kind === 'request' && !rules.every(({ starts }) => starts));
  const filled = terms.every(({ stages }) => {
    const quorums = stages.map(({ quorum }) => quorum);
    const masks = counted.map((who) => stages.reduce((mask, one, i) => mask | (sits(one, who, people[who]) ? 1 << i : 0), 0));
    return mostByTrying(quorums, masks) === sum(quorums);
  });
  // Of two policies either is enough to shorten it.
  const shortening = votes.filter(({ who, minutes }) =>
    terms.some(({ stages, windows }) => mayUnder(stages, who) && windows.includes(minutes)),
  );
  const minutes = least(max, ...(shortening.length > 0 ? shortening.map((vote) => vote.minutes) : [round.minutes]));
  // Whoever breaks the glass asks nobody.
  const outcome = refused ? 'deny' : filled || isBroken ? 'satisfied' : 'needs-approval';
  return { outcome, counted, minutes, max, may };
}

/** For oneself alone. */
function mayBreak({ glass }: Rule, [asker, holder]: readonly Name[]): boolean {
  return asker !== undefined && asker === holder && glass?.may.includes(asker) === true;
}

/** Whether this person may close the review of what was taken by this rule. */
export function mayReview({ glass }: Rule, setting: Setting, people: People, who: Name): boolean {
  if (!glass || !people[who].active || ownersOf(setting).includes(who)) return false;
  return glass.named.includes(who) || people[who].groups.some((group) => glass.review.includes(group));
}

/** Whether this click could have taken access away, or refused it, as the rule of now has it. */
export function mayRefuse(rule: Rule, setting: Setting, people: People, who: Name): boolean {
  const stages = [...rule.stages, ...termsOf(rule, 'extension').stages];
  return people[who].active && !ownersOf(setting).includes(who) && stages.some((stage) => sits(stage, who, people[who]));
}
