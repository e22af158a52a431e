/** What a storm tells: figures as text and as JSON, and the evidence of each violation. */
import type { TargetKind } from '../../contract/request.js';
import type { Eyes } from './far/eyes.js';
import type { Longest } from './judge/checks.js';
import { type Facts, messagesOf, placeOf, type Violation } from './judge/facts.js';
import { only, type Recorded } from './judge/ledger.js';
import type { Watch } from './judge/truth.js';
import type { StormOptions } from './options.js';
import type { Topology } from './topology/topology.js';

export interface Result {
  readonly ok: boolean;
  readonly seed: number;
  readonly topology: string;
  readonly blewMs: number;
  readonly kills: Readonly<Record<string, number>>;
  readonly totalKills: number;
  /** Processes that ended without having been killed. */
  readonly selfEnded: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly totalFaults: number;
  readonly slackCalls: number;
  readonly slackCallsStruck: number;
  readonly asked: number;
  readonly elevations: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly granted: number;
  /** Terminated before they were armed: they hold nothing, and nobody closes them. */
  readonly orphans: number;
  /** Drills are asked for and not had; `reviewed`: somebody closed the review. */
  readonly glass: { readonly asked: number; readonly broke: number; readonly drills: number; readonly reviewed: number };
  /** Of those that named a time. */
  readonly later: { readonly asked: number; readonly began: number; readonly calledOff: number };
  readonly mostAtOnce: number;
  readonly samples: number;
  /** The longest that anybody was an administrator past a deadline, in milliseconds; below 0: nobody was. */
  readonly longestPastMs: number | undefined;
  readonly longestPastAt: { readonly serial: string; readonly requestId: string } | undefined;
  /** What the stand-in of AWS saw; absent without it. The longest past a deadline is without what fate and AWS itself took. */
  readonly aws?: {
    readonly elevations: number;
    readonly granted: number;
    readonly longestPastMs?: number | undefined;
    readonly longestPastAt?: string | undefined;
    /** The same with everything that fate and AWS took: for so long somebody really had it past a deadline. */
    readonly longestInAllMs?: number | undefined;
    readonly longestInAllAt?: string | undefined;
    readonly calls: number;
    readonly operations: Readonly<Record<string, number>>;
    readonly struck: number;
    readonly throttled: number;
    readonly outstandingMost: number;
  };
  /** From the calm until everything was closed and shown; undefined when it did not happen in time. */
  readonly convergedMs: number | undefined;
  readonly short: readonly string[];
  readonly violations: readonly Violation[];
}

export interface Told {
  readonly options: StormOptions;
  readonly facts: Facts;
  readonly violations: readonly Violation[];
  /** On a Mac, and in AWS. */
  readonly longest: Longest | undefined;
  readonly longestInAws: Longest | undefined;
  readonly longestInAll: Longest | undefined;
  readonly began: number;
  readonly converged: number | undefined;
  readonly topology: Topology;
  readonly calls: Eyes['calls'];
  readonly watch: Watch;
}

/** Of fewer elevations all may be of one kind by chance, so that nothing is asked of the other. */
const MANY = 20;

/** What the storm was to come to and did not: where nobody had anything, "nobody had it for too long" proves nothing. */
export function shortOf(
  { kills, elevations, calm }: Pick<StormOptions, 'kills' | 'elevations' | 'calm'>,
  { notebook, recorded, cloud }: Pick<Facts, 'notebook' | 'recorded' | 'cloud'>,
  converged: boolean,
): readonly string[] {
  const isIdle = (kind: TargetKind) => elevations >= MANY && !grantedOf(kind, recorded).length;
  return [
    ...(notebook.kills.length < kills ? [`${notebook.kills.length} of ${kills} kills`] : []),
    ...(recorded.length < elevations ? [`${recorded.length} of ${elevations} elevations`] : []),
    ...(isIdle('mac-admin') ? ['nobody was granted anything on a Mac'] : []),
    ...(cloud && isIdle('aws-permission-set') ? ['nobody was granted anything in AWS'] : []),
    ...(converged ? [] : [`not everything had converged after ${calm} min of calm`]),
  ];
}

