/** What counts against limits, as the store has it: by the fence and the read model, in whatever order they were told. */
import { Kysely } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AnyEvent } from '../../contract/events.js';
import type { Instant, PersonId, RequestId, RunId, Serial } from '../../contract/ids.js';
import type { MacAdminTarget } from '../../contract/request.js';
import { createDialect, type Source } from '../../ledger/dialect.js';
import { migrate } from '../../ledger/migrate.js';
import { pgliteInMemory } from '../../ledger/pglite.js';
import type { Tables } from '../../ledger/schema.js';
import { type OpenStore, storeOn } from '../../ledger/store.js';
import { requestIdFrom } from '../../seal/canonical.js';
import { ada, macOf, refOf } from '../fixtures/people.js';
import { at, Elevation, T0, VERDICT } from './events.js';

let source: Source;
let store: OpenStore;
let now = T0;
beforeAll(async () => {
  source = await pgliteInMemory();
  store = await storeOn(source, { clock: () => now });
});
afterAll(() => store?.close());

async function sql(text: string): Promise<readonly unknown[]> {
  const session = await source.connect();
  try {
    return (await session.query(text, [])).rows;
  } finally {
    session.release();
  }
}

let count = 0;
/** An elevation for somebody, of a Mac that no other test knows. */
function elevationOf(name: string, askedAt = at(0)): Elevation {
  count += 1;
  const serial = `C02USAGE${count}` as Serial;
  const target: MacAdminTarget = { ...macOf(ada), serial, key: `mac-admin/${serial}` };
  const who = { ...refOf(ada), personId: name as PersonId };
  const requestId = requestIdFrom('usage', `${count}`);
  return new Elevation({ requestId, target, subject: who, requester: who, askedAt });
}

const arm = (e: Elevation, rule = 'macs') => {
  const grant = { ...e.grant(), rule, windowMs: 600_000 };
  return store.fence.arm(grant, e.armed(), at(0), [e.requested(), e.approved()]);
};
const confirmed = (e: Elevation) => e.event('confirmed', { confirmedAt: at(4), deadlineAt: at(14) });
const gone = (e: Elevation) => [
  e.event('expired', {}),
  e.event('gone', { observedAt: at(9), how: 'seen' }),
  e.event('evidence-settled', { complete: true, lines: 0 }),
];
const revoked = (e: Elevation, by?: string) =>
  e.event('revoked', { cause: 'approver' }, { at: at(7), actor: { via: 'slack', ...(by && { personId: by as PersonId }) } });
const usage = (name: string) => store.usage.of(elevationOf(name, at(0)).request);
const asks = async (name: string, minutes = 0) =>
  (await store.usage.of(elevationOf(name, at(minutes)).request)).asked.map(({ requestId }) => requestId);
const idOf = (e: Elevation): RequestId => e.request.requestId;

describe('what a person has', () => {
  test('is there from the arm until it is seen gone, by the rule that it was armed by', async () => {
    const e = elevationOf('held');
    await arm(e, 'vault');
    const held = { requestId: idOf(e), rule: 'vault', windowMs: 600_000, notAfter: at(30) };
    expect((await usage('held')).held).toEqual([{ ...held, live: true }]);
    await store.ledger.append([confirmed(e)]);
    await store.fence.extend(idOf(e), e.grant().runId, at(14), at(30));
    expect((await usage('held')).held).toEqual([{ ...held, live: true, notAfter: at(14), span: { from: at(4), to: at(14) } }]);
    await store.fence.gone(idOf(e), at(9));
    expect((await usage('held')).held).toEqual([{ ...held, live: false, notAfter: at(14), span: { from: at(4), to: at(9) } }]);
    now = T0 + 8 * 24 * 3_600_000;
    expect((await usage('held')).held).toEqual([]);
    now = T0;
  });

  test('that was never confirmed and is gone counts whole until the record says so, and then not at all', async () => {
    const e = elevationOf('never');
    await arm(e);
    await store.fence.gone(idOf(e), at(9));
    expect((await usage('never')).held).toMatchObject([{ live: false, span: { from: at(-1), to: at(9) } }]);
    await store.ledger.append([e.event('start-missed', {}), ...gone(e)]);
    expect((await usage('never')).held[0]?.span).toBeUndefined();
  });

  test('that was never armed is nothing', async () => {
    const e = elevationOf('tomb');
    const { requestId, target, subject } = e.request;
    await store.fence.end(requestId, e.grant().runId, target, subject.personId, at(1));
    expect((await usage('tomb')).held).toEqual([]);
  });
});

describe('what a person asked', () => {
  test('is what is on record of the hour up to a request, without what the policy refused at once', async () => {
    const [old, early, refused, denied, later] = [-60, -59, -3, -2, 2].map((minutes) => elevationOf('asks', at(minutes)));
    if (!old || !early || !refused || !denied || !later) throw new Error('five were made');
    await store.ledger.append([old, early, refused, denied, later].map((e) => e.requested()));
    const vote = { decision: 'deny', personId: 'grace' as PersonId, roundDigest: VERDICT.policyHash, at: at(1) } as const;
    await store.ledger.append([
      refused.event('denied', {}),
      denied.event('voted', { vote, verdict: VERDICT }),
      denied.event('denied', {}),
    ]);
    expect((await asks('asks')).sort()).toEqual([early, denied].map(idOf).sort());
    expect((await asks('asks', 2)).sort()).toEqual([denied, later].map(idOf).sort());
  });
});

