/**
 * A run that has grown long goes on as a new one: on this server after so few events that one elevation turns its page
 * several times. Nothing that was heard, decided, owed or due may be lost between two pages, and nothing happens twice.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StintError } from '../../contract/errors.js';
import { instant, msOf } from '../../contract/ids.js';
import { ada, grace, linus, POLICY } from '../fixtures/people.js';
import { type Asked, type Harness, startHarness, until } from './harness.js';
import { startPagingServer } from './server.js';

const MIN = 60_000;
let server: Awaited<ReturnType<typeof startPagingServer>>;
let h: Harness;
let polled: Harness;
beforeAll(async () => {
  server = await startPagingServer(45);
  const policy = POLICY.replace('quorum: 1', 'quorum: 2');
  h = await startHarness(server.address, { policy });
  polled = await startHarness(server.address, { policy, confirmMode: 'poll' });
});
afterAll(async () => {
  await h?.close();
  await polled?.close();
  await server?.stop();
});

/** Messages that are refused, each with an answer, until the run has turned its page. */
async function turnPage(e: Asked): Promise<void> {
  const before = await e.runId();
  await until(async () => {
    await e.handle.signal('nonsense', {});
    return (await e.runId()) !== before;
  }, 'the next page');
  // The signal that came last may turn one more: what follows is for the run that stays.
  await until(async () => {
    const run = await e.runId();
    return (await e.view()) !== null && (await e.runId()) === run;
  }, 'the next page at work');
}

async function activate(e: Asked): Promise<void> {
  await e.approve(grace);
  await e.approve(linus);
  await e.in('granting');
  // A call that meets the turn of a page gets an error that says "again", and a Mac repeats it.
  await until(async () => (await e.claim()).ok, 'the claim');
  await until(async () => (await e.confirm()).ok, 'the confirmation');
  await e.in('active');
}

