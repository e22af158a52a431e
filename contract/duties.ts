/**
 * What a workflow asks of the world: its activities, as types. The implementations are made by factories in
 * `activities/`; the workflow imports nothing but these types.
 */
import type { ErrorCode } from './errors.js';
import type { AnyEvent } from './events.js';
import { type Digest, type Instant, instant, msOf, type RequestId, type RunId } from './ids.js';
import type { Envelope, MessageKind } from './messages.js';
import type { ArmAnswer, Mark } from './ports.js';
import type { ElevationRequest } from './request.js';
import type { Round, Verdict, Vote } from './verdict.js';
import type { ElevationView } from './view.js';

/** A message after its seal was checked. `raw` never leaves the activity: it is attacker-controlled. */
export type Opened =
  | {
      readonly ok: true;
      readonly envelope: Envelope;
      /** The digest of the round that an `askExtension` opens. */
      readonly newRound?: Digest;
    }
  | { readonly ok: false; readonly code: ErrorCode; readonly kind: MessageKind | 'unknown' };

/** What became of a start: a sealed request of this very id with the policy's word on it, or why it is none. */
export type Admission =
  | {
      readonly ok: true;
      readonly envelope: Envelope<'start'>;
      readonly verdict: Verdict;
      /** Another run of this elevation holds the target: this one may only take it back. */
      readonly held: boolean;
    }
  | { readonly ok: false; readonly code: ErrorCode; readonly recordAs: RequestId };

/** A message as it came. It is judged as of when it came: `waitedMs` ago. */
export interface Unopened {
  readonly name: string;
  readonly raw: unknown;
  readonly waitedMs?: number;
}

/** Activities on the story's own worker: the sandbox has no crypto. */
export interface SealDuties {
  openMessages(requestId: RequestId, raws: readonly Unopened[]): Promise<readonly Opened[]>;
}

export interface JudgeInput {
  readonly request: ElevationRequest;
  readonly digest: Digest;
  readonly round: Round;
  readonly votes: readonly Vote[];
  /** The policy by which the request was first judged: the stricter of then and now counts. */
  readonly policyThen?: Digest;
  /** People were asked already: what the policy itself would say by now is not asked for. */
  readonly byPeople?: true;
}

/** What the fence must learn of an elevation, as far as it is true by now. Each part is harmless to repeat. */
export interface FenceNote {
  readonly request: ElevationRequest;
  /** The end of the grant becomes sharp, for the sweep. */
  readonly deadline?: { readonly armedBy: RunId; readonly from: Instant; readonly at: Instant };
  /** Sets `ended_at`, or a tombstone. */
  readonly endedAt?: Instant;
  /** Frees the target. Without a proof only a row of this very run is freed: another run's is left to the sweep. */
  readonly gone?: { readonly at: Instant; readonly proved: boolean };
}

export interface StoreDuties {
  /** Checks the seal of a start and asks the policy whether this may be asked for. */
  admit(workflowId: string, raw: unknown): Promise<Admission>;
  /** Tells the fence first, then writes the entries, in order. */
  append(events: readonly AnyEvent[], fence?: FenceNote): Promise<void>;
  judge(input: JudgeInput): Promise<Verdict>;
  /** Checks the seals and judges again, then takes the target and records `armed`, in one transaction. */
  arm(
    input: ArmInput,
  ): Promise<ArmAnswer | { readonly ok: false; readonly code: 'verdict-lost' | 'seal-lost'; readonly reason?: string }>;
  /**
   * Moves the end of the grant in the store, once the seals were checked and the policy was asked again; false when the run that
   * armed no longer holds it, or when it is not approved, or not for so long, by now.
   */
  moveEnd(requestId: RequestId, armedBy: RunId, notAfter: Instant, from: Instant, extension: ExtensionInput): Promise<boolean>;
  /** Ends the elevation in the fence. True when another run's grant of it is not known to be gone. */
  fenceOff(request: ElevationRequest, at: Instant): Promise<boolean>;
}

export interface ArmInput extends JudgeInput {
  /** What happened until now and may not be in the ledger yet: written before the target is taken. */
  readonly before: readonly AnyEvent[];
  readonly armed: AnyEvent;
  readonly windowMs: number;
  readonly notAfter: Instant;
  /** The sealed start and approvals themselves: a workflow that was made to believe votes has none. */
  readonly proof: { readonly start: unknown; readonly approvals: readonly Envelope[] };
}

export interface ExtensionInput extends JudgeInput {
  /** The sealed question and approvals themselves, as `ArmInput` has them. */
  readonly proof: { readonly ask: unknown; readonly approvals: readonly Envelope[] };
}

/** The end of what is armed before anybody knows when its window begins: as if that were the last instant at which it may. */
export function armedUntil(startBy: Instant, windowMs: number): Instant {
  return instant(msOf(startBy) + windowMs);
}

