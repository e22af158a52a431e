/**
 * Whether a channel that a rule names can hold a card, for whoever posts cards: a request from a command line or a Mac never
 * passed the Slack form, which looks the same way.
 */
import type { WebClient } from '@slack/web-api';
import type { Log } from '../slack-app/log.js';
import { troubleOf } from '../slack-app/startup.js';

/** Why cards can't stand in a channel, as a sentence; undefined when they can. Throws what may pass while Slack is away. */
export type Rooms = (channel: string) => Promise<string | undefined>;

export interface RoomsDeps {
  readonly api: WebClient;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** How long an answer of Slack is gone by, in ms. */
const SAFE_MS = 5 * 60_000;
const TROUBLED_MS = 30_000;
const KEPT = 500;
/** Slack's own names of what passes by itself (docs.slack.dev, "Errors" of conversations.info). */
const PASSING = ['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout', 'ratelimited'];

export function createRooms({ api, log, clock }: RoomsDeps): Rooms {
  const seen = new Map<string, { readonly trouble: string | undefined; readonly until: number }>();
  return async (channel) => {
    const now = clock();
    const known = seen.get(channel);
    if (known && known.until > now && known.until - now <= SAFE_MS) return known.trouble;
    const trouble = await troubleOf({ api, logger: log }, channel, "rule's channel").catch((error: unknown) => {
      const code = slackError(error);
      // What Slack refuses for good would keep the card from standing anywhere.
      if (code === undefined || !/^[a-z_]{1,60}$/.test(code) || PASSING.includes(code)) throw error;
      return `Slack does not say whether the channel ${channel} is safe (${code}).`;
    });
    if (seen.size >= KEPT) seen.clear();
    seen.set(channel, { trouble, until: now + (trouble === undefined ? SAFE_MS : TROUBLED_MS) });
    return trouble;
  };
}

/** Slack's own name of a refusal; undefined when it did not answer. */
function slackError(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  const data: unknown = cause instanceof Error && 'data' in cause ? cause.data : undefined;
  return typeof data === 'object' && data !== null && 'error' in data ? String(data.error) : undefined;
}
