/**
 * The model: what must hold whatever happens, in a few lines that know nothing of states, inboxes or fences. It sees what
 * people said, what was called, and the targets' truth; it never asks the product how it stands, but for what is shown.
 */
import { isReviewOpen } from '../../contract/break-glass.js';
import type { AnyEvent } from '../../contract/events.js';
import { msOf, type PersonId, type RequestId } from '../../contract/ids.js';
import type { ElevationRequest } from '../../contract/request.js';
import { type ElevationView, fold, foldAll } from '../../contract/view.js';
import { extensionOf, isFilled, type Rule, type Stage } from './rule.js';
import type { GrantCall } from './targets.js';

export const MIN = 60_000;
/** A healthy world takes access back within this after it was told to. */
export const PROMPT_MS = 30_000;
/** The longest the sweep may need once everything works: overdue, its own pace, and its watching. */
export const SWEEP_LAG_MS = 6 * MIN;

interface Approval {
  readonly by: PersonId;
  readonly windowMs: number;
  /** `request`, or the digest of an extension. */
  readonly round: string;
}

/** What the model knows of one request. */
interface Known {
  readonly request: ElevationRequest;
  readonly approvals: Approval[];
  /** Runs whose grant call left. */
  readonly grantedBy: Set<string>;
  /** Authentic messages that count as votes, by nonce. */
  readonly ballots: Set<string>;
  /** Extensions by which the end has moved. */
  readonly spent: Set<string>;
  /** Of its reviewers, who closed the review when it could be closed. */
  readonly reviewedBy: Set<string>;
  /** A run of it was killed or begun again. */
  killed: boolean;
  goneAt: number | undefined;
  confirmedAt: number | undefined;
  /** When its access must be over: the armed end, then the deadline, then each extension's. */
  limit: number;
  /** The end that the store knows: all that the sweep can go by, once nobody else is left. */
  stored: number;
  denied: boolean;
  /** Why it was right to take the target, once it was taken. */
  armedBy: Ground | 'nothing' | undefined;
}

/** Why something is given: enough others said so, the policy itself did, or the glass was broken for it. */
type Ground = 'people' | 'policy' | 'glass';

interface Around {
  readonly rule: Rule;
  readonly isActive: (who: string) => boolean;
  readonly now: () => number;
}

export class Rules {
  readonly broken: string[] = [];
  /** The last instant at which something was out of order; no fault is faultless for a while. */
  troubledAt = Number.NEGATIVE_INFINITY;
  private readonly all = new Map<RequestId, Known>();

  constructor(private readonly world: Around) {}

  asked(request: ElevationRequest): void {
    this.all.set(request.requestId, {
      request,
      approvals: [],
      grantedBy: new Set(),
      ballots: new Set(),
      spent: new Set(),
      reviewedBy: new Set(),
      killed: false,
      goneAt: undefined,
      confirmedAt: undefined,
      limit: Number.NEGATIVE_INFINITY,
      stored: Number.NEGATIVE_INFINITY,
      denied: false,
      armedBy: undefined,
    });
  }

  of(requestId: RequestId): Known {
    const known = this.all.get(requestId);
    if (!known) throw new Error('nobody asked for that');
    return known;
  }

  /** What came about, of what a rule lets be given. */
  get met(): readonly string[] {
    return [...this.all.values()].flatMap(({ armedBy = 'nothing', request, reviewedBy, spent }) => [
      armedBy,
      ...(armedBy !== 'nothing' && request.startAt ? ['later start'] : []),
      ...(reviewedBy.size > 0 ? ['review'] : []),
      ...(spent.size > 0 ? ['extension'] : []),
    ]);
  }

  must(holds: boolean, what: string): void {
    if (!holds && !this.broken.includes(what)) this.broken.push(what);
  }

  /** Whether those who said yes to this round, and are still there, fill all seats of these stages. */
  isApproved({ approvals }: Known, round: string, stages: readonly Stage[] = this.world.rule.stages): boolean {
    const people = approvals.filter((one) => one.round === round).map(({ by }) => by);
    return isFilled(stages, people.filter(this.world.isActive));
  }

  /** Why the target may be taken at this instant; undefined: it may not. */
  private ground(known: Known): Ground | undefined {
    const { rule, isActive, now } = this.world;
    const { breakGlass, requester, startAt, windowMs } = known.request;
    const isLate = startAt && rule.later && now() >= msOf(startAt) + rule.later.missed * MIN;
    if (!isActive(requester.personId) || (startAt && (!rule.later || now() < msOf(startAt) || isLate))) return undefined;
    if (breakGlass) {
      const { glass } = rule;
      const fits = glass && new RegExp(glass.incident ?? '').test(breakGlass.incident);
      return fits && glass.may === requester.personId && windowMs <= glass.max * MIN && !breakGlass.drill ? 'glass' : undefined;
    }
    if (this.isApproved(known, 'request')) return 'people';
    const own = [...this.all.values()].filter(({ armedBy }) => armedBy === 'policy').length;
    return !startAt && windowMs <= 10 * MIN && own < (rule.ownPerDay ?? 0) ? 'policy' : undefined;
  }

