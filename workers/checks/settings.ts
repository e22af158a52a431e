/**
 * The settings as far as they are valid: each part is read by itself, so that one wrong line does not keep everything else
 * from being looked at. The sentences are those with which the processes refuse to start.
 */
import { isStintError } from '../../contract/errors.js';
import { type BaseConfig, type Config, type ConfigPart, loadConfig, type PartConfigs } from '../config.js';
import type { Source } from '../config-reader.js';
import type { Check } from './check.js';

export interface Settings {
  readonly base?: BaseConfig;
  /** Only the parts without a mistake. */
  readonly parts: Partial<PartConfigs>;
  /** One sentence for each mistake. */
  readonly problems: readonly string[];
}

/** Reads these parts. Never throws. */
export function readSettings(source: Source, parts: readonly ConfigPart[]): Settings {
  const problems = new Set<string>();
  const read = <P extends ConfigPart>(wanted: readonly P[]): Config<P> | undefined => {
    try {
      return loadConfig({ ...source, parts: wanted });
    } catch (error) {
      if (!isStintError(error)) throw error;
      const [, ...sentences] = error.sentence.split('\n');
      for (const sentence of sentences) problems.add(sentence);
      return undefined;
    }
  };
  const base = read([]);
  const found = parts.map((part) => [part, read([part])?.[part]] as const).filter(([, value]) => value !== undefined);
  return { ...(base && { base }), parts: Object.fromEntries(found), problems: [...problems] };
}

/** Every mistake of the settings as a row, or that there is none. */
export function checkSettings(settings: Settings, wanted: readonly ConfigPart[]): Check {
  return async (say) => {
    for (const problem of settings.problems) say.fail(problem.split(/[ :]/, 1)[0] ?? 'settings', problem);
    if (settings.problems.length === 0) say.ok('settings', `all that is needed is there and valid: ${wanted.join(', ')}`);
    const { alarms } = settings.parts;
    if (alarms && !alarms.beat) {
      say.warn(
        'watchdog',
        'nobody outside notices when Stint falls silent',
        'Set STINT_BEAT_URL to a dead-man’s switch of your monitoring.',
      );
    }
  };
}
