/**
 * What AWS shows of one assignment. "Absent" only when the whole list says so and nothing of ours can still land: no
 * create in progress, none that has just ended and may not be listed yet.
 */
import { instant, type RequestId } from '../../../contract/ids.js';
import type { LookManner, Observation, Recollection } from '../../../contract/ports.js';
import { cameToNothing, type Recalled } from './book.js';
import type { How } from './calls.js';
import { type Desk, isListed, LIST_LAG_MS, stateOf } from './desk.js';
import { classOfError } from './errors.js';
import { findCreate, findIn, inProgress, settledAt } from './find.js';
import type { AwsTarget, Mark } from './types.js';

/** Never throws for what AWS answers: what isn't known is `unknown`. */
export async function observe(
  desk: Desk,
  requestId: RequestId,
  target: AwsTarget,
  { rank = 'proof', signal, ...said }: LookManner = {},
): Promise<Observation> {
  const how: How = { rank, signal, what: target.display };
  const observedAt = instant(desk.time.now());
  try {
    const mark = await known(desk, requestId, target, said, how);
    // Whoever looks twice a second, for the minutes that AWS may take, would use up the quota and see nothing.
    if (isBeingDeleted(desk, target, mark))
      return { access: 'unknown', observedAt, how: 'AWS is still working on taking it back.' };
    // First what may still land, then the list: the other way round, what lands between the two is seen by neither.
    const pending = await mayLand(desk, requestId, target, mark, how);
    const there = await isThere(desk, target, how);
    if (there === true && (await isOrphan(desk, target, mark, how)))
      return { access: 'absent', observedAt, how: `${target.display} is still listed, but for a user that is deleted.` };
    if (there === true) {
      const whose = await whoseIs(desk, requestId, target, mark, how);
      return { access: 'present', ...(whose !== 'unsure' && { whose }), observedAt, how: howPresent(target, mark, whose) };
    }
    if (pending) return { access: 'unknown', observedAt, how: pending };
    const how2 = there === false ? `AWS lists nobody of that id for ${target.display}.` : there;
    return { access: 'absent', observedAt, how: how2 };
  } catch (error) {
    signal?.throwIfAborted();
    return { access: 'unknown', observedAt, how: error instanceof Error ? error.message.slice(0, 300) : 'AWS did not answer.' };
  }
}

/**
 * What is on record, or remembered by the caller. A create of the very same in the caller's time, of which nothing is on record
 * although it is noted before one can leave, may be ours with its mark lost: then nobody is sure.
 */
export async function known(
  desk: Desk,
  requestId: RequestId,
  target: AwsTarget,
  { before, since }: Recollection,
  how: How,
): Promise<Recalled> {
  const mark = await desk.book.recall(requestId, before);
  if (mark || !since) return mark;
  const create = await findCreate(desk, { requestId, target, mark: { before: 'absent', at: since } }, how);
  return create && create.state !== 'FAILED' ? 'unsure' : undefined;
}

function isBeingDeleted(desk: Desk, { instanceArn }: AwsTarget, mark: Recalled): boolean {
  const id = mark === 'unsure' ? undefined : mark?.delete;
  return id !== undefined && desk.watch.follows('delete', instanceArn, id);
}

/** AWS doesn't delete the assignment of a deleted user; nobody can use it. Only asked for once a delete has failed. */
async function isOrphan(desk: Desk, target: AwsTarget, mark: Recalled, how: How): Promise<boolean> {
  const ours = mark !== 'unsure' && mark?.before === 'absent' && mark.delete;
  if (!ours || desk.ended.get(ours)?.operation.state !== 'FAILED') return false;
  return desk.calls.userGone(target.principalId, how);
}

/**
 * Whose an access is that is there now. Ours only if a create of ours may have made it: not if each was refused, failed, or is not
 * in AWS' own list though its time is over. Until that time nobody can say.
 */
