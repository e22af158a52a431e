/** What may stand twice in Slack, on each database: looked for when it is due, by one process at a time, until it is taken off. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BACKENDS, type Bench, openBench } from './backends.js';
import { at } from './events.js';

for (const backend of BACKENDS) {
  describe.skipIf(!backend.there)(`doubts on ${backend.name}`, () => {
    let bench: Bench;
    beforeAll(async () => {
      bench = await openBench(backend);
    });
    afterAll(() => bench?.close());
    const card = { key: 'card/1', channel: 'C1', since: at(0) };
    const line = { key: 'line/1', channel: 'C1', threadTs: '1.0001', since: at(0) };

    test('are taken when they are due, the longest due first, and not again until then', async () => {
      const { doubts } = bench.store;
      await doubts.put(card, at(2));
      await doubts.put(line, at(1));
      expect(await doubts.take(at(0), at(9), 5)).toEqual([]);
      expect(await doubts.take(at(2), at(5), 1)).toEqual([line]);
      expect(await doubts.take(at(2), at(6), 5)).toEqual([{ ...card, threadTs: undefined }]);
      expect(await doubts.take(at(4), at(9), 5)).toEqual([]);
      expect(await doubts.take(at(5), at(9), 5)).toEqual([line]);
      for (const one of [card, line]) await doubts.remove(one);
      expect(await doubts.take(at(59), at(59), 5)).toEqual([]);
    });

    test('of one key and place are one, by its last; taking off an earlier one leaves it', async () => {
      const { doubts } = bench.store;
      await doubts.put(line, at(1));
      const again = { ...line, since: at(3) };
      await doubts.put(again, at(13));
      await doubts.put({ ...again, threadTs: '1.0002' }, at(14));
      await doubts.remove(line);
      expect(await doubts.take(at(59), at(59), 5)).toEqual([again, { ...again, threadTs: '1.0002' }]);
      for (const threadTs of ['1.0001', '1.0002']) await doubts.remove({ ...again, threadTs });
    });

    test.each([
      ['written down late', [at(3), at(1)]],
      ['in its order', [at(1), at(3)]],
    ])('of one key and place the latest counts, also where an earlier one is put after it: %s', async (_, puts) => {
      const { doubts } = bench.store;
      for (const since of puts) await doubts.put({ ...card, since }, since === at(3) ? at(13) : at(11));
      expect(await doubts.take(at(12), at(50), 5)).toEqual([]);
      expect(await doubts.take(at(13), at(50), 5)).toEqual([{ ...card, threadTs: undefined, since: at(3) }]);
      // Of the same again only when it is to be looked for moves.
      await doubts.put({ ...card, since: at(3) }, at(20));
      expect(await doubts.take(at(20), at(50), 5)).toHaveLength(1);
      await doubts.remove({ ...card, since: at(3) });
    });

    test('are each taken by one of many that look at once', async () => {
      const { doubts } = bench.store;
      const all = Array.from({ length: 12 }, (_, i) => ({ ...card, key: `card/${i}` }));
      for (const one of all) await doubts.put(one, at(1));
      const taken = await Promise.all(Array.from({ length: 6 }, () => doubts.take(at(2), at(50), 12)));
      expect(
        taken
          .flat()
          .map(({ key }) => key)
          .sort(),
      ).toEqual(all.map(({ key }) => key).sort());
      for (const one of all) await doubts.remove(one);
    });
  });
}
