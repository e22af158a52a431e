/**
 * The form behind `/elevate`. Where there is more than a list can hold the target is searched for by typing, and what is
 * said of it (lengths, who decides, how much is at stake) follows once it is chosen. All of it is checked again on arrival.
 */
import { createHash } from 'node:crypto';
import type { InputBlock, KnownBlock, ModalView } from '@slack/types';
import { StintError } from '../contract/errors.js';
import { few } from '../contract/few.js';
import type { Offer } from '../contract/preview.js';
import { type Category, REASON_MAX, REASON_MIN } from '../contract/request.js';
import { context, lines, plainText } from './blocks.js';
import { KINDS, type KindTexts } from './kinds/index.js';
import { CALLBACKS, FIELDS } from './modals.js';
import { OPTIONS_MAX, option, optionOf } from './offer-options.js';
import { channel, foreign, type Sentence, spell, strong } from './say.js';
import { oneLine, sanitise } from './text.js';
import { TIER_WORDS } from './tier.js';

/** What is chosen: an offer, or why it is none. */
export type Chosen = Offer | { readonly key: string; readonly barred: string };

export interface RequestModalInput {
  /** What can be chosen without typing; at most 100 are shown. The key comes back as the selected value. */
  readonly offers: readonly Offer[];
  /** Whether there is more, to be found by typing. */
  readonly searchable: boolean;
  readonly chosen?: Chosen | undefined;
  /** Why something may be missing from what can be found now, as a sentence. */
  readonly note?: string | undefined;
  /** Why the form is here again although it was sent, as a sentence. */
  readonly again?: string | undefined;
  readonly categories: readonly Category[];
  readonly prefill?: {
    readonly windowMs?: number | undefined;
    readonly category?: Category | undefined;
    readonly reason?: string | undefined;
  };
}

/** Throws `bad-input` when there is nothing to choose from. */
export function requestModal(input: RequestModalInput): ModalView {
  const { offers, searchable, categories, prefill = {} } = input;
  if ((offers.length === 0 && !searchable) || categories.length === 0) {
    throw new StintError('bad-input', 'There is nothing, or no category, to choose from.');
  }
  const chosen = input.chosen ?? (offers.length === 1 ? offers[0] : undefined);
  const offer = chosen && 'kind' in chosen ? chosen : undefined;
  const shown = offer ? [offer] : searchable || chosen ? [] : offers;
  return {
    type: 'modal',
    callback_id: CALLBACKS.elevate,
    title: plainText(only(offers, searchable)?.title ?? 'Ask for access', 24),
    submit: plainText('Send request', 24),
    close: plainText('Cancel', 24),
    private_metadata: searchable || input.chosen ? shownAs(chosen?.key) : '',
    blocks: [
      targetInput(input, chosen),
      ...(input.again === undefined ? [] : [lines(['⚠️ ', foreign(input.again, 300)])]),
      ...(input.note === undefined ? [] : [context(`⏳ ${oneLine(input.note, 600)}`)]),
      ...said(chosen, searchable),
      ...windowInput(shown, searchable || input.chosen !== undefined, prefill.windowMs),
      ...confirmInput(offer),
      categoryInput(categories, prefill.category),
      reasonInput(prefill.reason, shown),
      ...goesTo(shown),
    ],
  };
}

/** The words of the one kind that there is to choose from, if there is one. */
function only(offers: readonly Offer[], searchable = false): KindTexts | undefined {
  const [kind, ...more] = new Set(offers.map((offer) => offer.kind));
  return kind && more.length === 0 && !searchable ? KINDS[kind] : undefined;
}

/** Which offer the form speaks of, in its `private_metadata`; not the key itself, which may be anybody's text. */
function shownAs(key: string | undefined): string {
  return `of:${key === undefined ? '' : shortHash(key)}`;
}

/** Whether a form of this `private_metadata` speaks of that offer, or lists everything and speaks of none. */
export function speaksOf(metadata: string, key: string): boolean {
  return metadata === '' || metadata === shownAs(key);
}

const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);

function targetInput({ offers, searchable }: RequestModalInput, chosen: Chosen | undefined): InputBlock {
  const options = offers.slice(0, OPTIONS_MAX).map(optionOf);
  const base = { type: 'input' as const, block_id: FIELDS.target };
  if (searchable) {
    const initial = chosen && 'kind' in chosen ? optionOf(chosen) : undefined;
    return {
      ...base,
      label: plainText('What do you need?', 2000),
      hint: plainText('Type a part of its name, of the account, of its number, or of what you want to be there.', 2000),
      dispatch_action: true,
      element: {
        type: 'external_select',
        action_id: FIELDS.target,
        placeholder: plainText('Type to search', 150),
        min_query_length: 0,
        ...(initial ? { initial_option: initial } : {}),
      },
    };
  }
  const initial = options.find((o) => o.value === chosen?.key);
  return {
    ...base,
    label: plainText(only(offers)?.one ?? 'What do you need?', 2000),
    element: { type: 'static_select', action_id: FIELDS.target, options, ...(initial ? { initial_option: initial } : {}) },
  };
}