/** A grant call is refused, and aborted, this long after its attempt began: nothing of it can leave later. */
export const SEND_WITHIN_MS = 10_000;

export interface GrantDuties {
  /**
   * Refuses unless this very run holds the live grant. Answers the instant after which nothing of it can still leave; and for
   * a target that does not tell by itself, when it was seen to show the access, which is waited for.
   */
  grant(input: {
    readonly request: ElevationRequest;
    readonly maxMs: number;
    readonly startBy: Instant;
  }): Promise<{ readonly sendBefore: Instant; readonly observedAt?: Instant }>;
}

export interface GoneProof {
  readonly observedAt: Instant;
  readonly how: string;
}

/**
 * The revoke of a deadline is handed out this long before it, in ms, and waits for it at the worker: what Temporal needs to
 * hand out work, many at a time, is then not access beyond the window (`docs/decisions/0020`).
 */
export const LEAD_MS = 2_000;

/** What the story knows of the time before its grant, for when the store does not: what stood there then is never taken away. */
export type Before = Mark['before'];

export interface RevokeDuties {
  /**
   * One attempt to take it away; never waits for a proof. Answers whether the call was accepted. `since`: when the target was
   * taken, of a grant that has told nothing (`Recollection`). `armed` false: this story never took the target.
   */
  revokeOnce(request: ElevationRequest, before?: Before, since?: Instant, armed?: boolean): Promise<boolean>;
  /**
   * As `revokeOnce`, but not before `at`: it is called ahead and waits, at most `LEAD_MS`. What is given up meanwhile is not sent
   * once the worker hears of it, which may be too late.
   */
  revokeAt(request: ElevationRequest, at: Instant, before?: Before, since?: Instant): Promise<boolean>;
  /**
   * Revokes and observes until the target shows that nothing is left, after `notBefore` plus its settling time. What only
   * its own target can begin and never did (`begun` false) is gone once nothing can begin it any more.
   */
  proveGone(
    request: ElevationRequest,
    notBefore: Instant,
    begun: boolean,
    before?: Before,
    since?: Instant,
    armed?: boolean,
  ): Promise<GoneProof>;
  /** Removes MDM signals and orders. */
  clearSignals(request: ElevationRequest): Promise<void>;
  askEvidence(request: ElevationRequest): Promise<void>;
}

export type DmKind = 'asked' | 'approved' | 'denied' | 'lapsed' | 'started' | 'warning' | 'ended' | 'not-started' | 'failed';
export type LineKind = 'decided' | 'reminder' | 'called' | 'started' | 'ending' | 'ended' | 'alarm' | 'evidence' | 'extension';

/** What waits to be sent to Slack: plain data, so that it survives a page turn. Without a view: the newest one is meant. */
export type Letter = (
  | { readonly to: 'subject'; readonly kind: DmKind }
  | { readonly to: 'called' }
  | { readonly to: 'thread'; readonly kind: LineKind; readonly key: string }
  | { readonly to: 'files' }
  | { readonly to: 'clicker'; readonly actor: Envelope['actor']; readonly code: ErrorCode }
) & { readonly view?: ElevationView };

/** One change, told to the store and to Slack at once. */
export interface News {
  readonly events: readonly AnyEvent[];
  readonly fence?: FenceNote;
  readonly view: ElevationView;
  /** Whether the card is to show the view. */
  readonly paint: boolean;
  readonly letters: readonly Letter[];
}
/** What came through. The rest is tried again by those who try for ever. */
export interface Told {
  readonly written: boolean;
  readonly painted: boolean;
  /** By letter, in the order of the news. */
  readonly sent: readonly boolean[];
}

export interface NewsDuties {
  /** One attempt at everything; never fails. */
  publish(news: News): Promise<Told>;
}

/** Minutes between attempts at a card that Slack refuses for good; the last one repeats. */
export const CARD_AGAIN_MIN = [1, 5, 15, 60] as const;

export interface SlackDuties {
  /** Makes the card show this view. */
  paint(view: ElevationView): Promise<void>;
  dm(kind: DmKind, view: ElevationView): Promise<void>;
  line(kind: LineKind, view: ElevationView, key: string): Promise<void>;
  /** Writes to each who was called last, as long as they can decide. Fails while it can't be told where somebody is written to. */
  call(view: ElevationView): Promise<void>;
  /** Tells one person why their message was refused. */
  answer(requestId: RequestId, actor: Envelope['actor'], code: ErrorCode): Promise<void>;
  /** Puts the collected log into the thread; answers how many commands it holds. */
  fileEvidence(view: ElevationView): Promise<void>;
}

export interface EvidenceDuties {
  /** What the store holds of the evidence. */
  readEvidence(requestId: RequestId): Promise<{ readonly complete: boolean; readonly lines: number; readonly digest?: Digest }>;
  /** The view of a closed elevation, for late evidence. */
  readView(requestId: RequestId): Promise<ElevationView | undefined>;
}
