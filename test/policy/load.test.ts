import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { isStintError } from '../../contract/errors.js';
import type { PersonId, Serial } from '../../contract/ids.js';
import type { Absence } from '../../contract/ports.js';
import { fileFindings, findings } from '../../policy/check.js';
import { managerFindings } from '../../policy/check-people.js';
import { durationText, parseDuration } from '../../policy/duration.js';
import { parsePolicy } from '../../policy/load.js';
import { aboutMac } from '../../policy/macs.js';
import { matches } from '../../policy/pattern.js';
import { directoryFrom, parsePeople, parsePeopleFile } from '../../policy/people.js';
import { ruleFor } from '../../policy/rules.js';
import { ADA, at, GRACE, LINUS, MALLORY, MARGARET, MIN, person } from './world.js';

const GOOD = `version: 1
deadlines: { pending: 24h, start: 4h, evidence: 30m }
reminders: { every: 10m, for: 1h, then: 1h }
warn: { before: 5m, minWindow: 5m }
targets:
  - id: macs
    kind: mac-admin
    match: { serials: ["*"] }
    ask: { groups: [staff] }
    approve: { groups: [it], quorum: 1 }
    windows: [5m, 10m, 15m, 30m]
    max: 30m
`;
const AWS = GOOD.replace('kind: mac-admin', 'kind: aws-permission-set').replace('serials: ["*"]', 'tags: { env: dev }');
const example = (name: string) => readFileSync(join(import.meta.dirname, '../../examples', name), 'utf8');

/** The lines of the refusal, without the first. */
function problems(text: string): string[] {
  try {
    parsePolicy(text, 'policy.yaml');
  } catch (error) {
    if (isStintError(error) && error.code === 'bad-policy') return error.sentence.split('\n').slice(1);
    throw error;
  }
  throw new Error('it was accepted');
}
const changed = (from: string | RegExp, to: string) => {
  const text = GOOD.replace(from, to);
  if (text === GOOD) throw new Error(`nothing to change: ${from}`);
  return text;
};

