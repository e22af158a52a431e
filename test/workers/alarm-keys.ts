/** What alarms are about, for tests. */
import type { Alarm } from '../../contract/alarms.js';

/** Each key once, with its step, and without when an outage began. */
export function keysOf(said: readonly Alarm[]): string[] {
  const nameOf = (key: string) => key.replace(/\/\d{4}-[\d-]+T[\d:.]+Z$/, '');
  return [...new Set(said.map(({ key, step }) => `${nameOf(key)}${step === undefined ? '' : `#${step}`}`))];
}
