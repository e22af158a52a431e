/** Cancel in the Temporal Web UI is a revoke, recorded as such, and works in every wait. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { grace } from '../fixtures/people.js';
import { type Asked, type Harness, startHarness, until } from './harness.js';

let h: Harness;
beforeAll(async () => {
  h = await startHarness(inject('temporalAddress'));
});
afterAll(() => h?.close());

/** How to bring an elevation into each wait, and what must be true after Cancel. */
const WAITS: { readonly name: string; readonly go: (e: Asked) => Promise<unknown>; readonly outcome: string }[] = [
  { name: 'waiting for a decision', go: (e) => e.in('requested'), outcome: 'revoked' },
  {
    name: 'waiting for the Mac',
    go: async (e) => {
      await e.approve(grace);
      await e.in('granting');
    },
    outcome: 'revoked',
  },
  { name: 'active', go: (e) => e.activate(grace), outcome: 'revoked' },
  {
    name: 'collecting, where it changes nothing',
    go: async (e) => {
      await e.activate(grace);
      await e.end({ ...grace, personId: e.request.subject.personId });
      await e.in('collecting');
    },
    outcome: 'ended',
  },
];

test.each(WAITS)('cancel while $name', async ({ go, outcome }) => {
  const e = await h.ask();
  await go(e);
  await e.handle.cancel();
  await until(async () => {
    const view = await e.view().catch(() => undefined);
    return view === undefined || view === null || ['ending', 'collecting', 'closed'].includes(view.state);
  }, 'the end');
  await e.evidenceComplete().catch(() => undefined);
  expect(await e.result()).toBe(outcome);
  expect(h.mac.admin.has(e.requestId)).toBe(false);
  const timeline = await h.store.ledger.timeline(e.requestId);
  if (outcome === 'revoked')
    expect(timeline.find((event) => event.type === 'revoked')).toMatchObject({
      data: { cause: 'cancel' },
      actor: { via: 'temporal' },
    });
});

test('cancel while ending changes nothing, and the proof is still waited for', async () => {
  const e = await h.ask();
  await e.activate(grace);
  h.mac.silent = true;
  await e.revoke(grace);
  await e.in('ending');
  await e.handle.cancel();
  h.mac.silent = false;
  await e.in('collecting');
  await e.evidenceComplete();
  expect(await e.result()).toBe('revoked');
});
