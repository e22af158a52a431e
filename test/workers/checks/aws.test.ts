/** What the doctor says of AWS: nothing is wrong, or what is, with its fix; and that it only reads. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { awsEnv } from '../../../cli/demo/home.js';
import { AWS_REGION, awsUserId, demoOrganisation } from '../../../cli/demo/organisation.js';
import { portsFrom } from '../../../cli/demo/world.js';
import { type IdentityCenterStandIn, type OrganizationSeed, startIdentityCenter } from '../../../sim/identity-center/index.js';
import { look, type SetUp, setUp } from './set-up.js';

let bench: SetUp;
let stand: IdentityCenterStandIn;
const kept = { ...process.env };
beforeAll(async () => {
  bench = await setUp();
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = awsEnv(portsFrom(40_000));
  Object.assign(process.env, { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_EC2_METADATA_DISABLED: 'true' });
}, 30_000);
afterAll(async () => {
  process.env = kept;
  await bench?.close();
});
beforeEach(() => start());
afterEach(() => stand.close());

async function start(change: (seed: OrganizationSeed) => OrganizationSeed = (seed) => seed): Promise<void> {
  await stand?.close();
  stand = await startIdentityCenter({
    seed: change(demoOrganisation()),
    region: AWS_REGION,
    settings: { caller: 'delegated' },
  });
}

/** One account alone: quicker to read. */
const small = (seed: OrganizationSeed): OrganizationSeed => ({ ...seed, units: [], accounts: seed.accounts.slice(0, 1) });

async function aws(change: Record<string, string | undefined> = {}) {
  const env = { ...bench.env, ...awsEnv(portsFrom(40_000)), STINT_AWS_ENDPOINT: stand.url, ...change };
  const looked = await look({ env }, ['aws', 'configuration']);
  expect(looked.bugs).toEqual([]);
  const rows = looked.findings.filter(({ area }) => area === 'aws');
  return {
    rows,
    of: (check: string) => rows.filter((row) => row.check === check),
    bad: rows.filter(({ level }) => level === 'fail'),
  };
}
const like = (pattern: RegExp): unknown => expect.stringMatching(pattern);

test('of a set-up that is right nothing is to be mended, long sessions are named, and nothing but reads was asked', async () => {
  const { bad, of } = await aws();
  expect(bad).toEqual([]);
  expect(of('instance')).toMatchObject([{ level: 'ok', found: like(/ssoins-5710d3a0a9e1b2c3 in eu-central-1/) }]);
  expect(of('rights')).toMatchObject([{ level: 'ok', found: like(/delegated administrator.*111111111111, and not Billing/) }]);
  expect(of('accounts')).toMatchObject([{ level: 'ok', found: like(/^12, of which 1 are suspended/) }]);
  expect(of('people')).toMatchObject([{ level: 'ok', found: like(/each of the 5/) }]);
  expect(of('groups')).toMatchObject([{ level: 'ok' }]);
  expect(of('quota share')).toMatchObject([{ found: like(/20 calls a second.*one worker of 1: 15 of 15/) }]);
  expect(of('sessions')).toMatchObject([
    {
      level: 'warn',
      found: like(/aws-production offers 45 min at most.*ReadOnlyAccess \(8 h\).*DatabaseAdmin \(2 h\)/),
      fix: like(/PT1H/),
    },
    { level: 'ok', found: like(/aws-production.*PowerUserAccess \(1 h\).*the shortest that AWS has/) },
    { level: 'warn', found: like(/aws-labs offers 45 min at most.*ReadOnlyAccess \(8 h\)/) },
    { level: 'ok', found: like(/aws-labs.*the shortest that AWS has/) },
    { level: 'warn', found: like(/aws-billing offers 15 min.*Billing \(4 h\)/) },
  ]);
  const asked = stand.truth.calls().map(({ operation }) => operation);
  expect(asked.filter((name) => !/^(List|Describe|IsMember|GetUserId$)/.test(name))).toEqual([]);
  expect(stand.truth.rates().ssoAdmin.throttled).toBe(0);
}, 30_000);

