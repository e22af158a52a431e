/**
 * What an earlier attempt of a grant has begun, as its mark, a heartbeat and AWS' own list of operations tell it. Nothing is sent
 * anew before it is known that no create of that attempt was made or can still come.
 */
import { instant } from '../../../contract/ids.js';
import type { GrantOrder, Steps } from '../../../contract/ports.js';
import { cameToNothing } from './book.js';
import type { How, Operation } from './calls.js';
import { type Desk, isAbout, jitteredMs, stateOf } from './desk.js';
import { classOfError } from './errors.js';
import { findCreate, settledAt } from './find.js';
import type { AwsTarget, Mark } from './types.js';

/** The create must not leave at or after `sendBefore`, and is broken off at it. Waiting for AWS may go on longer. */
export type AwsGrantOrder = Pick<GrantOrder<AwsTarget>, 'requestId' | 'target' | 'startBy' | 'sendBefore' | 'permit' | 'maxMs'>;

/**
 * The mark of an earlier attempt, written anew: the store has lost it, but the caller remembers the create that left after it, and
 * AWS has that. Otherwise the next look would take our own for what stood before, and leave it there for good.
 */
export async function lost(desk: Desk, { requestId, target }: AwsGrantOrder, signal: AbortSignal, steps: Steps) {
  const create = await named(desk, target, steps, { rank: 'grant', signal, what: target.display });
  const now = desk.time.now();
  const leftAt = (create?.createdAt ?? Number.NEGATIVE_INFINITY) - desk.calls.skewMs();
  if (now - leftAt > REMEMBERED_MS) return undefined;
  const look = { before: 'absent', at: instant(Math.min(leftAt, now - 1)), until: instant(now) } as const;
  return desk.book.note(requestId, target, look);
}

/** An older create than this is believed only with its mark, in ms: where it was remembered anything may have been written. */
const REMEMBERED_MS = 4 * 3_600_000;

/**
 * The create of an earlier attempt. Undefined when none of ours was made, and none can come any more: one that may have left and
 * that AWS does not list is waited for, so that nothing of another writer's is ever taken for it later.
 */
export async function earlier(
  desk: Desk,
  order: AwsGrantOrder,
  mark: Mark,
  signal: AbortSignal,
  steps: Steps,
): Promise<Operation | undefined> {
  if (mark.create) return { id: mark.create, state: 'IN_PROGRESS' };
  const { requestId, target } = order;
  const how: How = { rank: 'grant', signal, what: target.display };
  const bounded = mark.until ? mark : { ...mark, until: order.sendBefore };
  // Of a version that kept no end: no attempt before this one sends later than this one.
  if (!mark.until) await desk.book.bound(requestId, mark.at, order.sendBefore);
  for (let look = 0; ; look++) {
    const isOver = cameToNothing(bounded) || desk.time.now() > settledAt(bounded);
    const found = (await named(desk, target, steps, how)) ?? (await findCreate(desk, { requestId, target, mark: bounded }, how));
    if (found) await desk.book.began(requestId, 'create', found.id, steps.said);
    if (found || isOver) return found;
    await desk.time.sleep(jitteredMs(desk.time, look, 500, 2_000), signal);
  }
}

/** The create that a caller remembers. Where that was kept anything may have been written: it counts only if it is about this. */
async function named(desk: Desk, target: AwsTarget, { earlier: step }: Steps, how: How): Promise<Operation | undefined> {
  if (step?.kind !== 'create') return undefined;
  const operation = await stateOf(desk, 'create', target, step.farId, how).catch(none);
  return operation && isAbout(operation, target) && desk.book.ownerOf(operation.id) === undefined ? operation : undefined;
}

function none(error: unknown): undefined {
  const kind = classOfError(error);
  if (kind !== 'not-found' && kind !== 'invalid') throw error;
}
