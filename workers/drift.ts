/**
 * What a target shows against what the store says of it. Pure: no clock, no calls. Only what is ours may be removed; what
 * is not ours is told and never touched (invariant I12); `unknown` is never taken for `absent`; and an elevation in its
 * window, or one that its own workflow is just ending, is left alone.
 */
import type { Drift } from '../contract/events.js';
import { HOUSE, type Instant, msOf, type RequestId, shortId } from '../contract/ids.js';
import type { Grant, Observation, Remnant } from '../contract/ports.js';
import type { Target } from '../contract/request.js';
import type { ElevationView } from '../contract/view.js';

/** An elevation that has, or had, the target. */
export interface Held {
  readonly grant: Grant;
  readonly view?: ElevationView | undefined;
}

/** The access that a target shows: whose it is, as far as the target tells. */
export interface Present {
  readonly standing: boolean;
  /** The elevation that it is of, by the target's own word. */
  readonly of?: RequestId;
  /** That elevation, when the store knows its grant. */
  readonly held?: Held | undefined;
  readonly observedAt: Instant;
  readonly how: string;
}

/** Everything that is known of one account at one target. */
export interface Sight {
  readonly target: Target;
  /** What people call who holds it, where the far end told. Not recorded. */
  readonly holder?: string;
  /** The grant of this target that is not gone. */
  readonly live?: Held | undefined;
  /** Those that are gone and still watched, newest first. */
  readonly ended: readonly Held[];
  /** Traces of ours at the far end. */
  readonly remnants: readonly Remnant[];
  readonly present?: Present | undefined;
  /** The target was seen without the access. */
  readonly absent?: Observation | undefined;
  /** The elevations that it was asked about by name, and of which nothing is there any more, nor can still land. */
  readonly gone?: readonly RequestId[];
}

/**
 * `sweep`: the fence first, then revoke until gone. `remove`: revoke what came back until gone. `clear`: take back a trace
 * that gives no access by itself. `wait`: another elevation needs the target first. `none`: told, never touched.
 */
export type Remedy = 'sweep' | 'remove' | 'clear' | 'wait' | 'none';

export interface Finding {
  readonly what: Drift;
  /** `HOUSE` when no elevation is known for it. */
  readonly requestId: RequestId;
  readonly target: Target;
  /** See `Sight.holder`. */
  readonly holder?: string;
  readonly how: string;
  readonly likely: string;
  readonly remedy: Remedy;
}

/** An access that its own Mac has just confirmed may not be in the next report yet, in milliseconds. */
const MISSING_AFTER_MS = 60_000;

/** What does not fit, for one target. `graceMs` is the time that a workflow has for ending its own grant. */
export function compare(sight: Sight, nowMs: number, graceMs: number): readonly Finding[] {
  if (!sight.live) return [...whileFree(sight), ...traces(sight, nowMs, graceMs)];
  return isOverdue(sight.live.grant, nowMs, graceMs) ? leftBehind(sight, sight.live) : whileLive(sight, sight.live, nowMs);
}

/** Whether a grant should have been proved gone by now. */
export function isOverdue(grant: Grant, nowMs: number, graceMs: number): boolean {
  return nowMs - Math.min(msOf(grant.notAfter), endOf(grant)) > graceMs;
}

/** When it was ended; or since when what was sent for it is over, with nobody who has seen it or is at its grant. */
function endOf({ endedAt, sentUntil, pulseAt }: Grant): number {
  if (endedAt) return msOf(endedAt);
  if (!sentUntil) return Number.POSITIVE_INFINITY;
  return Math.max(msOf(sentUntil), msOf(pulseAt ?? sentUntil));
}

function leftBehind({ target, present }: Sight, { grant }: Held): readonly Finding[] {
  if (!present || present.standing) return [];
  const likely = grant.endedAt
    ? 'its revoke was not carried out, or its workflow was terminated while it waited for the proof'
    : 'its workflow was terminated, deleted or paused, or could not run, so nobody ended it';
  const { requestId } = grant;
  return [{ what: 'left-behind', requestId, target, how: present.how, likely, remedy: 'sweep' }];
}

function whileLive({ target, present, absent }: Sight, live: Held, nowMs: number): readonly Finding[] {
  const { grant, view } = live;
  const own = sameAccount(grant.target, target);
  // The access of an earlier elevation, on another account of the same target.
  if (present?.of && !own && !present.standing && present.of !== grant.requestId)
    // The one that begins still needs its signal; once it has begun, nothing of it is touched by the other's end.
    return [cameBack(target, present, present.of, view?.confirmedAt ? 'remove' : 'wait')];
  const since = view?.state === 'active' && !grant.endedAt ? view.confirmedAt : undefined;
  if (!own || !absent || !since || nowMs > msOf(grant.notAfter)) return [];
  if (nowMs - msOf(since) < MISSING_AFTER_MS || msOf(absent.observedAt) <= msOf(since)) return [];
  const likely =
    'the person, the target itself or somebody with other means took it back, and the workflow has not heard of it (is Temporal up?)';
  return [{ what: 'missing', requestId: grant.requestId, target, how: absent.how, likely, remedy: 'none' }];
}

