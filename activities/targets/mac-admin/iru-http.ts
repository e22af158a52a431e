/**
 * One HTTP call to Iru's endpoint API, and what its answers mean. The vendor has no error codes and at least five
 * shapes of error body; redirects are not followed, since a redirect would carry the token elsewhere.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isStintError, StintError } from '../../../contract/errors.js';
import { isHeaderValue, readLimited, reasonOf } from '../../far-http.js';
import { type Budget, createBudget } from './iru-budget.js';

/** More than any page of 300 devices; a larger answer is not read. */
const ANSWER_MAX_BYTES = 8 * 1024 * 1024;
const RETRY_AFTER_DEFAULT_MS = 60_000;
const RETRY_AFTER_MAX_MS = 3_600_000;

/** What the MDM said, kept as the cause of a `StintError`. Never holds the token. */
export class MdmAnswer extends Error {
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** How long the MDM asked to be left alone, in ms. */
  readonly retryAfterMs?: number;

  constructor(status: number, text: string, retryAfterMs?: number) {
    super(text);
    this.name = 'MdmAnswer';
    this.status = status;
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
  }
}

export interface IruCall {
  readonly method: 'GET' | 'PATCH';
  /** Below `/api/v1/`, with its query. */
  readonly path: string;
  readonly body?: unknown;
  /** Calls that take access away: never held back for the hourly budget. */
  readonly urgent?: boolean;
  readonly abort?: AbortSignal | undefined;
  /** The call never leaves at or after this instant, in milliseconds since 1970. */
  readonly sendBefore?: number | undefined;
}

/** The parsed JSON of a 2xx answer. */
export type IruHttp = (call: IruCall) => Promise<unknown>;

export interface IruHttpDeps {
  readonly baseUrl: string;
  readonly token: () => string;
  readonly fetch: typeof fetch;
  readonly timeoutMs: number;
  readonly clock: () => number;
}

/**
 * Throws `mdm-unavailable` (no answer, 5xx, 429, an answer that is no JSON), `mdm-rejected` (401, 403, redirects and
 * other 4xx), `device-unknown` (404). The cause is an `MdmAnswer`.
 */
export function createIruHttp(deps: IruHttpDeps): IruHttp {
  const budget = createBudget(deps.clock);
  return async (call) => {
    if (!call.urgent) await waitForBudget(budget, call.abort);
    const { response, text } = await exchange(deps, call);
    budget.learn(response.headers);
    if (response.ok) return jsonOf(response.status, text);
    const error = refusal(response, redact(text, deps.token()));
    if (response.status === 429) budget.exhausted(retryAfterMs(response) ?? RETRY_AFTER_DEFAULT_MS);
    throw error;
  };
}

async function waitForBudget(budget: Budget, abort: AbortSignal | undefined): Promise<void> {
  const pause = budget.pause();
  if ('retryAfterMs' in pause) {
    throw new StintError('mdm-unavailable', 'The hourly limit of the MDM is used up. Waiting for it.', {
      cause: new MdmAnswer(429, 'not sent: the MDM asked to wait', pause.retryAfterMs),
    });
  }
  if (pause.waitMs > 0) await sleep(pause.waitMs, undefined, abort ? { signal: abort } : {});
}

async function exchange(deps: IruHttpDeps, call: IruCall): Promise<{ response: Response; text: string }> {
  const signals = [AbortSignal.timeout(deps.timeoutMs), ...(call.abort ? [call.abort] : [])];
  const url = `${deps.baseUrl.replace(/\/+$/, '')}/api/v1/${call.path}`;
  const init: RequestInit = {
    method: call.method,
    headers: { authorization: `Bearer ${checkedToken(deps.token())}`, accept: 'application/json', ...jsonType(call) },
    redirect: 'manual',
    signal: AbortSignal.any(signals),
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
  };
  try {
    // The last look, with nothing to wait for after it: an abort alone is late in a process that stood still.
    if (call.sendBefore !== undefined && deps.clock() >= call.sendBefore) throw tooLate();
    const response = await deps.fetch(url, init);
    return { response, text: await readLimited(response, ANSWER_MAX_BYTES, tooLarge) };
  } catch (error) {
    if (call.abort?.aborted) throw call.abort.reason;
    if (isStintError(error)) throw error;
    throw new StintError('mdm-unavailable', undefined, { cause: new MdmAnswer(0, reasonOf(error)) });
  }
}

const tooLate = (): StintError => new StintError('too-late', 'The grant was not sent: its time had passed.');

const jsonType = (call: IruCall): Record<string, string> =>
  call.body === undefined ? {} : { 'content-type': 'application/json' };

function checkedToken(token: string): string {
  if (isHeaderValue(token)) return token;
  throw new StintError('bad-config', 'The MDM token is empty or holds a blank or a line break. Store it again.');
}

const tooLarge = (): Error => new Error('the answer is too large');

function jsonOf(status: number, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new StintError('mdm-unavailable', 'The MDM answered with something that is not JSON.', {
      cause: new MdmAnswer(status, 'not JSON'),
    });
  }
}

function refusal(response: Response, text: string): StintError {
  const { status } = response;
  const said = saidIn(text);
  const cause = new MdmAnswer(status, `HTTP ${status}: ${said}`, retryAfterMs(response));
  if (status === 404) return new StintError('device-unknown', undefined, { cause });
  if (status === 429)
    return new StintError('mdm-unavailable', 'The hourly limit of the MDM is used up. Waiting for it.', { cause });
  if (status >= 500) return new StintError('mdm-unavailable', undefined, { cause });
  if (status === 401 || status === 403) {
    return new StintError('mdm-rejected', 'The MDM refused the token. Check that it is valid and has the permissions.', {
      cause,
    });
  }
  if (status >= 300 && status < 400) {
    return new StintError('mdm-rejected', 'The MDM redirects elsewhere. Check its base URL.', { cause });
  }
  return new StintError('mdm-rejected', `The MDM refused the call: ${said}`, { cause });
}

function retryAfterMs(response: Response): number | undefined {
  const text = response.headers.get('retry-after') ?? response.headers.get('ratelimit-reset');
  if (text === null || !/^\d{1,6}$/.test(text)) return response.status === 429 ? RETRY_AFTER_DEFAULT_MS : undefined;
  return Math.min(Number(text) * 1000, RETRY_AFTER_MAX_MS);
}

/** One line out of any of the vendor's error bodies: an object of texts or lists, a bare string, nothing, no JSON. */
export function saidIn(text: string): string {
  if (text.trim() === '') return 'no reason given';
  let value: unknown = text;
  try {
    value = JSON.parse(text) as unknown;
  } catch {
    // HTML or plain text from something in between: shown as it is, clipped
  }
  const words = wordsIn(value, 0).join('; ');
  const line = words.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').trim();
  return line === '' ? 'no reason given' : line.slice(0, 200);
}

function wordsIn(value: unknown, depth: number): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null || depth > 2) return [];
  if (Array.isArray(value)) return value.slice(0, 5).flatMap((item) => wordsIn(item, depth + 1));
  const fields = Object.entries(value).slice(0, 5);
  return fields.flatMap(([key, item]) =>
    wordsIn(item, depth + 1).map((word) => (key === 'error' || key === 'detail' ? word : `${key}: ${word}`)),
  );
}

/** Some gateways echo the request's headers in their error page. */
function redact(text: string, token: string): string {
  return token === '' ? text : text.split(token).join('[token]');
}
