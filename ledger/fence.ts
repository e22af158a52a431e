/**
 * The fence around granting: at most one live grant per target, only for the run that took it, and never again once it
 * was ended. Every answer comes out of one transaction, so a lost reply may be asked for again.
 */
import { StintError } from '../contract/errors.js';
import type { AnyEvent } from '../contract/events.js';
import type { Instant, PersonId, RequestId } from '../contract/ids.js';
import type { ArmAnswer, ArmLimits, Fence, Grant } from '../contract/ports.js';
import { appendEvents } from './append.js';
import { isFrozen } from './freeze.js';
import { createLooks } from './looks.js';
import type { Db, Tables, Trx } from './schema.js';
import { readUsage } from './usage.js';

type NewGrant = Omit<Grant, 'endedAt' | 'goneAt' | 'pulseAt' | 'sentUntil'>;

/** `urgent`: the same database, for the questions that a revoke or a grant waits for. */
export function createFence(db: Db, urgent: Db = db): Fence {
  return {
    arm: async (grant, armed, now, before = [], limits = undefined) => {
      requireFitting(grant, armed);
      return db.transaction().execute((trx) => arm(trx, grant, [...before, armed], now, limits));
    },
    extend: (requestId, runId, notAfter, from, limits) =>
      db.transaction().execute((trx) => extend(trx, { requestId, runId, notAfter, from }, limits)),
    async seen(requestId, until, from) {
      await db
        .updateTable('grants')
        .set((e) => ({ seen_until: e.fn<Instant>('least', ['seen_until', e.val(until)]) }))
        .where('request_id', '=', requestId)
        .where('not_after', '=', from)
        .where('not_after', '>', until)
        .where('ended_at', 'is', null)
        .where('gone_at', 'is', null)
        .execute();
    },
    async sending(requestId, runId, until) {
      await urgent
        .updateTable('grants')
        .set((e) => ({ sent_until: e.fn<Instant>('least', ['sent_until', e.val(until)]) }))
        .where('request_id', '=', requestId)
        .where('run_id', '=', runId)
        .where('not_after', '>', until)
        // Once its workflow has said when it ends both are the same, and no create that is late changes that.
        .where((row) => row.or([row('sent_until', 'is', null), row('sent_until', '<', row.ref('not_after'))]))
        .where('ended_at', 'is', null)
        .where('gone_at', 'is', null)
        .execute();
    },
    async end(requestId, runId, target, personId, at) {
      // The tombstone of what was never armed holds no target: it is gone from the start.
      const tombstone = {
        ...rowOf({ requestId, targetKey: target.key, target, personId, runId, notAfter: at }),
        ended_at: at,
        gone_at: at,
      };
      await db
        .insertInto('grants')
        .values(tombstone)
        .onConflict((clash) =>
          clash.column('request_id').doUpdateSet((e) => ({ ended_at: e.fn.coalesce('grants.ended_at', e.val(at)) })),
        )
        .execute();
    },
    async endUnseen(requestId, before, at) {
      const unseen = db
        .updateTable('grants')
        .set({ ended_at: at })
        .where('request_id', '=', requestId)
        .where('sent_until', '<', before)
        .where('seen_until', 'is', null)
        .where('sent_until', '<', (row) => row.ref('not_after'))
        .where((row) => row.or([row('pulse_at', 'is', null), row('pulse_at', '<', before)]))
        .where('ended_at', 'is', null)
        .where('gone_at', 'is', null);
      return (await unseen.executeTakeFirst()).numUpdatedRows > 0n;
    },
    async gone(requestId, at) {
      await db
        .updateTable('grants')
        .set((e) => ({ gone_at: e.fn.coalesce('gone_at', e.val(at)), ended_at: e.fn.coalesce('ended_at', e.val(at)) }))
        .where('request_id', '=', requestId)
        .execute();
    },
    async pulse(requestId, at) {
      await db
        .updateTable('grants')
        .set((e) => ({ pulse_at: e.fn<Instant>('greatest', ['pulse_at', e.val(at)]) }))
        .where('request_id', '=', requestId)
        .where('gone_at', 'is', null)
        .execute();
    },
    async grant(requestId) {
      const row = await urgent.selectFrom('grants').selectAll().where('request_id', '=', requestId).executeTakeFirst();
      return row && grantOf(row);
    },
    async toGrant(requestId) {
      const { since, ...row } = await urgent
        .selectFrom('freezing')
        .leftJoin('grants', (join) => join.on('grants.request_id', '=', requestId))
        .selectAll('grants')
        .select('freezing.since')
        .executeTakeFirstOrThrow();
      return { row: isRow(row) ? grantOf(row) : undefined, frozen: since !== null };
    },
    async overdue(before) {
      const overdue = db
        .selectFrom('grants')
        .selectAll()
        .where('gone_at', 'is', null)
        // An ending whose workflow was terminated is as overdue as a window that is over.
        .where((row) =>
          row.or([
            row('not_after', '<', before),
            row('seen_until', '<', before),
            row('ended_at', '<', before),
            row.and([row('sent_until', '<', before), row('seen_until', 'is', null)]),
          ]),
        );
      return (await overdue.orderBy('not_after').execute()).map(grantOf);
    },
    async live(targetKey) {
      const live = db.selectFrom('grants').selectAll().where('gone_at', 'is', null).where('target_key', '=', targetKey);
      const row = await live.executeTakeFirst();
      return row && grantOf(row);
    },
    async open() {
      const open = db.selectFrom('grants').selectAll().where('gone_at', 'is', null);
      return (await open.orderBy('not_after').execute()).map(grantOf);
    },
    async recent(since) {
      const freed = db.selectFrom('grants').selectAll().where('gone_at', 'is not', null).orderBy('gone_at', 'desc');
      const closed = db.selectFrom('elevations').select('request_id').where('outcome', '=', 'unproven');
      const rows = await freed.where((row) => row.or([row('gone_at', '>=', since), row('request_id', 'in', closed)])).execute();
      return rows.map(grantOf);
    },
    ...createLooks(db),
  };
}

