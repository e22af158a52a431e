/** Offers where it comes to one rule of several, one kind of several, or one person of several. */
import { describe, expect, it } from 'vitest';
import { StintError } from '../../contract/errors.js';
import type { AwsAbout, Candidate, Person, TargetFacts } from '../../contract/ports.js';
import { parsePolicy } from '../../policy/load.js';
import { MACS } from '../../policy/macs.js';
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
