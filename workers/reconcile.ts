/**
 * The reconciler: what targets show against what the store says, for all targets there are. What is ours and should be
 * gone is removed until it is seen gone, recorded and alarmed; everything else is told. It needs no Temporal and trusts no
 * workflow: it is the answer to one that was terminated, reset, deleted or never ran (invariant I15).
 */
import { type Instant, instant } from '../contract/ids.js';
import type { Look } from '../contract/ports.js';
import { accountOf, compare, type Finding, isOverdue, markOf } from './drift.js';
import { foreignAlarm, sentenceOf } from './drift-alarms.js';
import { recordLateProofs } from './late-proof.js';
import { act, type Found, type RemedyDeps, sweepDeps } from './reconcile-remedy.js';
import { type Failure, gather, type Looked, look, type SightDeps, type Spot } from './sights.js';
import { OVERDUE_MS, sweepGrant } from './sweep.js';
import { boundUnsaid } from './unsaid-end.js';

export type { Found } from './reconcile-remedy.js';

export interface ReconcileDeps extends SightDeps, RemedyDeps {
  readonly store: RemedyDeps['store'];
  /** Targets looked at in one run. */
  readonly looksMax?: number;
  /** How long all looks of one run may take, in ms; what is not looked at by then comes first at the next. */
  readonly looksMs?: number;
  /** Removals in one run: a mistake of ours, or of a vendor's list, must not take everything at once. */
  readonly removalsMax?: number;
}

const LOOKS_MAX = 500;
/** Well below what the Schedule gives one run. */
const LOOKS_MS = 90_000;
const REMOVALS_MAX = 20;
/** The part of the looks that targets with an elevation or a trace of ours may take. */
const FIRST_SHARE = 0.75;
const AT_ONCE = 8;

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
  readonly failures: readonly (Pick<Failure, 'what' | 'wide'> & { readonly sentence: string })[];
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
  const gathered = await gather(deps, nowMs, all);
  const failures = [...gathered.failures];
  const now = all ? gathered.spots : share(gathered.spots, deps.looksMax ?? LOOKS_MAX);
  const { met } = gathered;
  const failedBefore = failures.length;
  const looked = await lookAt(all ? { ...deps, looksMs: Number.POSITIVE_INFINITY } : deps, now, failures);
  const failed = failures.length - failedBefore;
  const findings = [...looked, ...met.strangers].flatMap(({ spot, sight }) =>
    compare(sight, nowMs, deps.graceMs ?? OVERDUE_MS).map((finding) => ({ spot, finding })),
  );
  const turn = createTurn(deps.removalsMax ?? REMOVALS_MAX);
  const found = await inBatches(findings, ({ spot, finding }) =>
    act(deps, { finding, told: isTold(spot, finding), turn, dryRun, at: instant(nowMs) }),
  );
  if (!dryRun) await recordLateProofs(deps.store, looked, failures);
  if (!dryRun) await boundUnsaid(deps.store, looked, failures);
  const swept = dryRun ? 0 : await sweepQuiet(deps, gathered.open, looked, turn, failures);
  const strangers = found.filter(({ what, did }) => what === 'foreign' && did === 'told');
  if (strangers.length > 0) deps.alarms.raise(foreignAlarm(strangers));
  if (!dryRun) await remember(deps, [...looked, ...met.strangers], found, instant(nowMs), failures, met.looks);
  return {
    at: instant(nowMs),
    dryRun,
    looked: looked.length + met.places,
    unseen: looked.filter(({ sight }) => !sight.present && !sight.absent).length,
    later: gathered.spots.length - looked.length - failed + met.later,
    found,
    swept,
    failures: failures.map(({ what, error, wide }) => ({ what, sentence: sentenceOf(error), ...(wide && { wide }) })),
  };
}

/** Those that matter most come first, but never take all the room: the others would not be looked at on a busy day. */
function share(spots: readonly Spot[], max: number): readonly Spot[] {
  const first = spots.filter((spot) => spot.first).slice(0, Math.ceil(max * FIRST_SHARE));
  const rest = spots.filter((spot) => !first.includes(spot));
  return [...first, ...rest.filter((spot) => !spot.first), ...rest.filter((spot) => spot.first)].slice(0, max);
}

/** Each kind for itself: a far end that answers slowly or not at all keeps no other kind from being looked at. */
async function lookAt(deps: ReconcileDeps, spots: readonly Spot[], failures: Failure[]): Promise<readonly Looked[]> {
  const kinds = [...new Set(spots.map(({ target }) => target.kind))];
  const until = deps.clock() + (deps.looksMs ?? LOOKS_MS);
  const sights = kinds.map((kind) =>
    inBatches(
      spots.filter(({ target }) => target.kind === kind),
      async (spot) => {
        if (deps.clock() > until) return undefined;
        try {
          return { spot, sight: await look(deps, spot) };
        } catch (error) {
          failures.push({ what: spot.target.key, error });
          return undefined;
        }
      },
    ),
  );
  return (await Promise.all(sights)).flat().filter((one) => one !== undefined);
}

const isTold = ({ look: last }: Spot, finding: Finding): boolean => last?.told.includes(markOf(finding)) ?? false;

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

/** What was told stays told until it is no longer so. A target that showed nothing keeps what was told of it. */
async function remember(
  deps: ReconcileDeps,
  looked: readonly Looked[],
  found: readonly Found[],
  at: Instant,
  failures: Failure[],
  also: readonly Look[],
): Promise<void> {
  const looks = looked.map(({ spot, sight }): Look => {
    const own = found
      .filter((one) => accountOf(one.target) === spot.account && one.did !== 'removed' && !one.unwritten)
      .map(markOf);
    const silent = !sight.present && !sight.absent;
    const before = silent ? (spot.look?.told ?? []) : [];
    return { target: spot.account, at, told: [...new Set([...before, ...own])] };
  });
  await deps.store.fence.looked([...also, ...looks]).catch((error: unknown) => {
    failures.push({ what: 'the memory of this run', error });
  });
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
