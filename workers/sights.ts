/**
 * Gathers what the reconciler compares: every target that the policy's people have, that a driver finds our mark on, and
 * that a live or recent grant names; then asks each what it shows. One that can't be asked never stops the others.
 */

import { HOUSE, instant, msOf, type RequestId } from '../contract/ids.js';
import type { Grant, Look, Observation, Recollection, Remnant, Store, TargetDriver, Walk } from '../contract/ports.js';
import type { Target } from '../contract/request.js';
import { recollectionOf } from '../contract/view.js';
import { accountOf, type Held, isUnproven, type Present, type Sight } from './drift.js';
import { type Met, meet, walkOn } from './walked.js';

export interface SightDeps {
  readonly store: Pick<Store, 'fence' | 'ledger'>;
  readonly drivers: readonly TargetDriver[];
  readonly driverOf: (kind: Target['kind']) => TargetDriver;
  /** All targets that the policy's people have. */
  readonly known: () => Promise<readonly Target[]>;
  /** For kinds whose far end lists everybody. */
  readonly walks?: readonly Walk[];
}

/** Something that could not be asked. */
export interface Failure {
  readonly what: string;
  readonly error: unknown;
  /** Not one target, but a source of many: without it the whole comparison is blind. */
  readonly wide?: true;
}

/** One target of this run, before it was looked at. */
export interface Spot extends Omit<Sight, 'present' | 'absent'> {
  readonly account: string;
  readonly look: Look | undefined;
  /** Whether an elevation or a trace of ours makes it worth looking first. */
  readonly first: boolean;
}

/** A target and what it shows. */
export interface Looked {
  readonly spot: Spot;
  readonly sight: Sight;
}

export interface Gathered {
  readonly spots: readonly Spot[];
  readonly open: readonly Grant[];
  readonly failures: readonly Failure[];
  readonly met: Met;
}

/** How long after its end an elevation is watched for re-appearance. */
const WATCH_AGAIN_MS = 24 * 3_600_000;
/** How many earlier elevations of one account are asked about by name. */
const ASK_MAX = 5;

/** All spots, those that matter most and were looked at longest ago first. Throws when the store can't be read. */
export async function gather(deps: SightDeps, nowMs: number, all = false): Promise<Gathered> {
  const { fence } = deps.store;
  const failures: Failure[] = [];
  // Traces before grants: whatever set one was armed before, so its grant is in what is read afterwards.
  const looks = await fence.looks();
  const walked = await walkOn(deps.walks ?? [], looks, all, failures);
  const remnants = await remnantsOf(deps.drivers, failures);
  const since = instant(nowMs - WATCH_AGAIN_MS);
  const [open, recent] = await Promise.all([fence.open(), fence.recent(since)]);
  const known = await deps.known().catch((error: unknown) => {
    failures.push({ what: 'the people file', error, wide: true });
    return [];
  });
  // Of a busy day's ends there are thousands: what the ledger says of each is read when it is looked at. Those of before are few.
  const early = recent.filter(({ goneAt }) => goneAt !== undefined && goneAt < since);
  const held = await heldBy(deps, [...open, ...early]);
  const live = new Map(open.map((grant) => [grant.targetKey, held.get(grant.requestId)]));
  const byAccount = new Map(looks.map((look) => [look.target, look]));
  const targets = new Map<string, Target>();
  // The names of the people file win: they are the ones that people know today.
  for (const target of [...known, ...[...open, ...recent].map((grant) => grant.target)])
    if (!targets.has(accountOf(target))) targets.set(accountOf(target), target);
  const keys = new Set([...targets.values()].map((target) => target.key));
  for (const remnant of remnants.filter(({ target }) => !keys.has(target))) {
    const target = (remnant.requestId && (await fence.grant(remnant.requestId))?.target) ?? remnant.as;
    if (target) targets.set(accountOf(target), target);
  }

  const taken = new Set<string>();
  const spots = [...targets].map(([account, target]): Spot => {
    const ended = recent
      .filter((grant) => grant.targetKey === target.key)
      .map((grant): Held => held.get(grant.requestId) ?? { grant })
      .filter((each) => isWatched(each, nowMs));
    // A trace is the whole target's, so it is compared once, however many accounts there are.
    const own = taken.has(target.key) ? [] : remnants.filter((remnant) => remnant.target === target.key);
    taken.add(target.key);
    const first = live.has(target.key) || ended.length > 0 || own.length > 0;
    return { target, account, live: live.get(target.key), ended, remnants: own, look: byAccount.get(account), first };
  });
  const orphans = remnants.filter(({ target }) => !taken.has(target));
  for (const { target } of orphans)
    failures.push({ what: target, error: new Error('a trace of ours at a target that nobody knows') });
  const met = meet(walked, { targets, byAccount, looks, at: instant(nowMs) });
  return { spots: spots.sort(byUrgency), open, failures, met };
}

