/** Whole messages and views against Block Kit's rules: the block kinds this stand-in knows, everything else is refused. */
import { isObject, type Json, objects } from '../json.js';
import { bool, byType, type Check, list, obj, type Problem, str, typed } from './check.js';
import { imageBlock, imageBlockRule, imageElement, interactive, plainTextInput } from './elements.js';
import { richText } from './rich-text.js';
import { anyText, plain } from './text.js';

const block_id = str(1, 255);

function textOrFields(value: Json, pointer: string, problems: Problem[]): void {
  if (!('text' in value) && !('fields' in value)) problems.push({ pointer, message: 'missing required field: text or fields' });
}

const { button, static_select, external_select, radio_buttons, checkboxes, overflow, datetimepicker } = interactive;
const pressable = { button, static_select, external_select, radio_buttons, checkboxes, overflow } as Record<string, Check>;
// Slack takes a date and time picker among actions as well, and nowhere else; we have none there.
const fillable = {
  plain_text_input: plainTextInput,
  static_select,
  external_select,
  radio_buttons,
  checkboxes,
  datetimepicker,
} as Record<string, Check>;

const block = byType({
  section: obj(
    { type: typed },
    {
      block_id,
      text: anyText(3000),
      fields: list(anyText(2000), 1, 10),
      accessory: byType({ ...pressable, image: imageElement }),
      expand: bool,
    },
    textOrFields,
  ),
  header: obj({ type: typed, text: plain(150) }, { block_id }),
  context: obj(
    {
      type: typed,
      elements: list(byType({ plain_text: anyText(3000), mrkdwn: anyText(3000), image: imageElement }), 1, 10),
    },
    { block_id },
  ),
  actions: obj({ type: typed, elements: list(byType(pressable), 1, 25) }, { block_id }),
  divider: obj({ type: typed }, { block_id }),
  input: obj(
    { type: typed, label: plain(2000), element: byType(fillable) },
    { block_id, hint: plain(2000), optional: bool, dispatch_action: bool },
  ),
  image: obj({ type: typed, alt_text: str(1, 2000) }, { block_id, ...imageBlock }, imageBlockRule),
  rich_text: obj({ type: typed, ...richText }, { block_id }),
});

function unique(blocks: Json[], pointer: string, problems: Problem[]): void {
  const seen = new Set<string>();
  blocks.forEach((entry, index) => {
    if (typeof entry.block_id === 'string') {
      if (seen.has(entry.block_id))
        problems.push({ pointer: `${pointer}/${index}/block_id`, message: `block_id already exists: ${entry.block_id}` });
      seen.add(entry.block_id);
    }
    const ids = objects(entry.elements).flatMap((element) => (typeof element.action_id === 'string' ? [element.action_id] : []));
    if (entry.type === 'actions' && new Set(ids).size < ids.length) {
      problems.push({ pointer: `${pointer}/${index}/elements`, message: 'action_id must be unique within a block' });
    }
  });
}

/** The problems of a message's blocks (50 at most), or of a view's (100). */
export function checkBlocks(blocks: unknown, pointer: string, max: 50 | 100, min = 0): Problem[] {
  const problems: Problem[] = [];
  list(block, min, max)(blocks, pointer, problems);
  unique(objects(blocks), pointer, problems);
  return problems;
}

const viewFields = {
  private_metadata: str(0, 3000),
  callback_id: str(0, 255),
  external_id: str(0, 255),
};
const modal = obj(
  { type: typed, title: plain(24), blocks: () => {} },
  {
    ...viewFields,
    submit: plain(24),
    close: plain(24),
    clear_on_close: bool,
    notify_on_close: bool,
    submit_disabled: bool,
  },
  (value, pointer, problems) => {
    if (objects(value.blocks).some((entry) => entry.type === 'input') && !('submit' in value)) {
      problems.push({ pointer, message: 'missing required field: submit (the view has input blocks)' });
    }
  },
);
const home = obj({ type: typed, blocks: () => {} }, viewFields);

/** The problems of a view for `views.open` and its like (`modal`) or `views.publish` (`home`). */
export function checkView(view: unknown, kind: 'modal' | 'home'): Problem[] {
  const problems: Problem[] = [];
  byType({ [kind]: kind === 'modal' ? modal : home })(view, '/view', problems);
  if (isObject(view) && 'blocks' in view)
    problems.push(...checkBlocks(view.blocks, '/view/blocks', 100, kind === 'modal' ? 1 : 0));
  return problems;
}

/** Characters of text in blocks: Slack refuses a message somewhere above 13,000 (bolt-js issue 2509). */
export function textLength(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + textLength(item), 0);
  if (!isObject(value)) return 0;
  return Object.entries(value).reduce(
    (sum, [key, entry]) => sum + (key === 'text' && typeof entry === 'string' ? entry.length : textLength(entry)),
    0,
  );
}
