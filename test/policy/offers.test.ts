/** Offers where it comes to one rule of several, one kind of several, or one person of several. */
import { describe, expect, it } from 'vitest';
import { StintError } from '../../contract/errors.js';
import type { AwsAbout, Candidate, Person, TargetFacts } from '../../contract/ports.js';
import { parsePolicy } from '../../policy/load.js';
import { lookAtMac, MACS, macTarget } from '../../policy/macs.js';
import { directoryFrom } from '../../policy/people.js';
import { createPreview } from '../../policy/preview.js';
import { ADA, EVERYBODY, GRACE, LINUS, MARGARET, NOW, person } from './world.js';

const rule = (
  id: string,
  kind: string,
  match: string,
  approve = '{ groups: [it] }',
  ask = '{ groups: [staff] }',
) => `  - id: ${id}
    kind: ${kind}
    match: ${match}
    ask: ${ask}
    approve: ${approve}
    windows: [10m]
    max: 10m
`;
const mac = (id: string, approve?: string, serial = '*') => rule(id, 'mac-admin', `{ serials: ["${serial}"] }`, approve);
const aws = (id: string, match: string) => rule(id, 'aws-permission-set', match);
const ABOUT: AwsAbout = {
  kind: 'aws-permission-set',
  accountId: '333333333333',
  accountName: 'Prod',
  ouNames: [],
  ouIds: [],
  set: 'Admin',
};

/** A kind of target with one thing to ask for, and what was asked of it. */
function accounts(change: Partial<TargetFacts> = {}, about: AwsAbout = ABOUT) {
  const asked: string[] = [];
  const one: Candidate = { key: 'aws/1', about, display: 'Admin in Prod', notes: [] };
  const facts: TargetFacts = {
    kind: 'aws-permission-set',
    searchable: true,
    listed: async () => {
      asked.push('listed');
      return [one];
    },
    search: async (_person, _text, limit, may) => {
      asked.push(`search ${limit}`);
      return [one].filter(may).slice(0, limit);
    },
    candidate: async (_person, key) => (key === one.key ? one : undefined),
    pin: async () => {
      throw new StintError('unknown-target');
    },
    look: async () => ({}),
    known: () => undefined,
    ...change,
  };
  return { asked, facts };
}

function shop(rules: readonly string[], facts?: TargetFacts, people: readonly Person[] = EVERYBODY) {
  const policy = parsePolicy(`version: 1\ntargets:\n${rules.join('')}`, 'p');
  const targets = facts ? [MACS, facts] : [MACS];
  return createPreview({ policy: async () => policy, directory: directoryFrom(people), targets, clock: () => NOW });
}
const keys = (offers: readonly { readonly key: string }[]) => offers.map(({ key }) => key);

describe('what is listed', () => {
  it('is of the kinds that a rule lets this person ask for: the others are not even asked', async () => {
    const { asked, facts } = accounts({ note: () => 'AWS is slow today.' });
    expect(await shop([mac('macs')], facts).offersFor(ADA)).toMatchObject({
      offers: [{ key: 'mac-admin/C02ADA01' }],
      searchable: false,
    });
    expect(asked).toEqual([]);
    const both = await shop([mac('macs'), aws('all', '{ sets: ["*"] }')], facts).offersFor(ADA);
    expect(both).toMatchObject({ searchable: true, note: 'AWS is slow today.' });
    expect(keys(both.offers)).toEqual(['mac-admin/C02ADA01', 'aws/1']);
  });

  it('is what a rule covers, with no note where no kind has one', async () => {
    const { facts } = accounts();
    const { offers, ...more } = await shop(
      [mac('hers', undefined, 'C02GRACE*'), aws('other', '{ sets: [Reader] }')],
      facts,
    ).offersFor(ADA);
    expect([offers, more]).toEqual([[], { searchable: true }]);
  });

  it('is a hundred things at most', async () => {
    const macs = Array.from({ length: 130 }, (_, n) => ({ serial: `C02X${n}`, localUser: 'ada', name: `mac-${n}` }) as never);
    expect((await shop([mac('macs')]).offersFor({ ...ADA, macs })).offers).toHaveLength(100);
  });

  it('names who is asked first, at most twenty in the order of their names, and the manager by name', async () => {
    const crowd = Array.from({ length: 30 }, (_, n) => person(`p${29 - n}`, { groups: ['it'] }));
    const [offer] = (await shop([mac('macs')], undefined, [ADA, ...crowd]).offersFor(ADA)).offers;
    const sorted = crowd.map(({ name }) => name).sort((a, b) => a.localeCompare(b, 'en'));
    expect(offer?.approverNames).toEqual(sorted.slice(0, 20));
    const led = { ...ADA, manager: MARGARET.personId };
    const people = EVERYBODY.map((one) => (one === ADA ? led : one));
    const [ask] = (await shop([mac('macs', '{ manager: true, people: [linus] }')], undefined, people).offersFor(led)).offers;
    expect(ask?.approverNames).toEqual([LINUS.name, MARGARET.name]);
  });
});

