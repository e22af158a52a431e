/** What a check of a policy and of people together says: each mistake at its place, in whole sentences, and nothing else. */
import { describe, expect, it } from 'vitest';
import type { Person } from '../../contract/ports.js';
import { fileFindings, findings, ticketFindings, unknownNames } from '../../policy/check.js';
import { managerFindings, rotaFindings } from '../../policy/check-people.js';
import { parsePolicy } from '../../policy/load.js';
import { directoryFrom, type PeopleFile, parsePeopleFile } from '../../policy/people.js';
import { EVERYBODY, GRACE, MARGARET, person, policyOf } from './world.js';

type Change = Parameters<typeof policyOf>[0];
const PRIMARY = {
  name: 'primary',
  zone: 'UTC',
  from: 0,
  handoff: 0,
  days: 7 as const,
  people: [MARGARET.personId],
  overrides: [],
};
const fileOf = (people: readonly Person[] = EVERYBODY): PeopleFile => ({ people, rotas: [PRIMARY] });
const of = (change: Change, people?: readonly Person[]) => fileFindings(policyOf(change), fileOf(people), 'p.yaml');

const deny = (lines: string) => `  - { id: fence, effect: deny, kind: mac-admin, match: { serials: ["C03*"] }, ${lines} }\n`;
const glass = (ask: string, review: string) => `    breakGlass: { ask: ${ask}, max: 10m, review: ${review} }\n`;
const there = '; there are: staff, it, security, contractors.';
const left = EVERYBODY.map((one) => (one === GRACE ? { ...one, active: false } : one));

it.each<[string, Change, readonly string[]]>([
  ['nothing', {}, []],
  [
    'a group that asks',
    { ask: '{ groups: [staff, staf] }' },
    ['p.yaml:6:27 macs.ask: the group staf has no members; did you mean "staff"?'],
  ],
  [
    'a person who asks',
    { ask: '{ groups: [staff], people: [grcae] }' },
    ['p.yaml:6:43 macs.ask: grcae is not in the people file; did you mean "grace"?'],
  ],
  [
    'a group that revokes',
    { revoke: '{ groups: [it, nobodies] }' },
    [`p.yaml:9:28 macs.revoke: the group nobodies has no members${there}`],
  ],
  ['a person who revokes', { revoke: '{ people: [zoe] }' }, ['p.yaml:9:24 macs.revoke: zoe is not in the people file.']],
  [
    'a group that approves',
    { approve: '{ groups: [nobodies] }' },
    [
      `p.yaml:8:25 macs.approve: the group nobodies has no members${there}`,
      'p.yaml:8:14 macs: too few people could approve for ada, grace, linus, margaret: 1 is needed; 0 could.',
    ],
  ],
  [
    'nobody who may ask',
    { ask: '{ people: [zoe] }' },
    ['p.yaml:6:21 macs.ask: zoe is not in the people file.', 'p.yaml:6:10 macs: nobody may ask by this rule.'],
  ],
  [
    'too few for one of those who approve',
    { approve: '{ groups: [it], quorum: 2 }' },
    ['p.yaml:8:14 macs: too few people could approve for grace, linus: 2 are needed; 1 could.'],
  ],
  [
    'too few in a stage',
    { approve: '{ stages: [{ groups: [it] }, { groups: [security] }] }' },
    ['p.yaml:8:14 macs: too few people could approve for margaret in stage 2 (security): 1 is needed; 0 could.'],
  ],
  [
    'too few for an extension',
    { more: '    extend: { approve: { groups: [security] } }' },
    ['p.yaml:12:24 macs: too few people could approve an extension for margaret: 1 is needed; 0 could.'],
  ],
  [
    'a group that extends',
    { more: '    extend: { approve: { groups: [it, nobodies] } }' },
    [`p.yaml:12:39 macs.extend.approve: the group nobodies has no members${there}`],
  ],
  [
    'a group of a step',
    { approve: '{ groups: [it], escalate: [{ after: 5m, groups: [nobodies] }] }' },
    [`p.yaml:8:63 macs.approve.escalate[0]: the group nobodies has no members${there}`],
  ],
  [
    'a rota of a step',
    { approve: '{ groups: [it], escalate: [{ after: 5m, groups: ["oncall:primray"] }] }' },
    [
      'p.yaml:8:63 macs.approve.escalate[0]: nobody is ever on call for primray; did you mean "oncall:primary"? Put a rota of that name into the people file.',
    ],
  ],
  [
    'groups that break the glass and review',
    { more: glass('{ groups: [contractors, conractors] }', '{ groups: [security, securty] }') },
    [
      'p.yaml:12:46 macs.breakGlass.ask: the group conractors has no members; did you mean "contractors"?',
      'p.yaml:12:102 macs.breakGlass.review: the group securty has no members; did you mean "security"?',
    ],
  ],
  [
    'nobody else who reviews',
    { more: glass('{ groups: [staff] }', '{ people: [margaret] }') },
    ['p.yaml:12:62 macs: nobody else could review the break-glass of margaret.'],
  ],
  ['two who review each other', { more: glass('{ groups: [it] }', '{ groups: [it] }') }, []],
  ['nobody misspelt who is denied', { more: deny('ask: { groups: [staff] }') }, []],
  [
    'somebody misspelt who is denied',
    { more: deny('ask: { groups: [stafff] }') },
    ['p.yaml:12:92 fence.ask: the group stafff has no members; did you mean "staff"?'],
  ],
  [
    'somebody misspelt who is not denied',
    { more: deny('except: { people: [adaa] }') },
    ['p.yaml:12:95 fence.except: adaa is not in the people file; did you mean "ada"?'],
  ],
  [
    'managers who are nobody',
    { approve: '{ manager: true }', ask: '{ groups: [it, security] }' },
    [
      'p.yaml:8:14 macs: too few people could approve for grace, linus, margaret: 1 is needed; 0 could. Grace has no manager in the people file. Linus has no manager in the people file. Margaret has no manager in the people file.',
    ],
  ],
])('finds of %s', async (_, change, said) => {
  const places = (lines: readonly string[]) => lines.map((line) => line.replace(/^(p\.yaml):\d+:\d+ /, '$1 '));
  const found = await of(change);
  expect(places(found)).toEqual(places(said));
  for (const line of found) expect(line).toMatch(/^p\.yaml:(?!1:1 )\d+:\d+ /);
});

