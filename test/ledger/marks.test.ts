/** What a driver remembers of a far end, on each database: the first look stays, whatever is written again. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StintError } from '../../contract/errors.js';
import { instant, msOf } from '../../contract/ids.js';
import { pgliteInMemory } from '../../ledger/pglite.js';
import { storeOn } from '../../ledger/store.js';
import { BACKENDS, type Bench, openBench } from './backends.js';
import { at, Elevation } from './events.js';

for (const backend of BACKENDS) {
  describe.skipIf(!backend.there)(`marks on ${backend.name}`, () => {
    let bench: Bench;
    beforeAll(async () => {
      bench = await openBench(backend);
    });
    afterAll(() => bench?.close());

    const armed = async (n: number) => {
      const e = new Elevation({ target: { ...new Elevation().request.target, key: `mac-admin/C02MARK${n}` } });
      const grant = e.grant();
      const answer = await bench.store.fence.arm(grant, e.armed(grant), at(0));
      if (!answer.ok) throw new StintError(answer.code);
      return e.request;
    };

    test('the first look stays, under a hundred that disagree at the same time', async () => {
      const { marks } = bench.store;
      const { requestId, target } = await armed(1);
      expect(await marks.read(requestId)).toBeUndefined();
      const looks = Array.from({ length: 100 }, (_, i) =>
        marks.note(requestId, target, i % 2 ? 'absent' : 'present', at(i % 50)),
      );
      const kept = await Promise.all(looks);
      expect(new Set(kept.map((mark) => JSON.stringify(mark))).size).toBe(1);
      expect(await marks.read(requestId)).toEqual(kept[0]);
    });

    test('the newest operation of each kind stays; one without a look is not kept', async () => {
      const { marks } = bench.store;
      const { requestId, target } = await armed(2);
      await marks.request(requestId, 'create', 'too early');
      expect(await marks.read(requestId)).toBeUndefined();
      await marks.note(requestId, target, 'absent', at(1));
      await marks.request(requestId, 'create', 'one');
      await marks.request(requestId, 'delete', 'two');
      await marks.request(requestId, 'delete', 'three');
      expect(await marks.read(requestId)).toEqual({ before: 'absent', at: at(1), create: 'one', delete: 'three' });
    });

    test('a look that came to nothing is replaced once: of many that would, one alone; one that led to something, never', async () => {
      const { marks } = bench.store;
      const { requestId, target } = await armed(6);
      await marks.note(requestId, target, 'absent', at(1), { until: at(10) });
      await marks.bound(requestId, at(1), at(1));
      await marks.bound(requestId, at(2), at(20));
      expect(await marks.read(requestId)).toEqual({ before: 'absent', at: at(1), until: at(1) });
      const again = Array.from({ length: 20 }, (_, i) =>
        marks.note(requestId, target, i % 2 ? 'absent' : 'present', at(30 + i), { until: at(60), instead: at(1) }),
      );
      const kept = await Promise.all(again);
      expect(new Set(kept.map((mark) => JSON.stringify(mark))).size).toBe(1);
      const [first = { at: at(0) }] = kept;
      expect(first.at).not.toBe(at(1));
      await marks.request(requestId, 'create', 'one');
      await marks.note(requestId, target, 'present', at(90), { until: at(99), instead: first.at });
      expect(await marks.read(requestId)).toEqual({ ...first, create: 'one' });
    });

    test('open are those that found nothing and are not gone', async () => {
      const { marks, fence } = bench.store;
      const [ours, standing, gone] = [await armed(3), await armed(4), await armed(5)];
      await marks.note(ours.requestId, ours.target, 'absent', at(1));
      await marks.note(standing.requestId, standing.target, 'present', at(1));
      await marks.note(gone.requestId, gone.target, 'absent', at(1));
      await fence.gone(gone.requestId, at(2));
      const open = (await marks.open()).filter(({ target }) => /MARK[345]$/.test(target.key));
      expect(open).toEqual([{ requestId: ours.requestId, target: ours.target }]);
    });

    test('ending are the windows that end in a span of time, of those that are still to be taken away', async () => {
      const { marks, fence } = bench.store;
      const [ends, standing, gone, taken, early, bare] = await Promise.all([11, 12, 13, 14, 15, 16].map(armed));
      if (!ends || !standing || !gone || !taken || !early || !bare) throw new Error('six are armed');
      for (const { requestId, target } of [ends, gone, taken, early]) await marks.note(requestId, target, 'absent', at(1));
      await marks.note(standing.requestId, standing.target, 'present', at(1));
      await fence.gone(gone.requestId, at(2));
      await marks.request(taken.requestId, 'delete', 'under way');
      const row = await fence.grant(early.requestId);
      if (!row) throw new Error('it is armed');
      await fence.end(early.requestId, row.runId, early.target, row.personId, at(500));
      const end = msOf(row.notAfter);
      const earlier = await marks.ending(at(499), at(501));
      expect(earlier).toEqual([at(500)]);
      const around = await marks.ending(instant(end), instant(end + 1));
      // Those of the other tests end then, too.
      const others = (await marks.open()).filter(({ target }) => !/MARK1[1-6]$/.test(target.key));
      const deletes = await Promise.all(others.map(async ({ requestId }) => (await marks.read(requestId))?.delete));
      expect(around).toHaveLength(1 + deletes.filter((id) => id === undefined).length);
      expect(await marks.ending(instant(end + 1), instant(end + 60_000))).toEqual([]);
    });
  });
}

test('what an older version noted is there after the step to this one: without an end, until one is set', async () => {
  const source = await pgliteInMemory();
  const clock = () => Date.parse(at(0));
  await storeOn(source, { clock });
  const session = await source.connect();
  const { requestId, target } = new Elevation().request;
  await session.query(`delete from stint_migrations where name = '0006-marks-until'`, []);
  await session.query('alter table marks drop column until', []);
  const values = [requestId, JSON.stringify(target), at(1)];
  await session.query(`insert into marks (request_id, target, before, at) values ($1, $2, 'absent', $3)`, values);
  session.release();
  const store = await storeOn(source, { clock });
  expect(await store.marks.read(requestId)).toEqual({ before: 'absent', at: at(1) });
  await store.marks.bound(requestId, at(1), at(2));
  expect(await store.marks.read(requestId)).toEqual({ before: 'absent', at: at(1), until: at(2) });
  await store.close();
});
