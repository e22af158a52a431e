/** What the doctor says of each area: nothing is wrong, or what is, with its fix; and never a secret. */
import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CHANNEL, PEOPLE, TAGS, TEAM } from '../../../cli/demo/world.js';
import { type JiraStandIn, startJira } from '../../../sim/jira/server.js';
import { startMdm } from '../../../sim/mdm/server.js';
import { type PagerDutyStandIn, startPagerDuty } from '../../../sim/pagerduty/server.js';
import { BOT_SCOPES, scopeTroubles } from '../../../slack-app/startup.js';
import { examine } from '../../../workers/checks/check.js';
import { checkSlack } from '../../../workers/checks/slack.js';
import type { ProcessName } from '../../../workers/processes.js';
import { Secret } from '../../../workers/secrets.js';
import { look, type SetUp, setUp } from './set-up.js';

let bench: SetUp;
beforeEach(async () => {
  bench = await setUp();
});
afterEach(() => bench.close());

const levels = (findings: readonly { level: string }[]) => [...new Set(findings.map(({ level }) => level))];
/** NB: `toMatchObject` lets a bare regular expression stand for any text. */
const like = (pattern: RegExp): unknown => expect.stringMatching(pattern);
const OURS = ['configuration', 'keys', 'policy', 'slack', 'mdm', 'clock'] as const;

test('of a set-up that is right, nothing is to be mended, and no secret is shown', async () => {
  const { findings, bugs } = await look(bench, OURS);
  expect(bugs).toEqual([]);
  expect(findings.filter(({ level }) => level === 'fail')).toEqual([]);
  expect(new Set(findings.map(({ area }) => area))).toEqual(new Set(OURS));
  const text = JSON.stringify(findings);
  for (const name of ['bot-token', 'app-token', 'mdm-token'] as const) expect(text).not.toContain(bench.home.secret(name));
});

test('looking changes nothing: no tag is written and nothing is posted', async () => {
  const before = bench.mdm.control.truth().devices;
  await look(bench, OURS);
  expect(bench.mdm.control.truth().devices).toEqual(before);
  const { calls, messages, connections } = bench.slack.truth();
  expect(messages).toEqual([]);
  expect(connections).toEqual([]);
  const asked = new Set(calls.map(({ method }) => method));
  const reads = ['auth.test', 'bots.info', 'users.info', 'conversations.info', 'apps.connections.open', 'api.test'];
  expect([...asked].filter((method) => !reads.includes(method))).toEqual([]);
});

describe('settings', () => {
  test('each mistake is a row in the words of the processes, and what has none is looked at all the same', async () => {
    const env = { ...bench.env, SLACK_TEAM_ID: 'acme', MDM_TAG_ELEVATE: '!', STINT_POLICY: undefined };
    const looked = await look({ env }, ['configuration', 'slack', 'mdm', 'keys']);
    expect(looked.of('configuration', 'SLACK_TEAM_ID')).toMatchObject([
      { level: 'fail', found: like(/Example: SLACK_TEAM_ID=T012AB3CD/) },
    ]);
    expect(looked.of('configuration', 'MDM_TAG_ELEVATE')).toMatchObject([{ level: 'fail' }]);
    expect(looked.of('slack', 'settings')).toMatchObject([{ level: 'fail', found: like(/not looked at/) }]);
    expect(looked.of('keys', 'key of slack-app')).toMatchObject([{ level: 'ok' }]);
  });

  test('of one process only what it needs is asked', async () => {
    const { DEVICE_API_AUTHORITIES, SLACK_APP_TOKEN_FILE, ...env } = bench.env;
    const worker = await look({ env }, ['configuration', 'keys'], { process: 'worker' });
    expect(levels(worker.findings)).not.toContain('fail');
    expect(worker.findings.map(({ check }) => check)).not.toContain('key of slack-app');
    expect(levels((await look({ env }, ['configuration'], { process: 'all' })).findings)).toContain('fail');
  });
});

