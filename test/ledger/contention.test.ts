/**
 * The fence when everybody comes at once, and from several processes: whatever the order, a target has one live grant, a
 * request one run, and what was ended stays ended. `fence.test.ts` has each rule by itself.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { msOf, type PersonId, type RunId, type Serial } from '../../contract/ids.js';
import type { Usage } from '../../contract/limits.js';
import type { MacAdminTarget } from '../../contract/request.js';
import { pgliteInMemory } from '../../ledger/pglite.js';
import { postgresSource } from '../../ledger/postgres.js';
import { type OpenStore, storeOn } from '../../ledger/store.js';
import { ada, macOf } from '../fixtures/people.js';
import { at, Elevation, T0 } from './events.js';
import { havePostgres, type PostgresServer, startPostgres } from './postgres.js';

const FIFTY = Array.from({ length: 50 }, (_, i) => i);
let macs = 0;
function newMac(): MacAdminTarget {
  macs += 1;
  const serial = `C02CROWD${macs}` as Serial;
  return { ...macOf(ada), serial, key: `mac-admin/${serial}` };
}
const personal = (i: number) => ({ subject: { personId: `p${i}` as PersonId, name: 'P' } });

interface Place {
  readonly name: string;
  readonly there: boolean;
  /** As many stores on one database as processes share it. */
  open(): Promise<{ readonly stores: readonly OpenStore[]; close(): Promise<void> }>;
}

const clock = () => T0;
const PLACES: readonly Place[] = [
  {
    name: 'one PGlite',
    there: true,
    async open() {
      const store = await storeOn(await pgliteInMemory(), { clock });
      return { stores: [store], close: () => store.close() };
    },
  },
  {
    name: 'one PostgreSQL, used by three processes',
    there: havePostgres(),
    async open() {
      const server: PostgresServer = await startPostgres();
      const url = await server.database();
      const stores: OpenStore[] = [];
      for (let i = 0; i < 3; i++) stores.push(await storeOn(postgresSource(url), { clock }));
      return {
        stores,
        async close() {
          for (const store of stores) await store.close();
          await server.remove();
        },
      };
    },
  },
];

