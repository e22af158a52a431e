/** The deployment files: pinned, without privileges, without secrets in them; and their scripts, run for real. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { validate } from 'dockerfile-utils';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { run } from '../../cli/temporal-server/run.js';
import { loadConfig } from '../../workers/config.js';
import { ROOT } from './compile.js';

interface Service {
  readonly image: string;
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly restart?: string;
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly networks?: readonly string[];
  readonly healthcheck?: unknown;
  readonly environment?: Readonly<Record<string, string>>;
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

const require = createRequire(import.meta.url);
const text = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const compose: Compose = parse(text('docker-compose.yml'), { merge: true });
const services = Object.entries(compose.services);
const folder = mkdtempSync(join(tmpdir(), 'stint-deploy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const oneShot = (service: Service) => service.restart?.startsWith('on-failure') ?? false;

async function lint(file: string): Promise<readonly unknown[]> {
  const args = [
    join(dirname(require.resolve('dclint')), '..', 'bin', 'dclint.cjs'),
    '--config',
    join(ROOT, 'deploy', 'dclint.json'),
    '--formatter',
    'json',
    file,
  ];
  const [report] = JSON.parse(await run(process.execPath, args, { timeoutMs: 30_000, cwd: ROOT }));
  return report.messages;
}

describe('docker-compose.yml', () => {
  test('fits the compose schema and the linter finds nothing', async () => {
    expect(await lint(join(ROOT, 'docker-compose.yml'))).toEqual([]);
  });

  test('would not pass with a key that the schema does not know', async () => {
    const broken = join(folder, 'docker-compose.yml');
    writeFileSync(broken, text('docker-compose.yml').replace('cap_drop:', 'capdrop:'));
    await expect(lint(broken)).rejects.toThrow();
  });

  test.each(services)('%s runs a pinned version, without privileges', (name, service) => {
    expect(service.image).toMatch(/:\d+\.\d+(\.\d+)?(-[a-z]+)?$/);
    expect(service.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.security_opt).toContain('no-new-privileges:true');
    expect(service.read_only).toBe(name !== 'temporal-ui');
    expect(service.restart).toBeDefined();
    expect(service.healthcheck === undefined).toBe(oneShot(service));
  });

  test('publishes nothing beyond the loopback, and neither database nor engine at all', () => {
    const published = services.flatMap(([name, service]) => (service.ports ?? []).map((port) => `${name} ${port}`));
    expect(published.map((line) => line.split(' ')[0])).toEqual(['temporal-ui', 'device-api']);
    for (const line of published) expect(line).toMatch(/ 127\.0\.0\.1:/);
  });

  test('gives a process only its own secrets, by file, and none in its environment', () => {
    for (const [, service] of services) {
      for (const [name, value] of Object.entries(service.environment ?? {})) {
        if (/password|secret|token|key/i.test(name)) expect(value).toMatch(/^\/(run\/secrets|etc\/stint)(\/|$)/);
        expect(value).not.toMatch(/:\/\/[^/]*:[^/]*@/); // user:password in an address
      }
    }
    const used = new Set(services.flatMap(([, service]) => service.secrets ?? []));
    expect([...used].sort()).toEqual(Object.keys(compose.secrets).sort());
    expect(compose.services['device-api']?.secrets?.filter((name) => name.startsWith('slack'))).toEqual([]);
    // Workers hold public keys only: who holds the worker cannot speak for the Slack app.
    expect(compose.services.worker?.secrets?.filter((name) => name.endsWith('.pem'))).toEqual([]);
  });

  test('gives each process of Stint the token of PagerDuty by file, and an empty file is none', () => {
    const ours = services.filter(([, service]) => service.image.startsWith('stint:'));
    expect(ours).toHaveLength(3);
    for (const [, { secrets = [], environment: env = {} }] of ours) {
      expect(secrets).toContain('pagerduty_token');
      const oncall = (held: string) => {
        const readFile = (path: string) => (path === '/run/secrets/pagerduty_token' ? held : '');
        return loadConfig({ env: { ...env, STINT_CONFIG: undefined }, readFile, parts: ['oncall'] }).oncall;
      };
      expect(oncall('a-token\n').token?.reveal()).toBe('a-token');
      expect(oncall('')).not.toHaveProperty('token');
    }
  });

  test('gives each process the header for tickets, where the file of checks that it mounts can name it', () => {
    const checks = 'version: 1\nchecks:\n  jira:\n    url: https://jira.example.com/{ticket}\n';
    const header = '    header: { name: Authorization, file: /run/secrets/ticket_authorization }\n';
    const files: Record<string, string> = {
      '/etc/stint/stint.yaml': 'STINT_TICKETS: /etc/stint/tickets.yaml\n',
      '/etc/stint/tickets.yaml': checks + header,
    };
    const ours = services.filter(([, service]) => service.image.startsWith('stint:'));
    for (const [name, { secrets = [], volumes = [], networks = [], environment: env = {} }] of ours) {
      expect(secrets, name).toContain('ticket_authorization');
      expect(volumes, name).toContainEqual(expect.stringMatching(/:\/etc\/stint:ro$/));
      expect(networks.some((network) => ['outside', 'edge'].includes(network))).toBe(true);
      const { tickets } = loadConfig({ env, readFile: (path) => files[path] ?? '', parts: ['tickets'] });
      expect(tickets.checks.map((check) => check.header?.file)).toEqual(['/run/secrets/ticket_authorization']);
    }
  });

  test('gives the password of the mail server to the worker alone, by file', () => {
    const holders = services.filter(([, { secrets = [] }]) => secrets.includes('smtp_password'));
    expect(holders.map(([name]) => name)).toEqual(['worker']);
    const mail = (settings: string) => {
      const env = compose.services.worker?.environment ?? {};
      return loadConfig({ env, readFile: (path) => (path === env.STINT_CONFIG ? settings : ''), parts: ['mail'] }).mail;
    };
    expect(mail('')).toBeUndefined();
    const settings = 'STINT_SMTP_URL: smtps://stint@mail.example.com\nSTINT_MAIL_FROM: stint@example.com\n';
    expect(mail(settings)).toMatchObject({ user: 'stint', passwordFile: '/run/secrets/smtp_password' });
  });

  test('runs one process of Stint in each container, and the engine where the world cannot reach it', () => {
    const ours = services.filter(([, service]) => service.image.startsWith('stint:'));
    expect(ours.map(([, service]) => service.command)).toEqual([['worker'], ['slack-app'], ['device-api']]);
    expect(compose.services.temporal?.networks).toEqual(['data', 'engine']);
    expect(compose.services.postgres?.networks).toEqual(['data']);
  });

  test('mounts only scripts that are there', () => {
    const mounted = services.flatMap(([, service]) => (service.volumes ?? []).filter((volume) => volume.startsWith('./deploy/')));
    expect(mounted.length).toBeGreaterThan(3);
    for (const volume of mounted) {
      const [path = '', , mode] = volume.split(':');
      expect(statSync(join(ROOT, path)).isFile()).toBe(true);
      expect(mode).toBe('ro');
    }
  });
});

describe('the Dockerfile', () => {
  test('is valid, starts from a pinned image, and does not run as root', () => {
    expect(validate(text('Dockerfile')).map((problem) => problem.message)).toEqual([]);
    const outside = [...text('Dockerfile').matchAll(/^FROM (\S+)/gm)]
      .map((match) => match[1])
      .filter((image) => image !== 'base');
    expect(outside).toEqual(['node:20.20.2-bookworm-slim']);
    expect(
      text('Dockerfile')
        .trim()
        .split('\n')
        .findLast((line) => line.startsWith('USER')),
    ).toBe('USER node');
  });

  test('copies only what is there, and its build context lets it through', () => {
    const copied = [...text('Dockerfile').matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap((match) =>
      (match[1] ?? '').split(' '),
    );
    const allowed = text('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    for (const path of copied.filter((name) => name !== '.' && !name.includes('*'))) {
      expect(statSync(join(ROOT, path))).toBeDefined();
      expect(allowed).toContain(path.split('/')[0]);
    }
  });
});

const SCRIPTS = readdirSync(join(ROOT, 'deploy')).filter((name) => name.endsWith('.sh'));
const sh = (script: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) =>
  run('sh', [join(ROOT, 'deploy', script), ...args], { timeoutMs: 60_000, env: { ...process.env, ...env } });

describe('the scripts', () => {
  test('are clean by shellcheck', async () => {
    expect(SCRIPTS.length).toBeGreaterThan(4);
    await run('shellcheck', [...SCRIPTS.map((name) => join(ROOT, 'deploy', name)), join(ROOT, '.ci', 'run')], {
      timeoutMs: 60_000,
    });
  });

  test('make-secrets makes what compose names, and never touches it again', async () => {
    const secrets = join(folder, 'secrets');
    await sh('make-secrets.sh', [secrets]);
    const made = () => Object.fromEntries(readdirSync(secrets).map((name) => [name, readFileSync(join(secrets, name), 'utf8')]));
    const first = made();
    const named = Object.values(compose.secrets).map(({ file }) => file.split('/').at(-1) ?? '');
    expect(Object.keys(first).sort()).toEqual(named.filter((name) => !name.endsWith('.pem')).sort());
    expect(first.postgres_password).toMatch(/^[0-9a-f]{64}\n$/);
    expect(new Set([first.postgres_password, first.stint_db_password, first.temporal_db_password]).size).toBe(3);
    expect(statSync(secrets).mode & 0o777).toBe(0o700);
    expect(statSync(join(secrets, 'stint_database_url')).mode & 0o777).toBe(0o400);
    await sh('make-secrets.sh', [secrets]);
    expect(made()).toEqual(first);
  });

  test('prune-core-bridge keeps the one of this machine, and removes nothing when that is missing', async () => {
    const releases = join(folder, 'modules', '@temporalio', 'core-bridge', 'releases');
    const names = () => readdirSync(releases).sort();
    for (const name of ['aarch64-apple-darwin', 'x86_64-pc-windows-msvc']) mkdirSync(join(releases, name), { recursive: true });
    await expect(sh('prune-core-bridge.sh', [join(folder, 'modules')])).rejects.toThrow(/is missing/);
    expect(names()).toHaveLength(2);
    for (const name of ['aarch64-unknown-linux-gnu', 'x86_64-unknown-linux-gnu']) mkdirSync(join(releases, name));
    writeFileSync(join(releases, 'x86_64-pc-windows-msvc', 'index.node'), '');
    await sh('prune-core-bridge.sh', [join(folder, 'modules')]);
    expect(names()).toEqual([process.arch === 'arm64' ? 'aarch64-unknown-linux-gnu' : 'x86_64-unknown-linux-gnu']);
  });
});
