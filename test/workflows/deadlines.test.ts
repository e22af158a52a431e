/** Every deadline of the story, to the minute, in the workflow's own time. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { StintError } from '../../contract/errors.js';
import { lengthsLeft } from '../../contract/extension.js';
import { instant, msOf } from '../../contract/ids.js';
import { type ElevationView, foldAll } from '../../contract/view.js';
import { ada, grace, linus, POLICY } from '../fixtures/people.js';
import { type Asked, type Harness, startHarness, until } from './harness.js';

const MIN = 60_000;
const PENDING_MIN = 245;
let h: Harness;
beforeAll(async () => {
  const policy = POLICY.replace('pending: 24h', `pending: ${PENDING_MIN}m`)
    .replace('[5m, 10m', '[1m, 5m, 10m')
    .replace('max: 30m', 'max: 30m\n    extend: { times: 2, approve: { people: [grace, linus] } }');
  h = await startHarness(inject('temporalAddress'), { policy });
});
afterAll(() => h?.close());

const length = (view: ElevationView) => msOf(view.deadlineAt ?? instant(0)) - msOf(view.confirmedAt ?? instant(0));

/** For its Mac too: else what the Mac shows would be of so long ago that nobody would wait for its log any more. */
async function passes(e: Asked, ms: number): Promise<void> {
  e.trouble.macAheadMs += ms;
  await e.skip(ms);
}

async function askExtension(e: Asked, windowMs: number) {
  const before = (await e.in('active')).extension?.roundDigest;
  await e.extend(ada, windowMs);
  const view = await e.sees(
    ({ extension }) => extension?.state === 'waiting' && extension.roundDigest !== before,
    'the extension asked',
  );
  return view.extension?.roundDigest;
}

