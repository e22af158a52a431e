/**
 * Judges a whole timeline of the small AWS: for each target, at every instant, who had access against who may and who must.
 *
 * MUST have it:
 * - whom an elevation holds, from when the grant was answered to the end of what was approved (or to a Revoke), unless
 *   another writer removed it since;
 * - whom another writer gave it, until another writer removes it; as long as they did not ask for it in the time of doubt of an
 *   elevation of the same target: from a look that found nothing ("was not there") to the proof that the elevation is gone, where a
 *   create followed that AWS took; where what became of it is not known, until it is known (`DOUBT_MS`), or to that proof if another
 *   writer's create began meanwhile and passes for it; where AWS refused all that followed, none at all. In that time theirs can't
 *   be told from ours, and may end with it (AWS knows one assignment and no owners).
 * MAY have it:
 * - from the create that AWS took for an elevation to when AWS brings the delete into force. The product's own part of
 *   that delay is at most `OWN_MS`: not counted is the time in which AWS has an operation of the pair in progress (it
 *   refuses every other then), and `AFTER_TROUBLE_MS` after each call that was refused or lost and each process that died.
 *   Once an elevation was recorded as gone nobody has it by it, for no time at all.
 * The approved window counts from when AWS had done it, as the story has it from heartbeats: `OWN_MS` later at most, counted in
 * the same way.
 * Nobody else, never.
 *
 * What another writer does in the midst of a delete of ours goes with it: AWS refuses the calls of others then.
 * What can't be known is allowed by name: `LOOK_MS` lie between our look and its note; and what AWS' list does not show
 * yet (`listLagMs` after an operation) a look does not see.
 */
import { type AwsTarget, type Kind, pairOf } from '../../../activities/targets/aws-permission-set/types.js';
import { type Elevation, endOf, type Scene, SEND_WITHIN_MS } from './elevations.js';
import type { Accepted, Landed } from './world.js';

const OWN_MS = 5_000;
const AFTER_TROUBLE_MS = 4_000;
const LOOK_MS = 1_000;
/** A create leaves within ten seconds of its attempt, and ten later AWS lists it. */
const DOUBT_MS = SEND_WITHIN_MS + 10_000;

/** Whether somebody else's access is theirs for sure, may have become one with ours, or is not there. */
type Others = 'no' | 'mixed' | 'sure';

interface Span {
  readonly from: number;
  readonly to: number;
}

/** A look that found nothing, and until when what they ask for may be taken for what followed it. */
interface Doubt {
  readonly noted: number;
  readonly until: number;
}

/** One elevation that AWS was asked to give, as far as it counts for the judge. */
interface Ours {
  readonly elevation: Elevation;
  /** Where theirs can't be told from ours. */
  readonly doubts: readonly Doubt[];
  /** From the first create that AWS took. */
  readonly from: number;
  readonly until: number;
  /** When the last delete that AWS took for it before it was gone comes into force. */
  readonly lastDue: number;
}

export interface Fault {
  readonly at: number;
  readonly key: string;
  readonly what: string;
}

/** Everything that should not have been, in the order of time; empty when all is well. */
export function faultsOf(scene: Scene, targets: readonly AwsTarget[], listLagMs: number): Fault[] {
  const found = targets.flatMap((target) => [
    ...faultsOfOne(scene, target, listLagMs),
    ...createdTwice(scene, target),
    ...countedLate(scene, target, listLagMs),
  ]);
  return found.sort((a, b) => a.at - b.at);
}

