/**
 * The overdue sweep: a plain loop in each worker process, without Temporal. It takes every grant that should be over and
 * is not recorded as gone, revokes it through the same driver until the target shows nothing, records that and says it
 * loudly: whatever happened to the workflow, access does not outlive its window (invariant I15).
 */
import { type GoneProof, SEND_WITHIN_MS } from '../contract/duties.js';
import { type Instant, instant, msOf, type RequestId } from '../contract/ids.js';
import type { Grant, Store, TargetDriver } from '../contract/ports.js';
import { endsByItself, type Target, type TargetKind } from '../contract/request.js';
import { isOverdue } from './drift.js';
import { SWEPT } from './grant-alarms.js';
import { proveWithin } from './prove-within.js';
import { recordGone } from './record-gone.js';
import { remembered } from './remembered.js';
import { sideBySide } from './side-by-side.js';
import type { SweptBy } from './swept-event.js';

/** A workflow that is alive has its own grant proved gone well within this, in milliseconds: nobody is left alone with it for longer. */
export const OVERDUE_MS = 120_000;
/**
 * And closes the fence, which comes with its revoke, well within this: where nothing ends by itself, waiting longer is access. A
 * worker that is killed and comes back has its tasks after ten seconds at the latest where Temporal is set up as ours is; that the
 * sweep is there first then costs one more alarm and nothing else. For the same reason there a closed fence is waited for no longer than
 * this once nobody says any more that they are at it (`Fence.pulse`); and so is, once its window is over, a create of which nobody has
 * said that it is there (`Fence.sending`).
 */
export const UNBEGUN_MS = 10_000;
/**
 * A Mac ends by its own clock, whoever is late: there only the record waits. Where hundreds of windows end in one second the last
 * workflow closes its fence ten to twenty seconds later (two cores), and a sweep beside it would make it later still, with an alarm.
 */
export const UNBEGUN_BY_ITSELF_MS = 30_000;
const EVERY_MS = 5_000;
/** Longer than a grant call may still be on its way, plus what a Mac needs to report. */
const WATCH_MS = 20_000;
/** How many are swept at once: hundreds of laptops that are asleep must leave the store to those who end the others. */
const WIDTH = 20;
/** How long each is watched when there are more than that. The next round looks again, so only the proof comes later. */
const CROWDED_WATCH_MS = 2_000;

export interface SweepDeps {
  readonly store: Pick<Store, 'fence' | 'ledger' | 'requests'>;
  readonly driverOf: (kind: Target['kind']) => TargetDriver;
  readonly clock: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Told of every grant that had to be swept, and of every failure. */
  readonly alarm: (sentence: string, grant: Grant, error?: unknown) => void;
  /** Told after each swept grant, to draw its card again; must not throw. */
  readonly swept?: (requestId: RequestId) => Promise<void>;
  /** Who is named as having done it; the sweep by default. */
  readonly by?: SweptBy;
  /** Also bounds `UNBEGUN_MS`. */
  readonly overdueMs?: number;
  readonly watchMs?: number;
  /** See `ProveDeps`. */
  readonly limitMs?: number;
}

/**
 * One round, of all kinds or of one. One failing target never keeps the others from being swept. `underWay`: what an earlier
 * round is still at, which is left to it; what this one is at is added for as long.
 */
export async function sweepOnce(deps: SweepDeps, kind?: TargetKind, underWay: Set<RequestId> = new Set()): Promise<number> {
  const [now, overdueMs] = [deps.clock(), deps.overdueMs ?? OVERDUE_MS];
  const unbegunMs = Math.min(UNBEGUN_MS, overdueMs);
  const all = await deps.store.fence.overdue(instant(now - unbegunMs));
  const due = (grant: Grant) => isOverdue(grant, now, patienceWith(grant, unbegunMs, overdueMs));
  const ours = (grant: Grant) => (kind === undefined || grant.target.kind === kind) && !underWay.has(grant.requestId);
  const overdue = all.filter((grant) => ours(grant) && due(grant));
  overdue.reverse(); // the newest first: what has been lost for days keeps none of them waiting
  for (const { requestId } of overdue) underWay.add(requestId);
  const sweep = underWay.size > WIDTH ? { watchMs: CROWDED_WATCH_MS, ...deps } : deps;
  const swept = await sideBySide(overdue, WIDTH, (grant) =>
    sweepGrant(sweep, grant).finally(() => underWay.delete(grant.requestId)),
  );
  swept.forEach((result, i) => {
    const grant = overdue[i];
    if (grant && result.status === 'rejected')
      deps.alarm('An overdue grant could not be proved gone; it is tried again.', grant, result.reason);
  });
  return swept.filter((result) => result.status === 'fulfilled').length;
}

/**
 * How long after its last instant whoever closed its fence is waited for, in milliseconds. One that was closed when a sweep was due was
 * closed by a sweep, which could not prove it gone or was killed over it, or by a workflow that is late: neither has two minutes more.
 * Nor has whoever was at it and is not any more, where nothing ends by itself. Whoever only says so has them once (I15).
 */
