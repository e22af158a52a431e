/** How an elevation stands, in the words of a reply to a Mac. Pure. */
import { type Instant, msOf } from '../../contract/ids.js';
import type { DeviceOrder, DeviceReport } from '../../contract/ports.js';
import type { State } from '../../contract/states.js';
import type { ElevationView } from '../../contract/view.js';

const BEFORE_START: readonly State[] = ['requested', 'approved', 'granting'];
const OVER: readonly State[] = ['ending', 'collecting', 'closed'];

/** Seconds from now until an instant, rounded down so that a Mac never ends later than we do; never below 0. */
export function secondsUntil(at: Instant, nowMs: number): number {
  return Math.max(0, Math.floor((msOf(at) - nowMs) / 1000));
}

/**
 * Seconds left of the window, 0 once it is over, undefined while there is no deadline yet. The read model may lag
 * behind the workflow by moments: "not known" must then not look like "over", or a Mac would end what just began.
 */
export function remainingS(view: ElevationView | undefined, nowMs: number): number | undefined {
  if (!view) return undefined;
  if (OVER.includes(view.state)) return 0;
  return view.state === 'active' && view.deadlineAt ? secondsLeft(view.confirmedAt, view.deadlineAt, nowMs) : undefined;
}

/**
 * Seconds left until a deadline, never more than lie between the confirmation and it: both come from the workflow's
 * clock, and where ours is behind it, a Mac would be given the difference on top of what was approved.
 */
export function secondsLeft(confirmedAt: Instant | undefined, deadlineAt: Instant, nowMs: number): number {
  const left = secondsUntil(deadlineAt, nowMs);
  return confirmedAt ? Math.min(left, secondsUntil(deadlineAt, msOf(confirmedAt))) : left;
}

/**
 * The longest that an elevation lasts, in whole seconds since its confirmation: what was approved, extensions that were granted
 * included, and never more than the policy's maximum. Both ends are told by the workflow's clock, so that a Mac which is given too
 * many seconds by a clock of ours that is behind does not hold them.
 */
export function maxS({ verdict, confirmedAt, deadlineAt }: ElevationView): number {
  const most = Math.floor(verdict.maxWindowMs / 1000);
  return confirmedAt && deadlineAt ? Math.min(most, secondsUntil(deadlineAt, msOf(confirmedAt))) : most;
}

/** Whether the window of an elevation is behind us, whatever the workflow has heard of it. */
export function isOver(view: ElevationView | undefined, nowMs: number): boolean {
  return remainingS(view, nowMs) === 0;
}

/** Whether this Mac has something under way here, so that it should ask often and say how it stands. */
export function isWaiting(view: ElevationView | undefined): boolean {
  return view !== undefined && (BEFORE_START.includes(view.state) || view.state === 'ending');
}

export interface OrderFacts {
  readonly view: ElevationView | undefined;
  /** The Mac's last report on the account of this request. */
  readonly report: DeviceReport | undefined;
  /** Whether the whole log is here. */
  readonly logComplete: boolean;
}

/**
 * Whether an open order still asks something of the Mac. Rows stay open until the workflow clears them, which may be
 * long after; without this a Mac would be told to start what it already holds. An `end` is repeated until the access is
 * known to be gone: each repeat makes the Mac say again what is true. An `end` that is younger than that knowledge was
 * given because somebody doubts it.
 */
export function stillAsks(order: DeviceOrder, { view, report, logComplete }: OrderFacts): boolean {
  switch (order.kind) {
    case 'start':
      return (!view || BEFORE_START.includes(view.state)) && !(report?.admin && report.requestId === order.requestId);
    case 'end':
      return !view?.goneAt || msOf(order.createdAt) > msOf(view.goneAt);
    case 'collect':
      return !logComplete;
  }
}

const URGENCY: { readonly [K in DeviceOrder['kind']]: number } = { end: 0, start: 1, collect: 2 };

/** The most urgent first; of the same kind the newest. */
export function byUrgency(a: DeviceOrder, b: DeviceOrder): number {
  return URGENCY[a.kind] - URGENCY[b.kind] || b.id - a.id;
}
