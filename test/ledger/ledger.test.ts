/** The ledger on each database: append once, in order, all or none, never changed; and the read model beside it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVENT_CODES } from '../../contract/events.js';
import type { PersonId } from '../../contract/ids.js';
import { foldAll } from '../../contract/view.js';
import { verifyChain } from '../../ledger/verify.js';
import { canonical } from '../../seal/canonical.js';
import { grace, macOf, refOf } from '../fixtures/people.js';
import { BACKENDS, type Bench, openBench } from './backends.js';
import { at, Elevation } from './events.js';

for (const backend of BACKENDS) {
  describe.skipIf(!backend.there)(`the ledger on ${backend.name}`, () => {
    let bench: Bench;
    beforeAll(async () => {
      bench = await openBench(backend);
    });
    afterAll(() => bench?.close());
    const size = async () => (await bench.store.head()).entries;

    test('an entry is the canonical text of its event, at its place', async () => {
      const from = await size();
      const { head } = await bench.store.head();
      const elevation = new Elevation();
      const event = elevation.requested();
      await bench.store.ledger.append([event]);
      const [entry] = await bench.store.ledger.entries(from, 10);
      const { id, at, type, requestId, requestDigest, runId, actor, data } = event;
      const workflow = { id: `elevation/${requestId}`, runId };
      const body = {
        v: 1,
        chain: 'stint',
        seq: from,
        prev: head,
        id,
        at,
        type,
        ...EVENT_CODES.requested,
        requestId,
        requestDigest,
        workflow,
        actor,
        data,
      };
      expect(entry?.body).toBe(canonical(body));
      expect(await bench.store.ledger.timeline(requestId)).toEqual([event]);
    });

    test('the same events again are no new entries', async () => {
      const elevation = new Elevation();
      const events = [elevation.requested(), elevation.approved()];
      await bench.store.ledger.append(events);
      const before = await size();
      await bench.store.ledger.append(events);
      await bench.store.ledger.append([...events, ...events]);
      expect(await size()).toBe(before);
      const next = elevation.event('reminded', { count: 1 });
      await bench.store.ledger.append([...events, next]);
      expect(await bench.store.ledger.timeline(elevation.request.requestId)).toEqual([...events, next]);
    });

    test('an id with other content is a conflict, and nothing of its batch is written', async () => {
      const elevation = new Elevation();
      const event = elevation.requested();
      await bench.store.ledger.append([event]);
      const before = await size();
      const other = { ...event, actor: { via: 'cli' } } as typeof event;
      const batch = [elevation.approved(), other];
      await expect(bench.store.ledger.append(batch)).rejects.toMatchObject({ code: 'ledger-conflict' });
      expect(await size()).toBe(before);
      const twins = elevation.event('reminded', { count: 1 });
      const twin = { ...twins, data: { count: 2 } } as typeof twins;
      await expect(bench.store.ledger.append([twins, twin])).rejects.toMatchObject({
        code: 'ledger-conflict',
      });
    });

    test('the same event with another instant, as a replay may give it, is there already; the first instant stays', async () => {
      const elevation = new Elevation();
      const [first, second] = [elevation.requested(), elevation.event('reminded', { count: 1 })];
      await bench.store.ledger.append([first, second]);
      const next = elevation.event('reminded', { count: 2 });
      await bench.store.ledger.append([{ ...second, at: at(99) }, next]);
      await bench.store.ledger.append([next, { ...next, at: at(98) }]);
      expect(await bench.store.ledger.timeline(elevation.request.requestId)).toEqual([first, second, next]);
    });

    test.each([
      ['an unknown type', (e: object) => ({ ...e, type: 'promoted' })],
      ['a type of the language itself', (e: object) => ({ ...e, type: 'constructor' })],
      ['an unknown key', (e: object) => ({ ...e, note: 'x' })],
      ['an unknown key in the data', (e: object) => ({ ...e, data: { count: 1, note: 'x' } })],
      ['an unknown key in the actor', (e: object) => ({ ...e, actor: { via: 'system', ip: '::1' } })],
      ['data of another type', (e: object) => ({ ...e, data: { windowMs: 1 } })],
      ['a fraction', (e: object) => ({ ...e, data: { count: 1.5 } })],
      ['another spelling of the instant', (e: object) => ({ ...e, at: '2026-03-02T09:00:00Z' })],
      ['a missing digest', (e: object) => ({ ...e, requestDigest: '' })],
    ])('%s is refused, and nothing is written', async (_, spoil) => {
      const elevation = new Elevation();
      const before = await size();
      const spoilt = spoil(elevation.event('reminded', { count: 1 })) as never;
      await expect(bench.store.ledger.append([elevation.requested(), spoilt])).rejects.toMatchObject({ code: 'bad-input' });
      expect(await size()).toBe(before);
      expect(await bench.store.ledger.find(elevation.request.requestId)).toBeUndefined();
    });

    test('a refused message of any name can be recorded', async () => {
      const elevation = new Elevation();
      const name = `\u0000\ud800 ${'😀'.repeat(300)}`;
      const event = elevation.event('refused', { kind: 'unknown', code: 'bad-input', name });
      await bench.store.ledger.append([elevation.requested(), event]);
      await bench.store.ledger.append([event]);
      const [, kept] = await bench.store.ledger.timeline(elevation.request.requestId);
      expect(JSON.stringify(kept?.data)).toContain('\\u0000\ufffd 😀');
      expect((await bench.store.ledger.find(elevation.request.requestId))?.view.refusals).toBe(1);
    });

    test.each([
      `update entries set body = '{}'`,
      'delete from entries',
      'truncate entries',
      'truncate ledger_head, entries',
      'delete from ledger_head',
      `update ledger_head set hash = 'x'`,
      'update ledger_head set size = 0',
      `update ledger_head set chain = 'other', size = size + 1`,
    ])('the database itself refuses: %s', async (statement) => {
      await bench.store.ledger.append([new Elevation().requested()]);
      const before = await bench.store.ledger.entries(0, 1_000);
      await expect(bench.sql(statement)).rejects.toThrow(/append-only|only goes forward/);
      expect(await bench.store.ledger.entries(0, 1_000)).toEqual(before);
    });

    test('no second entry can follow on the same one', async () => {
      await bench.store.ledger.append([new Elevation().requested()]);
      const fork = `insert into entries select seq + 100000, 'h', prev, 'i', request_id, type, at, body from entries where seq = 0`;
      await expect(bench.sql(fork)).rejects.toThrow(/entries_prev_key/);
    });

    test('appends at the same moment make one chain, and each keeps its order', async () => {
      const elevations = Array.from({ length: 30 }, () => new Elevation());
      const batches = elevations.map((e) => [e.requested(), e.approved(), e.event('reminded', { count: 1 })]);
      await Promise.all(batches.map((batch) => bench.store.ledger.append(batch)));
      const rows = await bench.store.ledger.entries(0, 1_000);
      const { entries, head, chain } = await bench.store.head();
      expect(verifyChain(rows)).toEqual({ ok: true, entries, head, chain });
      for (const [i, e] of elevations.entries())
        expect(await bench.store.ledger.timeline(e.request.requestId)).toEqual(batches[i]);
    });

    test('the same batch from many sides is written once', async () => {
      const elevation = new Elevation();
      const batch = [elevation.requested(), elevation.approved()];
      const before = await size();
      await Promise.all(Array.from({ length: 20 }, () => bench.store.ledger.append(batch)));
      expect(await size()).toBe(before + 2);
    });

    test('the read model is the fold of the timeline', async () => {
      const elevation = new Elevation();
      const events = [elevation.requested(), elevation.approved(), elevation.armed(), elevation.event('start-missed', {})];
      for (const event of events) await bench.store.ledger.append([event]);
      bench.time.now += 1_000;
      const last = elevation.event('gone', { observedAt: at(3), how: 'The Mac said so.' });
      await bench.store.ledger.append([last]);
      const row = await bench.store.ledger.find(elevation.request.requestId);
      expect(row).toEqual({ view: foldAll([...events, last]), updatedAt: new Date(bench.time.now).toISOString() });
      expect(row?.view).toMatchObject({ state: 'collecting', outcome: 'not-started' });
    });

    test('what comes before the request is kept, and counts once the request is there', async () => {
      const elevation = new Elevation();
      const early = [
        elevation.event('refused', { kind: 'start', code: 'bad-seal' }),
        {
          ...elevation.event('swept', { observedAt: at(1), how: 'x' }, { runId: 'no-run' as never }),
          requestDigest: '' as never,
        },
      ];
      await bench.store.ledger.append(early);
      expect(await bench.store.ledger.find(elevation.request.requestId)).toBeUndefined();
      expect(await bench.store.ledger.timeline(elevation.request.requestId)).toEqual(early);
      await bench.store.ledger.append([elevation.requested(), elevation.approved()]);
      const row = await bench.store.ledger.find(elevation.request.requestId);
      expect(row?.view).toMatchObject({ state: 'approved', refusals: 1 });
    });

    test('a long batch is written whole', async () => {
      const elevation = new Elevation();
      const events = [
        elevation.requested(),
        ...Array.from({ length: 1_200 }, (_, i) => elevation.event('reminded', { count: i })),
      ];
      await bench.store.ledger.append(events);
      expect(await bench.store.ledger.timeline(elevation.request.requestId)).toEqual(events);
    });

    test('lists are newest first, by person, target and life', async () => {
      const target = { ...macOf(grace), key: 'mac-admin/C02LIST001', serial: 'C02LIST001' as never };
      const lister = { ...refOf(grace), personId: 'lister' as PersonId };
      const change = { subject: lister, target };
      const old = new Elevation({ ...change, askedAt: at(1) });
      const young = new Elevation({ ...change, askedAt: at(2) });
      const asked = new Elevation({ requester: lister, askedAt: at(3) });
      await bench.store.ledger.append([young.requested(), old.requested(), old.event('lapsed', {}), asked.requested()]);
      const ids = async (filter: object) => (await bench.store.ledger.list(filter)).map((row) => row.view.request.requestId);
      const [o, y, a] = [old, young, asked].map((e) => e.request.requestId);
      const { personId } = lister;
      expect(await ids({ personId })).toEqual([a, y, o]);
      expect(await ids({ personId, limit: 1, offset: 1 })).toEqual([y]);
      expect(await ids({ personId, live: true })).toEqual([a, y]);
      expect(await ids({ personId, live: false })).toEqual([o]);
      expect(await ids({ targetKey: target.key })).toEqual([y, o]);
      expect(await bench.store.ledger.count({ personId, live: true })).toBe(2);
    });

    test('the newest of a timeline are told in its order, with how many there are', async () => {
      const elevation = new Elevation();
      const all = [elevation.requested(), ...[1, 2, 3].map((count) => elevation.event('reminded', { count }))];
      await bench.store.ledger.append(all);
      const { requestId } = elevation.request;
      expect(await bench.store.ledger.newest(requestId, 2)).toEqual({ total: 4, events: all.slice(-2) });
      expect(await bench.store.ledger.newest(requestId, 9)).toEqual({ total: 4, events: all });
    });

    test('a prefix names an elevation when it is long enough and names one only', async () => {
      const twin = (end: string) => new Elevation({ requestId: `abcdefgh${end.repeat(18)}` as never });
      await bench.store.ledger.append([twin('b').requested(), twin('c').requested()]);
      const id = async (prefix: string) => (await bench.store.ledger.findByPrefix(prefix))?.view.request.requestId;
      expect(await id('abcdefghb')).toBe(`abcdefgh${'b'.repeat(18)}`);
      expect(await id(`abcdefgh${'c'.repeat(18)}`)).toBe(`abcdefgh${'c'.repeat(18)}`);
      expect(await id('abcdefgh')).toBeUndefined();
      expect(await id('abcde')).toBeUndefined();
      expect(await id('%%%%%%%%')).toBeUndefined();
      expect(await id('abcdefghd')).toBeUndefined();
    });
  });
}