describe.concurrent('deadlines', () => {
  test('approvers are reminded every ten minutes for an hour, then hourly; unanswered it lapses, and not before', async () => {
    const e = await h.ask();
    const requested = await e.in('requested');
    await e.skip(PENDING_MIN * MIN - MIN);
    expect((await e.view())?.state).toBe('requested');
    await e.skip(MIN + 1000);
    expect(await e.result()).toBe('lapsed');
    expect(e.calls('grant')).toBe(0);
    const timeline = await h.store.ledger.timeline(e.requestId);
    const from = msOf(timeline[0]?.at ?? requested.request.askedAt);
    const minutes = (type: string) =>
      timeline.filter((event) => event.type === type).map((event) => Math.round((msOf(event.at) - from) / MIN));
    expect(minutes('reminded')).toEqual([10, 20, 30, 40, 50, 60, 120, 180, 240]);
    expect(minutes('lapsed')).toEqual([PENDING_MIN]);
  });

  test('a claim and a confirmation just before the start deadline count; after it both are refused', async () => {
    const [early, late] = [await h.ask(), await h.ask()];
    await Promise.all(
      [early, late].map(async (e) => {
        await e.approve(grace);
        await h.granted(e);
        await passes(e, 4 * 60 * MIN - MIN);
      }),
    );
    expect((await early.claim()).ok).toBe(true);
    expect((await early.confirm()).ok).toBe(true);
    await early.revoke(linus);
    expect(await early.finish()).toBe('revoked');
    expect((await late.claim()).ok).toBe(true);
    await late.skip(MIN + 1000);
    expect(await late.confirm().catch(() => ({ ok: false }))).toMatchObject({ ok: false });
    expect(late.isAdmin).toBe(false);
    await late.logIfAsked();
    expect(await late.result()).toBe('not-started');
  });

  test('the access is there until the deadline and taken at it; a window of five minutes is not warned of', async () => {
    const e = await h.ask({ windowMs: 5 * MIN });
    await e.activate(grace);
    await e.skip(5 * MIN - 2000);
    expect((await e.view())?.state).toBe('active');
    expect(e.isAdmin).toBe(true);
    await e.skip(2500);
    await e.in('collecting');
    expect(e.isAdmin).toBe(false);
    expect((await e.view())?.warnedAt).toBeUndefined();
    expect(await e.finish()).toBe('expired');
  });

  test('a revoke in the last second is a revoke, and what was handed out for the deadline leaves nothing behind', async () => {
    const e = await h.ask({ windowMs: 5 * MIN });
    await e.activate(grace);
    await e.skip(5 * MIN - 1500);
    expect((await e.view())?.state).toBe('active');
    await e.revoke(grace);
    expect(await e.finish()).toBe('revoked');
    expect(e.isAdmin).toBe(false);
    // Sent twice, perhaps; but nothing after its signals were cleared.
    const calls = h.mac.calls.filter(({ requestId }) => requestId === e.requestId).map(({ what }) => what);
    expect(calls.at(-1)).toBe('clear');
    expect(calls).toContain('revoke');
  });

  test('an approval of an extension that comes in the last second is refused, and said to be', async () => {
    const e = await h.ask({ windowMs: 5 * MIN });
    await e.activate(grace);
    const round = await askExtension(e, 5 * MIN);
    await e.skip(5 * MIN - 1500);
    await e.approve(linus, 5 * MIN, round);
    expect(await e.finish()).toBe('expired');
    expect(h.refused('state-conflict', e.requestId)).toBe(true);
    expect(e.isAdmin).toBe(false);
  });

  test('a far end that refuses at the deadline is asked until it has taken it away', async () => {
    const e = await h.ask({ windowMs: 5 * MIN });
    await e.activate(grace);
    e.trouble.revokeFails = new StintError('mdm-unavailable');
    await e.skip(5 * MIN + 500);
    await e.in('ending');
    expect(e.isAdmin).toBe(true);
    e.trouble.revokeFails = undefined;
    expect(await e.finish()).toBe('expired');
    expect(e.isAdmin).toBe(false);
  });

  test('the log is waited for until the evidence deadline; then "log missing" is said, and it closes', async () => {
    const e = await h.ask();
    await e.activate(grace);
    await e.revoke(grace);
    const { goneAt } = await e.in('collecting');
    await e.skip(29 * MIN);
    expect((await e.view())?.state).toBe('collecting');
    await e.skip(2 * MIN);
    expect(await e.result()).toBe('revoked');
    expect((await h.store.ledger.find(e.requestId))?.view.evidence).toEqual({ complete: false, lines: 0, late: false });
    const timeline = await h.store.ledger.timeline(e.requestId);
    const missing = timeline.find((event) => event.type === 'alarm' && event.data.what === 'evidence-missing');
    expect(Math.round((msOf(missing?.at ?? instant(0)) - msOf(goneAt ?? instant(0))) / MIN)).toBe(30);
  });

  test('the log may be complete before the end: then nothing is waited for', async () => {
    const e = await h.ask();
    await e.activate(grace);
    await e.evidenceComplete();
    await e.end(ada);
    expect(await e.result()).toBe('ended');
  });
});