describe.concurrent('a turned page', () => {
  test('keeps the votes: the second approval counts beside the first', async () => {
    const e = await h.ask();
    await e.approve(grace);
    await e.sees((view) => view.votes.length === 1, 'the first vote');
    await turnPage(e);
    expect((await e.in('requested')).votes).toHaveLength(1);
    await e.approve(linus);
    await e.in('granting');
    await e.revoke(grace);
    expect(await e.result()).toBe('revoked');
    expect(e.calls('grant')).toBeLessThanOrEqual(1);
  });

  test('keeps an approval that was verified but not yet judged', async () => {
    const e = await h.ask();
    await e.approve(grace);
    await e.sees((view) => view.votes.length === 1, 'the first vote');
    e.trouble.judgeHangs = true;
    await e.approve(linus);
    await until(async () => e.trouble.judging > 0, 'the judgement');
    const before = await e.runId();
    for (let i = 0; i < 30; i++) await e.handle.signal('nonsense', {});
    e.trouble.judgeHangs = false;
    await until(async () => (await e.runId()) !== before, 'the next page');
    await e.in('granting');
    await e.revoke(grace);
    expect(await e.result()).toBe('revoked');
  });

  test('does not put off the pending deadline, nor remind anew', async () => {
    const e = await h.ask();
    await e.in('requested');
    await e.skip(21 * MIN);
    await e.sees((view) => view.reminders === 2, 'two reminders');
    await turnPage(e);
    await e.skip(10 * MIN);
    await e.sees((view) => view.reminders === 3, 'the third reminder');
    await turnPage(e);
    await e.skip(24 * 60 * MIN - 32 * MIN);
    await e.in('requested');
    await e.skip(2 * MIN);
    expect(await e.result()).toBe('lapsed');
    const keys = h.sent.lines.filter((l) => l.kind === 'reminder' && l.view.request.requestId === e.requestId).map((l) => l.key);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test.each(['update', 'poll'])('while the store is down takes the target once, when it is back (%s)', async (mode) => {
    const own = mode === 'poll' ? polled : h;
    const e = await own.ask();
    e.trouble.ledgerDown = true;
    await e.approve(grace);
    await e.approve(linus);
    await e.in('approved');
    const before = await e.runId();
    // A page that is full waits for the order that is on its way: two runs with one order each could both be granted.
    for (let i = 0; i < 60; i++) await e.handle.signal('nonsense', {});
    await e.rests(['arm', 'append']);
    expect([(await e.view())?.state, e.calls('grant')]).toEqual(['approved', 0]);
    e.trouble.ledgerDown = false;
    await e.in('granting', 'active');
    await own.granted(e);
    await until(async () => (await e.runId()) !== before, 'the next page');
    await e.revoke(linus);
    await e.logIfAsked();
    expect(await e.result()).toBe('revoked');
    expect([e.calls('grant'), e.isAdmin]).toEqual([1, false]);
    const types = (await own.store.ledger.timeline(e.requestId)).map(({ type }) => type);
    expect(types.filter((type) => type === 'approved' || type === 'armed')).toEqual(['approved', 'armed']);
    expect(await own.store.fence.grant(e.requestId)).toHaveProperty('goneAt');
  });

  test('while its Mac is waited for calls no second grant, and the Mac that comes then is believed once', async () => {
    const e = await h.ask();
    await e.approve(grace);
    await e.approve(linus);
    await e.in('granting');
    await h.granted(e);
    await turnPage(e);
    expect((await e.in('granting')).armedAt).toBeDefined();
    await until(async () => (await e.claim()).ok, 'the claim');
    await turnPage(e);
    const { startBy } = await e.in('granting');
    await until(async () => (await e.confirm()).ok, 'the confirmation');
    await e.skip(10 * MIN + 100);
    expect(await e.finish()).toBe('expired');
    expect([e.calls('grant'), e.isAdmin, startBy]).toEqual([1, false, (await h.store.ledger.find(e.requestId))?.view.startBy]);
    expect(await h.store.fence.grant(e.requestId)).toHaveProperty('goneAt');
  });

  test('does not put off the start deadline: a Mac that never came is granted nothing after it', async () => {
    const e = await h.ask();
    await e.approve(grace);
    await e.approve(linus);
    await h.granted(e);
    await turnPage(e);
    await e.skip(4 * 60 * MIN + 1_000);
    expect(await e.result()).toBe('not-started');
    expect((await e.claim().catch(() => ({ ok: false }))).ok).toBe(false);
    expect([e.calls('grant'), e.isAdmin]).toEqual([1, false]);
  });

  test('keeps the deadline, the claim and the confirmation; a repeated confirmation gets the first answer', async () => {
    const e = await h.ask();
    await activate(e);
    const { confirmedAt, deadlineAt } = await e.in('active');
    await turnPage(e);
    expect(await until(() => e.confirm(), 'the answer')).toEqual({ ok: true, confirmedAt, deadlineAt });
    await e.skip(10 * MIN - MIN);
    expect((await e.in('active')).deadlineAt).toBe(deadlineAt);
    await e.skip(MIN + 100);
    expect(await e.finish()).toBe('expired');
    expect(e.calls('grant')).toBe(1);
    expect(e.isAdmin).toBe(false);
  });

  test('keeps an extension that was asked for, and its votes', async () => {
    const e = await h.ask();
    await activate(e);
    await e.extend(ada, 10 * MIN);
    const asked = await e.sees((view) => view.extension?.state === 'waiting', 'the extension');
    const round = asked.extension?.roundDigest;
    await e.approve(grace, 10 * MIN, round);
    await e.sees((view) => view.extension?.votes.length === 1, 'the first vote');
    await turnPage(e);
    await e.approve(linus, 10 * MIN, round);
    await e.sees((view) => view.extension?.votes.length === 2, 'both votes counted');
    const view = await e.in('active');
    const end = msOf(view.deadlineAt ?? instant(0)) - msOf(view.confirmedAt ?? instant(0));
    const held = (await h.store.fence.grant(e.requestId))?.notAfter;
    // The deadline moves only when the store has moved: the sweep goes by what is there.
    expect(end === 10 * MIN || held === view.deadlineAt).toBe(true);
    await e.revoke(grace);
    expect(await e.finish()).toBe('revoked');
  });

  test('while it is being revoked says no alarm twice, and still waits for the proof', async () => {
    const e = await h.ask();
    await activate(e);
    e.trouble.macSilent = true;
    e.trouble.revokeFails = new StintError('mdm-unavailable');
    await e.revoke(linus);
    await e.in('ending');
    await e.skip(MIN + 100);
    await e.sees((view) => view.alarmMinutes === 1, 'the first alarm');
    await turnPage(e);
    await e.in('ending');
    await until(
      async () => (await h.store.ledger.timeline(e.requestId)).some((event) => event.type === 'alarm'),
      'the alarm kept',
    );
    e.trouble.macSilent = false;
    e.trouble.revokeFails = undefined;
    expect(await e.finish()).toBe('revoked');
    const alarms = (await h.store.ledger.timeline(e.requestId)).filter(
      (event) => event.type === 'alarm' && event.data.what === 'revoke-pending',
    );
    expect(alarms).toHaveLength(1);
  });

  test('while the log is waited for keeps the proof, asks for none again, and takes the log', async () => {
    const e = await h.ask();
    await activate(e);
    await e.revoke(linus);
    const { goneAt } = await e.in('collecting');
    const revokes = e.calls('revoke');
    await turnPage(e);
    expect((await e.in('collecting')).goneAt).toBe(goneAt);
    expect(await e.finish()).toBe('revoked');
    expect([e.calls('grant'), e.calls('revoke'), e.isAdmin]).toEqual([1, revokes, false]);
    const types = (await h.store.ledger.timeline(e.requestId)).map((event) => event.type);
    expect(types.filter((type) => type === 'gone' || type === 'closed')).toEqual(['gone', 'closed']);
  });

  test('does not put off the deadline of the log, either', async () => {
    const e = await h.ask();
    await activate(e);
    await e.revoke(linus);
    await e.in('collecting');
    await e.skip(29 * MIN);
    await turnPage(e);
    await e.in('collecting');
    await e.skip(MIN + 1_000);
    expect(await e.result()).toBe('revoked');
    const settled = (await h.store.ledger.timeline(e.requestId)).find((event) => event.type === 'evidence-settled');
    expect(settled).toMatchObject({ data: { complete: false } });
    expect([e.calls('grant'), e.isAdmin]).toEqual([1, false]);
  });

  test('keeps what Slack is owed: with Slack down across the page, every message comes out in the end', async () => {
    const e = await h.ask();
    await e.in('requested');
    e.trouble.slackDown = true;
    await activate(e);
    await turnPage(e);
    e.trouble.slackDown = false;
    await e.revoke(linus);
    expect(await e.finish()).toBe('revoked');
    const dms = h.sent.dms.filter((m) => m.view.request.requestId === e.requestId).map((m) => m.kind);
    expect(dms).toEqual(expect.arrayContaining(['approved', 'started', 'ended']));
    expect(h.sent.painted.filter((v) => v.request.requestId === e.requestId).at(-1)).toMatchObject({ state: 'closed' });
  });

  test('keeps what the ledger is owed, in order', async () => {
    const e = await h.ask();
    await activate(e);
    await until(async () => (await h.store.ledger.timeline(e.requestId)).some((x) => x.type === 'confirmed'), 'confirmed');
    e.trouble.ledgerDown = true;
    await e.extend(ada, 10 * MIN);
    await e.sees((view) => view.extension, 'the extension');
    await turnPage(e);
    await e.revoke(linus);
    await e.in('collecting');
    e.trouble.ledgerDown = false;
    expect(await e.finish()).toBe('revoked');
    const types = (await h.store.ledger.timeline(e.requestId)).map((event) => event.type).filter((type) => type !== 'refused');
    const tail = types.slice(types.indexOf('confirmed'));
    expect(tail).toEqual(['confirmed', 'extension-asked', 'revoked', 'gone', 'alarm', 'evidence-settled', 'closed']);
  });

  test('is believed only when the server turned it: a state in a hand-made start counts for nothing', async () => {
    const request = h.request();
    await h.store.requests.put(request, h.hand(request).digest);
    const donor = await h.ask();
    await activate(donor);
    const view = await donor.view();
    const carried = {
      view: { ...view, request, digest: h.hand(request).digest },
      unwritten: [],
      nonces: [],
      letters: [],
      grantCalled: false,
      quietFrom: instant(0),
      evidence: false,
      extensions: 0,
    };
    await h.startRaw(request.requestId, h.sealStart(request), carried);
    const e = h.hand(request);
    await e.in('requested');
    expect(e.calls('grant')).toBe(0);
    await e.withdraw(ada);
    expect(await e.result()).toBe('withdrawn');
    await donor.revoke(grace);
    await donor.finish();
  });
});

describe.concurrent('a turned page of what is polled', () => {
  test('while what was given is not shown yet grants nothing again, and the window counts once, from when it was there', async () => {
    const e = await polled.ask();
    e.trouble.unlisted = true;
    await e.approve(grace);
    await e.approve(linus);
    await until(async () => e.isAdmin, 'the access');
    const given = Date.now();
    const before = await e.runId();
    for (let i = 0; i < 60; i++) await e.handle.signal('nonsense', {});
    await e.rests(['grant']);
    expect((await e.view())?.state).toBe('granting');
    e.trouble.unlisted = false;
    await e.in('active');
    await until(async () => (await e.runId()) !== before, 'the next page');
    const { confirmedAt, deadlineAt } = await e.in('active');
    expect(msOf(confirmedAt ?? instant(0))).toBeLessThanOrEqual(given);
    expect(msOf(deadlineAt ?? instant(0)) - msOf(confirmedAt ?? instant(0))).toBe(10 * MIN);
    await turnPage(e);
    expect((await e.in('active')).deadlineAt).toBe(deadlineAt);
    await e.skip(10 * MIN);
    expect(await e.result()).toBe('expired');
    expect([e.calls('grant'), e.isAdmin]).toEqual([1, false]);
  });

  test('while it is being revoked still waits for the proof, and closes once', async () => {
    const e = await polled.ask();
    await e.approve(grace);
    await e.approve(linus);
    await e.in('active');
    await polled.granted(e);
    e.trouble.macSilent = true;
    e.trouble.revokeFails = new StintError('aws-unavailable');
    await e.revoke(linus);
    await e.in('ending');
    await turnPage(e);
    expect([(await e.in('ending')).goneAt, e.isAdmin]).toEqual([undefined, true]);
    e.trouble.macSilent = false;
    e.trouble.revokeFails = undefined;
    expect(await e.result()).toBe('revoked');
    expect([e.calls('grant'), e.isAdmin]).toEqual([1, false]);
    const types = (await polled.store.ledger.timeline(e.requestId)).map(({ type }) => type);
    expect(types.filter((type) => type === 'gone' || type === 'closed')).toEqual(['gone', 'closed']);
  });
});
