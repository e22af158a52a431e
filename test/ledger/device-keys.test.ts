/** Keys of Macs, on each database: each made known and withdrawn with one entry that says by whom, and withdrawn for good. */
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
        await bench.store.devices.register(keyOf(serial, keyId), 'root', at(0));
    });
    afterAll(() => bench?.close());
    const entries = async () =>
      (await bench.store.ledger.timeline(HOUSE)).flatMap(({ type, actor, data, at: when }) =>
        type === 'device-keys-withdrawn' ? [{ via: actor.via, at: when, ...data }] : [],
      );
    const registered = async () =>
      (await bench.store.ledger.timeline(HOUSE)).flatMap(({ type, actor, data, at: when }) =>
        type === 'device-registered' ? [{ via: actor.via, at: when, ...data }] : [],
      );

    test('are recorded when they are made known, once, with who did it, also when two do it at the same time', async () => {
      const { devices, requests } = bench.store;
      expect((await registered()).map(({ keyId }) => keyId)).toEqual(['a2', 'a1', 'a3', 'g1']);
      const fresh = keyOf('C02TWICE0001' as Serial, 't1');
      const both = await Promise.all([6, 7].map((n) => devices.register(fresh, `admin-${n}`, at(n))));
      expect(both).toEqual([fresh, fresh]);
      const [one, ...more] = (await registered()).filter(({ keyId }) => keyId === 't1');
      expect(more).toEqual([]);
      expect(one).toMatchObject({ via: 'cli', serial: fresh.serial });
      expect(await requests.getText(one?.byDigest as never)).toBe(one?.at === at(6) ? 'admin-6' : 'admin-7');
      expect(JSON.stringify(one)).not.toContain(fresh.publicKey);
    });

    test('that are refused leave no entry', async () => {
      const { devices } = bench.store;
      const before = await registered();
      const foreign = { ...keyOf(ADA, 'g1'), publicKey: 'public-g1' };
      await expect(devices.register(foreign, 'root', at(8))).rejects.toMatchObject({ code: 'ledger-conflict' });
      expect(await registered()).toEqual(before);
    });

    test('are not made known without their entry', async () => {
      const { devices } = bench.store;
      const bad = keyOf('C02NOENTRY01' as Serial, 'k'.repeat(500));
      await expect(devices.register(bad, 'root', at(9))).rejects.toMatchObject({ code: 'bad-input' });
      expect(await devices.key(bad.keyId)).toBeUndefined();
    });

    test('are listed by Mac', async () => {
      const { devices } = bench.store;
      expect((await devices.registered()).map(({ keyId }) => keyId)).toEqual(['a1', 'a2', 'a3', 'g1', 't1']);
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
      const before = await registered();
      expect(await devices.register(keyOf(ADA, 'a1'), 'root', at(9))).toMatchObject({
        keyId: 'a1',
        revokedAt: expect.anything(),
      });
      expect((await devices.key('a1'))?.revokedAt).toBeDefined();
      expect(await registered()).toEqual(before);
    });
  });
}