describe('a policy file', () => {
  it('gives rules in milliseconds, with the deadlines of the file', () => {
    const [rule] = parsePolicy(GOOD, 'policy.yaml').rules;
    expect(rule).toMatchObject({ id: 'macs', maxMs: 30 * MIN, quorum: 1, warnBeforeMs: 5 * MIN });
    expect(rule?.windowsMs).toEqual([5, 10, 15, 30].map((m) => m * MIN));
    expect(rule?.revoke).toEqual(rule?.approve);
    expect(rule?.deadlines).toEqual({
      pendingMs: 24 * 60 * MIN,
      startMs: 4 * 60 * MIN,
      evidenceMs: 30 * MIN,
      remindEveryMs: 10 * MIN,
      remindForMs: 60 * MIN,
      remindThenMs: 60 * MIN,
    });
  });

  it('says the same without its defaults, with comments, in another order, and as JSON', () => {
    const bare = GOOD.split('\n')
      .filter((line) => !/^(deadlines|reminders|warn):/.test(line))
      .join('\n');
    const { hash } = parsePolicy(GOOD, 'a');
    expect(parsePolicy(bare, 'b').hash).toBe(hash);
    expect(parsePolicy(`# a comment\n${GOOD.replace('version: 1\n', '')}version: 1\n`, 'c').hash).toBe(hash);
    expect(parsePolicy(changed('30m\n', '1800s\n').replace('max: 30m', 'max: 1800s'), 'd').hash).toBe(hash);
    expect(parsePolicy(changed('quorum: 1', 'quorum: 2'), 'e').hash).not.toBe(hash);
  });

  it('can be read again from its own source with the same hash', () => {
    const policy = parsePolicy(example('policy.yaml'), 'policy.yaml');
    expect(parsePolicy(policy.source, 'again').hash).toBe(policy.hash);
  });

  it('may say that nobody approves their own requests, which is so without a word, and the only thing that can be said', () => {
    const { hash, rules } = parsePolicy(changed('quorum: 1', 'quorum: 1, self: false'), 'p');
    expect(hash).toBe(parsePolicy(GOOD, 'p').hash);
    expect(JSON.stringify(rules)).not.toContain('self');
    expect(problems(changed('groups: [it], quorum: 1', 'self: false'))[0]).toContain('must name somebody');
    expect(problems(changed('quorum: 1', 'self: true')).join()).not.toContain('must name somebody');
  });

  it('may set a rule apart from the rest of the file', () => {
    const text = `${GOOD}    deadlines: { start: 1h }\n    warn: { before: 1m }\n`;
    const [rule] = parsePolicy(text, 'policy.yaml').rules;
    expect(rule?.deadlines).toMatchObject({ startMs: 60 * MIN, pendingMs: 24 * 60 * MIN });
    expect(rule).toMatchObject({ warnBeforeMs: MIN, warnMinWindowMs: 5 * MIN });
  });

  it('waits half an hour for an access in AWS to come to be, unless the file or the rule says otherwise', () => {
    const cloud = '  - { id: c, kind: aws-permission-set, match: { accounts: ["*"] }, ask: { groups: [a] }, ';
    const rule = `${cloud}approve: { groups: [b] }, windows: [5m], max: 5m }\n`;
    const startMs = (deadlines: string) =>
      parsePolicy(`version: 1\n${deadlines}targets:\n${rule}`, 'p').rules[0]?.deadlines.startMs;
    expect(startMs('')).toBe(30 * MIN);
    expect(startMs('deadlines: { start: 4h }\n')).toBe(240 * MIN);
  });

  it.each<[string, string, string]>([
    [
      'an unknown key',
      changed('deadlines:', 'dedlines:'),
      '2:1 "dedlines" is not known here; did you mean "deadlines"? Allowed: version, deadlines, reminders, warn, limits, targets',
    ],
    [
      'an unknown key deep inside',
      changed('quorum: 1', 'qorum: 1'),
      '10:30 targets[0].approve: "qorum" is not known here; did you mean "quorum"? Allowed: groups, people, manager, quorum',
    ],
    [
      'an unknown key like nothing',
      changed('max: 30m', 'max: 30m\n    surprise: 1'),
      '13:5 targets[0]: "surprise" is not known here. Allowed: id, kind',
    ],
    ['another version', changed('version: 1', 'version: 2'), '1:10 version: must be one of: 1'],
    ['no version', changed('version: 1\n', ''), '1:1 version: is missing'],
    ['a missing maximum', changed('    max: 30m\n', ''), '6:5 targets[0].max: is missing; it must be a length of time'],
    ['a bare number as a length', changed('max: 30m', 'max: 30'), '12:10 targets[0].max: must be a length of time such as 30s'],
    ['a length beyond its limit', changed('max: 30m', 'max: 25h'), '12:10 targets[0].max: must be between 1s and 24h'],
    ['a deadline of nothing', changed('pending: 24h', 'pending: 0s'), '2:23 deadlines.pending: must be between 1s and 30d'],
    [
      'windows out of order',
      changed('10m, 15m', '15m, 10m'),
      '11:24 targets[0].windows[2]: must be longer than the one before it',
    ],
    ['a window twice', changed('10m, 15m', '10m, 10m'), '11:24 targets[0].windows[2]: must be longer'],
    [
      'a window beyond the maximum',
      changed('max: 30m', 'max: 20m'),
      '11:29 targets[0].windows[3]: must not be longer than max (20m)',
    ],
    ['no windows', changed(/windows: .*/, 'windows: []'), '11:14 targets[0].windows: must have at least 1 entry'],
    ['a quorum of nobody', changed('quorum: 1', 'quorum: 0'), '10:38 targets[0].approve.quorum: must be at least 1'],
    ['a quorum that is a text', changed('quorum: 1', 'quorum: two'), '10:38 targets[0].approve.quorum: must be a whole number'],
    [
      'a quorum that the people named cannot reach',
      changed('groups: [it], quorum: 1', 'people: [grace], quorum: 2'),
      'targets[0].approve.quorum: must not be more than the 1 people named',
    ],
    [
      'a quorum that one manager cannot reach',
      changed('groups: [it], quorum: 1', 'people: [grace], manager: true, quorum: 3'),
      '10:56 targets[0].approve.quorum: must not be more than the 2 people named',
    ],
    [
      'a stage that the people named cannot reach',
      changed('{ groups: [it], quorum: 1 }', '{ stages: [{ groups: [it] }, { people: [grace], quorum: 2 }] }'),
      'targets[0].approve.stages[1].quorum: must not be more than the 1 people named',
    ],
    [
      'stages that need one person twice',
      changed('{ groups: [it], quorum: 1 }', '{ stages: [{ people: [grace] }, { groups: [it] }, { people: [grace] }] }'),
      'targets[0].approve.stages: can never be satisfied: too few people are named, and nobody counts in two stages: 2 are needed; 1 could',
    ],
    [
      'a stage of nobody',
      changed('{ groups: [it], quorum: 1 }', '{ stages: [{ groups: [it] }, { manager: false }] }'),
      'targets[0].approve.stages[1]: must name somebody: groups, people, manager or several of them',
    ],
    [
      'stages and a pool beside them',
      changed('{ groups: [it], quorum: 1 }', '{ groups: [it], stages: [{ groups: [it] }] }'),
      '10:14 targets[0].approve: must name somebody: groups, people, manager or several of them; or stages, with nobody beside them',
    ],
    [
      'five stages',
      changed('{ groups: [it], quorum: 1 }', `{ stages: [${'{ groups: [it] }, '.repeat(5)}] }`),
      'targets[0].approve.stages: must have at most 4 entries',
    ],
    [
      'an unknown key in a stage',
      changed('{ groups: [it], quorum: 1 }', '{ stages: [{ group: [it] }] }'),
      'targets[0].approve.stages[0]: "group" is not known here; did you mean "groups"? Allowed: groups, people, manager, quorum',
    ],
    [
      'people who approve their own requests',
      changed('groups: [it], quorum: 1', 'groups: [it], self: true'),
      '10:36 targets[0].approve.self: lets people approve their own requests, which needs a step-up with a passkey',
    ],
    [
      'nobody but themselves who approves',
      changed('{ groups: [it], quorum: 1 }', '{ self: true }'),
      '10:22 targets[0].approve.self: lets people approve their own requests, which needs a step-up with a passkey',
    ],
    [
      'a stage in which people approve their own requests',
      changed('{ groups: [it], quorum: 1 }', '{ stages: [{ groups: [it] }, { self: true }] }'),
      '10:51 targets[0].approve.stages[1].self: lets people approve their own requests, which needs a step-up with a passkey',
    ],
    [
      'a word for whether people approve their own requests',
      changed('groups: [it], quorum: 1', 'groups: [it], self: always'),
      '10:36 targets[0].approve.self: must be true or false',
    ],
    [
      'nobody who approves',
      changed('{ groups: [it], quorum: 1 }', '{ quorum: 1 }'),
      '10:14 targets[0].approve: must name somebody',
    ],
    ['nobody who asks', changed('ask: { groups: [staff] }', 'ask: { groups: [] }'), '9:10 targets[0].ask: must name somebody'],
    [
      'a serial number in small letters',
      changed('["*"]', '["c02"]'),
      '8:24 targets[0].match.serials[0]: must be a serial number in upper case',
    ],
    ['a kind that there is not', changed('mac-admin', 'mac-root'), '7:11 targets[0].kind: must be one of: mac-admin'],
    [
      'a warning before the start',
      changed('before: 5m', 'before: 11m'),
      '6:5 targets[0].warn: before (11m) must be shorter than the window 10m',
    ],
    [
      'a group that is no list',
      changed('groups: [staff]', 'groups: staff'),
      '9:20 targets[0].ask.groups: must be a list: write ["staff"]',
    ],
    [
      'a key twice',
      changed('max: 30m', 'max: 30m\n    max: 20m'),
      '13:5 "max" stands twice in this block, first at policy.yaml:12:5; keep one of them',
    ],
    ['an unclosed bracket', changed('["*"]', '["*"'), '9:5 '],
    ['a tab for indentation', changed('  - id', '\t- id'), '6:1 a tab indents this line: use blanks'],
    [
      'an alias',
      changed('groups: [staff]', 'groups: &g [staff]').replace('groups: [it]', 'groups: *g'),
      '9:23 anchors and aliases are not allowed',
    ],
    ['a tag', changed('max: 30m', 'max: !!js/function 30m'), '12:10 Unresolved tag'],
    ['two documents', `${GOOD}---\n${GOOD}`, '13:1 a second document begins here, and a file is one: take out the line "---"'],
    ['nothing in it', '', '1:1 the file is empty'],
    ['only a comment', '# later\n', 'the file is empty'],
    ['a list at the top', '- version: 1\n', '1:1 must be a block of keys and values'],
    ['a key of the prototype', changed('max: 30m', 'max: 30m\n    __proto__: { max: 1d }'), '13:5 "__proto__" is not known here'],
    [
      'a tag of that name, which would be asked for by nobody',
      AWS.replace('env: dev', 'env: dev, __proto__: prod'),
      '8:32 "__proto__" is not known here, and can be no key',
    ],
    [
      'a tag of that name, in JSON',
      AWS.replace('env: dev', '"env": "dev", "__proto__": "prod"'),
      '"__proto__" is not known here',
    ],
  ])('with %s is refused at its line and column', (_what, text, expected) => {
    const found = problems(text);
    expect(found.join('\n')).toContain(expected);
    expect(found[0]).toMatch(/^policy\.yaml:\d+:\d+ /);
  });

  it('with several problems tells all of them, in the order of the file', () => {
    const text = changed('deadlines:', 'dedlines:').replace('quorum: 1', 'quorum: 0').replace('max: 30m', 'max: 1x');
    expect(problems(text).map((line) => line.split(' ')[0])).toEqual([
      'policy.yaml:2:1',
      'policy.yaml:10:38',
      'policy.yaml:12:10',
    ]);
  });

  it('that would unfold into something huge, is too large or too deep, is refused at once', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefghi'.split('').map((k, i) => `${k}: &${k} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]`),
    ];
    // What it costs, and not how long a busy computer takes over it.
    const started = process.cpuUsage();
    expect(problems(`version: 1\n${bomb.join('\n')}\n`).join()).toContain('anchors and aliases are not allowed');
    expect(problems(`#${'x'.repeat(1024 * 1024)}`)[0]).toContain('at most 1048576 are allowed');
    expect(problems('['.repeat(200_000)).join()).toContain('the file is nested too deeply');
    expect(problems(`a: ${'['.repeat(200_000)}`).join()).toContain('the file is nested too deeply');
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(5000);
  });

  it('is refused with our own error whatever it says', () => {
    const parts = fc.constantFrom(...GOOD.split(/(?<=[\s:[\],{}"*])/), '&a ', '*a', '\t', '? ', '- ', '!!x ', '|', '\u0000', '%');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(parts, { maxLength: 80 }).map((p) => p.join('')),
        ),
        (text) => {
          try {
            parsePolicy(text, 'x');
          } catch (error) {
            expect(isStintError(error) && error.code).toBe('bad-policy');
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('the order of rules', () => {
  const second = (serials: string, ask: string) =>
    `${GOOD}  - id: later\n    kind: mac-admin\n    match: { serials: [${serials}] }\n    ask: ${ask}\n    approve: { groups: [it] }\n    windows: [5m]\n    max: 5m\n`;

  it('decides: the first rule that covers the Mac and lets the person ask applies, alone', () => {
    const policy = parsePolicy(second('"*"', '{ groups: [contractors] }'), 'p');
    const mac = aboutMac({ serial: 'C02ADA01' as Serial });
    expect(ruleFor(policy, mac, [ADA])?.id).toBe('macs');
    expect(ruleFor(policy, mac, [{ ...ADA, groups: ['contractors'] }])?.id).toBe('later');
    expect(ruleFor(policy, mac, [{ ...ADA, groups: ['contractors', 'staff'] }])?.id).toBe('macs');
    expect(ruleFor(policy, mac, [{ ...ADA, groups: [] }])).toBeUndefined();
  });

  it('that leaves a rule without any request is refused, for the author must have meant something else', () => {
    expect(problems(second('"C02*"', '{ groups: [staff] }'))[0]).toMatch(
      /^policy\.yaml:13:9 targets\[1\]\.id: this rule can never apply: the rule macs stands before it/,
    );
    expect(() => parsePolicy(second('"C02*"', '{ groups: [staff, it] }'), 'p')).not.toThrow();
  });

  it('does not allow one id twice', () => {
    expect(problems(second('"X*"', '{ groups: [x] }').replace('id: later', 'id: macs'))[0]).toMatch(
      /13:9 .*macs is used twice, first at policy\.yaml:\d+:9; each rule/,
    );
  });
});

describe('a pattern', () => {
  it.each([
    ['*', '', true],
    ['C02*', 'C02ADA', true],
    ['C02*', 'C0', false],
    ['*ADA*', 'C02ADA01', true],
    ['A*B*C', 'AXXBXXC', true],
    ['A*B*C', 'AXXCXXB', false],
    ['ABC', 'ABCD', false],
    ['', 'A', false],
  ])('%s on %s: %s', (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
  });

  it('means what the same pattern means as a regular expression', () => {
    const text = fc.string({ unit: fc.constantFrom('A', 'B', '*'), maxLength: 8 });
    fc.assert(
      fc.property(
        text,
        text.map((t) => t.replaceAll('*', '')),
        (pattern, serial) => {
          const regexp = new RegExp(`^${pattern.replaceAll('*', '.*')}$`);
          expect(matches(pattern, serial)).toBe(regexp.test(serial));
        },
      ),
    );
  });

  it('cannot be made slow', () => {
    const started = process.cpuUsage();
    expect(matches(`${'*A'.repeat(16)}B`, 'A'.repeat(10_000))).toBe(false);
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(1000);
  });
});

describe('a length of time', () => {
  it.each([
    ['30s', 30_000],
    ['1h30m', 90 * MIN],
    ['1d', 24 * 60 * MIN],
    ['90m', 90 * MIN],
    ['0s', 0],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '5', 'm', '-5m', '5 m', '1m1h', '5M', '1.5h', '5m\n', '999999999999d', '٣m'])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('of days is all of them, in milliseconds: none is lost, and none depends on a calendar', () => {
    expect(parseDuration('24h')).toBe(86_400_000);
    expect(parseDuration('25h')).toBe(parseDuration('1d1h'));
    expect(parseDuration('400d')).toBe(400 * 86_400_000);
    expect(durationText(3 * 86_400_000 + 1_000)).toBe('3d1s');
    const [rule] = parsePolicy(GOOD.replace('30m]', '30m, 24h]').replace('max: 30m', 'max: 1d'), 'p').rules;
    expect(rule).toMatchObject({ maxMs: 86_400_000, windowsMs: expect.arrayContaining([86_400_000]) });
  });

  it.each(['24:00', '1:30', '00:30:00', 'PT1H', '86400', '1440m0', '2026-03-29T02:30:00Z'])(
    'is not the time of a clock, an ISO text or a bare number: %s is refused with the place and the fix',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
      expect(problems(GOOD.replace('max: 30m', `max: "${text}"`))).toEqual([
        expect.stringMatching(/^policy\.yaml:\d+:\d+ .*1h30m/),
      ]);
    },
  );

  it('is written as it is read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9_000_000 }), (seconds) => {
        expect(parseDuration(durationText(seconds * 1000))).toBe(seconds * 1000);
      }),
    );
    expect(durationText(90 * MIN)).toBe('1h30m');
  });
});

describe('the examples', () => {
  it('fit each other: everybody who may ask can find an approver', async () => {
    const policy = parsePolicy(example('policy.yaml'), 'policy.yaml');
    const people = parsePeople(example('people.yaml'), 'people.yaml');
    const vault = policy.rules.find((rule) => rule.id === 'vault-macs');
    expect(vault?.quorum).toBe(2);
    const found = await findings(policy, directoryFrom(people), 'p');
    expect(found).toEqual([]);
  });
});

describe('a check of policy and people together', () => {
  it('names groups without members, people who are not there, and askers without approvers', async () => {
    const text = changed('groups: [it], quorum: 1', 'groups: [it, ghosts], people: [nobody], quorum: 2');
    const found = await findings(parsePolicy(text, 'p'), directoryFrom([ADA, GRACE]), 'p');
    const line = text.split('\n').findIndex((one) => one.includes('ghosts')) + 1;
    const at = (word: string) => `p:${line}:${(text.split('\n')[line - 1] ?? '').indexOf(word) + 1}`;
    expect(found).toContain(`${at('ghosts')} macs.approve: the group ghosts has no members.`);
    expect(found).toContain(`${at('nobody')} macs.approve: nobody is not in the people file.`);
    expect(found).toContain(`${at('{ groups: [it, ghosts]')} macs: too few people could approve for ada: 2 are needed; 1 could.`);
    expect(found).toContain(
      `${at('{ groups: [it, ghosts]')} macs: too few people could approve for grace: 2 are needed; 0 could.`,
    );
  });

  it('says which group, rota or person of the people file a misspelt name may have meant, and nothing where none is near', async () => {
    const text = changed('groups: [it], quorum: 1', 'groups: [itt, "oncall:pimary", other], people: [grce]');
    const rotas = [{ name: 'primary', pagerduty: 'PSCHED1' }];
    const found = await fileFindings(parsePolicy(text, 'p'), { people: [ADA, GRACE], rotas }, 'p');
    expect(found.map((line) => line.replace(/^p:\d+:\d+ /, ''))).toEqual([
      'macs.approve: the group itt has no members; did you mean "it"?',
      'macs.approve: nobody is ever on call for pimary; did you mean "oncall:primary"? Put a rota of that name into the people file.',
      'macs.approve: the group other has no members; there are: staff, it.',
      'macs.approve: grce is not in the people file; did you mean "grace"?',
      expect.stringContaining('macs: too few people could approve for ada, grace'),
    ]);
  });

  it('names the stage that cannot be satisfied, for whom, and why nobody is the manager', async () => {
    const stages = '{ stages: [{ groups: [it] }, { groups: [it], manager: true }] }';
    const policy = parsePolicy(changed('{ groups: [it], quorum: 1 }', stages), 'p');
    const away = { from: '2020-01-01T00:00:00.000Z', until: '2050-01-01T00:00:00.000Z' } as Absence;
    const boss = person('boss', { groups: ['board'], away });
    const managed = { ...GRACE, manager: boss.personId };
    expect(await findings(policy, directoryFrom([ADA, managed, boss, { ...LINUS, groups: ['it'] }]), 'p')).toEqual([]);
    const fewer = await findings(policy, directoryFrom([ADA, managed, boss]), 'p');
    expect(fewer.map((line) => line.replace(/^p:\d+:\d+ /, ''))).toEqual([
      'macs: too few people could approve for ada in stage 2 (it or manager): 1 is needed; 0 could. Ada has no manager in the people file.',
      'macs: too few people could approve for grace in stage 1 (it): 1 is needed; 0 could.',
    ]);
  });

  it('looks at people who sit in the same stages once, at managers only where others are too few, and names all in order', async () => {
    const many = Array.from({ length: 500 }, (_, i) => person(`p${i}`, { groups: i % 2 ? ['staff', 'it'] : ['staff'] }));
    let asked = 0;
    const plain = directoryFrom(many.map((one) => ({ ...one, manager: GRACE.personId })));
    const directory = { ...plain, person: (one: PersonId) => plain.person(one).finally(() => asked++) };
    const found = (approve: string) =>
      findings(parsePolicy(changed('{ groups: [it], quorum: 1 }', approve), 'p'), directory, 'p');
    expect(await found('{ groups: [it], manager: true, quorum: 9 }')).toEqual([]);
    expect(asked).toBe(0);
    const [alone] = await found('{ stages: [{ groups: [it] }, { manager: true }] }');
    expect(alone).toContain(
      'for p0, p1, p2, p3, p4 and 495 more in stage 2 (manager): 1 is needed; 0 could. grace, the manager of P0, is not',
    );
    expect(alone).toMatch(/ So it is with 497 more, who are not named here\.$/);
    expect(asked).toBe(500);
  });

  describe('of a manager or a turn', () => {
    const entries = [
      'people:',
      '  - { id: ada, name: Ada, groups: [staff], manager: grce }',
      '  - { id: grace, name: Grace, groups: [it, staff], manager: grace }',
      '  - { id: linus, name: Linus, groups: [it], active: false, away: { from: 2026-01-01, until: 2026-01-02, delegate: ad } }',
      'rotas:',
      '  - { name: desk, zone: UTC, from: 2026-01-05, handoff: "09:00", people: [grace, linus] }',
    ].join('\n');
    const found = async (text: string) =>
      (await fileFindings(parsePolicy(GOOD, 'p'), parsePeopleFile(text, 'people.yaml'), 'p')).filter((one) => !/^p:/.test(one));
    const what = [
      'ada: the manager grce is not in the people file; did you mean "grace"?',
      'linus: ad, who stands in while they are away, is not in the people file; did you mean "ada"?',
      'grace: is named as their own manager. Name another, or nobody.',
      'the rota desk: linus is not active in the people file, so nobody can decide in their turns. Take them out of it.',
    ];

    it('says where in the people file it is wrong, and who may be meant', async () => {
      expect(await found(entries)).toEqual(['2:53', '4:115', '3:61', '6:82'].map((at, i) => `people.yaml:${at} ${what[i]}`));
    });

    it('says in a file of megabytes only what is wrong', async () => {
      expect(await found(JSON.stringify(parse(entries)) + ' '.repeat(1024 * 1024))).toEqual(what);
    });
  });

  it('names managers and delegates who are not there, and circles of managers once', () => {
    const id = (name: string) => name as PersonId;
    const away = { from: at(0), until: at(1), delegate: id('ghost') };
    const people = [
      { ...ADA, manager: id('grace') },
      { ...GRACE, manager: id('linus') },
      { ...LINUS, manager: id('grace'), away },
      { ...MARGARET, manager: id('margaret') },
      { ...MALLORY, manager: id('phantom') },
    ];
    expect(managerFindings({ people })).toEqual([
      'linus: ghost, who stands in while they are away, is not in the people file.',
      'mallory: the manager phantom is not in the people file.',
      'grace, linus: their managers go round in a circle. One of them needs another manager, or none.',
      'margaret: is named as their own manager. Name another, or nobody.',
    ]);
  });
});

it('a tab is told alone: nothing that follows it is read as it was meant', () => {
  expect(problems(changed('    match', '\tmatch'))).toEqual(['policy.yaml:8:1 a tab indents this line: use blanks']);
});

it.each([
  [
    'rules:\n  - a: [1, 2\nb: 3\n',
    /:3:1 the list or block in brackets is not closed before this line: end it with \], or indent it further/,
  ],
  ['rules: { a: 1\nb: 3\n', /:2:1 .*end it with \}/],
  ['a:\n  - x: 1\n    y: 2\n   z: 3\n', /p:4:1 this line begins no entry of the list with "- ", and is not indented as/],
])('says of %j what to do in words of our own', (text, words) => {
  expect(() => parsePolicy(text, 'p')).toThrow(words);
});

