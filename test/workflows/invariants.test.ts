/** One test for each invariant I1 to I13 that only the running story can break; each named after it. */
import { DefaultPayloadConverter } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import {
  type Instant,
  instant,
  type LocalUser,
  msOf,
  type RequestId,
  type Serial,
  type SlackUserId,
  workflowIdOf,
} from '../../contract/ids.js';
import { ELEVATION, QUEUES } from '../../contract/queues.js';
import { requestDigest, sha256 } from '../../seal/canonical.js';
import { createSealer } from '../../seal/envelope.js';
import { generateSealKey, privateKeyFrom } from '../../seal/keys.js';
import { ada, everyone, grace, linus, mallory, requestOf, TEAM } from '../fixtures/people.js';
import { type Harness, startHarness, until } from './harness.js';

const MIN = 60_000;
let h: Harness;
beforeAll(async () => {
  // Grace has a second Slack account; two approvals of hers are one.
  const people = everyone.map((p) =>
    p.personId === grace.personId ? { ...p, slack: [...p.slack, { teamId: TEAM, userId: 'U0GRACE2' as SlackUserId }] } : p,
  );
  h = await startHarness(inject('temporalAddress'), { people });
});
afterAll(() => h?.close());

const refused = (code: string, requestId: RequestId) => h.refused(code, requestId);

