/**
 * Every setting there is, as one table: its part, its check, its default, and the words that explain it. The loader, the
 * messages about mistakes and `.env.example` are all made from it.
 */
import { z } from 'zod';
import { identityCenterArn } from '../seal/aws-shapes.js';
import { slackTeamId, slackUserId } from '../seal/shapes.js';
import { authority, duration, host, list, matching, number, oneOf, path, port, shape, tag, text, url } from './config-checks.js';

export const PARTS = [
  'base',
  'policy',
  'oncall',
  'tickets',
  'seals',
  'store',
  'temporal',
  'posting',
  'workspace',
  'slack',
  'mdm',
  'aws',
  'device',
  'alarms',
  'mail',
] as const;
/** `base` is what every process needs; the others are asked for by the processes that use them. */
export type Part = (typeof PARTS)[number];

export interface Variable {
  readonly part: Part;
  /** From the text of the environment or the file to the value. */
  readonly check: z.ZodType<unknown, string>;
  /** A text that passes the check. */
  readonly example: string;
  /** What it is and where to find it; one sentence. */
  readonly help: string;
  /** Used when nothing is said. Without one, and not optional: required by its part. */
  readonly fallback?: string;
  readonly optional?: true;
  /** Never in the configuration file, never shown; may come from the file that `<NAME>_FILE` names. */
  readonly secret?: true;
}

const table = <T extends Record<string, Variable>>(t: T): T => t;

