/** A revoke's place in the lane of its account and permission set: kept through all its attempts, and given back whatever happens. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createBook } from '../../../activities/targets/aws-permission-set/book.js';
import type { Desk } from '../../../activities/targets/aws-permission-set/desk.js';
import { createLanes, createPlace, type Lanes } from '../../../activities/targets/aws-permission-set/lanes.js';
import { revoke } from '../../../activities/targets/aws-permission-set/revoke.js';
import { createSlots, OUTSTANDING_WRITES } from '../../../activities/targets/aws-permission-set/slots.js';
import { pairOf } from '../../../activities/targets/aws-permission-set/types.js';
import { createWatch } from '../../../activities/targets/aws-permission-set/watch.js';
import { instant } from '../../../contract/ids.js';
import { memoryMarks } from './marks.js';
import { calm, requestId, targetOf } from './rig.js';
import { type VirtualTime, virtualTime } from './time.js';
import { type Rough, smallWorld } from './world.js';

const PAIR = pairOf(targetOf());
const SMOOTH: Rough = { lostBefore: 0, lostAfter: 0, throttled: 0, failed: 0, listLagMs: 0, workMs: 500 };

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const placeIn = (lanes: Lanes, time: VirtualTime, signal = calm()) => createPlace({ lanes, time }, PAIR, signal);

/** Whether somebody who comes now has the lane at once. */
async function isFree(lanes: Lanes): Promise<boolean> {
  let free = false;
  void lanes.enter(PAIR, { rank: 'background' }).then(() => {
    free = true;
  });
  await settled();
  return free;
}

test('a lane that is waited for too long lets a revoke go on without it', async () => {
  const [time, lanes] = [virtualTime(), createLanes()];
  await lanes.enter(PAIR, { rank: 'grant' });
  const from = time.now();
  await time.run(placeIn(lanes, time).turn(600));
  expect(time.now() - from).toBe(600);
});

test('whoever went on without the lane keeps the place in line: who comes later does not come first', async () => {
  const [time, lanes] = [virtualTime(), createLanes()];
  const leave = await lanes.enter(PAIR, { rank: 'grant' });
  const first = placeIn(lanes, time);
  await time.run(first.turn(600));
  let second = false;
  const later = lanes.enter(PAIR, { rank: 'revoke' }).then((release) => {
    second = true;
    return release;
  });
  leave();
  await settled();
  // Between two attempts of the first.
  expect(second).toBe(false);
  const from = time.now();
  await time.run(first.turn(600));
  expect(time.now()).toBe(from);
  first.leave();
  (await later)();
  expect(await isFree(lanes)).toBe(true);
});

test('a pause between two attempts does not sleep through its turn, and is as long as it was asked for once that came', async () => {
  const [time, lanes] = [virtualTime(), createLanes()];
  const leave = await lanes.enter(PAIR, { rank: 'grant' });
  const place = placeIn(lanes, time);
  await time.run(place.turn(600));
  const from = time.now();
  const pausing = place.pause(3_000);
  leave();
  await time.run(pausing);
  expect(time.now() - from).toBe(0);
  await time.run(place.pause(3_000));
  expect(time.now() - from).toBe(3_000);
});

test('a place that was handed over is given back by who has it, and the next turn is lined up for anew', async () => {
  const [time, lanes] = [virtualTime(), createLanes()];
  const place = placeIn(lanes, time);
  await time.run(place.turn(600));
  const giveBack = place.handOver();
  place.leave();
  const from = time.now();
  await time.run(place.turn(600));
  expect(time.now() - from).toBe(600);
  giveBack();
  await time.run(place.turn(600));
  expect(time.now() - from).toBe(600);
  place.leave();
  place.leave();
  expect(await isFree(lanes)).toBe(true);
});

test('a place whose revoke is given up leaves the line, and one whose turn came in that moment gives it back', async () => {
  const [time, lanes] = [virtualTime(), createLanes()];
  const leave = await lanes.enter(PAIR, { rank: 'grant' });
  const stop = new AbortController();
  const [given, lucky] = [placeIn(lanes, time, stop.signal), placeIn(lanes, time)];
  const waiting = given.turn(600);
  const turn = lucky.turn(600);
  stop.abort(new Error('given up'));
  await expect(waiting).rejects.toThrow('given up');
  leave();
  lucky.leave();
  await time.run(turn);
  given.leave();
  expect(await isFree(lanes)).toBe(true);
});

