/** Far ends for the activities' own tests: a target that says what it is told to, a fence as a row, a clock that stands. */
import type { CallContext, TargetDeps } from '../../activities/target.js';
import { StintError } from '../../contract/errors.js';
import { type Instant, instant, msOf, type RequestId, type RunId } from '../../contract/ids.js';
import type { Fence, Grant, GrantOrder, Observation, TargetDriver } from '../../contract/ports.js';
import type { ElevationRequest } from '../../contract/request.js';
import { requestOf } from '../fixtures/people.js';

export const NOW = Date.parse('2026-03-02T09:00:00.000Z');
export const RUN = 'run-1' as RunId;

export const at = (offsetMs: number): Instant => instant(NOW + offsetMs);

export const seen = (access: Observation['access'], offsetMs: number, whose?: Observation['whose']): Observation => ({
  access,
  ...(whose && { whose }),
  observedAt: at(offsetMs),
  how: `the target said ${access}`,
});

export class FakeTarget implements TargetDriver {
  readonly kind = 'mac-admin' as const;
  readonly settleMs = 2_000;
  confirmMode: TargetDriver['confirmMode'] = 'update';
  readonly calls: string[] = [];
  readonly orders: GrantOrder[] = [];
  granting: (order: GrantOrder, signal: AbortSignal) => Promise<void> = async () => undefined;
  revokeFails: Error | undefined;
  /** What it shows when asked for the n-th time; the last one stays. */
  shows: readonly (Observation | Error)[] = [seen('absent', 60_000)];
  private looks = 0;

  async observe(): Promise<Observation> {
    this.calls.push('observe');
    const now = this.shows[Math.min(this.looks++, this.shows.length - 1)];
    if (!now || now instanceof Error) throw now ?? new Error('nothing to show');
    return now;
  }

  async grant(order: GrantOrder, signal: AbortSignal): Promise<void> {
    this.calls.push('grant');
    this.orders.push(order);
    await this.granting(order, signal);
  }

  async revoke(): Promise<void> {
    this.calls.push('revoke');
    if (this.revokeFails) throw this.revokeFails;
  }

  async clear(): Promise<void> {
    this.calls.push('clear');
  }

  async listOurs(): Promise<readonly never[]> {
    return [];
  }
}

/** A fence that holds rows and nothing else; `down` makes it unreachable. */
export class FakeFence implements Fence {
  readonly rows = new Map<RequestId, Grant>();
  readonly calls: string[] = [];
  down = false;
  frozen = false;
  answer: Awaited<ReturnType<Fence['arm']>> = { ok: true };

  private use(what: string): void {
    this.calls.push(what);
    if (this.down) throw new StintError('store-unavailable');
  }

  async arm(grant: Omit<Grant, 'endedAt' | 'goneAt' | 'pulseAt' | 'sentUntil'>) {
    this.use(`arm ${grant.runId} ${grant.notAfter}`);
    return this.answer;
  }

  async extend(_requestId: RequestId, runId: RunId, notAfter: Instant) {
    this.use(`extend ${runId} ${notAfter}`);
    return true;
  }

  async seen(_requestId: RequestId, until: Instant, from: Instant) {
    this.use(`seen ${until} ${from}`);
  }

  async sending(requestId: RequestId, runId: RunId, until: Instant) {
    this.use(`sending ${runId} ${until}`);
    const row = this.rows.get(requestId);
    if (row) this.rows.set(requestId, { ...row, sentUntil: instant(Math.min(msOf(until), msOf(row.sentUntil ?? until))) });
  }

  async endUnseen() {
    this.use('endUnseen');
    return true;
  }

  async end(_requestId: RequestId, runId: RunId) {
    this.use(`end ${runId}`);
  }

  async gone(requestId: RequestId, goneAt: Instant) {
    this.use('gone');
    const row = this.rows.get(requestId);
    if (row) this.rows.set(requestId, { ...row, goneAt });
  }

  async pulse(_requestId: RequestId, at: Instant) {
    this.use(`pulse ${at}`);
  }

  async grant(requestId: RequestId) {
    this.use('grant');
    return this.rows.get(requestId);
  }

  async toGrant(requestId: RequestId) {
    return { row: await this.grant(requestId), frozen: this.frozen };
  }

  async overdue() {
    this.use('overdue');
    return [...this.rows.values()].filter((row) => !row.goneAt);
  }

  async live() {
    return undefined;
  }

  async open() {
    return this.overdue();
  }

  async recent() {
    return [...this.rows.values()].filter((row) => row.goneAt);
  }

  async looks() {
    return [];
  }

  async looked() {}

  /** A row of the request, as arming leaves it. */
  hold(request: ElevationRequest, change: Partial<Grant> = {}): Grant {
    const { requestId, target, subject } = request;
    const row = {
      requestId,
      target,
      targetKey: target.key,
      personId: subject.personId,
      runId: RUN,
      notAfter: at(600_000),
      ...change,
    };
    this.rows.set(requestId, row);
    return row;
  }
}

/** Everything that an activity on a target needs; sleeping moves the clock. */
export function targetBench() {
  const driver = new FakeTarget();
  const fence = new FakeFence();
  const time = { now: NOW };
  const abort = new AbortController();
  const slept: number[] = [];
  const call: CallContext = {
    runId: () => RUN,
    signal: () => abort.signal,
    sleep: async (ms) => {
      slept.push(ms);
      time.now += ms;
    },
    beating: (work) => work(),
  };
  const asked: string[] = [];
  const deps: TargetDeps = {
    driverOf: () => driver,
    fence,
    askEvidence: async (requestId) => void asked.push(requestId),
    clock: () => time.now,
    call,
  };
  return { driver, fence, time, abort, slept, asked, deps, request: requestOf() };
}
