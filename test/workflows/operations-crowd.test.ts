/** Fifty elevations of one Mac, approved at the same moment on a real server: one is granted, the others end, none is lost. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { grace, linus } from '../fixtures/people.js';
import { type Harness, startHarness, until } from './harness.js';

let h: Harness;
beforeAll(async () => {
  h = await startHarness(inject('temporalAddress'));
});
afterAll(() => h?.close());

test('one of fifty has the Mac, forty-nine are told that it is taken, and the next can have it once it is seen gone', async () => {
  const { target } = h.request();
  const asked = await Promise.all(Array.from({ length: 50 }, () => h.ask({ target })));
  await Promise.all(asked.map((e) => e.in('requested')));
  await Promise.all(asked.map((e) => e.approve(grace)));
  const ends = await Promise.all(asked.map((e) => e.in('granting', 'closed')));
  const winners = asked.filter((_, i) => ends[i]?.state === 'granting');
  expect(winners).toHaveLength(1);
  const [winner] = winners;
  if (!winner) return;
  const losers = asked.filter((e) => e !== winner);
  expect(await Promise.all(losers.map((e) => e.result()))).toEqual(losers.map(() => 'failed'));
  const rows = await Promise.all(losers.map((e) => h.store.ledger.find(e.requestId)));
  expect(new Set(rows.map((row) => row?.view.failure))).toEqual(new Set(['target-busy']));

  await until(async () => winner.calls('grant'), 'the grant call');
  expect(losers.map((e) => e.calls('grant'))).toEqual(losers.map(() => 0));
  expect((await losers[0]?.claim().catch(() => ({ ok: false })))?.ok).toBe(false);
  await winner.claim();
  expect((await winner.confirm()).ok).toBe(true);

  // Ended, but not seen gone: the Mac is still taken.
  winner.trouble.macSilent = true;
  await winner.revoke(linus);
  await winner.in('ending');
  const early = await h.ask({ target });
  await early.approve(grace);
  expect(await early.result()).toBe('failed');
  winner.trouble.macSilent = false;
  expect(await winner.finish()).toBe('revoked');

  const next = await h.ask({ target });
  await next.approve(grace);
  await next.in('granting');
  await until(async () => next.calls('grant'), 'the next grant call');
  expect(asked.map((e) => e.calls('grant')).reduce((a, b) => a + b)).toBe(1);
  await next.revoke(linus);
  expect(await next.result()).toBe('revoked');
});