it('a file that ends too early says so once for each place, however often the parser does', () => {
  const found = problems('[\n'.repeat(800));
  expect(new Set(found).size).toBe(found.length);
  expect(problems('[')).toHaveLength(1);
});

describe('rules that contradict', () => {
  const rule = (id: string, serials: string, ask: string, more = '') =>
    `  - { id: ${id}, kind: mac-admin, match: { serials: [${serials}] }, ask: { groups: [${ask}] }, approve: { groups: [it] }, windows: [10m], max: 30m${more} }\n`;
  const file = (...rules: string[]) => `version: 1\ntargets:\n${rules.join('')}`;
  const why =
    'this rule can never apply: the rules a, b stand before it and take every request of it together. Put this one first, or narrow them';

  it('a rule of which two earlier ones leave nothing between them is refused', () => {
    expect(
      problems(file(rule('a', '"C0*"', 'staff'), rule('b', '"D*"', 'staff, it'), rule('c', '"C01", "D2"', 'staff'))),
    ).toEqual([`policy.yaml:5:11 targets[2].id: ${why}`]);
    expect(problems(file(rule('a', '"*"', 'staff'), rule('b', '"*"', 'it'), rule('c', '"C01"', 'it, staff')))).toEqual([
      expect.stringContaining(why),
    ]);
  });

  it('one of which something is left is not', () => {
    for (const rules of [
      [rule('a', '"C0*"', 'staff'), rule('b', '"D*"', 'it'), rule('c', '"C01", "D2"', 'staff, it')],
      [rule('a', '"C0*"', 'staff'), rule('b', '"D*"', 'staff'), rule('c', '"C01", "D2", "E3"', 'staff')],
    ])
      expect(() => parsePolicy(file(...rules), 'p')).not.toThrow();
  });

  it('of AWS each part is held against them, and tags stay together', () => {
    const aws = (id: string, match: string) =>
      `  - { id: ${id}, kind: aws-permission-set, match: { ${match} }, ask: { groups: [it] }, approve: { groups: [it] }, windows: [10m], max: 30m }\n`;
    const sets = [aws('a', 'sets: [Read]'), aws('b', 'sets: [Admin]')];
    expect(problems(file(...sets, aws('c', 'ous: [Prod, Test], sets: [Read, Admin]')))).toEqual([expect.stringContaining(why)]);
    expect(() => parsePolicy(file(...sets, aws('c', 'ous: [Prod], sets: [Read, Admin, Other]')), 'p')).not.toThrow();
    const tags = [aws('a', 'tags: { k: "1" }'), aws('b', 'tags: { l: "2" }')];
    expect(() => parsePolicy(file(...tags, aws('c', 'tags: { k: "*", l: "*" }')), 'p')).not.toThrow();
  });

  it('hours of the policy itself that never meet those of the rule are refused, by the clocks of each zone', () => {
    const hours = (zone: string, from: string, to: string, days = '') => `{ zone: ${zone}, from: "${from}", to: "${to}"${days} }`;
    const both = (own: string, rules: string) =>
      file(
        `  - { id: a, kind: mac-admin, match: { serials: ["*"] }, ask: { groups: [staff] }, approve: { groups: [it], policy: { upTo: 10m, perDay: 1, hours: ${own} } }, hours: ${rules}, windows: [10m], max: 30m }\n`,
      );
    const day = hours('Europe/Berlin', '08:00', '18:00');
    expect(problems(both(hours('Europe/Berlin', '18:00', '08:00'), day))).toEqual([
      expect.stringContaining(
        'targets[0].approve.policy: is open every day, 18:00 to 08:00 of the next day (Europe/Berlin), and the rule',
      ),
    ]);
    expect(
      problems(both(hours('Europe/Berlin', '08:00', '18:00', ', days: [sat]'), hours('UTC', '08:00', '18:00', ', days: [mon]'))),
    ).toHaveLength(1);
    for (const own of [
      hours('Europe/Berlin', '17:45', '08:00'),
      hours('Europe/Berlin', '18:00', '08:15'),
      // Where it is a quarter to twelve in New York it is a quarter to six in Berlin.
      hours('America/New_York', '11:45', '13:00'),
      hours('Europe/Berlin', '09:00', '10:00'),
    ])
      expect(() => parsePolicy(both(own, day), 'p')).not.toThrow();
  });
});
