/** What an operator may take back: everything that holds access, or still could, as the store knows it. */
import { StintError } from '../contract/errors.js';
import { type Digest, type Instant, isRequestId, NO_DIGEST, type PersonId, type RequestId } from '../contract/ids.js';
import type { ElevationRow, Grant, Ledger, Store } from '../contract/ports.js';
import type { Outcome, State } from '../contract/states.js';

/** One elevation as `stint revoke` needs it. */
export interface Revocable {
  readonly requestId: RequestId;
  /** The digest of its request, which a revoke is bound to. */
  readonly digest: Digest;
  /** Undefined where the read model has nothing of it yet. */
  readonly state?: State;
  readonly outcome?: Outcome;
  readonly personId: PersonId;
  readonly targetKey: string;
  /** Whether the fence has a row of it, and so may know better than the read model that something is left. */
  readonly inFence: boolean;
  readonly endedAt?: Instant;
  readonly goneAt?: Instant;
}

/** Which: one by its id or the beginning of it, those of a person, of a target, or all. */
export interface Choice {
  readonly id?: string | undefined;
  readonly personId?: string | undefined;
  readonly targetKey?: string | undefined;
}

type Reads = Pick<Store, 'fence' | 'ledger' | 'requests'>;

const PAGE = 1000;
/** Nothing is left to take from these, unless the fence still has a grant. */
const OVER: readonly State[] = ['collecting', 'closed'];

/** Newest first. A single id is answered even if it is over; throws `unknown-request` when nothing, or several, begin with it. */
export async function revocable(store: Reads, choice: Choice): Promise<readonly Revocable[]> {
  if (choice.id !== undefined) return [await one(store, choice.id)];
  const grants = new Map((await store.fence.open()).map((grant) => [grant.requestId, grant]));
  const rows = (await liveRows(store.ledger)).filter(({ view }) => !OVER.includes(view.state));
  const known = rows.map((row) => fromRow(row, grants.get(row.view.request.requestId)));
  for (const { requestId } of known) grants.delete(requestId);
  // A grant whose elevation is closed in the read model, or was never written there, is still somebody's access.
  const strays = await Promise.all([...grants.values()].map((grant) => fromGrant(store, grant)));
  return [...known, ...strays].filter((found) => fits(found, choice));
}

/** All that is not closed, page by page. */
export async function liveRows(ledger: Pick<Ledger, 'list'>): Promise<readonly ElevationRow[]> {
  const rows: ElevationRow[] = [];
  for (;;) {
    const page = await ledger.list({ live: true, limit: PAGE, offset: rows.length });
    rows.push(...page);
    if (page.length < PAGE) return rows;
  }
}

async function one(store: Reads, id: string): Promise<Revocable> {
  const row = isRequestId(id) ? await store.ledger.find(id) : await store.ledger.findByPrefix(id);
  if (row) return fromRow(row, await store.fence.grant(row.view.request.requestId));
  const grant = isRequestId(id) ? await store.fence.grant(id) : undefined;
  if (grant) return fromGrant(store, grant);
  // Started, and not yet in the ledger: its workflow may be granted tomorrow all the same.
  const stored = isRequestId(id) ? await store.requests.get(id) : undefined;
  if (!stored) throw new StintError('unknown-request', `No elevation, or several, begin with ${id}. Give more of the id.`);
  const { requestId, subject, target } = stored.request;
  return { requestId, digest: stored.digest, personId: subject.personId, targetKey: target.key, inFence: false };
}

function fromRow({ view }: ElevationRow, grant: Grant | undefined): Revocable {
  const { requestId, subject, target } = view.request;
  return {
    requestId,
    digest: view.digest,
    state: view.state,
    ...(view.outcome && { outcome: view.outcome }),
    personId: subject.personId,
    targetKey: target.key,
    ...timesOf(grant),
  };
}

async function fromGrant({ requests, ledger }: Reads, grant: Grant): Promise<Revocable> {
  const { requestId, personId, targetKey } = grant;
  const [stored, row] = await Promise.all([requests.get(requestId), ledger.find(requestId)]);
  const digest = stored?.digest ?? NO_DIGEST;
  return { requestId, digest, ...(row && { state: row.view.state }), personId, targetKey, ...timesOf(grant) };
}

function timesOf(grant: Grant | undefined): Pick<Revocable, 'inFence' | 'endedAt' | 'goneAt'> {
  return {
    inFence: grant !== undefined,
    ...(grant?.endedAt && { endedAt: grant.endedAt }),
    ...(grant?.goneAt && { goneAt: grant.goneAt }),
  };
}

function fits({ personId, targetKey }: Revocable, choice: Choice): boolean {
  if (choice.personId !== undefined && personId !== choice.personId) return false;
  return choice.targetKey === undefined || targetKey === choice.targetKey;
}
