/** A target that tells nothing by itself (AWS): it is waited for until it shows the access, and only then the clock starts. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { StintError } from '../../contract/errors.js';
import { instant, msOf } from '../../contract/ids.js';
import { ada, grace, linus } from '../fixtures/people.js';
import { type Asked, type Harness, startHarness, until } from './harness.js';
import { remove } from './operator.js';

const MIN = 60_000;
let h: Harness;
beforeAll(async () => {
  h = await startHarness(inject('temporalAddress'), { confirmMode: 'poll' });
});
afterAll(() => h?.close());

describe.concurrent('a target that is polled', () => {
  test('is active once it was seen, for the approved window from then on, and ends without a log to wait for', async () => {
    const e = await h.ask({ windowMs: 5 * MIN });
    e.trouble.grantHangs = true;
    await e.approve(grace);
    await until(async () => e.calls('grant'), 'the grant call');
    expect((await e.in('granting')).deadlineAt).toBeUndefined();
    const from = Date.now();
    e.trouble.grantHangs = false;
    const { confirmedAt, deadlineAt } = await e.in('active');
    expect(msOf(confirmedAt ?? instant(0))).toBeGreaterThanOrEqual(from);
    expect(msOf(deadlineAt ?? instant(0)) - msOf(confirmedAt ?? instant(0))).toBe(5 * MIN);
    await e.skip(5 * MIN + 500);
    expect(await e.result()).toBe('expired');
    expect(e.isAdmin).toBe(false);
    expect((await h.store.ledger.timeline(e.requestId)).map(({ type }) => type)).toEqual(
      expect.arrayContaining(['armed', 'grant-sent', 'confirmed', 'expired', 'gone', 'closed']),
    );
  });

  test('counts from when it was taken where a slow clock says that it was there before, and not from when that was heard', async () => {
    const e = await h.ask({ windowMs: 5 * MIN });
    Object.assign(e.trouble, { grantHangs: true, seenEarlyMs: 20_000 });
    await e.approve(grace);
    await until(async () => e.calls('grant'), 'the grant call');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    e.trouble.grantHangs = false;
    const { armedAt, confirmedAt, deadlineAt } = await e.in('active');
    expect(confirmedAt).toBe(armedAt);
    expect(msOf(deadlineAt ?? instant(0)) - msOf(confirmedAt ?? instant(0))).toBe(5 * MIN);
    await e.revoke(linus);
    expect(await e.result()).toBe('revoked');
  });

  /** When it ends by the store. */
  const endOf = async ({ requestId }: Asked) => msOf((await h.store.fence.grant(requestId))?.notAfter ?? instant(0));

  test.each([
    ['terminated', (e: Asked) => e.handle.terminate('test')],
    ['deleted', (e: Asked) => remove(h.client, e)],
  ])(
    'is over with its window in the store, though its workflow was %s before it heard that the access is there',
    async (_, act) => {
      const e = await h.ask({ windowMs: 5 * MIN });
      Object.assign(e.trouble, { unlisted: true, seenLost: true });
      const from = Date.now();
      await e.approve(grace);
      await until(async () => e.isAdmin, 'the access');
      const there = Date.now();
      await act(e);
      await until(async () => (await endOf(e)) <= there + 5 * MIN, 'the end');
      expect(await endOf(e)).toBeGreaterThanOrEqual(from + 5 * MIN);
      expect(e.isAdmin).toBe(true);
      expect(await h.store.fence.overdue(instant(there + 5 * MIN + 1))).toContainEqual(
        expect.objectContaining({ requestId: e.requestId }),
      );
    },
  );

  test.each([
    ['goes right', {}],
    ['is slow', { seenEarlyMs: 60_000 }],
    ['is fast', { seenEarlyMs: -60_000 }],
  ])('can be extended where the clock of whoever saw it %s, and ends in the store when its workflow says', async (_, trouble) => {
    const e = await h.ask({ windowMs: 5 * MIN });
    Object.assign(e.trouble, { unlisted: true, seenLost: true, ...trouble });
    await e.approve(grace);
    await until(async () => e.isAdmin, 'the access');
    e.trouble.unlisted = false;
    const { deadlineAt } = await e.in('active');
    await until(async () => (await endOf(e)) === msOf(deadlineAt ?? instant(0)), 'the deadline in the store');
    await e.extend(ada, 5 * MIN);
    const asked = await e.sees((view) => view.extension, 'the extension');
    await e.approve(linus, 5 * MIN, asked.extension?.roundDigest);
    const longer = await e.sees((view) => view.deadlineAt !== deadlineAt, 'the new deadline');
    expect(await endOf(e)).toBe(msOf(longer.deadlineAt ?? instant(0)));
    await e.end(ada);
    expect(await e.result()).toBe('ended');
    expect(e.isAdmin).toBe(false);
  });

  test('a revoke while it is still waited for ends the waiting, and takes away what comes of it', async () => {
    const e = await h.ask();
    e.trouble.grantHangs = true;
    await e.approve(grace);
    await until(async () => e.calls('grant'), 'the grant call');
    await e.revoke(linus);
    expect(await e.result()).toBe('revoked');
    expect(e.isAdmin).toBe(false);
    expect(e.calls('revoke')).toBeGreaterThan(0);
  });

  test('is taken away though the store lost its grant, and holds nothing but the end that the story wrote itself', async () => {
    const e = await h.ask();
    await e.approve(grace);
    await e.in('active');
    e.trouble.grantLost = true;
    await e.revoke(linus);
    expect(await e.result()).toBe('revoked');
    expect([e.isAdmin, e.calls('revoke') > 0]).toEqual([false, true]);
  });

  test('an end by its holder, and an extension, are as for any other', async () => {
    const e = await h.ask({ windowMs: 5 * MIN });
    await e.approve(grace);
    const { deadlineAt } = await e.in('active');
    await e.extend(ada, 5 * MIN);
    const asked = await e.sees((view) => view.extension, 'the extension');
    await e.approve(linus, 5 * MIN, asked.extension?.roundDigest);
    const longer = await e.sees((view) => view.deadlineAt !== deadlineAt, 'the new deadline');
    expect(msOf(longer.deadlineAt ?? instant(0)) - msOf(deadlineAt ?? instant(0))).toBe(5 * MIN);
    await e.end(ada);
    expect(await e.result()).toBe('ended');
    expect(e.isAdmin).toBe(false);
  });

  test('a refusal for good is undone and said, a passing one is tried again', async () => {
    const [bad, later] = [await h.ask(), await h.ask()];
    bad.trouble.grantFails = new StintError('mdm-rejected');
    later.trouble.grantFails = new StintError('mdm-unavailable');
    await Promise.all([bad, later].map((e) => e.approve(grace)));
    expect(await bad.result()).toBe('failed');
    await until(async () => later.calls('grant') > 1, 'another attempt');
    later.trouble.grantFails = undefined;
    await later.in('active');
    await later.revoke(linus);
    expect(await later.result()).toBe('revoked');
  });

  test('a claim or a confirmation that a stranger makes up for it changes nothing', async () => {
    const e = await h.ask();
    e.trouble.grantHangs = true;
    await e.approve(grace);
    await until(async () => e.calls('grant'), 'the grant call');
    const own = { serial: 'C02STRANGER' as never };
    expect(await e.claim(own)).toMatchObject({ ok: false });
    expect((await e.view())?.state).toBe('granting');
    await e.revoke(linus);
    expect(await e.result()).toBe('revoked');
  });
});
