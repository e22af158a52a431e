/**
 * Whoever may write to Temporal may also answer our activities in a worker's place, by their id. A workflow believes what it is told
 * so; nothing that gives access, or lets it last longer, does: it opens the seals and asks the policy itself.
 */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { instant } from '../../contract/ids.js';
import type { Verdict } from '../../contract/verdict.js';
import { extensionDigest } from '../../seal/canonical.js';
import { ada, grace } from '../fixtures/people.js';
import { type Fields, signed, stranger, words } from './forger.js';
import { type Asked, type Harness, startHarness, until } from './harness.js';

const MIN = 60_000;
let h: Harness;
beforeAll(async () => {
  h = await startHarness(inject('temporalAddress'));
});
afterAll(() => h?.close());

/** Answers the activity of this name that an elevation waits for, as if it had been carried out. */
async function answer(e: Asked, name: string, result: unknown): Promise<void> {
  const activityId = await until(async () => {
    const { raw } = await e.handle.describe();
    return (raw.pendingActivities ?? []).find(({ activityType }) => activityType?.name === name)?.activityId;
  }, `${name} under way`);
  const data = Buffer.from(JSON.stringify(result));
  await h.client.workflowService.respondActivityTaskCompletedById({
    namespace: h.client.options.namespace,
    workflowId: e.workflowId,
    activityId,
    result: { payloads: [{ metadata: { encoding: Buffer.from('json/plain') }, data }] },
    identity: 'forger',
  });
}

/** Sends a message under a key that nobody trusts, and says of it in the worker's place that its seal is good. */
async function passOff(e: Asked, message: Fields, newRound?: string): Promise<void> {
  const trouble = h.trouble(e.requestId);
  trouble.sealsHang = true;
  await e.handle.signal(String(message.kind), message);
  await answer(e, 'openMessages', [{ ok: true, envelope: message, ...(newRound && { newRound }) }]);
  trouble.sealsHang = false;
}

/** As if this judgement had come out so. */
async function passJudgement(e: Asked, change: Partial<Verdict>): Promise<void> {
  const verdict = (await e.view())?.verdict;
  await answer(e, 'judge', { ...verdict, ...change });
  h.trouble(e.requestId).judgeHangs = false;
}

const forged = (e: Asked, kind: 'approve' | 'askExtension', change?: Fields) =>
  signed(words(e, kind, 'slack-app', change), stranger);
const satisfied = { outcome: 'satisfied', windowMs: 10 * MIN } as const;

/** An elevation that is held, whose end the store knows. */
async function held() {
  const e = await h.ask();
  await e.in('requested');
  await e.activate(grace);
  await e.rests();
  const fence = await h.store.fence.grant(e.requestId);
  const { deadlineAt } = await e.in('active');
  expect(fence?.notAfter).toBe(deadlineAt);
  return { e, fence, deadlineAt };
}

/** Asks for more time: a forger who says of the question, too, that its seal is good. */
async function askedForMore(e: Asked): Promise<string> {
  const ask = forged(e, 'askExtension');
  const round = extensionDigest(e.requestId, String(ask.nonce), 10 * MIN);
  await passOff(e, ask, round);
  await e.sees(({ extension }) => extension?.roundDigest === round, 'the forged question');
  return round;
}

test('I1: an approval whose seal somebody else called good takes no target', async () => {
  const e = await h.ask();
  await e.in('requested');
  await passOff(e, forged(e, 'approve'));
  await e.result();
  const [refused] = (await h.store.ledger.timeline(e.requestId)).filter(({ type }) => type === 'arm-refused');
  expect(refused?.data).toMatchObject({ code: 'seal-lost' });
  expect([e.calls('grant'), e.isAdmin]).toEqual([0, false]);
});

test('I1: a judgement in the policy’s place takes no target', async () => {
  const e = await h.ask();
  await e.in('requested');
  h.trouble(e.requestId).judgeHangs = true;
  await e.handle.signal('approve', genuineOf(e, 'nobody'));
  await passJudgement(e, satisfied);
  await e.result();
  const [refused] = (await h.store.ledger.timeline(e.requestId)).filter(({ type }) => type === 'arm-refused');
  expect(refused?.data).toMatchObject({ code: 'verdict-lost' });
  expect([e.calls('grant'), e.isAdmin]).toEqual([0, false]);
});

