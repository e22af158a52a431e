/**
 * Break-glass: what somebody may take at once, without an approver, for an incident. It is short, told to everybody who was
 * passed over, and reviewed by somebody else. Which rule allows it is found so that none of those that stand before it is evaded.
 */
import type { About, Person } from '../contract/ports.js';
import type { ElevationRequest } from '../contract/request.js';
import { durationText } from './duration.js';
import { linearPattern } from './linear-pattern.js';
import { candidates } from './rule-index.js';
import { covers, denyFor, includes, mayCover, type Policy, type Rule, type Who } from './rules.js';

/** What a rule says of it. */
export interface BreakGlass {
  /** Who may. Nobody may by being let ask. */
  readonly ask: Who;
  readonly maxMs: number;
  /** What has to be found in the id of the incident; any id, if left out. */
  readonly incident?: string;
  /** Who closes the review; never the person whose access it was. */
  readonly review: Who;
}

/** The rule by which glass is broken, as it then is: shorter, at any hour, and for those whom it names alone. Or why there is none. */
export type GlassRule = { readonly rule: Rule } | { readonly refusal: string };

/**
 * The first rule that covers the target and lets any of these people ask, or break the glass, has to let all of them break it. So a
 * stricter rule without break-glass keeps out what a later, wider one would let through. Where a rule denies there is none.
 */
export function glassRule(policy: Policy, about: About | undefined, askers: readonly Person[]): GlassRule | undefined {
  if (denyFor(policy, about, askers)) return undefined;
  // NB: nobody is not everybody, and is meant by no rule.
  const rule = rulesForGlass(policy, about).find((one) => isMeant(one, askers));
  // As for asking, one of which it is not known whether it covers the target hides those after it.
  if (!rule || !covers(rule, about)) return undefined;
  const { breakGlass } = rule;
  if (!breakGlass) return { refusal: `The rule ${rule.id} has no break-glass.` };
  if (!mayBreak(breakGlass, askers)) return { refusal: `The rule ${rule.id} does not let you break the glass.` };
  return { rule: glassOf(rule, breakGlass) };
}

/** Whether a rule speaks of any of these people: it lets them ask, or break the glass. */
export function isMeant({ ask, breakGlass }: Rule, askers: readonly Person[]): boolean {
  return askers.some((person) => includes(ask, person) || (breakGlass !== undefined && includes(breakGlass.ask, person)));
}

/** Whether it lets all of them break the glass. */
export function mayBreak(breakGlass: BreakGlass | undefined, askers: readonly Person[]): boolean {
  return breakGlass !== undefined && askers.every((person) => includes(breakGlass.ask, person));
}

/** The rules that could be the one by which the glass is broken, in their order, whoever breaks it. */
export function rulesForGlass({ rules }: Policy, about: About | undefined): readonly Rule[] {
  return candidates(rules, about).filter((rule) => covers(rule, about) || mayCover(rule, about));
}

/** The same rule with the glass broken. Hours do not count, for that is what it is for; what is asked of the reason does, and every limit. */
export function glassOf({ hours: _, automatic: __, ...rule }: Rule, { ask, maxMs }: BreakGlass): Rule {
  return { ...rule, ask, maxMs, windowsMs: rule.windowsMs.filter((window) => window <= maxMs) };
}

/** Why a request breaks no glass although a rule would let its people: told first. */
export function glassUnfit({ breakGlass }: Rule, request: ElevationRequest): readonly string[] {
  const { requester, subject } = request;
  const incident = request.breakGlass?.incident ?? '';
  const fits = breakGlass?.incident === undefined || linearPattern(breakGlass.incident)(incident);
  return [
    ...(requester.personId === subject.personId ? [] : ['The glass is broken for oneself alone.']),
    ...(request.startAt === undefined ? [] : ['What is taken by break-glass begins at once. Name no start.']),
    ...(fits ? [] : [`The id of the incident does not have the form that the policy asks for: ${breakGlass?.incident}.`]),
  ];
}

/** Whether somebody may close the review of what was taken by this rule. */
export function mayReview(rule: Rule | undefined, { requester, subject }: ElevationRequest, person: Person): boolean {
  // People are compared by person id: a second account of theirs is they themselves.
  if (!rule?.breakGlass || [requester.personId, subject.personId].includes(person.personId)) return false;
  return person.active && includes(rule.breakGlass.review, person);
}

/** `up to 30m, reviewed by the group security`, for people who read a policy. */
export function glassText({ maxMs, incident }: BreakGlass, review: string): string {
  return `up to ${durationText(maxMs)}${incident === undefined ? '' : `, with an incident that holds ${incident}`}, reviewed by ${review}`;
}

/** Under which it could never be taken, or never be reviewed. */
export function glassProblems({ breakGlass, windowsMs: [shortest = 0], maxMs }: Rule): readonly { path: string; what: string }[] {
  if (!breakGlass) return [];
  const [given, least, most] = [breakGlass.maxMs, shortest, maxMs].map(durationText);
  return [
    ...(breakGlass.maxMs < shortest ? [{ path: 'max', what: `(${given}) is shorter than the shortest window (${least})` }] : []),
    ...(breakGlass.maxMs > maxMs ? [{ path: 'max', what: `(${given}) must not be longer than max of the rule (${most})` }] : []),
    ...(onlyOne(breakGlass)
      ? [{ path: 'review', what: 'must name somebody else than the one person who may break the glass' }]
      : []),
  ];
}

function onlyOne({ ask, review }: BreakGlass): boolean {
  const [one, ...more] = ask.people;
  const alone = ask.groups.length === 0 && one !== undefined && more.length === 0;
  return alone && review.groups.length === 0 && review.people.every((id) => id === one);
}
