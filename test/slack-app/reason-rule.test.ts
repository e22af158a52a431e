/** What a rule asks of the reason, in the form: said before it is sent, and checked again when it comes. */
import { expect, it } from 'vitest';
import { FIELDS } from '../../cards/modals.js';
import { requestModal } from '../../cards/request-modal.js';
import type { Offer } from '../../contract/preview.js';
import { CATEGORIES } from '../../contract/request.js';
import { readForm } from '../../slack-app/request-form.js';
import { checkView } from '../cards/limits.js';
import { MINUTE, mac, offerOf } from './fakes.js';

const SAYS = 'The reason needs at least 30 characters. The reason must name a ticket ([A-Z]+-[0-9]+).';
const plain: Offer = { ...offerOf(mac('C02BOB')), windowsMs: [10 * MINUTE], approverNames: ['Alice'], rule: 'engineers' };
const strict: Offer = { ...plain, key: 'other', reason: { rule: { min: 30, ticket: '[A-Z]+-[0-9]+' }, says: SAYS } };
const input = { searchable: false, categories: CATEGORIES };

function reasonOf(offers: readonly Offer[], chosen?: Offer) {
  const view = requestModal({ ...input, offers, chosen });
  expect(checkView(view)).toEqual([]);
  const block = view.blocks.find((one) => one.block_id === FIELDS.reason);
  const { hint, element } = block as { hint: { text: string }; element: { min_length: number } };
  return { hint: hint.text, least: element.min_length };
}

it('is said beside the field, and its least length is the field’s, once it is known what is asked for', () => {
  expect(reasonOf([strict])).toEqual({ hint: expect.stringContaining(SAYS), least: 30 });
  expect(reasonOf([plain, strict], strict)).toEqual({ hint: expect.stringContaining(SAYS), least: 30 });
  for (const some of [reasonOf([plain]), reasonOf([plain, strict])])
    expect(some).toEqual({ hint: expect.not.stringContaining('ticket'), least: 10 });
});

it.each([
  ['IT-7: this is short', 'The reason needs at least 30 characters; this has 19.'],
  ['I want to look at why the queue is stuck', 'The reason must name a ticket ([A-Z]+-[0-9]+). This names none.'],
  ['IT-7: look at why the queue is stuck', undefined],
])('%s is answered in its field', (reason, said) => {
  const values = new Map([
    [FIELDS.window, String(10 * MINUTE)],
    [FIELDS.category, 'debug'],
    [FIELDS.reason, `  ${reason} `],
  ]);
  const read = readForm({ values }, strict);
  expect(read.ok ? undefined : read.errors).toEqual(said === undefined ? undefined : { [FIELDS.reason]: said });
  expect(readForm({ values }, plain).ok).toBe(true);
});
