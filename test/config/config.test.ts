import { join } from 'node:path';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isStintError } from '../../contract/errors.js';
import { type ConfigPart, loadConfig } from '../../workers/config.js';
import { envExample, VARIABLES, type Variable } from '../../workers/config-variables.js';
import { NEEDS } from '../../workers/processes.js';
import { Secret } from '../../workers/secrets.js';

const BOT = 'xoxb-very-secret-bot';
const SLACK = {
  SLACK_BOT_TOKEN: BOT,
  SLACK_APP_TOKEN: 'xapp-1-A012AB3CD-secret',
  SLACK_APP_ID: 'A012AB3CD',
  SLACK_TEAM_ID: 'T012AB3CD',
  SLACK_APPROVER_CHANNEL: 'C012AB3CD',
};
const MDM = { MDM_URL: 'https://example.api.kandji.io', MDM_TOKEN: 'mdm-secret' };
const DEVICE = { DEVICE_API_AUTHORITIES: 'stint.example.com, localhost:8443' };
const ALL: readonly ConfigPart[] = [
  'policy',
  'seals',
  'store',
  'temporal',
  'posting',
  'workspace',
  'slack',
  'mdm',
  'aws',
  'device',
];

const noFile = (path: string): string => {
  throw new Error(`no file ${path}`);
};
const filesOf = (files: Record<string, string>) => (path: string) => files[path] ?? noFile(path);
const load = <P extends ConfigPart>(env: Record<string, string>, parts: readonly P[], files: Record<string, string> = {}) =>
  loadConfig({ env, parts, readFile: filesOf(files) });

