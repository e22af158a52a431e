/** What a rule's names take in, where it names several things, an id or a star; and what is asked of a reason, to the character. */
import { describe, expect, it } from 'vitest';
import type { Serial } from '../../contract/ids.js';
import type { AwsAbout } from '../../contract/ports.js';
import type { ReasonRule } from '../../contract/preview.js';
import { REASON_MAX, REASON_MIN } from '../../contract/request.js';
import { fits, type Matches, open, takes } from '../../policy/kinds.js';
import { asksNoLess, reasonText, wrongReason } from '../../policy/reason.js';

const ABOUT: AwsAbout = {
  kind: 'aws-permission-set',
  accountId: '333333333333',
  accountName: 'Prod-Billing',
  ouNames: ['Production'],
  ouIds: ['ou-ab12-prod1111'],
  set: 'AdministratorAccess',
};
type Match = Matches['aws-permission-set'];

describe('a list in a rule', () => {
  it('is fitted by whatever fits one of its entries, and by nothing that fits none', () => {
    const mac = (serials: readonly string[]) =>
      fits('mac-admin', { serials }, { kind: 'mac-admin', serial: 'C02ADA01' as Serial });
    expect([mac(['C02ADA01', 'C99*']), mac(['C99*', 'C02*']), mac(['C99*']), mac([])]).toEqual([true, true, false, false]);
    const set = (sets: readonly string[]) => fits('aws-permission-set', { sets }, ABOUT);
    expect([set(['ReadOnly', 'Admin*']), set(['Admin*', 'ReadOnly']), set(['ReadOnly'])]).toEqual([true, true, false]);
  });

  it('of tags is what may still come to fit while they are not known, and nothing else is', () => {
    const may = (match: Match, about = ABOUT) => open('aws-permission-set', match, about);
    expect(may({ tags: { owner: '*' } })).toBe(true);
    expect(may({ sets: ['*'] })).toBe(false);
    expect(may({ tags: { owner: '*' }, sets: ['ReadOnly'] })).toBe(false);
    expect(may({ tags: { owner: '*' } }, { ...ABOUT, tags: {} })).toBe(false);
  });

  it.each<[string, Match, Match, boolean]>([
    ['an id takes itself', { accounts: ['333333333333'] }, { accounts: ['333333333333'] }, true],
    ['a unit takes itself by id', { ous: ['ou-ab12-prod1111'] }, { ous: ['ou-ab12-prod1111'] }, true],
    ['a pattern of names takes no id that looks like it', { accounts: ['3333*'] }, { accounts: ['333333333333'] }, false],
    ['nor the id of a unit', { ous: ['ou-ab12-*'] }, { ous: ['ou-ab12-prod1111'] }, false],
    ['an id takes no pattern of names', { ous: ['ou-ab12-prod1111'] }, { ous: ['ou-ab12-*'] }, false],
    ['a star takes ids', { ous: ['*'] }, { ous: ['ou-ab12-prod1111', 'Production'] }, true],
    ['many stars do too', { ous: ['***'] }, { ous: ['ou-ab12-prod1111'] }, true],
    ['a star and more does not', { ous: ['*1'] }, { ous: ['ou-ab12-prod1111'] }, false],
    ['a star among others takes what names nothing', { accounts: ['prod-*', '**'] }, { sets: ['Admin'] }, true],
    ['a star and more does not take that', { accounts: ['*1'] }, { sets: ['Admin'] }, false],
    ['what is alike but for the letters is taken', { sets: ['admin*'] }, { sets: ['ADMIN'] }, true],
  ])('%s', (_what, outer, inner, expected) => expect(takes('aws-permission-set', outer, inner)).toBe(expected));
});

describe('a reason', () => {
  const rule: ReasonRule = { min: 20, pattern: 'customer', message: 'Name the customer.', ticket: 'IT-[0-9]+' };
  const good = 'For a customer, see IT-4711';

  it('may have exactly as many characters as are allowed, and needs exactly as many as are asked', () => {
    expect([wrongReason({}, 'x'.repeat(REASON_MAX)), wrongReason({}, 'x'.repeat(REASON_MIN))]).toEqual([undefined, undefined]);
    expect(wrongReason({}, 'x'.repeat(REASON_MAX + 1))).toMatch(`at most ${REASON_MAX} characters; this has ${REASON_MAX + 1}`);
    expect(wrongReason({}, 'x'.repeat(REASON_MIN - 1))).toMatch(`at least ${REASON_MIN} characters`);
    expect([wrongReason({ min: 20 }, 'x'.repeat(20)), wrongReason({ min: 20 }, 'x'.repeat(19))]).toEqual([
      undefined,
      expect.stringMatching(/at least 20/),
    ]);
  });

  it('has to do for each thing that is asked, and for nothing else', () => {
    expect(wrongReason(rule, good)).toBeUndefined();
    expect(wrongReason(rule, good.replace('customer', 'colleague'))).toBe('Name the customer.');
    expect(wrongReason(rule, good.replace('IT-', 'HR-'))).toBe('The reason must name a ticket (IT-[0-9]+). This names none.');
    expect(wrongReason({ ticket: 'IT-[0-9]+' }, 'See IT-4711')).toBeUndefined();
  });

  it('is asked for in words before it is written: all of it, and no more', () => {
    expect(reasonText(rule)).toBe(
      'The reason needs at least 20 characters. Name the customer. The reason must name a ticket (IT-[0-9]+).',
    );
    expect(reasonText({ min: 20 })).toBe('The reason needs at least 20 characters.');
    expect(reasonText({ pattern: 'customer' })).toBe('The reason must match customer.');
    expect(reasonText({ ticket: 'IT' })).toBe('The reason must name a ticket (IT).');
    expect(reasonText({})).toBe('');
  });

  it('is asked no less for where each thing that was asked for still is', () => {
    const no = (one: ReasonRule | undefined, other: ReasonRule | undefined) => asksNoLess(one, other);
    for (const part of [{ min: REASON_MIN + 1 }, { pattern: 'a' }, { ticket: 'a' }]) {
      expect([no(part, part), no(part, undefined), no(part, {}), no(undefined, part), no({}, part)]).toEqual([
        ...[true, true, true],
        ...[false, false],
      ]);
    }
    expect([no({ pattern: 'a' }, { pattern: 'b' }), no({ ticket: 'a' }, { ticket: 'b' })]).toEqual([false, false]);
    expect([no({ min: 30 }, { min: 20 }), no({ min: 20 }, { min: 30 }), no(undefined, undefined)]).toEqual([true, false, true]);
  });
});
