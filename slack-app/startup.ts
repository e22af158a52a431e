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

/** Throws `bad-config` when the token is not ours or lacks scopes; `slack-unavailable` when Slack did not answer. */
export async function checkToken({ api, config, logger }: StartupDeps): Promise<void> {
  const me = await ask('auth.test', () => api.auth.test());
  const { teamId, enterpriseId } = config;
  if (me.team_id !== teamId) refuse(`The bot token belongs to the workspace ${me.team_id}, but slack.teamId is ${teamId}.`);
  if (enterpriseId !== undefined && me.enterprise_id !== enterpriseId) {
    refuse(
      `The bot token belongs to the organisation ${me.enterprise_id ?? '(none)'}, but slack.enterpriseId is ${enterpriseId}.`,
    );
  }
  const appId = me.app_id ?? (await appOf(api, me.bot_id, logger));
  if (typeof appId === 'string' && appId !== config.appId) {
    refuse(`The bot token belongs to the app ${appId}, but slack.appId is ${config.appId}.`);
  }
  checkScopes(me.response_metadata?.scopes);
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

/** Slack names the token's scopes in the header `x-oauth-scopes`; without the header nothing can be said. */
function checkScopes(granted: readonly string[] | undefined): void {
  if (!granted) return;
  const missing = BOT_SCOPES.filter((scope) => !granted.includes(scope));
  if (missing.length > 0) {
    refuse(`The bot token lacks the scopes ${missing.join(', ')}. Update the app from slack-app/manifest.json and reinstall it.`);
  }
}

/**
 * Why the approver channel cannot be used, or undefined. Throws `slack-unavailable` when Slack did not answer.
 * Outside members of a shared channel see our cards and can press what is on them, so a shared channel is refused.
 */
export async function channelTrouble({ api, config, logger }: StartupDeps): Promise<string | undefined> {
  const id = config.approverChannel;
  let channel: Channel | undefined;
  try {
    channel = (await ask('conversations.info', () => api.conversations.info({ channel: id }))).channel;
  } catch (error) {
    if (error instanceof StintError && error.code === 'bad-config') return error.sentence;
    throw error;
  }
  if (!channel) return `Slack does not show the approver channel ${id}.`;
  if (channel.is_im || channel.is_mpim) return `${id} is a direct message, not a channel.`;
  if (channel.is_ext_shared || channel.is_pending_ext_shared) {
    return `The approver channel ${id} is shared with another organisation. Use a private channel of your own.`;
  }
  if (channel.is_archived) return `The approver channel ${id} is archived.`;
  if (!channel.is_member) return `Stint is not a member of the approver channel ${id}: type /invite @Stint there.`;
  if (!channel.is_private) logger.warn({ channel: id }, 'the approver channel is public: everyone can read the requests');
  return undefined;
}

const HINTS: { readonly [error: string]: string } = {
  channel_not_found:
    'Slack does not find the approver channel. Check slack.approverChannel, and invite Stint to the channel if it is private.',
  missing_scope: 'The bot token lacks a scope. Update the app from slack-app/manifest.json and reinstall it.',
  invalid_auth: 'Slack does not accept the bot token. Copy it again from "OAuth & Permissions".',
  not_authed: 'Slack does not accept the bot token. Copy it again from "OAuth & Permissions".',
  account_inactive: 'The bot token belongs to an app that was removed from the workspace. Install it again.',
  token_revoked: 'The bot token was revoked. Install the app again.',
};

/** Slack's definite answers are the configuration's fault; everything else is Slack's or the network's. */
async function ask<T>(method: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const code = error instanceof webApi.WebAPIPlatformError ? error.data.error : undefined;
    const hint = code === undefined ? undefined : HINTS[code];
    if (hint) throw new StintError('bad-config', hint, { cause: error });
    throw new StintError('slack-unavailable', `Slack did not answer ${method}: ${errorText(error)}`, { cause: error });
  }
}

function refuse(sentence: string): never {
  throw new StintError('bad-config', sentence);
}
