/** SIGKILLs of server processes, by the plan. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Notebook } from '../notebook.js';
import { kills, weather } from '../plan.js';
import type { StormProcess } from '../topology/process.js';
import type { Topology } from '../topology/topology.js';

export interface KillerDeps {
  readonly topology: Topology;
  readonly notebook: Notebook;
  readonly seed: number;
  readonly fury: number;
  readonly wanted: () => boolean;
  readonly over: AbortSignal;
}

/** How long a process may take to come back, in milliseconds; longer is a failure of the run. */
export const BACK_WITHIN_MS = 90_000;

/** Kills until enough were killed or it is over. Rejects when something does not come back. */
export async function letFateKill(deps: KillerDeps): Promise<void> {
  const stop = new AbortController();
  const over = AbortSignal.any([deps.over, stop.signal]);
  const sky = { gust: false };
  const each = [...deps.topology.processes.values()].map((process) => killOne({ ...deps, over }, sky, process));
  const turning = turn(deps, sky, over);
  try {
    await Promise.all(each);
  } finally {
    stop.abort(); // one that does not come back ends it for all
    await Promise.allSettled([...each, turning]);
  }
}

async function turn({ seed, fury, wanted }: KillerDeps, sky: { gust: boolean }, over: AbortSignal): Promise<void> {
  const next = weather(seed, fury);
  while (wanted() && !over.aborted) {
    const { gustMs, lullMs } = next();
    for (const [gust, ms] of [
      [false, lullMs],
      [true, gustMs],
    ] as const) {
      sky.gust = gust;
      await sleep(ms, undefined, { signal: over }).catch(() => undefined);
    }
  }
}

/** Each process has its own fate, so that in a gust several are down at once. */
async function killOne(
  { notebook, seed, wanted, over }: KillerDeps,
  sky: { readonly gust: boolean },
  process: StormProcess,
): Promise<void> {
  const next = kills(seed, process.name);
  let last: Notebook['kills'][number] | undefined;
  while (wanted() && !over.aborted) {
    const { lifeMs, downMs } = next();
    await process.healthy(BACK_WITHIN_MS);
    if (last) last.upAt = Date.now();
    while (!sky.gust && wanted() && !over.aborted) await sleep(100);
    const dueAt = Math.max(Date.now(), (process.healthySince ?? Date.now()) + lifeMs);
    await sleep(dueAt - Date.now(), undefined, { signal: over }).catch(() => undefined);
    if (over.aborted || !wanted()) return;
    if (!process.kill(downMs)) continue;
    last = { at: Date.now(), victim: process.name, downMs };
    notebook.kills.push(last);
  }
}
