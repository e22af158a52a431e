/**
 * Takes one permission set back. Pinned ids only; at once, and until it is gone. Never what stood there before us, and
 * never "not found, so gone" without a list that says so.
 */
import type { RequestId } from '../../../contract/ids.js';
import type { Recollection, RevokeHints } from '../../../contract/ports.js';
import { keep } from '../../latest.js';
import { unsure } from './book.js';
import type { How, Operation } from './calls.js';
import { type Desk, ended, isAbout, jitteredMs, LIST_LAG_MS, stateOf, unlessAborted } from './desk.js';
import { classOfError, failed, mayWorkLater } from './errors.js';
import { createPlace, type Place } from './lanes.js';
import { isThere, known, mayLand, whoseIs } from './observe.js';
import { type AwsTarget, type Mark, pairOf } from './types.js';

/** How long each attempt waits for another change of the pair and for a place among the writes, in ms; then it leaves anyway. */
const PATIENCE_MS = 600;
/**
 * The same for an attempt after one that AWS answered with Conflict or "too much": something of the pair is changing, or as many writes
 * are outstanding as may be. To try again before the end of one that is known here is a call for nothing, out of a quota that all
 * others need too.
 */
const BUSY_PATIENCE_MS = 5_000;

/** One revoke. */
interface Task {
  readonly desk: Desk;
  readonly requestId: RequestId;
  readonly target: AwsTarget;
  readonly signal: AbortSignal;
  readonly how: How;
  readonly said: RevokeHints['said'];
  readonly earlier: RevokeHints['earlier'];
  readonly told: Recollection;
  readonly place: Place;
  /** How long the next attempt waits for its turn. */
  patienceMs: number;
}

/**
 * Resolves when AWS has deleted it, or nothing of ours is there. Throws AWS' reason (`not-gone`) when the delete failed, and
 * `store-unavailable` when nobody knows what stood before; the caller repeats it without limit.
 */
export async function revoke(
  desk: Desk,
  requestId: RequestId,
  target: AwsTarget,
  signal: AbortSignal,
  { said, earlier, ...told }: RevokeHints = {},
): Promise<void> {
  signal.throwIfAborted();
  const how: How = { rank: 'revoke', signal, what: target.display };
  const place = createPlace(desk, pairOf(target), signal);
  const task: Task = { desk, requestId, target, signal, how, said, earlier, told, place, patienceMs: PATIENCE_MS };
  const mark = await unlessAborted(known(desk, requestId, target, told, how), signal);
  if (mark === 'unsure') throw unsure(target.display);
  // Without a mark nothing of this elevation was ever sent.
  if (mark?.before !== 'absent') return;
  if (!(await isOurs(task, mark))) return;
  try {
    for (let attempt = 0; ; attempt++) {
      if (await once(task, mark)) return;
      await place.pause(jitteredMs(desk.time, attempt, 250, 2_000));
    }
  } finally {
    place.leave();
  }
}

/**
 * Whether there is anything of ours to take away. Waits where a create that may have left got no answer, until AWS lists it or its
 * time is over: what is there may be another writer's, who began while AWS refused ours.
 */
async function isOurs({ desk, requestId, target, signal, how }: Task, mark: Mark): Promise<boolean> {
  for (let look = 0; ; look++) {
    const whose = await whoseIs(desk, requestId, target, mark, how).catch((error: unknown): 'unsure' => {
      signal.throwIfAborted();
      later(error);
      return 'unsure';
    });
    if (whose !== 'unsure') return whose === 'ours';
    await desk.time.sleep(jitteredMs(desk.time, look, 500, 2_000), signal);
  }
}

/** One delete followed to its end. False: again in a moment. */
async function once(task: Task, mark: Mark): Promise<boolean> {
  const { desk, target, signal } = task;
  try {
    const going = await deleteOf(task, mark);
    const operation = ended(desk, await unlessAborted(desk.watch.final('delete', target.instanceArn, going.id), signal));
    if (operation.state === 'FAILED') {
      if (await isGone(task)) return true;
      if (await desk.calls.userGone(target.principalId, task.how)) return true;
      throw failed(target.display, 'take back', operation.reason);
    }
    keep(desk.deleted, target.key, desk.time.steady());
    return !(await landing(task));
  } catch (error) {
    signal.throwIfAborted();
    if (classOfError(error) !== 'not-found') return later(error);
    // Nothing of ours changes there now: what is waited for is a create, whoever else has a change of the pair may go on.
    task.place.leave();
    return isGone(task).catch(later);
  }
}

/** The delete that is under way already, or a new one. */
async function deleteOf(task: Task, mark: Mark): Promise<Operation> {
  const { desk, target, signal, place } = task;
  const from = desk.time.steady();
  await place.turn(task.patienceMs);
  const known = await underWay(task, mark);
  if (known) return known;
  const giveSlot = await desk.slots.forRevoke(task.patienceMs - (desk.time.steady() - from), signal);
  try {
    const operation = await desk.calls.begin('delete', target, task.how);
    await desk.book.began(task.requestId, 'delete', operation.id, task.said);
    const leaveLane = place.handOver();
    const over = (): void => {
      giveSlot();
      leaveLane();
    };
    // AWS works on it, and counts it as outstanding, until it has ended, whoever still waits for it here.
    void desk.watch.final('delete', target.instanceArn, operation.id).then(over, over);
    return operation;
  } catch (error) {
    giveSlot();
    const why = classOfError(error);
    task.patienceMs = why === 'conflict' || why === 'throttled' ? BUSY_PATIENCE_MS : PATIENCE_MS;
    throw error;
  }
}

/** A delete that needs no second one: in progress, or ended so lately that the list may not show it. */
async function underWay({ desk, requestId, target, how, earlier }: Task, mark: Mark): Promise<Operation | undefined> {
  // What stands in the store was asked for once already: where it is silent nobody waits for it twice.
  const own = desk.book.mine(requestId)?.delete ?? mark.delete;
  const id = own ?? (earlier?.kind === 'delete' ? earlier.farId : undefined);
  if (!id) return undefined;
  const operation = await stateOf(desk, 'delete', target, id, how).catch(() => undefined);
  // What a caller remembers may have been written by anybody: it counts only if it is about this.
  if (!own && !(operation && isAbout(operation, target))) return undefined;
  if (operation?.state === 'IN_PROGRESS') return operation;
  const since = desk.ended.get(id)?.since ?? Number.NEGATIVE_INFINITY;
  const fresh = operation?.state === 'SUCCEEDED' && desk.time.steady() - since <= LIST_LAG_MS;
  return fresh ? operation : undefined;
}

/** Whether a create of ours may still follow the delete. */
async function landing({ desk, requestId, target, how, told }: Task): Promise<boolean> {
  const mark = await desk.book.recall(requestId, told.before);
  if (!mark || mark === 'unsure' || !mark.create) return false;
  return (await mayLand(desk, requestId, target, mark, how)) !== undefined;
}

/** AWS found nothing to delete. Gone only if its list says so, and no create of ours is on its way: that is waited for. */
async function isGone({ desk, requestId, target, signal, how, told }: Task): Promise<boolean> {
  const mark = await desk.book.recall(requestId, told.before);
  for (let look = 0; ; look++) {
    const pending = await mayLand(desk, requestId, target, mark, how);
    if ((await isThere(desk, target, how)) === true) return false;
    if (!pending) return true;
    await desk.time.sleep(jitteredMs(desk.time, look, 500, 3_000), signal);
  }
}

/** What may work later is tried again; everything else is told. */
function later(error: unknown): false {
  if (mayWorkLater(error)) return false;
  throw error;
}