/** What has to be known of a choice before it is asked for. */
function said(chosen: Chosen | undefined, searchable: boolean): KnownBlock[] {
  if (!chosen) return [];
  const of = 'kind' in chosen ? chosen : undefined;
  const found: Sentence[] = [
    chosen.barred === undefined ? [] : ['🚫 ', strong('Not possible: '), foreign(chosen.barred, 600)],
    of?.tier === undefined ? [] : [strong('Risk: '), TIER_WORDS[of.tier], ...(of.tier === 0 ? ['. Look twice.'] : ['.'])],
    !searchable || of?.detail === undefined ? [] : [foreign(of.detail, 300)],
    ...(of?.notes ?? []).slice(0, 6).map((note): Sentence => [foreign(note, 400)]),
  ].filter((sentence) => sentence.length > 0);
  return found.map((sentence) => lines(sentence));
}

/**
 * Radio buttons up to Slack's ten; a menu beyond. Both come back as `selected_option.value`, in milliseconds. The block's
 * id follows from the lengths: what was picked stays for as long as the same are offered, and not a moment longer.
 */
function windowInput(offers: readonly Offer[], varies: boolean, picked: number | undefined): InputBlock[] {
  const windows = [...new Set(offers.flatMap((t) => t.windowsMs))].sort((a, b) => a - b);
  if (windows.length === 0) return [];
  const options = windows.slice(0, OPTIONS_MAX).map((ms) => option(String(ms), spell(ms)));
  const initial = options.find((o) => o.value === String(picked));
  const type = options.length <= 10 ? ('radio_buttons' as const) : ('static_select' as const);
  return [
    {
      type: 'input',
      block_id: varies ? blockOf(FIELDS.window, windows.join(' ')) : FIELDS.window,
      label: plainText('For how long', 2000),
      element: { type, action_id: FIELDS.window, options, ...(initial ? { initial_option: initial } : {}) },
      ...(offers.length > 1
        ? {
            hint: plainText(`Not every ${only(offers)?.one ?? 'one'} may offer every length; it is checked when you send.`, 2000),
          }
        : {}),
    },
  ];
}

/** Where the most is at stake, a name has to be typed: nobody does that by habit. Another choice begins it anew. */
function confirmInput(offer: Offer | undefined): InputBlock[] {
  if (offer?.tier !== 0) return [];
  const name = oneLine(offer.confirmBy, 100);
  return [
    {
      type: 'input',
      block_id: blockOf(FIELDS.confirm, offer.key),
      label: plainText(`🔴 To confirm, type ${name}`, 2000),
      element: { type: 'plain_text_input', action_id: FIELDS.confirm, max_length: 150 },
    },
  ];
}

const blockOf = (field: string, about: string): string => `${field}~${shortHash(about)}`;

/** The field that a block is for. */
export function fieldOf(blockId: string): string {
  return blockId.split('~', 1)[0] ?? blockId;
}

function goesTo(offers: readonly Offer[]): KnownBlock[] {
  if (offers.length === 0) return [context('Who decides is shown once you have chosen.')];
  const to = oneLine(approversOf(offers), 200);
  const record = [...new Set(offers.map(({ kind }) => KINDS[kind].record))].join(', or ');
  const [room] = offers.length === 1 ? offers.map((o) => o.channel) : [];
  if (room === undefined) return [context(`Goes to ${to} · ${record}`)];
  return [lines(['Goes to ', foreign(to, 200), ' in ', channel(room), ` · ${record}`])];
}

function approversOf(offers: readonly Offer[]): string {
  const names = [...new Set(offers.flatMap((o) => o.approverNames))];
  return names.length === 0 ? 'the approvers' : few(names, 4);
}

function categoryInput(categories: readonly Category[], picked: Category | undefined): InputBlock {
  const options = categories.slice(0, OPTIONS_MAX).map((c) => option(c, c.charAt(0).toUpperCase() + c.slice(1)));
  const initial = options.find((o) => o.value === picked);
  return {
    type: 'input',
    block_id: FIELDS.category,
    label: plainText('Category', 2000),
    element: { type: 'static_select', action_id: FIELDS.category, options, ...(initial ? { initial_option: initial } : {}) },
  };
}

/** Of several offers only what all of them ask is asked here; the rest is said when it is sent. */
function reasonInput(written: string | undefined, offers: readonly Offer[]): InputBlock {
  const least = Math.min(...offers.map(({ reason }) => reason?.rule.min ?? REASON_MIN));
  const [says, ...more] = new Set(offers.map(({ reason }) => reason?.says ?? ''));
  const asked = says && more.length === 0 ? ` ${oneLine(says, 800)}` : '';
  const initial = sanitise(written ?? '', REASON_MAX);
  return {
    type: 'input',
    block_id: FIELDS.reason,
    label: plainText('Reason', 2000),
    hint: plainText(`What will you do, and why does it need this access? Approvers see this as you write it.${asked}`, 2000),
    element: {
      type: 'plain_text_input',
      action_id: FIELDS.reason,
      multiline: true,
      min_length: Number.isFinite(least) ? least : REASON_MIN,
      max_length: REASON_MAX,
      ...(initial ? { initial_value: initial } : {}),
    },
  };
}
