/**
 * What an entrance needs to hear from the policy before anything starts: what a person may ask for, and whether a click
 * could count. The workflow judges again with live facts; this is the first gate, so that a refusal is immediate.
 */
import type { Instant } from './ids.js';
import type { Person } from './ports.js';
import type { Category, PersonRef, Target, TargetKind } from './request.js';
import type { Tier } from './verdict.js';
import type { ElevationView } from './view.js';

/** What a rule asks of a reason. Patterns are of the kind that `policy/linear-pattern.ts` takes, and have to be found in it. */
export interface ReasonRule {
  /** The least length, in UTF-16 units, as Slack's form counts. */
  readonly min?: number | undefined;
  readonly pattern?: string | undefined;
  /** What to say where the pattern is not found. */
  readonly message?: string | undefined;
  readonly ticket?: string | undefined;
  /** The check of the configuration by which one ticket that is named has to be there. */
  readonly check?: string | undefined;
  /** The request has to be of one of these. */
  readonly category?: readonly Category[] | undefined;
}

/** One thing that a person may ask for now, as a form shows it. Its ids are pinned only when it is asked for (`pin`). */
export interface Offer {
  /** At most 150 characters; means something to `pin` alone. The target's key for a Mac, without the user for AWS. */
  readonly key: string;
  readonly kind: TargetKind;
  readonly display: string;
  /** What is given in the place that `confirmBy` names: the permission set. Only where there is a choice. */
  readonly setName?: string;
  /** What somebody has to type who asks for the most dangerous (tier 0). */
  readonly confirmBy: string;
  /** Where it stands or what it is, for people. */
  readonly detail?: string;
  /** The lengths that may be asked for, ascending. */
  readonly windowsMs: readonly number[];
  /** Who could approve, for the form's context line. */
  readonly approverNames: readonly string[];
  /** The policy rule that allows the asking. */
  readonly rule: string;
  readonly tier?: Tier;
  /** The Slack channel that this rule's cards go to, where it is not the one of the configuration. */
  readonly channel?: string;
  /** What is asked of the reason, and the same in words. */
  readonly reason?: { readonly rule: ReasonRule; readonly says: string };
  /** Where it may be asked for later: how far ahead, and how late it may begin then, in words. */
  readonly later?: string;
  /** Why it can't be had although a rule allows it, as a sentence: shown instead of failing later. */
  readonly barred?: string;
  /** What to know before asking, as sentences. */
  readonly notes: readonly string[];
}

/** What can be listed without typing, and whether there is more that is found by typing. */
export interface Offers {
  readonly offers: readonly Offer[];
  readonly searchable: boolean;
  /** Why something may be missing now, as a sentence. */
  readonly note?: string;
}

/** An offer, and what is asked for by it: every id pinned, for this person. */
export interface Pinned {
  readonly offer: Offer;
  readonly target: Target;
}

/** What would be asked, by whom and for whom. */
export interface Supposed {
  readonly requester: PersonRef;
  readonly subject: PersonRef;
  readonly target: Target;
  /** Absent: whichever is offered. */
  readonly windowMs?: number | undefined;
  /** When it is to begin; absent: at once. */
  readonly startAt?: Instant | undefined;
}

/** One thing to know before asking, in plain words. */
export interface OutlookLine {
  readonly title: string;
  readonly says: string;
}

/** What would become of a request if it were sent now. It is judged again when it is. */
export interface Outlook {
  /** Why nothing would be granted, as sentences; none where it can be asked for. */
  readonly refusals: readonly string[];
  readonly lines: readonly OutlookLine[];
  /** Whether another length may make it another. */
  readonly byLength: boolean;
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
  'review',
] as const;
export type ClickKind = (typeof CLICK_KINDS)[number];
export type ClickVerdict = { readonly ok: true } | { readonly ok: false; readonly sentence: string };

/** In the ordinary way, or by breaking the glass, which everybody does for themselves. */
export type How = 'asking' | 'break-glass';

/**
 * The policy's answers. All methods may throw a `StintError`; an error is never a yes. `subject`: for whom it would be asked, as
 * the directory has them; the person themselves, if left out.
 */
export interface Preview {
  /** All that can be listed without typing, at most 100, of all kinds or of one. Empty for who is not active. */
  offersFor(person: Person, subject?: Person, kind?: TargetKind): Promise<Offers>;
  /** Offers of all kinds, or of one, that hold every word, best first, at most `limit`. */
  search(person: Person, text: string, limit: number, subject?: Person, how?: How, kind?: TargetKind): Promise<readonly Offer[]>;
  /** Others for whom this person may ask by some rule, and whose name or id holds every word; by name, at most `limit`. */
  others(person: Person, text: string, limit: number): Promise<readonly Person[]>;
  /** What this person asks for by an offer's key, which is checked anew. Throws a `StintError` that says why not. */
  pin(person: Person, key: string, subject?: Person, how?: How): Promise<Pinned>;
  /** What would become of it if it were sent now. Throws what policy, directory and store throw: then it can't be told. */
  outlook(ask: Supposed): Promise<Outlook>;
  /** Whether this person's click could count for this elevation as it stands; `sentence` says why not, and who could. */
  judgeClick(view: ElevationView, person: Person, kind: ClickKind, windowMs?: number): Promise<ClickVerdict>;
}
