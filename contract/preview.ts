/**
 * What an entrance needs to hear from the policy before anything starts: what a person may ask for, and whether a click
 * could count. The workflow judges again with live facts; this is the first gate, so that a refusal is immediate.
 */
import type { Person } from './ports.js';
import type { Target } from './request.js';
import type { ElevationView } from './view.js';

/** One thing that a person may ask for now. */
export interface Offer {
  readonly target: Target;
  /** The lengths that may be asked for, ascending. */
  readonly windowsMs: readonly number[];
  /** Who could approve, for the form's context line. */
  readonly approverNames: readonly string[];
  /** The policy rule that allows the asking. */
  readonly rule: string;
}

/** Everything that a button can mean. */
export const CLICK_KINDS = [
  'approve',
  'deny',
  'revoke',
  'end',
  'withdraw',
  'extend',
  'ext-approve',
  'ext-deny',
  'close-unproven',
] as const;
export type ClickKind = (typeof CLICK_KINDS)[number];
export type ClickVerdict = { readonly ok: true } | { readonly ok: false; readonly sentence: string };

/** The policy's answers. Both methods may throw a `StintError`; an error is never a yes. */
export interface Preview {
  targetsFor(person: Person): Promise<readonly Offer[]>;
  /** Whether this person's click could count for this elevation as it stands; `sentence` says why not, and who could. */
  judgeClick(view: ElevationView, person: Person, kind: ClickKind, windowMs?: number): Promise<ClickVerdict>;
}
