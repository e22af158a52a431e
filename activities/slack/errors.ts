/**
 * What a failed Slack call means. Three kinds: surely not done and may be repeated after a while (rate limited), nobody
 * knows (lost, timed out, 5xx, no JSON), and refused for good. Source: the client's own behaviour, tried with each
 * fault, and the error lists of the method reference.
 */
import { StintError } from '../../contract/errors.js';

/** Refusals after which the work may still have been done, or that pass by themselves. */
const MAY_PASS = new Set([
  'fatal_error',
  'internal_error',
  'request_timeout',
  'service_unavailable',
  'update_failed',
  'team_added_to_org',
  'org_login_required',
  'external_channel_migrating',
]);
const RATE_LIMITED = new Set(['ratelimited', 'rate_limited', 'message_limit_exceeded']);
const DEFAULT_WAIT_MS = 1_000;

/** What a call was about, for the sentence. */
export interface About {
  readonly method: string;
  readonly channel?: string;
}

/** One of our errors for a failed call of the client; an error of ours stays as it is, and any other comes back unchanged. */
export function fromSlack(error: unknown, about: About): unknown {
  if (!(error instanceof Error) || error instanceof StintError) return error;
  switch ('code' in error ? error.code : undefined) {
    case 'slack_webapi_rate_limited_error':
      return limited('retryAfter' in error ? Number(error.retryAfter) * 1000 : undefined);
    case 'slack_webapi_request_error':
    case 'slack_webapi_http_error':
      return unclear(about);
    case 'slack_webapi_platform_error':
      return refused(dataOf(error), about);
  }
  // The client throws a bare Error for a 429 without a usable header.
  return error.message.startsWith('Retry header did not contain') ? limited(undefined) : error;
}

interface Data {
  readonly error?: unknown;
  readonly needed?: unknown;
  readonly response_metadata?: { readonly retryAfter?: unknown };
}

function dataOf(error: Error): Data {
  return 'data' in error && typeof error.data === 'object' && error.data !== null ? error.data : {};
}

function refused(data: Data, about: About): StintError {
  const code = String(data.error);
  if (RATE_LIMITED.has(code)) return limited(Number(data.response_metadata?.retryAfter) * 1000);
  // An HTML page of a proxy arrives as an error "code": not an answer of Slack's at all.
  if (!/^[a-z0-9_]{1,80}$/.test(code) || MAY_PASS.has(code)) return unclear(about);
  return new StintError('slack-rejected', `${sentenceOf(code, data, about)} (${about.method}: ${code})`, {
    cause: { slackError: code },
  });
}

function limited(ms: number | undefined): StintError {
  const retryAfterMs = ms !== undefined && Number.isFinite(ms) && ms > 0 ? Math.min(ms, 3_600_000) : DEFAULT_WAIT_MS;
  return new StintError('too-many', 'Slack asks for fewer calls. The message follows shortly.', { cause: { retryAfterMs } });
}

/** Nobody knows whether the call was carried out: look before repeating it. */
export function unclear({ method }: About): StintError {
  return new StintError('slack-unavailable', `Slack cannot be reached, or did not answer clearly (${method}).`);
}

/** How long Slack asked us to wait, in milliseconds; undefined for any other error. */
export function slackRetryAfterMs(error: unknown): number | undefined {
  return error instanceof StintError && error.code === 'too-many' ? numberAt(error.cause, 'retryAfterMs') : undefined;
}

/** Slack's own code of a definite refusal. */
export function slackCode(error: unknown): string | undefined {
  const cause = error instanceof StintError && error.code === 'slack-rejected' ? error.cause : undefined;
  return typeof cause === 'object' && cause !== null && 'slackError' in cause ? String(cause.slackError) : undefined;
}

function numberAt(value: unknown, key: string): number | undefined {
  const found = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return typeof found === 'number' ? found : undefined;
}

function sentenceOf(code: string, data: Data, { channel }: About): string {
  const place = channel === undefined ? 'the channel' : `channel ${channel}`;
  if (code === 'missing_scope')
    return `The Slack app lacks the scope ${scopeOf(data)}. Add it to the app's manifest and install it again.`;
  const known = FIXES[code];
  if (known) return known(place);
  if (/^(invalid_blocks|msg_|invalid_metadata|metadata_|no_text|too_many_)/.test(code)) {
    return 'Slack does not take this message. This is a mistake in Stint; please report it.';
  }
  return `Slack refused the call for ${place}.`;
}

function scopeOf(data: Data): string {
  return typeof data.needed === 'string' && /^[a-z0-9:,._ -]{1,200}$/i.test(data.needed) ? data.needed : 'it needs';
}

const archived = (place: string) => `The Slack ${place} is archived. Restore it, or set another approver channel.`;
const token = () => 'The Slack bot token is not valid any more. Put a new one into the configuration.';
const person = () => 'This person cannot be written to in Slack: the account is unknown, deactivated, or a bot.';

const FIXES: Readonly<Record<string, (place: string) => string>> = {
  not_in_channel: (place) => `The Slack app is not in ${place}. Invite it there with /invite.`,
  channel_not_found: (place) =>
    `Slack does not show ${place} to the app. Check the id in the configuration, and invite the app there.`,
  is_archived: archived,
  is_inactive: archived,
  posting_to_channel_denied: archived,
  restricted_action: (place) => `The workspace does not let the app post in ${place}. Ask a workspace owner to allow it.`,
  cant_update_message: (place) => `The card in ${place} was posted by another app or token, so it cannot be kept current.`,
  edit_window_closed: () =>
    'The workspace limits how long messages can be edited, so the card cannot be kept current. Lift that limit for apps.',
  invalid_auth: token,
  not_authed: token,
  token_revoked: token,
  token_expired: token,
  account_inactive: token,
  user_not_found: person,
  user_disabled: person,
  user_not_visible: person,
  cannot_dm_bot: person,
  messages_tab_disabled: () =>
    "The app's messages tab is off, so nobody can get a direct message. Turn it on in the app's settings.",
};
