/** How a target is named on a command line. All else that is asked for there is the same for every kind. */
import { type ErrorCode, StintError } from '../../../contract/errors.js';

/** A target as the server tells of it. */
export interface Found {
  readonly key: string;
  readonly kind: string;
  readonly display: string;
  readonly setName?: string | undefined;
  readonly detail: string;
  readonly confirmBy: string;
  readonly windowsMs: readonly number[];
  readonly tier?: number | undefined;
  readonly barred?: string | undefined;
  readonly approvers: readonly string[];
  /** How it may be asked for with a time at which it is to begin. */
  readonly later?: string | undefined;
}

/** The options by which targets are named; of one kind some, of another others. */
export interface Names {
  readonly account?: string;
  readonly set?: string;
  readonly serial?: string;
}

/** One target, as somebody named it. */
export interface Named {
  /** To search for. */
  readonly words: string;
  /** To search for where that finds nothing, so that it can be said what there is. */
  readonly wider?: string;
  /** The one that is meant. Throws `unknown-target` where none is, `bad-input` where several may be. */
  among(found: readonly Found[]): Found;
}

export interface Naming {
  /** `stint request …` */
  readonly command: string;
  /** What it asks for, for its help. */
  readonly about: string;
  /** Its own options: flags, and what they mean. */
  readonly options: readonly (readonly [flags: string, says: string])[];
  /** Of `--confirm`. */
  readonly confirm: string;
  /** What people type after the command, the plainest first. */
  readonly examples: readonly string[];
  /** What is said where nothing can be known yet of what there is. */
  readonly away: ErrorCode;
  /** Throws `bad-input` for what is missing. */
  named(names: Names): Named;
  /** What tells one from others of the same name. */
  numberOf(found: Pick<Found, 'key'>): string;
}

/** The plainest way to ask for a target of a kind. */
export function exampleOf({ command, examples: [first = ''] }: Pick<Naming, 'command' | 'examples'>): string {
  return `stint request ${command} ${first}`;
}

/** What an option was given. Throws `bad-input`, with an example, where that is nothing. */
export function given(option: string, value: string | undefined, naming: Pick<Naming, 'command' | 'examples'>): string {
  const text = value?.trim();
  if (text) return text;
  throw new StintError('bad-input', `${option} is missing. For example: ${exampleOf(naming)}`);
}
