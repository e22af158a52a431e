/**
 * The reconciler: what targets show against what the store says, for all targets there are. What is ours and should be
 * gone is removed until it is seen gone, recorded and alarmed; everything else is told. It needs no Temporal and trusts no
 * workflow: it is the answer to one that was terminated, reset, deleted or never ran (invariant I15).
 */
import { proveGone } from '../activities/target.js';
import type { Alarms } from '../contract/alarms.js';
import type { AnyEvent } from '../contract/events.js';
import { HOUSE, type Instant, instant, NO_DIGEST, type RunId } from '../contract/ids.js';
import type { Look, Store } from '../contract/ports.js';
import { sha256 } from '../seal/canonical.js';
import { accountOf, compare, type Finding, isOverdue, markOf, type Sight } from './drift.js';
import { alarmOf, type Did, foreignAlarm, sentenceOf } from './drift-alarms.js';
import { type Failure, gather, look, type SightDeps, type Spot } from './sights.js';
import { OVERDUE_MS, type SweepDeps, sweepGrant } from './sweep.js';
import { sweptEvent } from './swept-event.js';

/** Stands where no run ever armed it. */
const NO_RUN = 'no-run' as RunId;

export interface ReconcileDeps extends SightDeps {
  readonly store: Pick<Store, 'fence' | 'ledger' | 'requests'>;
  readonly clock: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly alarms: Alarms;
  /** How overdue grants are swept: the sweep's own way, told as the sweep tells it. */
  readonly sweep: Pick<SweepDeps, 'alarm' | 'swept'>;
  readonly graceMs?: number;
  /** How long one removal is watched, in milliseconds; what is not gone by then is taken again at the next run. */
  readonly watchMs?: number;
  /** Targets looked at in one run. */
  readonly looksMax?: number;
  /** Removals in one run: a mistake of ours, or of a vendor's list, must not take everything at once. */
  readonly removalsMax?: number;
}

const LOOKS_MAX = 500;
const REMOVALS_MAX = 20;
/** The part of the looks that targets with an elevation or a trace of ours may take. */
const FIRST_SHARE = 0.75;
const AT_ONCE = 8;
const WATCH_MS = 15_000;

/** A finding and what became of it. */
export interface Found extends Finding {
  readonly did: Did;
  /** Why a removal failed. */
  readonly why?: string;
  /** It could not even be written down: the next run tells it as new. */
  readonly unwritten?: true;
}

export interface Reconciled {
  readonly at: Instant;
  readonly dryRun: boolean;
  readonly looked: number;
  /** Targets that showed neither the access nor its absence. */
  readonly unseen: number;
  /** Targets that this run had no room for; the next one begins with them. */
  readonly later: number;
  readonly found: readonly Found[];
  /** Overdue grants that showed no access and were proved gone. */
  readonly swept: number;
  readonly failures: readonly { readonly what: string; readonly sentence: string }[];
}

export interface RunOptions {
  /** Only looks: removes nothing, records nothing, tells nobody. */
  readonly dryRun: boolean;
  /** Looks at all targets, however many; removals stay capped. */
  readonly all?: boolean;
}

/** One run. Throws only when the store can't be read. */
export async function reconcileOnce(deps: ReconcileDeps, { dryRun, all }: RunOptions): Promise<Reconciled> {
  const nowMs = deps.clock();
  const gathered = await gather(deps, nowMs);
  const failures = [...gathered.failures];
  const now = all ? gathered.spots : share(gathered.spots, deps.looksMax ?? LOOKS_MAX);
  const looked = await lookAt(deps, now, failures);
  const findings = looked.flatMap(({ spot, sight }) =>
    compare(sight, nowMs, deps.graceMs ?? OVERDUE_MS).map((finding) => ({ spot, finding })),
  );
  const turn = createTurn(deps.removalsMax ?? REMOVALS_MAX);
  const found = await inBatches(findings, ({ spot, finding }) =>
    act(deps, { finding, told: isTold(spot, finding), turn, dryRun, at: instant(nowMs) }),
  );
  const swept = dryRun ? 0 : await sweepQuiet(deps, gathered.open, looked, turn, failures);
  const strangers = found.filter(({ what, did }) => what === 'foreign' && did === 'told');
  if (strangers.length > 0) deps.alarms.raise(foreignAlarm(strangers));
  if (!dryRun) await remember(deps, looked, found, instant(nowMs), failures);
  return {
    at: instant(nowMs),
    dryRun,
    looked: looked.length,
    unseen: looked.filter(({ sight }) => !sight.present && !sight.absent).length,
    later: gathered.spots.length - now.length,
    found,
    swept,
    failures: failures.map(({ what, error }) => ({ what, sentence: sentenceOf(error) })),
  };
}

