/**
 * A later start: a request may name the time at which it is to begin, where its rule says so. It is decided before, and begins at that
 * time or a little after it, or never. What else the rule asks is asked when the request comes, at each vote, and once more at the start.
 */
import { type Instant, instant, msOf } from '../contract/ids.js';
import type { ElevationRequest } from '../contract/request.js';
import type { Round } from '../contract/verdict.js';
import { hoursText, wallText } from './calendar.js';
import { type Conditions, hoursCondition } from './conditions.js';
import { durationText } from './duration.js';
import { timeText } from './limits.js';
import type { LaterEntry } from './schema.js';

/** What a rule says of it. In milliseconds. */
export interface Later {
  /** How far ahead of the asking the start may lie. */
  readonly aheadMs: number;
  /** How late after the named time it may still begin. */
  readonly missedMs: number;
}

const MISSED_MS = 60 * 60_000;

/** Reads `later`. */
export function laterOf({ ahead, missed = MISSED_MS }: LaterEntry): Later {
  return { aheadMs: ahead, missedMs: missed };
}

/** Of two policies: only what both allow, and what of each is less. */
export function stricterLater(then: Later | undefined, now: Later | undefined): Later | undefined {
  if (!then || !now) return undefined;
  return { aheadMs: Math.min(then.aheadMs, now.aheadMs), missedMs: Math.min(then.missedMs, now.missedMs) };
}

/** `up to 7d ahead; it begins within 1h of the time that is named, or not at all` */
export function laterText({ aheadMs, missedMs }: Later): string {
  return `up to ${durationText(aheadMs)} ahead; it begins within ${durationText(missedMs)} of the time that is named, or not at all`;
}

/** From when on it is too late to begin; nothing of a request that is for now. */
export function startBefore(later: Later | undefined, { startAt }: ElevationRequest): Instant | undefined {
  return later && startAt !== undefined ? instant(msOf(startAt) + later.missedMs) : undefined;
}

interface Rules {
  readonly later?: Later;
  readonly conditions: readonly Conditions[];
}

/**
 * Why it may not begin when it is asked to; nothing for what is to begin at once, and for an extension, which is of what has begun.
 * `now` in milliseconds since 1970.
 */
export function laterRefusals(
  { later, conditions }: Rules,
  { startAt, askedAt }: ElevationRequest,
  { kind }: Pick<Round, 'kind'>,
  now: number,
): string[] {
  if (startAt === undefined || kind !== 'request') return [];
  if (!later) return ['The policy does not let this be asked for a later time. Ask for it when you need it.'];
  const [at, asked] = [msOf(startAt), msOf(askedAt)];
  // NB: written so that an instant that is none (NaN) refuses.
  if (!(at > asked)) return [`The start has to lie ahead, and ${timeText(at)} has passed. Name a later time.`];
  if (!(at <= asked + later.aheadMs))
    return [
      `The start may lie at most ${durationText(later.aheadMs)} ahead. Name a time before ${timeText(asked + later.aheadMs)}.`,
    ];
  if (!(now < at + later.missedMs))
    return [
      `It was to begin at ${timeText(at)}, and within ${durationText(later.missedMs)} of that or not at all; that time has passed.`,
    ];
  return conditions.flatMap(({ hours }) => {
    const open = hours && hoursCondition(hours, at);
    if (!hours || open?.state === 'satisfied') return [];
    return [
      `The start, ${wallText(hours.zone, at)} there, is outside of the hours of this rule, ${hoursText(hours)}. Name a time inside.`,
    ];
  });
}

/** What changes from the one rule to the other, for reviewers: further ahead and less late is both wider and narrower. */
export function compareLater({ later: before }: { readonly later?: Later }, { later: after }: { readonly later?: Later }) {
  if (JSON.stringify(before) === JSON.stringify(after)) return {};
  const says = (one: Later | undefined) => (one ? `may be asked for later, ${laterText(one)}` : 'may not be asked for later');
  const text = [`${says(after)}; was: ${says(before)}`];
  const isLess = (one: Later | undefined, other: Later | undefined) =>
    !one || (other !== undefined && one.aheadMs <= other.aheadMs && one.missedMs <= other.missedMs);
  return { ...(isLess(after, before) ? {} : { wider: text }), ...(isLess(before, after) ? {} : { narrower: text }) };
}