export async function whoseIs(
  desk: Desk,
  requestId: RequestId,
  target: AwsTarget,
  mark: Recalled,
  how: How,
): Promise<'ours' | 'standing' | 'unsure'> {
  if (mark === 'unsure') return 'unsure';
  // Without a mark nothing of this elevation was ever created.
  if (mark?.before !== 'absent' || cameToNothing(mark)) return 'standing';
  if (mark.delete || !mark.until) return 'ours';
  if (mark.create) return (await hasFailed(desk, target, mark.create, how)) ? 'standing' : 'ours';
  // Before the look: one that comes to be listed in the midst of it must not be missed.
  const isOver = desk.time.now() > settledAt(mark);
  const create = await findCreate(desk, { requestId, target, mark }, how);
  if (create && create.state !== 'FAILED') return 'ours';
  return isOver ? 'standing' : 'unsure';
}

/** What AWS does not say now counts as a no: it took the create, and most do not fail. */
async function hasFailed(desk: Desk, target: AwsTarget, create: string, how: How): Promise<boolean> {
  const operation = await stateOf(desk, 'create', target, create, how).catch(() => undefined);
  return operation?.state === 'FAILED';
}

function howPresent(target: AwsTarget, mark: Recalled, whose: 'ours' | 'standing' | 'unsure'): string {
  const listed = `AWS lists ${target.display} for this person`;
  if (mark === 'unsure') return `${listed}; whose doing it is, the store does not say now.`;
  if (whose === 'unsure') return `${listed}; whether a create of ours made it, AWS does not say yet.`;
  if (whose === 'ours') return `${listed}.`;
  return mark?.before === 'absent'
    ? `${listed}, and not by a create of ours: none came to anything.`
    : `${listed}, and did so before.`;
}

/** Why an assignment of ours may still appear; undefined when none can. */
export async function mayLand(
  desk: Desk,
  requestId: RequestId,
  target: AwsTarget,
  mark: Recalled,
  how: How,
): Promise<string | undefined> {
  // Without its mark nobody knows which creates to look for.
  if (mark === 'unsure') return 'The store does not say whether a create of ours is still on its way.';
  if (mark?.before !== 'absent' || cameToNothing(mark)) return undefined;
  if (!mark.create && (await inProgress(desk, requestId, target, how))) return BUSY;
  const create = mark.create
    ? await stateOf(desk, 'create', target, mark.create, how)
    : await findIn(desk, undefined, { requestId, target, mark }, how);
  if (!create || create.state === 'FAILED') return undefined;
  if (create.state === 'IN_PROGRESS') return BUSY;
  const { since = desk.time.steady(), listed } = desk.ended.get(create.id) ?? {};
  if (listed || desk.time.steady() - since > LIST_LAG_MS) return undefined;
  return (await wasDeleted(desk, target, mark, how)) ? undefined : 'AWS has just given it, and may not list it yet.';
}

const BUSY = 'AWS is still working on giving it.';

async function wasDeleted(desk: Desk, target: AwsTarget, mark: Mark, how: How): Promise<boolean> {
  return mark.delete !== undefined && (await stateOf(desk, 'delete', target, mark.delete, how)).state === 'SUCCEEDED';
}

/**
 * True or false by the whole list of the pair; a sentence when there can be none any more, because the permission set or the
 * account is gone, which counts only when the lists of those say so.
 */
export async function isThere(desk: Desk, target: AwsTarget, how: How): Promise<boolean | string> {
  try {
    return await isListed(desk, target, how);
  } catch (error) {
    if (classOfError(error) !== 'not-found') throw error;
    const sets = await desk.calls.permissionSets(target.instanceArn, how);
    if (sets.length > 0 && !sets.includes(target.permissionSetArn)) return 'AWS lists the permission set no more.';
    const accounts = await desk.calls.accountIds(how);
    if (accounts.length > 0 && !accounts.includes(target.accountId)) return 'AWS lists the account no more.';
    throw error;
  }
}
