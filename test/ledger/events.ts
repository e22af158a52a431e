/** Events of elevations that nobody asked for, for the tests of the ledger. */
import type { AnyEvent, EventData, EventType } from '../../contract/events.js';
import { type Instant, instant, type PersonId, type RunId } from '../../contract/ids.js';
import type { Grant } from '../../contract/ports.js';
import type { ElevationRequest, MacAdminTarget, Target } from '../../contract/request.js';
import type { Verdict } from '../../contract/verdict.js';
import { requestDigest, sha256 } from '../../seal/canonical.js';
import { requestOf } from '../fixtures/people.js';

export const T0 = Date.parse('2026-03-02T09:00:00.000Z');
export const RUN = 'run-1' as RunId;

/** The instant some minutes after the tests' beginning. */
export function at(minutes: number): Instant {
  return instant(T0 + minutes * 60_000);
}

export const VERDICT: Verdict = {
  outcome: 'satisfied',
  rule: 'macs',
  policyHash: sha256('policy'),
  factsDigest: sha256('facts'),
  quorum: 1,
  approvedBy: ['grace' as PersonId],
  approvers: ['grace' as PersonId, 'linus' as PersonId],
  windowsMs: [300_000, 600_000],
  maxWindowMs: 1_800_000,
  windowMs: 600_000,
  warnBeforeMs: 300_000,
  warnMinWindowMs: 300_000,
  deadlines: { pendingMs: 1, startMs: 14_400_000, evidenceMs: 1, remindEveryMs: 1, remindForMs: 1, remindThenMs: 1 },
  sentences: ['Approved by Grace Hopper.'],
};

/** Makes the events of one elevation, each with an id of its own. */
export class Elevation<T extends Target = MacAdminTarget> {
  readonly request: ElevationRequest<T>;
  private count = 0;

  /** Of a Mac, unless another target is given. */
  constructor(change: Partial<ElevationRequest<T>> = {}) {
    this.request = { ...requestOf({ askedAt: at(0) }), ...change } as ElevationRequest<T>;
  }

  event<T extends EventType>(
    type: T,
    data: EventData[T],
    change: Partial<Pick<AnyEvent, 'runId' | 'at' | 'actor'>> = {},
  ): AnyEvent {
    this.count += 1;
    const { requestId } = this.request;
    const runId = change.runId ?? RUN;
    const event = {
      id: `${requestId}/${runId}/${this.count}-${type}`,
      type,
      requestId,
      requestDigest: requestDigest(this.request),
      runId,
      at: at(this.count),
      actor: { via: 'system' },
      data,
      ...change,
    };
    return event as AnyEvent;
  }

  requested(): AnyEvent {
    return this.event('requested', { request: this.request, digest: requestDigest(this.request), verdict: VERDICT });
  }

  approved(): AnyEvent {
    return this.event('approved', { windowMs: 600_000, startBy: at(240), verdict: VERDICT });
  }

  grant(change: Partial<Grant<T>> = {}): Omit<Grant<T>, 'endedAt' | 'goneAt'> {
    const { requestId, target, subject } = this.request;
    return { requestId, target, targetKey: target.key, personId: subject.personId, runId: RUN, notAfter: at(30), ...change };
  }

  armed({ notAfter, runId }: Pick<Grant, 'notAfter' | 'runId'> = this.grant()): AnyEvent {
    return this.event('armed', { notAfter }, { runId });
  }
}
