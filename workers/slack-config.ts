/** The settings as the Slack app takes them: in one place, so that the doctor looks at what the process gets. */
import type { SlackAppConfig } from '../slack-app/config.js';
import type { PartConfigs } from './config.js';

/** From the parts of the configuration that say it. */
export function slackAppConfig({
  posting,
  workspace,
  slack,
}: Pick<PartConfigs, 'posting' | 'workspace' | 'slack'>): SlackAppConfig {
  return {
    mode: slack.mode,
    botToken: posting.botToken.reveal(),
    ...(slack.appToken && { appToken: slack.appToken.reveal() }),
    ...(slack.signingSecret && { signingSecret: slack.signingSecret.reveal() }),
    appId: slack.appId,
    teamId: workspace.teamId,
    ...(slack.enterpriseId && { enterpriseId: slack.enterpriseId }),
    slackApiUrl: posting.apiUrl,
    port: slack.port,
    host: slack.host,
    approverChannel: posting.approverChannel,
    adminSlackUserIds: slack.adminSlackUserIds,
    clientPingTimeoutMs: slack.clientPingTimeoutMs,
  };
}
