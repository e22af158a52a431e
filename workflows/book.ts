/**
 * The book of one elevation: its view, and the one way to change it. `record` folds an event into the view and hands
 * the same event to the scribe, so what is shown and what is written can never differ.
 */
import { CancellationScope, condition, sleep, workflowInfo } from '@temporalio/workflow';
import type { Letter } from '../contract/duties.js';
import type { AnyEvent, EventData, EventType, Via } from '../contract/events.js';
import { type Instant, instant, msOf, type RunId } from '../contract/ids.js';
import type { Envelope } from '../contract/messages.js';
import type { State } from '../contract/states.js';
import type { Ballot } from '../contract/verdict.js';
import { type ElevationView, fold } from '../contract/view.js';
import type { Item } from './backlog.js';

/** Who caused an event, as the ledger keeps it. */
export type Cause = AnyEvent['actor'];
export const SYSTEM: Cause = { via: 'system' };

/** The ledger's cause of a verified message. */
export function causeOf(envelope: Envelope): Cause {
  const { personId, slackUserId, serial } = envelope.actor;
  const via: Via = envelope.via;
  return { via, ...(personId && { personId }), ...(slackUserId && { slackUserId }), ...(serial && { serial }) };
}

/** As long as the seal of a confirmation is good for (`seal/envelope.ts`), in ms; what a worker saw takes no longer to get here. */
export const SEEN_MS = 60_000;

/** What a run hands to the next when it continues as new. */
export interface Carried {
  readonly view: ElevationView;
  readonly unwritten: readonly AnyEvent[];
  readonly nonces: readonly string[];
  /** Messages that no run has opened yet: the next one checks them as if they had just come. Older versions knew none. */
  readonly waiting?: readonly Item[];
  readonly letters: readonly Letter[];
  readonly ballots: readonly Ballot[];
  readonly approvals: readonly Envelope[];
  readonly asked?: Envelope;
  readonly armedBy?: RunId;
  readonly openedAt: Instant;
  readonly announced?: string;
  readonly grantCalled: boolean;
  readonly quietFrom: Instant;
  readonly evidence: boolean;
  readonly extensions: number;
}

/** Everything that one run knows. Plain data and three helpers; the story and its coroutines share it. */
export class Book {
  view: ElevationView;
  /** Events not yet in the ledger, in order. */
  readonly unwritten: AnyEvent[] = [];
  /** When the first run began to wait for a decision: a page turn puts off no deadline. */
  openedAt: Instant = instant(Date.now());
  /** Verified approvals that nobody has judged yet. */
  readonly ballots: Ballot[] = [];
  /** The sealed approvals behind the votes, for `arm` and `moveEnd`. */
  readonly approvals: Envelope[] = [];
  /** The sealed question for the extension that waits, for `moveEnd`. */
  asked: Envelope | undefined;
  /** The run that took the target. */
  armedBy: RunId | undefined;
  /** Set while the revoke's first attempt is out: nobody else may give Temporal a command. */
  hush = false;
  /** The deadline is so near that its revoke was handed out: no extension counts any more. */
  leaving = false;
  /** The revoke of the deadline reached the far end, whatever that said: the ending begins with its proof. */
  revokeSent = false;
  /** While the revoke of the deadline is out: it may be sent after what made it needless, and what it leaves is cleared after it. */
  ahead: Promise<void> | undefined;
  /** Whether a grant call may have left. */
  grantCalled = false;
  /** After this instant nothing of a grant call can still leave. */
  quietFrom: Instant = instant(0);
  /** The device API said that the evidence is complete. */
  evidenceComplete = false;
  /** The extension round that the channel was told of. */
  announced: string | undefined;
  /** Told of each event as it is recorded, so that its letters go out with its card. */
  heard: (type: EventType) => void = () => {};
  /** The last chapter was lived to its end. */
  done = false;
  /** The MDM signals are being removed, or were. */
  clearing: Promise<void> | undefined;
  private count = 0;
  /** Refusals without an entry of their own since the ledger was last told how many there were. */
  private unlisted = 0;

  constructor(
    view: ElevationView,
    /** The sealed start, as it came. */
    readonly start: unknown,
  ) {
    this.view = view;
    // Continued while ending: the revoke goes out again, and first.
    this.hush = this.is('ending');
  }

