/** The demo's folder: policy, people, keys and tokens, made once and kept, so that a second start goes on where it was. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StintError } from '../../contract/errors.js';
import { SENDERS, type Sender } from '../../contract/messages.js';
import { sealKeyPath, writeSealKey } from '../../seal/key-files.js';
import { generateSealKey, trustedKeysText } from '../../seal/keys.js';
import { AWS_REGION } from './organisation.js';
import { BOT, CHANNEL, type DemoPorts, POLICY_YAML, peopleYaml, TAGS, TEAM } from './world.js';

export interface DemoHome {
  readonly folder: string;
  readonly secret: (name: SecretName) => string;
  readonly path: (...parts: string[]) => string;
  /** Public half of the key that signs the device API's replies. */
  readonly replyPublicKey: string;
}

const SECRETS = {
  'bot-token': 'xoxb-demo-',
  'app-token': 'xapp-1-A0STINTAPP-',
  'signing-secret': '',
  'mdm-token': 'mdm-',
} as const;
type SecretName = keyof typeof SECRETS;

/**
 * Makes what is missing in the folder. `fresh` forgets everything first; throws `bad-config` when that would delete
 * something that no demo has made.
 */
export function openHome(folder: string, fresh: boolean): DemoHome {
  if (fresh) forget(folder);
  const path = (...parts: string[]) => join(folder, ...parts);
  for (const sub of ['secrets', 'keys', 'logs', 'macs', 'store', 'temporal'])
    mkdirSync(path(sub), { recursive: true, mode: 0o700 });
  once(path('policy.yaml'), () => POLICY_YAML);
  once(path('people.yaml'), peopleYaml);
  for (const name of Object.keys(SECRETS) as SecretName[])
    once(path('secrets', name), () => SECRETS[name] + randomBytes(16).toString('hex'), 0o600);
  sealKeys(path('keys'), path('trusted-keys.json'));
  const replyPublicKey = replyKey(path('keys'));
  return { folder, path, secret: (name) => readFileSync(path('secrets', name), 'utf8'), replyPublicKey };
}

/** What a running demo is known by; it stays, for whoever forgets holds it. */
const LOCK = 'lock';

function forget(folder: string): void {
  const entries = readdirSync(folder).filter((name) => name !== LOCK);
  if (entries.length > 0 && !existsSync(join(folder, 'secrets', 'bot-token')))
    throw new StintError(
      'bad-config',
      `${folder} holds something else than a demo, so --fresh does not empty it. Choose another folder with --dir.`,
    );
  for (const name of entries) rmSync(join(folder, name), { recursive: true, force: true });
}

function once(file: string, text: () => string, mode = 0o644): void {
  if (!existsSync(file)) writeFileSync(file, text(), { mode });
}

function sealKeys(dir: string, trusted: string): void {
  if (existsSync(trusted)) return;
  const keys = (Object.keys(SENDERS) as Sender[]).map(generateSealKey);
  for (const key of keys) {
    rmSync(sealKeyPath(dir, key.sender), { force: true });
    writeSealKey(dir, key);
  }
  writeFileSync(trusted, trustedKeysText(keys));
}

function replyKey(dir: string): string {
  const file = join(dir, 'reply.pub.pem');
  if (!existsSync(file)) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    writeFileSync(join(dir, 'reply.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    writeFileSync(file, publicKey.export({ type: 'spki', format: 'pem' }));
  }
  return readFileSync(file, 'utf8');
}

/** The environment of `stint all`: exactly what a real deployment sets, with the stand-ins' addresses. */
export function demoEnv(home: DemoHome, ports: DemoPorts): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    STINT_HOME: home.folder,
    STINT_POLICY: home.path('policy.yaml'),
    STINT_PEOPLE: home.path('people.yaml'),
    STINT_ALLOW_INSECURE: 'loopback',
    STINT_SEAL_KEYS_DIR: home.path('keys'),
    STINT_TRUSTED_KEYS_FILE: home.path('trusted-keys.json'),
    STINT_REPLY_KEY_FILE: home.path('keys', 'reply.pem'),
    STINT_HEALTH_PORT: String(ports.health),
    TEMPORAL_ADDRESS: `127.0.0.1:${ports.temporal}`,
    TEMPORAL_NAMESPACE: 'default',
    SLACK_API_URL: `http://127.0.0.1:${ports.slack}/api/`,
    SLACK_MODE: 'socket',
    SLACK_BOT_TOKEN_FILE: home.path('secrets', 'bot-token'),
    SLACK_APP_TOKEN_FILE: home.path('secrets', 'app-token'),
    SLACK_APP_ID: BOT.appId,
    SLACK_TEAM_ID: TEAM.id,
    SLACK_APPROVER_CHANNEL: CHANNEL.id,
    SLACK_ADMINS: 'U0GRACE001',
    MDM_URL: `http://127.0.0.1:${ports.mdm}`,
    MDM_TOKEN_FILE: home.path('secrets', 'mdm-token'),
    MDM_TAG_ELEVATE: TAGS.elevate,
    MDM_TAG_COLLECT: TAGS.collect,
    DEVICE_API_HOST: '127.0.0.1',
    DEVICE_API_AUTHORITIES: `127.0.0.1:${ports.deviceApi}`,
    DEVICE_API_PORT: String(ports.deviceApi),
  };
}

/**
 * What a deployment sets for AWS, with the stand-in's address. The keys are no secrets: the stand-in looks whether there is a
 * signature, and computes none.
 */
export function awsEnv(ports: DemoPorts): NodeJS.ProcessEnv {
  return {
    STINT_AWS_REGION: AWS_REGION,
    STINT_AWS_ENDPOINT: `http://127.0.0.1:${ports.aws}`,
    STINT_AWS_START_URL: `http://127.0.0.1:${ports.page}/portal`,
    AWS_ACCESS_KEY_ID: 'DEMOACCESSKEY',
    AWS_SECRET_ACCESS_KEY: 'no-secret-in-a-demo',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}
