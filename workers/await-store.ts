/**
 * Opens the store of a process that starts, and waits for a database that is down for as long as it is: a supervisor's few
 * restarts are over long before a database has been restored, and a process that waits says why. What waiting cannot mend
 * (a password, a name, a right) ends the start at once, with its sentence.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { isStintError, type StintError } from '../contract/errors.js';

const AGAIN_MS = 1_000;
/** How often it is said that it still waits, in milliseconds. */
export const SAY_MS = 5_000;

export interface AwaitStoreDeps<S> {
  /** Throws `store-unavailable` while it cannot be had now. */
  readonly open: () => Promise<S>;
  readonly log: Pick<Logger, 'warn' | 'info'>;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Ends the wait. */
  readonly stopped: AbortSignal;
  /** Told why it waits, each time. */
  readonly waiting?: (sentence: string) => void;
  /** Must keep the process alive; rejects when it is to stop. */
  readonly wait?: (ms: number, stopped: AbortSignal) => Promise<void>;
}

const patience = (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, undefined, { signal });

/** The store, or undefined when the process is to stop before there is one. Throws what waiting cannot mend. */
export async function awaitStore<S>(deps: AwaitStoreDeps<S>): Promise<S | undefined> {
  const { open, log, clock, stopped, waiting, wait = patience } = deps;
  const since = clock();
  let saidAt = Number.NEGATIVE_INFINITY;
  while (!stopped.aborted) {
    try {
      const store = await open();
      if (saidAt > 0) log.info({ waitedMs: clock() - since }, 'The database is there now.');
      return store;
    } catch (error) {
      if (!mayPass(error)) throw error;
      waiting?.(`${error.sentence} This process waits for it.`);
      if (clock() - saidAt >= SAY_MS) {
        log.warn({ err: error, waitedMs: clock() - since }, `${error.sentence} Waiting for it; nothing is started before.`);
        saidAt = clock();
      }
    }
    await wait(AGAIN_MS, stopped).catch(() => undefined);
  }
  return undefined;
}

/**
 * SQLSTATEs of what somebody has to mend first (password or role, no such database, rights): the server answered, so it is
 * not down. https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const MISTAKE = /^(28|3D000$|42501$)/;

function mayPass(error: unknown): error is StintError {
  if (!isStintError(error) || error.code !== 'store-unavailable') return false;
  const { cause } = error;
  if (!(cause instanceof Error)) return true;
  const code = 'code' in cause ? String(cause.code) : '';
  return !MISTAKE.test(code) && !cause.message.startsWith('The server does not support SSL');
}