/**
 * Locks are taken in one order everywhere (person, freeze, grant, head of the ledger), so that two arms never wait for
 * each other in a circle.
 */
async function arm(
  trx: Trx,
  grant: NewGrant,
  entries: readonly AnyEvent[],
  now: Instant,
  limits: ArmLimits | undefined,
): Promise<ArmAnswer> {
  await lockPerson(trx, grant.personId);
  const frozen = await isFrozen(trx);
  const there = await lockGrant(trx, grant.requestId);
  // Before the freeze: what another run left has to be taken away by whoever meets it, frozen or not.
  if (there && !isOurs(there, grant)) return { ok: false, code: 'fenced' };
  // Also the repeat of a call whose answer was lost: nothing of it was sent yet.
  if (frozen) return { ok: false, code: 'frozen' };
  // What has its place already keeps it: whoever came later has counted it.
  const reason = there || !limits ? undefined : limits.refusal(await readUsage(trx, limits.request, now));
  if (reason !== undefined) return { ok: false, code: 'limit-reached', reason };
  const found = there ?? (await take(trx, grant, now));
  if (typeof found === 'string') return { ok: false, code: found };
  if (!isOurs(found, grant)) return { ok: false, code: 'fenced' };
  if (found.not_after <= now) return { ok: false, code: 'too-late' };
  await appendEvents(trx, entries, now);
  return { ok: true };
}

interface NewEnd extends Pick<Grant, 'requestId' | 'runId' | 'notAfter'> {
  readonly from: Instant;
}

/**
 * Moves the end of this run's live grant. While frozen nothing gets more time; the confirmation only ever takes some away.
 * Compares and sets: a call that stood still somewhere must not take back what a later one has set.
 */
async function extend(
  trx: Trx,
  { requestId, runId, notAfter, from }: NewEnd,
  limits: Parameters<Fence['extend']>[4],
): Promise<boolean> {
  // Whatever else this person is given at the same moment waits here, and counts it.
  if (limits) await lockPerson(trx, limits.request.subject.personId);
  const frozen = await isFrozen(trx);
  if (limits) {
    const there = await lockGrant(trx, requestId);
    // The repeat of a call whose answer was lost has its time already, which is counted.
    const counted = there?.not_after === notAfter;
    if (!counted && limits.refusal(await readUsage(trx, limits.request, limits.now)) !== undefined) return false;
  }
  let own = trx
    .updateTable('grants')
    .set({ not_after: notAfter, seen_until: null, sent_until: notAfter })
    .where('request_id', '=', requestId)
    .where('run_id', '=', runId)
    .where('not_after', 'in', [from, notAfter])
    .where('ended_at', 'is', null)
    .where('gone_at', 'is', null);
  if (frozen) own = own.where('not_after', '>=', notAfter);
  return (await own.executeTakeFirst()).numUpdatedRows > 0n;
}

