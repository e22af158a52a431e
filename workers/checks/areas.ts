/** Which checks there are for a process, from its settings: an area whose settings are not valid is not looked at. */
import type { ConfigPart } from '../config.js';
import type { Source } from '../config-reader.js';
import type { Area, Check } from './check.js';
import { checkSettings, readSettings, type Settings } from './settings.js';
import { checkStore } from './store.js';
import { checkTemporal } from './temporal.js';

export interface AreaDeps extends Source {
  /** What the process needs, as it names it itself. */
  readonly parts: readonly ConfigPart[];
  readonly clock: () => number;
}

/** The checks of all areas that this process has to do with. */
export function checksOf({ parts, clock, ...source }: AreaDeps): Partial<Readonly<Record<Area, Check>>> {
  const settings = readSettings(source, parts);
  const { base, parts: valid } = settings;
  const has = (part: ConfigPart) => parts.includes(part);
  return {
    configuration: checkSettings(settings, parts),
    ...(has('store') && { store: base && valid.store ? checkStore({ base, store: valid.store, clock }) : unread(settings) }),
    ...(has('temporal') && { temporal: valid.temporal ? checkTemporal(valid.temporal) : unread(settings) }),
  };
}

/** Said in place of a check whose settings are wrong: that nothing is known is not that nothing is wrong. */
function unread({ problems }: Settings): Check {
  return async (say) => say.fail('settings', `not looked at: its settings are not valid (${problems.length} in "configuration")`);
}
