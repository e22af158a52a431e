/**
 * Gives one permission set to one person. What was there before is noted durably before the first create can leave; one
 * create leaves; a lost answer is found again in AWS' list instead of creating twice; done means: final, and listed.
 */
import { isStintError, StintError } from '../../../contract/errors.js';
import { type Instant, instant, msOf } from '../../../contract/ids.js';
import type { Steps } from '../../../contract/ports.js';
import type { How, Operation } from './calls.js';
import { type Desk, ended, isListed, jitteredMs, LIST_LAG_MS, stateOf, unlessAborted, wasListed } from './desk.js';
import { type AwsGrantOrder, earlier, lost } from './earlier.js';
import { awsError, classOfError, failed, haveAlready, mayWorkLater, neverListed, neverMade } from './errors.js';
import { CLOCK_SLACK_MS, deletedLately, findCreate, inProgress } from './find.js';
import { waitUntil } from './lanes.js';
import type { Release } from './line.js';
import { type AwsTarget, type Mark, pairOf } from './types.js';

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
    (mark && (await earlier(desk, order, mark, signal, steps))) ?? (await createOnce(desk, order, signal, steps.said, mark?.at));
  const doneAt = await toEnd(desk, target, taken, signal, steps);
  await untilListed(desk, target, doneAt + order.maxMs, signal);
  wasListed(desk, taken.id);
}

/**
 * Answers when it was there, and has it remembered: the window counts from then, not from when AWS' list shows it. Remembered also
 * when nobody waits any more, since it is there all the same.
 */
async function toEnd(desk: Desk, target: AwsTarget, { id }: Operation, signal: AbortSignal, steps: Steps): Promise<number> {
  const follow = async () => {
    const operation = desk.ended.get(id)?.operation ?? (await followed(desk, target, id));
    if (operation.state === 'FAILED') throw failed(target.display, 'give', operation.reason);
    const doneAt = firstSeen(desk, operation, steps.earlier);
    steps.said?.({ kind: 'create', farId: id, doneAt: instant(doneAt) });
    return doneAt;
  };
  return unlessAborted(follow(), signal);
}

/** How it ended, which is kept also when nobody waits for it any more. */
function followed(desk: Desk, { instanceArn }: AwsTarget, id: string): Promise<Operation> {
  const end = desk.watch.final('create', instanceArn, id).then((operation) => ended(desk, operation));
  // whoever waited may be gone by then
  end.catch(() => undefined);
  return end;
}

/** A create that was not looked at for longer than this, in ms, may have been done all that time. */
const UNWATCHED_MS = 15_000;

/**
 * When it was first seen to be done, by this process or an earlier one. Where nobody watched it, the last instant at which it can't
 * have been: AWS began with it then, or was still at it. What is remembered may have been written by anybody: it can't be older
 * than the create.
 */
function firstSeen({ ended, calls, time, watch }: Desk, { id, createdAt }: Operation, earlier: Steps['earlier']): number {
  const seenAt = ended.get(id)?.seenAt ?? time.now();
  const begunAt = createdAt === undefined ? seenAt : createdAt - calls.skewMs();
  if (earlier?.farId === id && earlier.doneAt) return Math.min(seenAt, Math.max(msOf(earlier.doneAt), begunAt - CLOCK_SLACK_MS));
  const undoneAt = Math.max(begunAt, watch.busyAt(id) ?? begunAt);
  return seenAt - undoneAt <= UNWATCHED_MS ? seenAt : undoneAt;
}

/** Longest wait in line of one attempt, in ms: the attempt itself has five minutes. */
const IN_LINE_MS = 4 * 60_000;

/**
 * Looks, notes and creates as the only one of this account and permission set, with a place among the outstanding writes. The
 * wait for that place takes nothing from the seconds in which the create may leave: they would be over for whoever comes first in
 * a long line, and for the next one too.
 */
