/**
 * A worker that outlives Temporal: it connects when Temporal can be reached, registers what the Web UI shows, polls, and
 * begins again when the connection is lost for good. Meanwhile the process lives on, and with it the overdue sweep.
 */
import { Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import { StintError } from '../contract/errors.js';
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

/**
 * Registers the search attributes. A workflow that shows one which is not there cannot go on, so nothing is polled before
 * all of them are. A service that does not let us look (Temporal Cloud) is believed to have them.
 */
async function registerAttributes({ options, namespace, log }: PollDeps): Promise<void> {
  const connection = await Connection.connect(options);
  const list = async () => {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return SEARCH_ATTRIBUTES.filter((name) => !(name in (customAttributes ?? {})));
  };
  try {
    const missing = await list().catch((error: unknown) => {
      log.warn({ err: error }, 'the search attributes cannot be looked at here; create them as Keyword if workflows complain');
      return [];
    });
    if (missing.length === 0) return;
    const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD]));
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
    const still = await list();
    if (still.length > 0)
      throw new StintError('temporal-unavailable', `The search attributes ${still.join(', ')} are not there yet.`);
  } finally {
    await connection.close();
  }
}
