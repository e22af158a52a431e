/** What the parts of a process have in common: how each is started, the waits it uses, and the clock it goes by. */
import type { Logger } from 'pino';
import type { Store } from '../contract/ports.js';
import type { Config } from './config.js';
import type { Part as Running } from './keep-trying.js';
import { clock } from './parts.js';
import type { SelfWatch } from './self-watch.js';

/** Starts one part: worker, Slack app or device API. */
export type StartPart = (config: Config, store: Store, log: Logger, watch: SelfWatch) => Promise<Running>;

/** Like `pause`, but does not keep a process alive that has nothing else to do. */
export const wait = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });

/** This computer's clock, corrected where it is so far off that it must not be used. */
export const fitClockOf = (watch: Pick<SelfWatch, 'clockOffMs'>) => (): number => clock() - watch.clockOffMs();
