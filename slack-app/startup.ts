/**
 * What is checked before the first button works: the token belongs to the configured app and workspace, it has the
 * scopes, and the approver channel is a place where only colleagues can see and press. Each refusal names the fix.
 */

import { webApi } from '@slack/bolt';
import type { ConversationsInfoResponse, WebClient } from '@slack/web-api';
import { StintError } from '../contract/errors.js';
import { errorText, type Log } from './log.js';

/** The bot scopes of `manifest.json` (a test holds the two together; importing JSON still warns on Node 20). */
export const BOT_SCOPES = [
  'commands',
  'chat:write',
  'files:write',
  'files:read',
  'im:write',
  'im:history',
  'users:read',
  'channels:read',
  'channels:history',
  'groups:read',
  'groups:history',
] as const;

export interface StartupDeps {
  readonly api: WebClient;
  readonly config: {
    readonly appId: string;
    readonly teamId: string;
    readonly enterpriseId?: string;
    readonly approverChannel: string;
  };
  readonly logger: Log;
}

type Channel = NonNullable<ConversationsInfoResponse['channel']>;

/** What Slack says of a bot token. */
export interface TokenFacts {
  readonly teamId: string | undefined;
  readonly enterpriseId: string | undefined;
  /** Undefined when nobody could say. */
  readonly appId: string | undefined;
  /** Undefined when Slack did not name them. */
  readonly scopes: readonly string[] | undefined;
}

/** Throws `bad-config` when the token is not ours or lacks scopes; `slack-unavailable` when Slack did not answer. */
export async function checkToken({ api, config, logger }: StartupDeps): Promise<void> {
  const troubles = tokenTroubles(await askToken(api, logger), config);
  if (troubles.length > 0) throw new StintError('bad-config', troubles.join(' '));
}

/** Asks Slack about the token. Throws as `checkToken` does, when Slack does not accept it at all. */
export async function askToken(api: WebClient, logger: Log): Promise<TokenFacts> {
  const me = await askSlack('auth.test', () => api.auth.test());
  return {
    teamId: me.team_id,
    enterpriseId: me.enterprise_id,
    appId: me.app_id ?? (await appOf(api, me.bot_id, logger)),
    // Slack names the token's scopes in the header `x-oauth-scopes`; without the header nothing can be said.
    scopes: me.response_metadata?.scopes,
  };
}

/** Everything about the token that does not fit the configuration, each with its fix. Pure. */
export function tokenTroubles(token: TokenFacts, config: Omit<StartupDeps['config'], 'approverChannel'>): readonly string[] {
  const { teamId, enterpriseId, appId } = config;
  const found = [...teamTroubles(token, teamId)];
  if (enterpriseId !== undefined && token.enterpriseId !== enterpriseId) {
    const theirs = token.enterpriseId ?? '(none)';
    found.push(`The bot token belongs to the organisation ${theirs}, but slack.enterpriseId is ${enterpriseId}.`);
  }
  if (token.appId !== undefined && token.appId !== appId)
    found.push(`The bot token belongs to the app ${token.appId}, but slack.appId is ${appId}.`);
  return [...found, ...scopeTroubles(token.scopes)];
}

/** The same of the workspace alone, for those who only post. Pure. */
export function teamTroubles(token: TokenFacts, teamId: string): readonly string[] {
  if (token.teamId === teamId) return [];
  return [`The bot token belongs to the workspace ${token.teamId}, but slack.teamId is ${teamId}.`];
}

/** What the token may not do, of what the manifest asks for. Pure. */
export function scopeTroubles(granted: readonly string[] | undefined): readonly string[] {
  const missing = BOT_SCOPES.filter((scope) => granted && !granted.includes(scope));
  if (missing.length === 0) return [];
  return [`The bot token lacks the scopes ${missing.join(', ')}. Update the app from slack-app/manifest.json and reinstall it.`];
}

/** `auth.test` rarely names the app; the bot does. A reference that cannot be asked is not a mismatch. */
async function appOf(api: WebClient, bot: string | undefined, logger: Log): Promise<string | undefined> {
  if (!bot) return undefined;
  try {
    return (await api.bots.info({ bot })).bot?.app_id;
  } catch (error) {
    logger.warn({ error: errorText(error) }, 'the app of the bot token could not be asked');
    return undefined;
  }
}

/**
 * Why the approver channel cannot be used, or undefined. Throws `slack-unavailable` when Slack did not answer.
 * Outside members of a shared channel see our cards and can press what is on them, so a shared channel is refused.
 */
export function channelTrouble({ api, config, logger }: StartupDeps): Promise<string | undefined> {
  return troubleOf({ api, logger }, config.approverChannel, 'approver channel');
}

/** The same for any channel; `name` is what it is called in the sentences. */
export async function troubleOf(
  { api, logger }: Pick<StartupDeps, 'api' | 'logger'>,
  id: string,
  name: string,
): Promise<string | undefined> {
  let channel: Channel | undefined;
  try {
    channel = (await askSlack('conversations.info', () => api.conversations.info({ channel: id }), name)).channel;
  } catch (error) {
    if (error instanceof StintError && error.code === 'bad-config') return error.sentence;
    throw error;
  }
  if (!channel) return `Slack does not show the ${name} ${id}.`;
  if (channel.is_im || channel.is_mpim) return `${id} is a direct message, not a channel.`;
  if (channel.is_ext_shared || channel.is_pending_ext_shared) {
    return `The ${name} ${id} is shared with another organisation. Use a private channel of your own.`;
  }
  if (channel.is_archived) return `The ${name} ${id} is archived. Unarchive it, or name another one.`;
  if (!channel.is_member) return `Stint is not a member of the ${name} ${id}: type /invite @Stint there.`;
  if (!channel.is_private) logger.warn({ channel: id }, `the ${name} is public: everyone can read what is posted there`);
  return undefined;
}

const HINTS: { readonly [error: string]: string } = {
  missing_scope: 'The bot token lacks a scope. Update the app from slack-app/manifest.json and reinstall it.',
  invalid_auth: 'Slack does not accept the bot token. Copy it again from "OAuth & Permissions".',
  not_authed: 'Slack does not accept the bot token. Copy it again from "OAuth & Permissions".',
  account_inactive: 'The bot token belongs to an app that was removed from the workspace. Install it again.',
  token_revoked: 'The bot token was revoked. Install the app again.',
};

/**
 * Slack's definite answers are the configuration's fault (`bad-config`); everything else is Slack's or the network's, and may
 * pass (`slack-unavailable`).
 */
export async function askSlack<T>(method: string, call: () => Promise<T>, channel = 'channel'): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const code = error instanceof webApi.WebAPIPlatformError ? error.data.error : undefined;
    const unfound = `Slack does not find the ${channel}. Check its id, and invite Stint to the channel if it is private.`;
    const hint = code === 'channel_not_found' ? unfound : HINTS[code ?? ''];
    if (hint) throw new StintError('bad-config', hint, { cause: error });
    throw new StintError('slack-unavailable', `Slack did not answer ${method}: ${errorText(error)}`, { cause: error });
  }
}
