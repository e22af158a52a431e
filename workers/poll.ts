/**
 * A worker that outlives Temporal: it connects when Temporal can be reached, registers what the Web UI shows, polls, and
 * begins again when the connection is lost for good. Meanwhile the process lives on, and with it the overdue sweep.
 */
import { Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import { isStintError } from '../contract/errors.js';
import type { Caller } from './caller.js';
import { KEYWORD, missingAttributes, notMade, requireFit } from './checks/temporal.js';
import type { Pulse } from './pulse.js';
import { ensureSchedule } from './schedule.js';
import { createWorkers, type Duties, runWorkers } from './worker.js';

export interface PollDeps {
  readonly options: { readonly address: string; readonly tls: boolean; readonly apiKey?: string };
  readonly namespace: string;
  readonly bundle: { readonly codePath: string };
  readonly duties: Duties;
  readonly pulse: Pulse;
  /** How often the Schedule runs the reconciler, in milliseconds. */
  readonly reconcileEveryMs: number;
  readonly log: Logger;
  readonly wait: (ms: number) => Promise<void>;
}

const AGAIN_MS = 2000;

export interface Polling {
  /** Settles at the first time that the workers poll, or when stopped before. */
  readonly started: Promise<void>;
  polls(): boolean;
  /** Why it does not poll now, as a sentence; undefined while it does. */
  trouble(): string | undefined;
  stop(): Promise<void>;
}

/** Begins at once and never gives up until stopped. */
export function startPolling(deps: PollDeps): Polling {
  const { log } = deps;
  let stopped = false;
  let polls = false;
  let trouble: string | undefined;
  let stopRun = () => {};
  let tell = () => {};
  const started = new Promise<void>((resolve) => {
    tell = resolve;
  });

  const once = async () => {
    await prepare(deps);
    const connection = await NativeConnection.connect(deps.options);
    try {
      const { namespace, bundle, duties, pulse } = deps;
      const strange = (why: string, caller: Caller) =>
        log.error({ why, ...caller }, 'an activity was refused: somebody who may write to Temporal called it');
      const workers = await createWorkers({ connection, namespace, bundle, duties, pulse, strange });
      const run = runWorkers(workers);
      stopRun = run.stop;
      if (stopped) run.stop();
      polls = true;
      trouble = undefined;
      tell();
      log.info({ namespace: deps.namespace }, 'worker polls');
      await run.done;
    } finally {
      polls = false;
      await connection.close();
    }
  };

  const loop = async () => {
    while (!stopped) {
      await once().catch((error: unknown) => {
        trouble = isStintError(error) ? error.sentence : `Temporal at ${deps.options.address} cannot be reached.`;
        // Our own sentences are about the set-up and name the fix; everything else is an outage, and passes.
        const level = isStintError(error) ? 'error' : 'warn';
        const what = isStintError(error) ? error.sentence : 'Temporal cannot be used';
        log[level]({ err: error, address: deps.options.address }, `${what} Trying again. The overdue sweep goes on.`);
      });
      if (!stopped) await deps.wait(AGAIN_MS);
    }
    tell();
  };
  const done = loop();
  return {
    started,
    polls: () => polls,
    trouble: () => trouble,
    stop: async () => {
      stopped = true;
      stopRun();
      await done;
    },
  };
}

/**
 * Looks whether Temporal is as we need it, and registers the search attributes: a workflow that shows one which is not
 * there cannot go on, so nothing is polled before. A service that does not let us look (Temporal Cloud) is believed to have
 * them. Throws `temporal-unavailable` with the fix.
 */
async function prepare({ options, namespace, reconcileEveryMs, log }: PollDeps): Promise<void> {
  const connection = await Connection.connect(options);
  try {
    await requireFit(connection, namespace);
    const missing = await missingAttributes(connection, namespace);
    if (missing === 'unseen')
      log.warn({}, 'The search attributes cannot be looked at here. If workflows complain, make them as Keyword.');
    else if (missing.length > 0) await register(connection, namespace, missing);
    // Without it the watch runs the reconciler, only later: nothing that a worker should wait for.
    await ensureSchedule(connection, namespace, reconcileEveryMs).catch((error: unknown) =>
      log.warn({ err: error }, 'The Schedule of the reconciler could not be made; this process runs it by itself.'),
    );
  } finally {
    await connection.close();
  }
}

async function register(connection: Connection, namespace: string, missing: readonly string[]): Promise<void> {
  const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD]));
  const failure = await connection.operatorService
    .addSearchAttributes({ namespace, searchAttributes })
    .catch((error: unknown) => error);
  const still = await missingAttributes(connection, namespace);
  // Another worker may have made them in this moment: what counts is what is there now.
  if (still !== 'unseen' && still.length > 0) throw notMade(namespace, still, failure);
}
