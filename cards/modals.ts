/**
 * The modals: asking, loading, one sentence, and the three that want a word from the person. What comes back from a
 * modal is attacker-controlled: lengths and options are checked again by whoever receives it.
 */
import type { InputBlock, KnownBlock, ModalView, PlainTextOption } from '@slack/types';
import { StintError } from '../contract/errors.js';
import type { Digest, RequestId } from '../contract/ids.js';
import { type Category, REASON_MAX, REASON_MIN } from '../contract/request.js';
import { formatTarget } from './actions.js';
import { plainText } from './blocks.js';
import { spell } from './say.js';
import { oneLine, sanitise } from './text.js';

/** Block ids, which are also the action ids: Slack keys inline errors and the submitted values by them. */
export const FIELDS = {
  target: 'target',
  window: 'window',
  category: 'category',
  reason: 'reason',
  comment: 'comment',
  finding: 'finding',
} as const;
export const CALLBACKS = { elevate: 'elevate', deny: 'deny', revoke: 'revoke', closeUnproven: 'close-unproven' } as const;

export interface RequestModalInput {
  /** At most 100 are shown; the key comes back as the selected value. */
  readonly targets: readonly { readonly key: string; readonly display: string; readonly windowsMs: readonly number[] }[];
  readonly categories: readonly Category[];
  readonly prefill?: {
    readonly targetKey?: string;
    readonly windowMs?: number;
    readonly category?: Category;
    readonly reason?: string;
  };
  /** Where it goes: `#it-approvals`, or who decides. */
  readonly approversLine: string;
  readonly privateMetadata: string;
}

/** The form behind `/elevate`. Throws `bad-input` when there is nothing to choose from. */
export function requestModal(input: RequestModalInput): ModalView {
  const { targets, categories, prefill = {} } = input;
  const windows = [...new Set(targets.flatMap((t) => t.windowsMs))].sort((a, b) => a - b);
  if (targets.length === 0 || windows.length === 0 || categories.length === 0) {
    throw new StintError('bad-input', 'There is no Mac, window or category to choose from.');
  }
  return {
    type: 'modal',
    callback_id: CALLBACKS.elevate,
    title: plainText('Ask for admin rights', 24),
    submit: plainText('Send request', 24),
    close: plainText('Cancel', 24),
    private_metadata: input.privateMetadata,
    blocks: [
      targetInput(targets, prefill.targetKey),
      windowInput(windows, targets.length > 1, prefill.windowMs),
      categoryInput(categories, prefill.category),
      reasonInput(prefill.reason),
      { type: 'context', elements: [plainText(goesTo(input.approversLine), 2000)] },
    ],
  };
}

function goesTo(approvers: string): string {
  return `Goes to ${oneLine(approvers, 200)} · your session's sudo log is attached to the thread`;
}

function targetInput(targets: RequestModalInput['targets'], chosen: string | undefined): InputBlock {
  const options = targets.slice(0, 100).map((t) => option(t.key, oneLine(t.display, 75)));
  const initial = options.find((o) => o.value === chosen) ?? (options.length === 1 ? options[0] : undefined);
  return {
    type: 'input',
    block_id: FIELDS.target,
    label: plainText('Mac', 2000),
    element: { type: 'static_select', action_id: FIELDS.target, options, ...(initial ? { initial_option: initial } : {}) },
  };
}

/** Radio buttons up to Slack's ten; a menu beyond. Both come back as `selected_option.value`, in milliseconds. */
function windowInput(windows: readonly number[], several: boolean, chosen: number | undefined): InputBlock {
  const options = windows.slice(0, 100).map((ms) => option(String(ms), spell(ms)));
  const initial = options.find((o) => o.value === String(chosen));
  const type = options.length <= 10 ? ('radio_buttons' as const) : ('static_select' as const);
  return {
    type: 'input',
    block_id: FIELDS.window,
    label: plainText('For how long', 2000),
    element: { type, action_id: FIELDS.window, options, ...(initial ? { initial_option: initial } : {}) },
    ...(several ? { hint: plainText('Not every Mac may offer every length; it is checked when you send.', 2000) } : {}),
  };
}

