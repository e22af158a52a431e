import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createBudget } from '../../../activities/targets/aws-permission-set/budget.js';
import { createLanes } from '../../../activities/targets/aws-permission-set/lanes.js';
import { createPace } from '../../../activities/targets/aws-permission-set/pace.js';
import { RANKS, type Rank } from '../../../activities/targets/aws-permission-set/types.js';
import { virtualTime } from './time.js';

/** The most calls in any second, whatever its alignment. */
function busiestSecond(times: readonly number[]): number {
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + 1000).length));
}

test('D5.29 no second holds more calls than the share of the quota, for any number of processes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 7 }),
      fc.array(
        fc.record({ afterMs: fc.integer({ min: 0, max: 400 }), rank: fc.constantFrom(...RANKS), throttled: fc.boolean() }),
        { minLength: 1, maxLength: 60 },
      ),
      async (processes, wishes) => {
        const time = virtualTime();
        const budget = createBudget(time, 20 / processes);
        const left: number[] = [];
        const ask = async (rank: Rank, throttled: boolean): Promise<void> => {
          await budget.take(rank);
          left.push(time.now());
          if (throttled) budget.throttled();
        };
        const all: Promise<void>[] = [];
        const arrive = async (): Promise<void> => {
          for (const { afterMs, rank, throttled } of wishes) {
            await time.sleep(afterMs);
            all.push(ask(rank, throttled));
          }
          await Promise.all(all);
        };
        await time.run(arrive());
        expect(left).toHaveLength(wishes.length);
        expect(busiestSecond(left)).toBeLessThanOrEqual(Math.ceil(20 / processes));
        expect(busiestSecond(left) * processes).toBeLessThan(20 + processes);
      },
    ),
    { numRuns: 40 },
  );
});

test('a full line uses at least 80 % of the quota', async () => {
  const time = virtualTime();
  const budget = createBudget(time, 20);
  const from = time.now();
  await time.run(Promise.all(Array.from({ length: 170 }, () => budget.take('grant'))));
  expect(170_000 / (time.now() - from)).toBeGreaterThanOrEqual(16);
});

test('D5.29 after AWS throttled it goes at half the speed, and back to full speed within 20 s', () => {
  const pace = createPace(20);
  const full = pace.rate(0);
  pace.throttled(0);
  pace.throttled(1);
  expect(pace.rate(1)).toBeCloseTo(full / 2, 0);
  expect(pace.rate(5_000)).toBeGreaterThan(full / 2);
  expect(pace.rate(20_000)).toBe(full);
});

test('a clock that is set, back or ahead, neither holds a call up nor lets more of them leave', async () => {
  const hour = 3_600_000;
  const setBy = fc.array(fc.constantFrom(-hour, -100, 100, hour), { minLength: 1, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(setBy, async (steps) => {
      const time = virtualTime();
      const budget = createBudget(time, 4);
      const left: number[] = [];
      const all = steps.map(async (byMs) => {
        await budget.take('revoke');
        left.push(time.steady());
        time.set(byMs);
        budget.throttled();
      });
      const from = time.steady();
      await time.run(Promise.all(all));
      expect(busiestSecond(left)).toBeLessThanOrEqual(4);
      // At a tenth of the speed at worst.
      expect(time.steady() - from).toBeLessThan(steps.length * 4_000);
    }),
    { numRuns: 20 },
  );
});

test('a revoke overtakes every grant and every background call that waits', async () => {
  const time = virtualTime();
  const budget = createBudget(time, 20);
  const seen: Rank[] = [];
  const ask = async (rank: Rank): Promise<void> => {
    await budget.take(rank);
    seen.push(rank);
  };
  await time.run(Promise.all([...Array(5).fill('background'), ...Array(5).fill('grant'), 'revoke'].map(ask)));
  // two were let go at once, before the others came
  expect(seen.indexOf('revoke')).toBeLessThan(3);
  expect(seen.slice(3).lastIndexOf('grant')).toBeLessThan(seen.slice(3).indexOf('background'));
});

test('who stops waiting for the budget takes nothing of it', async () => {
  const time = virtualTime();
  const budget = createBudget(time, 1);
  const stop = new AbortController();
  await budget.take('grant');
  const given = budget.take('grant', stop.signal);
  stop.abort(new Error('stopped'));
  await expect(given).rejects.toThrow('stopped');
  const from = time.now();
  await time.run(budget.take('grant'));
  expect(time.now() - from).toBeLessThan(5_000);
});

test('D2.12 one lane for each account and permission set: the second waits for the first', async () => {
  const lanes = createLanes();
  const leave = await lanes.enter('a/x', { rank: 'grant' });
  await lanes.enter('a/y', { rank: 'grant' });
  let second = false;
  const entering = lanes.enter('a/x', { rank: 'grant' }).then((release) => {
    second = true;
    return release;
  });
  await settled();
  expect(second).toBe(false);
  leave();
  (await entering)();
});

test('waiting for a lane ends at once when it is broken off', async () => {
  const lanes = createLanes();
  await lanes.enter('a/x', { rank: 'grant' });
  const stop = new AbortController();
  const entering = lanes.enter('a/x', { rank: 'grant', signal: stop.signal });
  stop.abort(new Error('given up'));
  await expect(entering).rejects.toThrow('given up');
});

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
