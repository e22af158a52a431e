/**
 * Ending an elevation past its workflow: when Temporal cannot be reached, the workflow is paused or not there, or when a
 * person has left. The fence first, so that nothing of it is granted any more whatever wakes up later; then the record; then the
 * target's own driver until nothing is left. Every step may be repeated, and a process may die between any two: the
 * overdue sweep takes what was fenced, and `untold` remembers that the workflow has yet to hear of it.
 */
import { type GoneProof, SEND_WITHIN_MS } from '../contract/duties.js';
import { StintError } from '../contract/errors.js';
import type { AnyEvent } from '../contract/events.js';
import {
  type Digest,
  type Instant,
  instant,
  msOf,
  NO_DIGEST,
  type PersonId,
  type RequestId,
  type RunId,
} from '../contract/ids.js';
import type { Grant, Store, TargetDriver } from '../contract/ports.js';
import type { Target } from '../contract/request.js';
import { next } from '../contract/states.js';
import { proveWithin } from './prove-within.js';
import { recordGone } from './record-gone.js';
import { remembered } from './remembered.js';

/** Longer than a grant call may still be on its way, plus what a Mac needs to report. */
const WATCH_MS = 20_000;
/** Stands in the tombstone of what no run ever armed. */
const NO_RUN = 'no-run' as RunId;

/**
 * Who orders an end past the workflow: an operator, the directory by no longer knowing the person, or whoever pressed Revoke
 * (`approver`) or End now (`subject`) while no workflow could hear it.
 */
export type EndCause = 'operator' | 'left' | 'approver' | 'subject';
type Actor = AnyEvent['actor'];

export interface FenceOffDeps {
  readonly store: Pick<Store, 'fence' | 'ledger' | 'requests' | 'untold'>;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

export interface EndNowDeps extends FenceOffDeps {
  readonly driverOf: (kind: Target['kind']) => TargetDriver;
  readonly sleep: (ms: number) => Promise<void>;
  /** How long one attempt watches the target; 20 s by default. */
  readonly watchMs?: number;
}

/** Only the fence: from its answer on no run can grant it, and a sweep takes it away soon after if nobody else did (`UNBEGUN_MS`, and of Macs `OVERDUE_MS`). */
export async function fence({ store, clock }: FenceOffDeps, requestId: RequestId): Promise<Grant> {
  const there = await store.fence.grant(requestId);
  const { runId, target, personId } = there ?? (await neverArmed(store, requestId));
  await store.fence.end(requestId, runId, target, personId, instant(clock()));
  const row = await store.fence.grant(requestId);
  if (!row) throw new StintError('store-unavailable', 'The store did not keep the end of this elevation. Try again.');
  return row;
}

/**
 * Fences it off and records the end. What was still waiting is over with that (`goneAt` is set); of what may hold access
 * the proof is still to come. Throws `unknown-request`, `store-unavailable`.
 */
export async function fenceOff(
  deps: FenceOffDeps,
  requestId: RequestId,
  cause: EndCause,
  actor: Actor = { via: VIA[cause] },
  commentDigest?: Digest,
): Promise<Grant> {
  const { store, clock } = deps;
  await store.untold.put(requestId, instant(clock()));
  const row = await fence(deps, requestId);
  const event = endEvent(row, await digestOf(store, requestId), cause, actor, commentDigest);
  const view = (await store.ledger.find(requestId))?.view;
  if (!view || next(view, event.type)) await store.ledger.append([event]);
  return row;
}

/**
 * Revokes through the driver until the target shows nothing, then records, frees and clears. Answers the proof that there
 * already is. Throws `not-gone` when the target still shows it after a while: call again.
 */
export async function proveEnded(deps: EndNowDeps, requestId: RequestId, cause: EndCause): Promise<GoneProof> {
  const { store, driverOf, clock, sleep, watchMs = WATCH_MS } = deps;
  const row = await store.fence.grant(requestId);
  if (!row?.endedAt)
    throw new StintError('state-conflict', 'This elevation was not fenced off; it is not ended past its workflow.');
  if (row.goneAt) return { observedAt: row.goneAt, how: 'recorded as gone before' };
  const driver = driverOf(row.target.kind);
  const told = await remembered(store, row);
  const proof = await proveWithin(driver, row, await quietFrom(store, row, row.endedAt), { told, clock, sleep, watchMs });
  const already = await recordGone(store, row, proof, BY[cause]);
  if (already) return { observedAt: already, how: 'recorded as gone before' };
  // What stays behind at the MDM gives no access: the fence refuses a claim, and the reconciler looks after signals.
  await driver.clear(requestId, row.target).catch(() => undefined);
  return proof;
}

const BY = { operator: 'operator', left: 'left', approver: 'order', subject: 'order' } as const;

/** Its request was stored before anything else of it could be. */
async function neverArmed(
  store: FenceOffDeps['store'],
  requestId: RequestId,
): Promise<{ readonly runId: RunId; readonly target: Target; readonly personId: PersonId }> {
  const stored = await store.requests.get(requestId);
  if (!stored) throw new StintError('unknown-request');
  return { runId: NO_RUN, target: stored.request.target, personId: stored.request.subject.personId };
}

/** After this nothing of a grant call can still leave: as the grant said when it was sent, else as long as it is allowed to. */
async function quietFrom(
  { ledger }: FenceOffDeps['store'],
  { requestId, runId, notAfter }: Grant,
  endedAt: Instant,
): Promise<Instant> {
  const sent = (await ledger.timeline(requestId)).findLast((event) => event.type === 'grant-sent' && event.runId === runId);
  if (sent?.type === 'grant-sent') return sent.data.sendBefore;
  return instant(Math.min(msOf(endedAt), msOf(notAfter)) + SEND_WITHIN_MS);
}

async function digestOf({ requests }: FenceOffDeps['store'], requestId: RequestId): Promise<AnyEvent['requestDigest']> {
  return (await requests.get(requestId))?.digest ?? NO_DIGEST;
}

const VIA = { operator: 'cli', left: 'system', approver: 'slack', subject: 'slack' } as const;

/** At the instant that the fence keeps, so that a repeat, or another process, writes the same entry. */
function endEvent(
  { requestId, runId, endedAt, notAfter }: Grant,
  requestDigest: AnyEvent['requestDigest'],
  cause: EndCause,
  actor: Actor,
  commentDigest?: Digest,
): Extract<AnyEvent, { readonly type: 'revoked' | 'ended' }> {
  const at = endedAt ?? notAfter;
  // Two people may press at the same time, and one of them with words and without: each has an entry, the first counts.
  const who = actor.personId ? `-${actor.personId}` : '';
  const words = commentDigest ? `-${commentDigest.slice(0, 16)}` : '';
  const entry = {
    id: `${requestId}/${runId}/${cause}-${at}${who}${words}`,
    requestId,
    requestDigest,
    runId: 'no-run',
    at,
    actor,
  } as const;
  if (cause === 'subject') return { ...entry, type: 'ended', data: {} };
  return { ...entry, type: 'revoked', data: { cause, ...(commentDigest && { commentDigest }) } };
}
