/** The record of seal keys on each database: one entry for each change, whoever sees it first, and no key in it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOUSE } from '../../contract/ids.js';
import type { Sender } from '../../contract/messages.js';
import { BACKENDS, type Bench, openBench } from './backends.js';
import { at } from './events.js';

const key = (sender: Sender, n: number) => ({ keyId: `${sender}-00112233445${n}`, sender });
const [slack, cli, next] = [key('slack-app', 1), key('cli', 2), key('slack-app', 3)];

for (const backend of BACKENDS) {
  describe.skipIf(!backend.there)(`the record of seal keys on ${backend.name}`, () => {
    let bench: Bench;
    beforeAll(async () => {
      bench = await openBench(backend);
    });
    afterAll(() => bench?.close());
    const entries = async () =>
      (await bench.store.ledger.timeline(HOUSE)).flatMap((event) =>
        event.type === 'seal-keys-changed' ? [{ at: event.at, via: event.actor.via, ...event.data }] : [],
      );

    test('names all at first, by id and sender alone; the same again is no change, in whatever order', async () => {
      const { sealKeys } = bench.store;
      const entry = { ...slack, publicKey: '-----BEGIN PUBLIC KEY-----' };
      expect(await sealKeys.record([entry, cli], at(1))).toBe(true);
      expect(await sealKeys.record([cli, slack], at(2))).toBe(false);
      expect(await entries()).toEqual([{ at: at(1), via: 'system', came: [cli, slack], went: [] }]);
    });

    test('names what came and what went since, and is one entry however many processes see it', async () => {
      const { sealKeys } = bench.store;
      const told = await Promise.all([1, 2, 3, 4].map(() => sealKeys.record([cli, next], at(3))));
      expect(told.filter(Boolean)).toHaveLength(1);
      expect(await sealKeys.record([cli, next, slack], at(4))).toBe(true);
      expect(await sealKeys.record([], at(5))).toBe(true);
      expect((await entries()).slice(1)).toEqual([
        { at: at(3), via: 'system', came: [next], went: [slack] },
        { at: at(4), via: 'system', came: [slack], went: [] },
        { at: at(5), via: 'system', came: [], went: [cli, slack, next] },
      ]);
    });
  });
}
