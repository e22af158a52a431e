/** A part is down, slow, lost or hostile: no access outside the window, and nothing that ends it waits. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { StintError } from '../../contract/errors.js';
import { instant, msOf } from '../../contract/ids.js';
import { sweepOnce, UNBEGUN_BY_ITSELF_MS } from '../../workers/sweep.js';
import { ada, grace, linus, POLICY } from '../fixtures/people.js';
import { signalBytes } from './forger.js';
import { type Asked, type Harness, startHarness, until } from './harness.js';

const MIN = 60_000;
let h: Harness;
beforeAll(async () => {
  h = await startHarness(inject('temporalAddress'), { policy: POLICY.replace('start: 4h', 'start: 2m') });
});
afterAll(() => h?.close());

/** How long the first revoke call came after `from`, in milliseconds. */
async function revokedAfter(e: Asked, from: number): Promise<number> {
  await until(async () => e.calls('revoke'), 'the revoke call');
  const first = h.mac.calls.find((call) => call.requestId === e.requestId && call.what === 'revoke');
  return (first?.at ?? Number.POSITIVE_INFINITY) - from;
}

describe.concurrent('a part is down', () => {
  test('I9: no revoke waits for the store; what happened is written when it is back, with its true time', async () => {
    const e = await h.ask();
    await e.activate(grace);
    e.trouble.storeDown = true;
    const from = Date.now();
    await e.revoke(linus);
    expect(await revokedAfter(e, from)).toBeLessThan(3000);
    await e.in('collecting');
    expect(e.isAdmin).toBe(false);
    const { endingAt } = (await e.view()) ?? {};
    await e.evidenceComplete();
    e.trouble.storeDown = false;
    expect(await e.result()).toBe('revoked');
    const revoked = (await h.store.ledger.timeline(e.requestId)).find((event) => event.type === 'revoked');
    expect(revoked?.at).toBe(endingAt);
  });

  test('with the store down nothing is granted, and the start deadline ends it', async () => {
    const e = await h.ask();
    await e.in('requested');
    e.trouble.ledgerDown = true;
    await e.approve(grace);
    await e.in('approved');
    await e.skip(2 * MIN + 1000);
    await e.in('closed');
    expect(e.calls('grant')).toBe(0);
    e.trouble.ledgerDown = false;
    expect(await e.result()).toBe('not-started');
  });

  test('a revoke that came before the target was taken is opened before anything is granted, however late that is', async () => {
    const e = await h.ask();
    await e.in('requested');
    e.trouble.ledgerDown = true;
    await e.approve(grace);
    await e.in('approved');
    e.trouble.sealsHang = true;
    await e.revoke(linus);
    await e.checks();
    e.trouble.ledgerDown = false;
    await e.in('granting');
    await new Promise((r) => setTimeout(r, 1_000));
    expect(e.calls('grant')).toBe(0);
    e.trouble.sealsHang = false;
    await e.logIfAsked();
    expect(await e.result()).toBe('revoked');
    expect([e.calls('grant'), e.isAdmin]).toEqual([0, false]);
  });

  test('what only looks like a revoke holds nothing up for longer than its seal takes to be checked', async () => {
    const e = await h.ask();
    await e.in('requested');
    e.trouble.ledgerDown = true;
    await e.approve(grace);
    await e.in('approved');
    await e.handle.signal('revoke', { nonce: 'x', sig: 'x' });
    e.trouble.ledgerDown = false;
    await e.in('granting');
    await h.granted(e);
    await e.revoke(linus);
    expect(await e.result()).toBe('revoked');
  });

  test('a judgement that hangs gates no denial and no withdrawal', async () => {
    const both = [await h.ask(), await h.ask()] as const;
    for (const e of both) {
      await e.in('requested');
      e.trouble.judgeHangs = true;
      await e.approve(grace);
      await until(async () => e.trouble.judging > 0, 'the judgement');
    }
    await both[0].deny(linus);
    await both[1].withdraw(ada);
    expect(await both[0].result()).toBe('denied');
    expect(await both[1].result()).toBe('withdrawn');
    for (const e of both)
      expect(h.refused('state-conflict', e.requestId), 'the approval that was not judged is answered').toBe(true);
    for (const e of both) e.trouble.judgeHangs = false;
    expect(both.map((e) => e.calls('grant'))).toEqual([0, 0]);
  });

  test('I5: a confirmation that waited until its Mac gave it up starts no clock; the one after it does', async () => {
    const e = await h.ask();
    await e.approve(grace);
    await e.in('granting');
    expect((await e.claim()).ok).toBe(true);
    e.trouble.sealsHang = true;
    const first = e.confirm();
    // A Mac waits for 15 s, and this is what is waited here as well: nothing else makes it old.
    await new Promise((r) => setTimeout(r, 21_000));
    e.trouble.sealsHang = false;
    expect(await first).toMatchObject({ ok: false, code: 'too-late' });
    expect((await e.view())?.state).toBe('granting');
    const anew = Date.now();
    const second = await e.confirm();
    expect(second.ok && msOf(second.confirmedAt)).toBeGreaterThanOrEqual(anew);
    await e.revoke(linus);
    expect(await e.finish()).toBe('revoked');
  });

  test('a worker that stood still does not send a grant that was given up, though the store does not know of the end', async () => {
    const e = await h.ask();
    await e.in('requested');
    e.trouble.grantStandsStill = true;
    await e.approve(grace);
    await e.in('granting');
    e.trouble.ledgerDown = true;
    await e.revoke(linus);
    await e.in('closed', 'collecting');
    expect((await h.store.fence.grant(e.requestId))?.endedAt).toBeUndefined();
    e.trouble.grantStandsStill = false;
    await until(async () => e.trouble.grantsWoken > 0, 'the worker to wake up');
    expect(e.calls('grant')).toBe(0);
    e.trouble.ledgerDown = false;
    expect(await e.result()).toBe('revoked');
  });

  test('a grant call whose answer does not come holds up no claim, no window and no deadline', async () => {
    const e = await h.ask({ windowMs: 5 * MIN });
    e.trouble.grantHangs = true;
    await e.approve(grace);
    await until(async () => e.calls('grant'), 'the grant call');
    expect((await e.claim()).ok).toBe(true);
    expect((await e.confirm()).ok).toBe(true);
    await e.in('active');
    await e.skip(5 * MIN + 500);
    await e.in('collecting');
    expect(e.isAdmin).toBe(false);
    e.trouble.grantHangs = false;
    expect(await e.finish()).toBe('expired');
  });

  test('what is seen before the last grant call could still land proves nothing', async () => {
    const e = await h.ask();
    await e.approve(grace);
    await until(async () => e.calls('grant'), 'the grant call');
    await e.claim();
    e.trouble.macAheadMs = -60_000;
    await e.revoke(linus);
    await until(async () => e.calls('revoke') >= 3, 'the revoke repeated');
    expect((await e.view())?.state).toBe('ending');
    e.trouble.macAheadMs = 11_000;
    expect(await e.finish()).toBe('revoked');
  });

  test('the loss of contact is refused where no access is held, and changes nothing', async () => {
    const e = await h.ask();
    const lost = async () => {
      const before = (await e.view())?.refusals ?? 0;
      await e.contactLost(instant(Date.now()));
      return e.sees((view) => view.refusals > before, 'the refusal');
    };
    await e.in('requested');
    expect((await lost()).state).toBe('requested');
    await e.approve(grace);
    await e.in('granting');
    expect((await lost()).state).toBe('granting');
    await e.claim();
    await e.confirm();
    await e.end(ada);
    await e.in('collecting');
    expect(await lost()).toMatchObject({ state: 'collecting', outcome: 'ended' });
    expect(await e.finish()).toBe('ended');
  });
});