describe('a search', () => {
  it('goes to the kinds that a rule lets this person ask for, until there is enough', async () => {
    const { asked, facts } = accounts();
    const both = shop([mac('macs'), aws('all', '{ sets: ["*"] }')], facts);
    expect(keys(await both.search(ADA, '', 1))).toEqual(['mac-admin/C02ADA01']);
    expect(asked).toEqual([]);
    expect(keys(await both.search(ADA, '', 5))).toEqual(['mac-admin/C02ADA01', 'aws/1']);
    expect(await shop([mac('macs', undefined, 'C02GRACE*')], facts).search(ADA, '', 5)).toEqual([]);
    expect(asked).toEqual(['search 4']);
  });

  it('that meets a fault of our own making is that fault, whatever else was found', async () => {
    const { facts } = accounts({ search: () => Promise.reject(new TypeError('not a function')) });
    await expect(shop([mac('macs'), aws('all', '{ sets: ["*"] }')], facts).search(ADA, '', 5)).rejects.toThrow(TypeError);
  });
});

describe('pinning', () => {
  it('what no rule covers is refused, and what goes by tags that are not known yet says so', async () => {
    const { facts } = accounts();
    const [tagged, other, macs] = [aws('tagged', '{ tags: { owner: "*" } }'), aws('other', '{ sets: [Reader] }'), mac('macs')];
    const said = (rules: readonly string[]) =>
      shop(rules, facts)
        .pin(GRACE, 'aws/1')
        .then(
          () => 'ok',
          (error: unknown) => (error instanceof StintError ? [error.code, error.sentence] : error),
        );
    for (const rules of [[tagged], [other, tagged], [tagged, macs]])
      expect(await said(rules)).toEqual(['not-eligible', expect.stringMatching(/tags of Admin in Prod are still being read/)]);
    for (const rules of [[macs], [other]]) expect(await said(rules)).toEqual(['not-eligible', expect.not.stringMatching(/tags/)]);
  });
});

