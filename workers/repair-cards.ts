/**
 * Cards of closed elevations that do not show their end: the run that should have painted it was terminated, or whoever
 * ended it past its workflow died, or Slack did not take it just then. What is wrong is seen by comparing the ledger with
 * what was last painted, so it makes no difference who failed, and a process that starts anew finds the same.
 *
 * What Slack shows may be another thing: an earlier paint that nobody waited for to the end (its process was killed) can be
 * carried out after the last one. So each closed card is drawn once more a while after its end, whatever it was painted as.
 */
import { isStintError } from '../contract/errors.js';
import type { EventType } from '../contract/events.js';
import { instant, msOf, type RequestId } from '../contract/ids.js';
import type { Store } from '../contract/ports.js';
import type { ElevationView } from '../contract/view.js';

export interface RepairsDeps {
  readonly store: Pick<Store, 'once'> & { readonly ledger: Pick<Store['ledger'], 'news' | 'list' | 'find'> };
  /** Whether the card was last painted as this view. */
  readonly shows: (view: ElevationView) => Promise<boolean>;
  /** Whether the workflow still runs: then its painter sees to the card. Throws when Temporal cannot say. */
  readonly runs: (requestId: RequestId) => Promise<boolean>;
  /** Draws the card of a closed elevation again. */
  readonly repair: (requestId: RequestId) => Promise<void>;
  /** Forgets what its card was last painted as, so that it is drawn again. */
  readonly forget: (view: ElevationView) => Promise<void>;
  readonly clock: () => number;
  /** Told of each that could not be drawn; it is tried again. */
  readonly failed: (requestId: RequestId, error: unknown) => void;
}

/** After these an elevation may be closed, or its closed card says more. */
const ENDS: readonly EventType[] = [
  'denied',
  'lapsed',
  'withdrawn',
  'revoked',
  'ended',
  'arm-refused',
  'start-missed',
  'swept',
  'closed-unproven',
  'evidence-settled',
  'closed',
  'late-evidence',
  'review-closed',
];
/** Whoever wrote the end paints it, mostly within a second. */
const GRACE_MS = 30_000;
/** By then Slack has carried out what it was ever going to (seen: 20 s after the call was sent). */
const LAST_DRAW_MS = 90_000;
/** A card that could not be drawn for so long is left alone; `/admin-status` and `stint show` have the truth. */
const GIVE_UP_MS = 6 * 3_600_000;
/** Slack refused it for good (an archived channel): somebody may mend that. */
const REFUSED_MS = 15 * 60_000;
/** How many are drawn in one round: cards of live elevations share Slack's limit with them. */
const AT_ONCE = 20;
const PAGE = 1_000;

interface Due {
  readonly since: number;
  readonly next: number;
}

/** Remembers which cards are yet to be looked at, and where in the ledger it was. One round; answers how many were drawn. */
export function createRepairs(deps: RepairsDeps): () => Promise<number> {
  const { store, clock, failed } = deps;
  const due = new Map<RequestId, Due>();
  let cursor: number | undefined;

  const notice = (requestId: RequestId, since: number) => void due.set(requestId, { since, next: since + GRACE_MS });
  const collect = async () => {
    const { events, upTo } = await store.ledger.news(cursor, ENDS);
    // Another process may have died with its list: the first look goes by the read model, which knows more than the last entries.
    const before = cursor === undefined ? await store.ledger.list({ live: false, limit: PAGE }) : [];
    const now = clock();
    for (const { view, updatedAt } of before)
      if (now - msOf(updatedAt) < GIVE_UP_MS) notice(view.request.requestId, msOf(updatedAt));
    if (cursor !== undefined) for (const { requestId } of events) notice(requestId, now);
    cursor = upTo;
  };

  return async () => {
    await collect();
    let drawn = 0;
    for (const [requestId, { since, next }] of due) {
      if (drawn >= AT_ONCE) break;
      const now = clock();
      if (now < next) continue;
      if (now - since > GIVE_UP_MS) {
        due.delete(requestId);
        continue;
      }
      try {
        const isLast = now >= since + LAST_DRAW_MS;
        const looked = await mend(deps, requestId, isLast);
        if (looked === 'drawn') drawn += 1;
        if (looked === 'runs') continue;
        if (looked === 'open' || isLast) due.delete(requestId);
        else due.set(requestId, { since, next: since + LAST_DRAW_MS });
      } catch (error) {
        failed(requestId, error);
        // Neither Temporal nor Slack's limit would answer the next one otherwise.
        if (isStintError(error) && ['temporal-unavailable', 'too-many'].includes(error.code)) break;
        if (isStintError(error) && error.code === 'slack-rejected') due.set(requestId, { since, next: clock() + REFUSED_MS });
      }
    }
    return drawn;
  };
}

async function mend(
  { store, shows, runs, repair, forget, clock }: RepairsDeps,
  requestId: RequestId,
  isLast: boolean,
): Promise<'right' | 'open' | 'runs' | 'drawn'> {
  const row = await store.ledger.find(requestId);
  // What is not closed yet has another entry ahead.
  if (row?.view.state !== 'closed') return 'open';
  const shown = await shows(row.view);
  if (shown && !isLast) return 'right';
  if (await runs(requestId)) return 'runs';
  // Once for each elevation, also over a process that starts anew.
  const again = isLast && (await store.once.first('card drawn last', requestId, instant(clock() + 2 * GIVE_UP_MS)));
  if (shown && !again) return 'right';
  if (again) await forget(row.view);
  await repair(requestId);
  return 'drawn';
}
