/** The read model: one row per elevation, folded from its entries in the transaction that appends them. */

import { isReviewOpen } from '../contract/break-glass.js';
import type { AnyEvent } from '../contract/events.js';
import type { Instant, RequestId } from '../contract/ids.js';
import type { ElevationRow } from '../contract/ports.js';
import { begin, type ElevationView, fold } from '../contract/view.js';
import { eventOf } from './entry.js';
import type { Db, Tables, Trx } from './schema.js';

/** Folds fresh entries, already inserted, into the rows of their elevations. */
export async function project(trx: Trx, fresh: readonly AnyEvent[], now: Instant): Promise<void> {
  for (const [requestId, events] of byRequest(fresh)) {
    const row = await trx.selectFrom('elevations').select('view').where('request_id', '=', requestId).executeTakeFirst();
    const view = row ? events.reduce(fold, JSON.parse(row.view) as ElevationView) : await rebuild(trx, requestId, events);
    if (view) await upsert(trx, rowOf(view, now));
  }
}

/** All events that the ledger has of an elevation, in its order. */
export async function eventsOf(db: Db | Trx, requestId: RequestId): Promise<readonly AnyEvent[]> {
  const rows = await db.selectFrom('entries').select('body').where('request_id', '=', requestId).orderBy('seq').execute();
  return rows.map(({ body }) => eventOf(body));
}

/** A row of the table as the port gives it. */
export function elevationOf(row: Pick<Tables['elevations'], 'view' | 'updated_at'>): ElevationRow {
  return { view: JSON.parse(row.view), updatedAt: row.updated_at };
}

/**
 * The view of an elevation that has no row yet. What was written before its `requested` (a refused start, a sweep) is
 * kept, and folded in after it: there is nothing to fold it into until then.
 */
async function rebuild(trx: Trx, requestId: RequestId, fresh: readonly AnyEvent[]): Promise<ElevationView | undefined> {
  if (!fresh.some(isRequested)) return undefined;
  const all = await eventsOf(trx, requestId);
  const first = all.find(isRequested);
  return first && all.filter((event) => event !== first).reduce(fold, begin(first));
}

function isRequested(event: AnyEvent): event is AnyEvent & { type: 'requested' } {
  return event.type === 'requested';
}

function byRequest(events: readonly AnyEvent[]): Map<RequestId, AnyEvent[]> {
  const groups = new Map<RequestId, AnyEvent[]>();
  for (const event of events) {
    const group = groups.get(event.requestId);
    if (group) group.push(event);
    else groups.set(event.requestId, [event]);
  }
  return groups;
}

function rowOf(view: ElevationView, now: Instant): Tables['elevations'] {
  const { request } = view;
  return {
    request_id: request.requestId,
    state: view.state,
    outcome: view.outcome ?? null,
    person_id: request.subject.personId,
    requester_id: request.requester.personId,
    target_key: request.target.key,
    asked_at: request.askedAt,
    updated_at: now,
    view: JSON.stringify(view),
    review_open: isReviewOpen(view),
    ...countedOf(view),
  };
}

/** What limits count, in columns of its own. */
function countedOf(view: ElevationView): Pick<Tables['elevations'], 'rule' | 'refused' | 'confirmed_at' | 'revoked_at'> {
  const { request, verdict, outcome, votes, endedBy, confirmedAt } = view;
  const own = endedBy === request.subject.personId || endedBy === request.requester.personId;
  return {
    rule: verdict.rule ?? null,
    refused: outcome === 'denied' && votes.length === 0,
    confirmed_at: confirmedAt ?? null,
    revoked_at: outcome === 'revoked' && !own ? (view.endingAt ?? view.closedAt ?? null) : null,
  };
}

async function upsert(trx: Trx, row: Tables['elevations']): Promise<void> {
  const { state, outcome, updated_at, view, rule, refused, confirmed_at, revoked_at, review_open } = row;
  const change = { state, outcome, updated_at, view, rule, refused, confirmed_at, revoked_at, review_open };
  await trx
    .insertInto('elevations')
    .values(row)
    .onConflict((clash) => clash.column('request_id').doUpdateSet(change))
    .execute();
}