/** Those that matter most come first, but never take all the room: the others would not be looked at on a busy day. */
function share(spots: readonly Spot[], max: number): readonly Spot[] {
  const first = spots.filter((spot) => spot.first).slice(0, Math.ceil(max * FIRST_SHARE));
  const rest = spots.filter((spot) => !first.includes(spot));
  return [...first, ...rest.filter((spot) => !spot.first), ...rest.filter((spot) => spot.first)].slice(0, max);
}

interface Looked {
  readonly spot: Spot;
  readonly sight: Sight;
}

async function lookAt(deps: ReconcileDeps, spots: readonly Spot[], failures: Failure[]): Promise<readonly Looked[]> {
  const sights = await inBatches(spots, async (spot) => {
    try {
      return { spot, sight: await look(deps, spot) };
    } catch (error) {
      failures.push({ what: spot.target.key, error });
      return undefined;
    }
  });
  return sights.filter((one) => one !== undefined);
}

const isTold = ({ look: last }: Spot, finding: Finding): boolean => last?.told.includes(markOf(finding)) ?? false;

interface Act {
  readonly finding: Finding;
  readonly told: boolean;
  readonly turn: () => boolean;
  readonly dryRun: boolean;
  readonly at: Instant;
}

/** Records what was found before anything is done about it, then does it, then says so. Never throws. */
async function act(deps: ReconcileDeps, { finding, told, turn, dryRun, at }: Act): Promise<Found> {
  if (dryRun) return { ...finding, did: told ? 'known' : 'untouched' };
  let written = told;
  try {
    if (!told) await deps.store.ledger.append([await driftEvent(deps, finding, at)]);
    written = true;
    const did = await remedy(deps, finding, told, turn);
    // Foreign ones are told together: the first run of a new installation may find hundreds.
    if (did !== 'known' && finding.what !== 'foreign') deps.alarms.raise(alarmOf(finding, did));
    return { ...finding, did };
  } catch (error) {
    const why = sentenceOf(error);
    deps.alarms.raise(alarmOf(finding, 'failed', why));
    return { ...finding, did: 'failed', why, ...(!written && { unwritten: true }) };
  }
}

async function remedy(deps: ReconcileDeps, finding: Finding, told: boolean, turn: () => boolean): Promise<Did> {
  switch (finding.remedy) {
    case 'none':
      return told ? 'known' : 'told';
    case 'wait':
      return 'later';
    case 'clear':
    case 'remove':
    case 'sweep':
      if (!turn()) return 'later';
      return remove(deps, finding);
  }
}

/** Takes it away, unless meanwhile somebody was granted the very target. */
async function remove(deps: ReconcileDeps, finding: Finding): Promise<Did> {
  const { store, driverOf } = deps;
  const { requestId, target } = finding;
  const live = await store.fence.live(target.key);
  if (finding.remedy === 'sweep') {
    if (live?.requestId !== requestId || !isOverdue(live, deps.clock(), deps.graceMs ?? OVERDUE_MS)) return 'known';
    // What the sweep would say of it is said here, with what was seen.
    const alarm: SweepDeps['alarm'] = (said, grant, error) => error !== undefined && deps.sweep.alarm(said, grant, error);
    await sweepGrant({ ...sweepDeps(deps), alarm, by: 'reconciler' }, live);
    return 'removed';
  }
  // Granted since we looked: what we saw may be this one's, and its window is its own.
  if (live && (finding.remedy === 'clear' || live.requestId === requestId)) return 'known';
  if (live && accountOf(live.target) === accountOf(target)) return 'known';
  if (finding.remedy === 'clear') await driverOf(target.kind).clear(requestId, target);
  else await revokeAgain(deps, finding, live === undefined);
  return 'removed';
}

