/** How much a policy file may say of each thing: what is at the limit is taken, and one more, or one less, is refused at its place. */
import { describe, expect, it } from 'vitest';
import { isStintError } from '../../contract/errors.js';
import { parsePolicy } from '../../policy/load.js';

const MAC = {
  id: 'macs',
  kind: 'mac-admin',
  match: { serials: ['*'] },
  ask: { groups: ['staff'] },
  approve: { groups: ['it'] },
  windows: ['10m'],
  max: '30m',
};
const AWS = { ...MAC, id: 'aws', kind: 'aws-permission-set', match: { sets: ['*'] } };
const fileOf = (rule: object, more: object = {}) => JSON.stringify({ version: 1, ...more, targets: [rule] });

/** What is wrong with it; empty where nothing is. */
function wrong(text: string): string {
  try {
    parsePolicy(text, 'p');
    return '';
  } catch (error) {
    if (isStintError(error)) return error.sentence;
    throw error;
  }
}

const many = <T>(count: number, of: (i: number) => T) => Array.from({ length: count }, (_, i) => of(i));
const groups = (count: number) => many(count, (i) => `g${i}`);
const people = (count: number) => many(count, (i) => `p${i}`);
const text = (length: number) => 'a'.repeat(length);
const tags = (key: number, value: number) => ({ [text(key)]: text(value) });
const dates = (count: number) => many(count, (i) => new Date(Date.UTC(2026, 0, 1 + i)).toISOString().slice(0, 10));

