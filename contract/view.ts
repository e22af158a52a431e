/**
 * The elevation as it stands: a fold of its events, and the only thing that cards, tools and people are shown. Pure
 * and total: an event that the state does not know leaves the view as it was.
 */
import type { AnyEvent, EventType, RevokeCause } from './events.js';
import type { Digest, Instant, PersonId } from './ids.js';
import type { Recollection } from './ports.js';
import { type ElevationRequest, targetOf } from './request.js';
import { next, type Outcome, type State, TRIGGERS, type Trigger } from './states.js';
import type { Verdict, Vote } from './verdict.js';

export interface Extension {
  readonly roundDigest: Digest;
  readonly windowMs: number;
  readonly askedAt: Instant;
  readonly state: 'waiting' | 'granted' | 'denied' | 'lapsed';
  readonly votes: readonly Vote[];
  /** By its newest vote. */
  readonly verdict?: Verdict;
}

export interface ElevationView {
  readonly request: ElevationRequest;
  readonly digest: Digest;
  readonly state: State;
  readonly outcome?: Outcome;
  /** The last verdict of the request round: windows, approvers, warnings, deadlines. */
  readonly verdict: Verdict;
  readonly votes: readonly Vote[];
  readonly approvedWindowMs?: number;
  readonly approvedAt?: Instant;
  readonly startBy?: Instant;
  readonly armedAt?: Instant;
  readonly notAfter?: Instant;
  readonly claimedAt?: Instant;
  readonly confirmedAt?: Instant;
  readonly deadlineAt?: Instant;
  readonly warnedAt?: Instant;
  readonly endingAt?: Instant;
  /** Who or what ended it: a person, or nothing when a timer did. */
  readonly endedBy?: PersonId;
  readonly revokeCause?: RevokeCause;
  /** Names what whoever revoked wrote. */
  readonly revokeComment?: Digest;
  readonly failure?: string;
  /** The same in a sentence for people, with the far end's own words. Written by others: to be shown as such. */
  readonly failureReason?: string;
  /** Minutes that the last alarm spoke of. */
  readonly alarmMinutes?: number;
  readonly unprovenBy: readonly PersonId[];
  readonly goneAt?: Instant;
  /** The last that was asked for. */
  readonly extension?: Extension;
  /** How many were granted; absent: none. */
  readonly extensions?: number;
  readonly evidence?: { readonly complete: boolean; readonly lines: number; readonly late: boolean };
  readonly closedAt?: Instant;
  /** Who closed the review of a break-glass; open until then. */
  readonly review?: { readonly by: PersonId; readonly at: Instant };
  readonly reminders: number;
  /** Who was called by a message of their own: one list for each time, nobody in two of them. */
  readonly calls?: readonly (readonly PersonId[])[];
  /** How many messages were refused, with or without an entry of their own. */
  readonly refusals: number;
}

/** The view after its first event, which must be `requested`. */
export function begin(event: AnyEvent & { type: 'requested' }): ElevationView {
  const { request, digest, verdict } = event.data;
  return { request, digest, verdict, state: 'requested', votes: [], unprovenBy: [], reminders: 0, refusals: 0 };
}

/** The view after one more event. An event that this state does not know changes nothing. */
export function fold(view: ElevationView, event: AnyEvent): ElevationView {
  // The end of a run is final, whatever was folded before it: an `armed` may have been written after its run had given up.
  // A second end (of a run that was made to live again) changes nothing (invariant I8).
  if (event.type === 'closed' && view.state === 'closed' && view.outcome) return view;
  if (event.type === 'closed')
    return { ...view, state: 'closed', outcome: event.data.outcome, closedAt: view.closedAt ?? event.at };
  if (!isTrigger(event.type)) return note(view, event);
  const standing = next(view, event.type);
  // What was closed before somebody saw that another run of it held the target: by now that is gone as well.
  if (!standing && event.type === 'swept' && view.state === 'closed' && !view.goneAt) return note(view, event);
  // A workflow that the sweep overtook still brings the evidence.
  if (!standing) return event.type === 'evidence-settled' && view.state === 'closed' && !view.evidence ? note(view, event) : view;
  const moved: ElevationView = { ...note(view, event), ...standing };
  if (standing.state === 'ending' && view.state !== 'ending') return { ...moved, endingAt: event.at, ...by(event) };
  if (standing.state === 'closed') return { ...moved, closedAt: event.at, ...(moved.endingAt ? {} : by(event)) };
  return moved;
}

/** The view of a whole timeline, oldest first; undefined when it does not begin with `requested`. */
export function foldAll(events: readonly AnyEvent[]): ElevationView | undefined {
  const [first, ...rest] = events;
  if (first?.type !== 'requested') return undefined;
  return rest.reduce(fold, begin(first));
}

