/**
 * The configuration: read once, checked as a whole, and told all at once what is wrong. A process names the parts that it
 * needs; what another process needs isn't asked of it, and no process holds a secret that it has no use for.
 */
import { dirname, join, resolve } from 'node:path';
import type { MailConfig } from '../activities/mail/smtp.js';
import { parseTicketChecks, type TicketCheck } from '../activities/tickets/checks-file.js';
import { StintError } from '../contract/errors.js';
import { isLoopback } from '../contract/loopback.js';
import { createReader, missing, type Reader, type Source, sentenceOf } from './config-reader.js';
import { VARIABLES, type ValueOf } from './config-variables.js';
import { Secret } from './secrets.js';

export interface AwsConfig {
  readonly region: string;
  readonly instanceArn?: string;
  readonly processes: number;
  /** How many of them are workers. */
  readonly workers: number;
  /** The access portal. */
  readonly startUrl: string;
  readonly endpoint?: string;
}
export interface BaseConfig {
  /** Folder of everything that Stint keeps on disk. */
  readonly home: string;
  readonly logLevel: ValueOf<'STINT_LOG_LEVEL'>;
  /** How long a Mac may be out of touch: the device API and the driver of the Macs must agree on it. */
  readonly contactGraceMs: number;
  readonly healthPort?: number;
  readonly metricsPort?: number;
}
export interface PartConfigs {
  readonly policy: { readonly policyFile: string; readonly peopleFile: string };
  /** PagerDuty; without a token its rotas can't be looked up. */
  readonly oncall: { readonly url: string; readonly token?: Secret };
  /** Where tickets are looked up; none where no file is named. */
  readonly tickets: { readonly checks: readonly TicketCheck[] };
  readonly seals: { readonly keysDir: string; readonly trustedKeysFile: string };
  readonly store: { readonly kind: 'postgres'; readonly url: Secret } | { readonly kind: 'pglite'; readonly dir: string };
  readonly temporal: {
    readonly address: string;
    readonly namespace: string;
    readonly apiKey?: Secret;
    readonly tls: boolean;
  };
  /** What posts to Slack. */
  readonly posting: { readonly botToken: Secret; readonly apiUrl: string; readonly approverChannel: string };
  /** The workspace that the Slack app is in: people are named and written to by their accounts there. */
  readonly workspace: { readonly teamId: string };
  /** What Slack reaches. */
  readonly slack: {
    readonly mode: 'socket' | 'http';
    /** There in socket mode. */
    readonly appToken?: Secret;
    /** There in http mode. */
    readonly signingSecret?: Secret;
    readonly appId: string;
    readonly enterpriseId?: string;
    readonly adminSlackUserIds: readonly string[];
    readonly host: string;
    readonly port: number;
    readonly clientPingTimeoutMs: number;
  };
  readonly mdm: {
    readonly url: string;
    readonly token: Secret;
    readonly tags: { readonly elevate: string; readonly collect: string };
  };
  /** Undefined where AWS is not set up. Credentials are the SDK's own business. */
  readonly aws: AwsConfig | undefined;
  readonly device: {
    readonly host: string;
    readonly port: number;
    readonly authorities: readonly string[];
    readonly trustProxy?: string;
    readonly replyKeyFile: string;
  };
  /** What watches over the promise, and whom it tells. */
  readonly alarms: {
    /** Absent: the approvers' channel. */
    readonly channel?: string;
    readonly webhook?: Secret;
    /** The outside watchdog. */
    readonly beat?: Secret;
    readonly reconcileEveryMs: number;
  };
  /** Undefined where no mail server is set up. */
  readonly mail: MailConfig | undefined;
}
export type ConfigPart = keyof PartConfigs;
export type Config<P extends ConfigPart = ConfigPart> = BaseConfig & Pick<PartConfigs, P>;

export interface LoadOptions<P extends ConfigPart> extends Source {
  /** What this process needs. */
  readonly parts: readonly P[];
}

/**
 * The configuration from the environment and, where that is silent, from the YAML file that `STINT_CONFIG` names. Throws
 * `bad-config`; its sentence names every wrong setting, what is allowed, and an example, and never a secret's value.
 */
export function loadConfig<P extends ConfigPart>({ env, readFile, parts }: LoadOptions<P>): Config<P> {
  const reader = createReader({ env, readFile }, parts);
  const base = baseOf(reader);
  const built: Partial<PartConfigs> = Object.fromEntries(parts.map((part) => [part, BUILD[part](reader, base)]));
  if (reader.problems.length > 0) throw new StintError('bad-config', sentenceOf(reader.problems));
  return { ...base, ...built } as Config<P>;
}

function baseOf({ value }: Reader): BaseConfig {
  const [healthPort, metricsPort] = [value('STINT_HEALTH_PORT'), value('STINT_METRICS_PORT')];
  return {
    home: value('STINT_HOME') ?? '',
    logLevel: value('STINT_LOG_LEVEL') ?? 'info',
    contactGraceMs: value('STINT_CONTACT_GRACE') ?? 0,
    ...(healthPort === undefined ? {} : { healthPort }),
    ...(metricsPort === undefined ? {} : { metricsPort }),
  };
}