describe('a check', () => {
  it('does not count on those who left', async () => {
    expect(await of({ approve: '{ people: [grace] }' }, left)).toEqual([
      expect.stringMatching(/too few people could approve for ada, linus, margaret: 1 is needed; 0 could\.$/),
    ]);
    const approve = '{ groups: [it, security] }';
    expect(await of({ approve, more: glass('{ people: [grace] }', '{ people: [linus] }') }, left)).toEqual([]);
    const reviewed = await of({ approve, more: glass('{ people: [ada, linus] }', '{ people: [grace, linus] }') }, left);
    expect(reviewed).toEqual([expect.stringMatching(/macs: nobody else could review the break-glass of linus\.$/)]);
    expect(await of({ ask: '{ people: [grace] }' }, left)).toEqual([
      expect.stringMatching(/macs: nobody may ask by this rule\.$/),
    ]);
  });

  it('looks past absences, and at the manager of each', async () => {
    const away = { from: '2020-01-01T00:00:00.000Z', until: '2099-01-01T00:00:00.000Z' } as Person['away'] & object;
    const managed = EVERYBODY.map((one) => (one === GRACE ? { ...one, away } : { ...one, manager: GRACE.personId }));
    expect(await of({ approve: '{ manager: true }' }, managed)).toEqual([
      expect.stringMatching(
        /too few people could approve for grace: 1 is needed; 0 could\. Grace has no manager in the people file\.$/,
      ),
    ]);
  });

  it('names three managers who are nobody at most, and five people', async () => {
    const many = Array.from({ length: 7 }, (_, i) => person(`p${i}`, { groups: ['many'] }));
    const [line = ''] = await of({ ask: '{ groups: [many] }', approve: '{ manager: true }' }, [...EVERYBODY, ...many]);
    expect(line).toMatch(
      /for p0, .*: 1 is needed; 0 could\. P0 has no .* P1 has no .* P2 has no manager in the people file\. So it is with 4 more, who are not named here\.$/,
    );
    expect(line).not.toContain('P3 has');
  });

  it('without names says that they are not there, and no more', async () => {
    const found = await findings(policyOf({ revoke: '{ groups: [itt], people: [adda] }' }), directoryFrom(EVERYBODY), 'p');
    expect(found.map((line) => line.replace(/^\S+ /, ''))).toEqual([
      'macs.revoke: the group itt has no members.',
      'macs.revoke: adda is not in the people file.',
    ]);
  });

  it('suggests for the first 50 names alone, where nearly all are wrong', async () => {
    const groups = (from: number) => `{ groups: [${Array.from({ length: 50 }, (_, i) => `staff${from + i}`).join(', ')}] }`;
    const found = await of({ revoke: groups(100), more: glass('{ groups: [staff] }', groups(200)) });
    const named = found.filter((line) => line.includes('has no members'));
    expect(named).toHaveLength(100);
    expect(named.filter((line) => line.endsWith('did you mean "staff"?'))).toHaveLength(50);
    expect(named.at(-1)).toMatch(/the group staff249 has no members\.$/);
  });

  it('wants no more of a rota than are on call by it at a time, in a request and in an extension', async () => {
    const twice = '{ groups: ["oncall:primary"], quorum: 2 }';
    const said = (found: readonly string[]) =>
      found.filter((line) => line.includes('at a time')).map((line) => line.split(': ')[0]);
    expect(said(await of({ approve: twice }))).toEqual([expect.stringMatching(/^p\.yaml:8:\d+ macs\.approve\.quorum$/)]);
    expect(said(await of({ more: `    extend: { approve: ${twice} }` }))).toEqual([
      expect.stringMatching(/^p\.yaml:12:\d+ macs\.extend\.approve\.quorum$/),
    ]);
    const other = '    windows: [5m]\n    max: 5m\n';
    const second = parsePolicy(
      `version: 1\ntargets:\n  - id: one\n    kind: mac-admin\n    match: { serials: ["A*"] }\n    ask: { groups: [staff] }\n    approve: { groups: [it] }\n${other}  - id: two\n    kind: mac-admin\n    match: { serials: ["*"] }\n    ask: { groups: [staff] }\n    approve: ${twice}\n${other}`,
      'p',
    );
    expect(said(await fileFindings(second, fileOf(), 'q'))).toEqual([expect.stringMatching(/^q:14:\d+ two\.approve\.quorum$/)]);
  });

  it('finds a check of tickets that is not there, and none where a rule names none', () => {
    const policy = policyOf({ more: '    reason: { ticket: { pattern: "INC-[0-9]+", check: desk } }\n' });
    expect(ticketFindings(policy, ['desk'], 'p')).toEqual([]);
    expect(ticketFindings(policyOf(), [], 'p')).toEqual([]);
    expect(ticketFindings(policy, [], 'p')).toEqual([
      expect.stringMatching(
        /^p:12:\d+ macs\.reason\.ticket: there is no check desk in the file of ticket checks \(STINT_TICKETS\)$/,
      ),
    ]);
    expect(ticketFindings(policy, ['other', 'dest'], 'p')).toEqual([expect.stringMatching(/; did you mean "dest"\?$/)]);
  });
});

