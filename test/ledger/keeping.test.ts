/** Everything else that the store keeps, on each database: documents, one-time values, Macs and evidence. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { instant, type LocalUser, type RequestId, type Serial } from '../../contract/ids.js';
import type { DeviceReport } from '../../contract/ports.js';
import { requestDigest, sha256 } from '../../seal/canonical.js';
import { requestOf } from '../fixtures/people.js';
import { BACKENDS, type Bench, openBench } from './backends.js';
import { at } from './events.js';

let count = 0;
const newRequest = (): RequestId => requestOf().requestId;
function newSerial(): Serial {
  count += 1;
  return `C02KEEP${count}` as Serial;
}
const bytes = (text: string) => new TextEncoder().encode(text);

for (const backend of BACKENDS) {
  describe.skipIf(!backend.there)(`the store on ${backend.name}`, () => {
    let bench: Bench;
    beforeAll(async () => {
      bench = await openBench(backend);
    });
    afterAll(() => bench?.close());

    describe('documents', () => {
      test('a request is kept as it was, and never replaced', async () => {
        const { requests } = bench.store;
        const request = requestOf();
        const digest = requestDigest(request);
        await requests.put(request, digest);
        await requests.put(request, digest);
        expect(await requests.get(request.requestId)).toEqual({ request, digest });
        const edited = { ...request, windowMs: 1_800_000 };
        await expect(requests.put(edited, requestDigest(edited))).rejects.toMatchObject({ code: 'ledger-conflict' });
        await expect(requests.put(edited, digest)).rejects.toMatchObject({ code: 'bad-input' });
        expect(await requests.get(request.requestId)).toEqual({ request, digest });
        expect(await requests.get(newRequest())).toBeUndefined();
      });

      test('a request that was changed in the database is not believed', async () => {
        const request = requestOf();
        await bench.store.requests.put(request, requestDigest(request));
        await bench.sql(`update requests set body = replace(body, '600000', '900000') where request_id = '${request.requestId}'`);
        await expect(bench.store.requests.get(request.requestId)).rejects.toMatchObject({ code: 'ledger-conflict' });
      });

      test('a text is named by its digest, whatever it holds', async () => {
        for (const text of ['', 'Install the printer', 'zero \u0000 and 😀', 'a'.repeat(5_000)]) {
          const digest = await bench.store.requests.putText(text);
          expect(digest).toBe(sha256(text));
          expect(await bench.store.requests.putText(text)).toBe(digest);
          expect(await bench.store.requests.getText(digest)).toBe(text);
        }
        expect(await bench.store.requests.getText(sha256('never put'))).toBeUndefined();
      });

      test('a policy is kept by its hash, the first text for ever', async () => {
        const { policies } = bench.store;
        const order = { hash: sha256('p'), by: 'root', via: 'cli' } as const;
        await policies.apply({ ...order, text: 'version: 1' }, at(1));
        await policies.apply({ ...order, hash: sha256('other'), text: 'version: 3' }, at(2));
        await policies.apply({ ...order, text: 'version: 2' }, at(3));
        expect(await policies.get(sha256('p'))).toBe('version: 1');
        expect(await policies.get(sha256('q'))).toBeUndefined();
      });

      test('a message is where it was put last', async () => {
        const ref = { channel: 'C1', ts: '1.1', renderDigest: sha256('a') };
        await bench.store.messages.put('card', ref);
        await bench.store.messages.put('card', { ...ref, renderDigest: sha256('b') });
        expect(await bench.store.messages.get('card')).toEqual({ ...ref, renderDigest: sha256('b') });
        expect(await bench.store.messages.get('other')).toBeUndefined();
      });
    });

    describe('one-time values', () => {
      test('of many at the same moment one is first', async () => {
        const until = new Date(bench.time.now + 60_000).toISOString() as never;
        const answers = await Promise.all(Array.from({ length: 30 }, () => bench.store.once.first('nonce', 'race', until)));
        expect(answers.filter(Boolean)).toHaveLength(1);
      });

      test('a value is known in its scope until it expires, however long it is', async () => {
        const { once } = bench.store;
        const value = `\u0000${'x'.repeat(10_000)}`;
        const until = (ms: number) => new Date(bench.time.now + ms).toISOString() as never;
        expect(await once.first('a', value, until(1_000))).toBe(true);
        expect(await once.first('a', value, until(99_000))).toBe(false);
        expect(await once.first('b', value, until(1_000))).toBe(true);
        expect(await once.first('a b', value, until(1_000))).toBe(true);
        bench.time.now += 1_001;
        expect(await once.first('a', value, until(1_000))).toBe(true);
        expect(await once.first('a', value, until(1_000))).toBe(false);
      });

      test('what has expired is removed in time', async () => {
        const { once } = bench.store;
        await once.first('old', 'v', new Date(bench.time.now + 1).toISOString() as never);
        bench.time.now += 120_000;
        await once.first('new', 'v', new Date(bench.time.now + 1).toISOString() as never);
        expect(await bench.sql(`select scope from once where scope in ('old', 'new')`)).toEqual([{ scope: 'new' }]);
      });
    });

    describe('Macs', () => {
      test('a key stays with its Mac, and stays revoked', async () => {
        const { devices } = bench.store;
        const key = { serial: newSerial(), keyId: 'k1', publicKey: 'PEM' };
        const register = (one: typeof key) => devices.register(one, 'root', at(0));
        expect(await register(key)).toEqual(key);
        expect(await register(key)).toEqual(key);
        expect(await devices.key('k1')).toEqual(key);
        await expect(register({ ...key, serial: newSerial() })).rejects.toMatchObject({ code: 'ledger-conflict' });
        await expect(register({ ...key, publicKey: 'OTHER' })).rejects.toMatchObject({ code: 'ledger-conflict' });
        await devices.withdraw(key.serial, 'k1', 'root', at(1));
        expect(await register(key)).toEqual({ ...key, revokedAt: at(1) });
        expect(await devices.key('k1')).toEqual({ ...key, revokedAt: at(1) });
        expect(await devices.key('k2')).toBeUndefined();
      });

      test('orders wait for their Macs, each once, until they are cleared', async () => {
        const { devices } = bench.store;
        const [one, two, other] = [newSerial(), newSerial(), newSerial()];
        const [first, second] = [newRequest(), newRequest()];
        await devices.order(one, first, 'start', at(1));
        await devices.order(one, first, 'start', at(2));
        await devices.order(two, second, 'collect', at(3));
        await devices.order(other, newRequest(), 'start', at(3));
        const open = await devices.openOrders([one, two]);
        expect(open.map(({ id: _, ...order }) => order)).toEqual([
          { serial: one, requestId: first, kind: 'start', createdAt: at(1) },
          { serial: two, requestId: second, kind: 'collect', createdAt: at(3) },
        ]);
        expect(await devices.openOrders([one, two])).toEqual(open);
        await devices.clearOrders(first);
        expect((await devices.openOrders([one, two])).map((order) => order.requestId)).toEqual([second]);
        expect(await devices.openOrders([])).toEqual([]);
      });

      test('an end supersedes a start, in whatever order they were written, and a start never comes back', async () => {
        const { devices } = bench.store;
        const serial = newSerial();
        const [early, late] = [newRequest(), newRequest()];
        await devices.order(serial, early, 'start', at(1));
        await devices.order(serial, early, 'end', at(2));
        await devices.order(serial, late, 'end', at(1));
        await devices.order(serial, late, 'start', at(2));
        const kinds = async () => (await devices.openOrders([serial])).map(({ kind }) => kind);
        expect(await kinds()).toEqual(['end', 'end']);
        await devices.clearOrders(early);
        await devices.clearOrders(late);
        await devices.order(serial, early, 'start', at(3));
        expect(await kinds()).toEqual([]);
      });

      test('an end that is ordered anew after the orders were cleared is open again, as a new order', async () => {
        const { devices } = bench.store;
        const serial = newSerial();
        const requestId = newRequest();
        await devices.order(serial, requestId, 'end', at(1));
        const [before] = await devices.openOrders([serial]);
        await devices.clearOrders(requestId);
        await devices.order(serial, requestId, 'end', at(9));
        const [again] = await devices.openOrders([serial]);
        expect(again).toMatchObject({ kind: 'end', createdAt: at(9) });
        expect(again?.id).toBeGreaterThan(before?.id ?? 0);
      });

      test('an end that was given before the orders were cleared and arrives after it stays closed, but not by a clock that is far behind', async () => {
        const { devices } = bench.store;
        const [serial, requestId] = [newSerial(), newRequest()];
        const cleared = bench.time.now;
        await devices.order(serial, requestId, 'end', instant(cleared - 5_000));
        await devices.clearOrders(requestId);
        await devices.order(serial, requestId, 'end', instant(cleared - 1));
        expect(await devices.openOrders([serial])).toEqual([]);
        await devices.order(serial, requestId, 'end', instant(cleared - 3_600_000));
        expect(await devices.openOrders([serial])).toHaveLength(1);
      });

      test('the newest report of an account counts, whatever order they come in', async () => {
        const { devices } = bench.store;
        const serial = newSerial();
        const said = (minutes: number, admin: boolean): DeviceReport => ({
          serial,
          localUser: 'ada' as LocalUser,
          admin,
          standing: false,
          bootSession: 'B1',
          at: at(minutes),
        });
        const withRequest = { ...said(2, true), requestId: newRequest() };
        await devices.report(said(1, false));
        await devices.report(withRequest);
        expect(await devices.lastReport(serial, 'ada' as LocalUser)).toEqual(withRequest);
        await devices.report(said(3, false));
        await devices.report(said(2, true));
        expect(await devices.lastReport(serial, 'ada' as LocalUser)).toEqual(said(3, false));
        expect(await devices.lastReport(serial, 'eve' as LocalUser)).toBeUndefined();
      });

      test('a lease has one holder until it ends or is released', async () => {
        const { lease, release } = bench.store.devices;
        const serial = newSerial();
        const racers = await Promise.all(Array.from({ length: 20 }, (_, i) => lease(serial, `h${i}`, at(1), at(0))));
        expect(racers.filter(Boolean)).toHaveLength(1);
        const holder = `h${racers.indexOf(true)}`;
        expect(await lease(serial, 'other', at(2), at(0))).toBe(false);
        expect(await lease(serial, holder, at(2), at(0))).toBe(true);
        expect(await lease(serial, 'other', at(3), at(1))).toBe(false);
        await release(serial, 'other');
        expect(await lease(serial, 'other', at(3), at(1))).toBe(false);
        expect(await lease(serial, 'other', at(3), at(2))).toBe(true);
        await release(serial, 'other');
        expect(await lease(serial, 'third', at(3), at(2))).toBe(true);
      });
    });

    describe('evidence', () => {
      const chunk = (requestId: RequestId, seq: number, text: string, total?: number) => ({
        requestId,
        seq,
        data: bytes(text),
        ...(total !== undefined && { total }),
        receivedAt: at(1),
      });

      test('chunks come in any order, each once, and are put together in theirs', async () => {
        const { evidence } = bench.store;
        const id = newRequest();
        expect(await evidence.missing(id)).toBeUndefined();
        expect(await evidence.assemble(id)).toEqual(new Uint8Array());
        expect(await evidence.put(chunk(id, 1, 'two\u0000'))).toBe(true);
        expect(await evidence.missing(id)).toBeUndefined();
        expect(await evidence.put(chunk(id, 3, 'four', 4))).toBe(true);
        expect(await evidence.missing(id)).toEqual([0, 2]);
        expect(await evidence.put(chunk(id, 0, 'one'))).toBe(true);
        expect(await evidence.put(chunk(id, 2, 'three'))).toBe(true);
        expect(await evidence.missing(id)).toEqual([]);
        expect(await evidence.put(chunk(id, 3, 'four', 4))).toBe(false);
        expect(await evidence.assemble(id)).toEqual(bytes('onetwo\u0000threefour'));
      });

      test('a chunk is never replaced, and the total never changed', async () => {
        const { evidence } = bench.store;
        const id = newRequest();
        await evidence.put(chunk(id, 0, 'one'));
        await evidence.put(chunk(id, 2, 'three', 3));
        for (const other of [
          chunk(id, 0, 'ONE'),
          chunk(id, 2, 'three'),
          chunk(id, 1, 'two', 2),
          chunk(id, 3, 'x'),
          chunk(id, 4, 'x', 5),
        ]) {
          await expect(evidence.put(other)).rejects.toMatchObject({ code: 'ledger-conflict' });
        }
        expect(await evidence.assemble(id)).toEqual(bytes('onethree'));
      });

      test('numbers that make no sense are refused', async () => {
        const { evidence } = bench.store;
        for (const [seq, total] of [[-1], [0.5], [2, 2], [0, 1e9]]) {
          await expect(evidence.put(chunk(newRequest(), seq ?? 0, 'x', total))).rejects.toMatchObject({ code: 'bad-input' });
        }
        await expect(evidence.put(chunk(newRequest(), 1e6, 'x', 1e6 + 1))).rejects.toMatchObject({ code: 'too-large' });
      });
    });

    test('it answers a ping, and after it is closed says that it is not there', async () => {
      await bench.store.ping();
      await bench.store.close();
      await bench.store.close();
      await expect(bench.store.ping()).rejects.toMatchObject({ code: 'store-unavailable' });
    });
  });
}
