/** Slack's rich text: elements with styles, in which nothing is parsed. */
import { emojis, link, mention } from './mrkdwn.js';
import { fully, slackDate } from './time.js';
import { h } from './vdom.js';

/** Draws a `rich_text` block. */
export function richText(block, names) {
  return h(
    'div',
    { class: 'rich' },
    (block.elements ?? []).map((part) => PARTS[part.type]?.(part, names) ?? unknown(part)),
  );
}

const unknown = (part) => h('p', { class: 'unknown' }, `(${String(part.type)} is not drawn here)`);
const leaves = (part, names) => (part.elements ?? []).map((leaf) => draw(leaf, names));

const PARTS = {
  rich_text_section: (part, names) => h('p', {}, leaves(part, names)),
  rich_text_quote: (part, names) => h('blockquote', {}, leaves(part, names)),
  rich_text_preformatted: (part, names) => h('pre', { class: 'code', tabindex: '0' }, leaves(part, names)),
  rich_text_list: (part, names) =>
    h(
      part.style === 'ordered' ? 'ol' : 'ul',
      {},
      (part.elements ?? []).map((item) => h('li', {}, leaves(item, names))),
    ),
};

const STYLES = { bold: 'strong', italic: 'em', strike: 's', code: 'code', underline: 'u' };

function draw(leaf, names) {
  let node = (LEAVES[leaf.type] ?? ((one) => `(${String(one.type)})`))(leaf, names);
  for (const [name, tag] of Object.entries(STYLES)) if (leaf.style?.[name]) node = h(tag, {}, node);
  return node;
}

const LEAVES = {
  text: (leaf) => String(leaf.text ?? ''),
  user: (leaf, names) => mention(leaf.user_id, names),
  channel: (leaf, names) => h('span', { class: 'mention' }, `#${names.channel(leaf.channel_id)}`),
  usergroup: (leaf, names) => h('span', { class: 'mention' }, names.group(leaf.usergroup_id) ?? leaf.usergroup_id),
  broadcast: (leaf) => h('span', { class: 'mention broadcast' }, `@${leaf.range}`),
  link: (leaf) => link(leaf.url, leaf.text ?? leaf.url),
  emoji: (leaf) => (leaf.unicode ? fromHex(leaf.unicode) : emojis(`:${leaf.name}:`)),
  date: (leaf) => {
    const ms = leaf.timestamp * 1000;
    return h('time', { title: fully(ms), datetime: new Date(ms).toISOString() }, slackDate(leaf.format, ms));
  },
};

const fromHex = (hex) =>
  String.fromCodePoint(
    ...String(hex)
      .split('-')
      .map((part) => Number.parseInt(part, 16) || 0xfffd),
  );