async function revokeAgain(deps: ReconcileDeps, { requestId, target }: Finding, alone: boolean): Promise<void> {
  const { store, driverOf, clock, sleep } = deps;
  const stored = await store.requests.get(requestId);
  // An elevation that the fence does not know could still be granted by a run that believes in it: not from here on.
  if (stored) await store.fence.end(requestId, NO_RUN, target, stored.request.subject.personId, instant(clock()));
  const driver = driverOf(target.kind);
  const never = new AbortController().signal;
  const call = { signal: () => never, sleep };
  const proof = await proveGone(driver, { requestId, target }, instant(clock()), {
    clock,
    call,
    watchMs: deps.watchMs ?? WATCH_MS,
  });
  await store.ledger.append([sweptEvent({ requestId, runId: NO_RUN }, stored?.digest, proof, 'reconciler')]);
  await store.fence.gone(requestId, proof.observedAt);
  if (alone) await driver.clear(requestId, target);
}

/** Overdue grants that show no access, or nothing at all: there is no drift to tell, but they are not proved gone either. */
async function sweepQuiet(
  deps: ReconcileDeps,
  open: Awaited<ReturnType<typeof gather>>['open'],
  looked: readonly Looked[],
  turn: () => boolean,
  failures: Failure[],
): Promise<number> {
  const graceMs = deps.graceMs ?? OVERDUE_MS;
  const silent = open.filter((grant) => {
    const seen = looked.find(({ spot }) => spot.account === accountOf(grant.target));
    return isOverdue(grant, deps.clock(), graceMs) && seen !== undefined && (!seen.sight.present || seen.sight.present.standing);
  });
  const results = await inBatches(
    silent.filter(() => turn()),
    async (grant) => {
      try {
        await sweepGrant(sweepDeps(deps), grant);
        return 1;
      } catch (error) {
        failures.push({ what: grant.targetKey, error });
        return 0;
      }
    },
  );
  return results.reduce<number>((sum, one) => sum + one, 0);
}

function sweepDeps(deps: ReconcileDeps): SweepDeps {
  const { store, driverOf, clock, sleep, sweep } = deps;
  return { store, driverOf, clock, sleep, ...sweep, watchMs: deps.watchMs ?? WATCH_MS };
}

/** What was told stays told until it is no longer so. A target that showed nothing keeps what was told of it. */
async function remember(
  deps: ReconcileDeps,
  looked: readonly Looked[],
  found: readonly Found[],
  at: Instant,
  failures: Failure[],
): Promise<void> {
  const looks = looked.map(({ spot, sight }): Look => {
    const own = found
      .filter((one) => accountOf(one.target) === spot.account && one.did !== 'removed' && !one.unwritten)
      .map(markOf);
    const silent = !sight.present && !sight.absent;
    const before = silent ? (spot.look?.told ?? []) : [];
    return { target: spot.account, at, told: [...new Set([...before, ...own])] };
  });
  await deps.store.fence.looked(looks).catch((error: unknown) => {
    failures.push({ what: 'the memory of this run', error });
  });
}

async function driftEvent({ store }: ReconcileDeps, finding: Finding, at: Instant): Promise<AnyEvent> {
  const { what, requestId, target, how, likely } = finding;
  const stored = requestId === HOUSE ? undefined : await store.requests.get(requestId);
  return {
    id: `${requestId}/reconciler/${what}-${sha256(accountOf(target)).slice(0, 16)}-${at}`,
    type: 'drift',
    requestId,
    requestDigest: stored?.digest ?? NO_DIGEST,
    runId: 'no-run',
    at,
    actor: { via: 'reconciler' },
    data: { what, targetKey: target.key, how, likely },
  };
}

function createTurn(max: number): () => boolean {
  let left = max;
  return () => left-- > 0;
}

/** In order of the list, some at once: a fleet is looked at without a flood of calls. */
async function inBatches<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < items.length; i += AT_ONCE) results.push(...(await Promise.all(items.slice(i, i + AT_ONCE).map(work))));
  return results;
}