function isTrigger(type: EventType): type is EventType & Trigger {
  return (TRIGGERS as readonly string[]).includes(type);
}

function by(event: AnyEvent): Pick<ElevationView, 'endedBy'> {
  return event.actor.personId ? { endedBy: event.actor.personId } : {};
}

/** What an event leaves in the view beside the state it may move. */
function note(view: ElevationView, event: AnyEvent): ElevationView {
  switch (event.type) {
    case 'refused':
      return { ...view, refusals: Math.max(event.data.total ?? view.refusals + 1, view.refusals) };
    case 'voted':
      return noteVote(view, event.data.vote, event.data.verdict);
    case 'reminded':
      return { ...view, reminders: event.data.count };
    case 'rejudged': {
      const { verdict, called } = event.data;
      return { ...view, verdict, ...(called.length > 0 && { calls: [...(view.calls ?? []), called] }) };
    }
    case 'approved':
      return {
        ...view,
        approvedWindowMs: event.data.windowMs,
        approvedAt: event.at,
        startBy: event.data.startBy,
        verdict: event.data.verdict,
      };
    case 'armed':
      return { ...view, armedAt: event.at, notAfter: event.data.notAfter };
    case 'arm-refused':
    case 'grant-failed': {
      const { code, reason } = event.data;
      return { ...view, failure: code, ...(reason && { failureReason: reason }) };
    }
    case 'claimed':
      return { ...view, claimedAt: event.at };
    case 'confirmed':
      return { ...view, confirmedAt: event.data.confirmedAt, deadlineAt: event.data.deadlineAt };
    case 'warned':
      return { ...view, warnedAt: event.at };
    case 'revoked':
      return {
        ...view,
        revokeCause: event.data.cause,
        ...(event.data.commentDigest && { revokeComment: event.data.commentDigest }),
      };
    case 'alarm':
      return { ...view, alarmMinutes: event.data.minutes };
    case 'gone':
    case 'swept':
      return { ...view, goneAt: event.data.observedAt };
    case 'review-closed':
      return noteReview(view, event);
    case 'unproven-asked':
      return event.actor.personId ? { ...view, unprovenBy: [...view.unprovenBy, event.actor.personId] } : view;
    case 'extension-asked':
      return {
        ...view,
        extension: {
          roundDigest: event.data.roundDigest,
          windowMs: event.data.windowMs,
          askedAt: event.at,
          state: 'waiting',
          votes: [],
        },
      };
    case 'extended':
      return {
        ...view,
        deadlineAt: event.data.deadlineAt,
        extensions: (view.extensions ?? 0) + 1,
        ...endExtension(view, 'granted'),
      };
    case 'extension-closed':
      return { ...view, ...endExtension(view, event.data.why) };
    case 'evidence-settled':
      return { ...view, evidence: { complete: event.data.complete, lines: event.data.lines, late: false } };
    case 'late-evidence':
      return { ...view, evidence: { complete: true, lines: event.data.lines, late: true } };
    default:
      return view;
  }
}

function noteVote(view: ElevationView, vote: Vote, verdict: Verdict): ElevationView {
  if (view.extension && vote.roundDigest === view.extension.roundDigest) {
    return { ...view, extension: { ...view.extension, votes: [...view.extension.votes, vote], verdict } };
  }
  return { ...view, votes: [...view.votes, vote], verdict };
}

/** Never by the person whose access it was, whatever an entry says. The first one counts. */
function noteReview(view: ElevationView, { actor, at }: AnyEvent): ElevationView {
  const { requester, subject } = view.request;
  const by = actor.personId;
  if (view.review || by === undefined || by === requester.personId || by === subject.personId) return view;
  return { ...view, review: { by, at } };
}

function endExtension(view: ElevationView, state: Extension['state']): Pick<ElevationView, 'extension'> {
  return view.extension ? { extension: { ...view.extension, state } } : {};
}

/**
 * What the record says of the time before the grant, for whoever takes it away while the store's mark of it is lost. Only of a
 * target that is polled: a Mac says itself whose its access is.
 */
export function recollectionOf({ request, failure, confirmedAt, armedAt }: ElevationView): Recollection {
  if (targetOf('mac-admin', request.target)) return {};
  // Whoever has it already is told so instead of being granted it; what was granted was not there before.
  if (failure === 'have-already') return { before: 'present' };
  if (confirmedAt) return { before: 'absent' };
  // A run that never armed it may follow on one that did: that one granted after it was asked for.
  return { since: armedAt ?? request.askedAt };
}
