/** Every way an elevation can end, each on the real server, with the Mac's own truth as judge. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { StintError } from '../../contract/errors.js';
import { instant, msOf } from '../../contract/ids.js';
import { sha256 } from '../../seal/canonical.js';
import { ada, grace, linus, mallory } from '../fixtures/people.js';
import { type Harness, startHarness, until } from './harness.js';

const MIN = 60_000;
let h: Harness;
beforeAll(async () => {
  h = await startHarness(inject('temporalAddress'));
});
afterAll(() => h?.close());

const stored = async (e: { readonly requestId: Parameters<Harness['trouble']>[0] }) =>
  (await h.store.ledger.find(e.requestId))?.view;

describe.concurrent('outcomes', () => {
  test('expired: granted, warned, revoked at the deadline, observed gone, evidence in, closed', async () => {
    const e = await h.ask();
    await e.activate(grace);
    expect(e.isAdmin).toBe(true);
    const active = await e.in('active');
    expect(msOf(active.deadlineAt ?? instant(0)) - msOf(active.confirmedAt ?? instant(0))).toBe(10 * MIN);
    await e.skip(5 * MIN + 100);
    await e.sees((view) => view.warnedAt, 'the warning');
    expect(e.isAdmin).toBe(true);
    await e.skip(5 * MIN);
    await e.in('collecting');
    expect(e.isAdmin).toBe(false);
    await e.evidenceComplete();
    expect(await e.result()).toBe('expired');
    expect(await stored(e)).toMatchObject({ state: 'closed', outcome: 'expired' });
    const dms = h.sent.dms.filter((m) => m.view.request.requestId === e.requestId).map((m) => m.kind);
    expect(dms).toEqual(['asked', 'approved', 'started', 'warning', 'ended']);
    const card = h.sent.painted.filter((v) => v.request.requestId === e.requestId).at(-1);
    expect(card).toMatchObject({ state: 'closed', outcome: 'expired' });
  });

  test('denied: any eligible deny ends it, with no grant call', async () => {
    const e = await h.ask();
    await e.deny(linus);
    expect(await e.result()).toBe('denied');
    expect(e.calls('grant')).toBe(0);
    expect(await stored(e)).toMatchObject({
      state: 'closed',
      outcome: 'denied',
      votes: [{ personId: 'linus', decision: 'deny' }],
    });
  });

  test('denied by the policy: a person whom no rule lets ask never reaches an approver', async () => {
    const e = await h.ask({ windowMs: 7 * MIN });
    expect(await e.result()).toBe('denied');
    expect(e.calls('grant')).toBe(0);
    expect((await stored(e))?.votes).toEqual([]);
  });

  test('withdrawn: the requester takes it back before the grant; a stranger can not', async () => {
    const e = await h.ask();
    await e.in('requested');
    await e.withdraw(mallory);
    await e.sees((view) => view.refusals, 'the refusal');
    expect((await e.view())?.state).toBe('requested');
    await e.withdraw(ada);
    expect(await e.result()).toBe('withdrawn');
  });

  test('not-started: approved but never confirmed, undone at the start deadline', async () => {
    const e = await h.ask();
    await e.approve(grace);
    await e.in('granting');
    await h.granted(e);
    await e.skip(4 * 60 * MIN - MIN);
    expect((await e.view())?.state).toBe('granting');
    await e.skip(MIN + 1000);
    expect(await e.result()).toBe('not-started');
    expect(e.calls('revoke')).toBeGreaterThan(0);
    expect((await stored(e))?.goneAt).toBeDefined();
  });

  test('revoked: an approver ends it early, and the target is free afterwards', async () => {
    const e = await h.ask();
    await e.activate(grace);
    await e.revoke(linus, 'The laptop is lost');
    await e.in('collecting');
    expect(e.isAdmin).toBe(false);
    // What a Mac says that was told to end is no forgery, and nobody's mistake.
    await e.endByMac();
    await e.evidenceComplete();
    expect(await e.result()).toBe('revoked');
    expect((await h.store.ledger.timeline(e.requestId)).map(({ type }) => type)).not.toContain('refused');
    expect(await h.store.fence.live(e.request.target.key)).toBeUndefined();
    const revokeComment = sha256('The laptop is lost');
    expect(await stored(e)).toMatchObject({ endedBy: 'linus', revokeCause: 'approver', revokeComment });
  });

  test('ended: by the subject, and by nobody else', async () => {
    const e = await h.ask();
    await e.activate(grace);
    await e.end(mallory);
    await until(async () => h.refused('not-yours', e.requestId), 'the refusal');
    expect((await e.view())?.state).toBe('active');
    await e.end(ada);
    expect(await e.finish()).toBe('ended');
  });

  test('lost-contact: stays ending with a growing alarm until the Mac shows that it is no admin', async () => {
    const e = await h.ask();
    await e.activate(grace);
    e.trouble.macSilent = true;
    e.trouble.revokeFails = new StintError('mdm-unavailable');
    await e.contactLost(instant(Date.now()));
    await e.in('ending');
    await e.skip(MIN + 100);
    await e.sees((view) => view.alarmMinutes === 1, 'the first alarm');
    await e.skip(4 * MIN);
    const ending = await e.sees((view) => view.alarmMinutes === 5, 'the growing alarm');
    expect(ending.state).toBe('ending');
    expect(h.sent.painted.filter((v) => v.request.requestId === e.requestId).every((v) => v.state !== 'closed')).toBe(true);
    e.trouble.macSilent = false;
    e.trouble.revokeFails = undefined;
    expect(await e.finish()).toBe('lost-contact');
  });

  test('failed: a grant that the target refuses for good is undone and said', async () => {
    const e = await h.ask();
    e.trouble.grantFails = new StintError('tag-unknown');
    await e.approve(grace);
    expect(await e.result()).toBe('failed');
    expect((await stored(e))?.failure).toBe('tag-unknown');
    expect(e.calls('revoke')).toBeGreaterThan(0);
  });

  test('failed: the target is held by one elevation at a time; the second one is told so', async () => {
    const first = await h.ask();
    await first.activate(grace);
    const second = await h.ask({ target: first.request.target });
    await second.approve(grace);
    expect(await second.result()).toBe('failed');
    expect((await stored(second))?.failure).toBe('target-busy');
    expect(second.calls('grant')).toBe(0);
    expect(first.isAdmin).toBe(true);
    await first.revoke(grace);
    expect(await first.finish()).toBe('revoked');
  });

  test('unproven: two people close it with a finding; one alone, or the same twice, can not', async () => {
    const e = await h.ask();
    await e.activate(grace);
    e.trouble.macSilent = true;
    e.trouble.revokeFails = new StintError('mdm-unavailable');
    await e.revoke(grace);
    await e.in('ending');
    await e.closeUnproven(grace);
    await e.closeUnproven(grace);
    await e.closeUnproven(ada);
    await e.sees((view) => view.refusals >= 2, 'two refusals');
    expect((await e.view())?.state).toBe('ending');
    await e.closeUnproven(linus);
    expect(await e.result()).toBe('unproven');
    expect(await h.store.fence.live(e.request.target.key)).toBeUndefined();
    expect((await stored(e))?.goneAt).toBeUndefined();
  });
});
