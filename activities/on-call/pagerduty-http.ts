/**
 * One call of PagerDuty's REST API, and what its answers mean. Redirects are not followed, since one would carry the token
 * elsewhere; what an error's body says is not repeated, since something in between may echo the request in it.
 * Source: PagerDuty's pages on authentication, versioning and rate limits (`ratelimit-reset`: seconds).
 */
import { isStintError, StintError } from '../../contract/errors.js';
import { isHeaderValue, readLimited, reasonOf } from '../far-http.js';

/** More than any page of 100 on-calls. */
const ANSWER_MAX_BYTES = 2 * 1024 * 1024;
const PAUSE_DEFAULT_MS = 10_000;
const PAUSE_MAX_MS = 60_000;

export interface PagerDutyHttpDeps {
  /** `https://api.pagerduty.com`, or `https://api.eu.pagerduty.com`. */
  readonly baseUrl: string;
  /** Read for every call. */
  readonly token: () => string;
  readonly fetch?: typeof fetch;
  /** For one call, in milliseconds. */
  readonly timeoutMs: number;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** Answers the JSON of a GET. Throws `oncall-unavailable`. */
export function createPagerDutyHttp(deps: PagerDutyHttpDeps): (path: string) => Promise<unknown> {
  let quietUntil = 0;
  return async (path) => {
    const now = deps.clock();
    if (now < quietUntil && quietUntil - now <= PAUSE_MAX_MS) throw unavailable(BUSY);
    const { response, text } = await exchange(deps, path);
    if (response.status === 429) quietUntil = deps.clock() + pauseOf(response);
    if (!response.ok) throw refusal(response.status);
    return jsonOf(text);
  };
}

const BUSY = "PagerDuty's limit of calls is used up. Waiting for it.";

/** Every way in which it is not known who is on call. */
export function unavailable(sentence: string, options?: ErrorOptions): StintError {
  return new StintError('oncall-unavailable', sentence, options);
}

async function exchange(deps: PagerDutyHttpDeps, path: string): Promise<{ response: Response; text: string }> {
  const headers = {
    authorization: `Token token=${checkedToken(deps.token())}`,
    accept: 'application/vnd.pagerduty+json;version=2',
  };
  try {
    const url = `${deps.baseUrl.replace(/\/+$/, '')}${path}`;
    const signal = AbortSignal.timeout(deps.timeoutMs);
    const response = await (deps.fetch ?? fetch)(url, { headers, redirect: 'manual', signal });
    return { response, text: await readLimited(response, ANSWER_MAX_BYTES, tooLarge) };
  } catch (error) {
    if (isStintError(error)) throw error;
    throw unavailable('PagerDuty does not answer.', { cause: new Error(reasonOf(error)) });
  }
}

function checkedToken(token: string): string {
  if (isHeaderValue(token)) return token;
  throw unavailable('STINT_PAGERDUTY_TOKEN is empty, or holds a blank or a line break. Store it again.');
}

const tooLarge = (): StintError => unavailable('The answer of PagerDuty is too large.');

function refusal(status: number): StintError {
  if (status === 429) return unavailable(BUSY);
  if (status === 401 || status === 403)
    return unavailable('PagerDuty refuses the token. Replace STINT_PAGERDUTY_TOKEN, and restart what holds it.');
  if (status >= 300 && status < 400) return unavailable('PagerDuty redirects elsewhere. Check STINT_PAGERDUTY_URL.');
  if (status === 400 || status === 404)
    return unavailable(
      `PagerDuty refuses the question (HTTP ${status}). See whether the people file names a schedule that is there.`,
    );
  return unavailable(`PagerDuty could not answer (HTTP ${status}).`);
}

function pauseOf(response: Response): number {
  const text = response.headers.get('ratelimit-reset') ?? response.headers.get('retry-after') ?? '';
  return /^\d{1,6}$/.test(text) ? Math.min(Number(text) * 1000, PAUSE_MAX_MS) : PAUSE_DEFAULT_MS;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw unavailable('PagerDuty answered with something that is not JSON.');
  }
}