async function createOnce(
  desk: Desk,
  order: AwsGrantOrder,
  signal: AbortSignal,
  said: Steps['said'],
  instead: Instant | undefined,
): Promise<Operation> {
  const { target, permit } = order;
  const lastTurn = permit ? Math.min(msOf(order.startBy), desk.time.now() + IN_LINE_MS) : msOf(order.sendBefore);
  // After a wait for what an earlier attempt may have sent: the next one has time of its own.
  if (desk.time.now() >= lastTurn) throw new StintError('too-late', 'The grant was not sent: its time had passed.');
  const held: Release[] = [];
  const release = (): void => {
    for (const give of held) give();
  };
  try {
    const inLine = (wait: (signal: AbortSignal) => Promise<Release>) => waitUntil(desk.time, lastTurn, signal, wait);
    held.push(await inLine((until) => desk.lanes.enter(pairOf(target), { rank: 'grant', signal: until })));
    held.push(await inLine((until) => desk.slots.forGrant(until)));
    const mine = permit ? { ...order, sendBefore: await permit() } : order;
    const taken = await lookNoteCreate(desk, mine, signal, said, instead);
    // AWS counts it as outstanding until it has ended, whoever still waits for it here.
    void followed(desk, target, taken.id).then(release, release);
    return taken;
  } catch (error) {
    release();
    throw error;
  }
}

/**
 * Until AWS takes a create. After one that it refused for now everything begins anew, look and note too: nothing came of it, so what
 * is there by then is another's, whom AWS did not refuse.
 */
async function lookNoteCreate(
  desk: Desk,
  order: AwsGrantOrder,
  signal: AbortSignal,
  said: Steps['said'],
  earlierAt: Instant | undefined,
): Promise<Operation> {
  let instead = earlierAt;
  for (let attempt = 0; ; attempt++) {
    const mark = await lookAndNote(desk, order, signal, instead);
    try {
      const taken = await send(desk, order, mark, signal);
      await desk.book.began(order.requestId, 'create', taken.id, said);
      return taken;
    } catch (error) {
      const pause = jitteredMs(desk.time, attempt);
      if (!neverMade(error) || !mayWorkLater(error) || desk.time.now() + pause >= msOf(order.sendBefore)) throw error;
      await desk.time.sleep(pause, signal);
      instead = mark.at;
    }
  }
}

/** `instead`: the look that came to nothing, in whose place this one is noted. Throws `haveAlready` when it stands there already. */
async function lookAndNote(desk: Desk, order: AwsGrantOrder, signal: AbortSignal, instead: Instant | undefined): Promise<Mark> {
  const { requestId, target, sendBefore } = order;
  const listed = await settledLook(desk, order, { rank: 'grant', signal, what: target.display });
  const at = instant(desk.time.now());
  const look = { before: listed ? 'present' : 'absent', at, until: sendBefore } as const;
  const mark = await desk.book.note(requestId, target, look, instead);
  if (mark.before === 'present') throw haveAlready(target.display);
  // An attempt that was thought to be over noted as well: what it sends can't be told from ours, so it alone goes on.
  if (mark.at !== at) throw awsError(new Error('another attempt'), `an earlier attempt of ${target.display}`);
  return mark;
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

/** One create; if its answer is lost, it is looked for. Whatever comes of it, nothing more leaves after this look. */
async function send(desk: Desk, order: AwsGrantOrder, mark: Mark, signal: AbortSignal): Promise<Operation> {
  const { target, sendBefore } = order;
  try {
    return await desk.calls.begin('create', target, {
      rank: 'grant',
      signal,
      sendBefore: msOf(sendBefore),
      what: target.display,
    });
  } catch (error) {
    await noMore(desk, order, mark, signal, error);
    if (classOfError(error) !== 'lost') throw error;
    return recover(desk, order, mark, signal, error);
  }
}

/** Ends the look: with nothing where AWS refused, else with what may have left by now. Not by a clock that was set back meanwhile. */
async function noMore(desk: Desk, order: AwsGrantOrder, mark: Mark, signal: AbortSignal, error: unknown): Promise<void> {
  const [now, lookedAt] = [desk.time.now(), msOf(mark.at)];
  if (!neverMade(error) && now < lookedAt) return;
  const until = neverMade(error) ? lookedAt : Math.max(now, lookedAt + 1);
  if (until >= msOf(order.sendBefore)) return;
  // Whoever gave up does not wait for the store.
  await unlessAborted(desk.book.bound(order.requestId, mark.at, instant(until)), signal).catch(() => undefined);
}

const RECOVER_LOOKS = 4;

/** No answer to a create: it is looked for a few times, since AWS' lists lag. Throws the first error when it isn't there. */
async function recover(desk: Desk, order: AwsGrantOrder, mark: Mark, signal: AbortSignal, error: unknown): Promise<Operation> {
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
