/** What stands around the driver, in virtual time: elevations as the story lives them, a moody store, processes that die. */
import { type AwsDriver, createAwsDriver } from '../../../activities/targets/aws-permission-set/driver.js';
import type { AwsTarget } from '../../../activities/targets/aws-permission-set/types.js';
import { isStintError, StintError } from '../../../contract/errors.js';
import { instant, msOf, type RequestId } from '../../../contract/ids.js';
import type { FarStep } from '../../../contract/ports.js';
import { type MarksDouble, memoryMarks } from './marks.js';
import { type VirtualTime, virtualTime } from './time.js';
import { type Rough, type SmallWorld, smallWorld } from './world.js';

export const SEND_WITHIN_MS = 10_000;
const ATTEMPT_MS = 20_000;
const START_WITHIN_MS = 60_000;

/** One elevation: what was approved, written down apart from what is done about it. */
export interface Elevation {
  readonly id: RequestId;
  readonly target: AwsTarget;
  readonly approvedAt: number;
  /** How long it was approved for, extensions and all, in ms from `sinceAt` on. */
  approvedMs: number;
  /** When AWS was first seen to have done it: its window counts from then. */
  sinceAt?: number;
  /** When the grant was answered. */
  heldAt?: number;
  /** What AWS named, as heartbeats remember it for the next attempt. */
  step?: FarStep;
  /** Somebody pressed Revoke. */
  revokedAt?: number;
  /** It could not be given. */
  refusedAt?: number;
  /** Recorded as gone. */
  goneAt?: number;
}

/** What one elevation noted of the time before it. */
interface Note {
  readonly id: RequestId;
  readonly at: number;
  readonly before: 'absent' | 'present';
}

export interface Scene {
  readonly time: VirtualTime;
  readonly world: SmallWorld;
  readonly marks: MarksDouble;
  readonly drivers: readonly AwsDriver[];
  readonly elevations: Elevation[];
  /** Each look that the store took, in the order of time. */
  readonly notes: readonly Note[];
  /** When a process died in the midst of something, or the store did not answer. */
  readonly falls: number[];
}

export function sceneOf(seed: number, rough: Rough): Scene {
  const time = virtualTime(seed);
  const world = smallWorld(time, rough);
  const falls: number[] = [];
  const notes: Note[] = [];
  const marks = moody(time, falls, notes);
  const drivers = [1, 2].map(() => createAwsDriver({ calls: world.calls, marks, time, workers: 1 }));
  return { time, world, marks, drivers, elevations: [], notes, falls };
}

/** The elevation that holds the target now, as the store's fence has it: at most one. */
export const liveOf = ({ elevations }: Scene, { key }: AwsTarget): Elevation | undefined =>
  elevations.find((each) => each.target.key === key && each.goneAt === undefined);

/** Lives one through, to the proof that it is gone. Resolves at once where the target is held. */
export async function elevate(
  scene: Scene,
  id: RequestId,
  target: AwsTarget,
  approvedMs: number,
): Promise<Elevation | undefined> {
  const { time } = scene;
  if (liveOf(scene, target)) return undefined;
  const elevation: Elevation = { id, target, approvedAt: time.now(), approvedMs };
  scene.elevations.push(elevation);
  const sendBefore = await untilHeld(scene, elevation);
  while (!isOver(elevation, time.now())) await time.sleep(Math.min(500, leftMs(elevation, time.now())));
  await untilGone(scene, elevation, sendBefore);
  elevation.goneAt = time.now();
  return elevation;
}

