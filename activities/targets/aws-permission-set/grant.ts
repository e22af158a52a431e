/**
 * Gives one permission set to one person. What was there before is noted durably before the first create can leave; one
 * create leaves; a lost answer is found again in AWS' list instead of creating twice; done means: final, and listed.
 */
import { isStintError } from '../../../contract/errors.js';
import { instant, msOf } from '../../../contract/ids.js';
import type { GrantOrder, Steps } from '../../../contract/ports.js';
import type { Release } from './budget.js';
import type { How, Operation } from './calls.js';
import { type Desk, ended, isAbout, isListed, jitteredMs, LIST_LAG_MS, stateOf, unlessAborted, wasListed } from './desk.js';
import { awsError, classOfError, failed, haveAlready, mayWorkLater, neverListed } from './errors.js';
import { CLOCK_SLACK_MS, deletedLately, findCreate, inProgress } from './find.js';
import { waitUntil } from './lanes.js';
import { type AwsTarget, type Mark, pairOf } from './types.js';

/** The create must not leave at or after `sendBefore`, and is broken off at it. Waiting for AWS may go on longer. */
type AwsGrantOrder = Pick<GrantOrder<AwsTarget>, 'requestId' | 'target' | 'sendBefore' | 'maxMs'>;

/** A create that AWS took, or that its list shows as done although no answer of it is known. */
type Taken = Operation | 'landed';

/**
 * Resolves when the list shows the assignment. Throws `haveAlready` when it stood there before, AWS' reason when it
 * failed, `too-late` when nothing was sent, and errors to try again after; every attempt goes on where the last one was.
 */
export async function grant(desk: Desk, order: AwsGrantOrder, signal: AbortSignal, steps: Steps = {}): Promise<void> {
  signal.throwIfAborted();
  const { requestId, target } = order;
  const mark = (await desk.book.read(requestId)) ?? (await lost(desk, order, signal, steps));
  if (mark?.before === 'present') throw haveAlready(target.display);
  const taken =
    (mark && (await earlier(desk, order, mark, signal, steps))) ?? (await createOnce(desk, order, signal, steps.said));
  const overAt = taken === 'landed' ? Number.POSITIVE_INFINITY : (await toEnd(desk, target, taken, signal, steps)) + order.maxMs;
  await untilListed(desk, target, overAt, signal);
  if (taken !== 'landed') wasListed(desk, taken.id);
}

/**
 * The mark of an earlier attempt, written anew: the store has lost it, but the caller remembers the create that left after it, and
 * AWS has that. Otherwise the next look would take our own for what stood before, and leave it there for good.
 */
async function lost(desk: Desk, { requestId, target }: AwsGrantOrder, signal: AbortSignal, steps: Steps) {
  const create = await named(desk, target, steps, { rank: 'grant', signal, what: target.display });
  const age = desk.time.now() + desk.calls.skewMs() - (create?.createdAt ?? Number.NEGATIVE_INFINITY);
  return age <= REMEMBERED_MS ? desk.book.note(requestId, target, 'absent') : undefined;
}

/** An older create than this is believed only with its mark, in ms: where it was remembered anything may have been written. */
const REMEMBERED_MS = 4 * 3_600_000;