function grantedOf(kind: TargetKind, recorded: readonly Recorded[]): readonly Recorded[] {
  return recorded.filter(({ view, events }) => view.request.target.kind === kind && only(events, 'confirmed').length > 0);
}

export function resultOf(told: Told): Result {
  const { options, facts, violations, longest, began, converged, topology, calls, watch } = told;
  const { kills, asks, faults } = facts.notebook;
  const done = faults.filter((f) => !f.what.startsWith('not done'));
  const short = shortOf(options, facts, converged !== undefined);
  return {
    ok: violations.length === 0 && short.length === 0,
    seed: options.seed,
    topology: options.topology,
    blewMs: facts.calmFrom - began,
    kills: tally(kills.map((k) => k.victim)),
    totalKills: kills.length,
    selfEnded: Object.fromEntries([...topology.processes].map(([name, p]) => [name, p.selfEnded])),
    faults: tally(done.map((f) => f.kind)),
    totalFaults: done.length,
    slackCalls: calls.total,
    slackCallsStruck: calls.struck,
    asked: asks.length,
    elevations: facts.recorded.length,
    outcomes: tally(
      facts.recorded.map(({ view }) => (view.state === 'closed' ? (view.outcome ?? 'closed') : `still ${view.state}`)),
    ),
    granted: facts.recorded.filter(({ events }) => only(events, 'confirmed').length > 0).length,
    orphans: facts.recorded.filter(({ view }) => view.state !== 'closed' && !view.armedAt).length,
    ...waysOf(facts.recorded),
    mostAtOnce: watch.mostAtOnce,
    samples: watch.samples,
    longestPastMs: longest?.ms,
    longestPastAt: longest && { serial: longest.serial, requestId: longest.requestId },
    ...awsOf(told),
    convergedMs: converged === undefined ? undefined : converged - facts.calmFrom,
    short,
    violations,
  };
}

/** How many broke the glass, and how many began later. */
export function waysOf(recorded: readonly Recorded[]): Pick<Result, 'glass' | 'later'> {
  const glass = recorded.filter(({ view }) => view.request.breakGlass);
  const later = recorded.filter(({ view }) => view.request.startAt !== undefined);
  const had = (all: readonly Recorded[]) => all.filter(({ events }) => only(events, 'confirmed').length > 0).length;
  return {
    glass: {
      asked: glass.length,
      broke: had(glass),
      drills: glass.filter(({ view }) => view.outcome === 'drilled').length,
      reviewed: glass.filter(({ view }) => view.review).length,
    },
    later: {
      asked: later.length,
      began: had(later),
      calledOff: later.filter(({ view }) => !view.armedAt && (view.outcome === 'withdrawn' || view.outcome === 'revoked')).length,
    },
  };
}

function awsOf({ facts, longestInAws, longestInAll }: Told): Pick<Result, 'aws'> {
  if (!facts.cloud) return {};
  const own = facts.recorded.filter(({ view }) => view.request.target.kind === 'aws-permission-set');
  const { calls, operations, struck, throttled, outstandingMost } = facts.cloud;
  return {
    aws: {
      elevations: own.length,
      granted: grantedOf('aws-permission-set', own).length,
      longestPastMs: longestInAws?.ms,
      longestPastAt: longestInAws && whereOf(longestInAws),
      longestInAllMs: longestInAll?.ms,
      longestInAllAt: longestInAll && whereOf(longestInAll),
      calls,
      operations,
      struck,
      throttled,
      outstandingMost,
    },
  };
}

const whereOf = ({ serial, requestId }: Longest) => `${serial}, ${requestId}`;

function tally(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of [...words].sort()) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

const list = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts)
    .map(([name, n]) => `${name} ${n}`)
    .join(', ') || 'none';

