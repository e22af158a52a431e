/** The policy's answers to an entrance: what a person may ask for, and whether a click could count. */
import type { Directory, TargetFacts } from '../contract/ports.js';
import type { Preview } from '../contract/preview.js';
import { judgeClick } from './click.js';
import { offersFor, pin, type Shelf, search } from './offers.js';
import type { Policy } from './rules.js';
import { ONLY_MACS } from './targets.js';

export interface PreviewDeps {
  /** The policy as it is now. May throw `bad-policy`; an error is never a yes. */
  readonly policy: () => Promise<Policy>;
  readonly directory: Directory;
  /** Of all kinds of target that may be asked for; Macs alone where none are given. */
  readonly targets?: readonly TargetFacts[];
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** The preview of the policy and the directory as they are at each call. */
export function createPreview({ policy, directory, targets = ONLY_MACS, clock }: PreviewDeps): Preview {
  const shelf = async (): Promise<Shelf> => ({ policy: await policy(), directory, targets });
  return {
    offersFor: async (person) => offersFor(await shelf(), person),
    search: async (person, text, limit) => search(await shelf(), person, text, limit),
    pin: async (person, key) => pin(await shelf(), person, key),
    judgeClick: async (view, person, kind, windowMs) =>
      judgeClick(kind, { ...(await shelf()), view, person, windowMs, now: clock() }),
  };
}
