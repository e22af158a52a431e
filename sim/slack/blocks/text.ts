/** Composition objects: text, option, confirm. Limits: docs.slack.dev/reference/block-kit/composition-objects. */
import { bool, byType, type Check, list, obj, oneOf, str, typed } from './check.js';

/** A plain_text object of 1 to `max` characters. */
export function plain(max: number): Check {
  return byType({ plain_text: obj({ type: typed, text: str(1, max, true) }, { emoji: bool }) });
}

/** A plain_text or mrkdwn object of 1 to `max` characters. */
export function anyText(max: number): Check {
  return byType({
    plain_text: obj({ type: typed, text: str(1, max, true) }, { emoji: bool }),
    mrkdwn: obj({ type: typed, text: str(1, max) }, { verbatim: bool }),
  });
}

export const actionId = str(1, 255);
export const url = str(1, 3000);
export const style = oneOf('primary', 'danger');

export const confirm = obj({ text: anyText(300) }, { title: plain(100), confirm: plain(30), deny: plain(30), style });

/** An option of a select menu: plain text only. */
export const plainOption = obj({ text: plain(75), value: str(1, 150) }, { description: plain(75) });
/** An option of radio buttons and checkboxes: mrkdwn is allowed. */
export const richOption = obj({ text: anyText(75), value: str(1, 150) }, { description: anyText(75) });
export const overflowOption = obj({ text: plain(75), value: str(1, 150) }, { description: plain(75), url });
export const optionGroup = obj({ label: plain(75), options: list(plainOption, 1, 100) });