/** From then on nobody may have it by this elevation; undefined while nobody knows yet. */
export function endOf({ sinceAt, heldAt, approvedMs, revokedAt, refusedAt }: Elevation): number | undefined {
  const ends = [heldAt === undefined || sinceAt === undefined ? undefined : sinceAt + approvedMs, revokedAt, refusedAt];
  const known = ends.filter((end) => end !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
}

const leftMs = (elevation: Elevation, now: number): number => Math.max(1, (endOf(elevation) ?? now) - now);
const isOver = (elevation: Elevation, now: number): boolean => now >= (endOf(elevation) ?? Number.POSITIVE_INFINITY);

/** Attempts until it works, it is refused, revoked, or its time is up. Answers after what instant nothing was sent. */
async function untilHeld(scene: Scene, elevation: Elevation): Promise<number> {
  const { time } = scene;
  const { id, target, approvedMs } = elevation;
  const said = (step: FarStep): void => void Object.assign(elevation, { step });
  const startBy = time.now() + START_WITHIN_MS;
  let sendBefore = time.now();
  while (!isOver(elevation, time.now()) && time.now() < startBy) {
    const permit = async () => {
      sendBefore = time.now() + SEND_WITHIN_MS;
      return instant(sendBefore);
    };
    const order = { requestId: id, target, sendBefore: await permit(), startBy: instant(startBy), permit, maxMs: approvedMs };
    try {
      const steps = { said, ...(elevation.step && { earlier: elevation.step }) };
      await attempt(scene, (signal) => anyOf(scene).grant(order, signal, steps), elevation);
      elevation.heldAt = time.now();
      elevation.sinceAt = Math.min(elevation.heldAt, elevation.step?.doneAt ? msOf(elevation.step.doneAt) : elevation.heldAt);
      return sendBefore;
    } catch (error) {
      if (isStintError(error) && !error.retryable && error.code !== 'too-late') break;
      await time.sleep(500);
    }
  }
  elevation.refusedAt = time.now();
  return sendBefore;
}

async function untilGone(scene: Scene, { id, target, heldAt }: Elevation, sendBefore: number): Promise<void> {
  const { time } = scene;
  // the story tells what it knows of the time before: what it saw given was not there
  const hints = heldAt === undefined ? {} : ({ before: 'absent' } as const);
  for (;;) {
    const driver = anyOf(scene);
    await attempt(scene, (signal) => driver.revoke(id, target, signal, hints)).catch(() => undefined);
    const seen = await driver.observe(id, target);
    const isGone = seen.access === 'absent' || (seen.access === 'present' && seen.whose === 'standing');
    if (isGone && msOf(seen.observedAt) > sendBefore + driver.settleMs) return;
    await time.sleep(500);
  }
}

/** One attempt of an activity, in a process that may be another than before, and may die. A grant that is revoked is given up. */
async function attempt<T>({ time, falls }: Scene, work: (signal: AbortSignal) => Promise<T>, elevation?: Elevation): Promise<T> {
  const stop = new AbortController();
  const over = new AbortController();
  const until = time.now() + (time.random() < 0.2 ? time.random() * 2_000 : ATTEMPT_MS);
  const watch = async (): Promise<void> => {
    while (time.now() < until && elevation?.revokedAt === undefined)
      await time.sleep(Math.min(200, until - time.now()), over.signal);
    falls.push(time.now());
    stop.abort(new StintError('store-unavailable', 'given up'));
  };
  watch().catch(() => undefined);
  return work(stop.signal).finally(() => over.abort());
}

const anyOf = ({ drivers, time }: Scene): AwsDriver => drivers[Math.floor(time.random() * drivers.length)] as AwsDriver;

/** The store answers most of the time. */
function moody(time: VirtualTime, falls: number[], notes: Note[]): MarksDouble {
  const marks = memoryMarks();
  const maybe = <A extends unknown[], R>(work: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      if (time.random() >= 0.05) return work(...args);
      falls.push(time.now());
      throw new StintError('store-unavailable');
    };
  };
  const note: MarksDouble['note'] = async (id, target, before, at, more) => {
    const kept = await marks.note(id, target, before, at, more);
    if (kept.at === at) notes.push({ id, at: msOf(at), before });
    return kept;
  };
  const { read, request, bound } = marks;
  return { ...marks, read: maybe(read), note: maybe(note), request: maybe(request), bound: maybe(bound) };
}