describe('names that nobody has', () => {
  it('are told alone, each with its place: of rules that let and of those that deny', async () => {
    const policy = policyOf({
      ask: '{ people: [zoe] }',
      approve: '{ groups: [nobodies], quorum: 3 }',
      more: deny('ask: { groups: [staf] }'),
    });
    expect(await unknownNames(policy, fileOf(), 'p.yaml')).toEqual([
      expect.stringMatching(/^p\.yaml:\d+:\d+ macs\.ask: zoe is not in the people file\.$/),
      expect.stringMatching(/^p\.yaml:\d+:\d+ macs\.approve: the group nobodies has no members/),
      expect.stringMatching(/^p\.yaml:\d+:\d+ fence\.ask: the group staf has no members; did you mean "staff"\?$/),
    ]);
    expect(await unknownNames(policyOf(), fileOf(), 'p.yaml')).toEqual([]);
  });
});

it('what is wrong with managers, delegates and turns has the place in the people file', () => {
  const text = `people:
  - { id: ada, name: Ada, manager: zoe, away: { from: 2026-01-01, until: 2026-01-02, delegate: bbo } }
  - { id: bob, name: Bob, manager: cyn, active: false }
  - { id: cyn, name: Cyn, manager: bob }
  - { id: dan, name: Dan, manager: dan }
rotas:
  - { name: paged, pagerduty: PRIMARY }
  - { name: primary, zone: UTC, from: 2026-01-05, handoff: "09:00", people: [ada, bob, ada, bob] }
`;
  const file = parsePeopleFile(text, 'people.yaml');
  expect(managerFindings(file)).toEqual([
    'people.yaml:2:36 ada: the manager zoe is not in the people file.',
    'people.yaml:2:96 ada: bbo, who stands in while they are away, is not in the people file; did you mean "bob"?',
    'people.yaml:3:36 bob, cyn: their managers go round in a circle. One of them needs another manager, or none.',
    'people.yaml:5:36 dan: is named as their own manager. Name another, or nobody.',
  ]);
  expect(rotaFindings(file)).toEqual([
    'people.yaml:8:83 the rota primary: bob is not active in the people file, so nobody can decide in their turns. Take them out of it.',
  ]);
});

it('of many wrong managers the first fifty are held against the names that there are', () => {
  const people = Array.from({ length: 60 }, (_, i) => `  - { id: person-${i}, name: P, manager: persn-${i} }\n`).join('');
  const found = managerFindings(parsePeopleFile(`people:\n${people}`, 'p'));
  expect(found).toHaveLength(60);
  expect(found.map((text) => text.includes('did you mean "person-'))).toEqual(found.map((_, i) => i < 50));
});