  /** The longest that was given, in ms. What the policy itself approved may find votes that came after its word. */
  private longest({ approvals, armedBy, request }: Known): number {
    const { max, ownPerDay = 0 } = this.world.rule;
    const votes = approvals.filter(({ round }) => round === 'request').map((vote) => vote.windowMs);
    const own = armedBy === 'people' && ownPerDay === 0 ? 0 : request.windowMs;
    return Math.min(max * MIN, Math.max(own, ...(armedBy === 'people' ? votes : [])));
  }

  /** I1, I7, I9, I16: a grant call needs a target that was rightly taken, its window, its entry, and it is made once. */
  called({ order }: GrantCall, runId: string, timeline: readonly AnyEvent[]): void {
    const known = this.of(order.requestId);
    known.grantedBy.add(runId);
    const armed = timeline.find((event) => event.type === 'armed');
    this.must(known.armedBy !== undefined && known.armedBy !== 'nothing', 'I1: a grant call without a satisfied decision');
    this.must(order.maxMs <= this.longest(known), 'I7: a window longer than approved');
    this.must(armed !== undefined, 'I9: a grant call before its ledger entry');
    this.must(known.grantedBy.size === 1, 'I16: a decision was spent twice');
    this.must(!known.denied || known.killed, 'I1: a grant call after a denial');
  }

  /** I1 to I4: a target was taken: rightly, and until then, at most, its access may last. */
  armed(requestId: RequestId, notAfter: number, timeline: readonly AnyEvent[]): void {
    const known = this.of(requestId);
    const { breakGlass, requester, startAt } = known.request;
    const { live = Number.POSITIVE_INFINITY } = this.world.rule;
    const others = [...this.all.values()].filter((one) => one !== known && one.armedBy && one.goneAt === undefined);
    this.must(others.length < live, 'a limit is passed');
    this.must(!startAt || this.world.now() >= msOf(startAt), 'I5: it began before its time');
    known.armedBy = this.ground(known) ?? 'nothing';
    this.must(known.armedBy !== 'nothing', 'I1: a target was taken without a satisfied decision');
    const broken = timeline.find((event) => event.type === 'glass-broken');
    const told = broken?.actor.personId === requester.personId && broken?.data.incident === breakGlass?.incident;
    this.must(known.armedBy !== 'glass' || told, 'the glass was broken without an entry');
    known.limit = Math.max(known.limit, notAfter);
    known.stored = notAfter;
  }

  /** I7: the store has a later end only by an extension that enough others gave, each once, as often as the rule says. */
  storedEnd(requestId: RequestId, notAfter: number): void {
    const known = this.of(requestId);
    const { times, stages } = extensionOf(this.world.rule);
    const longer = notAfter - known.stored;
    known.stored = notAfter;
    if (longer <= 0) return;
    const given = known.approvals.filter((one) => one.round !== 'request' && one.windowMs >= longer).map(({ round }) => round);
    const round = given.find((one) => !known.spent.has(one) && this.isApproved(known, one, stages));
    this.must(round !== undefined && known.armedBy !== 'glass', 'I7: an extension that nobody gave');
    known.spent.add(round ?? 'none');
    this.must(known.spent.size <= times, 'I7: one extension too many');
  }

  /** I5, I16: access begins inside an approved window of a live decision, and alone. */
  began(requestId: RequestId, others: readonly RequestId[]): void {
    const known = this.of(requestId);
    const now = this.world.now();
    this.must(known.armedBy !== undefined, 'I5: access without an armed grant');
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
    this.must(!known.armedBy || now <= until, 'I5: access outlived its window');
  }

  /** I7: the clock that the Mac was told. */
  confirmed(requestId: RequestId, deadlineAt: number, at: number): void {
    const known = this.of(requestId);
    if (known.confirmedAt === undefined)
      this.must(deadlineAt <= at + 1_000 + this.longest(known), 'I7: a deadline past the window');
    known.confirmedAt ??= at;
    known.limit = deadlineAt;
  }

  /** I7: a deadline as it is shown: never past what was approved, extensions and all. */
  shownDeadline(requestId: RequestId, deadlineAt: number): void {
    const known = this.of(requestId);
    const { confirmedAt } = known;
    if (confirmedAt === undefined) return;
    const perRound = new Map<string, number>();
    for (const { round, windowMs } of known.approvals)
      if (known.spent.has(round)) perRound.set(round, Math.max(windowMs, perRound.get(round) ?? 0));
    const extended = [...perRound.values()].reduce((sum, ms) => sum + ms, 0);
    const longest = Math.min(this.world.rule.max * MIN, this.longest(known) + extended);
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
    if (view) this.reviewed(view, timeline);
  }

  /** The review of a break-glass is closed by those alone who may close it, and it stays open until one of them did. */
  private reviewed(view: ElevationView, timeline: readonly AnyEvent[]): void {
    const { armedBy, reviewedBy } = this.of(view.request.requestId);
    const closed = timeline.filter((event) => event.type === 'review-closed').map(({ actor }) => String(actor.personId));
    this.must(
      closed.every((who) => reviewedBy.has(who)),
      'a review was closed by somebody who may not',
    );
    const isDue = armedBy === 'glass' || view.outcome === 'drilled';
    this.must(isReviewOpen(view) === (isDue && reviewedBy.size === 0), 'a review was forgotten');
  }
}
