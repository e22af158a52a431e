/** What a person finds and pins, over all kinds of target: only what a rule lets them ask for, and no more work than there is. */
import { describe, expect, it } from 'vitest';
import { candidateOf, targetFor } from '../../activities/targets/aws-permission-set/offer.js';
import type { Account, PermissionSet } from '../../activities/targets/aws-permission-set/organisation.js';
import { createSearch } from '../../activities/targets/aws-permission-set/search.js';
import { StintError } from '../../contract/errors.js';
import type { Directory, Person, TargetFacts } from '../../contract/ports.js';
import type { AwsPermissionSetTarget, TargetKind } from '../../contract/request.js';
import { parsePolicy } from '../../policy/load.js';
import { MACS } from '../../policy/macs.js';
import { directoryFrom } from '../../policy/people.js';
import { createPreview } from '../../policy/preview.js';
import { ADA, EVERYBODY, GRACE, LINUS, MALLORY, MARGARET, MIN, NOW } from './world.js';

const POLICY = `version: 1
targets:
  - id: aws-grave
    kind: aws-permission-set
    match: { tags: { tier: "0" } }
    tier: 0
    channel: C0ONCALL
    ask: { groups: [it] }
    approve: { groups: [it, security], quorum: 2 }
    windows: [15m]
    max: 15m
  - id: aws-readers
    kind: aws-permission-set
    match: { ous: [Workloads], sets: ["ReadOnly*"] }
    ask: { groups: [staff] }
    approve: { groups: [it] }
    windows: [15m, 45m]
    max: 1h
  - id: macs
    kind: mac-admin
    match: { serials: ["*"] }
    ask: { groups: [staff] }
    approve: { groups: [it] }
    windows: [5m]
    max: 5m
`;

const id = (n: number) => String(n).padStart(12, '0');
const ACCOUNTS: readonly Account[] = Array.from({ length: 200 }, (_, n) => ({
  id: id(n),
  name: `account-${n}`,
  path: ['Workloads'],
  unitIds: ['ou-ab12-work0000'],
  tags: { tier: n === 7 ? '0' : '2' },
  active: n !== 9,
}));
const SETS: readonly PermissionSet[] = Array.from({ length: 25 }, (_, n) => ({
  arn: `arn:aws:sso:::permissionSet/ssoins-1/ps-${n}`,
  name: n === 24 ? 'ReadOnlyAccess' : `Admin${n}`,
  description: '',
  sessionMs: 60 * MIN,
}));
const SEARCH = createSearch(ACCOUNTS, SETS, {
  managementAccountId: id(3),
  delegated: true,
  setsOfManagement: new Set(),
});
const READER = 'aws/000000000001/ps-24';

/** The organisation in memory, and how often a pair was held against the rules. */
function organisation() {
  const counted = { held: 0, pinned: 0, fails: false };
  const pairOf = (key: string) => {
    const [, account = '', set = ''] = key.split('/');
    return SEARCH.pair(account, `arn:aws:sso:::permissionSet/ssoins-1/${set}`);
  };
  const facts: TargetFacts<AwsPermissionSetTarget> = {
    kind: 'aws-permission-set',
    searchable: true,
    listed: async () => [],
    search: async (_person, text, limit, may) => {
      if (counted.fails) throw new StintError('aws-unavailable');
      const held = SEARCH.find(text, limit, (pair) => {
        counted.held += 1;
        return may(candidateOf(pair));
      });
      return held.map(candidateOf);
    },
    candidate: async (_person, key) => {
      const pair = pairOf(key);
      return pair && candidateOf(pair);
    },
    pin: async (person, key) => {
      counted.pinned += 1;
      const pair = pairOf(key);
      if (!pair) throw new StintError('unknown-target');
      return targetFor(pair, { arn: 'arn:aws:sso:::instance/ssoins-1', identityStoreId: 'd-1' }, `user-${person.personId}`);
    },
    look: async () => ({}),
    known: () => undefined,
  };
  return { counted, facts };
}

function begin(people: readonly Person[] = EVERYBODY) {
  const { counted, facts } = organisation();
  const asked = { members: 0 };
  const plain = directoryFrom(people);
  const directory: Directory = {
    ...plain,
    membersOf: (group) => {
      asked.members += 1;
      return plain.membersOf(group);
    },
  };
  const policy = parsePolicy(POLICY, 'p');
  const preview = createPreview({ policy: async () => policy, directory, targets: [MACS, facts], clock: () => NOW });
  return { preview, counted, asked };
}

describe('what can be listed', () => {
  it('is what needs no typing, and whether there is more for this person', async () => {
    const { preview } = begin();
    const { offers, searchable } = await preview.offersFor(ADA);
    expect(offers.map(({ key }) => key)).toEqual(['mac-admin/C02ADA01']);
    expect(searchable).toBe(true);
    expect(await preview.offersFor(MALLORY)).toEqual({ offers: [], searchable: false });
    expect(await preview.offersFor({ ...ADA, active: false })).toEqual({ offers: [], searchable: false });
  });
});

