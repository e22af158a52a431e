/**
 * What counts against the limits of a policy, as the store has it. Inside `arm` it is read after the person's row is locked, so
 * that of two approvals at one moment the second one counts the first. The fence says what may be there; the read model adds
 * what the fence does not know: requests, revokes, and since when an access was there.
 */
import { type Instant, instant, msOf } from '../contract/ids.js';
import { type Happened, type Held, LIMIT_REACH, type Usage } from '../contract/limits.js';
import type { UsageBook } from '../contract/ports.js';
import type { ElevationRequest } from '../contract/request.js';
import type { Db, Tables, Trx } from './schema.js';

/** The longest window that a policy may offer: counted where a live grant does not say its own. */
const LONGEST_MS = 24 * 3_600_000;

/** The same outside any transaction, for whoever judges before. `clock`: milliseconds since 1970. */
export function createUsage(db: Db, clock: () => number): UsageBook {
  return { of: (request) => readUsage(db, request, instant(clock())) };
}

/** All that may count against this request. Throws what the database throws: what can't be counted is no yes. */
export async function readUsage(db: Db | Trx, request: ElevationRequest, now: Instant): Promise<Usage> {
  const subject = request.subject.personId;
  const ago = (from: Instant, ms: number) => instant(msOf(from) - ms);
  const asked = await db
    .selectFrom('elevations')
    .select(['request_id', 'rule', 'asked_at as at'])
    .where('requester_id', '=', request.requester.personId)
    .where('asked_at', '>', ago(request.askedAt, LIMIT_REACH.asked))
    .where('asked_at', '<=', request.askedAt)
    .where('refused', '=', false)
    .execute();
  const revoked = await db
    .selectFrom('elevations')
    .select(['request_id', 'rule', 'revoked_at as at'])
    .where('person_id', '=', subject)
    .where('revoked_at', '>', ago(now, LIMIT_REACH.revoked))
    .execute();
  const grants = db
    .selectFrom('grants')
    .leftJoin('elevations', 'elevations.request_id', 'grants.request_id')
    .select(['grants.request_id', 'grants.rule', 'grants.window_ms', 'grants.not_after', 'grants.gone_at'])
    .select(['elevations.confirmed_at', 'elevations.state'])
    .where('grants.person_id', '=', subject);
  const live = await grants.where('grants.gone_at', 'is', null).execute();
  const gone = await grants
    .where('grants.gone_at', '>', ago(now, LIMIT_REACH.held))
    // The tombstone of what was never armed has no window.
    .where('grants.window_ms', 'is not', null)
    .execute();
  const automatic = await db
    .selectFrom('grants')
    .select(['request_id', 'rule', 'automatic_at as at'])
    .where('person_id', '=', subject)
    .where('automatic_at', '>', ago(now, LIMIT_REACH.automatic))
    .execute();
  // One that was seen gone between the two questions is in both answers: the later one counts.
  const rows = new Map([...live, ...gone].map((row) => [row.request_id, row]));
  return {
    asked: asked.flatMap(happened),
    revoked: revoked.flatMap(happened),
    automatic: automatic.flatMap(happened),
    held: [...rows.values()].map(heldOf),
  };
}

function happened({ request_id, rule, at }: Pick<Tables['elevations'], 'request_id' | 'rule'> & { at: Instant | null }) {
  const found: Happened[] = at === null ? [] : [{ requestId: request_id, ...(rule !== null && { rule }), at }];
  return found;
}

type Row = Pick<Tables['grants'], 'request_id' | 'rule' | 'window_ms' | 'not_after' | 'gone_at'> & {
  readonly confirmed_at: Instant | null;
  readonly state: string | null;
};

function heldOf(row: Row): Held {
  const { request_id, rule, not_after, gone_at } = row;
  const windowMs = row.window_ms ?? LONGEST_MS;
  const span = spanOf(row, windowMs);
  const held = { requestId: request_id, live: gone_at === null, windowMs, notAfter: not_after };
  return { ...held, ...(rule !== null && { rule }), ...(span && { span }) };
}

/** From the confirmation to the proof of the end, or to the end of the window, whichever is first. */
function spanOf({ confirmed_at, gone_at, not_after, state }: Row, windowMs: number): Held['span'] {
  const to = gone_at !== null && gone_at < not_after ? gone_at : not_after;
  if (confirmed_at !== null) return { from: confirmed_at, to };
  // The fence hears of an end before the record does: as long as that lags behind, the whole window counts.
  const told = state === 'collecting' || state === 'closed';
  return gone_at === null || told ? undefined : { from: instant(msOf(to) - windowMs), to };
}