function categoryInput(categories: readonly Category[], chosen: Category | undefined): InputBlock {
  const options = categories.slice(0, 100).map((c) => option(c, c.charAt(0).toUpperCase() + c.slice(1)));
  const initial = options.find((o) => o.value === chosen);
  return {
    type: 'input',
    block_id: FIELDS.category,
    label: plainText('Category', 2000),
    element: { type: 'static_select', action_id: FIELDS.category, options, ...(initial ? { initial_option: initial } : {}) },
  };
}

function reasonInput(written: string | undefined): InputBlock {
  const initial = sanitise(written ?? '', REASON_MAX);
  return {
    type: 'input',
    block_id: FIELDS.reason,
    label: plainText('Reason', 2000),
    hint: plainText('What will you do, and why does it need admin rights? Approvers see this as you write it.', 2000),
    element: {
      type: 'plain_text_input',
      action_id: FIELDS.reason,
      multiline: true,
      min_length: REASON_MIN,
      max_length: REASON_MAX,
      ...(initial ? { initial_value: initial } : {}),
    },
  };
}

function option(value: string, label: string): PlainTextOption {
  // A value is compared when it comes back, so it is never shortened.
  if (value.length > 150) throw new StintError('bad-input', 'A choice is longer than the 150 characters that Slack carries.');
  return { text: plainText(label, 75), value };
}

/** Opened at once, within Slack's three seconds, and then replaced. */
export function loadingModal(): ModalView {
  return messageModal('One moment', 'Looking up what you may ask for…');
}

/** One sentence in a modal: refusals, and what became of a submission. */
export function messageModal(title: string, sentence: string): ModalView {
  return {
    type: 'modal',
    title: plainText(oneLine(title, 24, 'Stint'), 24),
    close: plainText('Close', 24),
    blocks: [{ type: 'section', text: plainText(sanitise(sentence, 3000) || '…', 3000) }],
  };
}

/** Which elevation and round the modal decides. */
export interface RoundRef {
  readonly requestId: RequestId;
  readonly digest: Digest;
}

export function denyModal(round: RoundRef): ModalView {
  return wordModal(round, CALLBACKS.deny, 'Deny request', 'Deny', comment('Why?', 'The requester reads this.'));
}

export function revokeModal(round: RoundRef): ModalView {
  return wordModal(round, CALLBACKS.revoke, 'Revoke access', 'Revoke', comment('Why?', 'The subject reads this.'));
}

/** What was found when the Mac was looked at by hand; both people who close without proof have to say it. */
export function unprovenModal(round: RoundRef): ModalView {
  return wordModal(round, CALLBACKS.closeUnproven, 'Close without proof', 'Close without proof', {
    type: 'input',
    block_id: FIELDS.finding,
    label: plainText('What did you find?', 2000),
    hint: plainText('How you checked the Mac, and what is left to do. This is recorded for good.', 2000),
    element: {
      type: 'plain_text_input',
      action_id: FIELDS.finding,
      multiline: true,
      min_length: REASON_MIN,
      max_length: REASON_MAX,
    },
  });
}

function comment(label: string, hint: string): InputBlock {
  return {
    type: 'input',
    block_id: FIELDS.comment,
    optional: true,
    label: plainText(label, 2000),
    hint: plainText(hint, 2000),
    element: { type: 'plain_text_input', action_id: FIELDS.comment, multiline: true, max_length: REASON_MAX },
  };
}

function wordModal(round: RoundRef, callback: string, title: string, submit: string, block: KnownBlock): ModalView {
  return {
    type: 'modal',
    callback_id: callback,
    title: plainText(title, 24),
    submit: plainText(submit, 24),
    close: plainText('Cancel', 24),
    private_metadata: formatTarget({ requestId: round.requestId, roundDigest: round.digest }),
    blocks: [block],
  };
}