test('I1: a target that was not taken is not granted, whoever said that it was', async () => {
  const e = await h.ask();
  await e.in('requested');
  h.trouble(e.requestId).judgeHangs = true;
  await e.approve(grace);
  await passOffJudging(e);
  await answer(e, 'arm', { ok: true });
  expect(await e.result()).toBe('failed');
  expect([e.calls('grant'), e.isAdmin]).toEqual([0, false]);
  // Only now: the arm that was answered for goes on, and Grace did approve. Before the grant had asked, it would have taken the target.
  h.trouble(e.requestId).judgeHangs = false;
  await until(async () => h.trouble(e.requestId).judging === 0, 'the true arm to go on');
  expect([e.calls('grant'), e.isAdmin]).toEqual([0, false]);
});

test('I7: an extension that only a forger asked for and approved moves no end', async () => {
  const { e, fence, deadlineAt } = await held();
  const round = await askedForMore(e);
  await passOff(e, forged(e, 'approve', { roundDigest: round }));
  const { extension, ...view } = await e.sees((seen) => seen.extension?.state !== 'waiting', 'the extension closed');
  expect(extension?.state).not.toBe('granted');
  expect(view.deadlineAt).toBe(deadlineAt);
  expect(await h.store.fence.grant(e.requestId)).toEqual(fence);
  await e.revoke(grace);
  await e.finish();
});

test('I7: of an extension that the policy was said to allow, and that was said to be stored, the fence knows nothing', async () => {
  const { e, fence, deadlineAt } = await held();
  const round = await askedForMore(e);
  const trouble = h.trouble(e.requestId);
  trouble.judgeHangs = true;
  await passOff(e, forged(e, 'approve', { roundDigest: round }));
  trouble.storeDown = true;
  await passJudgement(e, satisfied);
  await answer(e, 'moveEnd', true);
  await e.sees(({ extension }) => extension?.state === 'granted', 'what the story believes');
  trouble.storeDown = false;
  await e.rests();
  // Whoever wrote that may end the run as well: the sweep goes by the fence, and takes it away at its true end.
  expect(await h.store.fence.grant(e.requestId)).toEqual(fence);
  const overdue = await h.store.fence.overdue(instant(Date.parse(deadlineAt ?? '') + 1));
  expect(overdue.map(({ requestId }) => requestId)).toContain(e.requestId);
  await e.revoke(grace);
  await e.finish();
});

test('I7: an extension that was approved goes no further than the maximum, whatever the policy is said to allow', async () => {
  const { e } = await held();
  // Ten minutes each; the third would go past the half hour.
  for (const state of ['granted', 'granted', 'lapsed'] as const) {
    h.trouble(e.requestId).judgeHangs = true;
    await e.extend(ada, 10 * MIN);
    const { extension } = await e.sees((seen) => seen.extension?.state === 'waiting', 'the extension');
    await e.approve(grace, 10 * MIN, extension?.roundDigest);
    await passJudgement(e, { ...satisfied, approvedBy: [grace.personId], maxWindowMs: 24 * 60 * MIN });
    const decided = await e.sees((seen) => seen.extension?.state !== 'waiting', 'the extension decided');
    expect(decided.extension?.state).toBe(state);
    const row = await h.store.fence.grant(e.requestId);
    for (const end of [row?.notAfter, decided.deadlineAt])
      expect(Date.parse(end ?? '') - Date.parse(decided.confirmedAt ?? '')).toBeLessThanOrEqual(30 * MIN);
  }
  await e.revoke(grace);
  await e.finish();
});

function genuineOf(e: Asked, personId: string) {
  return h.seals['slack-app'](
    'approve',
    e.requestId,
    e.digest,
    { windowMs: 10 * MIN },
    { personId: personId as typeof ada.personId },
    'slack',
  );
}

async function passOffJudging(e: Asked): Promise<void> {
  const verdict = (await e.view())?.verdict;
  await answer(e, 'judge', { ...verdict, ...satisfied, approvedBy: [grace.personId] });
}
