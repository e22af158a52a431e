import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isStintError } from '../../contract/errors.js';
import type { LocalUser, PersonId, Serial, SlackUserId } from '../../contract/ids.js';
import { liveDirectory } from '../../policy/live.js';
import { directoryFrom, parsePeople, parsePeopleFile } from '../../policy/people.js';

const GOOD = `people:
  - id: ada
    name: Ada Lovelace
    email: ada@example.com
    groups: [staff]
    slack: [{ team: T0001, user: U0ADA }]
    macs: [{ serial: C02ADA01, user: ada, name: ada-mac }]
  - id: grace
    name: Grace Hopper
    email: grace@example.com
    groups: [staff, it]
    slack: [{ team: T0001, user: U0GRACE }, { team: T0002, user: U0OTHER }]
    macs: [{ serial: C02GRACE01, user: grace, name: grace-mac }]
`;

function problems(text: string): string {
  try {
    parsePeople(text, 'people.yaml');
  } catch (error) {
    if (isStintError(error) && error.code === 'bad-config') return error.sentence;
    throw error;
  }
  throw new Error('it was accepted');
}
const changed = (from: string, to: string) => {
  if (!GOOD.includes(from)) throw new Error(`nothing to change: ${from}`);
  return GOOD.replace(from, to);
};

it('answers for places in a file of a usual size only, and keeps no other', () => {
  expect(parsePeopleFile(GOOD, 'people.yaml').at?.(['people', 1, 'id'])).toBe('people.yaml:8:9');
  expect(parsePeopleFile(`{"people":[]}${' '.repeat(1024 * 1024)}`, 'people.json').at).toBeUndefined();
});

describe('the directory', () => {
  const directory = directoryFrom(parsePeople(GOOD, 'people.yaml'));
  const idOf = async (found: Promise<{ personId: PersonId } | undefined>) => (await found)?.personId;

  it('finds a person by each of their Slack accounts, and only with its workspace', async () => {
    expect(await idOf(directory.personBySlack('T0001', 'U0GRACE' as SlackUserId))).toBe('grace');
    expect(await idOf(directory.personBySlack('T0002', 'U0OTHER' as SlackUserId))).toBe('grace');
    expect(await idOf(directory.personBySlack('T0002', 'U0GRACE' as SlackUserId))).toBeUndefined();
  });

  it('finds a person by Mac and account, by group and by id', async () => {
    expect(await idOf(directory.personByMac('C02ADA01' as Serial, 'ada' as LocalUser))).toBe('ada');
    expect(await idOf(directory.personByMac('C02ADA01' as Serial, 'grace' as LocalUser))).toBeUndefined();
    expect((await directory.membersOf('it')).map((p) => p.personId)).toEqual(['grace']);
    expect(await directory.membersOf('nobody')).toEqual([]);
    expect(await idOf(directory.person('ada' as PersonId))).toBe('ada');
  });

  it('names the user in Identity Center where the file does, and of no two people the same', async () => {
    const id = '94482488-3041-7005-b4c2-7f5e0c8d1a2b';
    const named = changed('    groups: [staff]\n', `    groups: [staff]\n    aws: { user: ${id} }\n`);
    const [ada, grace] = parsePeople(named, 'people.yaml');
    expect([ada?.awsUserId, grace?.awsUserId]).toEqual([id, undefined]);
    const twice = named.replace('    groups: [staff, it]\n', `    groups: [staff, it]\n    aws: { user: ${id.toUpperCase()} }\n`);
    expect(problems(twice)).toMatch(/people\[1\]\.aws\.user: the user of Identity Center .* was named before/);
    expect(problems(named.replace(id, 'ada'))).toContain('must be the id of a user in Identity Center');
  });

  it('finds a person by their user in Identity Center in any letters, and nobody who has none', async () => {
    const id = '94482488-3041-7005-b4c2-7f5e0c8d1a2b';
    const named = changed('    groups: [staff]\n', `    groups: [staff]\n    aws: { user: ${id} }\n`);
    const byAws = directoryFrom(parsePeople(named, 'people.yaml'));
    expect(await idOf(byAws.personByAwsUser(id))).toBe('ada');
    expect(await idOf(byAws.personByAwsUser(id.toUpperCase()))).toBe('ada');
    expect(await idOf(byAws.personByAwsUser(`${id}0`))).toBeUndefined();
    expect(await idOf(byAws.personByAwsUser('nobody'))).toBeUndefined();
  });

  it('has whoever is on call as it is told, but for those who are not in the file', async () => {
    const people = parsePeople(GOOD, 'people.yaml');
    const told = directoryFrom(people, async (rota) =>
      rota === 'primary' ? { people: ['grace', 'nobody'] as string[] as PersonId[], untilMs: 7 } : undefined,
    );
    const [, grace] = people;
    expect(await told.onCall('primary')).toEqual({ members: [grace], untilMs: 7 });
    expect(await told.membersOf('oncall:primary')).toEqual([grace]);
    for (const none of [told, directory]) expect(await none.onCall('other')).toEqual({ members: [], untilMs: undefined });
    expect(await directory.membersOf('oncall:primary')).toEqual([]);
  });

  it('has everybody once in each of their groups, however often it stands in their entry', async () => {
    const twice = directoryFrom(parsePeople(changed('groups: [staff, it]', 'groups: [it, staff, it]'), 'p'));
    expect((await twice.membersOf('it')).map((p) => p.personId)).toEqual(['grace']);
    expect((await twice.membersOf('staff')).map((p) => p.personId)).toEqual(['ada', 'grace']);
  });

  it('knows who is active; nobody unknown is', async () => {
    const left = directoryFrom(parsePeople(changed('    groups: [staff]\n', '    groups: [staff]\n    active: false\n'), 'p'));
    expect(await left.isActive('ada' as PersonId)).toBe(false);
    expect(await left.isActive('grace' as PersonId)).toBe(true);
    expect(await left.isActive('nobody' as PersonId)).toBe(false);
    expect(await left.isActive('constructor' as PersonId)).toBe(false);
  });
});

