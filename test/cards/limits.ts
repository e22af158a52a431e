/**
 * An independent checker of what Slack accepts, with the numbers of Slack's own reference (docs.slack.dev/reference/
 * block-kit, read 2026-11). It knows nothing of the product: it reads JSON, refuses every type and property that is not
 * listed, and measures text after escaping, which is the stricter reading.
 */
type Json = Record<string, unknown>;
export type Surface = 'message' | 'modal' | 'home';

interface Found {
  readonly problems: string[];
  readonly blockIds: Set<string>;
  readonly actionIds: Set<string>;
  primaries: number;
  /** App Home has the same button for each elevation in it. */
  readonly perBlock: boolean;
}

/** Every breach of a limit, as `path: what`; an empty list means that Slack would take it. */
export function checkMessage(message: { readonly text: string; readonly blocks: readonly unknown[] }): readonly string[] {
  const found = start();
  // chat.update refuses more than 4000; chat.postMessage would cut, so the lower one holds.
  // It is escaped already by whoever wrote it.
  size(
    found,
    'text',
    message.text.replace(/&(?:amp|lt|gt);/g, (e) => '.'.repeat(e.length)),
    1,
    4000,
  );
  blocks(found, message.blocks, 'message');
  const total = JSON.stringify(message.blocks).length;
  if (total > 40_000) found.problems.push(`blocks: ${total} characters of JSON`);
  if (visible(message.blocks).length > 10_000) found.problems.push('blocks: more than 10000 characters of text');
  return found.problems;
}

export function checkView(view: unknown): readonly string[] {
  const found = start((view as Json).type === 'home');
  const v = object(found, 'view', view, [
    'type',
    'callback_id',
    'title',
    'submit',
    'close',
    'private_metadata',
    'external_id',
    'blocks',
  ]);
  const surface = v.type === 'home' ? 'home' : 'modal';
  if (!['home', 'modal'].includes(String(v.type))) found.problems.push('view.type');
  if (surface === 'modal') {
    plain(found, 'title', v.title, 24);
    if (v.submit !== undefined) plain(found, 'submit', v.submit, 24);
    if (v.close !== undefined) plain(found, 'close', v.close, 24);
    const inputs = Array.isArray(v.blocks) && v.blocks.some((b) => (b as Json).type === 'input');
    if (inputs && v.submit === undefined) found.problems.push('view: inputs without submit');
  }
  if (v.callback_id !== undefined) size(found, 'callback_id', v.callback_id, 1, 255);
  if (v.private_metadata !== undefined) size(found, 'private_metadata', v.private_metadata, 0, 3000);
  if (JSON.stringify(view).length > 250_000) found.problems.push('view: too large');
  blocks(found, v.blocks, surface);
  return found.problems;
}

/** All text that a person sees or hears, joined. */
export function visible(value: unknown): string {
  if (Array.isArray(value)) return value.map(visible).join('\n');
  if (typeof value !== 'object' || value === null) return '';
  const o = value as Json;
  return Object.entries(o)
    .map(([key, v]) =>
      ['text', 'fallback', 'accessibility_label', 'user_id'].includes(key) && typeof v === 'string' ? v : visible(v),
    )
    .join('\n');
}

function start(perBlock = false): Found {
  return { problems: [], blockIds: new Set(), actionIds: new Set(), primaries: 0, perBlock };
}

function object(found: Found, path: string, value: unknown, keys: readonly string[]): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    found.problems.push(`${path}: not an object`);
    return {};
  }
  for (const [key, v] of Object.entries(value)) {
    if (!keys.includes(key)) found.problems.push(`${path}.${key}: unknown property`);
    if (v === undefined) found.problems.push(`${path}.${key}: undefined`);
  }
  return value as Json;
}

function list(found: Found, path: string, value: unknown, min: number, max: number): readonly unknown[] {
  if (!Array.isArray(value)) {
    found.problems.push(`${path}: not a list`);
    return [];
  }
  if (value.length < min || value.length > max) found.problems.push(`${path}: ${value.length} items, ${min} to ${max} allowed`);
  return value;
}

