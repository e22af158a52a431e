/** For how long. */
import { plainText } from '../blocks.js';
import { FIELDS } from '../modals.js';
import { OPTIONS_MAX, option } from '../offer-options.js';
import { spell } from '../say.js';
import { blockOf, onlyKind, type Part } from './part.js';

/**
 * Radio buttons up to Slack's ten; a menu beyond. Both come back as `selected_option.value`, in milliseconds. The block's
 * id follows from the lengths: what was picked stays for as long as the same are offered, and not a moment longer.
 */
export const windowPart: Part = ({ shown, varies, written, outlook }) => {
  const windows = [...new Set(shown.flatMap((offer) => offer.windowsMs))].sort((a, b) => a - b);
  if (windows.length === 0) return [];
  const options = windows.slice(0, OPTIONS_MAX).map((ms) => option(String(ms), spell(ms)));
  const initial = options.find(({ value }) => value === written.get(FIELDS.window));
  const type = options.length <= 10 ? ('radio_buttons' as const) : ('static_select' as const);
  const hint = `Not every ${onlyKind(shown)?.one ?? 'one'} may offer every length; it is checked when you send.`;
  return [
    {
      type: 'input',
      block_id: varies ? blockOf(FIELDS.window, windows.join(' ')) : FIELDS.window,
      label: plainText('For how long', 2000),
      ...(typeof outlook === 'object' && outlook.byLength ? { dispatch_action: true } : {}),
      element: { type, action_id: FIELDS.window, options, ...(initial ? { initial_option: initial } : {}) },
      ...(shown.length > 1 ? { hint: plainText(hint, 2000) } : {}),
    },
  ];
};
