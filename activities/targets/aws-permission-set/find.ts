/** Operations that are known to AWS alone, found through its own lists: a create whose answer was lost, a delete of another process. */
import { msOf, type RequestId } from '../../../contract/ids.js';
import { keep } from '../../latest.js';
import { cameToNothing } from './book.js';
import type { How, Operation, OperationState } from './calls.js';
import { type Desk, isAbout, LIST_LAG_MS, stateOf } from './desk.js';
import type { AwsTarget, Mark } from './types.js';

/** AWS counts in whole seconds in places, and our knowledge of its clock is as coarse. */
export const CLOCK_SLACK_MS = 3_000;

/** A create that left is in AWS' own list of operations within this time, and counts from then on as "may still land". */
export const SETTLE_MS = 10_000;

/** From then on AWS lists whatever was begun after this look, in ms since 1970: what it does not list was not begun by us. */
export function settledAt({ until }: Mark): number {
  return until === undefined ? Number.POSITIVE_INFINITY : msOf(until) + SETTLE_MS;
}

export interface Lost {
  readonly requestId: RequestId;
  readonly target: AwsTarget;
  readonly mark: Mark;
}

/**
 * A create of this elevation whose answer was lost: of this account, permission set and person, not older than the mark and not
 * younger than what could leave after it. One that failed only if there is no other.
 */
export async function findCreate(desk: Desk, lost: Lost, how: How): Promise<Operation | undefined> {
  // What is in progress is a short list, and a create that was lost a moment ago is nearly always in it.
  return (await findIn(desk, 'IN_PROGRESS', lost, how)) ?? findIn(desk, undefined, lost, how);
}

export async function findIn(
  desk: Desk,
  state: OperationState | undefined,
  lost: Lost,
  how: How,
): Promise<Operation | undefined> {
  const { requestId, target, mark } = lost;
  if (cameToNothing(mark)) return undefined;
  const since = msOf(mark.at) + desk.calls.skewMs() - CLOCK_SLACK_MS;
  const until = settledAt(mark) + desk.calls.skewMs();
  let lastFailed: Operation | undefined;
  for (const { id, createdAt = since } of await desk.calls.operations('create', target.instanceArn, state, how)) {
    if ((desk.book.ownerOf(id) ?? requestId) !== requestId || createdAt < since || createdAt > until) continue;
    const operation = await stateOf(desk, 'create', target, id, how);
    if (!isAbout(operation, target)) continue;
    if (operation.state !== 'FAILED') return operation;
    lastFailed = operation;
  }
  return lastFailed;
}

/** Somebody's create of this very assignment that is in progress, unless it is known to be another elevation's; by AWS' id. */
export async function inProgress(desk: Desk, requestId: RequestId, target: AwsTarget, how: How): Promise<string | undefined> {
  for (const { id } of await desk.calls.operations('create', target.instanceArn, 'IN_PROGRESS', how)) {
    if ((desk.book.ownerOf(id) ?? requestId) !== requestId) continue;
    // Whom it is about never changes: in a crowd of several processes each is asked for once.
    const about = desk.about.get(id) ?? (await stateOf(desk, 'create', target, id, how));
    keep(desk.about, id, about);
    if (isAbout(about, target)) return id;
  }
  return undefined;
}

/** A delete that began this long ago may have ended so lately that a list does not show it, in ms. */
const LATELY_MS = 60_000;

/** Whether a delete of this very assignment, ours or another process', may not be listed yet. */
export async function deletedLately(desk: Desk, target: AwsTarget, how: How): Promise<boolean> {
  if (desk.time.steady() - (desk.deleted.get(target.key) ?? Number.NEGATIVE_INFINITY) <= 3 * LIST_LAG_MS) return true;
  const since = desk.time.now() + desk.calls.skewMs() - LATELY_MS;
  for (const { id, createdAt = since } of await desk.calls.operations('delete', target.instanceArn, undefined, how)) {
    if (createdAt < since) continue;
    const operation = await stateOf(desk, 'delete', target, id, how);
    if (operation.state !== 'FAILED' && isAbout(operation, target)) return true;
  }
  return false;
}