for (const place of PLACES) {
  describe.skipIf(!place.there)(`with ${place.name}`, () => {
    let opened: Awaited<ReturnType<Place['open']>>;
    beforeAll(async () => {
      opened = await place.open();
    });
    afterAll(() => opened?.close());

    /** The calls go to the stores in turn, as those of several processes do. */
    const fenceOf = (i: number) => {
      const store = opened.stores[i % opened.stores.length];
      if (!store) throw new Error('no store');
      return store.fence;
    };
    const arm = (e: Elevation, i: number, runId = e.grant().runId) => {
      const grant = e.grant({ runId });
      return fenceOf(i).arm(grant, e.armed(grant), at(0));
    };
    const end = (e: Elevation, i: number, minutes: number) => {
      const { requestId, target, subject } = e.request;
      return fenceOf(i).end(requestId, e.grant().runId, target, subject.personId, at(minutes));
    };
    const entries = async (e: Elevation) => (await opened.stores[0]?.ledger.timeline(e.request.requestId)) ?? [];

    test('twelve want one target, and as it comes free again one more has it each time, until all had it', async () => {
      const target = newMac();
      let waiting = FIFTY.slice(0, 12).map((i) => new Elevation({ target, ...personal(i) }));
      for (let round = 0; waiting.length > 0; round++) {
        const answers = await Promise.all(waiting.map((e, i) => arm(e, i)));
        const winners = waiting.filter((_, i) => answers[i]?.ok);
        expect(winners).toHaveLength(1);
        const [winner] = winners;
        if (!winner) return;
        expect(await fenceOf(round).live(target.key)).toMatchObject({ requestId: winner.request.requestId });
        await fenceOf(round).gone(winner.request.requestId, at(1));
        waiting = waiting.filter((e) => e !== winner);
      }
    });

    test('of fifty that arm one target while its holder is being seen gone, at most one has it', async () => {
      const target = newMac();
      const holder = new Elevation({ target });
      await arm(holder, 0);
      const racers = FIFTY.map((i) => new Elevation({ target, ...personal(i) }));
      const [, ...answers] = await Promise.all([
        fenceOf(1).gone(holder.request.requestId, at(1)),
        ...racers.map((e, i) => arm(e, i)),
      ]);
      const won = answers.filter((answer) => answer?.ok);
      expect(won.length).toBeLessThanOrEqual(1);
      expect(new Set(answers.flatMap((answer) => (answer?.ok === false ? answer.code : [])))).toEqual(new Set(['target-busy']));
      const recorded = await Promise.all(racers.map(entries));
      expect(recorded.filter((events) => events.length > 0)).toHaveLength(won.length);
    });

    test('fifty runs of one request: one has the target, the others are fenced and leave nothing in the ledger', async () => {
      const e = new Elevation({ target: newMac() });
      const answers = await Promise.all(FIFTY.map((i) => arm(e, i, `run-${i}` as RunId)));
      expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
      expect(answers.filter((a) => !a.ok && a.code === 'fenced')).toHaveLength(49);
      const winner = `run-${answers.findIndex(({ ok }) => ok)}`;
      expect((await fenceOf(0).grant(e.request.requestId))?.runId).toBe(winner);
      expect((await entries(e)).map(({ runId }) => runId)).toEqual([winner]);
    });

    test('one person arms fifty targets at once, and fifty people cross each other: nobody waits in a circle', async () => {
      const mine = FIFTY.map(() => new Elevation({ target: newMac() }));
      const theirs = FIFTY.map((i) => new Elevation({ target: newMac(), ...personal(i % 5) }));
      const answers = await Promise.all([...mine, ...theirs.reverse()].map((e, i) => arm(e, i)));
      expect(answers.filter(({ ok }) => ok)).toHaveLength(100);
    });

    test('twenty targets of one person at one moment, at most one at once by the policy: one wins, and its end lets one more in', async () => {
      const { subject } = personal(77);
      const racers = FIFTY.slice(0, 20).map(() => new Elevation({ target: newMac(), subject, requester: subject }));
      const limited = (e: Elevation, i: number) => {
        const limits = {
          request: e.request,
          refusal: ({ held }: Usage) => (held.some(({ live }) => live) ? 'one is enough' : undefined),
        };
        return fenceOf(i).arm(e.grant(), e.armed(), at(0), [e.requested()], limits);
      };
      for (const round of [0, 1, 2]) {
        const answers = await Promise.all(racers.map(limited));
        const winners = racers.filter((_, i) => answers[i]?.ok);
        expect(winners).toHaveLength(1);
        expect(new Set(answers.flatMap((answer) => (answer.ok ? [] : [answer.code])))).toEqual(new Set(['limit-reached']));
        const recorded = await Promise.all(racers.map(entries));
        expect(recorded.filter((events) => events.length > 0)).toHaveLength(1);
        const [winner] = winners;
        if (!winner) return;
        await fenceOf(round).gone(winner.request.requestId, at(1));
        racers.splice(racers.indexOf(winner), 1);
        racers.push(new Elevation({ target: newMac(), subject, requester: subject }));
      }
    });

    test('an extension and a new grant of one person at one moment: together no more than the limit, and one of them is had', async () => {
      const minutes = ({ held }: Usage) => held.reduce((sum, { notAfter }) => sum + (msOf(notAfter) - T0) / 60_000, 0);
      for (const i of FIFTY.slice(0, 20)) {
        const { subject } = personal(200 + i);
        const [first, second] = [0, 1].map(() => new Elevation({ target: newMac(), subject, requester: subject }));
        if (!first || !second) throw new Error('two were made');
        await arm(first, i);
        const limits = (e: Elevation) => ({
          request: e.request,
          refusal: (usage: Usage) => (minutes(usage) + 30 > 60 ? 'an hour is enough' : undefined),
          now: at(0),
        });
        const { requestId } = first.request;
        const extend = () => fenceOf(i).extend(requestId, first.grant().runId, at(60), at(30), limits(first));
        const [extended, armed] = await Promise.all([
          extend(),
          fenceOf(i + 1).arm(second.grant(), second.armed(), at(0), [second.requested()], limits(second)),
        ]);
        expect([extended, armed.ok].filter(Boolean)).toHaveLength(1);
        const usage = await opened.stores[0]?.usage.of(first.request);
        expect(usage && minutes(usage)).toBe(60);
        // The repeat of a call whose answer was lost is answered as the first was.
        expect(await extend()).toBe(extended);
      }
    });

    test('arm, end and another run at one moment: whatever came first, it is ended, and nothing arms it again', async () => {
      for (const i of FIFTY.slice(0, 25)) {
        const e = new Elevation({ target: newMac() });
        const [first, , second] = await Promise.all([arm(e, i), end(e, i + 1, 1), arm(e, i + 2, 'run-2' as RunId)]);
        expect([first, second].filter((answer) => answer?.ok).length).toBeLessThanOrEqual(1);
        const row = await fenceOf(i).grant(e.request.requestId);
        expect(row?.endedAt).toBe(at(1));
        expect([await arm(e, i), await arm(e, i + 1, 'run-2' as RunId)].map(({ ok }) => ok)).toEqual([false, false]);
        // Armed before it was ended: the target stays taken until it is seen gone. Ended before: it never was.
        const armed = first?.ok || second?.ok;
        expect(row?.goneAt === undefined).toBe(armed);
        const next = new Elevation({ target: e.request.target });
        expect(await arm(next, i)).toEqual(armed ? { ok: false, code: 'target-busy' } : { ok: true });
      }
    });

    test('an extension and an end at one moment: what is ended is not extended afterwards', async () => {
      for (const i of FIFTY.slice(0, 25)) {
        const e = new Elevation({ target: newMac() });
        await arm(e, i);
        const { requestId } = e.request;
        const { runId } = e.grant();
        const [extended] = await Promise.all([fenceOf(i).extend(requestId, runId, at(90), at(30)), end(e, i + 1, 1)]);
        const row = await fenceOf(i).grant(requestId);
        expect(row).toMatchObject({ endedAt: at(1), notAfter: extended ? at(90) : at(30) });
        expect(await fenceOf(i).extend(requestId, runId, at(99), at(90))).toBe(false);
        // Ended is overdue from its end on, however far it was extended.
        expect((await fenceOf(i).overdue(at(2))).map((grant) => grant.requestId)).toContain(requestId);
      }
    });
  });
}