function size(found: Found, path: string, value: unknown, min: number, max: number): void {
  if (typeof value !== 'string') {
    found.problems.push(`${path}: not text`);
    return;
  }
  const escaped = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').length;
  if (value.length < min) found.problems.push(`${path}: shorter than ${min}`);
  if (escaped > max) found.problems.push(`${path}: ${escaped} characters, ${max} allowed`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what is looked for
  if (/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/.test(value))
    found.problems.push(`${path}: invisible characters`);
  if (/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(value))
    found.problems.push(`${path}: half a character`);
}

function plain(found: Found, path: string, value: unknown, max: number): void {
  const o = object(found, path, value, ['type', 'text', 'emoji']);
  if (o.type !== 'plain_text') found.problems.push(`${path}.type: ${String(o.type)}`);
  if (o.emoji !== false) found.problems.push(`${path}: emoji codes are not off`);
  size(found, path, o.text, 1, max);
}

function textObject(found: Found, path: string, value: unknown, max: number): void {
  const o = object(found, path, value, ['type', 'text', 'emoji', 'verbatim']);
  if (o.type === 'plain_text') {
    plain(found, path, value, max);
    return;
  }
  if (o.type !== 'mrkdwn' || o.verbatim !== true) found.problems.push(`${path}: mrkdwn that is not verbatim`);
  size(found, path, o.text, 1, max);
}

function blocks(found: Found, value: unknown, surface: Surface): void {
  list(found, 'blocks', value, 1, surface === 'message' ? 50 : 100).forEach((b, i) => {
    block(found, `blocks[${i}]`, b, surface);
  });
}

const BLOCK_KEYS: Readonly<Record<string, readonly string[]>> = {
  header: ['text'],
  section: ['text', 'fields', 'accessory'],
  divider: [],
  context: ['elements'],
  actions: ['elements'],
  rich_text: ['elements'],
  input: ['label', 'hint', 'optional', 'element', 'dispatch_action'],
};

function block(found: Found, path: string, value: unknown, surface: Surface): void {
  const type = String((value as Json)?.type);
  const keys = BLOCK_KEYS[type];
  if (!keys) {
    found.problems.push(`${path}: unknown type ${type}`);
    return;
  }
  const b = object(found, path, value, ['type', 'block_id', ...keys]);
  if (b.block_id !== undefined) {
    size(found, `${path}.block_id`, b.block_id, 1, 255);
    if (found.blockIds.has(String(b.block_id))) found.problems.push(`${path}.block_id: twice`);
    found.blockIds.add(String(b.block_id));
  }
  if (type === 'input' && surface === 'message') found.problems.push(`${path}: inputs do not stand in messages here`);
  BLOCKS[type]?.(found, path, b);
}

const BLOCKS: Readonly<Record<string, (found: Found, path: string, b: Json) => void>> = {
  header: (found, path, b) => plain(found, `${path}.text`, b.text, 150),
  section: (found, path, b) => {
    if (b.text === undefined && b.fields === undefined) found.problems.push(`${path}: empty section`);
    if (b.text !== undefined) textObject(found, `${path}.text`, b.text, 3000);
    if (b.fields !== undefined)
      list(found, `${path}.fields`, b.fields, 1, 10).forEach((f, i) => {
        textObject(found, `${path}.fields[${i}]`, f, 2000);
      });
  },
  context: (found, path, b) =>
    list(found, `${path}.elements`, b.elements, 1, 10).forEach((e, i) => {
      textObject(found, `${path}.elements[${i}]`, e, 2000);
    }),
  actions: (found, path, b) => {
    found.primaries = 0;
    // Slack wants them unique in their block; where one elevation is shown, we want more than that.
    if (found.perBlock) found.actionIds.clear();
    list(found, `${path}.elements`, b.elements, 1, 25).forEach((e, i) => {
      button(found, `${path}.elements[${i}]`, e);
    });
    if (found.primaries > 1) found.problems.push(`${path}: more than one primary button`);
  },
  rich_text: (found, path, b) =>
    list(found, `${path}.elements`, b.elements, 1, 100).forEach((e, i) => {
      richBlock(found, `${path}.elements[${i}]`, e);
    }),
  input: (found, path, b) => {
    plain(found, `${path}.label`, b.label, 2000);
    if (b.hint !== undefined) plain(found, `${path}.hint`, b.hint, 2000);
    inputElement(found, `${path}.element`, b.element);
  },
};

function actionId(found: Found, path: string, value: unknown): void {
  size(found, `${path}.action_id`, value, 1, 255);
  if (found.actionIds.has(String(value))) found.problems.push(`${path}.action_id: twice`);
  found.actionIds.add(String(value));
}

function button(found: Found, path: string, value: unknown): void {
  const b = object(found, path, value, ['type', 'text', 'action_id', 'value', 'style', 'confirm', 'accessibility_label']);
  if (b.type !== 'button') found.problems.push(`${path}: not a button`);
  plain(found, `${path}.text`, b.text, 75);
  actionId(found, path, b.action_id);
  size(found, `${path}.value`, b.value, 1, 2000);
  size(found, `${path}.accessibility_label`, b.accessibility_label, 1, 75);
  style(found, path, b.style);
  if (b.style === 'primary') found.primaries += 1;
  if (b.confirm !== undefined) confirm(found, `${path}.confirm`, b.confirm);
}

function style(found: Found, path: string, value: unknown): void {
  if (value !== undefined && value !== 'primary' && value !== 'danger') found.problems.push(`${path}.style`);
}

function confirm(found: Found, path: string, value: unknown): void {
  const c = object(found, path, value, ['title', 'text', 'confirm', 'deny', 'style']);
  plain(found, `${path}.title`, c.title, 100);
  plain(found, `${path}.text`, c.text, 300);
  plain(found, `${path}.confirm`, c.confirm, 30);
  plain(found, `${path}.deny`, c.deny, 30);
  style(found, path, c.style);
}

function richBlock(found: Found, path: string, value: unknown): void {
  const b = object(found, path, value, ['type', 'elements', 'style', 'indent', 'border', 'offset']);
  if (b.type === 'rich_text_list') {
    if (b.style !== 'bullet' && b.style !== 'ordered') found.problems.push(`${path}.style`);
    list(found, path, b.elements, 1, 100).forEach((e, i) => {
      richBlock(found, `${path}[${i}]`, e);
    });
    return;
  }
  if (!['rich_text_section', 'rich_text_quote', 'rich_text_preformatted'].includes(String(b.type)))
    found.problems.push(`${path}: ${String(b.type)}`);
  const only = b.type === 'rich_text_preformatted' ? ['text'] : ['text', 'user', 'date', 'emoji', 'link', 'channel'];
  list(found, path, b.elements, 1, 200).forEach((e, i) => {
    richElement(found, `${path}[${i}]`, e, only);
  });
}

function richElement(found: Found, path: string, value: unknown, only: readonly string[]): void {
  const type = String((value as Json)?.type);
  if (!only.includes(type)) found.problems.push(`${path}: ${type} is not allowed`);
  if (type === 'text') {
    const e = object(found, path, value, ['type', 'text', 'style']);
    size(found, path, e.text, 1, 4500);
    if (e.style !== undefined) object(found, `${path}.style`, e.style, ['bold', 'italic', 'strike', 'code']);
  } else if (type === 'user') {
    const e = object(found, path, value, ['type', 'user_id', 'style']);
    if (!/^[UW][A-Z0-9]+$/.test(String(e.user_id))) found.problems.push(`${path}.user_id`);
  } else if (type === 'channel') {
    const e = object(found, path, value, ['type', 'channel_id', 'style']);
    if (!/^[CG][A-Z0-9]+$/.test(String(e.channel_id))) found.problems.push(`${path}.channel_id`);
  } else if (type === 'link') {
    const e = object(found, path, value, ['type', 'url', 'text', 'style']);
    size(found, `${path}.url`, e.url, 1, 3000);
    if (!/^https:\/\/[^\s<>]+$/.test(String(e.url))) found.problems.push(`${path}.url: not an https address`);
    size(found, `${path}.text`, e.text, 1, 3000);
  } else if (type === 'date') {
    const e = object(found, path, value, ['type', 'timestamp', 'format', 'fallback']);
    if (!Number.isInteger(e.timestamp)) found.problems.push(`${path}.timestamp`);
    if (!/\{(date|time)\w*\}/.test(String(e.format))) found.problems.push(`${path}.format`);
    size(found, `${path}.fallback`, e.fallback, 1, 100);
  }
}

function inputElement(found: Found, path: string, value: unknown): void {
  const e = object(found, path, value, [
    'type',
    'action_id',
    'options',
    'initial_option',
    'placeholder',
    'multiline',
    'min_length',
    'max_length',
    'initial_value',
    'min_query_length',
  ]);
  actionId(found, path, e.action_id);
  if (e.type === 'plain_text_input') {
    textInput(found, path, e);
    return;
  }
  if (e.type === 'datetimepicker') return;
  if (e.type === 'external_select') {
    if (e.placeholder !== undefined) plain(found, `${path}.placeholder`, e.placeholder, 150);
    if (e.initial_option !== undefined) option(found, `${path}.initial_option`, e.initial_option);
    return;
  }
  const max = { static_select: 100, radio_buttons: 10 }[String(e.type)];
  if (max === undefined) {
    found.problems.push(`${path}: ${String(e.type)}`);
    return;
  }
  const options = list(found, `${path}.options`, e.options, 1, max);
  options.forEach((o, i) => {
    option(found, `${path}.options[${i}]`, o);
  });
  if (new Set(options.map((o) => (o as Json).value)).size !== options.length) found.problems.push(`${path}: a value twice`);
  if (e.initial_option !== undefined && !options.some((o) => JSON.stringify(o) === JSON.stringify(e.initial_option)))
    found.problems.push(`${path}: initial option is none of the options`);
}

function option(found: Found, path: string, value: unknown): void {
  const o = object(found, path, value, ['text', 'value', 'description']);
  plain(found, path, o.text, 75);
  if (o.description !== undefined) plain(found, `${path}.description`, o.description, 75);
  size(found, `${path}.value`, o.value, 1, 150);
}

function textInput(found: Found, path: string, e: Json): void {
  const { min_length: min = 0, max_length: max = 3000, initial_value: initial } = e;
  if (typeof min !== 'number' || min < 0 || min > 3000) found.problems.push(`${path}.min_length`);
  if (typeof max !== 'number' || max < 1 || max > 3000 || max < Number(min)) found.problems.push(`${path}.max_length`);
  if (initial !== undefined) size(found, `${path}.initial_value`, String(initial).replace(/[&<>]/g, '.'), 1, Number(max));
}