describe.concurrent('a flood', () => {
  test('of forged approvals delays no revoke', async () => {
    const e = await h.ask();
    await e.activate(grace);
    const approval = h.seals['device-api']('end', e.requestId, e.digest, {}, {}, 'device');
    const forged = { ...approval, kind: 'approve' };
    await Promise.all(Array.from({ length: 300 }, (_, i) => e.handle.signal('approve', { ...forged, nonce: `${i}` })));
    const from = Date.now();
    await e.revoke(linus);
    expect(await revokedAfter(e, from)).toBeLessThan(3000);
    expect(await e.finish()).toBe('revoked');
  });

  test('I13: a signal that is huge or nested without end is refused, and blocks nothing', async () => {
    const e = await h.ask();
    await e.in('requested');
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    for (const data of [deep, JSON.stringify('x'.repeat(1_000_000)), JSON.stringify({ kind: 'deny', pad: 'y'.repeat(50_000) })])
      await h.client.workflowService.signalWorkflowExecution({
        namespace: h.client.options.namespace,
        workflowExecution: { workflowId: e.workflowId },
        signalName: 'deny',
        input: {
          payloads: [{ metadata: { encoding: new TextEncoder().encode('json/plain') }, data: new TextEncoder().encode(data) }],
        },
      });
    expect((await e.sees((view) => view.refusals >= 3, 'three refusals')).state).toBe('requested');
    await e.withdraw(ada);
    expect(await e.result()).toBe('withdrawn');
  });
});

describe('megabytes', () => {
  test.each([
    ['bytes as they are', 'binary/plain', Buffer.alloc(1_900_000, 7)],
    ['a list', 'json/plain', Buffer.from(`[${'7,'.repeat(900_000)}7]`)],
    [
      'an object',
      'json/plain',
      Buffer.from(JSON.stringify(Object.fromEntries(Array.from({ length: 120_000 }, (_, i) => [`k${i}`, i])))),
    ],
  ])('in twelve signals at once (%s) delay no revoke', async (_, encoding, data) => {
    const e = await h.ask();
    await e.activate(grace);
    await Promise.all(
      Array.from({ length: 12 }, () => signalBytes(h.client, e, 'deny', { metadata: { encoding: Buffer.from(encoding) }, data })),
    );
    const from = Date.now();
    await e.revoke(linus);
    expect(await revokedAfter(e, from)).toBeLessThan(15_000);
    expect(await e.finish()).toBe('revoked');
  });
});