describe.concurrent('extensions', () => {
  test('a granted one moves the deadline, is stored first, and never passes the cap of the policy', async () => {
    const e = await h.ask({ windowMs: 15 * MIN });
    await e.activate(grace);
    await e.approve(linus, 30 * MIN, await askExtension(e, 30 * MIN));
    const after = await e.sees((view) => view.extension?.state === 'granted', 'the extension');
    expect(length(after)).toBe(30 * MIN);
    expect((await h.store.fence.grant(e.requestId))?.notAfter).toBe(after.deadlineAt);
    await passes(e, 15 * MIN + 500);
    expect((await e.view())?.state).toBe('active');
    await passes(e, 15 * MIN);
    expect(await e.finish()).toBe('expired');
  });

  test('two, one after the other, add up; approving the first again changes nothing', async () => {
    const e = await h.ask({ windowMs: 5 * MIN });
    await e.activate(grace);
    const first = await askExtension(e, 5 * MIN);
    await e.approve(grace, 5 * MIN, first);
    expect(length(await e.sees((view) => view.extension?.state === 'granted', 'the first'))).toBe(10 * MIN);
    await e.approve(linus, 5 * MIN, first);
    await until(async () => h.refused('state-conflict', e.requestId), 'the refusal');
    const second = await askExtension(e, 10 * MIN);
    expect(second).not.toBe(first);
    await e.approve(linus, 10 * MIN, second);
    const after = await e.sees((view) => view.deadlineAt && length(view) > 10 * MIN, 'the second');
    expect(length(after)).toBe(20 * MIN);
    await e.revoke(grace);
    expect(await e.finish()).toBe('revoked');
  });

  test('as often as the rule says: then no more is offered, and none is taken, be it asked past the gate', async () => {
    const e = await h.ask({ windowMs: 5 * MIN });
    await e.activate(grace);
    for (const count of [1, 2]) {
      expect(lengthsLeft(await e.in('active'))).toContain(5 * MIN);
      await e.approve(linus, 5 * MIN, await askExtension(e, 5 * MIN));
      await e.sees((view) => view.extensions === count, `extension ${count}`);
    }
    const spent = await e.in('active');
    expect([length(spent), lengthsLeft(spent)]).toEqual([15 * MIN, []]);
    await e.extend(ada, 5 * MIN);
    await until(async () => h.refused('not-eligible', e.requestId), 'the refusal of the third');
    expect((await e.view())?.extension?.state).toBe('granted');
    await e.end(ada);
    expect(await e.finish()).toBe('ended');
    // The ledger tells the same story.
    const timeline = await h.store.ledger.timeline(e.requestId);
    expect(foldAll(timeline)).toMatchObject({ extensions: 2, extension: { verdict: { extend: { times: 2 } } } });
  });

  test('a denied one leaves the deadline as it was, and another may be asked for', async () => {
    const e = await h.ask();
    await e.activate(grace);
    const { deadlineAt } = await e.in('active');
    const round = await askExtension(e, 10 * MIN);
    await e.deny(linus, round);
    const denied = await e.sees((view) => view.extension?.state === 'denied', 'the denial');
    expect(denied).toMatchObject({ state: 'active', deadlineAt });
    await e.approve(grace, 10 * MIN, round);
    await until(async () => h.refused('state-conflict', e.requestId), 'the refusal');
    expect(await askExtension(e, 5 * MIN)).not.toBe(round);
    await e.end(ada);
    expect(await e.finish()).toBe('ended');
  });

  test('an unanswered one lapses at the deadline, which does not wait for it', async () => {
    const e = await h.ask();
    await e.activate(grace);
    await askExtension(e, 10 * MIN);
    await e.skip(10 * MIN + 500);
    expect((await e.in('collecting')).extension?.state).toBe('lapsed');
    expect(await e.finish()).toBe('expired');
  });

  test('asked for twice, the second is refused; asked for by a stranger or when it is over, too', async () => {
    const e = await h.ask();
    await e.activate(grace);
    await e.extend(linus, 10 * MIN);
    await until(async () => h.refused('not-yours', e.requestId), 'the refusal of the stranger');
    const round = await askExtension(e, 10 * MIN);
    await e.extend(ada, 15 * MIN);
    await until(async () => h.refused('state-conflict', e.requestId), 'the refusal of the second');
    expect((await e.view())?.extension).toMatchObject({ roundDigest: round, windowMs: 10 * MIN });
    await e.end(ada);
    await e.in('collecting');
    const before = (await e.view())?.refusals ?? 0;
    await e.extend(ada, 10 * MIN);
    await e.sees((view) => view.refusals > before, 'the refusal after the end');
    expect(await e.finish()).toBe('ended');
  });

  test('with the store down it is not granted, and the deadline stays where it was', async () => {
    const e = await h.ask({ windowMs: MIN });
    await e.activate(grace);
    await until(
      async () => (await h.store.fence.grant(e.requestId))?.notAfter === (await e.view())?.deadlineAt,
      'the stored end',
    );
    const round = await askExtension(e, 10 * MIN);
    e.trouble.storeDown = true;
    await e.approve(linus, 10 * MIN, round);
    await e.skip(MIN + 500);
    await e.in('collecting');
    expect(e.isAdmin).toBe(false);
    e.trouble.storeDown = false;
    expect(await e.finish()).toBe('expired');
  });
});
