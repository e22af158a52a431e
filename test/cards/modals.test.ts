import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTarget } from '../../cards/actions.js';
import {
  approveModal,
  denyModal,
  loadingModal,
  messageModal,
  reviewModal,
  revokeModal,
  unprovenModal,
} from '../../cards/modals.js';
import { suggestionsOf } from '../../cards/offer-options.js';
import { fieldOf } from '../../cards/request-fields/part.js';
import { requestModal, speaksFor, speaksOf } from '../../cards/request-modal.js';
import type { PersonId } from '../../contract/ids.js';
import type { Offer } from '../../contract/preview.js';
import { CATEGORIES } from '../../contract/request.js';
import { hostile } from './hostile.js';
import { checkView, visible } from './limits.js';
import { DIGEST, MIN, request } from './views.js';

const windowsMs = [5, 10, 15, 30].map((m) => m * MIN);
const offer = (i: number, over: Partial<Offer> = {}): Offer => ({
  key: `mac-admin/C0${i}`,
  kind: 'mac-admin',
  display: `mac-${i}`,
  confirmBy: `mac-${i}`,
  windowsMs,
  approverNames: ['#it-approvals'],
  rule: 'r',
  notes: [],
  ...over,
});
const aws = (i: number, over: Partial<Offer> = {}): Offer =>
  offer(i, {
    key: `aws/31001843000${i}/ps-a0d1e2f3a4b5c602`,
    kind: 'aws-permission-set',
    display: `PowerUserAccess in payments-${i}`,
    confirmBy: `payments-${i}`,
    detail: `31001843000${i} · Root/Production`,
    ...over,
  });
const input = { offers: [offer(1)], searchable: false, categories: CATEGORIES };
const round = { requestId: request().requestId, digest: DIGEST };
const fields = (view: ReturnType<typeof requestModal>) => view.blocks.flatMap((b) => (b.block_id ? [fieldOf(b.block_id)] : []));

describe('the form behind /elevate', () => {
  it('has the block ids that inline errors are keyed by, and fits Slack', () => {
    const view = requestModal(input);
    expect(checkView(view)).toEqual([]);
    expect(view.callback_id).toBe('elevate');
    expect(view.blocks.map((b) => b.block_id)).toEqual(['target', 'window', 'category', 'reason', undefined]);
    expect(visible(view)).toContain("Goes to #it-approvals · your session's sudo log is attached to the thread");
  });

  it('fits with a hundred Macs and many windows, and says that not every Mac has every window', () => {
    const offers = Array.from({ length: 150 }, (_, i) => offer(i, { windowsMs: [(i + 1) * MIN] }));
    const view = requestModal({ ...input, offers });
    expect(checkView(view)).toEqual([]);
    expect(visible(view)).toContain('Not every Mac may offer every length');
  });

  it('prefills only what can be chosen', () => {
    const written = new Map([
      ['window', `${7 * MIN}`],
      ['category', 'debug'],
      ['reason', 'x\u202Ey'],
    ]);
    const form = requestModal({ ...input, written });
    const chosen = JSON.stringify(form);
    expect(chosen).toContain('"initial_value":"xy"');
    expect(chosen.match(/initial_option/g)).toHaveLength(2);
  });

  it('shows hostile names as they are, within the limits, listed, searched for and chosen', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const more = { display: text, approverNames: [text], detail: text, notes: [text, text], tier: 0, channel: text } as const;
        const written = new Map(['window', 'category', 'reason', 'confirm'].map((field) => [field, text]));
        const offers = [offer(1, more), aws(2, { ...more, barred: text }), aws(3, more)];
        for (const searchable of [false, true]) {
          for (const chosen of [undefined, ...offers, { key: text, barred: text }]) {
            expect(checkView(requestModal({ offers, searchable, chosen, categories: CATEGORIES, written }))).toEqual([]);
          }
        }
        expect(checkView(messageModal(text, text))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('shows hostile names of people and hostile outlooks within the limits, too', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const offers = [offer(1), offer(2)];
        const written = new Map([['for', text]]);
        const lines = Array.from({ length: 20 }, () => ({ title: 'Limits', says: text }));
        const self = { personId: 'ada' as PersonId, name: text };
        const others = Array.from({ length: 150 }, (_, i) => ({ personId: `p${i}` as PersonId, name: text }));
        const subject = { personId: 'found-by-typing' as PersonId, name: text };
        const told = [{ outlook: text }, { outlook: { refusals: [text, text], lines, byLength: true } }, {}];
        const whom = [
          { forWhom: { self, subject: self, others, more: false } },
          { forWhom: { self, subject, others, more: true } },
          {},
        ];
        for (const outlook of told)
          for (const forWhom of whom)
            for (const given of [offers, offers.slice(0, 1), ...('forWhom' in forWhom ? [[]] : [])]) {
              const view = {
                offers: given,
                searchable: false,
                chosen: given[0],
                categories: CATEGORIES,
                written,
                ...outlook,
                ...forWhom,
              };
              expect(checkView(requestModal(view))).toEqual([]);
            }
      }),
      { numRuns: 5 },
    );
  });

  it('is refused when there is nothing to choose from', () => {
    expect(() => requestModal({ ...input, offers: [] })).toThrow(/nothing/i);
    expect(fields(requestModal({ ...input, offers: [], searchable: true }))).toEqual(['target', 'category', 'reason']);
  });
});