function refusal(env: Record<string, string>, parts: readonly ConfigPart[], files: Record<string, string> = {}): string {
  try {
    load(env, parts, files);
  } catch (error) {
    if (isStintError(error) && error.code === 'bad-config') return error.sentence;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('the configuration', () => {
  it('needs nothing for the parts that have defaults', () => {
    const config = load({}, ['policy', 'seals', 'store', 'temporal']);
    expect(config).toEqual({
      home: './.stint',
      logLevel: 'info',
      contactGraceMs: 300_000,
      policy: { policyFile: './policy.yaml', peopleFile: './people.yaml' },
      seals: { keysDir: '.stint/keys', trustedKeysFile: '.stint/trusted-keys.json' },
      store: { kind: 'pglite', dir: '.stint/store' },
      temporal: { address: '127.0.0.1:7233', namespace: 'default', tls: false },
    });
  });

  it('gives each part as typed values', () => {
    const config = load({ ...SLACK, ...MDM, ...DEVICE, SLACK_ADMINS: 'U1, W2', STINT_CONTACT_GRACE: '90s' }, ALL);
    expect(config.slack).toMatchObject({
      mode: 'socket',
      port: 3000,
      adminSlackUserIds: ['U1', 'W2'],
      clientPingTimeoutMs: 1500,
    });
    expect(config.posting.botToken.reveal()).toBe(BOT);
    expect(config.mdm.tags).toEqual({ elevate: 'stint-elevate', collect: 'stint-collect' });
    expect(config.device.authorities).toEqual(['stint.example.com', 'localhost:8443']);
    expect(config.contactGraceMs).toBe(90_000);
  });

  it('does not ask a process for what another one needs, nor hands it that secret', () => {
    expect(load(SLACK, ['temporal'])).not.toHaveProperty('slack');
    expect(refusal({}, ['mdm'])).not.toContain('SLACK');
    for (const name of ['worker', 'slack-app', 'device-api'] as const) expect(NEEDS[name], name).toContain('workspace');
  });

  it('names everything that is missing at once, with where to find it and an example', () => {
    const sentence = refusal({}, ['posting', 'workspace', 'slack', 'mdm', 'device']);
    for (const name of ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN', 'SLACK_APP_ID', 'SLACK_TEAM_ID', 'MDM_URL', 'MDM_TOKEN']) {
      expect(sentence).toMatch(new RegExp(`^${name} is missing\\. .*Example: ${name}=`, 'm'));
    }
    expect(sentence).toContain('DEVICE_API_AUTHORITIES is missing');
    expect(sentence).not.toContain('SLACK_SIGNING_SECRET');
  });

  it('has AWS only where its region is set, and then wants the access portal', () => {
    expect(load({}, ['aws']).aws).toBeUndefined();
    expect(load({ STINT_AWS_REGION: '' }, ['aws']).aws).toBeUndefined();
    const [region, startUrl] = ['eu-central-1', 'https://d-0123456789.awsapps.com/start'];
    expect(load({ STINT_AWS_REGION: region, STINT_AWS_START_URL: startUrl }, ['aws']).aws).toEqual({
      region,
      startUrl,
      processes: 1,
      workers: 1,
    });
    expect(refusal({ STINT_AWS_REGION: region }, ['aws'])).toMatch(/^STINT_AWS_START_URL is missing/m);
    expect(refusal({ STINT_AWS_START_URL: startUrl }, ['aws'])).toMatch(/^STINT_AWS_REGION is missing/m);
  });

  it('takes every process with AWS settings for a worker unless it is told how many are, and never more of them than processes', () => {
    const aws = { STINT_AWS_REGION: 'eu-central-1', STINT_AWS_START_URL: 'https://d-0123456789.awsapps.com/start' };
    const shared = { ...aws, STINT_AWS_PROCESSES: '3' };
    expect(load(shared, ['aws']).aws).toMatchObject({ processes: 3, workers: 3 });
    expect(load({ ...shared, STINT_AWS_WORKERS: '1' }, ['aws']).aws).toMatchObject({ processes: 3, workers: 1 });
    expect(refusal({ ...aws, STINT_AWS_WORKERS: '2' }, ['aws'])).toMatch(/^STINT_AWS_WORKERS is 2, but STINT_AWS_PROCESSES/m);
  });

  it('wants the proof that belongs to the mode of Slack', () => {
    const { SLACK_APP_TOKEN: _, ...rest } = SLACK;
    expect(refusal({ ...rest, SLACK_MODE: 'http' }, ['slack'])).toMatch(/SLACK_SIGNING_SECRET is missing/);
    const config = load({ ...rest, SLACK_MODE: 'http', SLACK_SIGNING_SECRET: '0'.repeat(32) }, ['slack']);
    expect(config.slack.signingSecret?.reveal()).toHaveLength(32);
    expect(config.slack.appToken).toBeUndefined();
  });

  it.each([
    ['STINT_LOG_LEVEL', 'loud', 'must be one of: trace, debug'],
    ['STINT_HEALTH_PORT', '70000', 'must be a port'],
    ['STINT_METRICS_PORT', '80a', 'must be a port'],
    ['STINT_ALLOW_INSECURE', 'yes', 'must be one of: loopback'],
    ['STINT_CONTACT_GRACE', '5', 'must be a length of time'],
    ['STINT_CONTACT_GRACE', '1s', 'from 10s to 1h'],
    ['DATABASE_URL', 'mysql://db/x', 'postgres://'],
    ['TEMPORAL_ADDRESS', 'http://x', 'host:port'],
    ['TEMPORAL_TLS', 'true', 'must be one of: on, off'],
    ['SLACK_MODE', 'Socket', 'must be one of: socket, http'],
    ['SLACK_BOT_TOKEN', 'xoxp-1', 'must be a bot token'],
    ['SLACK_APP_TOKEN', 'xoxb-1', 'must be an app-level token'],
    ['SLACK_APP_ID', 'my-app', 'must be an app id'],
    ['SLACK_TEAM_ID', 'acme', 'must be a workspace id'],
    ['SLACK_ENTERPRISE_ID', 'T012AB3CD', 'must be an organisation id'],
    ['SLACK_APPROVER_CHANNEL', '#it', 'not a name'],
    ['SLACK_ADMINS', 'U1,ada@example.com', 'Slack user ids'],
    ['SLACK_API_URL', 'https://slack.com/api', 'must end in a slash'],
    ['MDM_URL', 'ftp://x/', 'https://'],
    ['MDM_TAG_ELEVATE', 'a,b', 'must be a tag'],
    ['STINT_AWS_REGION', 'Frankfurt', 'an AWS region'],
    ['STINT_AWS_INSTANCE_ARN', 'ssoins-0123456789abcdef', 'the ARN of an instance'],
    ['STINT_AWS_PROCESSES', '8', 'from 1 to 7'],
    ['STINT_AWS_WORKERS', '8', 'from 1 to 7'],
    ['STINT_AWS_START_URL', 'd-0123456789', 'must be a URL'],
    ['STINT_AWS_ENDPOINT', 'ftp://x/', 'https://'],
    ['DEVICE_API_AUTHORITIES', 'https://x', 'host names'],
  ])('refuses %s=%s and says what is allowed', (name, value, allowed) => {
    const sentence = refusal({ ...SLACK, ...MDM, ...DEVICE, [name]: value }, ALL);
    expect(sentence).toContain(`one problem.\n${name} `);
    expect(sentence).toContain(allowed);
    expect(sentence).toContain(`Example: ${name}=`);
  });

  it('notices a setting that is nearly one of ours, and leaves those alone that a cluster sets', () => {
    expect(refusal({ STINT_POLCY: 'x' }, [])).toContain('did you mean STINT_POLICY?');
    const ofPeople = { STINT_SERVER_URL: 'x', STINT_SERVER_KEY_FILE: 'x', STINT_PERSON_KEY_FILE: 'x' };
    expect(() => load(ofPeople, [])).not.toThrow();
    expect(
      load({ STINT_SERVICE_HOST: '10.0.0.1', STINT_PORT: 'tcp://10.0.0.1:80', STINT_PORT_80_TCP_ADDR: 'x' }, []),
    ).toBeTruthy();
  });

  it('reads where tickets are looked up from a file, whose secrets lie beside it', () => {
    const text = 'version: 1\nchecks:\n  jira: { url: "https://a.example/{ticket}", header: { name: A, file: jira.txt } }\n';
    const files = { '/etc/stint/tickets.yaml': text, '/etc/bad.yaml': text.replace('https', 'http') };
    expect(load({}, ['tickets']).tickets).toEqual({ checks: [] });
    expect(load({ STINT_TICKETS: '/etc/stint/tickets.yaml' }, ['tickets'], files).tickets.checks).toMatchObject([
      { name: 'jira', header: { name: 'A', file: '/etc/stint/jira.txt' } },
    ]);
    expect(refusal({ STINT_TICKETS: '/none' }, ['tickets'])).toContain('STINT_TICKETS: the file /none cannot be read.');
    expect(refusal({ STINT_TICKETS: '/etc/bad.yaml' }, ['tickets'], files)).toMatch(
      /STINT_TICKETS: .*\n.*bad\.yaml:3:16 checks\.jira\.url: must begin with https/,
    );
  });

  it('has a mail server where one is named: under TLS, and with the password in a file alone', () => {
    const mail = (env: Record<string, string>) => load({ STINT_MAIL_FROM: 'stint@example.com', ...env }, ['mail']).mail;
    const from = 'stint@example.com';
    expect(load({}, ['mail']).mail).toBeUndefined();
    expect(mail({ STINT_SMTP_URL: 'smtps://mail.example.com' })).toEqual({
      host: 'mail.example.com',
      port: 465,
      tls: 'at-once',
      from,
    });
    const account = { STINT_SMTP_URL: 'smtp://stint%40a@mail.example.com:2525', STINT_SMTP_PASSWORD_FILE: '/run/mail' };
    expect(mail(account)).toEqual({
      host: 'mail.example.com',
      port: 2525,
      tls: 'starttls',
      user: 'stint@a',
      passwordFile: '/run/mail',
      from,
    });
    expect(mail({ STINT_SMTP_URL: 'smtp://127.0.0.1:25' })).toMatchObject({ tls: 'starttls' });
    const near = { STINT_ALLOW_INSECURE: 'loopback' };
    expect(mail({ STINT_SMTP_URL: 'smtp://127.0.0.1:25', ...near })).toMatchObject({ tls: 'none' });
    expect(mail({ STINT_SMTP_URL: 'smtp://mail.example.com', ...near })).toMatchObject({ tls: 'starttls' });
    const wrong = (env: Record<string, string>) => refusal({ STINT_MAIL_FROM: from, ...env }, ['mail']);
    expect(wrong({ STINT_SMTP_URL: 'smtps://a:b@mail.example.com', STINT_SMTP_PASSWORD_FILE: '/f' })).toMatch(
      /must not hold a password/,
    );
    expect(wrong({ STINT_SMTP_URL: 'smtps://a@mail.example.com' })).toMatch(/STINT_SMTP_PASSWORD_FILE is missing/);
    expect(wrong({ STINT_SMTP_URL: 'smtps://mail.example.com/x' })).toMatch(/must name a host/);
    expect(wrong({ STINT_SMTP_URL: 'smtps://a%zz@mail.example.com', STINT_SMTP_PASSWORD_FILE: '/f' })).toMatch(/percent-encoded/);
    expect(refusal({ STINT_SMTP_URL: 'smtps://mail.example.com' }, ['mail'])).toMatch(/STINT_MAIL_FROM is missing/);
  });

  it('takes an empty variable for one that is not set', () => {
    expect(load({ STINT_HOME: '', TEMPORAL_NAMESPACE: '' }, ['temporal']).temporal.namespace).toBe('default');
  });
});

describe('a token is never sent in the clear', () => {
  const url = (value: string, insecure?: string) =>
    refusal({ ...MDM, MDM_URL: value, ...(insecure ? { STINT_ALLOW_INSECURE: insecure } : {}) }, ['mdm']);

  it('to another computer, not even when insecure is allowed', () => {
    for (const host of ['example.com', '127.0.0.1.example.com', 'localhost.example.com', '10.0.0.1', '[::2]']) {
      expect(url(`http://${host}/`, 'loopback')).toContain('MDM_URL must begin with https://');
    }
    const slack = { ...SLACK, SLACK_API_URL: 'http://slack.example/api/', STINT_ALLOW_INSECURE: 'loopback' };
    expect(refusal(slack, ['posting'])).toContain('SLACK_API_URL must begin with https://');
  });

  it('to this computer, unless it was asked for by name', () => {
    expect(url('http://127.0.0.1:8080/')).toContain('STINT_ALLOW_INSECURE=loopback');
    for (const host of ['127.0.0.1:80', 'localhost', '[::1]:9']) {
      const env = { ...MDM, MDM_URL: `http://${host}/`, STINT_ALLOW_INSECURE: 'loopback' };
      expect(load(env, ['mdm']).mdm.url).toBe(`http://${host}/`);
    }
  });

  it('with a password in the address, or a key of Temporal without TLS', () => {
    expect(url('https://user:pw@example.com/')).toContain('must not hold a user name or password');
    expect(refusal({ TEMPORAL_API_KEY: 'k', TEMPORAL_TLS: 'off' }, ['temporal'])).toContain('TEMPORAL_TLS must be on');
    expect(load({ TEMPORAL_API_KEY: 'k' }, ['temporal']).temporal.tls).toBe(true);
  });
});

describe('a secret', () => {
  it('can lie in a file of its own, with a line break at its end', () => {
    const { SLACK_BOT_TOKEN: _, ...rest } = SLACK;
    const config = load({ ...rest, SLACK_BOT_TOKEN_FILE: '/run/bot' }, ['posting'], { '/run/bot': `${BOT}\n` });
    expect(config.posting.botToken.reveal()).toBe(BOT);
  });

  it('that is said twice, or whose file is not there or empty, is a problem', () => {
    expect(refusal({ ...SLACK, SLACK_BOT_TOKEN_FILE: '/run/bot' }, ['posting'], { '/run/bot': BOT })).toContain('are both set');
    const { SLACK_BOT_TOKEN: _, ...rest } = SLACK;
    const env = { ...rest, SLACK_BOT_TOKEN_FILE: '/run/bot' };
    expect(refusal(env, ['posting'])).toBe(
      'The configuration is not valid: one problem.\nSLACK_BOT_TOKEN_FILE: the file /run/bot cannot be read.',
    );
    expect(refusal(env, ['posting'], { '/run/bot': '\n' })).toContain('SLACK_BOT_TOKEN is missing');
  });

  it('is not shown by anything that prints a configuration', () => {
    const config = load({ ...SLACK, ...MDM, ...DEVICE, DATABASE_URL: 'postgres://u:pg-secret@db/x' }, ALL);
    const shown = [JSON.stringify(config), inspect(config, { depth: 9, showHidden: true }), `${config.posting.botToken}`];
    shown.push(
      String(config.mdm.token),
      JSON.stringify({ ...config.mdm.token }),
      inspect(structuredClone({ ...config.mdm.token })),
    );
    for (const text of shown) for (const secret of [BOT, 'mdm-secret', 'pg-secret', 'xapp-1']) expect(text).not.toContain(secret);
    expect(new Secret('x').reveal()).toBe('x');
  });

  it('is never repeated in a refusal, under whatever name it was given', () => {
    const names = Object.keys(VARIABLES);
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.constantFrom('"', ' ', ','), (name, ill) => {
        const value = `s3cr3t${ill}v@lue`;
        try {
          load({ ...SLACK, ...MDM, ...DEVICE, [name]: value }, ALL);
        } catch (error) {
          expect(String(error)).not.toContain('s3cr3t');
        }
      }),
    );
  });
});

