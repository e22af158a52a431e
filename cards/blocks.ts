/**
 * The few Block Kit shapes that Stint uses. Only `plain_text` (without emoji codes) and `rich_text`: neither is parsed,
 * so no text of a person or a device can become a mention, a link or formatting.
 */
import { createHash } from 'node:crypto';
import type {
  ActionsBlock,
  Button,
  ConfirmationDialog,
  ContextBlock,
  HeaderBlock,
  KnownBlock,
  PlainTextElement,
  RichTextBlock,
} from '@slack/types';
import type { Rendered } from '../contract/ports.js';
import { rich, type Sentence } from './say.js';
import { cut, cutEscaped, sanitise } from './text.js';

/** Slack's limits, in UTF-16 units (docs.slack.dev/reference/block-kit). */
const LIMIT = { header: 150, context: 2000, button: 75, label: 75, title: 100, dialog: 300, choice: 30 } as const;

/** Plain text: never parsed; `emoji: false` keeps `:name:` as typed. */
export function plainText(text: string, max: number): PlainTextElement {
  return { type: 'plain_text', text: cutEscaped(text, max), emoji: false };
}

export function header(text: string): HeaderBlock {
  return { type: 'header', text: plainText(text, LIMIT.header) };
}

/** Lines of rich text, one sentence a line. */
export function lines(...sentences: readonly Sentence[]): RichTextBlock {
  const all = sentences.filter((s) => s.length > 0).flatMap((s, i) => (i === 0 ? [...s] : ['\n', ...s]));
  return { type: 'rich_text', elements: [{ type: 'rich_text_section', elements: rich(all) }] };
}

/** What somebody wrote, verbatim but for what `sanitise` removes. */
export function quote(text: string, max = 500): RichTextBlock {
  const shown = sanitise(text, max) || '(empty)';
  return { type: 'rich_text', elements: [{ type: 'rich_text_quote', elements: [{ type: 'text', text: shown }] }] };
}

/** Lines of a log, in fixed width. */
export function preformatted(rows: readonly string[]): RichTextBlock {
  const text = rows.join('\n') || '(empty)';
  return { type: 'rich_text', elements: [{ type: 'rich_text_preformatted', elements: [{ type: 'text', text }] }] };
}

/** One item a line, with bullets. */
export function bullets(items: readonly Sentence[]): RichTextBlock {
  const elements = items.map((item) => ({ type: 'rich_text_section' as const, elements: rich(item) }));
  return { type: 'rich_text', elements: [{ type: 'rich_text_list', style: 'bullet', elements }] };
}

export function context(text: string): ContextBlock {
  return { type: 'context', elements: [plainText(text, LIMIT.context)] };
}

export interface ButtonSpec {
  readonly actionId: string;
  readonly value: string;
  readonly label: string;
  /** What a screen reader says. */
  readonly spoken: string;
  readonly style?: 'primary' | 'danger';
  /** Asked before the click counts. */
  readonly confirm?: { readonly title: string; readonly text: string; readonly yes: string };
}

export function button(spec: ButtonSpec): Button {
  return {
    type: 'button',
    action_id: spec.actionId,
    value: spec.value,
    text: plainText(spec.label, LIMIT.button),
    accessibility_label: cutEscaped(spec.spoken, LIMIT.label),
    ...(spec.style ? { style: spec.style } : {}),
    ...(spec.confirm ? { confirm: dialog(spec.confirm, spec.style) } : {}),
  };
}

function dialog(ask: NonNullable<ButtonSpec['confirm']>, style: ButtonSpec['style']): ConfirmationDialog {
  return {
    title: plainText(ask.title, LIMIT.title),
    text: plainText(ask.text, LIMIT.dialog),
    confirm: plainText(ask.yes, LIMIT.choice),
    deny: plainText('Go back', LIMIT.choice),
    ...(style === 'danger' ? { style } : {}),
  };
}

/** Up to 25 buttons; no block at all for none. */
export function actions(buttons: readonly Button[]): ActionsBlock[] {
  return buttons.length > 0 ? [{ type: 'actions', elements: buttons.slice(0, 25) }] : [];
}

/**
 * The message, with block ids that change with its content: Slack asks for new ids when a message is updated, and a
 * click then names the very revision that was on screen.
 */
export function rendered(escaped: string, blocks: readonly KnownBlock[]): Rendered {
  const text = shorten(escaped);
  const revision = createHash('sha256')
    .update(JSON.stringify([text, blocks]))
    .digest('hex')
    .slice(0, 16);
  return { text, blocks: blocks.map((block, i) => ({ ...block, block_id: `${revision}-${i}` })) };
}

/** `chat.update` refuses a text of more than 4000; an entity is never cut in two. */
function shorten(escaped: string): string {
  return escaped.length <= 3900
    ? escaped
    : `${cut(escaped, 3890)
        .slice(0, -1)
        .replace(/&[a-z]*$/, '')}…`;
}
