/**
 * From our errors to Temporal's. The code becomes the failure's type, the table says whether a retry can help, and a
 * server that told us how long to wait is obeyed. Only the fixed sentence leaves: no secret, no free text in a history.
 */
import { log as activityLog } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { isStintError, type StintError } from '../contract/errors.js';

/** What we did not foresee: its kind goes into the history, its words (a vendor's, perhaps a secret) only into our log. */
function strange(error: unknown): unknown {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure || !(error instanceof Error)) return error;
  if (error.name === 'AbortError') return error;
  say(error);
  return ApplicationFailure.create({ type: 'unforeseen', message: error.name });
}

function say(error: Error): void {
  try {
    activityLog.error('an activity failed in a way that was not foreseen', { error });
  } catch {
    // outside of an activity there is no log of Temporal's; the error goes to whoever called
  }
}

type Duty = (...args: never[]) => Promise<unknown>;

/** How long the other side asked us to wait, in milliseconds, if it did. */
function waitMs(error: StintError): number | undefined {
  const cause: unknown = error.cause;
  if (typeof cause !== 'object' || cause === null || !('retryAfterMs' in cause)) return undefined;
  return typeof cause.retryAfterMs === 'number' && cause.retryAfterMs > 0 ? cause.retryAfterMs : undefined;
}

/** One of our errors as Temporal wants it; anything else unchanged. */
export function asFailure(error: unknown, relentless = false): unknown {
  if (!isStintError(error)) return strange(error);
  const nextRetryDelay = waitMs(error);
  return ApplicationFailure.create({
    type: error.code,
    message: error.sentence,
    nonRetryable: !relentless && !error.retryable,
    ...(nextRetryDelay && { nextRetryDelay }),
  });
}

/** Told at the end of each activity, by its name: without a code it worked. */
export type Ended = (name: string, code?: string) => void;

function wrap<T extends object>(duties: T, relentless: boolean, ended: Ended): T {
  const entries = Object.entries(duties).map(([name, duty]: [string, Duty]) => {
    const guarded = async (...args: never[]) => {
      try {
        const answer = await duty(...args);
        ended(name);
        return answer;
      } catch (error) {
        ended(name, isStintError(error) ? error.code : 'unforeseen');
        throw asFailure(error, relentless);
      }
    };
    return [name, guarded];
  });
  return Object.fromEntries(entries) as T;
}

/** Activities whose definite refusals end the retries. */
export function guarded<T extends object>(duties: T, ended: Ended = () => {}): T {
  return wrap(duties, false, ended);
}

/** Activities that are tried for ever, whatever the answer: revoking, and writing what happened. */
export function relentless<T extends object>(duties: T, ended: Ended = () => {}): T {
  return wrap(duties, true, ended);
}
