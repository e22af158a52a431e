/** The freeze on each database: from its answer on nothing is armed, and its record stands beside it. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { HOUSE, type Serial } from '../../contract/ids.js';
import { ada, macOf } from '../fixtures/people.js';
import { BACKENDS, type Bench, openBench } from './backends.js';
import { at, Elevation } from './events.js';

let macs = 0;
function elevation(): Elevation {
  macs += 1;
  const serial = `C02FREEZE${macs}` as Serial;
  return new Elevation({ target: { ...macOf(ada), serial, key: `mac-admin/${serial}` } });
}

const BY = { operator: 'root', reason: 'a laptop was stolen' };

for (const backend of BACKENDS) {
  describe.skipIf(!backend.there)(`a freeze on ${backend.name}`, () => {
    let bench: Bench;
    beforeAll(async () => {
      bench = await openBench(backend);
    });
    afterAll(() => bench?.close());
    afterEach(() => bench.store.freeze.lift(BY, at(59)));
    const arm = (e: Elevation, grant = e.grant(), armed = e.armed(grant)) => bench.store.fence.arm(grant, armed, at(0));
    const house = () => bench.store.ledger.timeline(HOUSE);

    test('says who, why and since when, and stands in the ledger by the digest of its words', async () => {
      expect(await bench.store.freeze.now()).toBeUndefined();
      const before = (await house()).length;
      const set = await bench.store.freeze.set(BY, at(1));
      expect(set).toEqual({ changed: true, frozen: { since: at(1), ...BY } });
      expect(await bench.store.freeze.now()).toEqual({ since: at(1), ...BY });
      const [entry] = (await house()).slice(before);
      expect(entry).toMatchObject({ type: 'frozen', requestId: HOUSE, at: at(1), actor: { via: 'cli' } });
      if (entry?.type !== 'frozen') throw new Error('no entry');
      expect(await bench.store.requests.getText(entry.data.reasonDigest)).toBe('root: a laptop was stolen');
    });

    test('set again stays the first, with one entry', async () => {
      await bench.store.freeze.set(BY, at(1));
      const before = (await house()).length;
      const again = await bench.store.freeze.set({ operator: 'other', reason: 'another' }, at(2));
      expect(again).toEqual({ changed: false, frozen: { since: at(1), ...BY } });
      expect((await house()).length).toBe(before);
    });

    test('of twenty at the same moment one is the freeze', async () => {
      const before = (await house()).length;
      const all = await Promise.all(
        Array.from({ length: 20 }, (_, i) => bench.store.freeze.set({ operator: `op-${i}`, reason: 'r' }, at(1))),
      );
      expect(all.filter(({ changed }) => changed)).toHaveLength(1);
      expect(new Set(all.map(({ frozen }) => frozen.operator)).size).toBe(1);
      expect((await house()).length).toBe(before + 1);
    });

    test('lifted is recorded, answers what it was, and twice is once', async () => {
      await bench.store.freeze.set(BY, at(1));
      expect(await bench.store.freeze.lift({ operator: 'root', reason: 'found again' }, at(2))).toEqual({ since: at(1), ...BY });
      const before = await house();
      expect(before.at(-1)).toMatchObject({ type: 'unfrozen', at: at(2) });
      expect(await bench.store.freeze.lift(BY, at(3))).toBeUndefined();
      expect(await house()).toEqual(before);
    });

    test('can come and go many times: every entry has its own id', async () => {
      const before = (await house()).length;
      for (let i = 0; i < 3; i++) {
        await bench.store.freeze.set(BY, at(1));
        await bench.store.freeze.lift(BY, at(1));
      }
      expect((await house()).length).toBe(before + 6);
    });

    test('lets nothing be armed, takes no target and records nothing; lifted, the same arm goes on', async () => {
      const e = elevation();
      const armed = e.armed();
      await bench.store.freeze.set(BY, at(1));
      expect(await arm(e, e.grant(), armed)).toEqual({ ok: false, code: 'frozen' });
      expect(await bench.store.fence.grant(e.request.requestId)).toBeUndefined();
      expect(await bench.store.ledger.timeline(e.request.requestId)).toEqual([]);
      await bench.store.freeze.lift(BY, at(2));
      expect(await arm(e, e.grant(), armed)).toEqual({ ok: true });
    });

    test('refuses the repeat of an arm whose answer was lost', async () => {
      const e = elevation();
      const armed = e.armed();
      expect(await arm(e, e.grant(), armed)).toEqual({ ok: true });
      await bench.store.freeze.set(BY, at(1));
      expect(await arm(e, e.grant(), armed)).toEqual({ ok: false, code: 'frozen' });
    });

    test('is known to whoever is about to call a grant, with the row that was armed before', async () => {
      const e = elevation();
      const { requestId } = e.request;
      const { fence, freeze } = bench.store;
      expect(await fence.toGrant(requestId)).toEqual({ row: undefined, frozen: false });
      await arm(e);
      expect(await fence.toGrant(requestId)).toEqual({ row: await fence.grant(requestId), frozen: false });
      await freeze.set(BY, at(1));
      expect(await fence.toGrant(requestId)).toEqual({ row: e.grant(), frozen: true });
      expect(await fence.toGrant(elevation().request.requestId)).toEqual({ row: undefined, frozen: true });
    });

    test('does not hide that another run, or the end, was there first', async () => {
      const e = elevation();
      await arm(e);
      const { requestId, target, subject } = e.request;
      await bench.store.fence.end(requestId, e.grant().runId, target, subject.personId, at(1));
      await bench.store.freeze.set(BY, at(1));
      expect(await arm(e)).toEqual({ ok: false, code: 'fenced' });
    });

    test('lengthens nothing, yet lets the confirmation shorten', async () => {
      const e = elevation();
      const { requestId } = e.request;
      const { runId } = e.grant();
      await arm(e);
      await bench.store.freeze.set(BY, at(1));
      expect(await bench.store.fence.extend(requestId, runId, at(31), at(30))).toBe(false);
      expect(await bench.store.fence.extend(requestId, runId, at(20), at(30))).toBe(true);
      expect(await bench.store.fence.extend(requestId, runId, at(20), at(30))).toBe(true);
      expect(await bench.store.fence.extend(requestId, runId, at(21), at(20))).toBe(false);
      await bench.store.freeze.lift(BY, at(2));
      expect(await bench.store.fence.extend(requestId, runId, at(21), at(20))).toBe(true);
    });

    test('never stands in the way of an ending', async () => {
      const e = elevation();
      await arm(e);
      await bench.store.freeze.set(BY, at(1));
      const { requestId, target, subject } = e.request;
      await bench.store.fence.end(requestId, e.grant().runId, target, subject.personId, at(2));
      await bench.store.fence.gone(requestId, at(3));
      expect(await bench.store.fence.grant(requestId)).toMatchObject({ endedAt: at(2), goneAt: at(3) });
    });

    test('that has been answered is met by every arm that begins after it, whatever else goes on', async () => {
      for (let i = 0; i < 10; i++) {
        const early = Array.from({ length: 5 }, () => arm(elevation()));
        const frozen = bench.store.freeze.set(BY, at(1));
        const late = frozen.then(() => Promise.all(Array.from({ length: 5 }, () => arm(elevation()))));
        for (const answer of await Promise.all(early)) expect(answer.ok || answer.code === 'frozen').toBe(true);
        expect(await late).toEqual(Array.from({ length: 5 }, () => ({ ok: false, code: 'frozen' })));
        await bench.store.freeze.lift(BY, at(2));
      }
    });

    test('what a workflow has yet to be told is remembered once, oldest first, until it is taken off', async () => {
      const [a, b] = [elevation().request.requestId, elevation().request.requestId];
      const { untold } = bench.store;
      await untold.put(b, at(2));
      await untold.put(a, at(1));
      await untold.put(a, at(3));
      expect(await untold.all()).toEqual([
        { requestId: a, at: at(1) },
        { requestId: b, at: at(2) },
      ]);
      await untold.remove(a);
      await untold.remove(a);
      expect(await untold.all()).toEqual([{ requestId: b, at: at(2) }]);
      await untold.remove(b);
    });
  });
}