/** What AWS's stand-in saw, in words. */
export function inAws(aws: NonNullable<Result['aws']>): string {
  const { elevations, granted, calls, struck, throttled, outstandingMost } = aws;
  const { longestPastMs, longestPastAt, longestInAllMs, longestInAllAt } = aws;
  const past =
    longestPastMs === undefined
      ? 'nobody had access'
      : `${longestPastMs} ms that were the product's own (${longestPastAt}), ${longestInAllMs} ms in all (${longestInAllAt})`;
  return `AWS: ${elevations} of them, ${granted} granted; ${calls} calls, ${struck} failed or lost, ${throttled} throttled, at most ${outstandingMost} changes at once; longest access past a deadline: ${past}`;
}

/** The result in words. */
export function inWords(r: Result): string {
  const past =
    r.longestPastMs === undefined
      ? 'nobody was an administrator'
      : `${r.longestPastMs} ms (${r.longestPastAt?.serial}, ${r.longestPastAt?.requestId})`;
  const lines = [
    `seed ${r.seed}, ${r.topology}, blew for ${Math.round(r.blewMs / 1000)} s`,
    `kills: ${r.totalKills} (${list(r.kills)}); ended by themselves: ${list(r.selfEnded)}`,
    `faults: ${r.totalFaults} (${list(r.faults)})`,
    `Slack calls: ${r.slackCalls}, of which faults struck ${r.slackCallsStruck}`,
    `elevations: ${r.elevations} of ${r.asked} asked for; ${r.granted} were granted, at most ${r.mostAtOnce} at once (${list(r.outcomes)})`,
    `break-glass: ${r.glass.asked} asked for, ${r.glass.broke} broke it, ${r.glass.drills} were drills, ${r.glass.reviewed} were reviewed; for later: ${r.later.asked} asked for, ${r.later.began} began, ${r.later.calledOff} were called off`,
    ...(r.orphans > 0 ? [`left open without access by Temporal's terminate: ${r.orphans}`] : []),
    `Macs looked at: ${r.samples} times; longest access past a deadline: ${past}`,
    ...(r.aws ? [inAws(r.aws)] : []),
    `converged after ${r.convergedMs === undefined ? 'no end in sight' : `${Math.round(r.convergedMs / 1000)} s`}`,
    ...r.short.map((what) => `SHORT: ${what}`),
    ...r.violations.map((v) => `VIOLATION ${v.rule} ${v.requestId} ${v.serial ?? ''}: ${v.what}`),
    r.ok ? 'every promise was kept' : 'NOT every promise was kept',
  ];
  return lines.join('\n');
}

/** All that is known of one elevation. */
export function evidenceOf(facts: Facts, requestId: string, violations: readonly Violation[]): object {
  const recorded = facts.recorded.find((r) => r.requestId === requestId);
  const serials = new Set([
    recorded && placeOf(recorded.view.request.target),
    ...violations.filter((v) => v.requestId === requestId).map((v) => v.serial),
  ]);
  const { notebook } = facts;
  return {
    violations: violations.filter((v) => v.requestId === requestId),
    view: recorded?.view,
    timeline: recorded?.events.map((e) => `${e.at} ${e.type} ${e.runId} ${JSON.stringify(e.data)}`),
    macs: facts.macs
      .filter((mac) => serials.has(mac.serial))
      .map((mac) => ({
        ...mac,
        held: mac.held.map((h) => ({ from: new Date(h.from).toISOString(), to: h.to && new Date(h.to).toISOString() })),
      })),
    outages: notebook.outages.filter((o) => serials.has(o.serial)),
    asks: notebook.asks.filter((a) => serials.has(a.serial)),
    presses: notebook.presses.filter((p) => p.requestId === requestId).map((p) => ({ ...p, at: new Date(p.at).toISOString() })),
    messages: messagesOf(facts, requestId).map(({ words: _, ...m }) => m),
    touched: [...(notebook.touched.get(requestId) ?? [])],
    kills: notebook.kills.map((k) => ({ ...k, at: new Date(k.at).toISOString() })),
    faults: notebook.faults.map((f) => ({ ...f, at: new Date(f.at).toISOString() })),
  };
}