function faultsOfOne(scene: Scene, target: AwsTarget, listLagMs: number): Fault[] {
  const { key } = target;
  const elevations = scene.elevations.filter((each) => each.target.key === key);
  const ours = elevations.map((each) => reach(scene, each, listLagMs)).filter((each) => each !== undefined);
  const landed = scene.world.landed.filter((each) => each.key === key);
  const bounds = new Set(landed.map(({ at }) => at));
  for (const { heldAt, goneAt } of elevations) for (const at of [heldAt, goneAt]) if (at !== undefined) bounds.add(at);
  for (const each of elevations) bounds.add(endOf(each) ?? 0);
  for (const { from, until } of ours) bounds.add(from).add(until);
  const faults: Fault[] = [];
  let others: Others = 'no';
  let present = false;
  for (const at of [...bounds].sort((a, b) => a - b)) {
    for (const each of landed.filter((one) => one.at === at)) {
      if (each.kind === 'delete' && each.by === 'call' && others === 'sure')
        faults.push({ at, key, what: 'we removed what another writer had given' });
      others = othersAfter(others, each, ours, listLagMs);
      present = each.kind === 'create';
    }
    if (present && others === 'no' && !ours.some(({ from, until }) => from <= at && at < until))
      faults.push({ at, key, what: 'had access outside of every approved window' });
    const holder = elevations.find((each) => mustHold(each, landed, at));
    if (!present && holder) faults.push({ at, key, what: `${holder.id} was approved until ${endOf(holder)} and had nothing` });
  }
  return faults;
}

/** What other writers' access is after something came into force. */
function othersAfter(others: Others, landed: Landed, ours: readonly Ours[], listLagMs: number): Others {
  if (landed.kind === 'delete') return 'no';
  if (landed.by === 'call' || others === 'sure') return others;
  const mixes = ours.some(({ doubts, elevation, lastDue }) => {
    const { goneAt = Number.POSITIVE_INFINITY } = elevation;
    return landed.at <= Math.max(lastDue, goneAt) && doubts.some((doubt) => isIn(doubt, landed, listLagMs));
  });
  return mixes ? 'mixed' : 'sure';
}

function isIn({ noted, until }: Doubt, { askedAt, at }: Pick<Landed, 'askedAt' | 'at'>, listLagMs: number): boolean {
  // What was in progress at our look can be seen there; what had just come into force may not be listed yet.
  const since = askedAt < at && at < noted ? at + listLagMs : askedAt;
  return noted - LOOK_MS <= since && askedAt <= until;
}

/** By each look of an elevation that found nothing. Judged by what was called, not by what the store was told of it. */
function doubtsOf(
  { world, notes, falls }: Scene,
  of: Elevation,
  taken: readonly { readonly at: number }[],
  listLagMs: number,
): Doubt[] {
  const { id, target, goneAt = Number.POSITIVE_INFINITY } = of;
  const own = notes.filter((note) => note.id === id);
  return own.flatMap(({ before, at: noted }, n) => {
    if (before === 'present') return [];
    const next = own[n + 1]?.at ?? goneAt;
    const isOf = ({ at }: { readonly at: number }) => noted <= at && at < next;
    const sent = world.sent.filter((one) => one.kind === 'create' && one.key === target.key && isOf(one));
    // Of a process that died with the answer nobody knows that it was a no; nor where none was sent at all.
    const heard = ({ overAt = 0 }: { overAt?: number }) => !falls.some((at) => overAt <= at && at <= overAt + 1);
    if (sent.length > 0 && sent.every((one) => one.refused && heard(one))) return [];
    const doubt = { noted, until: noted + DOUBT_MS };
    // Whoever looked anew has not taken theirs for its own.
    const isMistaken = n === own.length - 1 && passesForOurs(world.accepted, target, doubt, listLagMs);
    return [taken.some(isOf) || isMistaken ? { noted, until: Number.POSITIVE_INFINITY } : doubt];
  });
}

/**
 * Whether AWS' list of operations has a create of theirs where one of ours would stand whose answer was lost: it has no name on
 * it, so the elevation goes on with that one, and what follows becomes one with it as with a create of ours.
 */
function passesForOurs(accepted: readonly Accepted[], { key }: AwsTarget, doubt: Doubt, listLagMs: number): boolean {
  const theirs = accepted.filter(({ kind, by, target }) => kind === 'create' && by === 'foreign' && target.key === key);
  return theirs.some(({ at, dueAt }) => isIn(doubt, { askedAt: at, at: dueAt }, listLagMs));
}