test('people without a user, with two and with a disabled one are named', async () => {
  const twin = { id: '94482488-3041-7005-b4c2-7f5e0c8d1a2b', userName: 'ada.external', email: 'ADA@example.com' };
  await start((seed) => ({
    ...small(seed),
    users: [
      ...seed.users
        .filter(({ id }) => id !== awsUserId('mallory'))
        .map((u) => (u.id === awsUserId('alan') ? { ...u, disabled: true } : u)),
      twin,
    ],
  }));
  const { of } = await aws();
  expect(of('people')).toMatchObject([{ level: 'warn', fix: like(/exactly one user/) }]);
  const [{ found } = { found: '' }] = of('people');
  expect(found).toMatch(/ada \(Identity Center has 2 users with the address ada@example.com/);
  expect(found).toMatch(/alan \(.*is disabled\)/);
  expect(found).toMatch(/mallory \(Identity Center has no user with the address/);
  expect(found).not.toMatch(/grace/);
}, 30_000);

test('two people of the people file who are one user are named, both, and a named user who is no more', async () => {
  await start(small);
  const [grace, none] = [awsUserId('grace'), '00000000-0000-4000-8000-000000000000'];
  const file = bench.home.path('one-user.yaml');
  const text = readFileSync(bench.home.path('people.yaml'), 'utf8');
  const changed = text
    .replace('"id": "linus",', `"id": "linus", "aws": { "user": "${grace}" },`)
    .replace('"id": "alan",', `"id": "alan", "aws": { "user": "${none}" },`);
  writeFileSync(file, changed);
  const { of } = await aws({ STINT_PEOPLE: file });
  const [{ found } = { found: '' }] = of('people');
  expect(found).toContain(`grace and linus (one user, ${grace})`);
  expect(found).toMatch(new RegExp(`alan \\(Your user in Identity Center \\(${none}\\) is no more\\)`));
}, 30_000);

test('expired credentials, a wrong region and no instance are each told with their fix', async () => {
  stand.faults.add({ kind: 'expired' });
  expect((await aws()).bad).toMatchObject([{ check: 'credentials', fix: like(/expired\. Renew them/) }]);
  stand.faults.clear();
  expect((await aws({ STINT_AWS_REGION: 'eu-west-1' })).bad).toMatchObject([
    { check: 'credentials', fix: like(/STINT_AWS_REGION is not the region/) },
  ]);
  stand.settings.noInstance = true;
  expect((await aws()).bad).toMatchObject([{ check: 'instance', found: like(/found: none.*region/) }]);
}, 30_000);

test('where AWS does not tell what is used in the management account, the right is named, and the rest is looked at', async () => {
  await start(small);
  stand.faults.add({ kind: 'denied', operation: 'ListPermissionSetsProvisionedToAccount' });
  const { bad, of } = await aws();
  expect(bad).toEqual([]);
  expect(of('rights')).toMatchObject([
    { level: 'warn', found: like(/right sso:ListPermissionSetsProvisionedToAccount/) },
    { level: 'ok', found: like(/delegated administrator: nothing in the management account 111111111111; the form says so/) },
  ]);
  expect(of('permission sets')).toMatchObject([{ level: 'ok' }]);
}, 30_000);

test('credentials of a member account may not look, and the row names the rights', async () => {
  stand.settings.caller = 'member';
  const { bad } = await aws();
  expect(bad.map(({ check }) => check).sort()).toEqual(['accounts', 'people', 'permission sets']);
  for (const { fix } of bad) expect(fix).toMatch(/rights of docs\/aws\.md/);
}, 30_000);

test('a right to look into groups, or for somebody, that is missing is named, since nothing else would show it', async () => {
  await start(small);
  for (const operation of ['IsMemberInGroups', 'DescribeGroup']) {
    stand.faults.clear();
    stand.faults.add({ kind: 'denied', operation });
    const { of, bad } = await aws();
    expect(bad).toEqual([]);
    const found = like(new RegExp(`^identitystore:${operation} refused`));
    expect(of('groups')).toMatchObject([{ level: 'warn', found, fix: like(/rights of docs\/aws\.md/) }]);
  }
  stand.faults.clear();
  stand.faults.add({ kind: 'denied', operation: 'GetUserId' });
  const people = await aws();
  expect(people.bad).toEqual([]);
  expect(people.of('people')).toContainEqual(
    expect.objectContaining({
      level: 'warn',
      found: like(/^identitystore:GetUserId refused/),
      fix: like(/rights of docs\/aws\.md/),
    }),
  );
  stand.faults.clear();
  stand.faults.add({ kind: '500', operation: 'IsMemberInGroups' });
  expect((await aws()).of('groups')).toEqual([]);
}, 30_000);

test('without a region nothing is looked at, and nothing is wrong', async () => {
  const { rows } = await aws({ STINT_AWS_REGION: undefined, STINT_AWS_ENDPOINT: undefined, STINT_AWS_START_URL: undefined });
  expect(rows).toMatchObject([{ level: 'ok', check: 'settings', found: like(/nothing in AWS/) }]);
  expect(stand.truth.callCount()).toBe(0);
});

test('settings that are wrong are not guessed at', async () => {
  const { rows } = await aws({ STINT_AWS_START_URL: undefined });
  expect(rows).toMatchObject([{ level: 'fail', check: 'settings', found: like(/not looked at/) }]);
  expect(stand.truth.callCount()).toBe(0);
});

test('a policy that speaks of no AWS is told, and the rest is looked at', async () => {
  await start(small);
  const file = bench.home.path('macs-only.yaml');
  writeFileSync(
    file,
    'version: 1\ntargets:\n  - {id: macs, kind: mac-admin, match: {serials: ["*"]}, ask: {groups: [staff]}, approve: {groups: [it]}, windows: [5m], max: 5m}\n',
  );
  const { of, bad } = await aws({ STINT_POLICY: file });
  expect(bad).toEqual([]);
  expect(of('policy')).toMatchObject([{ level: 'warn', found: like(/no rule speaks of AWS/) }]);
}, 30_000);
