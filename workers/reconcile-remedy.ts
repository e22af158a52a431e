/**
 * What the reconciler does about one finding: recorded before it is touched, removed until seen gone where it is ours, and
 * told. Whatever happened since it was looked at counts: nobody who was granted the target meanwhile loses it.
 */
import type { Alarms } from '../contract/alarms.js';
import type { AnyEvent } from '../contract/events.js';
import { HOUSE, type Instant, instant, NO_DIGEST, type RunId } from '../contract/ids.js';
import type { Store, TargetDriver } from '../contract/ports.js';
import type { Target } from '../contract/request.js';
import { sha256 } from '../seal/canonical.js';
import { accountOf, type Finding, isOverdue } from './drift.js';
import { alarmOf, type Did, sentenceOf } from './drift-alarms.js';
import { proveWithin } from './prove-within.js';
import { remembered } from './remembered.js';
import { OVERDUE_MS, type SweepDeps, sweepGrant } from './sweep.js';
import { sweptEvent } from './swept-event.js';

/** Stands where no run ever armed it. */
const NO_RUN = 'no-run' as RunId;

/** How long one removal is watched by default, in milliseconds. */
const WATCH_MS = 15_000;

export interface RemedyDeps {
  readonly store: Pick<Store, 'fence' | 'ledger' | 'requests'>;
  readonly driverOf: (kind: Target['kind']) => TargetDriver;
  readonly clock: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly alarms: Alarms;
  /** How overdue grants are swept: the sweep's own way, told as the sweep tells it. */
  readonly sweep: Pick<SweepDeps, 'alarm' | 'swept'>;
  readonly graceMs?: number;
  /** How long one removal is watched, in milliseconds; what is not gone by then is taken again at the next run. */
  readonly watchMs?: number;
}

/** A finding and what became of it. */
export interface Found extends Finding {
  readonly did: Did;
  /** Why a removal failed. */
  readonly why?: string;
  /** It could not even be written down: the next run tells it as new. */
  readonly unwritten?: true;
}

export interface Act {
  readonly finding: Finding;
  readonly told: boolean;
  readonly turn: () => boolean;
  readonly dryRun: boolean;
  readonly at: Instant;
}

/** Records what was found before anything is done about it, then does it, then says so. Never throws. */
export async function act(deps: RemedyDeps, { finding, told, turn, dryRun, at }: Act): Promise<Found> {
  if (dryRun) return { ...finding, did: told ? 'known' : 'untouched' };
  let written = told;
  try {
    if (!told) await deps.store.ledger.append([await driftEvent(deps, finding, at)]);
    written = true;
    const did = await remedy(deps, finding, told, turn);
    // Foreign ones are told together: the first run of a new installation may find hundreds.
    if (did !== 'known' && finding.what !== 'foreign') deps.alarms.raise(alarmOf(finding, did));
    return { ...finding, did };
  } catch (error) {
    const why = sentenceOf(error);
    deps.alarms.raise(alarmOf(finding, 'failed', why));
    return { ...finding, did: 'failed', why, ...(!written && { unwritten: true }) };
  }
}

async function remedy(deps: RemedyDeps, finding: Finding, told: boolean, turn: () => boolean): Promise<Did> {
  switch (finding.remedy) {
    case 'none':
      return told ? 'known' : 'told';
    case 'wait':
      return 'later';
    case 'clear':
    case 'remove':
    case 'sweep':
      if (!turn()) return 'later';
      return remove(deps, finding);
  }
}

/** Takes it away, unless meanwhile somebody was granted the very target. */
async function remove(deps: RemedyDeps, finding: Finding): Promise<Did> {
  const { store, driverOf } = deps;
  const { requestId, target } = finding;
  const live = await store.fence.live(target.key);
  if (finding.remedy === 'sweep') {
    if (live?.requestId !== requestId || !isOverdue(live, deps.clock(), deps.graceMs ?? OVERDUE_MS)) return 'known';
    // What the sweep would say of it is said here, with what was seen.
    const alarm: SweepDeps['alarm'] = (said, grant, error) => error !== undefined && deps.sweep.alarm(said, grant, error);
    await sweepGrant({ ...sweepDeps(deps), alarm, by: 'reconciler' }, live);
    return 'removed';
  }
  // Granted since we looked: what we saw may be this one's, and its window is its own.
  if (live && (finding.remedy === 'clear' || live.requestId === requestId)) return 'known';
  if (live && accountOf(live.target) === accountOf(target)) return 'known';
  if (finding.remedy === 'clear') await driverOf(target.kind).clear(requestId, target);
  else await revokeAgain(deps, finding, live === undefined);
  return 'removed';
}

async function revokeAgain(deps: RemedyDeps, { requestId, target }: Finding, alone: boolean): Promise<void> {
  const { store, driverOf, clock, sleep } = deps;
  const stored = await store.requests.get(requestId);
  // An elevation that the fence does not know could still be granted by a run that believes in it: not from here on.
  if (stored) await store.fence.end(requestId, NO_RUN, target, stored.request.subject.personId, instant(clock()));
  const driver = driverOf(target.kind);
  const watchMs = deps.watchMs ?? WATCH_MS;
  const told = await remembered(store, { requestId, target });
  const proof = await proveWithin(driver, { requestId, target }, instant(clock()), { told, clock, sleep, watchMs });
  await store.ledger.append([sweptEvent({ requestId, runId: NO_RUN }, stored?.digest, proof, 'reconciler')]);
  await store.fence.gone(requestId, proof.observedAt);
  if (alone) await driver.clear(requestId, target);
}

/** What the sweep needs to take one grant for the reconciler. */
export function sweepDeps(deps: RemedyDeps): SweepDeps {
  const { store, driverOf, clock, sleep, sweep } = deps;
  return { store, driverOf, clock, sleep, ...sweep, watchMs: deps.watchMs ?? WATCH_MS };
}

async function driftEvent({ store }: RemedyDeps, finding: Finding, at: Instant): Promise<AnyEvent> {
  const { what, requestId, target, how, likely } = finding;
  const stored = requestId === HOUSE ? undefined : await store.requests.get(requestId);
  return {
    id: `${requestId}/reconciler/${what}-${sha256(accountOf(target)).slice(0, 16)}-${at}`,
    type: 'drift',
    requestId,
    requestDigest: stored?.digest ?? NO_DIGEST,
    runId: 'no-run',
    at,
    actor: { via: 'reconciler' },
    data: { what, targetKey: target.key, how, likely },
  };
}
