/** The policy in force on each database: one for all, recorded, and never brought back by a process with an old file. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Digest } from '../../contract/ids.js';
import { HOUSE } from '../../contract/ids.js';
import type { PolicyOrder } from '../../contract/ports.js';
import { sha256 } from '../../seal/canonical.js';
import { BACKENDS, type Bench, openBench } from './backends.js';
import { at } from './events.js';

const [A, B, C] = [sha256('a'), sha256('b'), sha256('c')] as const;
const order = (hash: Digest, change: Partial<PolicyOrder> = {}): PolicyOrder => ({
  hash,
  text: `text of ${hash}`,
  by: 'root',
  via: 'cli',
  ...change,
});

for (const backend of BACKENDS) {
  describe.skipIf(!backend.there)(`the policy in force on ${backend.name}`, () => {
    let bench: Bench;
    beforeAll(async () => {
      bench = await openBench(backend);
    });
    afterAll(() => bench?.close());
    const entries = async () => (await bench.store.ledger.timeline(HOUSE)).filter(({ type }) => type === 'policy-applied');

    test('is none at first; then the one that was applied, kept by its hash and recorded with who did it', async () => {
      const { policies, requests } = bench.store;
      expect(await policies.inForce()).toBeUndefined();
      expect(await policies.apply(order(A, { unlessReplaced: true, via: 'system' }), at(1))).toEqual({ done: 'applied' });
      expect(await policies.inForce()).toEqual({ hash: A, since: at(1), by: 'root' });
      const was = { hash: A, since: at(1), by: 'root' };
      expect(await policies.apply(order(B, { by: 'ada', over: A }), at(2))).toEqual({ done: 'applied', was });
      expect(await policies.get(B)).toBe(`text of ${B}`);
      const [first, second] = await entries();
      expect(first).toMatchObject({ at: at(1), actor: { via: 'system' }, data: { after: A } });
      expect(first?.data).not.toHaveProperty('before');
      expect(second).toMatchObject({ at: at(2), actor: { via: 'cli' }, data: { before: A, after: B } });
      if (second?.type !== 'policy-applied') throw new Error('no entry');
      expect(await requests.getText(second.data.byDigest)).toBe('ada');
    });

    test('applied again is the same, with no entry; another text of its hash changes nothing', async () => {
      const before = await entries();
      const again = await bench.store.policies.apply(order(B, { text: '# a comment', by: 'eve' }), at(3));
      expect(again).toMatchObject({ done: 'same', was: { hash: B, by: 'ada' } });
      expect(await bench.store.policies.get(B)).toBe(`text of ${B}`);
      expect(await entries()).toEqual(before);
    });

    test('is not replaced over another than the one that was looked at, nor by an old file of a start', async () => {
      const { policies } = bench.store;
      expect(await policies.apply(order(C, { over: A }), at(3))).toMatchObject({ done: 'overtaken' });
      expect(await policies.apply(order(C, { over: null }), at(3))).toMatchObject({ done: 'overtaken' });
      expect(await policies.apply(order(A, { unlessReplaced: true }), at(3))).toMatchObject({ done: 'replaced-before' });
      expect(await policies.inForce()).toMatchObject({ hash: B });
      expect(await policies.apply(order(A), at(4))).toMatchObject({ done: 'applied' });
      expect(await policies.inForce()).toMatchObject({ hash: A, since: at(4) });
    });

    test('of twenty at the same moment is one after the other, each over the one before', async () => {
      const before = (await entries()).length;
      const hashes = Array.from({ length: 20 }, (_, i) => sha256(`many ${i}`));
      const all = await Promise.all(hashes.map((hash) => bench.store.policies.apply(order(hash), at(5))));
      expect(all.every(({ done }) => done === 'applied')).toBe(true);
      const made = (await entries()).slice(before);
      expect(made).toHaveLength(20);
      const chain = made.map(({ data }) => data as { before?: Digest; after: Digest });
      chain.slice(1).forEach((one, i) => {
        expect(one.before).toBe(chain[i]?.after);
      });
      expect((await bench.store.policies.inForce())?.hash).toBe(chain.at(-1)?.after);
    });
  });
}
