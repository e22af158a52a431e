/** What a process does for the command line, which has neither the embedded store nor the MDM's token. */
import type { Logger } from 'pino';
import type { Store } from '../contract/ports.js';
import type { Config, ConfigPart } from './config.js';
import { alarmsOf, reconcilerOf } from './guard.js';
import { targetsOf } from './parts.js';
import { fitClockOf, wait } from './process-part.js';
import type { Tools } from './questions.js';
import type { SelfWatch } from './self-watch.js';

/** `parts` are those whose settings the process has. With the MDM's the command line can have an access ended here while Temporal is down. */
export function toolsOf(
  parts: readonly ConfigPart[],
  config: Config,
  store: Store,
  log: Logger,
  watch: Pick<SelfWatch, 'clockOffMs'>,
): Tools {
  // What an operator ends or reconciles must not go by a clock that is far off, either.
  const fitClock = fitClockOf(watch);
  if (!parts.includes('mdm')) return { clock: fitClock };
  const targets = targetsOf(config, store, fitClock);
  const { driverOf } = targets;
  const alarms = alarmsOf(config, store, log);
  const reconcile = reconcilerOf(config, store, targets, { alarms, clock: fitClock, sleep: wait });
  return { clock: fitClock, targets: () => ({ driverOf, sleep: wait }), reconcile: () => reconcile };
}
