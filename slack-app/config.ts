/** What the Slack app has to be told, and the checks on it that need no network. */
import { StintError } from '../contract/errors.js';
import type { RequestId } from '../contract/ids.js';
import { isLoopback } from '../contract/loopback.js';
import type { Directory, Gate, Store } from '../contract/ports.js';
import type { Preview } from '../contract/preview.js';
import type { Log } from './log.js';

export interface SlackAppConfig {
  readonly mode: 'socket' | 'http';
  /** `xoxb-…` */
  readonly botToken: string;
  /** `xapp-…` with `connections:write`; Socket Mode only. */
  readonly appToken?: string;
  /** HTTP mode only. */
  readonly signingSecret?: string;
  readonly appId: string;
  readonly teamId: string;
  readonly enterpriseId?: string;
  /** Default `https://slack.com/api/`. Plain http only on a loopback address, so that a stray setting cannot send tokens elsewhere. */
  readonly slackApiUrl?: string;
  /** HTTP mode: where to listen. Port 0 lets the system choose. */
  readonly port?: number;
  readonly host?: string;
  readonly approverChannel: string;
  /** Who may use `/admin-status`, and revoke from it. Empty: nobody. */
  readonly adminSlackUserIds: readonly string[];
  /** Socket Mode: milliseconds; also how long version 3.1.0 pauses before each reconnect. */
  readonly clientPingTimeoutMs: number;
}

/** The parts of the store that the Slack app touches. */
export type SlackStore = Pick<Store, 'ledger' | 'messages' | 'requests' | 'once' | 'freeze' | 'personKeys'>;

export interface SlackAppDeps {
  readonly config: SlackAppConfig;
  readonly store: SlackStore;
  readonly gate: Gate;
  readonly directory: Directory;
  /** For clicks that take access away while the directory cannot be read; the directory itself where none is given. */
  readonly lastGood?: Directory;
  readonly preview: Preview;
  /** Asks for the card to be drawn again from the read model; best effort, must not throw for long. */
  readonly repairCard: (requestId: RequestId) => Promise<void>;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly logger: Log;
  /** In [0, 1), as `Math.random`; names failures for the log, decides nothing. */
  readonly random: () => number;
}

export const SLACK_API = 'https://slack.com/api/';

const bad = (sentence: string): never => {
  throw new StintError('bad-config', sentence);
};

/** Throws `bad-config` naming the first setting that is missing or of the wrong kind, and where to find it. */
export function checkConfig(config: SlackAppConfig): void {
  if (!config.botToken.startsWith('xoxb-')) bad('slack.botToken must be the bot token (xoxb-…) of "OAuth & Permissions".');
  if (!/^A[A-Z0-9]+$/.test(config.appId)) bad('slack.appId must be the app id (A…) of "Basic Information".');
  if (!/^T[A-Z0-9]+$/.test(config.teamId)) bad('slack.teamId must be the workspace id (T…).');
  if (!/^[CG][A-Z0-9]+$/.test(config.approverChannel)) bad('slack.approverChannel must be a channel id (C…), not a name.');
  const strange = config.adminSlackUserIds.find((id) => !/^[UW][A-Z0-9]+$/.test(id));
  if (strange !== undefined) bad('slack.adminSlackUserIds must hold Slack user ids (U… or W…), not names or e-mail addresses.');
  if (config.mode === 'socket') checkAppToken(config);
  else if (!config.signingSecret) bad('slack.signingSecret is missing: HTTP mode needs the one of "Basic Information".');
  checkApiUrl(config.slackApiUrl ?? SLACK_API);
}

function checkAppToken({ appToken, appId }: SlackAppConfig): void {
  if (!appToken?.startsWith('xapp-')) {
    bad('slack.appToken is missing: Socket Mode needs an app-level token (xapp-…) with connections:write.');
  }
  // Slack's app-level tokens carry the id of their app: a token of another app is noticed before it is used.
  const owner = /^xapp-\d-(A[A-Z0-9]+)-/.exec(appToken ?? '')?.[1];
  if (owner && owner !== appId) bad(`slack.appToken belongs to the app ${owner}, but slack.appId is ${appId}.`);
}

function checkApiUrl(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : bad('slack.slackApiUrl is not a URL.');
  if (url.protocol !== 'https:' && !isLoopback(url.hostname)) bad('slack.slackApiUrl must be https (or a loopback address).');
  if (!url.pathname.endsWith('/')) bad('slack.slackApiUrl must end in a slash.');
}