describe.concurrent('I15 and I16: an operator, or an intruder, with write access to Temporal', () => {
  test('terminates it and starts it again with the same envelope and the same approval: nothing is granted', async () => {
    const e = await h.ask();
    const approval = h.seals['slack-app'](
      'approve',
      e.requestId,
      e.digest,
      { windowMs: 10 * MIN },
      { personId: grace.personId },
      'slack',
    );
    const start = h.sealStart(e.request);
    await e.handle.signal('approve', approval);
    await e.in('granting');
    await e.claim();
    await e.confirm();
    await e.handle.terminate('test');
    expect(e.isAdmin).toBe(true);
    const grants = e.calls('grant');
    await h.startRaw(e.requestId, start);
    await e.handle.signal('approve', approval);
    await e.logIfAsked();
    expect(await e.result()).toBe('failed');
    expect(e.calls('grant')).toBe(grants);
    // What the terminated run had left is taken away.
    expect(e.isAdmin).toBe(false);
  });

  test('resets one that is over: nothing is granted, and it stays over (I8)', async () => {
    const e = await h.ask();
    await e.activate(grace);
    await e.revoke(linus);
    await e.finish();
    const grants = e.calls('grant');
    await e.reset();
    // Its signals come again: the revoke first, and then there is nothing to approve.
    expect(await e.result()).toBe('revoked');
    expect(e.calls('grant')).toBe(grants);
    expect(e.isAdmin).toBe(false);
    expect((await h.store.ledger.find(e.requestId))?.view).toMatchObject({ state: 'closed', outcome: 'revoked' });
  });

  test('resets one that waits for its Mac: the grant is taken back', async () => {
    const e = await h.ask();
    await e.approve(grace);
    await until(async () => e.calls('grant'), 'the grant call');
    await e.in('granting');
    await e.claim();
    await e.reset();
    await e.logIfAsked();
    expect(await e.result()).toBe('failed');
    expect(e.calls('grant')).toBe(1);
    expect((await e.confirm().catch(() => ({ ok: false }))).ok).toBe(false);
    e.trouble.macSilent = true;
    expect(await h.store.fence.live(e.request.target.key)).toBeUndefined();
  });

  test('resets one that was denied: it stays denied', async () => {
    const e = await h.ask();
    await e.deny(linus);
    await e.result();
    await e.reset();
    expect(await e.result()).toBe('denied');
    expect(e.calls('grant')).toBe(0);
  });
});

test('I1: a policy that became stricter between the vote and the grant grants nothing', async () => {
  const own = await startHarness(inject('temporalAddress'));
  try {
    const e = await own.ask();
    await e.in('requested');
    e.trouble.ledgerDown = true;
    await e.approve(grace);
    await e.in('approved');
    own.setPolicy(POLICY.replace('quorum: 1', 'quorum: 2'));
    e.trouble.ledgerDown = false;
    expect(await e.result()).toBe('failed');
    expect(e.calls('grant')).toBe(0);
    expect((await own.store.ledger.find(e.requestId))?.view.failure).toBe('verdict-lost');
  } finally {
    await own.close();
  }
});

test('a grant that the target answers with a passing error is tried again, and counts once', async () => {
  const own = await startHarness(inject('temporalAddress'));
  try {
    const e = await own.ask();
    e.trouble.grantFails = new StintError('mdm-unavailable');
    await e.approve(grace);
    await until(async () => e.calls('grant') >= 2, 'the second attempt');
    expect((await e.view())?.state).toBe('granting');
    e.trouble.grantFails = undefined;
    await own.granted(e);
    expect((await e.claim()).ok).toBe(true);
    await e.revoke(linus);
    await e.finish();
  } finally {
    await own.close();
  }
});

test('I15: a terminated elevation leaves no access: the overdue sweep removes it, and not before it is overdue', async () => {
  const own = await startHarness(inject('temporalAddress'));
  try {
    const e = await own.ask();
    await e.activate(grace);
    const { deadlineAt } = await e.in('active');
    await until(async () => (await own.store.fence.grant(e.requestId))?.notAfter === deadlineAt, 'the stored end');
    await e.handle.terminate('test');
    expect(e.isAdmin).toBe(true);
    const due = msOf(deadlineAt ?? instant(0)) + UNBEGUN_BY_ITSELF_MS;
    const alarms: string[] = [];
    const sweepAt = (now: number) => {
      const shift = now - Date.now();
      e.trouble.macAheadMs = shift;
      return sweepOnce({
        store: own.store,
        driverOf: () => own.mac,
        clock: () => Date.now() + shift,
        sleep: (ms) => new Promise((r) => setTimeout(r, ms)),
        alarm: (_, grant) => alarms.push(grant.requestId),
      });
    };
    await sweepAt(due - 5000);
    expect([e.isAdmin, alarms]).toEqual([true, []]);
    await sweepAt(due + 1000);
    expect([e.isAdmin, alarms]).toEqual([false, [e.requestId]]);
    expect(await own.store.fence.live(e.request.target.key)).toBeUndefined();
    expect((await own.store.ledger.timeline(e.requestId)).at(-1)?.type).toBe('swept');
  } finally {
    await own.close();
  }
});
