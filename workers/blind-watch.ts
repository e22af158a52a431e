/** The reconciler that cannot look: it is the last net under a workflow that is gone, so that it sees nothing has to be said. */
import type { Alarms } from '../contract/alarms.js';
import type { Reconciled } from './reconcile.js';
import { downAlarm, FAILING_MS, minutesOf, type Times } from './watch-alarms.js';

export interface BlindWatchDeps {
  readonly alarms: Alarms;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** Told of each run. Alarms when a source of many targets has failed at every run for two minutes or longer. */
export function createBlindWatch({ alarms, clock }: BlindWatchDeps): (run: Pick<Reconciled, 'failures'>) => void {
  const since = new Map<string, number>();
  return ({ failures }) => {
    const blind = failures.filter(({ wide }) => wide);
    for (const what of since.keys()) if (!blind.some((one) => one.what === what)) since.delete(what);
    for (const { what, sentence } of blind) {
      const from = since.get(what) ?? clock();
      since.set(what, from);
      const times = { sinceMs: from, nowMs: clock() };
      if (times.nowMs - from >= FAILING_MS) alarms.raise(blindAlarm(what, sentence, times));
    }
  };
}

function blindAlarm(what: string, sentence: string, times: Times) {
  return downAlarm(
    `reconciler-blind/${what}`,
    `The reconciler has not been able to read ${what} for ${minutesOf(times)} min: ${sentence} What was left behind there is not found meanwhile; deadlines and revokes go on.`,
    '"stint doctor" says what is wrong and how to mend it; then "stint reconcile" looks at once.',
    times,
  );
}
