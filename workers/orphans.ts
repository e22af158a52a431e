/**
 * Elevations whose workflow is no more (somebody terminated or deleted it) while nothing was granted: the sweep has nothing
 * to take there, and nobody would ever write their end. They are closed here, long after their own workflow would have
 * done it, so that their card loses its buttons and their person can ask again.
 */
import type { Client } from '@temporalio/client';
import type { AnyEvent } from '../contract/events.js';
import { instant, msOf, type RequestId } from '../contract/ids.js';
import { lapsesAtMs } from '../contract/later.js';
import type { ElevationView } from '../contract/view.js';
import { type FenceOffDeps, fence } from './end-now.js';
import { lookAtRun, withinReach } from './run-state.js';

/** A workflow that is alive, and its worker too, ends itself well within this after its own deadline, in milliseconds. */
const GRACE_MS = 10 * 60_000;
const PAGE = 200;

export interface OrphanDeps extends FenceOffDeps {
  /** Whether the workflow still runs. Throws when Temporal cannot say. */
  readonly runs: (requestId: RequestId) => Promise<boolean>;
  /** Draws the card of a closed elevation again. */
  readonly repair: (requestId: RequestId) => Promise<void>;
  /** Told of each that was closed (no error), and of each that could not be looked after now. */
  readonly told: (requestId: RequestId, error?: unknown) => void;
}

/** One round; answers how many were closed. One that fails keeps no other from being looked after. */
export async function closeOrphans(deps: OrphanDeps): Promise<number> {
  const { store, clock, told } = deps;
  let closed = 0;
  for (const view of await overdueViews(store.ledger, clock())) {
    const { requestId } = view.request;
    try {
      if (await deps.runs(requestId)) continue;
      await close(deps, view);
      closed += 1;
      told(requestId);
    } catch (error) {
      told(requestId, error);
    }
  }
  return closed;
}

async function overdueViews(ledger: OrphanDeps['store']['ledger'], now: number): Promise<readonly ElevationView[]> {
  const found: ElevationView[] = [];
  for (let offset = 0; ; offset += PAGE) {
    const rows = await ledger.list({ live: true, limit: PAGE, offset });
    found.push(...rows.map(({ view }) => view).filter((view) => now > (lastWord(view)?.dueAt ?? Number.POSITIVE_INFINITY)));
    if (rows.length < PAGE) return found;
  }
}

/** The fence first: whatever wakes up after all can grant nothing. */
async function close(deps: OrphanDeps, view: ElevationView): Promise<void> {
  const word = lastWord(view);
  if (!word) return;
  await fence(deps, view.request.requestId);
  await deps.store.ledger.append([eventOf(view, word)]);
  await deps.repair(view.request.requestId);
}

type Word = Pick<AnyEvent, 'type' | 'data'> & { readonly dueAt: number };

/** What the workflow would have said at the deadline of its state, and since when it is missed. States that may hold access are the sweep's. */
function lastWord({ state, verdict, request, startBy, goneAt }: ElevationView): Word | undefined {
  const { evidenceMs } = verdict.deadlines;
  if (state === 'requested') return { type: 'lapsed', data: {}, dueAt: lapsesAtMs(msOf(request.askedAt), verdict) + GRACE_MS };
  if (state === 'approved' && startBy) return { type: 'start-missed', data: {}, dueAt: msOf(startBy) + GRACE_MS };
  if (state === 'collecting' && goneAt)
    return {
      type: 'evidence-settled',
      data: { complete: false, lines: 0 },
      dueAt: msOf(goneAt) + Math.max(evidenceMs, 60_000) + GRACE_MS,
    };
  return undefined;
}

/** At the instant of the missed deadline, so that two workers write the same entry. */
function eventOf({ request, digest }: ElevationView, { type, data, dueAt }: Word): AnyEvent {
  return {
    id: `${request.requestId}/orphan-${type}`,
    type,
    requestId: request.requestId,
    requestDigest: digest,
    runId: 'no-run',
    at: instant(dueAt),
    actor: { via: 'sweep' },
    data,
  } as AnyEvent; // type and data belong together: `lastWord` made both
}

/** Asks Temporal whether a run of this elevation is open; a paused one is. Throws `temporal-unavailable`. */
export function createRuns(client: Client, clock: () => number): OrphanDeps['runs'] {
  return async (requestId) => (await withinReach(client, clock, () => lookAtRun(client, requestId))) !== 'over';
}
