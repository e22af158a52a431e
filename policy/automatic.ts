/**
 * The approval that a rule gives in the policy's own name: of what somebody asks for themselves, short, so many times an hour, a
 * day or a week, and only as long as nobody has voted. It is nobody's vote and fills no seat. Whatever is in doubt here needs a person.
 */
import type { Limit } from '../contract/limits.js';
import { everMeet, type Hours, holidaysText, hoursText, isWithin } from './calendar.js';
import { hoursCondition } from './conditions.js';
import type { Question } from './decide.js';
import { durationText } from './duration.js';
import { limitRefusals } from './limits.js';
import type { Rule } from './rules.js';
import type { ApproveEntry } from './schema.js';
import type { Facts, Terms } from './terms.js';

/** How many of one person a rule approves by itself within 60 minutes, 24 hours and seven days: all that are said hold. */
interface OwnCaps {
  readonly perHour?: number;
  readonly perDay?: number;
  readonly perWeek?: number;
}

/** What a rule approves by itself; capped by one interval at least. */
export interface Automatic extends OwnCaps {
  /** The longest window, in milliseconds. */
  readonly upToMs: number;
  readonly hours?: Hours;
}

/** The same, of the rule that says it. */
export interface AutomaticBy extends Automatic {
  readonly rule: string;
}

/** Whether the policy approves by itself, on which caps, and why or why not. */
export interface OwnWord {
  readonly given: boolean;
  readonly limits: readonly Limit[];
  readonly sentences: readonly string[];
}

/** From the shortest interval to the longest. */
const INTERVALS = [
  ['perHour', 'an hour'],
  ['perDay', 'a day'],
  ['perWeek', 'a week'],
] as const;

const SILENT: OwnWord = { given: false, limits: [], sentences: [] };

/** What the policy itself says where nothing refuses, and nobody has voted or was asked to. `now` in milliseconds since 1970. */
export function ownWord(
  terms: Terms,
  question: Question,
  facts: Facts,
  { votes, waits }: { readonly votes: number /** Tickets that can't be looked up. */; readonly waits: number },
  now: number,
): OwnWord {
  const { automatic, breakGlass } = terms;
  const [one] = automatic;
  if (breakGlass) return glassWord(terms, question);
  if (!one || question.round.kind !== 'request' || votes > 0 || question.byPeople) return SILENT;
  const limits = automatic.map(limitOf);
  const [doubt] = [
    ...automatic.flatMap((each) => doubts(each, question, now)),
    ...(waits > 0 ? ["The policy itself approves nothing while a ticket can't be looked up."] : []),
    ...(facts.untold?.length ? ['The policy itself approves nothing while it is not known who is on call.'] : []),
    ...capReached(limits, question, facts, now),
  ];
  if (doubt !== undefined) return { ...SILENT, sentences: [`${doubt} So a person has to decide.`] };
  const rules = [...new Set(automatic.map(({ rule }) => rule))].join(' and ');
  return {
    given: true,
    limits,
    sentences: [`Approved by the policy itself (rule ${rules}): ${automaticText(one)}. Nobody was asked.`],
  };
}

function limitOf({ rule, perHour, perDay, perWeek }: AutomaticBy): Limit {
  return {
    rule,
    ...(perHour !== undefined && { automaticPerHour: perHour }),
    ...(perDay !== undefined && { automaticPerDay: perDay }),
    ...(perWeek !== undefined && { automaticPerWeek: perWeek }),
  };
}

/** Whoever breaks the glass asks nobody: what refuses has refused before. */
function glassWord({ rule }: Terms, { request }: Question): OwnWord {
  const taken = `Taken at once by break-glass (rule ${rule}). Nobody was asked; somebody else has to review it.`;
  const drill = `A drill of break-glass (rule ${rule}): nothing is granted. Everybody is told as if, and somebody else has to review it.`;
  return { given: true, limits: [], sentences: [request.breakGlass?.drill ? drill : taken] };
}

function doubts({ upToMs, hours }: Automatic, { request, round }: Question, now: number): string[] {
  const open = hours && hoursCondition(hours, now);
  const { requester, subject } = request;
  return [
    ...(requester.personId === subject.personId ? [] : ['The policy itself approves only what somebody asks for themselves.']),
    ...(request.startAt === undefined ? [] : ['The policy itself approves only what is to begin at once.']),
    // NB: written so that a length that is none (NaN) is in doubt.
    ...(round.windowMs <= upToMs ? [] : [`The policy itself approves at most ${durationText(upToMs)}.`]),
    ...(!hours || open?.state === 'satisfied' ? [] : [`The policy itself approves ${hoursText(hours)} only.`]),
  ];
}