function patienceWith({ endedAt, notAfter, pulseAt, target }: Grant, unbegunMs: number, overdueMs: number): number {
  if (endedAt === undefined) return endsByItself(target) ? Math.min(UNBEGUN_BY_ITSELF_MS, overdueMs) : unbegunMs;
  const [last, ended] = [msOf(notAfter), msOf(endedAt)];
  if (endsByItself(target) && ended - last <= unbegunMs) return overdueMs;
  const atItUntil = Math.max(ended, pulseAt ? msOf(pulseAt) : ended);
  return Math.min(atItUntil - Math.min(last, ended) + unbegunMs, overdueMs);
}

/** Takes one grant away and proves it gone: fence, revoke, entry, row, signals. Throws `not-gone` while it is not. */
export async function sweepGrant(deps: SweepDeps, grant: Grant): Promise<void> {
  const { store, driverOf, clock } = deps;
  const { requestId, runId, target, personId } = grant;
  // Of hundreds only some are swept at a time: the workflows of those that wait for it may have been late, and are not dead.
  if (await isRecorded(store, requestId)) return;
  // First the fence: from here on no run can grant it any more, whatever it still believes.
  const now = clock();
  const endedAt = grant.endedAt ?? instant(now);
  // Its own end is yet to come, so it is for what was sent alone, which somebody may have seen by now: then it may be active.
  const unseen = grant.sentUntil && !grant.endedAt && msOf(grant.notAfter) >= now;
  const before = instant(now - Math.min(UNBEGUN_MS, deps.overdueMs ?? OVERDUE_MS));
  if (unseen && !(await store.fence.endUnseen(requestId, before, endedAt))) return;
  await store.fence.end(requestId, runId, target, personId, endedAt);
  const proof = await proved(deps, grant, endedAt);
  const isOurs = proof !== undefined && !(await recordGone(store, grant, proof, deps.by ?? 'sweep'));
  // Where its workflow has recorded it meanwhile, it has also cleared what there was, and our order may have come after that: nobody
  // else would take it back, and the Mac would be told to end for ever.
  if (isOurs || endsByItself(target))
    await driverOf(target.kind)
      .clear(requestId, target)
      .catch((error: unknown) => deps.alarm('What a swept grant left behind could not be cleared.', grant, error));
  if (!isOurs) return;
  await deps.swept?.(requestId);
  deps.alarm(SWEPT, grant);
}

/** What shows that it is gone; nothing where it could not be proved, and somebody else has done so meanwhile. Throws `not-gone`. */
async function proved(
  { store, driverOf, clock, sleep, watchMs = WATCH_MS, limitMs }: SweepDeps,
  grant: Grant,
  endedAt: Instant,
): Promise<GoneProof | undefined> {
  const { requestId, target, notAfter } = grant;
  const quietFrom = instant(Math.min(msOf(endedAt), msOf(notAfter)) + SEND_WITHIN_MS);
  const limits = { watchMs, ...(limitMs !== undefined && { limitMs }) };
  try {
    const told = await remembered(store, grant);
    return await proveWithin(driverOf(target.kind), grant, quietFrom, { told, clock, sleep, ...limits });
  } catch (error) {
    if (await isRecorded(store, requestId).catch(() => false)) return undefined;
    throw error;
  }
}

async function isRecorded({ fence }: Pick<Store, 'fence'>, requestId: RequestId): Promise<boolean> {
  return (await fence.grant(requestId))?.goneAt !== undefined;
}

/** Each kind is swept in rounds of its own: no Mac waits for AWS. */
const KINDS: { readonly [K in TargetKind]: K } = { 'mac-admin': 'mac-admin', 'aws-permission-set': 'aws-permission-set' };

export interface Sweep {
  /** All that was overdue before this instant has come through, of each kind; in milliseconds since 1970. */
  ranAt(): number | undefined;
  stop(): void;
}

/** The loop. A store that is down is waited for: without it nothing is known, and the Mac ends by itself. */
export function startSweep(deps: SweepDeps & { readonly failed: (error: unknown) => void }): Sweep {
  let stopped = false;
  const kinds = Object.values(KINDS);
  const ranAt = new Map<TargetKind, number>();
  const loop = async (kind: TargetKind) => {
    const underWay = new Set<RequestId>();
    const begun = new Set<number>();
    while (!stopped) {
      const at = deps.clock();
      begun.add(at);
      const round = sweepOnce(deps, kind, underWay)
        .finally(() => begun.delete(at))
        .then(() => void ranAt.set(kind, Math.min(deps.clock(), ...begun)), deps.failed);
      // What takes long to be proved gone keeps nobody waiting who is overdue by then.
      await Promise.race([round, deps.sleep(EVERY_MS)]);
      await deps.sleep(EVERY_MS);
    }
  };
  for (const kind of kinds) void loop(kind);
  return {
    ranAt: () => (ranAt.size < kinds.length ? undefined : Math.min(...ranAt.values())),
    stop: () => {
      stopped = true;
    },
  };
}