export const VARIABLES = table({
  // ---- every process
  STINT_HOME: {
    part: 'base',
    check: path,
    example: './.stint',
    fallback: './.stint',
    help: 'Folder of everything that Stint keeps on disk.',
  },
  STINT_LOG_LEVEL: {
    part: 'base',
    check: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    example: 'info',
    fallback: 'info',
    help: 'How much is logged.',
  },
  STINT_HEALTH_PORT: {
    part: 'base',
    check: port,
    example: '9464',
    optional: true,
    help: 'Port on 127.0.0.1 that answers whether this process is well.',
  },
  STINT_METRICS_PORT: {
    part: 'base',
    check: port,
    example: '9465',
    optional: true,
    help: 'Port on 127.0.0.1 with metrics for Prometheus.',
  },
  STINT_CONTACT_GRACE: {
    part: 'base',
    check: duration('10s', '1h'),
    example: '5m',
    fallback: '5m',
    help: 'How long a Mac may be out of touch before its elevation ends.',
  },
  STINT_ALLOW_INSECURE: {
    part: 'base',
    check: oneOf(['loopback']),
    example: 'loopback',
    optional: true,
    help: 'Set to "loopback" to allow http:// for Slack and the MDM on this very computer; for tests and the demo.',
  },

  // ---- policy and people
  STINT_POLICY: { part: 'policy', check: path, example: './policy.yaml', fallback: './policy.yaml', help: 'The policy file.' },
  STINT_PEOPLE: { part: 'policy', check: path, example: './people.yaml', fallback: './people.yaml', help: 'The people file.' },

  // ---- on call
  STINT_PAGERDUTY_TOKEN: {
    part: 'oncall',
    check: matching(/^\S+$/, 'a token'),
    example: '…',
    optional: true,
    secret: true,
    help: 'API token of PagerDuty that may read on-calls. Needed where a rota of the people file names a schedule of PagerDuty.',
  },
  STINT_PAGERDUTY_URL: {
    part: 'oncall',
    check: url('https', 'http'),
    example: 'https://api.eu.pagerduty.com',
    fallback: 'https://api.pagerduty.com',
    help: "PagerDuty's API; that of the EU service region is another.",
  },

  // ---- tickets
  STINT_TICKETS: {
    part: 'tickets',
    check: path,
    example: './tickets.yaml',
    optional: true,
    help: 'The file that says where tickets are looked up. Needed where a rule of the policy names a check.',
  },

  // ---- seals
  STINT_SEAL_KEYS_DIR: {
    part: 'seals',
    check: path,
    example: './.stint/keys',
    optional: true,
    help: 'Folder of the private keys <sender>.pem that messages are sealed with. Default: keys in STINT_HOME.',
  },
  STINT_TRUSTED_KEYS_FILE: {
    part: 'seals',
    check: path,
    example: './.stint/trusted-keys.json',
    optional: true,
    help: 'The public keys that messages are checked with. Default: trusted-keys.json in STINT_HOME.',
  },

  // ---- the store
  DATABASE_URL: {
    part: 'store',
    check: url('postgres', 'postgresql'),
    example: 'postgres://stint@db.example.com/stint?sslmode=verify-full',
    optional: true,
    secret: true,
    help: 'PostgreSQL. Without it an embedded database in STINT_HOME is used, and everything must be one process.',
  },

  // ---- Temporal
  TEMPORAL_ADDRESS: {
    part: 'temporal',
    check: matching(authority, 'host:port'),
    example: '127.0.0.1:7233',
    fallback: '127.0.0.1:7233',
    help: "Temporal's frontend.",
  },
  TEMPORAL_NAMESPACE: {
    part: 'temporal',
    check: matching(/^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/, 'a namespace'),
    example: 'default',
    fallback: 'default',
    help: 'The namespace; give Stint its own.',
  },
  TEMPORAL_API_KEY: {
    part: 'temporal',
    check: text,
    example: 'eyJ…',
    optional: true,
    secret: true,
    help: 'API key of Temporal Cloud.',
  },
  TEMPORAL_TLS: {
    part: 'temporal',
    check: oneOf(['on', 'off']),
    example: 'on',
    optional: true,
    help: 'Whether to speak TLS with Temporal. Default: on with an API key, else off.',
  },

  // ---- Slack
  SLACK_MODE: {
    part: 'slack',
    check: oneOf(['socket', 'http']),
    example: 'socket',
    fallback: 'socket',
    help: 'How Slack reaches Stint: socket needs no open port, http needs a public address.',
  },
  SLACK_BOT_TOKEN: {
    part: 'posting',
    check: matching(/^xoxb-\S+$/, 'a bot token (xoxb-…)'),
    example: 'xoxb-…',
    secret: true,
    help: 'Bot token, from "OAuth & Permissions" of the Slack app.',
  },
  SLACK_APP_TOKEN: {
    part: 'slack',
    check: matching(/^xapp-\S+$/, 'an app-level token (xapp-…)'),
    example: 'xapp-…',
    optional: true,
    secret: true,
    help: 'App-level token with connections:write; needed in socket mode.',
  },
  SLACK_SIGNING_SECRET: {
    part: 'slack',
    check: matching(/^\S{16,128}$/, 'the signing secret of "Basic Information"'),
    example: '0123456789abcdef0123456789abcdef',
    optional: true,
    secret: true,
    help: 'Signing secret, from "Basic Information"; needed in http mode.',
  },
  SLACK_APP_ID: {
    part: 'slack',
    check: matching(/^A[A-Z0-9]{1,20}$/, 'an app id such as A012AB3CD'),
    example: 'A012AB3CD',
    help: 'App id, from "Basic Information".',
  },
  SLACK_TEAM_ID: {
    part: 'workspace',
    check: matching(/^T[A-Z0-9]{1,20}$/, 'a workspace id such as T012AB3CD'),
    example: 'T012AB3CD',
    help: 'The workspace that Stint is installed in.',
  },
  SLACK_ENTERPRISE_ID: {
    part: 'slack',
    check: z
      .string()
      .refine((s) => s.startsWith('E') && shape(slackTeamId)(s), { error: 'must be an organisation id such as E012AB3CD' }),
    example: 'E012AB3CD',
    optional: true,
    help: 'The Enterprise Grid organisation, if there is one.',
  },
  SLACK_APPROVER_CHANNEL: {
    part: 'posting',
    check: matching(/^[CG][A-Z0-9]{1,20}$/, 'a channel id such as C012AB3CD, not a name'),
    example: 'C012AB3CD',
    help: 'The private channel of the approvers, where cards are posted.',
  },
  SLACK_ADMINS: {
    part: 'slack',
    check: list(shape(slackUserId), 'Slack user ids (U… or W…)'),
    example: 'U012AB3CD,U045EF6GH',
    optional: true,
    help: 'Who may use /admin-status and revoke from it. Default: nobody.',
  },
  SLACK_HOST: { part: 'slack', check: host, example: '127.0.0.1', fallback: '127.0.0.1', help: 'Where to listen in http mode.' },
  SLACK_PORT: { part: 'slack', check: port, example: '3000', fallback: '3000', help: 'Port to listen on in http mode.' },
  SLACK_API_URL: {
    part: 'posting',
    check: url('https', 'http').refine((s) => s.endsWith('/'), { error: 'must end in a slash' }),
    example: 'https://slack.com/api/',
    fallback: 'https://slack.com/api/',
    help: 'The Web API. Another one only for tests.',
  },
  SLACK_PING_TIMEOUT_MS: {
    part: 'slack',
    check: number(500, 30_000, 'a number of milliseconds from 500 to 30000'),
    example: '1500',
    fallback: '1500',
    help: 'Socket mode: how long a silent connection is kept, and the pause before each reconnect.',
  },

  // ---- the MDM
  MDM_URL: {
    part: 'mdm',
    check: url('https', 'http'),
    example: 'https://example.api.kandji.io',
    help: "Address of the MDM's API.",
  },
  MDM_TOKEN: {
    part: 'mdm',
    check: matching(/^\S+$/, 'a token'),
    example: '…',
    secret: true,
    help: 'API token that may read devices and write tags.',
  },
  MDM_TAG_ELEVATE: {
    part: 'mdm',
    check: tag,
    example: 'stint-elevate',
    fallback: 'stint-elevate',
    help: 'Tag that makes a Mac start an elevation.',
  },
  MDM_TAG_COLLECT: {
    part: 'mdm',
    check: tag,
    example: 'stint-collect',
    fallback: 'stint-collect',
    help: 'Tag that makes a Mac send its log.',
  },

  // ---- AWS
  STINT_AWS_REGION: {
    part: 'aws',
    check: matching(/^[a-z]{2}(?:-[a-z]+){1,3}-[0-9]{1,2}$/, 'an AWS region such as eu-central-1'),
    example: 'eu-central-1',
    optional: true,
    help: 'The region of IAM Identity Center. Without it nothing in AWS can be asked for.',
  },
  STINT_AWS_INSTANCE_ARN: {
    part: 'aws',
    check: matching(identityCenterArn, 'the ARN of an instance of Identity Center'),
    example: 'arn:aws:sso:::instance/ssoins-0123456789abcdef',
    optional: true,
    help: "The instance of Identity Center. Default: the organisation's own.",
  },
  STINT_AWS_PROCESSES: {
    part: 'aws',
    check: number(1, 7, 'a whole number from 1 to 7'),
    example: '2',
    fallback: '1',
    help: "Among how many processes with AWS settings the organisation's quota of calls is shared: workers, Slack apps and device APIs.",
  },
  STINT_AWS_WORKERS: {
    part: 'aws',
    check: number(1, 7, 'a whole number from 1 to 7'),
    example: '1',
    optional: true,
    help: "How many of those processes are workers, which alone give and take away: AWS' 15 changes at a time are shared among them. Default: all.",
  },
  STINT_AWS_START_URL: {
    part: 'aws',
    check: url('https', 'http'),
    example: 'https://d-0123456789.awsapps.com/start',
    optional: true,
    help: 'The access portal, which cards and messages link to; needed with STINT_AWS_REGION.',
  },
  STINT_AWS_ENDPOINT: {
    part: 'aws',
    check: url('https', 'http'),
    example: 'https://aws.example.com',
    optional: true,
    help: "Another endpoint than AWS' own, for an emulator.",
  },

  // ---- the device API
  DEVICE_API_HOST: {
    part: 'device',
    check: host,
    example: '0.0.0.0',
    fallback: '127.0.0.1',
    help: 'Where the device API listens; TLS ends before it.',
  },
  DEVICE_API_PORT: { part: 'device', check: port, example: '8443', fallback: '8443', help: 'Port of the device API.' },
  DEVICE_API_AUTHORITIES: {
    part: 'device',
    check: list((item) => authority.test(item), 'host names, each with its port if it is not 443'),
    example: 'stint.example.com',
    help: 'The names by which Macs call the device API; a signature for another name is refused.',
  },
  DEVICE_API_TRUST_PROXY: {
    part: 'device',
    check: matching(/^[0-9a-fA-F.:/, ]+$/, 'addresses or networks, separated by commas'),
    example: '10.0.0.0/8',
    optional: true,
    help: 'Addresses of your own TLS proxy, whose X-Forwarded-For is believed; without it all Macs behind it share one limit.',
  },
  STINT_REPLY_KEY_FILE: {
    part: 'device',
    check: path,
    example: './.stint/keys/reply.pem',
    optional: true,
    help: 'Private key that signs the answers to Macs. Default: keys/reply.pem in STINT_HOME.',
  },

  // ---- what watches over the promise
  STINT_ALARM_CHANNEL: {
    part: 'alarms',
    check: matching(/^[CG][A-Z0-9]{1,20}$/, 'a channel id such as C012AB3CD, not a name'),
    example: 'C067ALARM',
    optional: true,
    help: 'The Slack channel for alarms. Default: SLACK_APPROVER_CHANNEL.',
  },
  STINT_ALARM_WEBHOOK_URL: {
    part: 'alarms',
    check: url('https', 'http'),
    example: 'https://alerts.example.com/hooks/8f2c',
    optional: true,
    secret: true,
    help: 'Gets every alarm as a POST of JSON, for whatever wakes people up.',
  },
  STINT_BEAT_URL: {
    part: 'alarms',
    check: url('https', 'http'),
    example: 'https://beats.example.com/ping/3d1e',
    optional: true,
    secret: true,
    help: 'Called every minute while this worker is well: a watchdog outside then notices silence.',
  },
  STINT_RECONCILE_EVERY: {
    part: 'alarms',
    check: duration('1m', '1h'),
    example: '5m',
    fallback: '5m',
    help: 'How often all targets are compared with the store.',
  },

  // ---- e-mail
  STINT_SMTP_URL: {
    part: 'mail',
    check: url('smtps', 'smtp'),
    example: 'smtps://stint@mail.example.com:465',
    optional: true,
    help: 'The mail server by which rules tell others, with the account before the @: smtps:// for TLS from the start, smtp:// for STARTTLS.',
  },
  STINT_SMTP_PASSWORD_FILE: {
    part: 'mail',
    check: path,
    example: '/run/secrets/smtp-password',
    optional: true,
    help: "The file that the account's password lies in; read for every message.",
  },
  STINT_MAIL_FROM: {
    part: 'mail',
    check: matching(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/, 'an e-mail address'),
    example: 'stint@example.com',
    optional: true,
    help: 'The sender of messages; needed with STINT_SMTP_URL.',
  },
});