describe('the form with a search', () => {
  const search = { ...input, offers: [offer(1), offer(2)], searchable: true };

  it('asks for a length only once something is chosen, and then for those of the choice', () => {
    expect(fields(requestModal(search))).toEqual(['target', 'category', 'reason']);
    const chosen = aws(1, { windowsMs: [45 * MIN], approverNames: ['Grace'], channel: 'C0PAYMENTS', notes: ['Mind the tail.'] });
    const view = requestModal({ ...search, chosen });
    expect(checkView(view)).toEqual([]);
    expect(fields(view)).toEqual(['target', 'window', 'category', 'reason']);
    expect(JSON.stringify(view)).toContain('"channel_id":"C0PAYMENTS"');
    expect(visible(view)).toMatch(/310018430001 · Root[\s\S]*Mind the tail\.[\s\S]*45 min[\s\S]*Goes to Grace/);
    expect(speaksOf(view.private_metadata ?? '', chosen.key)).toBe(true);
    expect(speaksOf(view.private_metadata ?? '', aws(2).key)).toBe(false);
    expect(speaksOf(requestModal(search).private_metadata ?? '', chosen.key)).toBe(false);
  });

  it('says in one line, as plain text, why something may not be found now', () => {
    const view = requestModal({ ...search, note: 'AWS cannot be searched yet. <!channel>' });
    expect(checkView(view)).toEqual([]);
    expect(view.blocks[1]).toMatchObject({
      type: 'context',
      elements: [{ type: 'plain_text', text: '⏳ AWS cannot be searched yet. <!channel>' }],
    });
    expect(visible(requestModal(search))).not.toContain('⏳');
  });

  it('keeps a picked length while the same are offered, and asks anew when they are not', () => {
    const block = (windows: readonly number[]) =>
      requestModal({ ...search, chosen: aws(1, { windowsMs: windows }) }).blocks.find(
        (b) => fieldOf(b.block_id ?? '') === 'window',
      );
    expect(block([5, 10])?.block_id).toBe(block([5, 10])?.block_id);
    expect(block([5, 10])?.block_id).not.toBe(block([5, 15])?.block_id);
  });

  it('wants the name of the account typed where the most is at stake, and only there', () => {
    const worst = requestModal({ ...search, chosen: aws(1, { tier: 0 }) });
    expect(visible(worst)).toMatch(/🔴 tier 0[\s\S]*🔴 To confirm, type payments-1/);
    expect(fields(worst)).toContain('confirm');
    for (const tier of [1, 2, 3] as const)
      expect(fields(requestModal({ ...search, chosen: aws(1, { tier }) }))).not.toContain('confirm');
    const other = requestModal({ ...search, chosen: aws(2, { tier: 0 }) });
    expect(other.blocks.map((b) => b.block_id)).not.toEqual(worst.blocks.map((b) => b.block_id));
  });

  it('says why a choice is not to be had', () => {
    const barred = requestModal({ ...search, chosen: aws(1, { barred: 'Used in the management account.' }) });
    expect(visible(barred)).toContain('Used in the management account.');
    expect(visible(requestModal({ ...search, chosen: { key: 'x', barred: 'You are not known to AWS.' } }))).toContain(
      'not known to AWS',
    );
  });
});