function capReached(limits: readonly Limit[], { request, round }: Question, { usage }: Facts, now: number): string[] {
  if (!usage) return ['How often the policy itself approved is not known.'];
  return limitRefusals(limits, { request, kind: round.kind, windowMs: round.windowMs }, usage, now);
}

/** Of two policies: only what both approve by themselves, and every cap of both. */
export function bothAutomatic(then: Terms['automatic'], now: Terms['automatic']): Terms['automatic'] {
  return then.length > 0 && now.length > 0 ? [...then, ...now] : [];
}

/** `up to 15m, at most 3 times a day for one person, on weekdays …`. */
export function automaticText({ upToMs, hours, ...caps }: Automatic): string {
  const often = INTERVALS.flatMap(([cap, interval]) => {
    const most = caps[cap];
    return most === undefined ? [] : [`${most === 1 ? 'once' : `${most} times`} ${interval}`];
  });
  return `up to ${durationText(upToMs)}, at most ${often.join(' and ')} for one person${hours ? `, ${hoursText(hours)}` : ''}`;
}

/** What changes from the one rule to the other, for reviewers: what is neither plainly less nor plainly more is told as both. */
export function compareAutomatic({ automatic: before }: Rule, { automatic: after }: Rule) {
  if (JSON.stringify(before) === JSON.stringify(after)) return {};
  const says = (one: Automatic | undefined) =>
    one ? `approved by the policy itself ${automaticText(one)}` : 'always approved by people';
  const moved = holidaysText(before?.hours?.holidays, after?.hours?.holidays);
  const text = [`${says(after)}, was ${says(before)}${moved}`];
  return { ...(isLess(after, before) ? {} : { wider: text }), ...(isLess(before, after) ? {} : { narrower: text }) };
}

function isLess(one: Automatic | undefined, other: Automatic | undefined): boolean {
  if (!one) return true;
  const oftener = INTERVALS.some(([cap]) => (one[cap] ?? Infinity) > (other?.[cap] ?? Infinity));
  if (!other || one.upToMs > other.upToMs || oftener) return false;
  return !other.hours || (one.hours !== undefined && isWithin(one.hours, other.hours));
}

/** As the file says it. */
export function automaticOf({ policy }: ApproveEntry): { readonly automatic?: Automatic } {
  if (!policy) return {};
  const { upTo, perHour, perDay, perWeek, hours } = policy;
  return {
    automatic: {
      upToMs: upTo,
      ...(perHour !== undefined && { perHour }),
      ...(perDay !== undefined && { perDay }),
      ...(perWeek !== undefined && { perWeek }),
      ...(hours ? { hours } : {}),
    },
  };
}

/** Under which it could never be given, or which promise more than the rule. */
export function automaticProblems({ automatic, hours, maxMs, windowsMs: [shortest = 0] }: Rule): readonly string[] {
  if (!automatic) return [];
  const [given, least] = [durationText(automatic.upToMs), durationText(shortest)];
  const short = `upTo (${given}) is shorter than its shortest window (${least}), so the policy would never approve anything: raise it to ${least}`;
  const long = `upTo (${given}) is longer than max (${durationText(maxMs)}), which nobody gets: lower it to ${durationText(maxMs)}`;
  const apart =
    automatic.hours && hours && !everMeet(automatic.hours, hours)
      ? `is open ${hoursText(automatic.hours)}, and the rule ${hoursText(hours)}: these never meet, so the policy would never approve anything`
      : undefined;
  return [
    ...(automatic.upToMs < shortest ? [short] : []),
    ...(automatic.upToMs > maxMs ? [long] : []),
    ...(apart === undefined ? [] : [apart]),
    ...neverReached(automatic),
  ];
}

/** A cap that a longer interval's lower one keeps from ever mattering was meant otherwise. */
function neverReached(caps: OwnCaps): readonly string[] {
  return INTERVALS.flatMap(([cap], index) => {
    const most = caps[cap];
    const lower = INTERVALS.slice(index + 1).find(([longer]) => most !== undefined && (caps[longer] ?? Infinity) < most);
    if (!lower) return [];
    const [longer] = lower;
    return [`${cap} (${most}) is above ${longer} (${caps[longer]}), so it is never reached: lower it, or leave it out`];
  });
}
