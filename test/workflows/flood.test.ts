/** As many signals as a run takes, nearly all of them junk: what was meant is done at once, and all the others are counted. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { grace, linus } from '../fixtures/people.js';
import { type Asked, type Harness, startHarness, until } from './harness.js';

const JUNK = 4_000;
const AT_ONCE = 50;
let h: Harness;
beforeAll(async () => {
  h = await startHarness(inject('temporalAddress'));
});
afterAll(() => h?.close());

/** Junk of every name that there is, and of none. */
async function flood(e: Asked, count: number): Promise<void> {
  const names = ['approve', 'revoke', 'end', 'nonsense', 'x'.repeat(500)];
  for (let sent = 0; sent < count; sent += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => e.handle.signal(names[i % names.length] ?? '', { n: sent + i })));
}

test('a revoke in the middle of a flood is obeyed; the page turns, and each message is counted once', async () => {
  const e = await h.ask();
  await e.activate(grace);
  const first = await e.runId();
  await flood(e, JUNK / 2);
  await e.revoke(linus);
  const more = flood(e, JUNK / 2);
  // Bounded by the patience of `until` alone: server, flood and workers share the cores of one machine here.
  await until(async () => e.calls('revoke'), 'the revoke call');
  await more;
  await until(async () => (await e.runId()) !== first, 'the next page');
  await e.sees((view) => view.refusals >= JUNK, 'the end of the flood');
  expect(await e.finish()).toBe('revoked');
  const kept = (await h.store.ledger.find(e.requestId))?.view;
  expect(kept).toMatchObject({ outcome: 'revoked', refusals: JUNK });
  expect(e.calls('grant')).toBe(1);
  const timeline = await h.store.ledger.timeline(e.requestId);
  // Fifty of each page by name, and how many there were.
  expect(timeline.filter((event) => event.type === 'refused').length).toBeLessThan(250);
}, 120_000);
