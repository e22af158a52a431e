/** SIGKILLs of server processes, by the plan. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Notebook } from '../notebook.js';
import { kills } from '../plan.js';
import type { Topology } from '../topology/topology.js';

export interface KillerDeps {
  readonly topology: Topology;
  readonly notebook: Notebook;
  readonly seed: number;
  readonly wanted: () => boolean;
  readonly over: AbortSignal;
}

/** How long a process may take to come back, in milliseconds; longer is a failure of the run. */
export const BACK_WITHIN_MS = 90_000;

/** Kills until enough were killed or it is over. Rejects when something does not come back. */
export async function letFateKill({ topology, notebook, seed, wanted, over }: KillerDeps): Promise<void> {
  const next = kills(seed, topology.weights);
  while (wanted() && !over.aborted) {
    const { victim, lifeMs, downMs } = next();
    const process = topology.processes.get(victim);
    if (!process) throw new Error(`there is no ${victim}`);
    await process.healthy(BACK_WITHIN_MS);
    await sleep(Math.max(0, (process.healthySince ?? Date.now()) + lifeMs - Date.now()), undefined, { signal: over }).catch(
      () => undefined,
    );
    if (over.aborted) return;
    if (process.kill(downMs)) notebook.kills.push({ at: Date.now(), victim, downMs });
    await sleep(400); // one after the other is already bad enough; now and then two at once
  }
}
