/** What a process that alone is at its database need not ask for again, and when it has to. */
import { expect, it } from 'vitest';
import { createKept } from '../../ledger/kept.js';
import { openStore } from '../../ledger/store.js';
import { sha256 } from '../../seal/canonical.js';
import { at } from './events.js';

/** A store of one value that answers when it is told to, and counts how often it was asked. */
function asked(alone: boolean) {
  const truth = { value: 'before', times: 0 };
  const open: (() => void)[] = [];
  const kept = createKept(async () => {
    truth.times += 1;
    const { value } = truth;
    if (slow.on) await new Promise<void>((resolve) => open.push(resolve));
    return value;
  }, alone);
  const slow = { on: false, answer: () => open.splice(0).map((one) => one()) };
  return { kept, truth, slow };
}

it('is asked for once where nobody else can change it, and each time where somebody can', async () => {
  const [alone, together] = [asked(true), asked(false)];
  for (const { kept } of [alone, together]) for (let i = 0; i < 3; i++) expect(await kept.get()).toBe('before');
  expect(alone.truth.times).toBe(1);
  expect(together.truth.times).toBe(3);
});

it('is asked for again after a change, and after one that failed', async () => {
  const { kept, truth } = asked(true);
  await kept.get();
  await kept.changing(async () => {
    truth.value = 'after';
  });
  expect(await kept.get()).toBe('after');
  const failed = kept.changing(async () => {
    truth.value = 'written, and then the line was cut';
    throw new Error('no answer');
  });
  await expect(failed).rejects.toThrow('no answer');
  expect(await kept.get()).toBe('written, and then the line was cut');
});

it('keeps no answer that was on its way when a change began, nor one that came while it was under way', async () => {
  const { kept, truth, slow } = asked(true);
  slow.on = true;
  const early = kept.get();
  let done = () => {};
  const change = kept.changing(() => new Promise<void>((resolve) => (done = resolve)));
  const meanwhile = kept.get();
  slow.answer();
  expect(await Promise.all([early, meanwhile])).toEqual(['before', 'before']);
  truth.value = 'after';
  done();
  await change;
  slow.on = false;
  expect(await kept.get()).toBe('after');
});

it('a freeze, its end and another policy count from their answer on, for whoever asked before', async () => {
  const store = await openStore({ memory: true, clock: () => Date.parse(at(0)) });
  const by = { operator: 'root', reason: 'a laptop was stolen' };
  expect([await store.freeze.now(), await store.policies.inForce()]).toEqual([undefined, undefined]);
  await store.freeze.set(by, at(1));
  expect(await store.freeze.now()).toEqual({ since: at(1), ...by });
  await store.freeze.lift(by, at(2));
  expect(await store.freeze.now()).toBeUndefined();
  for (const text of ['one', 'two']) {
    await store.policies.apply({ hash: sha256(text), text, by: 'root', via: 'cli' }, at(3));
    expect(await store.policies.inForce()).toMatchObject({ hash: sha256(text) });
  }
  await store.close();
});
