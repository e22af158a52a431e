/**
 * Whoever may write to Temporal may also start an activity by itself, without any workflow and without a worker. None of
 * ours serves them: else they could write that an access is gone which is not, or have anybody's access taken away.
 */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { instant } from '../../contract/ids.js';
import { QUEUES } from '../../contract/queues.js';
import { grace } from '../fixtures/people.js';
import { type Asked, type Harness, startHarness } from './harness.js';

let h: Harness;
let e: Asked;
beforeAll(async () => {
  h = await startHarness(inject('temporalAddress'));
  e = await h.ask();
  await e.in('requested');
  await e.approve(grace);
  await e.in('granting');
  await e.claim();
  await e.confirm();
  await e.in('active');
  await e.rests(); // its own entries are written: none of them is taken for a stranger's
});
afterAll(() => h?.close());

const now = () => instant(Date.now());
const goneEvent = () => ({
  id: `${e.requestId}/forged/1-gone`,
  type: 'gone',
  requestId: e.requestId,
  requestDigest: e.digest,
  runId: 'forged',
  at: now(),
  actor: { via: 'system' },
  data: { observedAt: now(), how: 'trust me' },
});

/** By the name of the activity: its queue, and what an attacker would bring. */
const CALLS = {
  append: [QUEUES.store, () => [[goneEvent()], { request: e.request, endedAt: now(), gone: { at: now(), proved: true } }]],
  moveEnd: [QUEUES.store, () => [e.requestId, 'forged', instant(Date.now() + 86_400_000)]],
  revokeOnce: [QUEUES.revoke, () => [e.request]],
  revokeAt: [QUEUES.revoke, () => [e.request, now()]],
  clearSignals: [QUEUES.revoke, () => [e.request]],
  grant: [QUEUES.grant, () => [{ request: e.request, maxMs: 86_400_000, startBy: instant(Date.now() + 60_000) }]],
  answer: [QUEUES.slack, () => [e.requestId, { slackUserId: 'U0ADA' }, 'not-yours']],
} as const;

test.each(Object.keys(CALLS) as (keyof typeof CALLS)[])('I13: %s started by itself is refused and does nothing', async (name) => {
  const [taskQueue, argsOf] = CALLS[name];
  const before = { calls: h.mac.calls.length, entries: (await h.store.ledger.timeline(e.requestId)).length };
  const fence = await h.store.fence.grant(e.requestId);
  const run = h.client.activity.execute(name, {
    id: `stranger-${name}`,
    taskQueue,
    args: argsOf(),
    startToCloseTimeout: '20s',
  });
  await expect(run).rejects.toMatchObject({ cause: { type: 'strange-call', nonRetryable: true } });
  expect({ calls: h.mac.calls.length, entries: (await h.store.ledger.timeline(e.requestId)).length }).toEqual(before);
  expect(await h.store.fence.grant(e.requestId)).toEqual(fence);
  expect(h.sent.answers).toEqual([]);
  expect(e.isAdmin).toBe(true);
});

test('and the elevation goes on to its end', async () => {
  await e.revoke(grace);
  await e.finish();
  expect(e.isAdmin).toBe(false);
});