describe('what was revoked', () => {
  test('counts when somebody else did it, by name or not, and not when it was given back', async () => {
    const [byGrace, byNobody, byAda, ended] = Array.from({ length: 4 }, () => elevationOf('out'));
    if (!byGrace || !byNobody || !byAda || !ended) throw new Error('four were made');
    for (const e of [byGrace, byNobody, byAda, ended]) await arm(e);
    await store.ledger.append([revoked(byGrace, 'grace'), revoked(byNobody), revoked(byAda, 'out'), ended.event('ended', {})]);
    const counted = (await usage('out')).revoked;
    expect(counted.map(({ requestId }) => requestId).sort()).toEqual([byGrace, byNobody].map(idOf).sort());
    expect(counted).toContainEqual({ requestId: idOf(byGrace), rule: 'macs', at: at(7) });
  });
});

test('the columns are the same in whatever pieces the events are told', async () => {
  const tell = async (cut: (events: readonly AnyEvent[]) => readonly (readonly AnyEvent[])[]) => {
    const e = elevationOf('pieces');
    const events = [e.requested(), e.approved(), e.armed(), confirmed(e), revoked(e, 'grace'), ...gone(e).slice(1)];
    for (const piece of cut(events)) await store.ledger.append(piece);
    const [row] = await sql(`select rule, refused, confirmed_at, revoked_at from elevations where request_id = '${idOf(e)}'`);
    return row;
  };
  const whole = await tell((events) => [events]);
  expect(whole).toEqual({ rule: 'macs', refused: false, confirmed_at: at(4), revoked_at: at(7) });
  expect(await tell((events) => events.map((event) => [event]))).toEqual(whole);
  expect(await tell((events) => [events.slice(0, 3), events, events])).toEqual(whole);
});

test('a store of before counts what it has: its views and grants are read once', async () => {
  const e = elevationOf('before');
  await arm(e);
  await store.ledger.append([confirmed(e)]);
  const all = async () => [
    await sql('select request_id, rule, refused, confirmed_at, revoked_at from elevations order by 1'),
    await sql('select request_id, window_ms from grants order by 1'),
  ];
  const folded = await all();
  await sql('drop index elevations_asked; ');
  for (const column of ['rule', 'refused', 'confirmed_at', 'revoked_at'])
    await sql(`alter table elevations drop column ${column}`);
  for (const column of ['rule', 'window_ms']) await sql(`alter table grants drop column ${column}`);
  await sql('drop index grants_of_person');
  await sql(`delete from stint_migrations where name = '0007-usage'`);
  await migrate(new Kysely<Tables>({ dialect: createDialect(source) }), undefined);
  expect(await all()).toEqual(folded);
});

test('a store of before knows by which policy a target was taken: the one that its view names', async () => {
  const [taken, never] = [elevationOf('taken-by'), elevationOf('taken-by')];
  await arm(taken);
  await store.ledger.append([never.requested()]);
  await store.fence.end(idOf(never), 'run' as RunId, never.request.target, never.request.subject.personId, at(1));
  await sql('alter table grants drop column policy');
  await sql(`delete from stint_migrations where name = '0013-taken-by'`);
  await migrate(new Kysely<Tables>({ dialect: createDialect(source) }), undefined);
  expect((await store.fence.grant(idOf(taken)))?.policyHash).toBe(VERDICT.policyHash);
  expect((await store.fence.grant(idOf(never)))?.policyHash).toBeUndefined();
});

describe('what the policy itself approved', () => {
  const armOwn = (e: Elevation, when: Instant) =>
    store.fence.arm({ ...e.grant(), rule: 'macs', windowMs: 600_000, automaticAt: when }, e.armed(), at(0), [
      e.requested(),
      e.approved(),
    ]);

  test('counts for a week from when the target was taken, whatever became of it; what people approved does not', async () => {
    const [first, second, byPeople] = Array.from({ length: 3 }, () => elevationOf('auto'));
    if (!first || !second || !byPeople) throw new Error('three were made');
    await armOwn(first, at(0));
    await armOwn(second, at(1));
    await arm(byPeople);
    await store.fence.gone(idOf(first), at(2));
    const counted = async () => [...(await usage('auto')).automatic].sort((a, b) => (a.at < b.at ? -1 : 1));
    expect(await counted()).toEqual([
      { requestId: idOf(first), rule: 'macs', at: at(0) },
      { requestId: idOf(second), rule: 'macs', at: at(1) },
    ]);
    expect((await usage('somebody-else')).automatic).toEqual([]);
    now = T0 + 7 * 24 * 3_600_000;
    expect((await counted()).map(({ requestId }) => requestId)).toEqual([idOf(second)]);
    now = T0;
  });
});
