/**
 * Limits: how many at once, how often in an hour, how long in a week, and how soon after a revoke. Pure, so that the entrance,
 * the judgement of a vote and the transaction that arms count alike. Every limit must hold, so one more never widens anything.
 */
import { few } from '../contract/few.js';
import { type Instant, instant, msOf, shortId } from '../contract/ids.js';
import { type Happened, type Held, LIMIT_REACH, type Limit, type Usage } from '../contract/limits.js';
import type { ElevationRequest } from '../contract/request.js';
import type { Round } from '../contract/verdict.js';
import { durationText } from './duration.js';

/** What would be granted: the request, or an extension of it. */
export interface Wanted {
  readonly request: ElevationRequest;
  readonly kind: Round['kind'];
  /** How much longer the person would have access, in milliseconds. */
  readonly windowMs: number;
}

const { asked: HOUR, held: WEEK } = LIMIT_REACH;
/** Intervals by which the policy's own approvals are capped. */
const OWN_CAPS = [
  ['automaticPerHour', HOUR, 'an hour'],
  ['automaticPerDay', 24 * HOUR, 'a day'],
  ['automaticPerWeek', LIMIT_REACH.automatic, 'a week'],
] as const;
/** Of many that count only so many are named. */
const NAMED = 3;

/** Nothing counts: for tools that ask no store. */
export const NO_USAGE: Usage = { asked: [], held: [], revoked: [], automatic: [] };

/**
 * A sentence for each limit that is reached: which one, what counts, and when it opens again. `usage` undefined: it could not be
 * counted, which is no yes. `now` in milliseconds since 1970.
 */
export function limitRefusals(limits: readonly Limit[], wanted: Wanted, usage: Usage | undefined, now: number): string[] {
  if (limits.length === 0) return [];
  if (!usage) return ['The policy has limits here, and what counts against them is not known, so nothing is granted.'];
  const found = limits.flatMap((limit) => [
    ...tooManyLive(limit, wanted, usage),
    ...tooOften(limit, wanted, usage),
    ...tooLong(limit, wanted, usage, now),
    ...tooSoon(limit, wanted, usage, now),
    ...tooManyAutomatic(limit, wanted, usage, now),
  ]);
  return [...new Set(found)];
}

/** An extension makes nothing live that is not. */
function tooManyLive({ live: most, rule }: Limit, { request, kind }: Wanted, { held }: Usage): string[] {
  if (most === undefined || kind === 'extension') return [];
  const others = liveOthers(rule, request, held);
  if (others.length < most) return [];
  const byEnd = [...others].sort((a, b) => order(a.notAfter, b.notAfter) || order(a.requestId, b.requestId));
  const opens = byEnd[others.length - most];
  const when = opens ? `, which is due by ${timeText(msOf(opens.notAfter))}` : '';
  const many = most === 1 ? 'one elevation' : `${most} elevations`;
  return [
    `${request.subject.name} may have at most ${many} at once${by(rule)}, and has ${named(byEnd)}. It opens again when that is seen to have ended${when}.`,
  ];
}

/**
 * Each request has its place in the order of asking, and only those before it count: so of two that are judged at the same
 * moment the first one passes, whichever is judged first.
 */
function tooOften({ perHour: most, rule }: Limit, { request, kind }: Wanted, { asked }: Usage): string[] {
  if (most === undefined || kind === 'extension') return [];
  const before = askedBefore(rule, request, asked);
  if (before.length < most) return [];
  const newest = newestFirst(before);
  const opens = newest[most - 1];
  const when = opens ? ` after ${timeText(msOf(opens.at) + HOUR)}` : '';
  return [
    `${request.requester.name} may send at most ${most === 1 ? 'one request' : `${most} requests`} an hour${by(rule)}, and has sent ${named(newest)}. The next may be sent${when}.`,
  ];
}

function tooLong({ perWeekMs: most, rule }: Limit, { request, kind, windowMs }: Wanted, { held }: Usage, now: number): string[] {
  if (most === undefined) return [];
  const spans = spansHeld(rule, { request, kind }, held, now);
  const used = usedAt(spans, now);
  if (used + windowMs <= most) return [];
  const opens = opensAt(spans, most - windowMs, now);
  const when = opens === undefined ? 'So long a time is never given' : `There is room for it after ${timeText(opens)}`;
  return [
    `${request.subject.name} may have ${durationText(most)} of access within seven days${by(rule)}; ${durationText(used)} of it is used or promised, so ${durationText(windowMs)} more is too much. ${when}.`,
  ];
}

function tooSoon({ coolDownMs, rule }: Limit, { request }: Wanted, { revoked }: Usage, now: number): string[] {
  if (coolDownMs === undefined) return [];
  const others = revoked.filter((one) => counts(one, rule) && one.requestId !== request.requestId);
  const [last] = newestFirst(others);
  // NB: written so that an instant that is none (NaN) refuses.
  if (!last || msOf(last.at) + coolDownMs <= now) return [];
  const opens = timeText(msOf(last.at) + coolDownMs);
  return [
    `Elevation ${shortId(last.requestId)} of ${request.subject.name} was revoked by somebody else; for ${durationText(coolDownMs)} after that nothing is granted${by(rule)}. It opens again at ${opens}.`,
  ];
}

