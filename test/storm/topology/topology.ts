/** What the storm blows at: processes by name, and the ways to look at what they wrote. */
import type { Ask } from '../../../workers/questions.js';
import type { StormProcess } from './process.js';

export interface Topology {
  /** By the name under which kills are counted. */
  readonly processes: ReadonlyMap<string, StormProcess>;
  readonly temporalAddress: string;
  /** The Temporal CLI. */
  readonly temporalCli: string;
  /** Asks the store, as an operator would. */
  readonly ask: Ask;
  /** The environment in which `stint list`, `show` and `ledger verify` find the store. */
  readonly cliEnv: NodeJS.ProcessEnv;
  close(): Promise<void>;
}

/** Said instead of a topology where something that it needs cannot be had. */
export interface Skipped {
  readonly skipped: string;
}
