/** `stint policy explain` and `who-can-approve` over the example files: what they print, and which mistakes they name. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it, vi } from 'vitest';
import { runLine } from '../../cli/program.js';

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples');
const MACS = ['--policy', join(EXAMPLES, 'policy.yaml'), '--people', join(EXAMPLES, 'people.yaml')];
const AWS = ['--policy', join(EXAMPLES, 'policy-aws.yaml'), '--people', join(EXAMPLES, 'people.yaml')];
const dir = mkdtempSync(join(tmpdir(), 'stint-explain-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

async function ran(...args: string[]) {
  const said = { out: '', err: '' };
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said.out += String(text);
    return true;
  });
  const code = await runLine(['node', 'stint', 'policy', ...args], {
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
  });
  vi.restoreAllMocks();
  return { code, ...said };
}

const explain = (...args: string[]) => ran('explain', ...args);
const who = (...args: string[]) => ran('who-can-approve', ...args);

it('explains a Mac rule by rule, and says who could approve it', async () => {
  const { code, out, err } = await explain('--as', 'ada', '--target', 'C02ADA000001', '--window', '15m', ...MACS);
  expect({ code, err }).toEqual({ code: undefined, err: '' });
  expect(
    out,
  ).toBe(`yes  Ada Lovelace asks for ada-macbook (C02ADA000001) for 15m: One more approval is needed, from: Grace Hopper, Linus Larsen.
  yes  the people and the target are right
    yes  Ada Lovelace (ada): active in the people file
    yes  ada-macbook (C02ADA000001) for Ada Lovelace: the people file gives it to Ada Lovelace
  yes  a rule applies: rule macs
    no   rule vault-macs
      no   covers the target
        no   serial number: the rule names "C02VAULT*"; this is C02ADA000001
      yes  lets Ada Lovelace ask: through the group staff
    yes  rule macs: applies
      yes  covers the target
        yes  serial number: fits "*"
      yes  lets Ada Lovelace ask: through the group staff
  yes  15m is offered: 5m, 10m, 15m, 30m; extended to at most 30m
  yes  enough people could approve: 1 needed: 2 could
    yes  Grace Hopper (grace): through the group it
    yes  Linus Larsen (linus): through the group it
    no   Ada Lovelace (ada): asks for it, and nobody decides their own request
    no   Trent Former (trent): is not active in the people file
`);
});

const BANK = ['--policy', join(EXAMPLES, 'policy-bank.yaml'), '--people', join(EXAMPLES, 'people-bank.yaml')];
const PRODUCTION = ['--target', 'aws/cards/Operator', '--account', '111111111111', '--ou', 'Production'];
const NO_TAG = ['--tag', 'system'];

it.each([
  ['2026-03-02T10:00+01:00', 'yes', /Europe\/Berlin\), holidays excepted\.$/m],
  ['2026-03-06T20:00:00+01:00', 'no ', /opens next on Monday, 2026-03-09, at 07:00\.$/m],
])('explains what would be at %s', async (at, holds, said) => {
  const { out } = await explain('--as', 'frances', ...PRODUCTION, ...NO_TAG, '--at', at, ...BANK);
  expect(out.split('\n')[0]).toContain(`${holds}  Frances Fontaine asks for`);
  const line = out.split('\n').find((one) => one.includes('it is open'));
  expect(line?.startsWith(`  ${holds}  it is open: This can be asked for`)).toBe(true);
  expect(line).toMatch(said);
});

const THURSDAY = ['--at', '2026-03-05T10:00:00+01:00'];
const LATER = 'up to 3d ahead; it begins within 1h of the time that is named, or not at all';

it.each([
  ['2026-03-06 08:00 Europe/Berlin', [], 'yes', '2026-03-06 07:00 UTC', LATER],
  [
    '2026-03-06T21:00+01:00',
    [],
    'no ',
    '2026-03-06 20:00 UTC',
    'The start, Friday, 2026-03-06, at 21:00 there, is outside of the hours',
  ],
  [
    '2026-03-09T10:00+01:00',
    [],
    'no ',
    '2026-03-09 09:00 UTC',
    'The start may lie at most 3d ahead. Name a time before 2026-03-08 09:00 UTC.',
  ],
  [
    '2026-03-05T08:30+01:00',
    ['--waited', '2h'],
    'no ',
    '2026-03-05 07:30 UTC',
    'It was to begin at 2026-03-05 07:30 UTC, and within 1h of that',
  ],
])('explains what would be with a start at %s %j', async (start, more, holds, at, said) => {
  const { code, out } = await explain(
    '--as',
    'frances',
    ...PRODUCTION,
    ...NO_TAG,
    ...THURSDAY,
    '--start',
    start,
    ...more,
    ...BANK,
  );
  expect(code).toBeUndefined();
  expect(out.split('\n')[0]?.startsWith(`${holds}  Frances Fontaine asks for`)).toBe(true);
  const line = out.split('\n').find((one) => one.includes('may begin at'));
  expect(line?.startsWith(`  ${holds}  may begin at ${at}: ${said}`)).toBe(true);
});

it('explains a start to come where the rule is for now only', async () => {
  const { out } = await explain('--as', 'ada', '--target', 'C02ADA000001', ...THURSDAY, '--start', '2026-03-06T10:00Z', ...MACS);
  expect(out.split('\n')[0]).toMatch(/^no {3}Ada Lovelace asks for .*: The policy does not let this be asked for a later time\./);
  expect(out).toContain('  no   may begin at 2026-03-06 10:00 UTC: The policy does not let this be asked for a later time.');
});

it.each([
  ['2026-03-05T09:59+01:00', '--start: 2026-03-05T09:59+01:00 has passed. Name a later time, or leave --start out'],
  ['tonight', '--start: must be a time with its offset from UTC or its zone, such as'],
])('takes no start like %s', async (start, said) => {
  const { code, err } = await explain('--as', 'frances', ...PRODUCTION, ...THURSDAY, '--start', start, ...BANK);
  expect(code).toBe(2);
  expect(err).toContain(said);
});

it('takes no time that does not say where', async () => {
  const { code, err } = await explain('--as', 'frances', ...PRODUCTION, '--at', 'tomorrow', ...BANK);
  expect(code).toBe(2);
  expect(err).toContain('--at must be an instant with its offset from UTC');
});

it('says who could approve, who never and why, and what is missing', async () => {
  const { out } = await who('--as', 'linus', '--target', 'C02VAULT0001', ...MACS);
  expect(out).toBe(`By the rule vault-macs, 2 approvals are needed for linus-vault (C02VAULT0001).
Could approve:
  Grace Hopper (grace): through the group it
  Katherine Kepler (katherine): through the group security
Never:
  Linus Larsen (linus): asks for it, and nobody decides their own request
  Trent Former (trent): is not active in the people file
`);
});

it('shows the stages of an approval, in their order and with who could approve in each', async () => {
  const bank = ['--policy', join(EXAMPLES, 'policy-bank.yaml'), '--people', join(EXAMPLES, 'people-bank.yaml')];
  const asked = [
    '--as',
    'rosalind',
    '--target',
    'aws/ledger/Operator',
    '--ou',
    'Production',
    '--tag',
    'system=core-banking-eu',
    ...bank,
  ];
  expect((await who(...asked)).out).toContain(`2 approvals are needed for Operator in ledger (id not told), in this order:
  1. 1 of core-owners: barbara
  2. 1 of risk: donald, radia
Could approve:
`);
  expect(
    (await explain(...asked)).out,
  ).toContain(`  yes  enough people could approve: 2 needed in 2 stages, nobody in two of them: 3 could
    yes  stage 1, core-owners: 1 needed: 1 could
      yes  Barbara Baum (barbara): through the group core-owners
`);
  const { stages } = JSON.parse((await who(...asked, '--json')).out);
  expect(stages).toMatchObject([{ name: 'core-owners', quorum: 1, approvers: ['barbara'] }, { name: 'risk' }]);
});

it('says who joins when, and counts them once it has waited for so long', async () => {
  const asked = ['--as', 'rosalind', '--target', 'C02OPS000001', '--at', '2026-03-04T12:00:00+01:00', ...BANK];
  const step = 'After 1h also whoever is on call for desk: frances';
  const [now, later] = [await who(...asked), await who(...asked, '--waited', '1h')];
  for (const { out } of [now, later]) expect(out).toContain(step);
  expect(now.out).not.toContain('Frances Fontaine');
  expect(later.out).toContain('  Frances Fontaine (frances): ');
  expect((await explain(...asked, '--waited', '1h')).out).toContain(
    'yes  after 1h also whoever is on call for desk: 1 could: frances',
  );
  expect((await who(...asked, '--waited', 'long')).err).toContain('--waited must be a length such as');
});

it('tells a script the same', async () => {
  const text = readFileSync(join(EXAMPLES, 'policy.yaml'), 'utf8');
  const file = join(dir, 'for-others.yaml');
  writeFileSync(file, text.replaceAll('ask: { groups: [staff] }', 'ask: { groups: [staff] }\n    for: others'));
  const asked = ['--as', 'ada', '--for', 'grace', '--target', 'mac-admin/C02GRACE0001', '--json'];
  expect(JSON.parse((await explain(...asked, ...MACS)).out)).toMatchObject({
    holds: 'no',
    tree: { why: 'The rule macs decides about grace-macbook (C02GRACE0001), and lets people ask for themselves alone.' },
  });
  const args = [...asked, '--policy', file, '--people', join(EXAMPLES, 'people.yaml')];
  const explained = JSON.parse((await explain(...args)).out);
  expect(explained).toMatchObject({ holds: 'yes', by: { rule: 'macs' }, tree: { holds: 'yes' } });
  const deciders = JSON.parse((await who(...args)).out);
  expect(deciders).toMatchObject({ holds: 'yes', rule: 'macs', quorum: 1, approvers: [{ personId: 'linus' }] });
  expect(deciders.never.map(({ personId }: { personId: string }) => personId)).toEqual(['ada', 'grace', 'trent']);
});

it('says whose a Mac is that is not theirs, and that a person is not there', async () => {
  const other = await explain('--as', 'ada', '--target', 'C02GRACE0001', ...MACS);
  expect(other.out).toContain('The people file gives C02GRACE0001 to Grace Hopper, not to Ada Lovelace.');
  const stranger = await who('--as', 'nobody', '--target', 'C02GRACE0001', ...MACS);
  expect(stranger.out).toContain('Nobody can be named: nobody is not in the people file.');
  expect((await explain('--as', 'ada', '--target', 'C02NOBODYS', ...MACS)).out).toContain('gives C02NOBODYS to nobody');
});

it('says who or which Mac a misspelt one may be, and in the last line where it has been said what is asked', async () => {
  const typo = ['--as', 'grce', '--for', 'ad', '--target', 'C02ADA000001', ...MACS];
  for (const ran of [await explain(...typo), await who(...typo)]) {
    expect(ran.code).toBeUndefined();
    expect(ran.out).toContain(
      'grce is not in the people file; did you mean "grace"?\nad is not in the people file; did you mean "ada"?',
    );
  }
  expect((await explain('--as', 'zebediah', '--target', 'C02ADA000001', ...MACS)).out).not.toContain('did you mean');
  const mac = await explain('--as', 'ada', '--target', 'C02ADA00001', ...MACS);
  expect(mac.out).toContain('The people file gives C02ADA00001 to nobody; did you mean "C02ADA000001"?');
  const named = await explain('--as', 'ada', '--target', 'ada-macbook', ...MACS);
  expect(named.err).toContain('<permission set>, not ada-macbook; did you mean C02ADA000001?');
  expect((await explain('--as', 'ada', '--target', 'c02grace0001', ...MACS)).err).toContain('did you mean C02GRACE0001?');
  const rota = await explain('--as', 'ada', '--target', 'C02ADA000001', '--oncall', 'primry=grace', ...MACS);
  expect(rota.err).toContain('with a rota of the people file, not primry=grace; it has none.');
});

it('names what is not known and the rules go by, where nobody can be named for want of it', async () => {
  const { out } = await who('--as', 'grace', '--target', 'aws/payments/BreakGlassAdmin', ...AWS);
  expect(out).toContain('  tag tier: not known, and the rule names "0"');
  expect(out).toContain('  organisational unit: not known, and the rule names "Production"');
  expect(out.match(/tag tier/g)).toHaveLength(1);
});

it('takes what AWS would say from the flags, and does not guess the rest', async () => {
  const open = await explain('--as', 'grace', '--target', 'aws/payments/BreakGlassAdmin', ...AWS);
  expect(open.code).toBeUndefined();
  expect(open.out).toMatch(/^\? {4}Grace Hopper asks for BreakGlassAdmin in payments \(id not told\)/);
  expect(open.out).toContain('?    tag tier: not known, and the rule names "0"');
  expect(open.out).toContain('?    organisational unit: not known, and the rule names "Production"');
  expect(open.out).toMatch(/can be told: --account/);
  const told = ['--as', 'grace', '--target', 'aws/payments/BreakGlassAdmin', '--ou', 'Workloads', '--ou', 'production'];
  const settled = await explain(...told, '--tag', 'tier=1', '--window', '45m', ...AWS);
  expect(settled.out).toMatch(/^yes {2}Grace/);
  expect(settled.out).toContain('yes  rule aws-production: applies; tier 1');
  expect(settled.out).toContain('?    BreakGlassAdmin in payments (id not told) for Grace Hopper: AWS is not asked here');
  const grave = JSON.parse((await who(...told, '--tag', 'tier=0', ...AWS, '--json')).out);
  expect(grave).toMatchObject({ rule: 'aws-tier-0', quorum: 2 });
});

it('takes an id as an id: a rule that goes by the name then does not know it, and the id of a set tells no name', async () => {
  const ada = (...more: string[]) => explain('--as', 'ada', '--ou', '', '--tag', 'tier=3', ...more, ...AWS);
  const byId = await ada('--target', 'aws/444444444444/ps-1111aaaa2222bbbb');
  expect(byId.out).toContain('yes  rule aws-sandboxes: applies');
  const other = await ada('--target', 'aws/555555555555/ps-1111aaaa2222bbbb');
  expect(other.out).toContain('?    account: not known, and the rule names "sandbox-*"');
  const named = await ada('--target', 'aws/555555555555', '--account', 'Sandbox-9');
  expect((await explain('--as', 'ada', '--target', 'aws/sandbox-9', '--ou', '', ...AWS)).out).toContain(
    '?    rule tier-0-fence does not deny it: it may deny it: that depends on what is not known',
  );
  expect(named.out).toContain('yes  rule aws-sandboxes: applies');
  const none = await explain('--as', 'grace', '--target', 'aws/labs/Admin', '--ou', '', '--tag', 'tier', ...AWS);
  expect(none.out).toContain('no   tag tier: the account has no such tag');
});

it.each<[string[], RegExp]>([
  [['--target', 'C02ADA000001'], /required option '--as/],
  [['--as', 'ada'], /required option '--target/],
  [['--as', 'ada', '--target', 'c02ada000001'], /--target must be the serial number of a Mac in upper case/],
  [['--as', 'ada', '--target', 'C02ADA000001', '--window', '7x'], /--window must be a length such as 30s/],
  [['--as', 'ada', '--target', 'C02ADA000001', '--ou', 'Production'], /are about AWS/],
  [['--as', 'ada', '--target', 'aws/a/b/c'], /with --account/],
  [['--as', 'ada', '--target', 'aws//'], /--target must be aws\/<account>\/<permission set>.*not aws\/\/: a part is empty/],
  [['--as', 'ada', '--target', 'aws/x/'], /not aws\/x\/: a part is empty/],
  [['--as', 'ada', '--target', 'aws//PowerUser'], /a part is empty/],
  [['--as', '', '--target', 'C02ADA000001'], /--as <person>.*must not be empty/],
  [['--as', 'ada', '--for', ' ', '--target', 'C02ADA000001'], /--for <person>.*must not be empty/],
  [['--as', 'ada', '--target', 'aws/sandbox-7', '--account', 'sandbox-8'], /both sandbox-7 and sandbox-8/],
  [['--as', 'ada', '--target', 'aws', '--tag', '=3'], /--tag must be Key=Value/],
  [['--as', 'ada', '--target', 'aws', '--tag', 'a=1', '--tag', 'a=2'], /--tag a is given twice/],
])('%j is a mistake in the call', async (args, words) => {
  const { code, out, err } = await explain(...args, ...MACS);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(words);
});

it('a file that is wrong or not there is refused with its name', async () => {
  const target = ['--as', 'ada', '--target', 'C02ADA000001'];
  const policy = join(dir, 'bad.yaml');
  writeFileSync(policy, 'version: 1\ntargets: []\n');
  const bad = await explain(...target, '--policy', policy, '--people', join(EXAMPLES, 'people.yaml'));
  expect(bad.code).toBe(1);
  expect(bad.err).toContain(`${policy}:2:10`);
  const gone = await explain(...target, '--policy', join(EXAMPLES, 'policy.yaml'), '--people', join(dir, 'nobody.yaml'));
  expect(gone.code).toBe(1);
  expect(gone.err).toMatch(/nobody\.yaml cannot be read.*--people/);
});

it('without --policy and --people it reads the files of the configuration', async () => {
  vi.stubEnv('STINT_POLICY', join(EXAMPLES, 'policy.yaml'));
  vi.stubEnv('STINT_PEOPLE', join(EXAMPLES, 'people.yaml'));
  const { out } = await who('--as', 'ada', '--target', 'C02ADA000001');
  vi.unstubAllEnvs();
  expect(out).toContain('By the rule macs, one approval is needed');
});

const ON_CALL = join(dir, 'on-call-policy.yaml');
writeFileSync(
  ON_CALL,
  `version: 1
targets:
  - id: macs
    kind: mac-admin
    match: { serials: ["*"] }
    ask: { groups: [staff] }
    approve: { groups: ["oncall:primary", "oncall:cloud"] }
    windows: [10m]
    max: 30m
`,
);
const ROTAS = join(dir, 'on-call-people.yaml');
writeFileSync(
  ROTAS,
  `people:
  - { id: ada, name: Ada, groups: [staff], macs: [{ serial: C02ADA000001, user: ada, name: ada-mac }] }
  - { id: grace, name: Grace }
  - { id: linus, name: Linus, pagerduty: PLINUS1 }
rotas:
  - { name: primary, zone: UTC, from: 2026-01-05, handoff: "09:00", every: week, people: [grace] }
  - { name: cloud, pagerduty: PSCHED1 }
`,
);
const onCall = ['--as', 'ada', '--target', 'C02ADA000001', '--policy', ON_CALL, '--people', ROTAS];

it('says until when somebody is on call, and that PagerDuty was not asked', async () => {
  const { code, out } = await who(...onCall);
  expect(code).toBeUndefined();
  expect(out).toMatch(/ {2}Grace \(grace\): on call for primary until (\d{4}-\d\d-\d\d )?09:00\n/);
  expect(out).toContain('Not known: who is on call for cloud. PagerDuty is not asked; --oncall cloud=<person> tells it.');
});

it('believes who is said to be on call', async () => {
  const { out } = await explain(...onCall, '--oncall', 'cloud=linus', '--oncall', 'primary=ada');
  expect(out).toContain('yes  enough people could approve: 1 needed: 1 could');
  expect(out).toContain('yes  Linus (linus): on call for cloud');
  expect(out).toContain('no   Ada (ada): asks for it, and nobody decides their own request');
  expect(out).not.toContain('Grace');
});

it('knows no answer where only PagerDuty could tell', async () => {
  const { out } = await explain(...onCall, '--oncall', 'primary=ada');
  expect(out).toContain('?    enough people could approve: 1 needed: 0 could');
  expect(out).toContain('?    whoever is on call for cloud: PagerDuty says who, and is not asked here');
});

it('takes a rota or a person that is not there for a mistake in the call', async () => {
  expect(await explain(...onCall, '--oncall', 'clod=linus')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--oncall must be'),
  });
  expect(await explain(...onCall, '--oncall', 'cloud=lin')).toMatchObject({
    code: 2,
    err: expect.stringContaining('lin is not in'),
  });
});
