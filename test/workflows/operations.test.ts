/** The operations in every state of an elevation whose target tells by itself (a Mac), and what only one kind needs to be tried with. */
import { expect, test } from 'vitest';
import { ada, grace, linus } from '../fixtures/people.js';
import { type Asked, until } from './harness.js';
import { MIN, operations } from './operations.js';
import { remove, resetTo } from './operator.js';

operations('update', (t) => {
  /** Approved, and the arm is on its way to the store; it goes through only when `judgeHangs` ends. */
  async function arming(e: Asked): Promise<void> {
    await t.into('approved', e);
    e.trouble.judgeHangs = true;
    e.trouble.ledgerDown = false;
    await until(async () => e.trouble.judging > 0, 'the arm on its way');
    await e.rests(['arm']); // what came after the order is in the history, too
  }

  const armed = (e: Asked) => until(() => t.h.store.fence.grant(e.requestId), 'the target taken');

  test.each([
    ['terminated', (e: Asked) => e.handle.terminate('test')],
    ['deleted', (e: Asked) => remove(t.h.client, e)],
  ])('%s while its arm is on the way is armed for nobody: nothing is granted, and the sweep frees the Mac', async (how, act) => {
    const e = await t.h.ask();
    await arming(e);
    t.note(e, `arming, ${how}`, 0);
    await act(e);
    e.trouble.judgeHangs = false;
    expect(await armed(e)).not.toHaveProperty('endedAt');
    expect(e.calls('grant')).toBe(0);
  });

  test('cancelled while its arm is on the way gives the Mac back by itself, however late the arm comes', async () => {
    const e = await t.h.ask();
    await arming(e);
    t.note(e, 'arming, cancelled', 0);
    await e.handle.cancel();
    await e.sees((view) => view.outcome === 'revoked', 'the end');
    e.trouble.judgeHangs = false;
    expect(await e.result()).toBe('revoked');
    expect([e.calls('grant'), await t.h.store.fence.live(e.request.target.key)]).toEqual([0, undefined]);
  });

  test('reset while its arm is on the way grants nothing by an order that was another run’s, and gives the Mac back', async () => {
    const e = await t.h.ask();
    await arming(e);
    const before = await e.runId();
    t.note(e, 'arming, reset', 0);
    e.trouble.storeDown = true; // the run after it comes second
    await resetTo(t.h.client, e, 'last', true);
    e.trouble.judgeHangs = false;
    expect((await armed(e)).runId).toBe(before);
    e.trouble.storeDown = false;
    expect(await e.result()).toBe('failed');
    expect([e.calls('grant'), await t.h.store.fence.live(e.request.target.key)]).toEqual([0, undefined]);
  });

  test('deleted and then asked for again with the same envelope is fenced, whoever approves', async () => {
    const e = await t.h.ask();
    await t.into('active', e);
    t.note(e, 'deleted and asked again', 1);
    await remove(t.h.client, e);
    expect(e.isAdmin).toBe(true);
    await t.h.startRaw(e.requestId, t.h.sealStart(e.request));
    await e.approve(linus);
    await e.logIfAsked();
    expect(await e.result()).toBe('failed');
    expect(e.isAdmin).toBe(false);
  });

  test('reset to its last task while active keeps its deadline, and its extension can no longer be stored', async () => {
    const e = await t.h.ask({ windowMs: 5 * MIN });
    await t.into('active', e);
    t.note(e, 'reset while active, then extended', 1);
    const { deadlineAt } = await e.in('active');
    // Tasks after the confirmation, so that the reset does not make it be given again.
    await e.extend(ada, 10 * MIN);
    await e.sees((view) => view.extension, 'the extension');
    await resetTo(t.h.client, e, 'last', true);
    const asked = await e.sees((view) => view.extension, 'the extension after the reset');
    expect(asked.deadlineAt).toBe(deadlineAt);
    await e.approve(grace, 10 * MIN, asked.extension?.roundDigest);
    await e.sees((view) => view.extension?.state !== 'waiting', 'the answer to the extension');
    expect((await e.view())?.deadlineAt).toBe(deadlineAt);
    await e.skip(5 * MIN + 500);
    expect(await e.finish()).toBe('expired');
    expect(e.isAdmin).toBe(false);
  });

  test('reset twice, and reset in the midst of its revoke, is taken back once and granted never', async () => {
    const e = await t.h.ask();
    await t.into('ending', e);
    t.note(e, 'reset twice', 1);
    await resetTo(t.h.client, e, 'first', true);
    await e.in('ending');
    await resetTo(t.h.client, e, 'first', true);
    await e.in('ending');
    e.trouble.macSilent = false;
    await e.logIfAsked();
    expect(await e.result()).toBe('failed');
    expect(e.isAdmin).toBe(false);
  });
});
