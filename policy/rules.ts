/** A policy as the decisions use it: rules in the order of the file, each complete, lengths in milliseconds. */
import type { Digest, PersonId } from '../contract/ids.js';
import type { Person } from '../contract/ports.js';
import { type Target, type TargetKind, targetOf } from '../contract/request.js';
import type { Verdict } from '../contract/verdict.js';

/** People, by group or by name. */
export interface Who {
  readonly groups: readonly string[];
  readonly people: readonly PersonId[];
}

export interface Rule {
  readonly id: string;
  readonly kind: TargetKind;
  readonly match: { readonly serials: readonly string[] };
  readonly ask: Who;
  readonly approve: Who;
  readonly quorum: number;
  readonly revoke: Who;
  /** Ascending. */
  readonly windowsMs: readonly number[];
  readonly maxMs: number;
  readonly warnBeforeMs: number;
  readonly warnMinWindowMs: number;
  readonly deadlines: Verdict['deadlines'];
}

export interface Policy {
  /** Digest of the rules in canonical form: a comment or another order of keys is the same policy. */
  readonly hash: Digest;
  /** The text it was read from; reading it again gives the same hash. */
  readonly source: string;
  readonly rules: readonly Rule[];
}

/** Whether a person is meant. Says nothing about `active`. */
export function includes({ groups, people }: Who, person: Person): boolean {
  return people.includes(person.personId) || person.groups.some((group) => groups.includes(group));
}

/** Whether a rule speaks of a target. */
export function covers(rule: Rule, target: Target): boolean {
  const mac = targetOf('mac-admin', target);
  return rule.kind === target.kind && mac !== undefined && rule.match.serials.some((pattern) => matches(pattern, mac.serial));
}

/**
 * The one rule that applies: the first in the file that covers the target and lets all of these people ask. No other
 * rule adds to it. None: denied.
 */
export function ruleFor(policy: Policy, target: Target, askers: readonly Person[]): Rule | undefined {
  return policy.rules.find((rule) => covers(rule, target) && askers.every((person) => includes(rule.ask, person)));
}

/** Whether `*` (any characters) in a pattern can stand so that it is this text. In time proportional to both lengths. */
export function matches(pattern: string, text: string): boolean {
  let [p, t, star, mark] = [0, 0, -1, 0];
  while (t < text.length) {
    if (pattern[p] === '*') [star, mark, p] = [p, t, p + 1];
    else if (pattern[p] === text[t]) [p, t] = [p + 1, t + 1];
    else if (star >= 0) [p, mark, t] = [star + 1, mark + 1, mark + 1];
    else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/**
 * Whether an earlier rule leaves nothing to a later one: every target and every asker of the later is the earlier's.
 * A pattern covers another when it matches it letter by letter, for a star can stand for a star.
 */
export function hides(earlier: Rule, later: Rule): boolean {
  if (earlier.kind !== later.kind) return false;
  const targets = later.match.serials.every((inner) => earlier.match.serials.some((outer) => matches(outer, inner)));
  const groups = later.ask.groups.every((group) => earlier.ask.groups.includes(group));
  return targets && groups && later.ask.people.every((person) => earlier.ask.people.includes(person));
}