const BUILD: { readonly [P in ConfigPart]: (reader: Reader, base: BaseConfig) => PartConfigs[P] } = {
  policy: ({ value }) => ({ policyFile: value('STINT_POLICY') ?? '', peopleFile: value('STINT_PEOPLE') ?? '' }),
  oncall: (reader) => ({
    url: secureUrl(reader, 'STINT_PAGERDUTY_URL'),
    ...optionally('token', reader.secret('STINT_PAGERDUTY_TOKEN')),
  }),
  tickets: ({ value, file }) => {
    const loopback = value('STINT_ALLOW_INSECURE') === 'loopback';
    return { checks: file('STINT_TICKETS', (text, path) => ticketChecks(text, path, loopback)) ?? [] };
  },
  seals: ({ value }, { home }) => ({
    keysDir: value('STINT_SEAL_KEYS_DIR') ?? join(home, 'keys'),
    trustedKeysFile: value('STINT_TRUSTED_KEYS_FILE') ?? join(home, 'trusted-keys.json'),
  }),
  store: ({ secret }, { home }) => {
    const url = secret('DATABASE_URL');
    return url ? { kind: 'postgres', url } : { kind: 'pglite', dir: join(home, 'store') };
  },
  temporal: temporalOf,
  posting: (reader) => ({
    botToken: reader.secret('SLACK_BOT_TOKEN') ?? NONE,
    apiUrl: secureUrl(reader, 'SLACK_API_URL'),
    approverChannel: reader.value('SLACK_APPROVER_CHANNEL') ?? '',
  }),
  workspace: ({ value }) => ({ teamId: value('SLACK_TEAM_ID') ?? '' }),
  slack: slackOf,
  mdm: mdmOf,
  aws: awsOf,
  device: ({ value }, { home }) => ({
    host: value('DEVICE_API_HOST') ?? '',
    port: value('DEVICE_API_PORT') ?? 0,
    authorities: value('DEVICE_API_AUTHORITIES') ?? [],
    ...optionally('trustProxy', value('DEVICE_API_TRUST_PROXY')),
    replyKeyFile: value('STINT_REPLY_KEY_FILE') ?? join(home, 'keys', 'reply.pem'),
  }),
  alarms: (reader) => ({
    ...optionally('channel', reader.value('STINT_ALARM_CHANNEL')),
    ...optionally('webhook', secretUrl(reader, 'STINT_ALARM_WEBHOOK_URL')),
    ...optionally('beat', secretUrl(reader, 'STINT_BEAT_URL')),
    reconcileEveryMs: reader.value('STINT_RECONCILE_EVERY') ?? 0,
  }),
  mail: mailOf,
};

/** A file of a secret that is named without its folder lies beside the file that names it. */
function ticketChecks(text: string, path: string, loopback: boolean): readonly TicketCheck[] {
  return parseTicketChecks(text, path, loopback).map(({ header, ...check }) => ({
    ...check,
    ...(header && { header: { ...header, file: resolve(dirname(path), header.file) } }),
  }));
}

/** An address that is itself a secret: whoever knows it can raise alarms, or keep the watchdog quiet. */
function secretUrl(reader: Reader, name: 'STINT_ALARM_WEBHOOK_URL' | 'STINT_BEAT_URL'): Secret | undefined {
  const text = secureUrl(reader, name);
  return text === '' ? undefined : new Secret(text);
}

function optionally<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: V });
}

function temporalOf({ value, secret, problems }: Reader): PartConfigs['temporal'] {
  const apiKey = secret('TEMPORAL_API_KEY');
  const tls = (value('TEMPORAL_TLS') ?? (apiKey ? 'on' : 'off')) === 'on';
  if (apiKey && !tls) problems.push('TEMPORAL_TLS must be on when TEMPORAL_API_KEY is set: the key would travel in the clear.');
  return {
    address: value('TEMPORAL_ADDRESS') ?? '',
    namespace: value('TEMPORAL_NAMESPACE') ?? '',
    tls,
    ...(apiKey ? { apiKey } : {}),
  };
}

function slackOf(reader: Reader): PartConfigs['slack'] {
  const { value, secret, problems } = reader;
  const mode = value('SLACK_MODE') ?? 'socket';
  const needed = mode === 'socket' ? 'SLACK_APP_TOKEN' : 'SLACK_SIGNING_SECRET';
  const before = problems.length;
  const proof = secret(needed);
  if (!proof && problems.length === before) problems.push(missing(needed, VARIABLES[needed]));
  const enterpriseId = value('SLACK_ENTERPRISE_ID');
  return {
    mode,
    ...(proof ? { [mode === 'socket' ? 'appToken' : 'signingSecret']: proof } : {}),
    appId: value('SLACK_APP_ID') ?? '',
    ...(enterpriseId === undefined ? {} : { enterpriseId }),
    adminSlackUserIds: value('SLACK_ADMINS') ?? [],
    host: value('SLACK_HOST') ?? '',
    port: value('SLACK_PORT') ?? 0,
    clientPingTimeoutMs: value('SLACK_PING_TIMEOUT_MS') ?? 0,
  };
}

