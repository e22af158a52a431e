/**
 * The modals: loading, one sentence, and those that want a word from the person; asking is in `request-modal.ts`. What
 * comes back from a modal is attacker-controlled: lengths and options are checked again by whoever receives it.
 */
import type { InputBlock, KnownBlock, ModalView } from '@slack/types';
import type { Digest, RequestId } from '../contract/ids.js';
import { REASON_MAX, REASON_MIN } from '../contract/request.js';
import { formatTarget } from './actions.js';
import { plainText } from './blocks.js';
import { OPTIONS_MAX, option } from './offer-options.js';
import { spell } from './say.js';
import { oneLine, sanitise } from './text.js';

/** Block ids, which are also the action ids: Slack keys inline errors and the submitted values by them. */
export const FIELDS = {
  for: 'for',
  target: 'target',
  window: 'window',
  start: 'start',
  category: 'category',
  reason: 'reason',
  confirm: 'confirm',
  comment: 'comment',
  finding: 'finding',
} as const;
export const CALLBACKS = {
  elevate: 'elevate',
  approve: 'approve',
  deny: 'deny',
  revoke: 'revoke',
  closeUnproven: 'close-unproven',
  review: 'review',
  breakGlass: 'break-glass',
} as const;

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

/** The length is chosen here, and judged when it is sent; `pickedMs` stands there first. */
export function approveModal(round: RoundRef, windowsMs: readonly number[], pickedMs: number | undefined): ModalView {
  const options = windowsMs.slice(0, OPTIONS_MAX).map((ms) => option(`${ms}`, spell(ms)));
  const initial = options.find(({ value }) => value === `${pickedMs}`);
  const length: InputBlock = {
    type: 'input',
    block_id: FIELDS.window,
    label: plainText('For how long', 2000),
    element: {
      type: 'static_select',
      action_id: FIELDS.window,
      options,
      ...(initial ? { initial_option: initial } : {}),
    },
  };
  const said = comment('Comment', 'The requester and everybody in this channel read it. It is kept with your decision.');
  return wordModal(round, CALLBACKS.approve, 'Approve request', 'Approve', length, said);
}

export function denyModal(round: RoundRef): ModalView {
  return wordModal(round, CALLBACKS.deny, 'Deny request', 'Deny', comment('Why?', 'The requester reads this.'));
}

export function revokeModal(round: RoundRef): ModalView {
  return wordModal(round, CALLBACKS.revoke, 'Revoke access', 'Revoke', comment('Why?', 'The subject reads this.'));
}

/** What was found when the target was looked at by hand; both people who close without proof have to say it. */
export function unprovenModal(round: RoundRef): ModalView {
  const hint = 'How you checked the target, and what is left to do. This is recorded for good.';
  return wordModal(round, CALLBACKS.closeUnproven, 'Close without proof', 'Close without proof', finding(hint));
}

/** What somebody else than the person found of what was taken by break-glass. */
export function reviewModal(round: RoundRef): ModalView {
  const hint = 'What you looked at, whether it was right, and what is left to do. This is recorded for good.';
  return wordModal(round, CALLBACKS.review, 'Review of a break-glass', 'Close the review', finding(hint));
}

function finding(hint: string): InputBlock {
  return {
    type: 'input',
    block_id: FIELDS.finding,
    label: plainText('What did you find?', 2000),
    hint: plainText(hint, 2000),
    element: {
      type: 'plain_text_input',
      action_id: FIELDS.finding,
      multiline: true,
      min_length: REASON_MIN,
      max_length: REASON_MAX,
    },
  };
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

function wordModal(round: RoundRef, callback: string, title: string, submit: string, ...blocks: KnownBlock[]): ModalView {
  return {
    type: 'modal',
    callback_id: callback,
    title: plainText(title, 24),
    submit: plainText(submit, 24),
    close: plainText('Cancel', 24),
    private_metadata: formatTarget({ requestId: round.requestId, roundDigest: round.digest }),
    blocks,
  };
}
