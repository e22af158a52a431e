/** Who goes first at a database that serves one at a time. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createTurns } from '../../ledger/turns.js';

/** Takes a turn, notes its name when it comes, and gives it back when told. */
function line(waitMs = 10_000) {
  const time = { now: 0 };
  const takeTurn = createTurns(waitMs, () => time.now);
  const order: string[] = [];
  const ask = async (name: string, urgent?: boolean) => {
    const end = await takeTurn(urgent);
    order.push(name);
    return end;
  };
  const pass = async (name: string, urgent?: boolean) => (await ask(name, urgent))();
  return { time, order, ask, pass };
}

it('serves in order of asking', async () => {
  const { order, pass } = line();
  await Promise.all(['a', 'b', 'c', 'd'].map((name) => pass(name)));
  expect(order).toEqual(['a', 'b', 'c', 'd']);
});

it('serves what is urgent before the rest, and that in its own order', async () => {
  const { order, ask, pass } = line();
  const end = await ask('first');
  const all = [pass('a'), pass('b'), pass('urgent 1', true), pass('c'), pass('urgent 2', true)];
  end();
  await Promise.all(all);
  expect(order).toEqual(['first', 'urgent 1', 'urgent 2', 'a', 'b', 'c']);
});

it('lets nobody wait for ever behind what is urgent', async () => {
  const { order, time, ask, pass } = line();
  const end = await ask('first');
  const all = [pass('a'), pass('b'), pass('urgent 1', true)];
  time.now = 1_500;
  all.push(pass('urgent 2', true), pass('urgent 3', true));
  end();
  await Promise.all(all);
  expect(order).toEqual(['first', 'a', 'urgent 1', 'b', 'urgent 2', 'urgent 3']);
});

it('whoever asks, and however many: none that is urgent waits for two of the others, and who waited a second for one of those', async () => {
  const asking = fc.record({ name: fc.constant('ask' as const), urgent: fc.boolean() });
  const serving = fc.record({ name: fc.constant('serve' as const), tookMs: fc.integer({ min: 0, max: 800 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(asking, serving), { minLength: 1, maxLength: 60 }), async (steps) => {
      const time = { now: 0 };
      const takeTurn = createTurns(60_000, () => time.now);
      const waiting: { readonly urgent: boolean; readonly since: number }[] = [];
      const ends: (() => void)[] = [];
      /** Since the first of each kind that waits now began to. */
      let [ordinary, urgentOnes] = [0, 0];
      const served = (one: (typeof waiting)[number]) => {
        waiting.splice(waiting.indexOf(one), 1);
        const other = waiting.find(({ urgent }) => urgent !== one.urgent);
        if (!one.urgent) ordinary = other ? ordinary + 1 : 0;
        if (one.urgent) urgentOnes = other && time.now - other.since > 1_000 ? urgentOnes + 1 : 0;
        if (one.urgent) ordinary = 0;
        else urgentOnes = 0;
        expect(ordinary).toBeLessThan(2);
        expect(urgentOnes).toBeLessThan(2);
      };
      const flush = async () => {
        for (let i = 0; i < 5; i += 1) await Promise.resolve();
      };
      let asked = 0;
      const all: Promise<void>[] = [];
      const ask = (urgent: boolean) => {
        const one = { urgent, since: time.now };
        waiting.push(one);
        asked += 1;
        all.push(
          takeTurn(urgent).then((end) => {
            served(one);
            ends.push(end);
          }),
        );
      };
      const serve = async (tookMs: number) => {
        await flush();
        time.now += tookMs;
        ends.shift()?.();
        await flush();
      };
      for (const step of steps) {
        if (step.name === 'ask') ask(step.urgent);
        else await serve(step.tookMs);
        await flush();
      }
      for (let i = 0; i < asked; i += 1) await serve(300);
      await Promise.all(all);
      expect(waiting).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

it('a turn that is ended twice ends no other', async () => {
  const { order, ask, pass } = line();
  const end = await ask('first');
  const second = ask('second');
  const third = pass('third');
  end();
  const endSecond = await second;
  end();
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(order).toEqual(['first', 'second']);
  endSecond();
  await third;
  expect(order).toEqual(['first', 'second', 'third']);
});

it('who waited too long is told so, and is not waited for', async () => {
  const { order, ask, pass } = line(20);
  const end = await ask('first');
  await expect(pass('late')).rejects.toMatchObject({ code: 'store-unavailable' });
  await expect(pass('late and urgent', true)).rejects.toMatchObject({ code: 'store-unavailable' });
  end();
  await pass('next');
  expect(order).toEqual(['first', 'next']);
});