/** Whether this one holds the target at this instant, and nobody else took it away since. */
function mustHold(elevation: Elevation, landed: readonly Landed[], at: number): boolean {
  const { heldAt, approvedAt } = elevation;
  if (heldAt === undefined || at < heldAt || at >= (endOf(elevation) ?? 0)) return false;
  return !landed.some((one) => one.by === 'foreign' && one.kind === 'delete' && approvedAt <= one.at && one.at <= at);
}

/** From when to when somebody may have access by this elevation; undefined when it never noted that it was not there. */
function reach(scene: Scene, elevation: Elevation, listLagMs: number): Ours | undefined {
  if (!scene.notes.some(({ id, before }) => id === elevation.id && before === 'absent')) return undefined;
  const taken = callsOf(scene, 'create', elevation);
  const goneAt = elevation.goneAt ?? Number.POSITIVE_INFINITY;
  const until = Math.min(goneAt, latestEnd(scene, elevation));
  const lastDue = Math.max(0, ...callsOf(scene, 'delete', elevation).map(({ dueAt }) => dueAt));
  return { elevation, doubts: doubtsOf(scene, elevation, taken, listLagMs), from: taken[0]?.at ?? goneAt, until, lastDue };
}

/** What AWS took for an elevation; one elevation holds a target at a time. */
const callsOf = ({ world }: Scene, of: Kind, { target: { key }, approvedAt, goneAt = Number.POSITIVE_INFINITY }: Elevation) =>
  world.accepted.filter(
    ({ kind, by, at, target }) => kind === of && by === 'call' && target.key === key && approvedAt <= at && at <= goneAt,
  );

/** By when it has to be over. */
const latestEnd = (scene: Scene, elevation: Elevation): number =>
  latest(scene, elevation.target, endOf(elevation) ?? Number.POSITIVE_INFINITY);

/** When the product has used up its own time since then. */
function latest(scene: Scene, target: AwsTarget, since: number): number {
  let at = since;
  let left = OWN_MS;
  for (const { from, to } of excused(scene, target)) {
    if (to <= at) continue;
    if (from - at >= left) break;
    left -= Math.max(0, from - at);
    at = to;
  }
  return at + left;
}

/** The times that AWS and fate take, in order. */
function excused({ world, falls }: Scene, target: AwsTarget): Span[] {
  const busy = world.accepted
    .filter((one) => pairOf(one.target) === pairOf(target))
    .map(({ at, dueAt }) => ({ from: at, to: dueAt }));
  const after = [...world.troubles, ...falls].map((at) => ({ from: at, to: at + AFTER_TROUBLE_MS }));
  return [...busy, ...after].sort((a, b) => a.from - b.from);
}

/** One create for one elevation. A call that was broken off may arrive after it was given up, and then does nothing new. */
function createdTwice(scene: Scene, { key }: AwsTarget): Fault[] {
  const own = scene.elevations.filter((each) => each.target.key === key);
  return own.flatMap((each) => {
    const [, second] = callsOf(scene, 'create', each);
    return second ? [{ at: second.at, key, what: `${each.id} was created twice` }] : [];
  });
}

/** The window counts from when AWS had done it; not from when its list shows it, however long that takes. */
function countedLate(scene: Scene, target: AwsTarget, listLagMs: number): Fault[] {
  const own = scene.elevations.filter((each) => each.target.key === target.key);
  return own.flatMap((each) => {
    const [first] = callsOf(scene, 'create', each);
    const { sinceAt } = each;
    // What was found in the list alone, without an operation, is known from then on.
    const unseenMs = each.step?.doneAt ? 0 : listLagMs;
    if (!first || sinceAt === undefined || sinceAt <= latest(scene, target, first.dueAt) + unseenMs) return [];
    return [
      { at: sinceAt, key: target.key, what: `${each.id} was there at ${first.dueAt}, and its window counts from ${sinceAt}` },
    ];
  });
}