describe('a Mac of the people file', () => {
  const two = { ...ADA, macs: [...ADA.macs, { serial: 'C02LAB0002', localUser: 'ada', name: 'lab mac' }] } as unknown as Person;
  const found = async (text: string, limit = 5, may: (one: Candidate) => boolean = () => true) =>
    (await MACS.search(two, text, limit, may)).map(({ display }) => display);

  it('is found by every word, in any letters, of its name and its serial number', async () => {
    expect(await found('')).toEqual(['ada-mac', 'lab mac']);
    expect(await found('  LAB   c02 ')).toEqual(['lab mac']);
    expect(await found('lab ada')).toEqual([]);
    expect(await found('mac', 1)).toEqual(['ada-mac']);
    expect(await found('mac', 1, ({ display }) => display === 'lab mac')).toEqual(['lab mac']);
  });

  it('is theirs only where serial number and account are, whatever other Macs they have', () => {
    const [first, second] = two.macs.map(macTarget);
    if (!first || !second) throw new Error('no Mac');
    for (const target of [first, second]) expect(lookAtMac(target, two).refusal).toBeUndefined();
    expect(lookAtMac({ ...first, localUser: 'root' as never }, two).refusal).toBe(
      'The people file does not give root on C02ADA01 to Ada.',
    );
    expect(lookAtMac({ ...first, serial: 'C02X' as never }, two).refusal).toContain('does not give ada on C02X to Ada');
  });

  it('is pinned by its key alone', async () => {
    expect((await MACS.pin(two, 'mac-admin/C02LAB0002'))?.display).toBe('lab mac');
    await expect(MACS.pin(two, 'mac-admin/C02OTHER')).rejects.toMatchObject({
      code: 'unknown-target',
      sentence: 'The people file does not give you this Mac. Ask your IT team.',
    });
  });
});

describe('what a rule says of an offer', () => {
  const said = (more: string) => `${mac('macs')}${more}`;
  it('stands in it, and nothing else does', async () => {
    const [bare] = (await shop([mac('macs')]).offersFor(ADA)).offers;
    expect(bare).toStrictEqual({
      key: 'mac-admin/C02ADA01',
      display: 'ada-mac',
      kind: 'mac-admin',
      confirmBy: 'ada-mac',
      windowsMs: [600_000],
      approverNames: ['Grace', 'Linus'],
      rule: 'macs',
      notes: [],
    });
    const more =
      '    tier: 2\n    channel: C0MACS0001\n    later: { ahead: 7d }\n    hours: { zone: UTC, days: [mon], from: "10:00", to: "11:00" }\n';
    const [full] = (await shop([said(more)]).offersFor(ADA)).offers;
    expect(full).toMatchObject({
      tier: 2,
      channel: 'C0MACS0001',
      later: expect.stringMatching(/^up to 7d ahead/),
      barred: expect.stringMatching(/^This can be asked for and approved mon, 10:00 to 11:00 \(UTC\)\. It is closed now/),
    });
    const { facts } = accounts();
    const [set] = (await shop([aws('all', '{ sets: ["*"] }')], facts).offersFor(ADA)).offers;
    expect(set).toMatchObject({ setName: 'Admin', kind: 'aws-permission-set' });
  });
});

describe('for others', () => {
  const others = (id: string, kind: string, ask: string) => {
    const match = kind === 'mac-admin' ? '{ serials: ["*"] }' : '{ sets: ["*"] }';
    return `${rule(id, kind, match, undefined, ask)}    for: others\n`;
  };
  const none = { ...LINUS, macs: [] };
  const twin = { ...person('zed', { groups: ['staff'] }), name: 'Grace' };
  const left = { ...person('gone'), active: false };
  const people = [ADA, twin, GRACE, none, MARGARET, left];
  const ids = async (rules: readonly string[], text = '', limit = 9, who: Person = ADA) =>
    (await shop(rules, undefined, people).others(who, text, limit)).map(({ personId }) => personId);

  it('those who have something to ask for, by name and then by id', async () => {
    expect(await ids([others('macs', 'mac-admin', '{ groups: [staff] }')])).toEqual(['grace', 'zed', 'margaret']);
    expect(await ids([others('aws', 'aws-permission-set', '{ groups: [staff] }')])).toEqual([
      'grace',
      'zed',
      'linus',
      'margaret',
    ]);
    expect(await ids([others('macs', 'mac-admin', '{ groups: [staff] }')], '  GRA  ')).toEqual(['grace', 'zed']);
    expect(await ids([others('macs', 'mac-admin', '{ groups: [staff] }')], 'grace zed')).toEqual(['zed']);
    expect(await ids([others('macs', 'mac-admin', '{ groups: [staff] }')], '', 2)).toEqual(['grace', 'zed']);
  });

  it('nobody where no rule for others lets the asker ask, and nobody for whoever left', async () => {
    expect(await ids([mac('macs')])).toEqual([]);
    expect(await ids([others('macs', 'mac-admin', '{ groups: [it] }')])).toEqual([]);
    expect(await ids([others('macs', 'mac-admin', '{ groups: [staff] }')], '', 9, left)).toEqual([]);
  });

  it('in whose place whoever left is no asker either', async () => {
    const preview = shop([mac('macs')], undefined, people);
    await expect(preview.pin(left, 'mac-admin/C02GONE01')).rejects.toMatchObject({ code: 'person-inactive' });
    expect((await preview.offersFor(left)).offers).toEqual([]);
  });
});