describe('the people file', () => {
  it.each<[string, string, string]>([
    [
      'one id twice',
      changed('id: grace', 'id: ada'),
      'people.yaml:8:9 people[1].id: the id ada was named before, at people.yaml:2:9',
    ],
    ['one id in other letters', changed('id: grace', 'id: ADA'), '8:9 people[1].id: the id ADA was named before'],
    [
      'one e-mail address twice',
      changed('grace@', 'Ada@'),
      '10:12 people[1].email: the e-mail address Ada@example.com was named before',
    ],
    [
      'one Slack account twice',
      changed('user: U0GRACE', 'user: U0ADA'),
      '12:13 people[1].slack[0]: the Slack account T0001/U0ADA was named before, at people.yaml:6:13',
    ],
    [
      'one account on a Mac twice',
      changed('serial: C02GRACE01, user: grace', 'serial: C02ADA01, user: Ada'),
      '13:12 people[1].macs[0]: the account on a Mac C02ADA01/Ada was named before',
    ],
    [
      'one user of PagerDuty twice',
      changed('    groups: [staff]\n', '    pagerduty: PADA001\n').replace(
        '    groups: [staff, it]\n',
        '    pagerduty: PADA001\n',
      ),
      '11:16 people[1].pagerduty: the user of PagerDuty PADA001 was named before, at people.yaml:5:16',
    ],
    [
      'a misspelt key',
      changed('groups: [staff, it]', 'group: [staff, it]'),
      '11:5 people[1]: "group" is not known here; did you mean "groups"?',
    ],
    ['a Slack name for an id', changed('U0ADA', 'ada'), '6:34 people[0].slack[0].user: must be a Slack user id'],
    [
      'a serial number in small letters',
      changed('C02ADA01', 'c02ada01'),
      '7:22 people[0].macs[0].serial: must be a serial number',
    ],
    [
      'an account that looks like an option',
      changed('user: ada, name', 'user: -ada, name'),
      '7:38 people[0].macs[0].user: must be the short name',
    ],
    ['a name with a hidden character', changed('Ada Lovelace', '"Ada\\u202e"'), '3:11 people[0].name: must be one line'],
    ['an e-mail address that is none', changed('ada@example.com', 'ada'), '4:12 people[0].email'],
    ['a yes for active', changed('    groups: [staff]\n', '    active: yes\n'), '5:13 people[0].active: must be true or false'],
    ['no people', 'folk: []\n', '1:1 "folk" is not known here'],
    ['nothing in it', '', 'the file is empty'],
  ])('with %s is refused at its line and column', (_what, text, expected) => {
    expect(problems(text)).toContain(expected);
  });

  it('as JSON says the same, and is refused at its line and column too', () => {
    const json = JSON.stringify({ people: [{ id: 'ada', name: 'Ada' }] }, null, 1);
    expect(parsePeople(json, 'people.json')).toMatchObject([{ personId: 'ada', active: true, groups: [] }]);
    expect(problems(json.replace('"Ada"', '7'))).toContain('people.yaml:5:12 people[0].name: must be a text');
  });

  it('as JSON may not say a key twice, where a parser would quietly take the last', () => {
    const json = '{"people":[{"id":"ada","name":"Ada: \\"a\\"","active":false,"active":true}]}';
    expect(problems(json)).toMatch(
      /people\.yaml:1:59 "\w+" stands twice in this block, first at people\.yaml:1:44; keep one of them/,
    );
    expect(parsePeople(json.replace(',"active":true', ''), 'p')[0]?.active).toBe(false);
  });

  it('as JSON may not say a key of something inside twice either, and a colon in a text is none', () => {
    const json = '{"people":[{"id":"ada","name":"a\\": \\"b","slack":[{"team":"T0001","user":"U0ADA"}]}]}';
    expect(parsePeople(json, 'p')[0]).toMatchObject({ name: 'a": "b', slack: [{ teamId: 'T0001', userId: 'U0ADA' }] });
    expect(problems(json.replace('"user":', '"user":"U0EVE","user":'))).toContain('"user" stands twice in this block');
  });

  it.each<[string, object, string]>([
    [
      'one id twice',
      {
        people: [
          { id: 'ada', name: 'Ada' },
          { id: 'Ada', name: 'Eve' },
        ],
      },
      'people[1].id: the id Ada was named before',
    ],
    [
      'a rota with somebody who is not there',
      {
        people: [{ id: 'ada', name: 'Ada' }],
        rotas: [{ name: 'primary', zone: 'UTC', from: '2026-01-05', handoff: '09:00', people: ['ada', 'eve'] }],
      },
      'rotas[0].people[1]: eve is not in the people file',
    ],
  ])('as JSON with %s is refused as YAML is', (_what, file, expected) => {
    expect(problems(JSON.stringify(file))).toContain(expected);
  });

  it.each(['{"people":[]}', 'people: []'])('of more than 32 MiB is refused before it is read: %s', (text) => {
    expect(parsePeople(text, 'p')).toEqual([]);
    expect(problems(text + ' '.repeat(32 * 1024 * 1024))).toMatch(
      /people\.yaml:1:1 the file has \d+ bytes; at most 33554432 are/,
    );
  });

  it('says of a person exactly what stands there: what is left out is not there', () => {
    const bare = { personId: 'ada', name: 'Ada', active: true, groups: [], slack: [], macs: [] };
    expect(parsePeople('people: [{ id: ada, name: Ada }]', 'p')).toStrictEqual([bare]);
    const away = '{ from: 2026-12-21, until: "2027-01-04T01:30:30+02:00" }';
    const more = `email: ada@example.com, manager: bob, pagerduty: PADA001, away: ${away}`;
    expect(parsePeople(`people: [{ id: ada, name: Ada, ${more} }]`, 'p')).toStrictEqual([
      {
        ...bare,
        email: 'ada@example.com',
        manager: 'bob',
        pagerdutyUserId: 'PADA001',
        away: { from: '2026-12-21T00:00:00.000Z', until: '2027-01-03T23:30:30.000Z' },
      },
    ]);
  });

  it.each([
    '2027-02-30',
    '2027-02-30T10:00Z',
    '2027-04-31T23:00-05:00',
    '2027-13-01',
    '2027-01-04T24:30Z',
    'a2027-01-04',
    '2027-01-04Z',
  ])('refuses %s as the end of an absence: there is no such time, and another would lengthen it unsaid', (until) => {
    const text = `people: [{ id: ada, name: Ada, away: { from: 2026-12-21, until: "${until}" } }]`;
    expect(problems(text)).toContain(
      'people[0].away.until: must be a day such as 2026-12-24, which begins at 0:00 UTC, or a time',
    );
  });

  it('cannot smuggle a key through the prototype', () => {
    expect(problems('{"people":[{"id":"ada","name":"Ada","__proto__":{"active":true}}]}')).toContain(
      '"__proto__" is not known here',
    );
  });

  it('of ten thousand people in JSON loads within two seconds', () => {
    const people = Array.from({ length: 10_000 }, (_, i) => ({
      id: `p${i}`,
      name: `Person ${i}`,
      email: `p${i}@example.com`,
      groups: ['staff', `team-${i % 50}`],
      slack: [{ team: 'T0001', user: `U${i}` }],
      macs: [{ serial: `C02X${i}`, user: `p${i}`, name: `mac-${i}` }],
    }));
    const text = JSON.stringify({ people });
    const started = process.cpuUsage();
    const loaded = parsePeople(text, 'people.json');
    expect(loaded).toHaveLength(10_000);
    // Work, not waiting: a busy machine takes longer. Ten thousand compared with each other would be minutes.
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(10_000);
  });

  it('is refused with our own error whatever it says', () => {
    const parts = fc.constantFrom(...GOOD.split(/(?<=[\s:[\],{}])/), '{', '"', '&a ', '*a', '\t');
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 60 }), (text) => {
        try {
          parsePeople(text.join(''), 'x');
        } catch (error) {
          expect(isStintError(error) && error.code).toBe('bad-config');
        }
      }),
      { numRuns: 300 },
    );
  });

  it('in the examples gives every person what the demo needs', () => {
    const text = readFileSync(join(import.meta.dirname, '../../examples/people.yaml'), 'utf8');
    const people = parsePeople(text, 'people.yaml');
    expect(people.map((p) => [p.personId, p.active])).toEqual([
      ['ada', true],
      ['grace', true],
      ['linus', true],
      ['katherine', true],
      ['mallory', true],
      ['trent', false],
    ]);
  });
});