/** What grant, revoke and observe share, over a small world; `lines` counts who lined up. */
function scene(seed: number, rough: Rough) {
  const time = virtualTime(seed);
  const world = smallWorld(time, rough);
  const marks = memoryMarks();
  const [lanes, slots, lines] = [createLanes(), createSlots({ time, workers: 1, ends: async () => [] }), { up: 0 }];
  const counted: Lanes = {
    enter: (key, wish) => {
      lines.up += 1;
      return lanes.enter(key, wish);
    },
  };
  const { calls } = world;
  const maps = { ended: new Map(), about: new Map(), deleted: new Map() };
  const desk: Desk = {
    calls,
    time,
    watch: createWatch({ calls, time }),
    book: createBook(marks, time),
    lanes: counted,
    slots,
    ...maps,
  };
  /** Takes back what a person was given, until it is gone or given up. */
  const takeBack = async (principalId: string, signal: AbortSignal): Promise<void> => {
    const [id, target] = [requestId(), targetOf({ principalId })];
    await marks.note(id, target, 'absent', instant(time.now()));
    world.foreign('add', target);
    await revoke(desk, id, target, signal);
  };
  return { time, world, desk, lanes, slots, lines, takeBack };
}

/** Whether all of the quota can be had at once. */
async function isWhole({ slots }: ReturnType<typeof scene>): Promise<boolean> {
  let had = 0;
  for (let i = 0; i < OUTSTANDING_WRITES; i++)
    void slots.forRevoke(1_000_000, calm()).then(() => {
      had += 1;
    });
  await settled();
  return had === OUTSTANDING_WRITES;
}

test('a revoke that AWS answers with Conflict again and again lines up once, and gives all back when it is done', async () => {
  const at = scene(7, { ...SMOOTH, workMs: 60_000 });
  const leave = await at.lanes.enter(PAIR, { rank: 'grant' });
  at.world.foreignCall('create', targetOf({ principalId: 'somebody' }));
  await at.time.run(at.takeBack('ada', calm()));
  expect(at.world.holds(targetOf({ principalId: 'ada' }))).toBe(false);
  expect(at.world.troubles.length).toBeGreaterThan(2);
  expect(at.lines.up).toBe(1);
  leave();
  expect([await isFree(at.lanes), await isWhole(at)]).toEqual([true, true]);
});

const rough = fc.record({
  lostBefore: fc.constantFrom(0, 0.05),
  lostAfter: fc.constantFrom(0, 0.1),
  throttled: fc.constantFrom(0, 0.1),
  failed: fc.constantFrom(0, 0.2),
  listLagMs: fc.constantFrom(0, 4_000),
  workMs: fc.constantFrom(500, 8_000, 60_000),
});
const crowd = fc.array(
  fc.record({ afterMs: fc.integer({ min: 0, max: 5_000 }), givenUpAfterMs: fc.integer({ min: 0, max: 40_000 }) }),
  { minLength: 1, maxLength: 4 },
);

test('whatever becomes of a crowd of revokes, their places and their part of the quota are given back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 }), rough, crowd, async (seed, how, revokes) => {
      const at = scene(seed, how);
      const one = async (n: number, afterMs: number, givenUpAfterMs: number): Promise<void> => {
        await at.time.sleep(afterMs);
        const stop = new AbortController();
        void at.time.sleep(givenUpAfterMs).then(() => stop.abort(new Error('given up')));
        await at.takeBack(`person-${n}`, stop.signal).catch(() => undefined);
      };
      await at.time.run(Promise.all(revokes.map(({ afterMs, givenUpAfterMs }, n) => one(n, afterMs, givenUpAfterMs))));
      // What AWS still works on is over by then.
      await at.time.run(at.time.sleep(300_000));
      expect([await isFree(at.lanes), await isWhole(at)]).toEqual([true, true]);
      at.desk.watch.close();
    }),
    { numRuns: 60 },
  );
});

test('of a crowd that is taken from one pair at once nobody wears the quota out, and nobody comes late by being unlucky: after a Conflict a revoke waits for its turn', async () => {
  const at = scene(11, { ...SMOOTH, workMs: 6_000 });
  const people = Array.from({ length: 12 }, (_, n) => `person-${n}`);
  await at.time.run(Promise.all(people.map((person) => at.takeBack(person, calm()))));
  expect(at.world.landed.filter(({ kind }) => kind === 'delete')).toHaveLength(people.length);
  // The first of each leaves at once; of those that were too many most wait then until it is their turn.
  expect(at.world.sent.length).toBeLessThan(6 * people.length);
  const gone = at.world.landed.filter(({ kind }) => kind === 'delete').map(({ key }) => key);
  const late = gone.map((key, left) => left - people.findIndex((each) => key.endsWith(`/${each}`)));
  expect(Math.max(...late)).toBeLessThan(4);
  at.desk.watch.close();
});
