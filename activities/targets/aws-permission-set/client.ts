/**
 * One call to AWS through the SDK: within the budget, with a time limit, never at or after `sendBefore`. The SDK's own
 * retries are off: only we know which call may be repeated.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { StintError } from '../../../contract/errors.js';
import type { Budget } from './budget.js';
import type { How } from './calls.js';
import { unlessAborted } from './desk.js';
import { AwsAnswer, awsError, CODES, classOfError } from './errors.js';
import type { Time } from './types.js';

/** Region, credentials and proxies are found as the SDK always does, where nothing is said here. */
export interface AwsSettings {
  readonly region?: string | undefined;
  /** For another endpoint than AWS' own; the SDK's AWS_ENDPOINT_URL… variables work as well. */
  readonly endpoint?: string | undefined;
}

/** A request without an answer by then is taken as lost, in ms. */
const CALL_LIMIT_MS = 15_000;

/** Credentials that do not come by then are not waited for, in ms: a process or an address that gives them may hang for ever. */
const CREDENTIALS_LIMIT_MS = 10_000;

/** Options for each client of the SDK: its first attempt is its only one. */
export function sdkOptions({ region, endpoint }: AwsSettings): { maxAttempts: number; region?: string; endpoint?: string } {
  return { maxAttempts: 1, ...(region ? { region } : {}), ...(endpoint ? { endpoint } : {}) };
}

/** Sends one command; `prepare` does what may take long before (credentials), `run` is the call itself. */
export interface Sending<T> {
  readonly how: How;
  readonly what: string;
  readonly budget: Budget;
  readonly prepare: () => Promise<unknown>;
  readonly run: (options: { readonly abortSignal: AbortSignal }) => Promise<T>;
}

export interface Sender {
  send<T>(sending: Sending<T>): Promise<T>;
  /** A middleware for the SDK's step `deserialize`, the last before the wire. */
  readonly lastLook: <A, R extends { readonly response: unknown }>(next: (args: A) => Promise<R>) => (args: A) => Promise<R>;
  skewMs(): number;
}

export function createSender(time: Time): Sender {
  const leaving = new AsyncLocalStorage<How>();
  let skew = 0;
  return {
    skewMs: () => skew,
    lastLook: (next) => async (args) => {
      // With nothing to wait for after it: an abort alone is late in a process that stood still.
      const sendBefore = leaving.getStore()?.sendBefore;
      if (sendBefore !== undefined && time.now() >= sendBefore) throw tooLate();
      const result = await next(args);
      skew = skewOf(result.response, time.now()) ?? skew;
      return result;
    },
    async send(sending) {
      const { how, budget } = sending;
      try {
        // First what may take seconds, so that calls leave in the moment in which the budget lets them.
        await inTime(time, sending.prepare(), how.what ?? sending.what, how.signal);
        await budget.take(how.rank, how.signal);
        how.signal?.throwIfAborted();
        const abortSignal = limitOf(how, time.now());
        // The SDK hears it on the wire only. What comes there later is not sent any more where that matters (`lastLook`).
        return await leaving.run(how, () => unlessAborted(sending.run({ abortSignal }), abortSignal));
      } catch (error) {
        how.signal?.throwIfAborted();
        const told = awsError(error, how.what ?? sending.what);
        if (classOfError(told) === 'throttled') budget.throttled();
        throw told;
      }
    },
  };
}

/** The credentials, or what else is asked of where they come from. Throws `aws-credentials` when it takes too long, or the signal's reason. */
export async function inTime<T>(time: Time, work: Promise<T>, what: string, signal?: AbortSignal): Promise<T> {
  const over = new AbortController();
  const late = time.sleep(CREDENTIALS_LIMIT_MS, signal ? AbortSignal.any([over.signal, signal]) : over.signal);
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late.then(() => Promise.reject(noCredentials(what)))]);
  } finally {
    over.abort();
  }
}

function noCredentials(what: string): StintError {
  const sentence = `Stint's own credentials for AWS did not come within ${CREDENTIALS_LIMIT_MS / 1000} s (asked for ${what}). Look at where they come from: the credential_process of the profile, or the role of the container or machine. Then it goes on by itself.`;
  return new StintError(CODES.credentials, sentence, { cause: new AwsAnswer('credentials', NO_CREDENTIALS, '') });
}

const NO_CREDENTIALS = 'CredentialsTimeout';

/** Whether an error says that credentials did not come at all. */
export function isWithoutCredentials(error: unknown): boolean {
  const cause = error instanceof StintError ? error.cause : undefined;
  return cause instanceof AwsAnswer && cause.awsName === NO_CREDENTIALS;
}

const tooLate = (): StintError => new StintError('too-late', 'The grant was not sent: its time had passed.');

function limitOf({ signal, sendBefore }: How, now: number): AbortSignal {
  const leftMs = sendBefore === undefined ? CALL_LIMIT_MS : Math.min(CALL_LIMIT_MS, sendBefore - now);
  if (leftMs <= 0) throw tooLate();
  const limit = AbortSignal.timeout(leftMs);
  return signal ? AbortSignal.any([limit, signal]) : limit;
}

/** From the answer's `Date` header, which counts whole seconds. */
function skewOf(response: unknown, now: number): number | undefined {
  const headers = (response as { readonly headers?: Readonly<Record<string, unknown>> } | undefined)?.headers;
  const at = Date.parse(String(headers?.date ?? ''));
  return Number.isNaN(at) ? undefined : at - now;
}