describe('keys', () => {
  const keys = async () => (await look(bench, ['keys'])).findings.filter(({ level }) => level !== 'ok');

  test('one that others can read', async () => {
    chmodSync(bench.home.path('keys', 'slack-app.pem'), 0o644);
    expect(await keys()).toMatchObject([{ check: 'key of slack-app', level: 'fail', found: like(/mode 644.*chmod 600/) }]);
  });

  test('one that is missing', async () => {
    rmSync(bench.home.path('keys', 'device-api.pem'));
    expect(await keys()).toMatchObject([{ check: 'key of device-api', level: 'fail', found: like(/device-api\.pem/) }]);
  });

  test('two that were swapped', async () => {
    const [a, b] = [bench.home.path('keys', 'slack-app.pem'), bench.home.path('keys', 'device-api.pem')];
    const text = readFileSync(a, 'utf8');
    copyFileSync(b, a);
    writeFileSync(b, text, { mode: 0o600 });
    expect(await keys()).toMatchObject([
      { check: 'key of slack-app', level: 'fail', found: like(/key of device-api/) },
      { check: 'key of device-api', level: 'fail', found: like(/key of slack-app/) },
    ]);
  });

  test('one that is revoked, and then nothing of that sender counts', async () => {
    const file = bench.home.path('trusted-keys.json');
    const trusted = JSON.parse(readFileSync(file, 'utf8')) as { keys: { sender: string; revoked?: boolean }[] };
    for (const key of trusted.keys) if (key.sender === 'slack-app') key.revoked = true;
    writeFileSync(file, JSON.stringify(trusted));
    expect(await keys()).toMatchObject([
      { check: 'key of slack-app', level: 'fail', found: like(/revoked/) },
      { check: 'key of slack-app', level: 'warn', fix: like(/stint keys rotate slack-app/) },
    ]);
  });

  test('the command line’s own is a warning at most, for without it a revoke cancels', async () => {
    const file = bench.home.path('keys', 'cli.pem');
    chmodSync(file, 0o644);
    expect(await keys()).toMatchObject([{ check: 'key of cli', level: 'warn', found: like(/cancels workflows.*mode 644/) }]);
    rmSync(file);
    expect(await keys()).toEqual([]);
  });

  test('a reply key that others can read, or of a kind that no Mac knows', async () => {
    const file = bench.home.path('keys', 'reply.pem');
    chmodSync(file, 0o640);
    expect(await keys()).toMatchObject([{ check: 'reply key', level: 'fail', found: like(/mode 640/) }]);
    copyFileSync(bench.home.path('keys', 'cli.pem'), file);
    chmodSync(file, 0o600);
    expect(await keys()).toMatchObject([{ check: 'reply key', level: 'fail', found: like(/P-256/) }]);
  });
});

describe('policy and people', () => {
  const rows = async () => (await look(bench, ['policy'])).findings.filter(({ level }) => level !== 'ok');
  const edit = (name: string, from: string | RegExp, to: string) => {
    const file = bench.home.path(name);
    writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));
  };

  test('a mistake is told with line and column', async () => {
    edit('policy.yaml', 'windows:', 'windws:');
    expect(await rows()).toMatchObject([{ check: 'policy', level: 'fail', found: like(/policy\.yaml:\d+:\d+.*windws/s) }]);
  });

  test('a file that is not there is named with its variable', async () => {
    rmSync(bench.home.path('people.yaml'));
    expect(await rows()).toMatchObject([
      { check: 'people', level: 'fail', found: like(/cannot be read \(ENOENT\).*STINT_PEOPLE/) },
    ]);
  });

  test('a rule that nobody can approve, Macs that no rule covers, an approver without Slack: warnings', async () => {
    edit('policy.yaml', 'groups: [it]', 'groups: [ti]');
    edit('policy.yaml', 'C02DEMO*', 'C02DEMOADA1');
    const said = (await rows()).map(({ level, found }) => `${level} ${found}`).join('\n');
    expect(said).toMatch(/warn .*policy\.yaml:\d+:\d+ macs\.approve: the group ti has no members/);
    expect(said).toMatch(/warn No rule lets its owner ask for C02DEMOALN1 \(alan\), C02DEMOGRC1 \(grace\)\./);
  });

  test('an approver who has no Slack account is named', async () => {
    const people = JSON.parse(readFileSync(bench.home.path('people.yaml'), 'utf8').replace(/^#.*\n/, '')) as {
      people: { id: string; slack?: unknown }[];
    };
    for (const person of people.people) if (person.id === 'linus') delete person.slack;
    writeFileSync(bench.home.path('people.yaml'), JSON.stringify(people));
    expect(await rows()).toMatchObject([
      { level: 'warn', found: 'These approvers have no Slack account in the people file: linus.' },
    ]);
  });

  test('a policy that everybody may write is refused: it says who gets access', async () => {
    chmodSync(bench.home.path('policy.yaml'), 0o666);
    expect(await rows()).toMatchObject([{ check: 'writable', level: 'fail', fix: like(/chmod o-w/) }]);
  });
});

