/** Keys of Macs, on each database: withdrawn once, for good, with one entry that says by whom. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOUSE, type Serial } from '../../contract/ids.js';
import { BACKENDS, type Bench, openBench } from './backends.js';
import { at } from './events.js';

const [ADA, GRACE] = ['C02ADA000001' as Serial, 'C02GRACE0001' as Serial];
const keyOf = (serial: Serial, keyId: string) => ({ serial, keyId, publicKey: `public-${keyId}` });

for (const backend of BACKENDS) {
  describe.skipIf(!backend.there)(`keys of Macs on ${backend.name}`, () => {
    let bench: Bench;
    beforeAll(async () => {
      bench = await openBench(backend);
      for (const [serial, keyId] of [
        [ADA, 'a2'],
        [ADA, 'a1'],
        [ADA, 'a3'],
        [GRACE, 'g1'],
      ] as const)
        await bench.store.devices.register(keyOf(serial, keyId));
    });
    afterAll(() => bench?.close());
    const entries = async () =>
      (await bench.store.ledger.timeline(HOUSE)).flatMap(({ type, actor, data, at: when }) =>
        type === 'device-keys-withdrawn' ? [{ via: actor.via, at: when, ...data }] : [],
      );

    test('are listed by Mac', async () => {
      const { devices } = bench.store;
      expect((await devices.registered()).map(({ keyId }) => keyId)).toEqual(['a1', 'a2', 'a3', 'g1']);
      expect(await devices.registered(GRACE)).toEqual([keyOf(GRACE, 'g1')]);
      expect(await devices.registered('C02NOBODY001' as Serial)).toEqual([]);
    });

    test('of another Mac, or that is not there, is not withdrawn, and leaves no entry', async () => {
      const { devices } = bench.store;
      expect(await devices.withdraw(GRACE, 'a1', 'root', at(1))).toEqual([]);
      expect(await devices.withdraw(ADA, 'a9', 'root', at(1))).toEqual([]);
      expect((await devices.registered()).filter(({ revokedAt }) => revokedAt)).toEqual([]);
      expect(await entries()).toEqual([]);
    });

    test('one is withdrawn alone, then all the others, each once, also when two do it at the same time', async () => {
      const { devices, requests } = bench.store;
      expect(await devices.withdraw(ADA, 'a2', 'root', at(2))).toEqual(['a2']);
      const twice = await Promise.all([3, 4].map((n) => devices.withdraw(ADA, undefined, 'admin', at(n))));
      expect(twice.flat()).toEqual(['a1', 'a3']);
      expect(await devices.withdraw(ADA, 'a2', 'root', at(5))).toEqual([]);
      expect(await devices.key('a2')).toEqual({ ...keyOf(ADA, 'a2'), revokedAt: at(2) });
      expect(await devices.registered(GRACE)).toEqual([keyOf(GRACE, 'g1')]);
      const [one, rest, ...more] = await entries();
      expect(more).toEqual([]);
      expect(one).toMatchObject({ via: 'cli', at: at(2), serial: ADA, keyIds: ['a2'] });
      expect(rest).toMatchObject({ via: 'cli', serial: ADA, keyIds: ['a1', 'a3'] });
      expect(await Promise.all([one, rest].map((entry) => entry && requests.getText(entry.byDigest)))).toEqual(['root', 'admin']);
    });

    test('stay withdrawn, whoever registers them again', async () => {
      const { devices } = bench.store;
      await devices.register(keyOf(ADA, 'a1'));
      expect((await devices.key('a1'))?.revokedAt).toBeDefined();
    });
  });
}
