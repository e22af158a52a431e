import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AwsDriver, createAwsDriver } from '../../../activities/targets/aws-permission-set/driver.js';
import type { AwsTarget } from '../../../activities/targets/aws-permission-set/types.js';
import { isStintError, StintError } from '../../../contract/errors.js';
import { instant, msOf, type RequestId } from '../../../contract/ids.js';
import { type MarksDouble, memoryMarks } from './marks.js';
import { type VirtualTime, virtualTime } from './time.js';
import { idOf, type Rough, type SmallWorld, smallWorld } from './world.js';

const SEND_WITHIN_MS = 10_000;
const ATTEMPT_MS = 20_000;

function target(account: string, person: string): AwsTarget {
  const ids = { instanceArn: 'instance', accountId: account, permissionSetArn: 'set', principalId: person };
  const names = { accountName: 'account', setName: 'Set', display: 'Set in account' };
  return { kind: 'aws-permission-set', ...ids, key: `aws/${account}/set/${person}`, ...names, sessionMs: 1 };
}
const TARGETS = [target('a', 'ada'), target('a', 'bob'), target('b', 'ada')] as const;

interface Scene {
  readonly time: VirtualTime;
  readonly world: SmallWorld;
  readonly marks: MarksDouble;
  readonly drivers: readonly AwsDriver[];
  /** One elevation holds a target at a time: the store's fence. */
  readonly busy: Set<string>;
  /** When each elevation was recorded as gone. */
  readonly gone: Map<RequestId, number>;
}

/** The caller's part: attempts until it works or time is up, then revoke and look until gone. */
async function elevation(scene: Scene, id: RequestId, of: AwsTarget, windowMs: number): Promise<'held' | 'refused' | 'busy'> {
  const { time, busy, gone } = scene;
  if (busy.has(of.key)) return 'busy';
  busy.add(of.key);
  const startBy = time.now() + 60_000;
  let sendBefore = time.now();
  let held = false;
  while (!held && time.now() < startBy) {
    sendBefore = time.now() + SEND_WITHIN_MS;
    const order = { requestId: id, target: of, sendBefore: instant(sendBefore), startBy: instant(sendBefore), maxMs: 3_600_000 };
    try {
      await limited(time, (signal) => anyOf(scene).grant(order, signal));
      held = true;
    } catch (error) {
      if (isStintError(error) && !error.retryable && error.code !== 'too-late') break;
      await time.sleep(500);
    }
  }
  if (held) await time.sleep(windowMs);
  await untilGone(scene, id, of, sendBefore);
  gone.set(id, time.now());
  busy.delete(of.key);
  return held ? 'held' : 'refused';
}

async function untilGone(scene: Scene, id: RequestId, of: AwsTarget, sendBefore: number): Promise<void> {
  const { time } = scene;
  for (;;) {
    const driver = anyOf(scene);
    await limited(time, (signal) => driver.revoke(id, of, signal)).catch(() => undefined);
    const seen = await driver.observe(id, of);
    const isGone = seen.access === 'absent' || (seen.access === 'present' && seen.whose === 'standing');
    if (isGone && msOf(seen.observedAt) > sendBefore + driver.settleMs) return;
    await time.sleep(500);
  }
}

/** One attempt of an activity, in a process that may be another than before, which may be given up. */
async function limited(time: VirtualTime, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const over = new AbortController();
  const limitMs = time.random() < 0.2 ? time.random() * 2_000 : ATTEMPT_MS;
  time.sleep(limitMs, over.signal).then(
    () => stop.abort(new StintError('store-unavailable', 'given up')),
    () => undefined,
  );
  await work(stop.signal).finally(() => over.abort());
}

const anyOf = ({ drivers, time }: Scene): AwsDriver => drivers[Math.floor(time.random() * drivers.length)] as AwsDriver;

/** The store answers most of the time. */
function moody(time: VirtualTime): MarksDouble {
  const marks = memoryMarks();
  const maybe = <A extends unknown[], R>(work: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      if (time.random() < 0.05) throw new StintError('store-unavailable');
      return work(...args);
    };
  };
  return { ...marks, read: maybe(marks.read), note: maybe(marks.note), request: maybe(marks.request) };
}

