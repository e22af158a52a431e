import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Release } from '../../../activities/targets/aws-permission-set/line.js';
import { createSlots, OUTSTANDING_WRITES, type Slots, shareOf } from '../../../activities/targets/aws-permission-set/slots.js';
import { calm } from './rig.js';
import { type VirtualTime, virtualTime } from './time.js';

/** Places of one worker among so many; `ends` may be filled later, in ms since 1970. */
function scene(workers = 1, ends: number[] = []) {
  const time = virtualTime();
  const slots = createSlots({ time, workers, ends: async (before) => ends.filter((at) => at >= time.now() && at < before) });
  return { time, slots, ends };
}

/** Takes places, and tells which are held by now. */
function taking(slots: Slots, rank: 'revoke' | 'grant', count: number, patienceMs = 1_000_000): Release[] {
  const held: Release[] = [];
  for (let n = 0; n < count; n++) void take(slots, rank, patienceMs).then((release) => held.push(release));
  return held;
}

const take = (slots: Slots, rank: 'revoke' | 'grant', patienceMs: number): Promise<Release> =>
  rank === 'grant' ? slots.forGrant() : slots.forRevoke(patienceMs, calm());

const after = (time: VirtualTime, ms: number): Promise<void> => time.run(time.sleep(ms));

test('D5.29 at most 15 writes are outstanding, and grants leave a third of them to revokes', async () => {
  const { time, slots } = scene();
  const grants = taking(slots, 'grant', 12);
  await after(time, 1);
  expect(grants).toHaveLength(10);
  const revokes = taking(slots, 'revoke', 7);
  await after(time, 1);
  expect(grants.length + revokes.length).toBe(OUTSTANDING_WRITES);
  revokes[0]?.();
  revokes[0]?.();
  await after(time, 1);
  expect(revokes).toHaveLength(6);
});

test('D5.29 workers together never hold more than 15 writes, however many share them', () => {
  for (const workers of [1, 2, 3, 4, 5, 6, 7]) {
    const { all, forGrants } = shareOf(workers);
    expect(workers * all).toBeLessThanOrEqual(OUTSTANDING_WRITES);
    expect(forGrants).toBeLessThan(all);
  }
});

test('more workers than the changes can be shared among are refused with a sentence', () => {
  expect(shareOf(7).forGrants).toBe(1);
  for (const workers of [0, 8, 1.5, Number.NaN]) expect(() => scene(workers)).toThrow(/STINT_AWS_WORKERS/);
});

test('D5.29 grants leave as many places as windows are about to end, and take them again afterwards', async () => {
  const { time, slots, ends } = scene();
  ends.push(...Array.from({ length: 12 }, (_, n) => time.now() + 3_000 + n));
  const grants = taking(slots, 'grant', 12);
  await after(time, 1);
  expect(grants).toHaveLength(3);
  await after(time, 2_998);
  const revokes = taking(slots, 'revoke', 12);
  await after(time, 1);
  expect(revokes).toHaveLength(12);
  expect(grants).toHaveLength(3);
  for (const release of revokes) release();
  await after(time, 1_100);
  expect(grants).toHaveLength(10);
});

test('ends that are farther away than a write takes keep nobody waiting', async () => {
  const { time, slots, ends } = scene();
  ends.push(...Array.from({ length: 40 }, () => time.now() + 8_000));
  const grants = taking(slots, 'grant', 10);
  await after(time, 1);
  expect(grants).toHaveLength(10);
});

test('how long a write takes is seen: where AWS takes half a minute, what ends within that time is left room', async () => {
  const { time, slots, ends } = scene();
  const first = taking(slots, 'grant', 10);
  await after(time, 30_000);
  for (const release of first) release();
  ends.push(...Array.from({ length: 14 }, () => time.now() + 20_000));
  const grants = taking(slots, 'grant', 10);
  await after(time, 1);
  expect(grants).toHaveLength(1);
});

test('of what ends, each worker leaves room for its part', async () => {
  const { time, slots, ends } = scene(3);
  // Three of five places are for grants; of nine ends a third may come to this worker.
  ends.push(...Array.from({ length: 9 }, () => time.now() + 3_000));
  const grants = taking(slots, 'grant', 3);
  await after(time, 1);
  expect(grants).toHaveLength(2);
});

test.each([
  ['is down', () => Promise.reject(new Error('down'))],
  ['is silent', () => new Promise<never>(() => undefined)],
])('a store that %s keeps no grant waiting for longer than a second', async (_how, ends) => {
  const time = virtualTime();
  const slots = createSlots({ time, workers: 1, ends });
  const grants = taking(slots, 'grant', 10);
  await after(time, 1_001);
  expect(grants).toHaveLength(10);
});

test('a revoke goes before every grant, and leaves without a place after its patience; no grant takes that for room', async () => {
  const { time, slots } = scene();
  const held = taking(slots, 'revoke', 15);
  await after(time, 1);
  const [grants, late] = [taking(slots, 'grant', 1), taking(slots, 'revoke', 2, 600)];
  await after(time, 300);
  held[0]?.();
  await after(time, 1);
  expect([late.length, grants.length]).toEqual([1, 0]);
  await after(time, 300);
  expect(late).toHaveLength(2);
  // Sixteen are outstanding now.
  held[1]?.();
  await after(time, 2_000);
  expect(grants).toHaveLength(0);
  held[2]?.();
  await after(time, 2_000);
  expect(grants).toHaveLength(1);
});

test('who stops waiting for a place takes none', async () => {
  const { time, slots } = scene();
  const held = taking(slots, 'revoke', 15);
  await after(time, 1);
  const stop = new AbortController();
  const given = slots.forRevoke(1_000_000, stop.signal);
  stop.abort(new Error('given up'));
  await expect(given).rejects.toThrow('given up');
  held[0]?.();
  const next = taking(slots, 'revoke', 1);
  await after(time, 1);
  expect(next).toHaveLength(1);
});

test('however grants crowd, each end that the store knew of finds its place within a moment', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 6_000, max: 40_000 }), { minLength: 1, maxLength: 90 }),
      fc.integer({ min: 1, max: 100 }),
      async (inMs, wishes) => {
        const { time, slots, ends } = scene();
        // No more at a time than AWS itself lets through.
        const at = inMs.sort((a, b) => a - b).map((ms, n) => time.now() + Math.max(ms, 6_000 + n * 400));
        ends.push(...at);
        const write = async (rank: 'revoke' | 'grant'): Promise<number> => {
          const from = time.now();
          const release = await take(slots, rank, 1_000_000);
          const waited = time.now() - from;
          await time.sleep(3_000 + time.random() * 2_000);
          release();
          return waited;
        };
        const grants = Array.from({ length: wishes }, () => write('grant'));
        const revokes = at.map((ms) => time.sleep(ms - time.now()).then(() => write('revoke')));
        const waits = await time.run(Promise.all(revokes));
        expect(Math.max(...waits)).toBeLessThanOrEqual(1_000);
        await time.run(Promise.all(grants));
      },
    ),
    { numRuns: 25 },
  );
});
