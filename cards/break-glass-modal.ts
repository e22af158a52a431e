/**
 * The form behind `/elevate break-glass`: what is taken at once, for which incident, and a name to type, so that nobody takes it by
 * a slip. All of it is checked again on arrival.
 */
import type { InputBlock, KnownBlock, ModalView } from '@slack/types';
import { REASON_MAX, REASON_MIN } from '../contract/request.js';
import { lines, plainText } from './blocks.js';
import { CALLBACKS } from './modals.js';
import { option, type Suggestions } from './offer-options.js';
import { strong } from './say.js';
import { sanitise } from './text.js';

/** Block ids, which are also the action ids, and no field of the other form: each is searched in its own way. */
export const GLASS_FIELDS = {
  target: 'glass-target',
  window: 'glass-window',
  incident: 'glass-incident',
  reason: 'glass-reason',
  confirm: 'glass-confirm',
  how: 'glass-how',
} as const;
/** What can be chosen: to practise it, or to take it. */
export const DRILL = 'drill';
export const TAKE = 'take';

/** In the list of what may be taken: no choice, but why there is none. */
export const NO_ANSWER = 'no-answer';
/** What is said of it where there is room. */
export const NO_ANSWER_SAYS =
  'What there is could not be looked up. Type in this field again; if that does not help, take it at the command line, without Slack: npx stint request aws (or mac) … --break-glass --incident ID.';

/** What a search is answered with that could not be made: an empty list would say that there is nothing to take. */
export function unanswered(): Suggestions {
  const said = option(NO_ANSWER, '⚠️ What there is could not be looked up');
  return { options: [{ ...said, description: plainText('Type again. Or: npx stint request aws (or mac) … --break-glass', 75) }] };
}

/** `reason`: what was typed behind the command. */
export function glassModal(reason: string): ModalView {
  const taken = option(TAKE, 'Take it now, for an incident');
  return {
    type: 'modal',
    callback_id: CALLBACKS.breakGlass,
    title: plainText('Break-glass', 24),
    submit: plainText('Break the glass', 24),
    close: plainText('Cancel', 24),
    blocks: [
      lines(
        ['🔴 ', strong('Nobody is asked: you take it at once.')],
        ['Everybody who could have approved it is told, and somebody else reviews what you did.'],
      ),
      input(GLASS_FIELDS.target, 'What', {
        type: 'external_select',
        action_id: GLASS_FIELDS.target,
        min_query_length: 0,
        placeholder: plainText('Type to search', 150),
      }),
      text(GLASS_FIELDS.window, 'For how long', { hint: 'A length that the policy offers for it, such as 15m.', max: 20 }),
      text(GLASS_FIELDS.incident, 'Incident', { hint: 'Its id, in one word.', max: 64 }),
      text(GLASS_FIELDS.reason, 'Reason', {
        hint: 'What you will do, and why it cannot wait.',
        min: REASON_MIN,
        max: REASON_MAX,
        multiline: true,
        ...(reason ? { initial: sanitise(reason, REASON_MAX) } : {}),
      }),
      text(GLASS_FIELDS.confirm, '🔴 To confirm, type the name of the account or the Mac', { max: 150 }),
      input(GLASS_FIELDS.how, 'In earnest?', {
        type: 'static_select',
        action_id: GLASS_FIELDS.how,
        options: [taken, option(DRILL, 'A drill: all is as if, and nothing is granted')],
        initial_option: taken,
      }),
    ] satisfies KnownBlock[],
  };
}

function input(field: string, label: string, element: InputBlock['element'], hint?: string): InputBlock {
  const said = hint === undefined ? {} : { hint: plainText(hint, 2000) };
  return { type: 'input', block_id: field, label: plainText(label, 2000), ...said, element };
}

interface Text {
  readonly hint?: string;
  readonly min?: number;
  readonly max: number;
  readonly multiline?: true;
  readonly initial?: string;
}

function text(field: string, label: string, { hint, min = 1, max, multiline, initial }: Text): InputBlock {
  const element = { type: 'plain_text_input', action_id: field, min_length: min, max_length: max } as const;
  return input(
    field,
    label,
    { ...element, ...(multiline && { multiline }), ...(initial ? { initial_value: initial } : {}) },
    hint,
  );
}