describe('who is on call', () => {
  let far: PagerDutyStandIn;
  const token = 'u+pagerduty0token';
  const user = { id: 'PGRACE1', name: 'Grace', email: 'grace@pagerduty.example' };
  beforeEach(async () => {
    const schedule = { id: 'PSCHED1', name: 'Cloud', policies: ['PPOLICY1'], shifts: [{ user: 'PGRACE1' }] };
    far = await startPagerDuty({ token, users: [user], schedules: [schedule], clock: Date.now });
  });
  afterEach(() => far.close());

  function rotas(change: object = {}): void {
    const file = bench.home.path('people.yaml');
    const all = JSON.parse(readFileSync(file, 'utf8').replace(/^#.*\n/, '')) as { people: { id: string }[] };
    const people = all.people.map((person) => (person.id === 'grace' ? { ...person, ...change } : person));
    const turns = { zone: 'UTC', from: '2020-01-06', handoff: '09:00', people: ['linus'] };
    const kept = [
      { name: 'primary', ...turns },
      { name: 'cloud', pagerduty: 'PSCHED1' },
    ];
    writeFileSync(file, JSON.stringify({ people, rotas: kept }));
  }
  const rows = async (change: object = { STINT_PAGERDUTY_TOKEN: token }) =>
    (await look({ env: { ...bench.env, STINT_PAGERDUTY_URL: far.url, ...change } }, ['on-call'])).findings;

  test('without rotas there is nothing to ask', async () => {
    expect(await rows({})).toMatchObject([{ level: 'ok', found: like(/has none/) }]);
  });

  test('is named for each rota, as the people file knows them', async () => {
    rotas({ pagerduty: 'PGRACE1' });
    expect(await rows()).toMatchObject([
      { check: 'primary', level: 'ok', found: 'on call now: Linus Pauling' },
      { check: 'cloud', level: 'ok', found: 'on call now: Grace Hopper' },
    ]);
  });

  test('nobody whom the people file knows is a warning, as is somebody who left', async () => {
    rotas();
    const warned = { level: 'warn', found: like(/names nobody who is active/), fix: like(/pagerduty: PUSER01/) };
    expect(await rows()).toMatchObject([{ level: 'ok' }, warned]);
    rotas({ pagerduty: 'PGRACE1', active: false });
    expect(await rows()).toMatchObject([{ level: 'ok' }, warned]);
  });

  test('a token that is missing or refused is said, and shown to nobody', async () => {
    rotas({ pagerduty: 'PGRACE1' });
    expect(await rows({})).toMatchObject([{ level: 'ok' }, { check: 'cloud', level: 'fail', found: like(/TOKEN is not set/) }]);
    const wrong = await rows({ STINT_PAGERDUTY_TOKEN: 'wrong-token-0815' });
    expect(wrong).toMatchObject([{ level: 'ok' }, { check: 'cloud', level: 'fail', found: like(/refuses the token/) }]);
    expect(JSON.stringify(wrong)).not.toContain('wrong-token');
  });
});

describe('Slack', () => {
  const rows = async (env: SetUp['env'] = bench.env, process: ProcessName = 'all') =>
    (await look({ env }, ['slack'], { process })).findings.filter(({ level }) => level !== 'ok');
  const channel = { channel: CHANNEL.id };

  test.each<[string, () => void, RegExp]>([
    ['removed from the channel', () => bench.slack.admin.removeBot(channel), /invite Stint|not a member/],
    ['archived', () => bench.slack.admin.archive(channel), /archived/],
    [
      'shared with others',
      () => bench.slack.admin.setChannel({ ...channel, extShared: true }),
      /shared with another organisation/,
    ],
  ])('an approver channel that Stint cannot use: %s', async (_name, spoil, said) => {
    spoil();
    expect(await rows()).toMatchObject([{ check: 'approver channel', level: 'fail', found: like(said) }]);
  });

  test('an alarm channel of its own is held to the same', async () => {
    const posting = {
      botToken: new Secret(bench.home.secret('bot-token')),
      apiUrl: bench.slack.apiUrl,
      approverChannel: CHANNEL.id,
    };
    const checks = {
      slack: checkSlack({ posting, workspace: { teamId: TEAM.id }, alarms: { channel: 'C0NOBODY01', reconcileEveryMs: 60_000 } }),
    };
    const { findings } = await examine({ checks, limitMs: 10_000 });
    const own = findings.filter(({ check }) => check === 'alarm channel');
    expect(own).toMatchObject([{ level: 'fail', found: like(/does not find the alarm channel/) }]);
  });

  test('a public approver channel is a warning', async () => {
    bench.slack.admin.setChannel({ ...channel, kind: 'public' });
    expect(await rows()).toMatchObject([{ check: 'approver channel', level: 'warn', found: like(/everyone can read/) }]);
  });

  test('a bot token that was revoked, and then nothing else is asked', async () => {
    bench.slack.admin.revokeToken({ kind: 'bot' });
    expect(await rows()).toMatchObject([{ check: 'bot token', level: 'fail', found: like(/revoked/) }]);
    expect(bench.slack.truth().calls.map(({ method }) => method)).toEqual(['auth.test']);
  });

  test('another workspace and another app are both said at once', async () => {
    const said = await rows({ ...bench.env, SLACK_TEAM_ID: 'T0ELSE', SLACK_APP_ID: 'A0ELSE' });
    expect(said.map(({ found }) => found).join('\n')).toMatch(/workspace T0DEMO0001[\s\S]*app A0STINTAPP/);
  });

  test('another workspace is said for a process that only posts, too: it would find nobody’s account', async () => {
    expect(await rows({ ...bench.env, SLACK_TEAM_ID: 'T0ELSE' }, 'worker')).toMatchObject([
      { check: 'bot token', level: 'fail', found: like(/workspace T0DEMO0001/) },
    ]);
    expect(await rows(bench.env, 'worker')).toEqual([]);
  });

  test('an app-level token that Slack does not take', async () => {
    bench.slack.admin.revokeToken({ kind: 'app' });
    expect(await rows()).toMatchObject([
      { check: 'entrance', level: 'fail', found: like(/token_revoked/), fix: like(/connections:write/) },
    ]);
  });

  test('administrators who left or never were', async () => {
    bench.slack.admin.deactivateUser({ user: 'U0GRACE001' });
    const said = await rows({ ...bench.env, SLACK_ADMINS: 'U0GRACE001,U0NOBODY01' });
    expect(said).toMatchObject([{ level: 'fail', found: 'U0GRACE001 is deactivated; U0NOBODY01 is not in this workspace' }]);
    expect(await rows({ ...bench.env, SLACK_ADMINS: undefined })).toMatchObject([{ check: 'administrators', level: 'warn' }]);
  });

  test('Slack is down: a sentence, not a bug', async () => {
    bench.slack.fault({ kind: 'down' });
    const looked = await look(bench, ['slack']);
    expect(looked.bugs).toEqual([]);
    expect(looked.of('slack', 'bot token')).toMatchObject([{ level: 'fail', found: like(/Slack did not answer/) }]);
  });
});

test('each scope of the manifest that the token lacks is named', async () => {
  const lacking = ['groups:history', 'files:write'];
  expect(scopeTroubles(BOT_SCOPES.filter((scope) => !lacking.includes(scope)))).toEqual([
    like(/files:write, groups:history.*reinstall/),
  ]);
  expect(scopeTroubles(undefined)).toEqual([]);
});

describe('the MDM', () => {
  const rows = async (env: SetUp['env'] = bench.env) =>
    (await look({ env }, ['mdm'])).findings.filter(({ level }) => level !== 'ok');

  test('a token that it does not know', async () => {
    const { MDM_TOKEN_FILE, ...env } = bench.env;
    const said = await rows({ ...env, MDM_TOKEN: 'wrong' });
    expect(said).toMatchObject([{ level: 'fail', found: like(/does not accept the token/), fix: like(/MDM_TOKEN/) }]);
  });

  test('rights that the token lacks, each by itself', async () => {
    bench.mdm.control.settings({ refused: ['PATCH devices', 'GET tags'] });
    const said = await rows();
    expect(said.map(({ check }) => check).sort()).toEqual(['may write tags', `tag ${TAGS.collect}`, `tag ${TAGS.elevate}`]);
    for (const row of said) expect(row).toMatchObject({ level: 'fail', fix: like(/update a device, list tags/) });
  });

  test('a tag that is missing, also when another one contains its name', async () => {
    const said = await rows({ ...bench.env, MDM_TAG_COLLECT: 'stint-coll' });
    expect(said).toMatchObject([{ check: 'tag stint-coll', level: 'fail', fix: like(/MDM_TAG_COLLECT/) }]);
  });

  test('an address that is not that of the API, and one where nobody answers', async () => {
    expect(await rows({ ...bench.env, MDM_URL: `${bench.mdmUrl}/elsewhere` })).toMatchObject([
      { level: 'fail', found: like(/not that of the API/) },
    ]);
    expect(await rows({ ...bench.env, MDM_URL: 'http://127.0.0.1:40999' })).toMatchObject([
      { level: 'fail', found: like(/cannot be reached.*ECONNREFUSED/) },
    ]);
  });

  test('Macs of the people file that are no device, or several', async () => {
    const people = JSON.parse(readFileSync(bench.home.path('people.yaml'), 'utf8').replace(/^#.*\n/, '')) as {
      people: { id: string; macs?: { serial: string; user: string; name: string }[] }[];
    };
    for (const person of people.people)
      if (person.id === 'linus') person.macs = [{ serial: 'C02NOBODY01', user: 'linus', name: 'l' }];
    writeFileSync(bench.home.path('people.yaml'), JSON.stringify(people));
    expect(await rows()).toMatchObject([{ check: 'Macs', level: 'warn', found: like(/no device of the serial C02NOBODY01$/) }]);
    const twice = await setUpTwice();
    try {
      const env = { ...bench.env, MDM_URL: twice.url };
      expect((await rows(env)).map(({ found }) => found).join('\n')).toMatch(/several devices of the serial C02DEMOADA1/);
    } finally {
      await twice.close();
    }
  });

  async function setUpTwice() {
    const serials = PEOPLE.flatMap(({ mac }) => (mac ? [mac.serial] : []));
    const devices = [...serials, 'C02DEMOADA1'].map((serial, i) => ({ deviceId: `d${i}`, serial, name: serial, tags: [] }));
    return startMdm({ token: bench.home.secret('mdm-token'), tags: [TAGS.elevate, TAGS.collect], devices });
  }

  test('of another tenant, all Macs are missing, and that is no small matter', async () => {
    const other = await startMdm({ token: bench.home.secret('mdm-token'), tags: [TAGS.elevate, TAGS.collect], devices: [] });
    try {
      const said = await rows({ ...bench.env, MDM_URL: other.url });
      expect(said).toMatchObject([{ check: 'Macs', level: 'fail', found: like(/none of the 3 Macs/) }]);
    } finally {
      await other.close();
    }
  });
});

describe('clocks', () => {
  /** Without a Temporal that would be waited for. */
  const quick = () => ({ env: { ...bench.env, TEMPORAL_ADDRESS: 'no address' } });
  const HOUR = 3_600_000;
  test.each([
    ['an hour ahead', HOUR, 'fail', /3[56]\d\d\.\d s ahead of it/],
    ['an hour behind', -HOUR, 'fail', /3[56]\d\d\.\d s behind it/],
    ['ten seconds ahead', 10_000, 'warn', /s ahead of it/],
  ] as const)('%s', async (_name, ms, level, found) => {
    const looked = await look(quick(), ['clock'], { clock: () => Date.now() + ms });
    expect(looked.of('clock', 'the MDM')).toMatchObject([{ level, found: like(found), fix: like(/NTP/) }]);
    expect(looked.of('clock', 'Slack')).toMatchObject([{ level }]);
  });

  test('no token goes to anybody with the question for the time', async () => {
    await look(quick(), ['clock']);
    expect(bench.mdm.control.truth().calls.map(({ authorised }) => authorised)).toEqual([false]);
    expect(bench.slack.truth().calls.map(({ token }) => token)).toEqual(['none']);
  });
});

describe('ticket checks', () => {
  const secret = 'Basic 0815';
  let far: JiraStandIn;
  beforeEach(async () => {
    far = await startJira({ authorization: secret, issues: [{ key: 'CHG-1', status: 'done' }] });
  });
  afterEach(() => far.close());

  async function rows(known = 'CHG-1', header = secret) {
    writeFileSync(bench.home.path('jira.txt'), header);
    const jira = {
      url: `${far.url}/rest/api/3/issue/{ticket}`,
      header: { name: 'Authorization', file: 'jira.txt' },
      fields: [{ field: 'fields.status.statusCategory.key', not: ['done'] }],
    };
    const checks = { jira: { ...jira, known }, bare: jira };
    writeFileSync(bench.home.path('tickets.yaml'), JSON.stringify({ version: 1, checks }));
    return look({ env: { ...bench.env, STINT_TICKETS: bench.home.path('tickets.yaml') } }, ['tickets', 'policy']);
  }

  test('of which there are none are nothing to look at', async () => {
    expect((await look(bench, ['tickets'])).findings).toMatchObject([{ level: 'ok', found: like(/no checks are set up/) }]);
  });

  test('that answer are named, whatever is asked of the fields of a ticket', async () => {
    const { findings } = await rows();
    expect(findings.filter(({ area }) => area === 'tickets')).toMatchObject([
      { check: expect.stringMatching(/jira|bare/), level: 'ok' },
      { check: expect.stringMatching(/jira|bare/), level: 'ok' },
    ]);
    expect(far.control.calls.map((path) => path.split('/').at(-1)).sort()).toEqual(['CHG-1', 'STINT-0']);
  });

  test('that do not have the ticket that is known, or refuse the secret, are to be mended', async () => {
    expect((await rows('CHG-2')).of('tickets', 'jira')).toMatchObject([{ level: 'fail', found: like(/no ticket CHG-2/) }]);
    const refused = await rows('CHG-1', 'Basic 0816');
    expect(refused.of('tickets', 'bare')).toMatchObject([{ level: 'fail', found: like(/refuses Stint/) }]);
    expect(JSON.stringify(refused.findings)).not.toContain('0816');
  });

  test('that a rule names and that are not there stand with the policy', async () => {
    const file = bench.home.path('policy.yaml');
    const text = readFileSync(file, 'utf8');
    writeFileSync(
      file,
      text.replace(/^( +)windows:/m, '$1reason: { ticket: { pattern: "CHG-[0-9]+", check: jra } }\n$1windows:'),
    );
    expect((await rows()).of('policy', 'together')).toContainEqual(
      expect.objectContaining({ level: 'warn', found: like(/there is no check jra .*did you mean "jira"/) }),
    );
  });
});