describe.concurrent('invariants', () => {
  test('I1: no grant call without a satisfied verdict for that digest', async () => {
    const e = await h.ask();
    await e.in('requested');
    await e.approve(grace, 10 * MIN, sha256('another round'));
    await until(async () => refused('state-conflict', e.requestId), 'the refusal');
    expect((await e.view())?.state).toBe('requested');
    expect(e.calls('grant')).toBe(0);
    await e.withdraw(ada);
    await e.result();
  });

  test('I2: the requester never counts towards the own quorum', async () => {
    const e = await h.ask();
    await e.in('requested');
    await e.approve(ada);
    await until(async () => refused('own-request', e.requestId), 'the refusal');
    expect(e.calls('grant')).toBe(0);
    await e.withdraw(ada);
    await e.result();
  });

  test('I2: a person whom the policy does not name never counts', async () => {
    const e = await h.ask();
    await e.in('requested');
    await e.approve(mallory);
    await until(async () => ((await e.view())?.votes.length ?? 0) === 1, 'the judged vote');
    expect((await e.view())?.state).toBe('requested');
    expect(e.calls('grant')).toBe(0);
    await e.withdraw(ada);
    await e.result();
  });

  test('I3: one person with two accounts, or two clicks, counts once', async () => {
    const two = await startHarness(inject('temporalAddress'), {
      policy: (await import('../fixtures/people.js')).POLICY.replace('quorum: 1', 'quorum: 2'),
    });
    try {
      const e = await two.ask();
      await e.in('requested');
      await e.approve(grace);
      await e.approve(grace);
      await until(async () => ((await e.view())?.votes.length ?? 0) >= 2, 'both votes judged');
      expect((await e.view())?.state).toBe('requested');
      await e.approve(linus);
      await e.in('granting');
      await e.revoke(grace);
      expect(await e.result()).toBe('revoked');
    } finally {
      await two.close();
    }
  });

  test('I4: an approval of an edited request does not count', async () => {
    const e = await h.ask();
    await e.in('requested');
    await e.approve(grace, 10 * MIN, requestDigest({ ...e.request, windowMs: 30 * MIN }));
    await until(async () => refused('state-conflict', e.requestId), 'the refusal');
    expect((await e.view())?.votes).toEqual([]);
    await e.withdraw(ada);
    await e.result();
  });

  test('I5: access exists only between confirmation and deadline', async () => {
    const e = await h.ask({ windowMs: 5 * MIN });
    await e.approve(grace);
    await e.in('granting');
    expect(e.isAdmin).toBe(false);
    await e.claim();
    expect((await e.confirm()).ok).toBe(true);
    await e.skip(5 * MIN + 100);
    await e.in('collecting');
    expect(e.isAdmin).toBe(false);
    const again = await e.confirm();
    expect(again.ok).toBe(false);
    expect(e.isAdmin).toBe(false);
    await e.evidenceComplete();
    await e.result();
  });

  test('I6: never shown as ended before it is observed gone', async () => {
    const e = await h.ask();
    await e.activate(grace);
    e.trouble.macSilent = true;
    await e.revoke(linus);
    await e.in('ending');
    await until(async () => e.calls('revoke') >= 2, 'the revoke repeated');
    expect((await e.view())?.state).toBe('ending');
    expect(h.sent.dms.some((m) => m.kind === 'ended' && m.view.request.requestId === e.requestId)).toBe(false);
    e.trouble.macSilent = false;
    await e.in('collecting');
    await e.evidenceComplete();
    await e.result();
  });

  test('I7: a window longer than the policy allows is never granted', async () => {
    const e = await h.ask();
    await e.in('requested');
    await e.approve(grace, 23 * 60 * MIN);
    await until(async () => ((await e.view())?.votes.length ?? 0) === 1 || refused('state-conflict', e.requestId), 'the vote');
    const view = await e.view();
    expect(view?.approvedWindowMs ?? 0).toBeLessThanOrEqual(30 * MIN);
    if (view?.state === 'requested') await e.withdraw(ada);
    else await e.revoke(linus);
    await e.result();
  });

  test('I7: of several approved windows the shortest counts, and a shorter one than asked is granted', async () => {
    const e = await h.ask({ windowMs: 30 * MIN });
    await e.activate(grace, 5 * MIN);
    const view = await e.in('active');
    expect(msOf(view.deadlineAt ?? instant(0)) - msOf(view.confirmedAt ?? instant(0))).toBe(5 * MIN);
    await e.revoke(grace);
    await e.in('collecting');
    await e.evidenceComplete();
    await e.result();
  });

  test('I8: closed absorbs everything, and the same request can not be started again', async () => {
    const e = await h.ask();
    await e.deny(grace);
    await e.result();
    expect(await e.approve(linus)).toBe('over');
    expect(await e.revoke(linus)).toBe('over');
    expect(await h.gates['slack-app'].start(e.request, { personId: ada.personId })).toBe('already');
    expect((await h.store.ledger.find(e.requestId))?.view.outcome).toBe('denied');
  });

  test('I9: the ledger has the request, the vote, the approval and armed before the grant call', async () => {
    const e = await h.ask();
    await e.approve(grace);
    await until(async () => e.calls('grant'), 'the grant call');
    const called = h.mac.calls.find((c) => c.requestId === e.requestId && c.what === 'grant')?.at ?? 0;
    const before = (await h.store.ledger.timeline(e.requestId))
      .filter((event) => msOf(event.at) <= called)
      .map((event) => event.type);
    expect(before.slice(0, 4)).toEqual(['requested', 'voted', 'approved', 'armed']);
    await e.revoke(linus);
    await e.result();
  });

  test('I10: Slack down changes no outcome; the card converges afterwards', async () => {
    const request = h.request();
    h.trouble(request.requestId).slackDown = true;
    const e = await h.ask(request);
    await e.activate(grace);
    await e.revoke(linus);
    await e.in('collecting');
    expect(e.isAdmin).toBe(false);
    await e.evidenceComplete();
    await e.in('closed');
    // The cards of all the others here come through meanwhile.
    await until(
      async () => h.pulse.backlogs(2_000).find(({ queue, names }) => queue === QUEUES.slack && names.includes('paint')),
      'its card to be known as one that waits',
    );
    e.trouble.slackDown = false;
    expect(await e.result()).toBe('revoked');
    expect(h.sent.painted.filter((v) => v.request.requestId === e.requestId).at(-1)).toMatchObject({ state: 'closed' });
  });

  test('I11: a repeated envelope, start, claim or confirm has no second effect', async () => {
    const e = await h.ask();
    const envelope = h.seals['slack-app'](
      'approve',
      e.requestId,
      e.digest,
      { windowMs: 10 * MIN },
      { personId: grace.personId },
      'slack',
    );
    await Promise.all([e.handle.signal('approve', envelope), e.handle.signal('approve', envelope)]);
    await h.gates['slack-app'].start(e.request, { personId: ada.personId });
    await e.in('granting');
    await e.claim();
    await e.claim();
    const first = await e.confirm();
    const second = await e.confirm();
    expect(second).toEqual(first);
    expect(e.calls('grant')).toBe(1);
    expect((await e.view())?.votes).toHaveLength(1);
    await e.revoke(linus);
    await e.in('collecting');
    await e.evidenceComplete();
    await e.result();
  });

  test('I12: access that stood before the grant is no obstacle to closing and is never removed by us', async () => {
    const e = await h.ask();
    e.trouble.macStanding = true;
    await e.activate(grace);
    await e.revoke(linus);
    expect(await e.finish()).toBe('revoked');
    const gone = (await h.store.ledger.timeline(e.requestId)).find((event) => event.type === 'gone');
    expect(gone?.data).toMatchObject({ how: 'was admin before' });
  });

  test('I13: a hand-made start is recorded as refused, grants nothing and blocks nothing', async () => {
    const request = requestOf();
    const stranger = generateSealKey('slack-app');
    const forged = createSealer({
      sender: 'slack-app',
      ...privateKeyFrom('slack-app', stranger.privatePem),
      clock: Date.now,
      random: (n) => new Uint8Array(n),
    });
    const sealed = forged('start', request.requestId, requestDigest(request), { request }, {}, 'slack');
    for (const args of [[], [{ hello: 1 }], [sealed], [null, { view: { state: 'active' } }]]) {
      const handle = await h.client.workflow.start(ELEVATION, {
        workflowId: workflowIdOf(request.requestId),
        taskQueue: QUEUES.story,
        args,
      });
      expect(await handle.result()).toBe('refused');
    }
    expect((await h.store.ledger.timeline(request.requestId)).map((event) => event.type)).toEqual([
      'refused',
      'refused',
      'refused',
      'refused',
    ]);
    expect(h.mac.count('grant', request.requestId)).toBe(0);
    // The genuine start is not blocked by them.
    expect(await h.gates['slack-app'].start(request, { personId: ada.personId })).toBe('started');
    await until(async () => (await h.store.ledger.find(request.requestId))?.view.state === 'requested', 'the genuine request');
    await h.gates['slack-app'].send('withdraw', request.requestId, requestDigest(request), {}, { personId: ada.personId });
  });

  test('I13: forged, foreign and undecodable signals and updates change nothing and block nothing', async () => {
    const e = await h.ask();
    await e.in('requested');
    const device = h.seals['device-api']('end', e.requestId, e.digest, {}, { serial: e.request.target.serial }, 'device');
    await e.handle.signal('approve', { windowMs: 10 * MIN });
    await e.handle.signal('approve', 'approved by the boss');
    await e.handle.signal('approve', { ...device, kind: 'approve' });
    await e.handle.signal('approve', device);
    await e.handle.signal('no-such-signal', 1, 2);
    const good = new DefaultPayloadConverter().toPayload('x');
    for (const encoding of ['binary/unknown', 'json/plain', 'json/protobuf', 'binary/encrypted', undefined]) {
      const payload = {
        ...good,
        metadata: encoding ? { encoding: new TextEncoder().encode(encoding) } : null,
        data: new TextEncoder().encode('{bad'),
      };
      await h.client.workflowService.signalWorkflowExecution({
        namespace: h.client.options.namespace,
        workflowExecution: { workflowId: workflowIdOf(e.requestId) },
        signalName: 'approve',
        input: { payloads: [payload] },
      });
    }
    await expect(e.handle.executeUpdate('confirm', { args: ['nonsense'] })).rejects.toThrow();
    await until(async () => ((await e.view())?.refusals ?? 0) >= 10, 'ten refusals');
    expect((await e.view())?.state).toBe('requested');
    await e.deny(linus);
    expect(await e.result()).toBe('denied');
    expect(e.calls('grant')).toBe(0);
  });

  test('two approvals and a deny within a moment: one grant at most, and the deny is not lost', async () => {
    const e = await h.ask();
    await Promise.all([e.approve(grace), e.approve(linus), e.deny(linus)]);
    const view = await e.in('closed', 'granting', 'approved').catch(() => undefined);
    if (view?.state !== 'closed') await e.revoke(grace);
    await e.result();
    expect(e.calls('grant')).toBeLessThanOrEqual(1);
    expect(e.isAdmin).toBe(false);
  });

  test('revoke while granting: a Mac that claimed is refused at its confirmation', async () => {
    const e = await h.ask();
    await e.approve(grace);
    await e.in('granting');
    expect((await e.claim()).ok).toBe(true);
    await e.revoke(linus);
    await e.in('ending', 'collecting', 'closed');
    const answer = await e.confirm().catch((error: Error) => ({ ok: false as const, error }));
    expect(answer.ok).toBe(false);
    expect(e.isAdmin).toBe(false);
    await e.evidenceComplete();
    expect(await e.result()).toBe('revoked');
  });

  test('a confirmation after the start deadline is refused, and the Mac undoes', async () => {
    const e = await h.ask();
    await e.approve(grace);
    await h.granted(e);
    await e.claim();
    await e.skip(4 * 60 * MIN + 1000);
    const answer = await e.confirm().catch((error: Error) => ({ ok: false as const, error }));
    expect(answer.ok).toBe(false);
    expect(e.isAdmin).toBe(false);
    await e.evidenceComplete().catch(() => undefined);
    expect(await e.result()).toBe('not-started');
  });

  test('a claim for another user or from another Mac is refused', async () => {
    const e = await h.ask();
    await e.approve(grace);
    await e.in('granting');
    expect(await e.claim({ localUser: 'mallory' as LocalUser })).toMatchObject({ ok: false, code: 'not-eligible' });
    expect(await e.claim({ serial: 'C02OTHER01' as Serial })).toMatchObject({ ok: false, code: 'not-eligible' });
    await e.revoke(linus);
    await e.result();
  });

  test('an approval from an old card, after a new window was decided, gets an answer', async () => {
    const e = await h.ask();
    await e.approve(grace);
    await e.in('granting');
    await e.approve(linus);
    await until(async () => refused('state-conflict', e.requestId), 'the answer');
    await e.revoke(linus);
    await e.result();
  });

  test('I16: a reset run that replays the old approval never grants again, and what it left is taken away', async () => {
    const e = await h.ask();
    await e.activate(grace);
    const grants = e.calls('grant');
    await e.reset();
    expect(await e.result()).toBe('failed');
    expect(e.calls('grant')).toBe(grants);
    expect(e.isAdmin).toBe(false);
  });
});

test('an instant is what Date writes', () => {
  expect(instant(0) satisfies Instant).toBe('1970-01-01T00:00:00.000Z');
});
