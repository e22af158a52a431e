/** Who waits for whom when many revokes leave in the same second. */
import { expect, it } from 'vitest';
import { createCrowd } from '../../activities/crowd.js';

/** A crowd of so many that came at those instants (ms), and how long one who has left waits from the last on. */
async function waits(instants: readonly number[], meanwhile: readonly number[] = [], abort = new AbortController()) {
  const time = { now: 0 };
  const coming = [...meanwhile];
  const sleep = async (ms: number) => {
    time.now += ms;
    while (coming[0] !== undefined && coming[0] <= time.now) {
      coming.shift();
      crowd.enter();
    }
    if (time.now > 60_000) throw new Error('it waits for ever');
  };
  const crowd = createCrowd(() => time.now, sleep);
  for (const at of instants) {
    time.now = at;
    crowd.enter();
  }
  const from = time.now;
  await crowd.passed(abort.signal);
  return time.now - from;
}

const every = (ms: number, count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i * ms);

it('alone, or one of a few, waits for nobody', async () => {
  expect(await waits([0])).toBe(0);
  expect(await waits(every(10, 4))).toBe(0);
  expect(await waits(every(200, 50))).toBe(0);
});

it('in a crowd waits until hardly anybody comes any more', async () => {
  const waited = await waits(every(10, 20), every(20, 25, 200));
  expect(waited).toBeGreaterThan(500);
  expect(waited).toBeLessThan(1_500);
});

it('waits four seconds at most, however many come', async () => {
  expect(await waits(every(1, 20), every(5, 5_000))).toBe(4_000);
});

it('waits for nobody once it was given up', async () => {
  const abort = new AbortController();
  abort.abort();
  expect(await waits(every(1, 20), [], abort)).toBe(0);
});

it('is not held by a clock that was set back', async () => {
  const time = { now: 3_600_000 };
  const slept: number[] = [];
  const crowd = createCrowd(
    () => time.now,
    async (ms) => void slept.push(ms),
  );
  for (let i = 0; i < 20; i++) crowd.enter();
  time.now = 0;
  await crowd.passed();
  expect(slept).toEqual([]);
});
