/** The policy's answers to an entrance: what a person may ask for, and whether a click could count. */
import type { Directory } from '../contract/ports.js';
import type { Preview } from '../contract/preview.js';
import { judgeClick } from './click.js';
import { offersFor } from './offers.js';
import type { Policy } from './rules.js';

export interface PreviewDeps {
  /** The policy as it is now. May throw `bad-policy`; an error is never a yes. */
  readonly policy: () => Promise<Policy>;
  readonly directory: Directory;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** The preview of the policy and the directory as they are at each call. */
export function createPreview({ policy, directory, clock }: PreviewDeps): Preview {
  return {
    targetsFor: async (person) => offersFor(await policy(), person, directory),
    judgeClick: async (view, person, kind, windowMs) =>
      judgeClick(kind, { policy: await policy(), directory, view, person, windowMs, now: clock() }),
  };
}
