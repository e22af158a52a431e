/** Who really had access, to the millisecond: what tests judge by. It knows nothing of lists, statuses and delays. */
import type { Cause } from './world.js';

/** One way by which a person had access: assigned directly, or as a member of a group. */
export interface Span {
  readonly accountId: string;
  readonly setArn: string;
  readonly userId: string;
  /** `direct`, or the id of the group. */
  readonly via: string;
  /** Milliseconds since 1970; 0 for what was there at the start. */
  readonly from: number;
  readonly cause: Cause;
  to?: number;
  endedBy?: Cause;
}

export interface AccessKey {
  readonly accountId: string;
  readonly setArn: string;
  readonly userId: string;
}

export interface AccessLog {
  /** Says who is in at this moment; `pair` is account id, space, set ARN. */
  now(pair: string, people: readonly { userId: string; via: string }[], at: number, cause: Cause): void;
  pairsOf(userId: string): string[];
  spans(): readonly Span[];
  /** When this person had access by whatever way, merged; an open end is Infinity. */
  intervals(key: AccessKey): { from: number; to: number }[];
  has(key: AccessKey, at: number): boolean;
}

/** An empty log. */
export function createAccessLog(): AccessLog {
  const all: Span[] = [];
  const open = new Map<string, Map<string, Span>>();
  const intervals = (key: AccessKey): { from: number; to: number }[] => {
    const own = all.filter((s) => s.accountId === key.accountId && s.setArn === key.setArn && s.userId === key.userId);
    const sorted = own.map(({ from, to }) => ({ from, to: to ?? Number.POSITIVE_INFINITY })).sort((a, b) => a.from - b.from);
    const merged: { from: number; to: number }[] = [];
    for (const next of sorted) {
      const last = merged.at(-1);
      if (last && next.from <= last.to) last.to = Math.max(last.to, next.to);
      else merged.push(next);
    }
    return merged.filter(({ from, to }) => from < to); // given and taken in the same instant is nobody's access
  };
  return {
    now(pair, people, at, cause) {
      const [accountId = '', setArn = ''] = pair.split(' ');
      const before = open.get(pair) ?? new Map<string, Span>();
      const after = new Map<string, Span>();
      for (const { userId, via } of people) {
        const way = `${userId} ${via}`;
        const span = before.get(way) ?? { accountId, setArn, userId, via, from: at, cause };
        if (!before.has(way)) all.push(span);
        after.set(way, span);
      }
      for (const [way, span] of before) if (!after.has(way)) Object.assign(span, { to: at, endedBy: cause });
      open.set(pair, after);
    },
    pairsOf: (userId) =>
      [...open].filter(([, ways]) => [...ways.values()].some((s) => s.userId === userId)).map(([pair]) => pair),
    spans: () => all,
    intervals,
    has: (key, at) => intervals(key).some(({ from, to }) => from <= at && at < to),
  };
}
