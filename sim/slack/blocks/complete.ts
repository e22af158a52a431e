/** What Slack adds to accepted blocks (ids that the app left out), and how elements are found in them. */
import { isObject, type Json, objects, text } from '../json.js';

/** The blocks with a block id everywhere and an action id on each interactive element. */
export function withIds(blocks: Json[], id: () => string): Json[] {
  const named = (element: unknown): unknown =>
    isObject(element) && isInteractive(element) && element.action_id === undefined ? { ...element, action_id: id() } : element;
  return blocks.map((block) => {
    const full: Json = { ...block, block_id: text(block.block_id) ?? id() };
    if (block.type === 'actions' && Array.isArray(block.elements)) full.elements = block.elements.map(named);
    if ('accessory' in block) full.accessory = named(block.accessory);
    if (block.type === 'input') full.element = named(block.element);
    return full;
  });
}

const INTERACTIVE = new Set([
  'button',
  'static_select',
  'external_select',
  'radio_buttons',
  'checkboxes',
  'datetimepicker',
  'overflow',
  'plain_text_input',
]);

function isInteractive(element: Json): boolean {
  return INTERACTIVE.has(String(element.type));
}

export interface Found {
  block: Json;
  blockId: string;
  element: Json;
  actionId: string;
  /** What a person reads on it: the button's text, or the label of the input. */
  label: string;
  /** Whether using it tells the app at once (an input does so only with `dispatch_action`). */
  dispatches: boolean;
}

/** Every element that a person can press or set, in the order of the page. */
export function interactiveElements(blocks: Json[]): Found[] {
  return blocks.flatMap((block) => {
    const inside =
      block.type === 'actions'
        ? objects(block.elements)
        : block.type === 'input'
          ? objects([block.element])
          : objects([block.accessory]);
    return inside.filter(isInteractive).map((element) => ({
      block,
      blockId: text(block.block_id) ?? '',
      element,
      actionId: text(element.action_id) ?? '',
      label: wording(block.type === 'input' ? block.label : element.text) ?? wording(element.placeholder) ?? '',
      dispatches: block.type !== 'input' || block.dispatch_action === true,
    }));
  });
}

/** The words of a text object. */
export function wording(value: unknown): string | undefined {
  return isObject(value) ? text(value.text) : undefined;
}