describe('the form for somebody else', () => {
  const self = { personId: 'ada' as PersonId, name: 'Ada' };
  const grace = { personId: 'grace' as PersonId, name: 'Grace' };
  const forWhom = { self, subject: grace, others: [grace], more: false };

  it('says for whom it is, and has another block for what is asked for: nothing of another person stays in it', () => {
    const [own, other] = [
      requestModal({ ...input, forWhom: { ...forWhom, subject: self } }),
      requestModal({ ...input, forWhom }),
    ];
    expect(fields(other)).toEqual(['for', 'target', 'window', 'category', 'reason']);
    expect(own.blocks[1]?.block_id).toBe('target');
    expect(other.blocks[1]?.block_id).not.toBe('target');
    expect(speaksFor(other.private_metadata ?? '')).toBe('grace');
    expect(speaksFor(own.private_metadata ?? '')).toBeUndefined();
    expect(speaksOf(requestModal({ ...input, forWhom, chosen: offer(1) }).private_metadata ?? '', offer(1).key)).toBe(true);
    expect(requestModal(input).blocks.map((b) => b.block_id)).not.toContain('for');
  });
});

describe('what a search offers', () => {
  it('stands in groups by kind, the kind of the best first, each key once, and at most a hundred in all', () => {
    const found = suggestionsOf([aws(1), offer(1), aws(1), aws(2)]);
    const groups = 'option_groups' in found ? found.option_groups : [];
    expect(groups.map((g) => [g.label.text, g.options.map((o) => o.value)])).toEqual([
      ['AWS', [aws(1).key, aws(2).key]],
      ['Macs', [offer(1).key]],
    ]);
    const many = suggestionsOf(Array.from({ length: 300 }, (_, i) => offer(i)));
    expect('option_groups' in many && many.option_groups.flatMap((g) => g.options)).toHaveLength(100);
    expect(suggestionsOf([])).toEqual({ options: [] });
  });

  it('leaves out what Slack cannot carry, and holds the longest names', () => {
    expect(suggestionsOf([offer(1, { key: 'k'.repeat(151) })])).toEqual({ options: [] });
    fc.assert(
      fc.property(hostile, (text) => {
        const found = suggestionsOf([aws(1, { display: text, detail: text, tier: 0 }), aws(2, { display: text, barred: text })]);
        const options = 'option_groups' in found ? found.option_groups.flatMap((g) => g.options) : [];
        expect(options).toHaveLength(2);
        const form = {
          type: 'modal',
          title: title('t'),
          submit: title('s'),
          blocks: [{ type: 'input', label: title('l'), element: { type: 'static_select', action_id: 'a', options } }],
        };
        expect(checkView(form)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
const title = (text: string) => ({ type: 'plain_text', text, emoji: false });

describe('the other modals', () => {
  it.each([
    ['deny', denyModal(round)],
    ['revoke', revokeModal(round)],
    ['approve', approveModal(round, [300_000, 600_000], 600_000)],
    ['close-unproven', unprovenModal(round)],
    ['review', reviewModal(round)],
  ])('%s carries its round and fits Slack', (callback, view) => {
    expect(checkView(view)).toEqual([]);
    expect(view.callback_id).toBe(callback);
    expect(parseTarget(view.private_metadata)).toEqual({ requestId: round.requestId, roundDigest: DIGEST });
  });

  it('an approval begins with the length that was asked for', () => {
    const form = JSON.stringify(approveModal(round, [300_000, 600_000], 600_000));
    expect(form).toMatch(/"initial_option":\{"text":\{[^}]*"10 min"[^}]*\},"value":"600000"\}/);
    expect(
      checkView(
        approveModal(
          round,
          Array.from({ length: 200 }, (_, i) => (i + 1) * 60_000),
          7,
        ),
      ),
    ).toEqual([]);
  });

  it('a comment is optional, a finding is not', () => {
    expect(JSON.stringify(denyModal(round))).toContain('"optional":true');
    expect(JSON.stringify(unprovenModal(round))).not.toContain('"optional":true');
  });

  it('loading and one sentence fit Slack', () => {
    expect(checkView(loadingModal())).toEqual([]);
    expect(checkView(messageModal('Not possible here and now, sorry', 'x'.repeat(9000)))).toEqual([]);
    expect(checkView(messageModal('', ''))).toEqual([]);
  });
});
