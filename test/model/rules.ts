/**
 * The model: what must hold whatever happens, in a few lines that know nothing of states, inboxes or fences. It sees what
 * people said, what was called, and the targets' truth; it never asks the product how it stands, but for what is shown.
 */
import type { AnyEvent } from '../../contract/events.js';
import type { PersonId, RequestId } from '../../contract/ids.js';
import { fold, foldAll } from '../../contract/view.js';
import type { GrantCall } from './targets.js';

export const MIN = 60_000;
/** A healthy world takes access back within this after it was told to. */
export const PROMPT_MS = 30_000;
/** The longest the sweep may need once everything works: overdue, its own pace, and its watching. */
export const SWEEP_LAG_MS = 6 * MIN;

interface Approval {
  readonly by: PersonId;
  readonly windowMs: number;
  readonly round: 'request' | 'extension';
}

/** What the model knows of one request. */
interface Known {
  readonly approvals: Approval[];
  /** Runs whose grant call left. */
  readonly grantedBy: Set<string>;
  /** Authentic messages that count as votes, by nonce. */
  readonly ballots: Set<string>;
  /** A run of it was killed or begun again. */
  killed: boolean;
  goneAt: number | undefined;
  confirmedAt: number | undefined;
  /** When its access must be over: the armed end, then the deadline, then each extension's. */
  limit: number;
  /** The end that the store knows: all that the sweep can go by, once nobody else is left. */
  stored: number;
  denied: boolean;
  armed: boolean;
}

export class Rules {
  readonly broken: string[] = [];
  /** The last instant at which something was out of order; no fault is faultless for a while. */
  troubledAt = Number.NEGATIVE_INFINITY;
  private readonly all = new Map<RequestId, Known>();

  constructor(private readonly world: { readonly quorum: number; readonly maxMs: number; readonly now: () => number }) {}

  of(requestId: RequestId): Known {
    const known = this.all.get(requestId) ?? {
      approvals: [],
      grantedBy: new Set(),
      ballots: new Set(),
      killed: false,
      goneAt: undefined,
      confirmedAt: undefined,
      limit: Number.NEGATIVE_INFINITY,
      stored: Number.NEGATIVE_INFINITY,
      denied: false,
      armed: false,
    };
    this.all.set(requestId, known);
    return known;
  }

  must(holds: boolean, what: string): void {
    if (!holds && !this.broken.includes(what)) this.broken.push(what);
  }

  /** I1, I2, I3, I4, I7, I9, I16: a grant call needs a decision of enough others, for its window, once. */
  called({ order }: GrantCall, runId: string, timeline: readonly AnyEvent[]): void {
    const known = this.of(order.requestId);
    const votes = known.approvals.filter(({ round }) => round === 'request');
    const people = new Set(votes.map(({ by }) => by));
    known.grantedBy.add(runId);
    const armed = timeline.find((event) => event.type === 'armed');
    this.must(people.size >= this.world.quorum, 'I1: a grant call without a satisfied decision');
    this.must(
      order.maxMs <= Math.max(0, ...votes.map(({ windowMs }) => windowMs)) && order.maxMs <= this.world.maxMs,
      'I7: a window longer than approved',
    );
    this.must(armed !== undefined, 'I9: a grant call before its ledger entry');
    this.must(known.grantedBy.size === 1, 'I16: a decision was spent twice');
    this.must(!known.denied || known.killed, 'I1: a grant call after a denial');
  }

  /** A target was taken: until then, at most, its access may last. */
  armed(requestId: RequestId, notAfter: number): void {
    const known = this.of(requestId);
    known.armed = true;
    known.limit = Math.max(known.limit, notAfter);
  }

  /** I5, I16: access begins inside an approved window of a live decision, and alone. */
  began(requestId: RequestId, others: readonly RequestId[]): void {
    const known = this.of(requestId);
    const now = this.world.now();
    this.must(known.armed, 'I5: access without an armed grant');
    this.must(now <= known.limit, 'I5: access began after its end');
    this.must(others.length === 0, 'two elevations have access to one target');
    this.must(known.goneAt === undefined, 'I6: access began after it was called gone');
  }

  /** I5: no access past its window, but for the lag of what was out of order. Asked all the time. */
  outlived(requestId: RequestId): void {
    const known = this.of(requestId);
    const now = this.world.now();
    const calm = known.limit >= this.troubledAt && !known.killed;
    const end = known.killed ? Math.max(known.limit, known.stored) : known.limit;
    const until = calm ? end + PROMPT_MS : Math.max(end, this.troubledAt) + SWEEP_LAG_MS;
    this.must(!known.armed || now <= until, 'I5: access outlived its window');
  }

  /** I7: the clock that the Mac was told. */
  confirmed(requestId: RequestId, deadlineAt: number, at: number): void {
    const known = this.of(requestId);
    const longest = Math.max(0, ...known.approvals.filter((a) => a.round === 'request').map((a) => a.windowMs));
    if (known.confirmedAt === undefined)
      this.must(deadlineAt <= at + 1_000 + Math.min(longest, this.world.maxMs), 'I7: a deadline past the window');
    known.confirmedAt ??= at;
    known.limit = deadlineAt;
  }

  /** I7: a deadline as it is shown: never past what was approved, extensions and all. */
  shownDeadline(requestId: RequestId, deadlineAt: number): void {
    const known = this.of(requestId);
    const { confirmedAt } = known;
    if (confirmedAt === undefined) return;
    const sum = (round: Approval['round'], many: (...n: number[]) => number) =>
      many(0, ...known.approvals.filter((a) => a.round === round).map((a) => a.windowMs));
    const extended = sum('extension', (...n) => n.reduce((a, b) => a + b, 0));
    const longest = Math.min(this.world.maxMs, sum('request', Math.max) + extended);
    this.must(deadlineAt <= confirmedAt + longest + 5_000, 'I7: a deadline past the approved window');
    known.limit = Math.max(known.limit, deadlineAt);
  }

  /** I6: what is called gone is gone. */
  gone(requestId: RequestId, holds: boolean): void {
    const known = this.of(requestId);
    this.must(!holds, 'I6: called gone while the access is there');
    known.goneAt ??= this.world.now();
  }

  /** I6, I8, I11: what is recorded: closed absorbs, nothing ended before it was gone, no ballot counts twice in a run. */
  recorded(requestId: RequestId, timeline: readonly AnyEvent[], holds: boolean): void {
    const view = foldAll(timeline);
    const over = view?.state === 'closed' || view?.state === 'collecting';
    if (over && view.outcome !== 'unproven') this.must(!holds, 'I6: shown as ended while the access is there');
    if (view?.state === 'closed') {
      const again = timeline.reduce(fold, view);
      this.must(again.state === 'closed' && again.outcome === view.outcome, 'I8: closed did not absorb');
    }
    const perRun = new Map<string, number>();
    for (const event of timeline) if (event.type === 'voted') perRun.set(event.runId, (perRun.get(event.runId) ?? 0) + 1);
    this.must(Math.max(0, ...perRun.values()) <= this.of(requestId).ballots.size, 'I11: a ballot counted twice');
  }
}
