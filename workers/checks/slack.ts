/**
 * Slack: both tokens, what the bot may do, the channels that are posted to, and the administrators. Asks only; nothing is
 * posted, and no socket is opened. The sentences are those with which the Slack app refuses to start.
 */
import type { WebClient } from '@slack/web-api';
import { createPostingClient } from '../../activities/slack/client.js';
import { fromSlack, slackCode } from '../../activities/slack/errors.js';
import { isStintError } from '../../contract/errors.js';
import { checkConfig } from '../../slack-app/config.js';
import type { Log } from '../../slack-app/log.js';
import { askToken, scopeTroubles, teamTroubles, tokenTroubles, troubleOf } from '../../slack-app/startup.js';
import type { PartConfigs } from '../config.js';
import { slackAppConfig } from '../slack-config.js';
import type { Check, Say } from './check.js';

export interface SlackCheckDeps {
  readonly posting: PartConfigs['posting'];
  readonly workspace: PartConfigs['workspace'];
  /** There for the process that Slack reaches; a worker only posts. */
  readonly slack?: PartConfigs['slack'];
  /** There for the process that raises alarms. */
  readonly alarms?: PartConfigs['alarms'];
  /** What the rules of the policy name, as rule and channel; none while the policy cannot be read. */
  readonly ofRules?: () => Promise<readonly NamedChannel[]>;
}

/** Everything about Slack that this process needs. */
export function checkSlack({ posting, workspace, slack, alarms, ofRules = async () => [] }: SlackCheckDeps): Check {
  return async (say) => {
    const api = createPostingClient({ token: posting.botToken.reveal(), slackApiUrl: posting.apiUrl });
    if (!(await examineToken(api, { ...workspace, slack }, say))) return;
    await Promise.all([
      examineChannels(api, [...channelsOf(posting, alarms), ...(await ofRules())], say),
      ...(slack ? [examineEntrance({ posting, workspace, slack }, say), examineAdmins(api, slack.adminSlackUserIds, say)] : []),
    ]);
  };
}

/** Whether the token is accepted at all: without that nothing else can be asked. */
async function examineToken(
  api: WebClient,
  { teamId, slack }: PartConfigs['workspace'] & { readonly slack: PartConfigs['slack'] | undefined },
  say: Say,
): Promise<boolean> {
  try {
    const token = await askToken(api, logTo(say, 'bot token'));
    const troubles = slack
      ? tokenTroubles(token, { ...slack, teamId })
      : [...teamTroubles(token, teamId), ...scopeTroubles(token.scopes)];
    for (const trouble of troubles) say.fail('bot token', trouble);
    if (troubles.length === 0) say.ok('bot token', `of the workspace ${token.teamId}, app ${token.appId ?? 'unknown'}`);
    if (token.scopes === undefined) say.warn('bot token', 'Slack did not name its scopes, so they were not compared');
    return true;
  } catch (error) {
    if (!isStintError(error)) throw error;
    say.fail('bot token', error.sentence);
    return false;
  }
}

/** What the start would log as a warning is a row here. */
function logTo(say: Say, check: string): Log {
  const nothing = () => undefined;
  return { debug: nothing, info: nothing, warn: (_, message) => say.warn(check, message), error: nothing };
}

async function examineChannels(api: WebClient, channels: readonly NamedChannel[], say: Say): Promise<void> {
  for (const [name, id] of channels) {
    try {
      const trouble = await troubleOf({ api, logger: logTo(say, name) }, id, name);
      if (trouble === undefined) say.ok(name, `${id}: Stint is in it, and it is shared with nobody outside`);
      else say.fail(name, trouble);
    } catch (error) {
      if (!isStintError(error)) throw error;
      say.fail(name, error.sentence);
    }
  }
}

export type NamedChannel = readonly [name: string, id: string];

/** The channel of the cards and, where it is another, that of the alarms. */
function channelsOf(posting: PartConfigs['posting'], alarms: PartConfigs['alarms'] | undefined): readonly NamedChannel[] {
  const own = alarms?.channel !== undefined && alarms.channel !== posting.approverChannel;
  return [['approver channel', posting.approverChannel], ...(own ? [['alarm channel', alarms.channel] as const] : [])];
}

/** How Slack reaches us: in socket mode a ticket is asked for and let go; an open port cannot be tried from inside. */
async function examineEntrance(parts: Pick<PartConfigs, 'posting' | 'workspace' | 'slack'>, say: Say): Promise<void> {
  const { posting, slack } = parts;
  try {
    checkConfig(slackAppConfig(parts));
  } catch (error) {
    if (!isStintError(error)) throw error;
    return say.fail('entrance', error.sentence);
  }
  if (slack.mode === 'http') {
    return say.ok('entrance', `HTTP on ${slack.host}:${slack.port}; whether Slack reaches it shows when somebody types /elevate`);
  }
  const app = createPostingClient({ token: slack.appToken?.reveal() ?? '', slackApiUrl: posting.apiUrl });
  try {
    await app.apps.connections.open();
    say.ok('entrance', 'the app-level token opens Socket Mode');
  } catch (error) {
    const code = codeOf(error, 'apps.connections.open');
    const fix = 'Create an app-level token with connections:write in "Basic Information", and put it into SLACK_APP_TOKEN.';
    say.fail('entrance', `Slack gives no Socket Mode connection for the app-level token (${code})`, fix);
  }
}

const ADMINS_MAX = 50;

async function examineAdmins(api: WebClient, admins: readonly string[], say: Say): Promise<void> {
  if (admins.length === 0) {
    return say.warn('administrators', 'SLACK_ADMINS is empty: nobody may use /admin-status', 'Name their Slack user ids in it.');
  }
  const found: string[] = [];
  for (const user of admins.slice(0, ADMINS_MAX)) {
    const trouble = await adminTrouble(api, user);
    if (trouble !== undefined) found.push(`${user} ${trouble}`);
  }
  if (found.length > 0) say.fail('administrators', found.join('; '), 'Correct SLACK_ADMINS.');
  else say.ok('administrators', `${admins.length} in SLACK_ADMINS, all members`);
}

async function adminTrouble(api: WebClient, user: string): Promise<string | undefined> {
  try {
    const { user: found } = await api.users.info({ user });
    if (found?.deleted) return 'is deactivated';
    if (found?.is_bot) return 'is a bot';
    if (found?.is_restricted || found?.is_ultra_restricted || found?.is_stranger) return 'is a guest or from outside';
    return undefined;
  } catch (error) {
    const code = codeOf(error, 'users.info');
    if (code === 'user_not_found' || code === 'user_not_visible') return 'is not in this workspace';
    return `could not be asked about (${code})`;
  }
}

/** Slack's own word for a refusal; an answer that never came is one, too. */
function codeOf(error: unknown, method: string): string {
  return slackCode(fromSlack(error, { method })) ?? 'no answer';
}
