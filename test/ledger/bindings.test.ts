/** Who a person is at a far end, on each database: the first binding stays, and no far id is two people's. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOUSE, type PersonId } from '../../contract/ids.js';
import { BACKENDS, type Bench, openBench } from './backends.js';
import { at } from './events.js';

const AWS = 'aws-permission-set';
const id = (name: string) => name as PersonId;

for (const backend of BACKENDS) {
  describe.skipIf(!backend.there)(`bindings on ${backend.name}`, () => {
    let bench: Bench;
    beforeAll(async () => {
      bench = await openBench(backend);
    });
    afterAll(() => bench?.close());
    const bound = async (personId: string) =>
      (await bench.store.ledger.timeline(HOUSE)).flatMap(({ type, actor, data, at: when }) =>
        type === 'bound' && data.personId === personId ? [{ via: actor.via, at: when, ...data }] : [],
      );

    test('the first stays, under fifty that disagree at the same time', async () => {
      const { bindings } = bench.store;
      expect(await bindings.get(id('ada'), AWS)).toBeUndefined();
      const tries = Array.from({ length: 50 }, (_, i) => bindings.bind(id('ada'), AWS, `user-${i}`, at(i)));
      const kept = new Set(await Promise.all(tries));
      expect(kept.size).toBe(1);
      expect(kept).toContain(await bindings.get(id('ada'), AWS));
      expect(await bindings.get(id('ada'), 'mac-admin')).toBeUndefined();
      const farId = await bindings.get(id('ada'), AWS);
      expect(await bound('ada')).toEqual([{ via: 'system', at: expect.anything(), personId: 'ada', kind: AWS, farId }]);
    });

    test('a far id that is another person’s is refused, and leaves nothing behind', async () => {
      const { bindings } = bench.store;
      expect(await bindings.bind(id('grace'), AWS, 'user-g', at(1))).toBe('user-g');
      await expect(bindings.bind(id('mallory'), AWS, 'user-g', at(2))).rejects.toMatchObject({ code: 'state-conflict' });
      expect(await bindings.get(id('mallory'), AWS)).toBeUndefined();
      expect(await bound('mallory')).toEqual([]);
      expect(await bindings.holder(AWS, 'user-g')).toBe('grace');
      expect(await bindings.holder(AWS, 'user-?')).toBeUndefined();
      expect(await bindings.all()).toContainEqual({ personId: 'grace', kind: AWS, farId: 'user-g', at: at(1) });
    });

    test('who is unbound is nobody there, may be bound anew, and leaves their far id to be somebody’s', async () => {
      const { bindings } = bench.store;
      await bindings.bind(id('barbara'), AWS, 'user-b', at(4));
      expect(await bindings.unbind(id('barbara'), AWS, { cause: 'left' }, at(5))).toBe('user-b');
      expect(await bindings.unbind(id('barbara'), AWS, { cause: 'left' }, at(5))).toBeUndefined();
      expect(await bindings.get(id('barbara'), AWS)).toBeUndefined();
      const unbound = (await bench.store.ledger.timeline(HOUSE)).filter(({ type }) => type === 'unbound');
      expect(unbound).toMatchObject([
        { at: at(5), actor: { via: 'sweep' }, data: { personId: 'barbara', cause: 'left', kind: AWS, farId: 'user-b' } },
      ]);
      expect(await bindings.bind(id('barbara'), AWS, 'user-b2', at(5))).toBe('user-b2');
      expect((await bound('barbara')).map(({ farId, at: when }) => [farId, when])).toEqual([
        ['user-b', at(4)],
        ['user-b2', at(5)],
      ]);
      expect(await bindings.bind(id('edsger'), AWS, 'user-b', at(6))).toBe('user-b');
    });

    test('of two people who come for one far id at the same time one gets it', async () => {
      const { bindings } = bench.store;
      const both = await Promise.allSettled(['linus', 'ken'].map((name) => bindings.bind(id(name), AWS, 'user-x', at(3))));
      expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    });
  });
}