function whileFree({ target, present, holder }: Sight): readonly Finding[] {
  if (!present) return [];
  const { of, held, standing, how, observedAt } = present;
  if (standing || !of) {
    const likely = standing
      ? 'it was there before any elevation of ours; whoever needs it no longer should lose it by your own means'
      : 'somebody, or another tool, gave it without Stint';
    return [{ what: 'foreign', requestId: HOUSE, target, ...(holder ? { holder } : {}), how, likely, remedy: 'none' }];
  }
  // What it said before it was seen gone is no news.
  if (held?.grant.goneAt && msOf(observedAt) <= msOf(held.grant.goneAt)) return [];
  return [cameBack(target, present, of, mayBeOthers(target, held) ? 'none' : 'remove')];
}

/** Where only our own memory says whose an access is, what was seen gone and is there again may be anybody's by now (invariant I12). */
function mayBeOthers({ kind }: Target, held: Held | undefined): boolean {
  return kind !== 'mac-admin' && held?.grant.goneAt !== undefined && !isUnproven(held);
}

/** Closed by two people while it could not be seen, and not seen gone by anybody since: what is there may still be ours. */
export function isUnproven({ view }: Held): boolean {
  return view?.outcome === 'unproven' && view.goneAt === undefined;
}

function cameBack(target: Target, { held, how }: Present, requestId: RequestId, remedy: Remedy): Finding {
  const base = { requestId, target, how, remedy };
  if (!held) {
    const likely = 'the store was restored from an older backup, or the target claims an elevation that was never granted';
    return { ...base, what: 'left-behind', likely };
  }
  if (isUnproven(held))
    return {
      ...base,
      what: 'left-behind',
      likely: 'it was closed without proof by two people, and the target was heard of again',
    };
  const likely =
    remedy === 'none'
      ? 'a directory sync or another tool gave it anew, or somebody did by hand'
      : 'a late grant call landed, an old backup of the target came back, or somebody gave the access back by hand';
  return { ...base, what: 'reappeared', likely };
}

/** Signals and orders of ours at a target that nobody holds. */
function traces({ target, ended, remnants }: Sight, nowMs: number, graceMs: number): readonly Finding[] {
  // Elsewhere the trace is the access itself, and is judged by what the target shows.
  if (target.kind !== 'mac-admin') return [];
  if (ended.some((held) => mayStillClear(held, nowMs, graceMs))) return [];
  const [last] = ended;
  return remnants.map(({ requestId }): Finding => {
    const how = requestId
      ? `An order to begin of ${shortId(requestId)} is still open.`
      : 'The MDM signal that makes it begin is set.';
    const late = requestId
      ? 'the workflow ended before it took its order back'
      : 'a late grant call landed, or its removal was undone';
    const likely = requestId || last ? late : 'somebody set it by hand, or the store was restored from an older backup';
    return { what: 'left-behind', requestId: requestId ?? last?.grant.requestId ?? HOUSE, target, how, likely, remedy: 'clear' };
  });
}

/** A workflow that collects the log clears its signals only afterwards. */
function mayStillClear({ grant, view }: Held, nowMs: number, graceMs: number): boolean {
  const collecting = view?.state === 'collecting' ? view.verdict.deadlines.evidenceMs : 0;
  return grant.goneAt !== undefined && nowMs - msOf(grant.goneAt) <= graceMs + collecting;
}

/** Whether two targets are one and the same, whatever they are called. */
export function sameAccount(a: Target, b: Target): boolean {
  return accountOf(a) === accountOf(b);
}

/** Names a target with the account in it, and without what is only for people. */
export function accountOf(of: Target): string {
  // Its key names everything, and how long its sessions may last can change.
  if (of.kind === 'aws-permission-set') return of.key;
  const { display: _, ...target } = of;
  const fields = Object.entries(target).sort(([a], [b]) => (a < b ? -1 : 1));
  return fields.map(([name, value]) => `${name}=${value}`).join(' ');
}

/** By this a finding is known again at the next look. */
export function markOf({ what, requestId, remedy }: Finding): string {
  return [what, requestId, ...(remedy === 'clear' ? ['signal'] : [])].join('/');
}
