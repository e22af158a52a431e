/** The tenant's hourly budget of calls, and the rate headers as the real service sends them. */
import type { Settings } from './world.js';

const HOUR_MS = 3_600_000;

export interface Meter {
  /** False when this hour's calls are used up. */
  take(): boolean;
  resetS(): number;
  headers(): Record<string, string>;
}

export function createMeter(settings: Settings, clock: () => number): Meter {
  let from = clock();
  let used = 0;
  const roll = (): void => {
    if (clock() - from < HOUR_MS) return;
    from = clock();
    used = 0;
  };
  const left = (): number => Math.max(0, settings.hourlyLimit - used);
  const resetS = (): number => Math.max(1, Math.ceil((from + HOUR_MS - clock()) / 1000));
  const take = (): boolean => {
    roll();
    if (left() === 0) return false;
    used += 1;
    return true;
  };
  const headers = (): Record<string, string> => ({
    'ratelimit-limit': String(settings.hourlyLimit),
    'ratelimit-remaining': String(left()),
    'ratelimit-reset': String(resetS()),
    'x-ratelimit-limit-second': '50',
    'x-ratelimit-limit-hour': String(settings.hourlyLimit),
    'x-ratelimit-remaining-hour': String(left()),
  });
  return { take, resetS, headers };
}
