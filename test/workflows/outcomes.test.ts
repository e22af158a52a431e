/** Every way an elevation can end, each on the real server, with the Mac's own truth as judge. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { StintError } from '../../contract/errors.js';
import { instant, msOf } from '../../contract/ids.js';
import { ada, grace, linus, mallory } from '../fixtures/people.js';
import { type Harness, startHarness, until } from './harness.js';

const MIN = 60_000;
let h: Harness;
beforeAll(async () => {
  h = await startHarness(inject('temporalAddress'));
});
afterAll(() => h?.close());

describe('outcomes', () => {
  test('expired: granted, warned, revoked at the deadline, observed gone, evidence in, closed', async () => {
    const e = await h.ask();
    await e.activate(grace);
    expect(h.mac.admin.has(e.requestId)).toBe(true);
    const active = await e.in('active');
    expect(msOf(active.deadlineAt ?? instant(0)) - msOf(active.confirmedAt ?? instant(0))).toBe(10 * MIN);
    await e.skip(5 * MIN + 100);
    await until(async () => (await e.view())?.warnedAt, 'the warning');
    expect(h.mac.admin.has(e.requestId)).toBe(true);
    await e.skip(5 * MIN);
    await e.in('collecting', 'closed');
    expect(h.mac.admin.has(e.requestId)).toBe(false);
    await e.evidenceComplete();
    expect(await e.result()).toBe('expired');
    const view = (await h.store.ledger.find(e.requestId))?.view;
    expect(view).toMatchObject({ state: 'closed', outcome: 'expired' });
    expect(h.sent.dms.filter((m) => m.view.request.requestId === e.requestId).map((m) => m.kind)).toEqual([
      'asked',
      'approved',
      'started',
      'warning',
      'ended',
    ]);
    expect(h.sent.painted.filter((v) => v.request.requestId === e.requestId).at(-1)).toMatchObject({
      state: 'closed',
      outcome: 'expired',
    });
  });

  test('denied: any eligible deny ends it, with no grant call', async () => {
    const e = await h.ask();
    await e.deny(linus);
    expect(await e.result()).toBe('denied');
    expect(h.mac.count('grant', e.requestId)).toBe(0);
  });

  test('denied by the policy: a person whom no rule lets ask never reaches an approver', async () => {
    const e = await h.ask({ windowMs: 7 * MIN });
    expect(await e.result()).toBe('denied');
    expect(h.mac.count('grant', e.requestId)).toBe(0);
  });

  test('lapsed: nobody answers, reminders go out, it closes at the pending deadline', async () => {
    const e = await h.ask();
    await e.in('requested');
    await e.skip(65 * MIN);
    await until(async () => ((await e.view())?.reminders ?? 0) >= 5, 'reminders of the first hour');
    await e.skip(23 * 60 * MIN);
    expect(await e.result()).toBe('lapsed');
    const reminders = h.sent.lines.filter((l) => l.requestId === e.requestId && l.kind === 'reminder').length;
    expect(reminders).toBeGreaterThan(25);
    expect(reminders).toBeLessThan(31);
  });

  test('withdrawn: the requester takes it back before the grant; a stranger can not', async () => {
    const e = await h.ask();
    await e.in('requested');
    await e.withdraw(mallory);
    await until(async () => (await e.view())?.refusals, 'the refusal');
    expect((await e.view())?.state).toBe('requested');
    await e.withdraw(ada);
    expect(await e.result()).toBe('withdrawn');
  });

  test('not-started: approved but never confirmed, undone at the start deadline', async () => {
    const e = await h.ask();
    await e.approve(grace);
    await e.in('granting');
    await until(async () => h.mac.count('grant', e.requestId), 'the grant call');
    await e.skip(4 * 60 * MIN + 1000);
    expect(await e.result()).toBe('not-started');
    expect(h.mac.count('revoke', e.requestId)).toBeGreaterThan(0);
  });

  test('revoked: an approver ends it early, and the target is free afterwards', async () => {
    const e = await h.ask();
    await e.activate(grace);
    await e.revoke(linus);
    await e.in('collecting');
    expect(h.mac.admin.has(e.requestId)).toBe(false);
    await e.evidenceComplete();
    expect(await e.result()).toBe('revoked');
    expect(await h.store.fence.live(e.request.target.key)).toBeUndefined();
  });

  test('revoked before the grant: from the moment of approval on', async () => {
    const e = await h.ask();
    await e.approve(grace);
    await e.in('granting');
    await e.revoke(grace);
    expect(await e.result()).toBe('revoked');
  });

  test('ended: by the subject', async () => {
    const e = await h.ask();
    await e.activate(grace);
    await e.end(ada);
    await e.in('collecting');
    await e.evidenceComplete();
    expect(await e.result()).toBe('ended');
  });

  test('lost-contact: stays ending with an alarm until the Mac shows that it is no admin', async () => {
    const e = await h.ask();
    await e.activate(grace);
    h.mac.silent = true;
    h.mac.revokeFails = new StintError('mdm-unavailable');
    await e.contactLost(instant(Date.now()));
    await e.in('ending');
    await e.skip(6 * MIN);
    const ending = await until(async () => {
      const view = await e.view();
      return (view?.alarmMinutes ?? 0) >= 5 && view;
    }, 'the growing alarm');
    expect(ending.state).toBe('ending');
    expect(h.sent.painted.filter((v) => v.request.requestId === e.requestId).every((v) => v.state !== 'closed')).toBe(true);
    h.mac.silent = false;
    h.mac.revokeFails = undefined;
    await e.in('collecting');
    await e.evidenceComplete();
    expect(await e.result()).toBe('lost-contact');
  });

  test('failed: a grant that the target refuses for good is undone and said', async () => {
    const e = await h.ask();
    h.mac.grantFails = new StintError('tag-unknown');
    await e.approve(grace);
    expect(await e.result()).toBe('failed');
    h.mac.grantFails = undefined;
    expect((await h.store.ledger.find(e.requestId))?.view.failure).toBe('tag-unknown');
    expect(h.mac.count('revoke', e.requestId)).toBeGreaterThan(0);
  });

  test('unproven: two people close it with a finding; one alone, or the same twice, can not', async () => {
    const e = await h.ask();
    await e.activate(grace);
    h.mac.silent = true;
    h.mac.revokeFails = new StintError('mdm-unavailable');
    await e.revoke(grace);
    await e.in('ending');
    await e.closeUnproven(grace);
    await e.closeUnproven(grace);
    await e.closeUnproven(ada);
    await until(async () => ((await e.view())?.refusals ?? 0) >= 2, 'two refusals');
    expect((await e.view())?.state).toBe('ending');
    await e.closeUnproven(linus);
    expect(await e.result()).toBe('unproven');
    h.mac.silent = false;
    h.mac.revokeFails = undefined;
    expect(await h.store.fence.live(e.request.target.key)).toBeUndefined();
  });

  test('log missing: the evidence deadline passes, it is said, and the elevation closes', async () => {
    const e = await h.ask();
    await e.activate(grace);
    await e.revoke(grace);
    await e.in('collecting');
    await e.skip(31 * MIN);
    expect(await e.result()).toBe('revoked');
    expect((await h.store.ledger.find(e.requestId))?.view.evidence).toEqual({ complete: false, lines: 0, late: false });
  });

  test('an extension moves the deadline, is stored first, and never passes the cap of the policy', async () => {
    const e = await h.ask({ windowMs: 15 * MIN });
    await e.activate(grace);
    const before = await e.in('active');
    await e.extend(ada, 30 * MIN);
    const asked = await until(async () => {
      const view = await e.view();
      return view?.extension?.state === 'waiting' && view;
    }, 'the extension round');
    await e.approve(linus, 30 * MIN, asked.extension?.roundDigest);
    const after = await until(async () => {
      const view = await e.view();
      return view?.extension?.state === 'granted' && view;
    }, 'the extension');
    expect(msOf(after.deadlineAt ?? instant(0)) - msOf(before.confirmedAt ?? instant(0))).toBe(30 * MIN);
    expect((await h.store.fence.grant(e.requestId))?.notAfter).toBe(after.deadlineAt);
    await e.skip(15 * MIN + 500);
    expect((await e.view())?.state).toBe('active');
    await e.skip(15 * MIN);
    await e.in('collecting');
    await e.evidenceComplete();
    expect(await e.result()).toBe('expired');
  });
});
