/**
 * A worker that outlives Temporal: it connects when Temporal can be reached, registers what the Web UI shows, polls, and
 * begins again when the connection is lost for good. Meanwhile the process lives on, and with it the overdue sweep.
 */
import { Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import { SEARCH_ATTRIBUTES } from '../contract/queues.js';
import { createWorkers, type Duties, runWorkers } from './worker.js';

export interface PollDeps {
  readonly options: { readonly address: string; readonly tls: boolean; readonly apiKey?: string };
  readonly namespace: string;
  readonly bundle: { readonly codePath: string };
  readonly duties: Duties;
  readonly log: Logger;
  readonly wait: (ms: number) => Promise<void>;
}

const AGAIN_MS = 2000;
/** Temporal's number for the type Keyword. */
const KEYWORD = 2;

export interface Polling {
  /** Settles at the first time that the workers poll, or when stopped before. */
  readonly started: Promise<void>;
  polls(): boolean;
  stop(): Promise<void>;
}

/** Begins at once and never gives up until stopped. */
export function startPolling(deps: PollDeps): Polling {
  const { log } = deps;
  let stopped = false;
  let polls = false;
  let stopRun = () => {};
  let tell = () => {};
  const started = new Promise<void>((resolve) => {
    tell = resolve;
  });

  const once = async () => {
    await registerAttributes(deps);
    const connection = await NativeConnection.connect(deps.options);
    try {
      const workers = await createWorkers({ connection, namespace: deps.namespace, bundle: deps.bundle, duties: deps.duties });
      const run = runWorkers(workers);
      stopRun = run.stop;
      if (stopped) run.stop();
      polls = true;
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
      await once().catch((error: unknown) =>
        log.warn(
          { err: error, address: deps.options.address },
          'Temporal cannot be used; trying again. The overdue sweep goes on.',
        ),
      );
      if (!stopped) await deps.wait(AGAIN_MS);
    }
    tell();
  };
  const done = loop();
  return {
    started,
    polls: () => polls,
    stop: async () => {
      stopped = true;
      stopRun();
      await done;
    },
  };
}

/** Registers the search attributes, for display only. What is there already, or may not be made by us, is no obstacle. */
async function registerAttributes({ options, namespace, log }: PollDeps): Promise<void> {
  const connection = await Connection.connect(options);
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const missing = SEARCH_ATTRIBUTES.filter((name) => !(name in (customAttributes ?? {})));
    const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD]));
    if (missing.length > 0) await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  } catch (error) {
    log.warn(
      { err: error },
      `The search attributes ${SEARCH_ATTRIBUTES.join(', ')} could not be checked; create them as Keyword if workflows complain.`,
    );
  } finally {
    await connection.close();
  }
}
