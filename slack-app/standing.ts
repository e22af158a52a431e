/**
 * What each button means, who it is for, and whether the elevation still is where it makes sense. Pure: one table, and
 * the sentences that tell a person what is true now.
 */

import { utc } from '../cards/say.js';
import { isReviewOpen, REVIEWED } from '../contract/break-glass.js';
import { extensionLengths } from '../contract/extension.js';
import { type Instant, shortId } from '../contract/ids.js';
import type { SignalKind } from '../contract/ports.js';
import type { ClickKind } from '../contract/preview.js';
import type { State } from '../contract/states.js';
import type { ElevationView } from '../contract/view.js';

export interface KindRule {
  /** Undefined for what no workflow hears of: it is over by then. */
  readonly sends?: SignalKind;
  /**
   * Whether it adds access, or gives up the proof that access is gone. Such clicks need the store; the others go
   * through without it, since nothing may stand between a person and the end of an access.
   */
  readonly adds: boolean;
  /** Whether it gives access or time: nobody may while a freeze stands. */
  readonly grants: boolean;
  readonly who: 'approver' | 'holder';
  /** Whether requester and subject are shut out. */
  readonly notOwn: boolean;
  readonly round: 'request' | 'extension';
  /** Whether it carries a length of time. */
  readonly window: boolean;
  /** A form opens first; its submission is what is sent. */
  readonly form?: 'deny' | 'finding' | 'review';
  /** Whether the administrators of the configuration may do it, whatever the policy says of them. */
  readonly admin: boolean;
  /** States of the read model in which it may be sent; the read model may lag, so ending clicks are let through early. */
  readonly states: readonly State[];
}

const BEFORE: readonly State[] = ['requested', 'approved'];
const LIVE: readonly State[] = ['requested', 'approved', 'granting', 'active'];

export const RULES: { readonly [K in ClickKind]: KindRule } = {
  approve: rule({ sends: 'approve', adds: true, grants: true, notOwn: true, window: true, states: ['requested'] }),
  deny: rule({ sends: 'deny', notOwn: true, form: 'deny', states: BEFORE }),
  revoke: rule({ sends: 'revoke', admin: true, states: LIVE }),
  end: rule({ sends: 'end', who: 'holder', states: LIVE }),
  withdraw: rule({ sends: 'withdraw', who: 'holder', states: BEFORE }),
  extend: rule({ sends: 'askExtension', adds: true, grants: true, who: 'holder', window: true, states: ['active'] }),
  'ext-approve': rule({
    sends: 'approve',
    adds: true,
    grants: true,
    notOwn: true,
    round: 'extension',
    window: true,
    states: ['active'],
  }),
  'ext-deny': rule({ sends: 'deny', notOwn: true, round: 'extension', form: 'deny', states: ['active'] }),
  'close-unproven': rule({ sends: 'closeUnproven', adds: true, notOwn: true, form: 'finding', states: ['ending'] }),
  review: rule({ adds: true, notOwn: true, form: 'review', states: ['closed'] }),
};

function rule(given: Partial<KindRule> & Pick<KindRule, 'states'>): KindRule {
  return { adds: false, grants: false, who: 'approver', notOwn: false, round: 'request', window: false, admin: false, ...given };
}

/** Why this click is too late or out of place, said as what is true now; undefined when it may be sent. */
export function tooLate(view: ElevationView, kind: ClickKind): string | undefined {
  const { states, round } = RULES[kind];
  if (kind === 'review') return tooEarly(view);
  if (!states.includes(view.state)) return `${now(view)} Nothing was changed by your click.`;
  if (round === 'extension' && view.extension?.state !== 'waiting') {
    return `No extension is waiting for a decision any more. ${now(view)}`;
  }
  if (kind === 'extend' && view.extension?.state === 'waiting') {
    return 'An extension of this elevation is already waiting for a decision.';
  }
  return undefined;
}

/** A review is of what was done, so it is closed once that is over; until then there is Revoke. */
function tooEarly(view: ElevationView): string | undefined {
  if (view.review) return REVIEWED;
  if (view.state !== 'closed') return `${now(view)} Close its review when it is over, or revoke it now.`;
  return isReviewOpen(view) ? undefined : 'There is no break-glass to review here.';
}

/** Whether a length of time, in milliseconds, is one that this button may carry now. */
export function windowFits(view: ElevationView, kind: ClickKind, windowMs: number | undefined): boolean {
  if (!RULES[kind].window) return true;
  if (windowMs === undefined) return false;
  if (RULES[kind].round === 'extension') return windowMs === view.extension?.windowMs;
  if (kind === 'extend') return extensionLengths(view).includes(windowMs);
  return view.verdict.windowsMs.includes(windowMs);
}

/** One plain sentence: where the elevation stands. Instants are UTC. */
export function now(view: ElevationView): string {
  const name = `Elevation ${shortId(view.request.requestId)}`;
  switch (view.state) {
    case 'requested':
      return `${name} is waiting for a decision.`;
    case 'approved':
      return `${name} was approved${forMinutes(view)}${at(view.approvedAt)} and ${soon(view)}.`;
    case 'granting':
      return `${name} was approved${forMinutes(view)}${at(view.approvedAt)}; the access is being set up.`;
    case 'active':
      return `${name} is active and ends${at(view.deadlineAt)}.`;
    case 'ending':
      return `${name} is ending: the access is being taken away, and is not yet proved gone.`;
    case 'collecting':
      return `${name} is over: the access was observed gone${at(view.goneAt)}.`;
    case 'closed':
      return `${name} is closed: ${view.outcome ?? 'over'}${at(view.closedAt)}.`;
  }
}

function soon({ request: { startAt } }: ElevationView): string {
  return startAt ? `starts at ${utc(startAt)}` : 'is about to start';
}

function forMinutes(view: ElevationView): string {
  return view.approvedWindowMs ? ` for ${Math.round(view.approvedWindowMs / 60_000)} min` : '';
}

function at(instant: Instant | undefined): string {
  return instant ? ` at ${utc(instant)}` : '';
}