/** The path, what is just allowed there, and what just is not. */
const OF_MACS: readonly (readonly [string, object, object])[] = [
  ['id', { id: `a${text(39)}` }, { id: `a${text(40)}` }],
  ['id', { id: 'a-1' }, { id: '1-a' }],
  ['id', { id: 'a' }, { id: 'A' }],
  ['tier', { tier: 0 }, { tier: -1 }],
  ['tier', { tier: 3 }, { tier: 4 }],
  ['channel', { channel: `C${'0'.repeat(20)}` }, { channel: `C${'0'.repeat(21)}` }],
  ['channel', { channel: 'G00' }, { channel: 'G0' }],
  ['channel', { channel: 'C0A1B2' }, { channel: 'C0a1b2' }],
  ['channel', { channel: 'C0A1B2' }, { channel: '#C0A1B2' }],
  ['match.serials[0]', { match: { serials: ['A'.repeat(32)] } }, { match: { serials: ['A'.repeat(33)] } }],
  ['match.serials[0]', { match: { serials: ['C-0*'] } }, { match: { serials: ['C_0*'] } }],
  ['match.serials', { match: { serials: ['A'] } }, { match: { serials: [] } }],
  ['match.serials', { match: { serials: many(10_000, (i) => `A${i}`) } }, { match: { serials: many(10_001, (i) => `A${i}`) } }],
  ['ask.groups', { ask: { groups: groups(50) } }, { ask: { groups: groups(51) } }],
  ['ask.groups[0]', { ask: { groups: [text(64)] } }, { ask: { groups: [text(65)] } }],
  ['ask.groups[0]', { ask: { groups: ['a_.-B0'] } }, { ask: { groups: ['-a'] } }],
  ['ask.groups[0]', { ask: { groups: ['oncall:primary'] } }, { ask: { groups: ['offcall:primary'] } }],
  ['ask.groups[0]', { ask: { groups: ['a'] } }, { ask: { groups: ['a b'] } }],
  ['ask.people', { ask: { people: people(200) } }, { ask: { people: people(201) } }],
  ['ask', { ask: { groups: [], people: ['p'] } }, { ask: { groups: [], people: [] } }],
  ['approve.quorum', { approve: { groups: ['it'], quorum: 10 } }, { approve: { groups: ['it'], quorum: 11 } }],
  ['approve.quorum', { approve: { groups: ['it'], quorum: 1 } }, { approve: { groups: ['it'], quorum: 0 } }],
  ['approve.quorum', { approve: { groups: ['it'], quorum: 2 } }, { approve: { groups: ['it'], quorum: 1.5 } }],
  [
    'approve.stages',
    { approve: { stages: many(4, () => ({ groups: ['it'] })) } },
    { approve: { stages: many(5, () => ({ groups: ['it'] })) } },
  ],
  ['approve.stages', { approve: { stages: [{ manager: true }] } }, { approve: { stages: [] } }],
  ['approve', { approve: { stages: [{ groups: ['it'] }] } }, { approve: { stages: [{ groups: ['it'] }], quorum: 1 } }],
  ['approve', { approve: { manager: true } }, { approve: { manager: false } }],
  ['approve.manager', { approve: { manager: true } }, { approve: { manager: 'grace' } }],
  ['windows', { windows: many(10, (i) => `${i + 1}s`) }, { windows: many(11, (i) => `${i + 1}s`) }],
  ['windows[0]', { windows: ['1s'] }, { windows: ['0s'] }],
  ['max', { max: '24h' }, { max: '24h1s' }],
  ['warn.before', { warn: { before: '0s' } }, { warn: { before: '-1s' } }],
  ['warn.minWindow', { warn: { minWindow: '1d' } }, { warn: { minWindow: '1d1s' } }],
  ['deadlines.pending', { deadlines: { pending: '30d' } }, { deadlines: { pending: '30d1s' } }],
  ['deadlines.start', { deadlines: { start: '7d' } }, { deadlines: { start: '7d1s' } }],
  ['deadlines.evidence', { deadlines: { evidence: '1s' } }, { deadlines: { evidence: '0s' } }],
  ['deadlines.evidence', { deadlines: { evidence: '1d' } }, { deadlines: { evidence: '1d1s' } }],
  ['limits.live', { limits: { live: 100 } }, { limits: { live: 101 } }],
  ['limits.live', { limits: { live: 1 } }, { limits: { live: 0 } }],
  ['limits.perHour', { limits: { perHour: 100 } }, { limits: { perHour: 101 } }],
  ['limits.perHour', { limits: { perHour: 1 } }, { limits: { perHour: 0 } }],
  ['limits.perWeek', { limits: { perWeek: '30d' } }, { limits: { perWeek: '30d1s' } }],
  ['limits.coolDown', { limits: { coolDown: '1s' } }, { limits: { coolDown: '0s' } }],
  ['limits.coolDown', { limits: { coolDown: '30d' } }, { limits: { coolDown: '30d1s' } }],
  ['limits', { limits: { live: 1 } }, { limits: {} }],
  ['hours.holidays', { hours: { zone: 'UTC', holidays: dates(500) } }, { hours: { zone: 'UTC', holidays: dates(501) } }],
  ['hours.days', { hours: { zone: 'UTC', days: ['mon'] } }, { hours: { zone: 'UTC', days: [] } }],
  [
    'hours.holidays[0]',
    { hours: { zone: 'UTC', holidays: ['2028-02-29'] } },
    { hours: { zone: 'UTC', holidays: ['2027-02-29'] } },
  ],
  ['hours.from', { hours: { zone: 'UTC', from: '23:59', to: '00:01' } }, { hours: { zone: 'UTC', from: '24:01' } }],
  ['hours', { hours: { zone: 'UTC', from: '00:00', to: '24:00' } }, { hours: { zone: 'UTC', to: '00:00' } }],
  ['reason.min', { reason: { min: 10 } }, { reason: { min: 9 } }],
  ['reason.min', { reason: { min: 500 } }, { reason: { min: 501 } }],
  ['reason.pattern', { reason: { pattern: text(200) } }, { reason: { pattern: text(201) } }],
  ['reason.ticket', { reason: { ticket: 'a' } }, { reason: { ticket: '' } }],
  ['reason.message', { reason: { pattern: 'a', message: text(200) } }, { reason: { pattern: 'a', message: text(201) } }],
  ['reason.message', { reason: { pattern: 'a', message: 'a b' } }, { reason: { pattern: 'a', message: 'a\nb' } }],
  ['reason', { reason: { pattern: 'a', message: 'b' } }, { reason: { min: 10, message: 'b' } }],
  ['reason', { reason: { ticket: 'a' } }, { reason: {} }],
];