describe('the configuration file', () => {
  const withFile = (text: string, env: Record<string, string> = {}) =>
    [{ ...env, STINT_CONFIG: 'stint.yaml' }, { 'stint.yaml': text }] as const;

  it('says what the environment does not', () => {
    const [env, files] = withFile('TEMPORAL_NAMESPACE: stint\nSTINT_HEALTH_PORT: 9000\n', { STINT_HEALTH_PORT: '9001' });
    const config = load(env, ['temporal'], files);
    expect(config).toMatchObject({ healthPort: 9001, temporal: { namespace: 'stint' } });
  });

  it.each([
    ['TEMPORAL_NAMESPACES: x\n', 'stint.yaml:1:1 "TEMPORAL_NAMESPACES" is not known here; did you mean "TEMPORAL_NAMESPACE"?'],
    ['\nSLACK_BOT_TOKEN: xoxb-in-file\n', 'stint.yaml:2:1 SLACK_BOT_TOKEN is a secret and must not stand in this file'],
    ['STINT_HOME: [a]\n', 'stint.yaml:1:1 STINT_HOME must be one text'],
    ['STINT_HOME: a\nSTINT_HOME: b\n', 'stint.yaml:2:1'],
    ['constructor: a\n', '"constructor" is not known here'],
    ['- a\n', 'must be a block'],
    ['STINT_LOG_LEVEL: loud\n', 'STINT_LOG_LEVEL must be one of'],
  ])('%j is refused with its place', (text, expected) => {
    const [env, files] = withFile(text);
    const sentence = refusal(env, [], files);
    expect(sentence).toContain(expected);
    expect(sentence).not.toContain('xoxb-in-file');
  });

  it('that cannot be read is a problem', () => {
    expect(refusal({ STINT_CONFIG: 'gone.yaml' }, [])).toContain('gone.yaml cannot be read');
  });
});

describe('.env.example', () => {
  const root = join(import.meta.dirname, '../..');

  it('is what the table of variables says (after a change: vitest run -u)', async () => {
    await expect(envExample()).toMatchFileSnapshot(join(root, '.env.example'));
  });

  it('shows examples that are accepted, and defaults that are valid', () => {
    for (const [name, variable] of Object.entries<Variable>(VARIABLES)) {
      expect(variable.check.safeParse(variable.example), name).toMatchObject({ success: true });
      if (variable.fallback !== undefined)
        expect(variable.check.safeParse(variable.fallback), name).toMatchObject({ success: true });
    }
  });
});