describe('a search', () => {
  it('finds among five thousand pairs only what a rule lets this person ask for, with the terms of that rule', async () => {
    const { preview } = begin();
    const found = await preview.search(ADA, 'account-1 ', 100);
    expect(found.length).toBe(100);
    expect(new Set(found.map(({ rule }) => rule))).toEqual(new Set(['aws-readers']));
    expect(found[0]).toEqual({
      key: READER,
      kind: 'aws-permission-set',
      display: 'ReadOnlyAccess in account-1',
      confirmBy: 'account-1',
      setName: 'ReadOnlyAccess',
      detail: 'Workloads · 000000000001',
      windowsMs: [15 * MIN, 45 * MIN],
      approverNames: ['Grace', 'Linus'],
      rule: 'aws-readers',
      notes: ['A session that was opened before the end can last up to 1 h from when it was opened.'],
    });
    const [grave] = await preview.search(GRACE, 'account-7 admin3', 100);
    expect(grave).toMatchObject({ rule: 'aws-grave', tier: 0, channel: 'C0ONCALL', approverNames: ['Linus', 'Margaret'] });
    expect(await preview.search(ADA, 'account-7 admin3', 100)).toEqual([]);
  });

  it('holds each pair against the rules once, and asks once for each rule who could approve', async () => {
    const { preview, counted, asked } = begin();
    expect(await preview.search(ADA, '', 100)).toHaveLength(100);
    expect(counted.held).toBeLessThanOrEqual(5_000);
    expect(asked.members).toBeLessThanOrEqual(2);
    counted.held = 0;
    expect(await preview.search(ADA, 'admin', 100)).toEqual([]);
    expect(counted.held).toBe(199 * 24);
  });

  it('looks at no pair at all for somebody whom no rule of the kind lets ask', async () => {
    const { preview, counted } = begin();
    expect(await preview.search(MALLORY, 'account', 100)).toEqual([]);
    expect(counted.held).toBe(0);
  });

  it('finds Macs by name and serial too, and no more than the limit in all', async () => {
    const { preview } = begin();
    expect((await preview.search(ADA, 'ada-m C02', 10)).map(({ display }) => display)).toEqual(['ada-mac']);
    expect(await preview.search(ADA, '', 3)).toHaveLength(3);
    expect(await preview.search(ADA, '', 1)).toHaveLength(1);
  });

  it('only of the kind that is asked for, whatever there is of another', async () => {
    const { preview } = begin();
    const kindsOf = async (kind?: TargetKind) =>
      new Set((await preview.search(ADA, '', 100, ADA, 'asking', kind)).map((one) => one.kind));
    expect(await kindsOf()).toEqual(new Set(['mac-admin', 'aws-permission-set']));
    expect(await kindsOf('mac-admin')).toEqual(new Set(['mac-admin']));
    expect(await kindsOf('aws-permission-set')).toEqual(new Set(['aws-permission-set']));
    expect((await preview.offersFor(ADA, ADA, 'mac-admin')).searchable).toBe(false);
    expect((await preview.offersFor(ADA, ADA, 'aws-permission-set')).offers.map(({ kind }) => kind)).not.toContain('mac-admin');
  });

  it('finds first what is named in full, however many others speak of it', () => {
    const [account, set] = [ACCOUNTS[1] as Account, SETS[24] as PermissionSet];
    const auditors = Array.from({ length: 80 }, (_, n) => ({
      ...set,
      arn: `${set.arn}${n}`,
      name: `Auditor${n}`,
      description: 'More than ReadOnlyAccess',
    }));
    const limits = { managementAccountId: '', delegated: false, setsOfManagement: new Set<string>() };
    const crowded = createSearch([account, { ...account, id: id(300), name: 'account-10' }], [...auditors, set], limits);
    const named = (text: string) => crowded.find(text, 50).map((pair) => `${pair.set.name} in ${pair.account.name}`);
    expect(named('account-1 readonlyaccess')[0]).toBe('ReadOnlyAccess in account-1');
    expect(named(`${account.id} ReadOnlyAccess`)).toContain('ReadOnlyAccess in account-1');
  });

  it('offers what AWS would refuse as barred, with the reason', async () => {
    const { preview } = begin();
    const found = await preview.search(ADA, 'account-3 read', 100);
    expect(found[0]?.barred).toMatch(/management account/);
    expect(found[1]?.barred).toBeUndefined();
  });

  it('gives what it has while one kind can not be searched, and says why where that is nothing', async () => {
    const { preview, counted } = begin();
    counted.fails = true;
    expect((await preview.search(ADA, 'ada', 10)).map(({ display }) => display)).toEqual(['ada-mac']);
    await expect(preview.search(ADA, 'account', 10)).rejects.toMatchObject({ code: 'aws-unavailable' });
  });

  it('has keys that fit into a form', async () => {
    const { preview } = begin();
    for (const { key } of await preview.search(GRACE, '', 100)) expect(key.length).toBeLessThanOrEqual(150);
  });
});

describe('pinning', () => {
  it('gives the offer and the target of this person, of every kind', async () => {
    const { preview } = begin();
    const { offer, target } = await preview.pin(LINUS, READER);
    expect(offer).toMatchObject({ key: READER, rule: 'aws-readers' });
    expect(target).toMatchObject({ key: `${READER}/user-linus`, principalId: 'user-linus' });
    expect((await preview.pin(ADA, 'mac-admin/C02ADA01')).target).toMatchObject({ serial: 'C02ADA01' });
  });

  it.each<[string, Person, string, string]>([
    ['what no rule lets this person ask for', ADA, 'aws/000000000007/ps-3', 'not-eligible'],
    ['what AWS would refuse', ADA, 'aws/000000000003/ps-24', 'not-eligible'],
    ['a suspended account', ADA, 'aws/000000000009/ps-24', 'unknown-target'],
    ['the Mac of somebody else', ADA, 'mac-admin/C02GRACE01', 'unknown-target'],
    ['what there is not', ADA, 'constructor', 'unknown-target'],
    ['anything for somebody who left', { ...MARGARET, active: false }, READER, 'person-inactive'],
  ])('refuses %s, and asks nobody who they are', async (_what, person, key, code) => {
    const { preview, counted } = begin();
    await expect(preview.pin(person, key)).rejects.toMatchObject({ code });
    expect(counted.pinned).toBe(0);
  });
});
