/**
 * Alarms: what a person has to know of, or look after. Raising one costs nothing and can't fail, so that no revoke, sweep
 * or look ever waits for whoever is told.
 */
import type { RequestId } from './ids.js';

/** `error`: somebody should look now. `warning`: today. `info`: good to know. */
export type AlarmSeverity = 'info' | 'warning' | 'error';

export interface Alarm {
  /** What it is about: the same key is not said again for a while. */
  readonly key: string;
  readonly severity: AlarmSeverity;
  /** What is the matter, in one sentence; names the person, the target and the time. */
  readonly sentence: string;
  /** What to do about it. */
  readonly todo: string;
  readonly requestId?: RequestId;
  /** The target's key. */
  readonly target?: string;
  /** How far it has grown (minutes, a count): each higher step is said at once, each step only once a day. */
  readonly step?: number;
}

export interface Alarms {
  /** Says it once to everybody who is to be told, across restarts and workers. Never throws, never waits. */
  raise(alarm: Alarm): void;
}

/** Minutes after which a wait is spoken of again: 1, 5, 15, then every 15. Undefined before the first. */
export function alarmStep(waitedMs: number): number | undefined {
  const minutes = Math.floor(waitedMs / 60_000);
  if (minutes >= 15) return minutes - (minutes % 15);
  return [5, 1].find((step) => minutes >= step);
}
