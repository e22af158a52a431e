/** What the commands say when something is not as they need it: one sentence with the fix, never a stack, and an exit code. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build, ROOT, stint } from '../e2e/built.js';

const dir = mkdtempSync(join(tmpdir(), 'stint-cli-'));
beforeAll(build, 120_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const file = (name: string, text: string) => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};

/** Runs it, and insists on one sentence of its own. */
async function refused(args: readonly string[], env: NodeJS.ProcessEnv = {}, code = 1): Promise<string> {
  const ran = await stint(args, env, dir);
  expect(ran.code, ran.err).toBe(code);
  expect(ran.out).toBe('');
  expect(ran.err).toMatch(/^stint: /);
  expect(ran.err).not.toMatch(/this is a bug|\n {4}at /);
  return ran.err;
}

test('without a running Stint, questions say how to start one', async () => {
  for (const args of [['list'], ['show', 'abcdef'], ['ledger', 'verify'], ['list', '--json']]) {
    const said = await refused(args, { STINT_HOME: join(dir, 'nobody') });
    expect(said).toContain(`No Stint runs in ${join(dir, 'nobody')}`);
    expect(said).toContain('stint all');
    expect(said).toContain('DATABASE_URL');
  }
});

test('a database that does not answer is a sentence, and its password is not in it', async () => {
  const said = await refused(['list'], { DATABASE_URL: 'postgres://stint:hunter2@127.0.0.1:9/stint' });
  expect(said).not.toContain('hunter2');
  expect(said).toMatch(/store|database/i);
});

test('a port that is none is named', async () => {
  for (const port of ['x', '80', '70000', '1.5', ''])
    expect(await refused(['demo', '--port', port], {}, 2)).toContain('--port must be a whole number from 1024 to 65500');
});

test('a limit that is none is named', async () => {
  for (const limit of ['x', '0', '9999', '-1', '2.5'])
    expect(await refused(['list', `--limit=${limit}`], { STINT_HOME: dir }, 2)).toContain(
      '--limit must be a whole number from 1 to 500',
    );
});

test('an id that cannot be one is named before anything is asked', async () => {
  for (const id of ['abc', 'ABCDEF', '../../../etc/passwd', 'a'.repeat(27)])
    expect(await refused(['show', id], { STINT_HOME: dir }, 2)).toMatch(/is no id of an elevation/);
});

test('files that are not there are named', async () => {
  expect(await refused(['policy', 'check', 'nowhere.yaml'])).toContain('nowhere.yaml cannot be read');
  const policy = join(ROOT, 'examples', 'policy.yaml');
  expect(await refused(['policy', 'check', policy, '--people', 'nobody.yaml'])).toMatch(
    /nobody\.yaml cannot be read\. .*--people path/,
  );
  const key = ['device', 'register', '--serial', 'C02XK0AAJG5H', '--public-key', 'no-key.pem'];
  expect(await refused(key, { STINT_HOME: dir })).toContain('no-key.pem cannot be read');
});

test('a public key that is none is refused', async () => {
  const key = file('not-a-key.pem', 'hello');
  const said = await refused(['device', 'register', '--serial', 'C02XK0AAJG5H', '--public-key', key], { STINT_HOME: dir });
  expect(said).toMatch(/not-a-key\.pem .*P-256/);
});

test('missing settings are all named at once, with where to find them', async () => {
  const said = await refused(['all'], { STINT_HOME: dir });
  for (const name of ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN', 'SLACK_TEAM_ID', 'MDM_URL', 'DEVICE_API_AUTHORITIES'])
    expect(said).toMatch(new RegExp(`^${name} is missing\\. .*Example: `, 'm'));
  expect(await refused(['device-api'], { STINT_HOME: dir })).not.toContain('SLACK_BOT_TOKEN');
});

test('a misspelt setting is named with the right one', async () => {
  expect(await refused(['all'], { STINT_HOME: dir, STINT_POLCY: 'x' })).toMatch(/STINT_POLCY.*STINT_POLICY/);
});

test('a policy with mistakes is answered with every line and column', async () => {
  const policy = file('bad.yaml', 'version: 1\ntargets:\n  - id: macs\n    kind: mac-admin\n    matsh: {}\n    windows: [5x]\n');
  const said = await refused(['policy', 'check', policy]);
  expect(said).toContain(`${policy}:5:5`);
  expect(said).toMatch(/matsh/);
  expect(said).toContain(`${policy}:6:15`);
  const broken = file('broken.yaml', 'version: 1\ntargets: [\n');
  expect(await refused(['policy', 'check', broken])).toMatch(/broken\.yaml:\d+:\d+/);
});

test('a good policy is said to be good; one that names nobody there exits with 1 and says whom', async () => {
  const [policy, people] = [join(ROOT, 'examples', 'policy.yaml'), join(ROOT, 'examples', 'people.yaml')];
  const good = await stint(['policy', 'check', policy, '--people', people]);
  expect(good).toMatchObject({ code: 0, err: '' });
  expect(good.out).toContain('is valid (policy ');
  const json = await stint(['policy', 'check', policy, '--people', people, '--json']);
  expect(JSON.parse(json.out)).toEqual({ ok: true, hash: expect.stringMatching(/^[0-9a-f]{64}$/), findings: [], warnings: [] });
  const other = file('other.yaml', readFileSync(policy, 'utf8').replace('[it, security]', '[ti, security]'));
  const bad = await stint(['policy', 'check', other, '--people', people, '--json']);
  expect(bad.code).toBe(1);
  expect(JSON.parse(bad.out)).toMatchObject({
    ok: false,
    findings: expect.arrayContaining([
      expect.stringMatching(/other\.yaml:\d+:\d+ vault-macs\.approve: the group ti has no members; did you mean "it"\?$/),
    ]),
  });
});

test('keys are made once, for their owner only, and never overwritten', async () => {
  const [keys, trusted] = [join(dir, 'keys'), join(dir, 'trusted.json')];
  const args = ['keys', 'init', '--dir', keys, '--trusted', trusted];
  const made = JSON.parse((await stint([...args, '--json'])).out) as { privateKeys: string[]; trusted: string };
  expect(made.trusted).toBe(trusted);
  for (const path of made.privateKeys) expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(keys).mode & 0o777).toBe(0o700);
  const before = readFileSync(trusted, 'utf8');
  expect(await refused(args)).toContain('never overwritten');
  expect(readFileSync(trusted, 'utf8')).toBe(before);
});

test('a private key that others can read stops the process that would use it', async () => {
  const [keys, trusted] = [join(dir, 'open-keys'), join(dir, 'open-trusted.json')];
  await stint(['keys', 'init', '--dir', keys, '--trusted', trusted]);
  chmodSync(join(keys, 'device-api.pem'), 0o640);
  const said = await refused(['device-api'], {
    STINT_HOME: join(dir, 'home'),
    STINT_SEAL_KEYS_DIR: keys,
    STINT_TRUSTED_KEYS_FILE: trusted,
    STINT_REPLY_KEY_FILE: join(keys, 'reply.pem'),
    DEVICE_API_AUTHORITIES: 'stint.example.com',
    SLACK_TEAM_ID: 'T012AB3CD',
    STINT_POLICY: join(ROOT, 'examples', 'policy.yaml'),
    STINT_PEOPLE: join(ROOT, 'examples', 'people.yaml'),
  });
  expect(said).toMatch(/device-api\.pem can be read by others \(mode 640\)\. Run: chmod 600/);
}, 60_000); // a new embedded database is made first
