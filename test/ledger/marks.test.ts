/** What a driver remembers of a far end, on each database: the first look stays, whatever is written again. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StintError } from '../../contract/errors.js';
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
  });
}
