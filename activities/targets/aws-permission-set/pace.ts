/**
 * How many calls a second may leave. Pure: a leaky bucket whose rate and burst together never exceed the share, so that no
 * second of any alignment holds more. Slower after AWS throttled (half), faster again bit by bit.
 *
 * `now` is of a steady clock (`Time.steady`): by one that is set back nothing would leave until it has caught up.
 *
 * The quota is 20 calls a second for the whole organisation ("IAM Identity Center quotas"), so each process takes its share.
 */

/** Part of the share that we use: the rest is for whoever else calls these APIs, and for calls that arrive closer than they left. */
const USE = 0.85;
/** Back to full speed this long after the last throttling. */
const RECOVER_MS = 20_000;
const SLOWEST = 0.1;

export interface Pace {
  /** How long until the next call may leave; 0 when it may now. */
  waitMs(now: number): number;
  /** A call leaves now. */
  took(now: number): void;
  /** AWS said that it was too much. Several answers of one moment count once. */
  throttled(now: number): void;
  /** Calls a second at this moment. */
  rate(now: number): number;
}

/** `perSecond`: the share of this process. */
export function createPace(perSecond: number): Pace {
  const burst = perSecond >= 15 ? 2 : 1;
  const full = Math.min(perSecond * USE, Math.max(perSecond - burst, perSecond / 4));
  let slowed = { factor: 1, at: Number.NEGATIVE_INFINITY };
  let due = Number.NEGATIVE_INFINITY;
  const factor = (now: number): number => Math.min(1, slowed.factor + Math.max(0, now - slowed.at) / RECOVER_MS);
  const gapMs = (now: number): number => 1000 / (full * factor(now));
  return {
    waitMs: (now) => Math.max(0, due - (burst - 1) * gapMs(now) - now),
    took: (now) => {
      due = Math.max(due, now) + gapMs(now);
    },
    throttled: (now) => {
      if (now - slowed.at < 1000) return;
      slowed = { factor: Math.max(SLOWEST, factor(now) / 2), at: now };
    },
    rate: (now) => full * factor(now),
  };
}
