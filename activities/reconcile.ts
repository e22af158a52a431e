/** The reconciler as an activity, for the Schedule: the work itself needs no Temporal (`workers/reconcile.ts`). */

/** What one run came to; no ids, for Temporal's history is no record. */
export interface ReconcileSummary {
  readonly looked: number;
  readonly found: number;
  readonly removed: number;
  readonly failed: number;
  /** Targets that this run had no room for. */
  readonly later: number;
}

export interface ReconcileDuties {
  /** Compares all targets with the store once. */
  reconcileTargets(): Promise<ReconcileSummary>;
}

/** Around the run of a process. */
export function createReconcileDuties(run: () => Promise<ReconcileSummary>): ReconcileDuties {
  return { reconcileTargets: () => run() };
}