const OF_AWS: typeof OF_MACS = [
  ['match', { match: { accounts: ['a'] } }, { match: {} }],
  ['match.accounts', { match: { accounts: many(1000, (i) => `a${i}`) } }, { match: { accounts: many(1001, (i) => `a${i}`) } }],
  ['match.accounts', { match: { accounts: ['a'] } }, { match: { accounts: [] } }],
  ['match.accounts[0]', { match: { accounts: [text(128)] } }, { match: { accounts: [text(129)] } }],
  ['match.accounts[0]', { match: { accounts: ['a b'] } }, { match: { accounts: ['a\u2028b'] } }],
  ['match.accounts[0]', { match: { accounts: ['a'] } }, { match: { accounts: [''] } }],
  ['match.ous[0]', { match: { ous: [text(128)] } }, { match: { ous: [text(129)] } }],
  ['match.ous[0]', { match: { ous: ['a'] } }, { match: { ous: ['a\tb'] } }],
  ['match.sets[0]', { match: { sets: [text(64)] } }, { match: { sets: [text(65)] } }],
  ['match.sets[0]', { match: { sets: ['A_+=,.@*-1'] } }, { match: { sets: ['A b'] } }],
  ['match.tags', { match: { tags: { k: '' } } }, { match: { tags: {} } }],
  [`match.tags.${text(128)}`, { match: { tags: tags(128, 256) } }, { match: { tags: tags(128, 257) } }],
  ['match.tags.k', { match: { tags: { k: 'a b' } } }, { match: { tags: { k: 'a\nb' } } }],
];

describe('a policy file takes what is just allowed, and refuses what just is not, at its place', () => {
  it.each([
    ...OF_MACS.map(([path, most, more]) => ({ path, most: { ...MAC, ...most }, more: { ...MAC, ...more } })),
    ...OF_AWS.map(([path, most, more]) => ({ path, most: { ...AWS, ...most }, more: { ...AWS, ...more } })),
  ])('$path of $most.kind', ({ path, most, more }) => {
    expect(wrong(fileOf(most))).toBe('');
    expect(wrong(fileOf(more))).toMatch(/^The policy is not valid: one problem\.\np:1:\d+ /);
    expect(wrong(fileOf(more))).toContain(` targets[0].${path}: `);
  });

  it('keys of tags have at most 128 characters, and at least one', () => {
    expect(wrong(fileOf({ ...AWS, match: { tags: tags(129, 1) } }))).toContain('targets[0].match.tags');
    expect(wrong(fileOf({ ...AWS, match: { tags: { '': 'a' } } }))).toContain('targets[0].match.tags');
  });

  it('reminders and the number of rules', () => {
    // biome-ignore lint/suspicious/noThenProperty: the file's word
    const reminders = { every: '7d', for: '0s', then: '1s' };
    expect(wrong(fileOf(MAC, { reminders }))).toBe('');
    for (const [key, value] of [
      ['every', '7d1s'],
      ['every', '0s'],
      ['for', '30d1s'],
      ['then', '0s'],
      ['then', '7d1s'],
    ] as const)
      expect(wrong(fileOf(MAC, { reminders: { ...reminders, [key]: value } }))).toContain(` reminders.${key}: must be between`);
    const rules = (count: number) =>
      JSON.stringify({ version: 1, targets: many(count, (i) => ({ ...MAC, id: `r${i}`, ask: { groups: [`g${i}`] } })) });
    expect(wrong(rules(2000))).toBe('');
    expect(wrong(rules(2001))).toContain(' targets: must have at most 2000 entries');
    expect(wrong(rules(0))).toContain(' targets: must have at least 1 entry');
  });

  it('the file has at most 1 MiB', () => {
    const short = fileOf(MAC);
    expect(wrong(short.padEnd(1024 * 1024))).toBe('');
    expect(wrong(short.padEnd(1024 * 1024 + 1))).toContain('p:1:1 the file has 1048577 bytes; at most 1048576 are allowed');
  });
});