function mdmOf(reader: Reader): PartConfigs['mdm'] {
  const { value, secret } = reader;
  return {
    url: secureUrl(reader, 'MDM_URL'),
    token: secret('MDM_TOKEN') ?? NONE,
    tags: { elevate: value('MDM_TAG_ELEVATE') ?? '', collect: value('MDM_TAG_COLLECT') ?? '' },
  };
}

/** On when the region is set. What else is said of AWS without it would be silently without effect. */
function awsOf(reader: Reader): PartConfigs['aws'] {
  const { value, problems } = reader;
  const before = problems.length;
  const region = value('STINT_AWS_REGION');
  const instanceArn = value('STINT_AWS_INSTANCE_ARN');
  const startUrl = secureUrl(reader, 'STINT_AWS_START_URL');
  const endpoint = secureUrl(reader, 'STINT_AWS_ENDPOINT');
  const processes = value('STINT_AWS_PROCESSES') ?? 1;
  const workers = value('STINT_AWS_WORKERS') ?? processes;
  const broken = problems.length > before;
  if (region === undefined && !broken && (instanceArn || startUrl || endpoint))
    problems.push(missing('STINT_AWS_REGION', VARIABLES.STINT_AWS_REGION));
  if (region !== undefined && !broken && startUrl === '')
    problems.push(missing('STINT_AWS_START_URL', VARIABLES.STINT_AWS_START_URL));
  if (region === undefined) return undefined;
  if (workers > processes && !broken)
    problems.push(
      `STINT_AWS_WORKERS is ${workers}, but STINT_AWS_PROCESSES, which counts them too, is only ${processes}: it must not be less.`,
    );
  return { region, processes, workers, startUrl, ...(instanceArn && { instanceArn }), ...(endpoint && { endpoint }) };
}

/** In the clear only to this very computer, and only when asked for by name: what is told is nobody else's business. */
function mailOf({ value, problems }: Reader): PartConfigs['mail'] {
  const [text, passwordFile, from] = [value('STINT_SMTP_URL'), value('STINT_SMTP_PASSWORD_FILE'), value('STINT_MAIL_FROM')];
  if (text === undefined) return undefined;
  const { protocol, hostname, port, username, password, pathname, search } = new URL(text);
  if (password) problems.push('STINT_SMTP_URL must not hold a password; put it into a file that STINT_SMTP_PASSWORD_FILE names.');
  const user = decoded(username);
  if (!hostname || (pathname !== '' && pathname !== '/') || search || user === undefined)
    problems.push(
      'STINT_SMTP_URL must name a host, and a port if it is not the usual one; an account before the @ is percent-encoded.',
    );
  if (from === undefined) problems.push(missing('STINT_MAIL_FROM', VARIABLES.STINT_MAIL_FROM));
  if (username && passwordFile === undefined)
    problems.push(missing('STINT_SMTP_PASSWORD_FILE', VARIABLES.STINT_SMTP_PASSWORD_FILE));
  const near = value('STINT_ALLOW_INSECURE') === 'loopback' && isLoopback(hostname);
  const tls = protocol === 'smtps:' ? 'at-once' : near ? 'none' : 'starttls';
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || (tls === 'at-once' ? 465 : 587),
    tls,
    ...(user && { user }),
    ...optionally('passwordFile', passwordFile),
    from: from ?? '',
  };
}

/** Undefined where what is percent-encoded is no text. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

/** Stands where a required secret is missing; never leaves, for then the load fails. */
const NONE = new Secret('');

type UrlName =
  | 'SLACK_API_URL'
  | 'MDM_URL'
  | 'STINT_PAGERDUTY_URL'
  | 'STINT_AWS_START_URL'
  | 'STINT_AWS_ENDPOINT'
  | 'STINT_ALARM_WEBHOOK_URL'
  | 'STINT_BEAT_URL';

/** A token goes with every call there: in the clear only to this very computer, and only when asked for by name. */
function secureUrl({ value, problems }: Reader, name: UrlName): string {
  const text = value(name);
  if (text === undefined) return '';
  const { protocol, hostname, username, password } = new URL(text);
  if (username || password) problems.push(`${name} must not hold a user name or password.`);
  const allowed = value('STINT_ALLOW_INSECURE') === 'loopback' && isLoopback(hostname);
  if (protocol !== 'https:' && !allowed) {
    problems.push(
      `${name} must begin with https:// (http:// only with STINT_ALLOW_INSECURE=loopback and an address such as 127.0.0.1).`,
    );
  }
  return text;
}