/** Whatever is counted for one person is counted by one transaction at a time. */
export async function lockPerson(trx: Trx, personId: PersonId): Promise<void> {
  const row = { person_id: personId };
  await trx
    .insertInto('people_locks')
    .values(row)
    .onConflict((clash) => clash.doNothing())
    .execute();
  await trx.selectFrom('people_locks').selectAll().where('person_id', '=', personId).forUpdate().execute();
}

function lockGrant(trx: Trx, requestId: RequestId): Promise<Tables['grants'] | undefined> {
  return trx.selectFrom('grants').selectAll().where('request_id', '=', requestId).forUpdate().executeTakeFirst();
}

/** Inserts the grant unless another live one holds the target, or the request's own came in at this very moment. */
async function take(trx: Trx, grant: NewGrant, now: Instant): Promise<Tables['grants'] | 'target-busy' | 'too-late'> {
  if (grant.notAfter <= now) return 'too-late';
  await trx
    .insertInto('grants')
    .values(rowOf(grant))
    .onConflict((clash) => clash.doNothing())
    .execute();
  return (await lockGrant(trx, grant.requestId)) ?? 'target-busy';
}

/** The row belongs to this very run and order, and nobody has ended it. */
function isOurs(row: Tables['grants'], grant: NewGrant): boolean {
  const same = row.run_id === grant.runId && row.target_key === grant.targetKey && row.person_id === grant.personId;
  return same && row.ended_at === null && row.gone_at === null;
}

/** What is recorded must be what is taken; anything else is a defect of the caller. */
function requireFitting(grant: NewGrant, armed: AnyEvent): void {
  const fits =
    armed.type === 'armed' &&
    armed.requestId === grant.requestId &&
    armed.runId === grant.runId &&
    armed.data.notAfter === grant.notAfter &&
    grant.targetKey === grant.target.key;
  if (!fits) throw new StintError('bad-input', 'The armed event does not fit the grant.');
}

function rowOf(grant: NewGrant): Tables['grants'] {
  return {
    request_id: grant.requestId,
    target_key: grant.targetKey,
    target: JSON.stringify(grant.target),
    person_id: grant.personId,
    run_id: grant.runId,
    not_after: grant.notAfter,
    seen_until: null,
    ended_at: null,
    gone_at: null,
    rule: grant.rule ?? null,
    window_ms: grant.windowMs ?? null,
    automatic_at: grant.automaticAt ?? null,
    policy: grant.policyHash ?? null,
    pulse_at: null,
    sent_until: null,
  };
}

/** An outer join answers a row of nulls where there is none. */
function isRow(row: { readonly [K in keyof Tables['grants']]: Tables['grants'][K] | null }): row is Tables['grants'] {
  return row.request_id !== null;
}

function grantOf(row: Tables['grants']): Grant {
  return {
    requestId: row.request_id,
    targetKey: row.target_key,
    target: JSON.parse(row.target),
    personId: row.person_id,
    runId: row.run_id,
    notAfter: row.seen_until ?? row.not_after,
    ...(row.rule !== null && { rule: row.rule }),
    ...(row.window_ms !== null && { windowMs: row.window_ms }),
    ...(row.automatic_at !== null && { automaticAt: row.automatic_at }),
    ...(row.policy !== null && { policyHash: row.policy }),
    ...(row.ended_at !== null && { endedAt: row.ended_at }),
    ...(row.gone_at !== null && { goneAt: row.gone_at }),
    ...(row.pulse_at !== null && { pulseAt: row.pulse_at }),
    ...(isUnseen(row) && { sentUntil: row.sent_until }),
  };
}

/** Sent, and nobody has seen what came of it or said when it ends. */
function isUnseen(row: Tables['grants']): row is Tables['grants'] & { readonly sent_until: Instant } {
  return row.sent_until !== null && row.seen_until === null && row.sent_until < row.not_after;
}