  get state(): State {
    return this.view.state;
  }

  /** How many extensions were granted. */
  get extensions(): number {
    return this.view.extensions ?? 0;
  }

  is(state: State): boolean {
    return this.view.state === state;
  }

  /** Builds an event of this run without recording it. */
  event<T extends EventType>(type: T, data: EventData[T], actor: Cause = SYSTEM): AnyEvent {
    const { requestId } = this.view.request;
    const runId = workflowInfo().runId as RunId;
    this.count += 1;
    const id = `${requestId}/${runId}/${this.count}-${type}`;
    const at = instant(Date.now());
    return { id, type, requestId, requestDigest: this.view.digest, runId, at, actor, data } as AnyEvent;
  }

  /** Records what happened: into the view now, into the ledger by the scribe. */
  record<T extends EventType>(type: T, data: EventData[T], actor: Cause = SYSTEM): void {
    const event = this.event(type, data, actor);
    this.see(event);
    this.unwritten.push(event);
    this.heard(type);
  }

  /**
   * The clock of the window starts, when the access was seen to be there: not when that was read, for Temporal's reset has it
   * read again. Whoever's clock is further away than `withinMs` is not asked.
   */
  confirm(seenAt: Instant, windowMs: number, actor: Cause = SYSTEM, withinMs = SEEN_MS): EventData['confirmed'] {
    const ago = Date.now() - msOf(seenAt);
    const confirmedAt = ago >= 0 && ago <= withinMs ? seenAt : instant(Date.now());
    const clock = { confirmedAt, deadlineAt: instant(msOf(confirmedAt) + windowMs) };
    this.record('confirmed', clock, actor);
    return clock;
  }

  /** Counts a refusal that gets no entry of its own: a flood of forgeries must not flood the ledger. */
  countRefusal(): void {
    this.unlisted += 1;
    this.view = { ...this.view, refusals: this.view.refusals + 1 };
  }

  /** Tells the ledger how many there were, if it does not know. */
  tellRefusals(): void {
    if (this.unlisted === 0) return;
    this.unlisted = 0;
    this.record('refused', { kind: 'unknown', code: 'flood', total: this.view.refusals }, { via: 'temporal' });
  }

  /** The ledger has these. */
  inLedger(events: readonly AnyEvent[]): void {
    const left = this.unwritten.filter((event) => !events.includes(event));
    this.unwritten.splice(0, this.unwritten.length, ...left);
  }

  /** Folds an event that someone else has already written (`armed`, in arm's own transaction). */
  see(event: AnyEvent): void {
    const before = this.view.state;
    this.view = fold(this.view, event);
    // From here until the first revoke attempt is over, the revoke is the only command (`chapters/end.ts`).
    if (before !== 'ending' && this.is('ending')) this.hush = true;
  }

  /**
   * Waits until `fact` holds or the instant has come. True when the fact holds. The summary names the timer in the
   * Web UI. Revoke, end, Cancel and contact lost change the state, so every fact that asks for it hears them.
   */
  async until(fact: () => boolean, at: Instant | number | undefined, summary: string): Promise<boolean> {
    if (fact()) return true;
    if (at === undefined) {
      await condition(fact);
      return true;
    }
    const ms = (typeof at === 'number' ? at : msOf(at)) - Date.now();
    if (ms <= 0) return fact();
    return condition(fact, ms, { summary });
  }

  /**
   * A clock beside the story: at each instant that `next` names, `ring` is called, until it names none or `stop` is. One
   * timer is open at a time, however often the story looks up meanwhile.
   */
  clock(next: () => { readonly at: number; readonly summary: string } | undefined, ring: () => void): Clock {
    const scope = new CancellationScope({ cancellable: true });
    const run = scope.run(async () => {
      for (let bell = next(); bell; bell = next()) {
        const ms = bell.at - Date.now();
        if (ms > 0) await sleep(ms, { summary: bell.summary });
        ring();
      }
    });
    run.catch(() => undefined); // stopped
    return { stop: () => scope.cancel() };
  }
}

export interface Clock {
  stop(): void;
}