function scene(seed: number, rough: Rough): Scene {
  const time = virtualTime(seed);
  const world = smallWorld(time, rough);
  const marks = moody(time);
  const drivers = [1, 2].map(() => createAwsDriver({ calls: world.calls, marks, time, processes: 1 }));
  return { time, world, marks, drivers, busy: new Set(), gone: new Map() };
}

const steps = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 0, max: 30_000 }),
    target: fc.integer({ min: 0, max: TARGETS.length - 1 }),
    act: fc.constantFrom('elevate', 'elevate', 'elevate', 'add', 'remove'),
    windowMs: fc.integer({ min: 0, max: 40_000 }),
  }),
  { minLength: 1, maxLength: 12 },
);
const roughness = fc.record({
  lostBefore: fc.constantFrom(0, 0.05),
  lostAfter: fc.constantFrom(0, 0.1),
  throttled: fc.constantFrom(0, 0.1),
  failed: fc.constantFrom(0, 0.1),
  listLagMs: fc.constantFrom(0, 4_000),
  workMs: fc.constantFrom(500, 8_000, 90_000),
});

async function play(at: Scene, script: typeof steps extends fc.Arbitrary<infer T> ? T : never): Promise<void> {
  const running: Promise<unknown>[] = [];
  for (const [n, { afterMs, target: index, act, windowMs }] of script.entries()) {
    await at.time.sleep(afterMs);
    const of = TARGETS[index] ?? TARGETS[0];
    if (act === 'elevate') running.push(elevation(at, idOf(n), of, windowMs));
    else at.world.foreign(act, of);
  }
  await Promise.all(running);
  // whatever was still on its way has arrived
  await at.time.sleep(120_000);
  at.world.settle();
  for (const driver of at.drivers) driver.close();
}

test('I12, D2.8, D2.9, D2.10 whatever happens, what stood before is never removed, and nothing of ours is left', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 }), roughness, steps, async (seed, rough, script) => {
      const at = scene(seed, rough);
      await at.time.run(play(at, script));
      for (const { was, at: when, target: of } of at.world.taken) {
        // What was taken away came no earlier than the look of the elevation in whose time it was taken away.
        const looks = script.map((_, n) => at.marks.of(idOf(n))).filter((mark) => mark?.before === 'absent');
        const cause = looks.some((mark) => mark && msOf(mark.at) <= when && was.since >= msOf(mark.at) - 1_000);
        expect(cause, `${of.key} held ${was.by} since ${was.since} was taken at ${when}`).toBe(true);
      }
      for (const each of TARGETS) expect(at.world.held(each)?.by ?? 'foreign').toBe('foreign');
    }),
    { numRuns: Number(process.env.STINT_RUNS ?? 60) },
  );
}, 120_000);

test('without another writer each elevation is created once, however many answers are lost', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 }), async (seed) => {
      const at = scene(seed, { lostBefore: 0.05, lostAfter: 0.3, throttled: 0.05, failed: 0, listLagMs: 2_000, workMs: 4_000 });
      const [of] = TARGETS;
      await at.time.run(play(at, [{ afterMs: 0, target: 0, act: 'elevate', windowMs: 5_000 }]));
      expect(at.world.accepted.filter(({ kind, key }) => kind === 'create' && key === of.key).length).toBeLessThanOrEqual(1);
      expect(at.world.held(of)).toBeUndefined();
    }),
    { numRuns: Number(process.env.STINT_RUNS ?? 60) },
  );
}, 120_000);

test('one elevation after another of the same target, with lost answers: each is held, none takes the one before for its own', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 }), async (seed) => {
      const at = scene(seed, { lostBefore: 0.05, lostAfter: 0.2, throttled: 0.05, failed: 0, listLagMs: 5_000, workMs: 3_000 });
      const [of] = TARGETS;
      const both = async (): Promise<string[]> => [
        await elevation(at, idOf(1), of, 25_000),
        await elevation(at, idOf(2), of, 25_000),
      ];
      expect(await at.time.run(both())).toEqual(['held', 'held']);
      for (const driver of at.drivers) driver.close();
    }),
    { numRuns: Number(process.env.STINT_RUNS ?? 60) },
  );
}, 120_000);