describe('files that are followed', () => {
  it('count from the next question on after an edit', async () => {
    let text = GOOD;
    const directory = liveDirectory(async () => text, 'people.yaml');
    expect(await directory.isActive('ada' as PersonId)).toBe(true);
    text = changed('    groups: [staff]\n', '    groups: [staff]\n    active: false\n');
    expect(await directory.isActive('ada' as PersonId)).toBe(false);
  });

  it('that became invalid or cannot be read are an error, never the content of before', async () => {
    let text: string | Error = GOOD;
    const read = async () => {
      if (text instanceof Error) throw text;
      return text;
    };
    const directory = liveDirectory(read, 'people.yaml');
    await directory.isActive('ada' as PersonId);
    text = 'people: 7\n';
    await expect(directory.isActive('ada' as PersonId)).rejects.toThrow(/people.yaml:1:9/);
    await expect(directory.isActive('ada' as PersonId)).rejects.toThrow(/people.yaml:1:9/);
    text = new Error('gone');
    await expect(directory.membersOf('it')).rejects.toThrow('gone');
  });

  it('say who was in the last valid content to who asks for that, and nothing where there was none', async () => {
    let text = 'people: 7\n';
    const directory = liveDirectory(async () => text, 'people.yaml');
    await expect(directory.lastGood.isActive('ada' as PersonId)).rejects.toThrow(/people.yaml:1:9/);
    text = GOOD;
    await directory.refresh();
    text = 'people: 7\n';
    await directory.refresh();
    expect(await directory.lastGood.isActive('ada' as PersonId)).toBe(true);
    await expect(directory.isActive('ada' as PersonId)).rejects.toThrow(/people.yaml:1:9/);
    text = changed('    groups: [staff]\n', '    groups: [staff]\n    active: false\n');
    expect(await directory.lastGood.isActive('ada' as PersonId)).toBe(false);
  });
});
