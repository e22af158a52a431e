/** Who goes first at a database that serves one at a time. */
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
  expect(order).toEqual(['first', 'a', 'b', 'urgent 1', 'urgent 2', 'urgent 3']);
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
