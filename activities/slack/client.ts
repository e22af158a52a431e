/**
 * The Slack client for posting. Temporal does all the retrying: the client's own retries post twice after a lost reply
 * (tried), and its waiting for a rate limit holds every other call of the same client (tried).
 */
import { LogLevel, WebClient } from '@slack/web-api';
import { StintError } from '../../contract/errors.js';
import { isLoopback } from '../../contract/loopback.js';

/** Longest wait for one call, in milliseconds; activities need a longer start-to-close than this. */
export const CALL_TIMEOUT_MS = 10_000;

/**
 * A client that sends each call once. Throws `bad-config` for an address that is neither https nor this machine, so
 * that a stray setting cannot send the token to somebody.
 */
export function createPostingClient(options: { readonly token: string; readonly slackApiUrl?: string }): WebClient {
  const slackApiUrl = options.slackApiUrl ?? 'https://slack.com/api/';
  if (!isSafe(slackApiUrl)) throw new StintError('bad-config', 'slack.apiUrl must be https, or an address of this machine.');
  return new WebClient(options.token, {
    slackApiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: CALL_TIMEOUT_MS,
    allowAbsoluteUrls: false,
    // At DEBUG the client logs bodies, and with them reasons and logs.
    logLevel: LogLevel.ERROR,
  });
}

function isSafe(address: string): boolean {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
}