describe('by breaking the glass', () => {
  const glass = (id: string, who: string, ask = '{ people: [linus] }', serial = '*') =>
    `${rule(id, 'mac-admin', `{ serials: ["${serial}"] }`, undefined, ask)}    breakGlass: { ask: ${who}, max: 10m, review: { groups: [security] } }\n`;
  const rota = (rules: readonly string[], fails: boolean, on: readonly string[] = []) => {
    let asked = 0;
    const directory = directoryFrom(EVERYBODY, async () => {
      asked++;
      if (fails) throw new StintError('oncall-unavailable', 'PagerDuty does not answer.');
      return { people: on as never };
    });
    const policy = parsePolicy(`version: 1\ntargets:\n${rules.join('')}`, 'p');
    const preview = createPreview({ policy: async () => policy, directory, targets: [MACS], clock: () => NOW });
    return { preview, asked: () => asked };
  };
  const offered = async ({ preview }: ReturnType<typeof rota>, who: Person = ADA, subject = who) =>
    (await preview.search(who, '', 5, subject, 'break-glass')).map((one) => one.rule);

  it.each<[string, readonly string[], boolean, readonly string[], readonly string[]]>([
    ['a rule that means them', [glass('one', '{ people: [ada] }')], false, [], ['one']],
    ['a rule that means others', [glass('one', '{ people: [grace] }')], false, [], []],
    ['a rule without it', [mac('one')], false, [], []],
    [
      'a later rule, past one that means others',
      [glass('one', '{ people: [grace] }'), glass('two', '{ people: [ada] }')],
      false,
      [],
      ['two'],
    ],
    ['a rota that they are on call for', [glass('one', '{ groups: ["oncall:a"] }')], false, ['ada'], ['one']],
    ['a rota that they are not on call for', [glass('one', '{ groups: ["oncall:a"] }')], false, ['grace'], []],
    [
      'a rule before one with a rota that is down',
      [glass('one', '{ people: [ada] }'), glass('two', '{ groups: ["oncall:a"] }')],
      true,
      [],
      ['one'],
    ],
    [
      'a rule after one with another group',
      [glass('one', '{ groups: [security] }'), glass('two', '{ people: [ada] }')],
      true,
      [],
      ['two'],
    ],
  ])('there is what is offered by %s', async (_, rules, fails, on, expected) => {
    expect(await offered(rota(rules, fails, on))).toEqual(expected);
  });

  it.each([
    ['who breaks it', glass('one', '{ groups: ["oncall:a"] }')],
    ['who asks', glass('one', '{ people: [grace] }', '{ groups: ["oncall:a"] }')],
  ])('nothing is offered behind a rule of which it is not known %s, and that is said', async (_, first) => {
    await expect(offered(rota([first, glass('two', '{ people: [ada] }')], true))).rejects.toThrow('PagerDuty does not answer.');
  });

  it('nobody is asked who is on call where no rule has any, and nothing is had for others', async () => {
    const plain = rota([rule('one', 'mac-admin', '{ serials: ["*"] }', undefined, '{ groups: ["oncall:a"] }')], true);
    expect(await offered(plain)).toEqual([]);
    expect(plain.asked()).toBe(0);
    expect(await offered(rota([glass('one', '{ people: [ada, grace] }')], false), ADA, GRACE)).toEqual([]);
  });
});