/** What the policy approved by itself counts from the moment at which the target was taken. */
function tooManyAutomatic(limit: Limit, { request }: Wanted, { automatic }: Usage, now: number): string[] {
  const others = automatic.filter((one) => counts(one, limit.rule) && one.requestId !== request.requestId);
  return OWN_CAPS.flatMap(([cap, ms, interval]) => {
    const most = limit[cap];
    // NB: written so that an instant that is none (NaN) counts.
    const newest = newestFirst(others.filter((one) => !(msOf(one.at) + ms <= now)));
    if (most === undefined || newest.length < most) return [];
    const opens = newest[most - 1];
    const when = opens ? ` after ${timeText(msOf(opens.at) + ms)}` : '';
    return [
      `The policy itself approves at most ${most === 1 ? 'one request' : `${most} requests`} of ${request.subject.name} ${interval}${by(limit.rule)}, and approved ${named(newest)}. It can again${when}.`,
    ];
  });
}

/** How much of a limit is used. What is not there is not asked by it, or is the business of somebody else. */
export interface Used {
  readonly live?: number;
  readonly asked?: number;
  /** Of access, in milliseconds. */
  readonly ms?: number;
}

/** What the person who asks may know of it: their own requests, and what is theirs alone. `now` in milliseconds since 1970. */
export function usedOf({ rule }: Limit, wanted: Wanted, { held, asked }: Usage, now: number): Used {
  const { requester, subject } = wanted.request;
  const sent = { asked: askedBefore(rule, wanted.request, asked).length };
  if (requester.personId !== subject.personId) return sent;
  const spans = spansHeld(rule, wanted, held, now);
  return { ...sent, live: liveOthers(rule, wanted.request, held).length, ms: usedAt(spans, now) };
}

function liveOthers(rule: string | undefined, { requestId }: ElevationRequest, held: Usage['held']): readonly Held[] {
  return held.filter((one) => one.live && counts(one, rule) && one.requestId !== requestId);
}

function askedBefore(rule: string | undefined, request: ElevationRequest, asked: Usage['asked']): readonly Happened[] {
  const since = msOf(request.askedAt) - HOUR;
  return asked.filter((one) => counts(one, rule) && isBefore(one, request) && msOf(one.at) > since);
}

/** An extension adds to a window of its own, which counts like any other. */
function spansHeld(
  rule: string | undefined,
  { request, kind }: Pick<Wanted, 'request' | 'kind'>,
  held: Usage['held'],
  now: number,
): readonly Span[] {
  const counted = held.filter((one) => counts(one, rule) && (kind === 'extension' || one.requestId !== request.requestId));
  return counted.flatMap((one) => spanOf(one, now));
}

type Span = readonly [from: number, to: number];

/** What is not confirmed yet counts from now on, whole; what never was and is gone does not. */
function spanOf({ live, windowMs, span }: Held, now: number): readonly Span[] {
  if (span) return [[msOf(span.from), msOf(span.to)]];
  return live ? [[now, now + windowMs]] : [];
}

/** Of these spans what lies in the seven days before `at`, or after it. */
function usedAt(spans: readonly Span[], at: number): number {
  return spans.reduce((sum, [from, to]) => sum + Math.max(0, to - Math.max(from, at - WEEK)), 0);
}

/** When no more than `room` is used, if nothing is added: use falls in straight lines between these corners. */
function opensAt(spans: readonly Span[], room: number, now: number): number | undefined {
  if (room < 0) return undefined;
  const corners = spans.flatMap((span) => span.map((edge) => edge + WEEK)).filter((edge) => edge > now);
  let [from, high] = [now, usedAt(spans, now)];
  for (const corner of corners.sort((a, b) => a - b)) {
    const low = usedAt(spans, corner);
    if (low <= room) return from + ((high - room) * (corner - from)) / (high - low);
    [from, high] = [corner, low];
  }
  return from;
}

function counts({ rule }: Happened | Held, only: string | undefined): boolean {
  return only === undefined || rule === undefined || rule === only;
}

function isBefore({ at, requestId }: Happened, request: ElevationRequest): boolean {
  const place = order(at, request.askedAt) || order(requestId, request.requestId);
  return place < 0;
}

function newestFirst(all: readonly Happened[]): readonly Happened[] {
  return [...all].sort((a, b) => order(b.at, a.at) || order(b.requestId, a.requestId));
}

/** Instants as text order as time does. */
function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function by(rule: string | undefined): string {
  return rule === undefined ? '' : ` by the rule ${rule}`;
}

function named(all: readonly (Happened | Held)[]): string {
  const ids = all.map(({ requestId }) => shortId(requestId));
  return `${all.length} (${few(ids, NAMED)})`;
}

/** Up to the next whole minute: what opens then is open. */
export function timeText(ms: number): string {
  const text: Instant = instant(Math.ceil(ms / 60_000) * 60_000);
  return `${text.slice(0, 16).replace('T', ' ')} UTC`;
}