function byUrgency(a: Spot, b: Spot): number {
  if (a.first !== b.first) return a.first ? -1 : 1;
  return (a.look ? msOf(a.look.at) : 0) - (b.look ? msOf(b.look.at) : 0);
}

async function remnantsOf(drivers: readonly TargetDriver[], failures: Failure[]): Promise<readonly Remnant[]> {
  // What is polled leaves no trace beside the access itself, and that is looked at by elevation.
  const leaving = drivers.filter(({ confirmMode }) => confirmMode === 'update');
  const listed = await Promise.allSettled(leaving.map((driver) => driver.listOurs()));
  return listed.flatMap((result, i) => {
    if (result.status === 'fulfilled') return result.value;
    failures.push({ what: `the list of everything of ours (${leaving[i]?.kind})`, error: result.reason, wide: true });
    return [];
  });
}

async function heldBy({ store }: SightDeps, grants: readonly Grant[]): Promise<Map<RequestId, Held>> {
  const found = new Map<RequestId, Held>();
  for (const grant of grants) found.set(grant.requestId, { grant, view: (await store.ledger.find(grant.requestId))?.view });
  return found;
}

/** For a day after it was gone; what was closed without proof until it is seen gone, and for a day after that. */
function isWatched(held: Held, nowMs: number): boolean {
  const goneAt = held.view?.outcome === 'unproven' ? held.view.goneAt : held.grant.goneAt;
  return goneAt === undefined || nowMs - msOf(goneAt) <= WATCH_AGAIN_MS;
}

/** With what the ledger says of its ends. */
async function recorded(deps: SightDeps, spot: Spot): Promise<Spot> {
  const held = await heldBy(
    deps,
    spot.ended.filter(({ view }) => view === undefined).map(({ grant }) => grant),
  );
  return { ...spot, ended: spot.ended.map((each) => held.get(each.grant.requestId) ?? each) };
}

/** What one spot shows now. Throws what its driver throws, and what the store does. */
export async function look(deps: SightDeps, bare: Spot): Promise<Sight> {
  const spot = await recorded(deps, bare);
  const driver = deps.driverOf(spot.target.kind);
  const seen: { readonly asked: RequestId; readonly seen: Observation }[] = [];
  for (const { asked, told } of questions(spot))
    seen.push({ asked, seen: await driver.observe(asked, spot.target, { rank: 'background', ...told }) });
  const shown =
    seen.find((one) => one.seen.access === 'present' && nameOf(one)) ?? seen.find((one) => one.seen.access === 'present');
  const absent = shown ? undefined : seen.find((one) => one.seen.access === 'absent')?.seen;
  const gone = shown ? [] : seen.filter((one) => one.seen.access === 'absent').map(({ asked }) => asked);
  return { ...spot, present: shown && (await presentOf(deps, spot, shown)), absent, gone };
}

/** An elevation that a target is asked about, and what is remembered of the time before it. */
interface Question {
  readonly asked: RequestId;
  readonly told: Recollection;
}

/** The elevations that the account is asked about; without any, whether somebody has the access at all. */
function questions({ account, live, ended }: Spot): readonly Question[] {
  // What may still be ours before what was seen gone, however many of those came later.
  const past = [...ended.filter(isUnproven), ...ended.filter((each) => !isUnproven(each))];
  const own = [...(live ? [live] : []), ...past].filter(({ grant }) => accountOf(grant.target) === account);
  if (own.length === 0) return [{ asked: HOUSE, told: {} }];
  // What was never armed gave nothing: its mark is not lost, so nothing is searched for.
  return own
    .slice(0, ASK_MAX)
    .map(({ grant, view }) => ({ asked: grant.requestId, told: view?.armedAt ? recollectionOf(view) : {} }));
}

const nameOf = ({ asked, seen }: { readonly asked: RequestId; readonly seen: Observation }): RequestId | undefined =>
  seen.whose === 'ours' ? asked : seen.whose === 'standing' ? undefined : seen.of;

async function presentOf(
  deps: SightDeps,
  spot: Spot,
  shown: { readonly asked: RequestId; readonly seen: Observation },
): Promise<Present> {
  const { observedAt, how, whose } = shown.seen;
  const of = nameOf(shown);
  const held = of && (await heldOf(deps, spot, of));
  return { standing: whose === 'standing', ...(of && { of, held }), observedAt, how };
}

/** The elevation that a target names: one of those at hand, or an older one. */
async function heldOf({ store }: SightDeps, { live, ended }: Spot, of: RequestId): Promise<Held | undefined> {
  const known = [...(live ? [live] : []), ...ended].find(({ grant }) => grant.requestId === of);
  if (known) return known;
  const grant = await store.fence.grant(of);
  return grant && { grant, view: (await store.ledger.find(of))?.view };
}
