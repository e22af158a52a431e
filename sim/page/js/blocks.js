/**
 * Block Kit as Slack draws it. Blocks are attacker-controlled: they choose among our elements and fill them with text,
 * never more. `where` says what a control in them does: see elements.js.
 */
import { element } from './elements.js';
import { plainOf, textOf } from './mrkdwn.js';
import { richText } from './rich-text.js';
import { h } from './vdom.js';

/** Draws a list of blocks. */
export function blocks(all, names, where) {
  return all.map((block) => {
    const drawn =
      KINDS[block.type]?.(block, names, where) ?? h('p', { class: 'unknown' }, `(${String(block.type)} is not drawn here)`);
    return h('div', { class: `block ${KINDS[block.type] ? block.type : 'unknown'}`, key: block.block_id }, drawn);
  });
}

const KINDS = {
  header: (block) => h('h3', {}, plainOf(block.text)),
  divider: () => h('hr', {}),
  rich_text: (block, names) => richText(block, names),
  section: (block, names, where) => [
    h('div', { class: 'section-text' }, block.text && h('p', {}, textOf(block.text, names)), fields(block, names)),
    block.accessory && element(block.accessory, block, where),
  ],
  context: (block, names) =>
    h(
      'p',
      {},
      (block.elements ?? []).map((one) => h('span', {}, one.type === 'image' ? one.alt_text : textOf(one, names))),
    ),
  actions: (block, _names, where) => [
    h(
      'div',
      { class: 'controls' },
      (block.elements ?? []).map((one) => element(one, block, where)),
    ),
    h('div', { class: 'trouble', role: 'alert' }, where?.troubles(block)),
  ],
  input: (block, _names, where) => where?.input(block) ?? [],
};

function fields(block, names) {
  if (!block.fields) return [];
  return h(
    'div',
    { class: 'fields' },
    block.fields.map((field) => h('p', {}, textOf(field, names))),
  );
}