export type VariableName = keyof typeof VARIABLES;
export type ValueOf<N extends VariableName> = z.output<(typeof VARIABLES)[N]['check']>;

/** The text of `.env.example`: every variable with its explanation; what has a default or is optional is commented out. */
export function envExample(): string {
  const head = [
    '# Settings of Stint. Copy to .env and fill in what is not commented out, for the processes that you run.',
    '# A secret may instead lie in a file that <NAME>_FILE names, such as SLACK_BOT_TOKEN_FILE=/run/secrets/bot-token.',
    '# Settings that are no secrets may also stand in a YAML file that STINT_CONFIG names, under the same names.',
    "# AWS credentials are found by the AWS SDK itself: a role of the workload, a profile, or the AWS SDK's own variables.",
  ];
  const sections = PARTS.map((part) => [`# ---- ${part}`, ...linesOf(part)].join('\n'));
  return `${[head.join('\n'), ...sections].join('\n\n')}\n`;
}

function linesOf(part: Part): string[] {
  return Object.entries(VARIABLES).flatMap(([name, variable]: [string, Variable]) => {
    if (variable.part !== part) return [];
    const { help, example, fallback, optional, secret } = variable;
    const quiet = fallback !== undefined || optional ? '# ' : '';
    return [`# ${help}`, `${quiet}${name}=${secret && !quiet ? '' : example}`];
  });
}