/** The create of an earlier attempt. */
async function earlier(desk: Desk, { requestId, target }: AwsGrantOrder, mark: Mark, signal: AbortSignal, steps: Steps) {
  if (mark.create) return { id: mark.create, state: 'IN_PROGRESS' } as const;
  const how: How = { rank: 'grant', signal, what: target.display };
  const found = (await named(desk, target, steps, how)) ?? (await findCreate(desk, { requestId, target, mark }, how));
  if (found) await desk.book.began(requestId, 'create', found.id, steps.said);
  return found;
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

/** Answers when it was there, and has it remembered: the window counts from then, not from when AWS' list shows it. */
async function toEnd(desk: Desk, target: AwsTarget, { id }: Operation, signal: AbortSignal, steps: Steps): Promise<number> {
  const known = desk.ended.get(id)?.operation;
  const operation = known ?? ended(desk, await unlessAborted(desk.watch.final('create', target.instanceArn, id), signal));
  if (operation.state === 'FAILED') throw failed(target.display, 'give', operation.reason);
  const doneAt = firstSeen(desk, operation, steps.earlier);
  steps.said?.({ kind: 'create', farId: id, doneAt: instant(doneAt) });
  return doneAt;
}

/** By this process or an earlier one. What is remembered may have been written by anybody: it can't be older than the create. */
function firstSeen({ ended, calls, time }: Desk, { id, createdAt }: Operation, earlier: Steps['earlier']): number {
  const seenAt = ended.get(id)?.seenAt ?? time.now();
  if (earlier?.farId !== id || !earlier.doneAt) return seenAt;
  const remembered = Math.max(msOf(earlier.doneAt), (createdAt ?? seenAt) - calls.skewMs() - CLOCK_SLACK_MS);
  return Math.min(seenAt, remembered);
}

/** Looks, notes and creates as the only one of this account and permission set, with a place among the outstanding writes. */
async function createOnce(desk: Desk, order: AwsGrantOrder, signal: AbortSignal, said: Steps['said']): Promise<Taken> {
  const { target } = order;
  const held: Release[] = [];
  const release = (): void => {
    for (const give of held) give();
  };
  try {
    const inLine = (wait: (signal: AbortSignal) => Promise<Release>) =>
      waitUntil(desk.time, msOf(order.sendBefore), signal, wait);
    held.push(await inLine((until) => desk.lanes.enter(pairOf(target), { rank: 'grant', signal: until })));
    held.push(await inLine((until) => desk.slots.take('grant', until)));
    const taken = await lookNoteCreate(desk, order, signal, said);
    // AWS counts it as outstanding until it has ended, whoever still waits for it here.
    if (taken === 'landed') release();
    else void desk.watch.final('create', target.instanceArn, taken.id).then(release, release);
    return taken;
  } catch (error) {
    release();
    throw error;
  }
}

async function lookNoteCreate(desk: Desk, order: AwsGrantOrder, signal: AbortSignal, said: Steps['said']): Promise<Taken> {
  const { requestId, target } = order;
  const look: How = { rank: 'grant', signal, what: target.display };
  const listed = await settledLook(desk, order, look);
  const mark = await desk.book.note(requestId, target, listed ? 'present' : 'absent');
  if (mark.before === 'present') throw haveAlready(target.display);
  // Not there before us, and there now: it is the create whose answer was lost.
  if (listed) return 'landed';
  const taken = await send(desk, order, mark, signal);
  if (taken !== 'landed') await desk.book.began(requestId, 'create', taken.id, said);
  return taken;
}

/**
 * What was deleted a moment ago may still be listed, and must not be taken for standing access. What somebody else has begun to
 * make must not be taken for ours: its end is waited for, and what comes of it stood there before us.
 */
async function settledLook(desk: Desk, { requestId, target, sendBefore }: AwsGrantOrder, how: How): Promise<boolean> {
  let theirs: string | undefined;
  for (let look = 0; ; look++) {
    // First what may still land, then the list, as when it is looked whether something is gone.
    theirs = (await inProgress(desk, requestId, target, how)) ?? theirs;
    const listed = await isListed(desk, target, how);
    if (listed ? !(await deletedLately(desk, target, how)) : !(theirs && (await mayAppear(desk, target, theirs, how))))
      return listed;
    const pause = jitteredMs(desk.time, look, 400, 2_000);
    if (desk.time.now() + pause >= msOf(sendBefore))
      throw awsError(new Error('not settled'), `an earlier change of ${target.display}`);
    await desk.time.sleep(pause, how.signal);
  }
}

/** Whether the list may still come to show what this create gives. */
async function mayAppear(desk: Desk, target: AwsTarget, id: string, how: How): Promise<boolean> {
  const { state } = await stateOf(desk, 'create', target, id, how);
  if (state !== 'SUCCEEDED') return state === 'IN_PROGRESS';
  return desk.time.now() - (desk.ended.get(id)?.seenAt ?? desk.time.now()) <= LIST_LAG_MS;
}

/** Sends until AWS takes it. Only what AWS refused for now is sent again, and only after another look. */
async function send(desk: Desk, order: AwsGrantOrder, mark: Mark, signal: AbortSignal): Promise<Taken> {
  const { target } = order;
  const sendBefore = msOf(order.sendBefore);
  const how: How = { rank: 'grant', signal, sendBefore, what: target.display };
  for (let attempt = 0; ; attempt++) {
    try {
      return await desk.calls.begin('create', target, how);
    } catch (error) {
      if (classOfError(error) === 'lost') return await recover(desk, order, mark, signal, error);
      const pause = jitteredMs(desk.time, attempt);
      if (!mayWorkLater(error) || desk.time.now() + pause >= sendBefore) throw error;
      await desk.time.sleep(pause, signal);
      if (await isListed(desk, target, { ...how, sendBefore: undefined })) return 'landed';
    }
  }
}

const RECOVER_LOOKS = 4;

/** No answer to a create: it is looked for a few times, since AWS' lists lag. Throws the first error when it isn't there. */
async function recover(desk: Desk, order: AwsGrantOrder, mark: Mark, signal: AbortSignal, error: unknown): Promise<Taken> {
  const { requestId, target } = order;
  const how: How = { rank: 'grant', signal, what: target.display };
  for (let look = 0; look < RECOVER_LOOKS; look++) {
    await desk.time.sleep(jitteredMs(desk.time, look, 400), signal);
    const found = await findCreate(desk, { requestId, target, mark }, how).catch((other: unknown) => {
      if (!mayWorkLater(other)) throw other;
      return undefined;
    });
    if (found) return found;
  }
  throw error;
}

/** AWS says it is done; its list has to say so too, and before the window that was approved is over: else it failed. */
async function untilListed(desk: Desk, target: AwsTarget, overAt: number, signal: AbortSignal): Promise<void> {
  const until = desk.time.steady() + 3 * LIST_LAG_MS;
  for (let look = 0; ; look++) {
    try {
      if (await isListed(desk, target, { rank: 'grant', signal, what: target.display })) return;
    } catch (error) {
      if (!isStintError(error) || !mayWorkLater(error)) throw error;
    }
    if (desk.time.now() >= overAt) throw neverListed(target.display);
    if (desk.time.steady() >= until) throw awsError(new Error('not listed yet'), `${target.display}, which it called done`);
    await desk.time.sleep(jitteredMs(desk.time, look, 300, 3_000), signal);
  }
}
