/** Block elements with their limits: docs.slack.dev/reference/block-kit/block-elements. */
import { isObject, type Json, objects } from '../json.js';
import { bool, type Check, int, list, obj, oneOf, type Problem, str, typed } from './check.js';
import { actionId, confirm, optionGroup, overflowOption, plain, plainOption, richOption, style, url } from './text.js';

const imageSource = { image_url: url, slack_file: obj({}, { id: str(1, 255), url }) };

function oneImage(value: Json, pointer: string, problems: Problem[]): void {
  if ('image_url' in value === 'slack_file' in value) {
    problems.push({ pointer, message: 'must have exactly one of image_url and slack_file' });
  }
}

function selectOptions(value: Json, pointer: string, problems: Problem[]): void {
  if ('options' in value === 'option_groups' in value) {
    problems.push({ pointer, message: 'must have exactly one of options and option_groups' });
  }
  initialAmongOptions(value, pointer, problems);
}

function initialAmongOptions(value: Json, pointer: string, problems: Problem[]): void {
  const offered = new Set(optionsOf(value).map((option) => option.value));
  const initial = [...objects(value.initial_options), ...(isObject(value.initial_option) ? [value.initial_option] : [])];
  if (initial.some((option) => !offered.has(option.value))) {
    problems.push({ pointer: `${pointer}/initial_option`, message: 'must be one of the provided options' });
  }
}

function lengthsFit(value: Json, pointer: string, problems: Problem[]): void {
  const { min_length: min, max_length: max } = value;
  if (typeof min === 'number' && typeof max === 'number' && min > max) {
    problems.push({ pointer: `${pointer}/min_length`, message: 'must be less than or equal to max_length' });
  }
}

/** All options of an element, those in groups too. */
export function optionsOf(element: Json): Json[] {
  return [...objects(element.options), ...objects(element.option_groups).flatMap((group) => objects(group.options))];
}

export const imageElement = obj({ type: typed, alt_text: str(1, 2000) }, imageSource, oneImage);
export const imageBlock: Record<string, Check> = { ...imageSource, title: plain(2000) };
export const imageBlockRule = oneImage;

const choice = { type: typed, options: list(richOption, 1, 10) };
const select = { action_id: actionId, placeholder: plain(150), confirm, focus_on_load: bool };

/** Elements that a person can set or press. */
export const interactive: Record<string, Check> = {
  button: obj(
    { type: typed, text: plain(75) },
    { action_id: actionId, value: str(1, 2000), url, style, confirm, accessibility_label: str(1, 75) },
  ),
  static_select: obj(
    { type: typed },
    {
      ...select,
      options: list(plainOption, 1, 100),
      option_groups: list(optionGroup, 1, 100),
      initial_option: plainOption,
    },
    selectOptions,
  ),
  external_select: obj({ type: typed }, { ...select, initial_option: plainOption, min_query_length: int(0, 3000) }),
  radio_buttons: obj(
    choice,
    { action_id: actionId, initial_option: richOption, confirm, focus_on_load: bool },
    initialAmongOptions,
  ),
  checkboxes: obj(
    choice,
    { action_id: actionId, initial_options: list(richOption, 1, 10), confirm, focus_on_load: bool },
    initialAmongOptions,
  ),
  datetimepicker: obj(
    { type: typed },
    { action_id: actionId, initial_date_time: int(1_000_000_000, 9_999_999_999), confirm, focus_on_load: bool },
  ),
  overflow: obj({ type: typed, options: list(overflowOption, 1, 5) }, { action_id: actionId, confirm }),
};

export const plainTextInput = obj(
  { type: typed },
  {
    action_id: actionId,
    placeholder: plain(150),
    initial_value: str(0, 3000),
    multiline: bool,
    min_length: int(0, 3000),
    max_length: int(1, 3000),
    focus_on_load: bool,
    dispatch_action_config: obj({}, { trigger_actions_on: list(oneOf('on_enter_pressed', 'on_character_entered'), 1, 2) }),
  },
  lengthsFit,
);
