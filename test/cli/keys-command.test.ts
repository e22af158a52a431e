/** `stint keys` as it is typed: what it says to a person and to a script, and where it looks for the files. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build, type Ran, ROOT, stint } from '../e2e/built.js';

const dir = mkdtempSync(join(tmpdir(), 'stint-keys-command-'));
const env = { STINT_HOME: join(dir, 'home') };
const keys = (...args: string[]): Promise<Ran> => stint(['keys', ...args], env, dir);
/** What that process needs beside its keys. */
const DEVICE_API = {
  DEVICE_API_AUTHORITIES: 'stint.example.com',
  SLACK_TEAM_ID: 'T012AB3CD',
  STINT_POLICY: join(ROOT, 'examples', 'policy.yaml'),
  STINT_PEOPLE: join(ROOT, 'examples', 'people.yaml'),
};
beforeAll(build, 120_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('a key is made, listed, rotated and revoked where the configuration says, and no private key is ever shown', async () => {
  const made = await keys('init');
  expect(made).toMatchObject({ code: 0, err: '' });
  expect(made.out).toContain(join(dir, 'home', 'trusted-keys.json'));

  const listed = await keys('list');
  expect(listed).toMatchObject({ code: 0, err: '' });
  const old = /slack-app-[0-9a-f]{12}/.exec(listed.out)?.[0] ?? '';
  expect(listed.out).toMatch(new RegExp(`^${old} +live +here +says .*approve`, 'm'));
  expect(listed.out).toMatch(
    /^device-api-[0-9a-f]{12} +live +here +says start, withdraw, end, contactLost, evidenceComplete, claim, confirm$/m,
  );

  const turned = await keys('rotate', 'slack-app', '--overlap', '1h');
  expect(turned).toMatchObject({ code: 0, err: '' });
  expect(turned.out).toMatch(new RegExp(`^${old} counts until \\d{4}-.*Z$`, 'm'));
  expect(turned.out).toContain('first copy');

  const rest = JSON.parse((await keys('list', '--json')).out) as {
    keys: { keyId: string; sender: string; standing: { state: string } }[];
    problems: string[];
  };
  expect(rest.problems).toEqual([]);
  expect(rest.keys.filter(({ sender }) => sender === 'slack-app').map(({ standing }) => standing.state)).toEqual([
    'ending',
    'live',
  ]);

  const gone = await keys('revoke', old, '--json');
  expect(JSON.parse(gone.out)).toMatchObject({ keyId: old, sender: 'slack-app', already: false, left: [expect.any(String)] });
  expect((await keys('revoke', old)).out).toContain('was revoked already');

  const secret = readFileSync(join(dir, 'home', 'keys', 'slack-app.pem'), 'utf8').split('\n')[1] ?? '';
  expect(secret.length).toBeGreaterThan(20);
  for (const { out, err } of [made, listed, turned, gone]) expect(out + err).not.toContain(secret);
});

test.each([
  [['rotate', 'worker'], /worker.*must be one of slack-app, device-api, cli/],
  [['rotate', 'constructor'], /must be one of slack-app, device-api, cli/],
  [['rotate', 'cli', '--overlap', '2 days'], /--overlap must be a time from 0s to 30d, such as 48h or 1h30m, not 2 days/],
  [['rotate', 'cli', '--overlap', '31d'], /--overlap must be a time from 0s to 30d/],
  [['rotate', 'cli', '--dir', 'nowhere'], /There is no folder nowhere\. Give the right --dir/],
  [['rotate', 'cli', '--trusted', 'nowhere.json'], /there is no nowhere\.json.*stint keys init/],
  [['revoke', 'cli-000000000000'], /has no key cli-000000000000\. It has: /],
  [['list', '--trusted', '.'], /EISDIR/],
])('%j is answered with what to do, without a stack', async (args, words) => {
  const ran = await keys(...args);
  // A sender or a time that there is not is a mistake in the call, as of every command; the others are found by looking.
  expect(ran).toMatchObject({ code: /must be/.test(words.source) ? 2 : 1, out: '' });
  expect(ran.err).toMatch(words);
  expect(ran.err).not.toMatch(/this is a bug|\n {4}at /);
});

test('a key that does not fit makes the list end with 1, and stops the process that would use it', async () => {
  const path = join(dir, 'home', 'keys', 'device-api.pem');
  const before = readFileSync(path, 'utf8');
  writeFileSync(path, readFileSync(join(dir, 'home', 'keys', 'cli.pem'), 'utf8'));
  const listed = await keys('list');
  expect(listed.code).toBe(1);
  expect(listed.out).toContain(`problem: ${path} holds the key of cli`);
  const started = await stint(['device-api'], { ...env, ...DEVICE_API }, dir);
  expect(started.code).toBe(1);
  expect(started.err).toContain(`${path} holds the key of cli`);
  expect(started.err).toContain('swap them back');
  writeFileSync(path, before);
  expect((await keys('list')).code).toBe(0);
}, 60_000); // a new embedded database may be made first
