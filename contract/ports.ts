/**
 * What the product needs from the world. Each port is one interface; real implementations and stand-ins pass the same
 * contract suites. All calls are idempotent by request id. Errors are `StintError`; anything else is a bug.
 */
import type { AnyEvent, EventType, SealKeyName } from './events.js';
import type { Digest, Instant, LocalUser, PersonId, RequestId, RunId, Serial, SlackUserId } from './ids.js';
import type { Usage } from './limits.js';
import type { Actor, Bodies, MessageKind } from './messages.js';
import type { ElevationRequest, Target, TargetKind } from './request.js';
import type { ElevationView } from './view.js';

// ---- targets -------------------------------------------------------------------------------------------------------

/** What is true at the target now. `unknown` is never taken for `absent`. */
export interface Observation {
  readonly access: 'present' | 'absent' | 'unknown';
  /** Whose doing a present access is: ours for this request, or there before. */
  readonly whose?: 'ours' | 'standing';
  /** When the target itself looked (not when we asked). */
  readonly observedAt: Instant;
  /** One plain sentence: how this is known. */
  readonly how: string;
  /** The elevation that the target itself names for a present access, whichever was asked about. */
  readonly of?: RequestId;
}

/** A trace of ours at a target, found by asking the far end and not the store. */
export interface Remnant {
  /** The target's key. */
  readonly target: string;
  readonly requestId?: RequestId;
  /** By what `clear` can be called where no elevation, and no list of ours, names the target. */
  readonly as?: Target;
}

export interface GrantOrder<T extends Target = Target> {
  readonly requestId: RequestId;
  readonly target: T;
  /** The longest the access may last once confirmed. */
  readonly maxMs: number;
  readonly startBy: Instant;
  /** The call must not leave after this instant, and is aborted at it. */
  readonly sendBefore: Instant;
  /**
   * Asks anew whether it may still be sent; answers the instant before which it has to leave then, in place of `sendBefore`. For whoever
   * has to wait in line first; and where nothing ends by itself, to be asked right before each create, of which it tells the store
   * (`Fence.sending`); and where `awaitsPermit` says so, the first question. Throws when it may not.
   */
  readonly permit?: () => Promise<Instant>;
}

/** An operation that goes on at the far end after its call, as the far end names it. */
export interface FarStep {
  readonly kind: 'create' | 'delete';
  readonly farId: string;
  /** When it was first seen to be done, by our clock: from then on the access counts, whenever it is proved. */
  readonly doneAt?: Instant;
}

/** What an attempt has from the one before it, and leaves to the next. Far ends that answer at once have no use for it. */
export interface Steps {
  /** Told by whoever kept it meanwhile; to be checked at the far end before it is believed. */
  readonly earlier?: FarStep;
  /** Told of each operation at once, so that it is known even if nothing can be written. */
  readonly said?: (step: FarStep) => void;
}

/** What the caller's own history says of the time before the grant, for when the store does not. */
export interface Recollection {
  /** What the grant's own answer told: `absent` is believed whatever the store says, `present` where it says nothing else. */
  readonly before?: Mark['before'];
  /** The grant was called after this instant and has told nothing: what was given since may be its doing. */
  readonly since?: Instant;
}

export interface RevokeHints extends Steps, Recollection {}

/** How a look is made where calls are few: one that can wait is `background`. */
export interface LookManner extends Recollection {
  readonly rank?: 'proof' | 'background';
  readonly signal?: AbortSignal;
}

/** One kind of target. Drivers never import Temporal: the sweep and the CLI use them too. */
export interface TargetDriver<T extends Target = Target> {
  readonly kind: T['kind'];
  /** Milliseconds after the last grant call in which an effect may still appear. */
  readonly settleMs: number;
  /**
   * `update`: the target itself claims, begins and confirms (a Mac), so that what was never claimed never began.
   * `poll`: nobody tells us, so `grant` goes on until the target itself shows the access.
   */
  readonly confirmMode: 'update' | 'poll';
  /**
   * Its `grant` waits for `permit` by itself before anything leaves that gives access, so it is called while the answer is still on its
   * way: what it reads first costs no time then. Left out: it is called once the answer is there.
   */
  readonly awaitsPermit?: true;
  observe(requestId: RequestId, target: T, manner?: LookManner): Promise<Observation>;
  /** May be asked again after any failure, and goes on where the last attempt was. Nothing of it leaves at or after `sendBefore`. */
  grant(order: GrantOrder<T>, signal: AbortSignal, steps?: Steps): Promise<void>;
  /** Takes the access away. Takes nothing but pinned ids; needs neither directory nor policy nor Slack. */
  revoke(requestId: RequestId, target: T, signal: AbortSignal, hints?: RevokeHints): Promise<void>;
  /** Removes what the grant left behind once all is over (MDM signals). */
  clear(requestId: RequestId, target: T): Promise<void>;
  /** Everything at the far end that carries our mark now, whatever the store says of it. */
  listOurs(): Promise<readonly Remnant[]>;
}

/** One place of a kind of target (an account and what is given in it), and everybody whom the far end lists there. */
export interface Place {
  readonly key: string;
  /** By what one may take access away; not whose doing it is. Their keys begin with the place's. */
  readonly holders: readonly Target[];
  /** What people call holders, by `holderOf`; who is not in it is told by the id. */
  readonly called?: ReadonlyMap<string, string>;
  readonly observedAt: Instant;
}

export interface Walked {
  readonly places: readonly Place[];
  /** How many there are in all. */
  readonly of: number;
  readonly failures: readonly { readonly place: string; readonly error: unknown }[];
}

/** For kinds where the far end knows who has what: finds also those whom nobody here ever named. */
export interface Walk {
  readonly kind: TargetKind;
  /** The next places in a fixed order after the one of that key, at most `max`, from the first again after the last. */
  walk(after: string | undefined, max: number): Promise<Walked>;
}

export type MdmSignal = 'elevate' | 'collect';

export interface Mdm {
  /** The one device of exactly that serial. Throws `device-unknown` or `device-ambiguous`. */
  resolveDevice(serial: Serial): Promise<{ readonly deviceId: string; readonly name: string }>;
  /**
   * With `sendBefore` no call leaves at or after it (`too-late`), however long anything on the way took. Nothing is changed before
   * `permitted` is fulfilled, and nothing at all where it is rejected, which is thrown; what is read is read meanwhile.
   */
  signal(serial: Serial, kind: MdmSignal, abort?: AbortSignal, sendBefore?: Instant, permitted?: Promise<unknown>): Promise<void>;
  clear(serial: Serial, kind: MdmSignal, abort?: AbortSignal): Promise<void>;
  listSignalled(kind: MdmSignal): Promise<readonly Serial[]>;
}

/** What the rules of a policy are held against, by kind of target. */
export interface MacAbout {
  readonly kind: 'mac-admin';
  readonly serial: Serial;
}

export interface AwsAbout {
  readonly kind: 'aws-permission-set';
  readonly accountId: string;
  readonly accountName: string;
  /** The organisational units that the account is in, at any depth. */
  readonly ouNames: readonly string[];
  readonly ouIds: readonly string[];
  /** Undefined while they are not known: then nothing may go by them. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Why they can't be looked up, as a sentence; without it they are still being read. */
  readonly untold?: string;
  /** Name of the permission set. */
  readonly set: string;
}

export type About = MacAbout | AwsAbout;
export type AboutOf<K extends TargetKind> = Extract<About, { readonly kind: K }>;

/** Something that there is to ask for, before a rule is brought to it. */
export interface Candidate {
  /** See `Offer.key`. */
  readonly key: string;
  readonly about: About;
  readonly display: string;
  readonly detail?: string;
  readonly barred?: string;
  readonly notes: readonly string[];
}

/** What is true of a target now. Without `about` no rule covers it; with a refusal nothing of it can be approved. */
export interface TargetLook {
  readonly about?: About;
  /** Why it can't be judged, or can't be this person's, as a sentence. */
  readonly refusal?: string;
}

/** Live facts about one kind of target: for judging, and for whoever asks. An error is never a yes. */
export interface TargetFacts<T extends Target = Target> {
  readonly kind: T['kind'];
  /** Whether there is more to find than is listed. */
  readonly searchable: boolean;
  /** What somebody who misses something should know now (it is still being read, it can't be reached), as a sentence. */
  note?(): string | undefined;
  /** What this person is shown without typing. */
  listed(person: Person): Promise<readonly Candidate[]>;
  /** What holds every word, best first; of it only what `may` lets through, at most `limit`. */
  search(person: Person, text: string, limit: number, may: (found: Candidate) => boolean): Promise<readonly Candidate[]>;
  candidate(person: Person, key: string): Promise<Candidate | undefined>;
  /** The target of a candidate with every id pinned, for this person. Throws a `StintError` that says what to do. */
  pin(person: Person, key: string): Promise<T>;
  /** A request can name any target for anybody: what is true of this one, and whether it is this person's. */
  look(target: T, holder: Person): Promise<TargetLook>;
  /** What is in memory of it, without asking anybody: for taking access away, which waits for nothing. */
  known(target: T): About | undefined;
}

// ---- the store -----------------------------------------------------------------------------------------------------

export interface LedgerEntry {
  readonly seq: number;
  /** Exact RFC 8785 bytes of the entry. */
  readonly body: string;
  /** RFC 6962 leaf hash of `body`. */
  readonly hash: Digest;
}

export interface Grant<T extends Target = Target> {
  readonly requestId: RequestId;
  readonly targetKey: string;
  readonly target: T;
  readonly personId: PersonId;
  readonly runId: RunId;
  readonly notAfter: Instant;
  /** What counts against limits: the rule that it was armed by, and the length that was granted, in milliseconds. */
  readonly rule?: string;
  readonly windowMs?: number;
  /** The policy that was in force then: with the rule it says who reviews a break-glass. */
  readonly policyHash?: Digest;
  /** When it was armed, where the policy itself had approved it. */
  readonly automaticAt?: Instant;
  readonly endedAt?: Instant;
  readonly goneAt?: Instant;
  /** When somebody was last at its grant or its ending (`Fence.pulse`). */
  readonly pulseAt?: Instant;
  /** By when what was sent for it has to be over, while nobody has seen what came of that, or said when it ends (`Fence.sending`). */
  readonly sentUntil?: Instant;
}

/** One row of the read model. */
export interface ElevationRow {
  readonly view: ElevationView;
  readonly updatedAt: Instant;
}

export interface ListFilter {
  readonly live?: boolean;
  readonly personId?: PersonId;
  readonly targetKey?: string;
  /** Only those whose review is open. */
  readonly review?: 'open';
  /** At most this many (default 50), newest first. */
  readonly limit?: number;
  readonly offset?: number;
}

/** Append-only record, and the read model folded from it. */
export interface Ledger {
  /** In order, all or none. An id already there with the same content, whatever its instant, is skipped; with other: `ledger-conflict`. */
  append(events: readonly AnyEvent[]): Promise<void>;
  timeline(requestId: RequestId): Promise<readonly AnyEvent[]>;
  /** The end of a timeline, in its order: at most 1,000, and how many there are in all. */
  newest(requestId: RequestId, limit: number): Promise<{ readonly total: number; readonly events: readonly AnyEvent[] }>;
  entries(from: number, limit: number): Promise<readonly LedgerEntry[]>;
  find(requestId: RequestId): Promise<ElevationRow | undefined>;
  /** By the first characters of the id (at least 6); undefined when none or several match. */
  findByPrefix(prefix: string): Promise<ElevationRow | undefined>;
  list(filter: ListFilter): Promise<readonly ElevationRow[]>;
  count(filter: ListFilter): Promise<number>;
  /**
   * Entries of these types that were written after the number `after`, oldest first and at most 1,000, and the number to
   * go on from. Without `after`: among the last 1,000 entries.
   */
  news(after: number | undefined, types: readonly EventType[]): Promise<News>;
}

export interface News {
  readonly events: readonly AnyEvent[];
  readonly upTo: number;
}

export type ArmAnswer =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: 'target-busy' | 'fenced' | 'too-late' | 'frozen' }
  | { readonly ok: false; readonly code: 'limit-reached'; readonly reason: string };

/** The limits of a judgement, to be counted where the target is taken, or kept for longer. */
export interface ArmLimits {
  readonly request: ElevationRequest;
  /** Pure: why what is counted is too much, as a sentence. */
  refusal(usage: Usage): string | undefined;
}

/** What counts against limits. */
export interface UsageBook {
  /** All that may count against this request now. Throws `store-unavailable`: what can't be counted is no yes. */
  of(request: ElevationRequest): Promise<Usage>;
}

/** The fence of design section 5. */
export interface Fence {
  /**
   * One transaction: locks the person's row, counts by the limits (pure, no I/O) what it read, inserts the grant if it is
   * not there, appends `before` (what may not be in the ledger yet) and `armed`. Goes on only if the row has this run, is not ended, and `notAfter` is ahead of `now`.
   */
  arm(
    grant: Omit<Grant, 'endedAt' | 'goneAt' | 'pulseAt' | 'sentUntil'>,
    armed: AnyEvent,
    now: Instant,
    before?: readonly AnyEvent[],
    limits?: ArmLimits,
  ): Promise<ArmAnswer>;
  /**
   * Moves `not_after` of this run's live grant: to the deadline once confirmed, then with each extension.
   * Only from the end that it had before (`from`): a call that stood still takes back nothing. With `limits` it is counted by them first,
   * as `arm` counts, under the same lock. False when it is no longer this run's, or more than they let.
   */
  extend(
    requestId: RequestId,
    runId: RunId,
    notAfter: Instant,
    from: Instant,
    limits?: ArmLimits & { readonly now: Instant },
  ): Promise<boolean>;
  /**
   * The access was seen to be there, so it ends at `until` should its workflow never say when: what it says (`extend`) counts
   * instead. Changes nothing once it has, which is when the end is no longer the one that was armed (`from`). The earliest stays.
   */
  seen(requestId: RequestId, until: Instant, from: Instant): Promise<void>;
  /**
   * This run's create is about to leave, and what it makes has to be over by `until`, should nobody live to say that it is there: what is
   * said (`seen`, `extend`) counts instead. The earliest stays. Only where nothing ends by itself (`endsByItself`), and before each create
   * there: one that the store was not told of must not leave.
   */
  sending(requestId: RequestId, runId: RunId, until: Instant): Promise<void>;
  /** Sets `ended_at`; a tombstone row when it was never armed. */
  end(requestId: RequestId, runId: RunId, target: Target, personId: PersonId, at: Instant): Promise<void>;
  /**
   * The same for what nobody has seen or ended: only if its `sentUntil` and the last pulse are both before an instant, in one step with
   * looking. False, and nothing done, where they are not: somebody is at it, or it may be active by now.
   */
  endUnseen(requestId: RequestId, before: Instant, at: Instant): Promise<boolean>;
  gone(requestId: RequestId, at: Instant): Promise<void>;
  /**
   * Somebody is at its grant, or its ending, at this instant: while this is said every few seconds the sweep leaves it to them, though not
   * for ever. Only of targets where nothing ends by itself (`endsByItself`). The latest stays; of what is gone, or was never armed, nothing is kept.
   */
  pulse(requestId: RequestId, at: Instant): Promise<void>;
  grant(requestId: RequestId): Promise<Grant | undefined>;
  /** The same for whoever is about to call a grant, with whether a freeze stands at that moment: one question. */
  toGrant(requestId: RequestId): Promise<{ readonly row: Grant | undefined; readonly frozen: boolean }>;
  /** Not gone, and over, ended, or past its `sentUntil` before the given instant; of the last somebody may be at its grant. */
  overdue(before: Instant): Promise<readonly Grant[]>;
  /** Live grant of a target, if any. */
  live(targetKey: string): Promise<Grant | undefined>;
  /** All grants that are not gone. */
  open(): Promise<readonly Grant[]>;
  /** Grants that were gone at or after an instant, and all of elevations that were closed without proof; newest first. */
  recent(since: Instant): Promise<readonly Grant[]>;
  /** What the reconciler saw at its last look at each target. */
  looks(): Promise<readonly Look[]>;
  looked(looks: readonly Look[]): Promise<void>;
}

/** One look of the reconciler at one target. */
export interface Look {
  /** Names the target and the account in it. */
  readonly target: string;
  readonly at: Instant;
  /** What was told of it then, so that it is not told at every look. */
  readonly told: readonly string[];
}

/** Requests and the free texts that are named by their digest. */
export interface Requests {
  put(request: ElevationRequest, digest: Digest): Promise<void>;
  get(requestId: RequestId): Promise<{ readonly request: ElevationRequest; readonly digest: Digest } | undefined>;
  putText(text: string): Promise<Digest>;
  getText(digest: Digest): Promise<string | undefined>;
}

/** Where Slack messages of an elevation stand, so that posting is exactly once and repair is possible after close. */
export interface MessageRef {
  readonly channel: string;
  readonly ts: string;
  readonly renderDigest: Digest;
}
export interface MessageRefs {
  get(key: string): Promise<MessageRef | undefined>;
  put(key: string, ref: MessageRef): Promise<void>;
}

/** A post that may have been made twice, by a call that nobody waited for to the end: it is looked for again a while later. */
export interface Doubt {
  /** The key of the post. */
  readonly key: string;
  readonly channel: string;
  readonly threadTs?: string | undefined;
  /** When it was posted in doubt, last. */
  readonly since: Instant;
}

/** Kept in the store, since the process that has the doubt may be killed before it can look. */
export interface Doubts {
  /** One for a key and place; the latest `since` counts, whenever it is put. `next` is when it is to be looked for. */
  put(doubt: Doubt, next: Instant): Promise<void>;
  /** At most `limit` that are due, the longest due first, each put off to `until`: should this process die, another looks then. */
  take(now: Instant, until: Instant, limit: number): Promise<readonly Doubt[]>;
  /** It was looked for long enough; one that was put again since stays. */
  remove(doubt: Doubt): Promise<void>;
}

/** Remembers one-time values until they expire. */
export interface OnceStore {
  /** True the first time a (scope, value) is seen; false on every repeat before `until`. */
  first(scope: string, value: string, until: Instant): Promise<boolean>;
}

export interface DeviceKey {
  readonly serial: Serial;
  readonly keyId: string;
  /** SPKI PEM of an ECDSA P-256 key. */
  readonly publicKey: string;
  readonly revokedAt?: Instant;
}

export interface DeviceOrder {
  readonly id: number;
  readonly serial: Serial;
  readonly requestId: RequestId;
  readonly kind: 'start' | 'end' | 'collect';
  readonly createdAt: Instant;
}

/** What a Mac last said of itself. */
export interface DeviceReport {
  readonly serial: Serial;
  readonly requestId?: RequestId;
  readonly localUser: LocalUser;
  readonly admin: boolean;
  /** Whether it was an admin before any elevation of ours. */
  readonly standing: boolean;
  readonly bootSession: string;
  /** When the server received it. */
  readonly at: Instant;
}

export interface Devices {
  /**
   * Trusts this key of a Mac, with one entry in the ledger; a repeat changes nothing. `operator` is told, not proved. Answers what is
   * kept, which may be withdrawn and stays so. Throws `ledger-conflict` when it is another Mac's, or another key.
   */
  register(key: Omit<DeviceKey, 'revokedAt'>, operator: string, at: Instant): Promise<DeviceKey>;
  key(keyId: string): Promise<DeviceKey | undefined>;
  /** Of one Mac or of all, by serial number; withdrawn ones as well. */
  registered(serial?: Serial): Promise<readonly DeviceKey[]>;
  /**
   * Takes the trust from this key of a Mac, or from all that it has, for good, with one entry in the ledger. `operator` is told, not
   * proved. Answers which they were: none that was withdrawn before.
   */
  withdraw(serial: Serial, keyId: string | undefined, operator: string, at: Instant): Promise<readonly string[]>;
  /**
   * At most one order per (request, kind): a repeat changes nothing. An `end` supersedes a `start`. `at`: when it was given; one of
   * before the last `clearOrders`, which only arrived later, opens nothing again.
   */
  order(serial: Serial, requestId: RequestId, kind: DeviceOrder['kind'], at: Instant): Promise<void>;
  /** Closes every order of the request, or only those of a kind. */
  clearOrders(requestId: RequestId, kind?: DeviceOrder['kind']): Promise<void>;
  /** Open orders of all the given Macs, in one query. */
  openOrders(serials: readonly Serial[]): Promise<readonly DeviceOrder[]>;
  /** Orders to begin that are still open, of all Macs; at most 1,000. */
  openStarts(): Promise<readonly DeviceOrder[]>;
  report(report: DeviceReport): Promise<void>;
  lastReport(serial: Serial, localUser: LocalUser): Promise<DeviceReport | undefined>;
  /** Compare-and-swap lease on a Mac's MDM record. False when another holds it. */
  lease(serial: Serial, holder: string, until: Instant, now: Instant): Promise<boolean>;
  release(serial: Serial, holder: string): Promise<void>;
}

export interface EvidenceChunk {
  readonly requestId: RequestId;
  readonly seq: number;
  readonly data: Uint8Array;
  /** Set on the last chunk: how many there are. */
  readonly total?: number;
  readonly receivedAt: Instant;
}

export interface EvidenceStore {
  /** False when that chunk was there already with the same bytes; throws `ledger-conflict` when with others. */
  put(chunk: EvidenceChunk): Promise<boolean>;
  /** Sequence numbers not yet there; undefined while the total is unknown. */
  missing(requestId: RequestId): Promise<readonly number[] | undefined>;
  /** All bytes in order, as far as they are there. */
  assemble(requestId: RequestId): Promise<Uint8Array>;
}

/** A freeze as it stands: since when nothing new is granted anywhere, who ordered it, and why. */
export interface Frozen {
  readonly since: Instant;
  /** The account that ran the command, as its computer names it: told, not proved. */
  readonly operator: string;
  readonly reason: string;
}

/** The one switch that stops all granting. Ending is never gated by it. */
export interface Freeze {
  /** Undefined when there is none. */
  now(): Promise<Frozen | undefined>;
  /** With its ledger entry, in one transaction. A freeze that is there stays as it is: `changed` is false. */
  set(by: Pick<Frozen, 'operator' | 'reason'>, at: Instant): Promise<{ readonly changed: boolean; readonly frozen: Frozen }>;
  /** Answers the freeze that was lifted, or undefined when there was none. */
  lift(by: Pick<Frozen, 'operator' | 'reason'>, at: Instant): Promise<Frozen | undefined>;
}

/** Elevations that were ended past their workflow, which still has to hear of it. */
export interface Untold {
  put(requestId: RequestId, at: Instant): Promise<void>;
  /** Oldest first. */
  all(): Promise<readonly { readonly requestId: RequestId; readonly at: Instant }[]>;
  remove(requestId: RequestId): Promise<void>;
}

/** What is remembered of one elevation at a far end that does not say whose an access is. */
export interface Mark {
  /** What stood there before anything was sent: what was present is never ours to remove (invariant I12). */
  readonly before: 'absent' | 'present';
  /** When that was noted: nothing of this elevation is older. */
  readonly at: Instant;
  /**
   * Nothing that is sent after this look leaves at or after this instant; `at` itself when nothing came of what was sent. What a
   * version before this one noted has no such end.
   */
  readonly until?: Instant;
  /** The far end's names of the operations that gave it and took it away, as far as their answers reached us. */
  readonly create?: string;
  readonly delete?: string;
}

/** A driver's memory that outlives its process. An elevation without a mark has sent nothing. */
export interface Marks<T extends { readonly key: string }> {
  read(requestId: RequestId): Promise<Mark | undefined>;
  /**
   * The first write stays, unless it is the look of the instant `instead`, which came to nothing, and no operation of it is known.
   * Answers what is kept.
   */
  note(
    requestId: RequestId,
    target: T,
    before: Mark['before'],
    at: Instant,
    more?: { readonly until?: Instant; readonly instead?: Instant },
  ): Promise<Mark>;
  /** Sets the end of the look of that instant. Nothing where there is another by now. */
  bound(requestId: RequestId, at: Instant, until: Instant): Promise<void>;
  /** The latest of each kind stays. Nothing where there is no mark. */
  request(requestId: RequestId, kind: 'create' | 'delete', farId: string): Promise<void>;
  /** Those that found nothing before them, and are not recorded as gone. */
  open(): Promise<readonly { readonly requestId: RequestId; readonly target: T }[]>;
  /** When the windows of those end whose taking away has not begun, in any process: from one instant until before the other. */
  ending(from: Instant, before: Instant): Promise<readonly Instant[]>;
}

/** Why something of a person is taken from them: they left, or an operator said so, whom their computer names. */
export type OustedBy = { readonly cause: 'left' } | { readonly cause: 'operator'; readonly operator: string };

/** Who a person is at a far end. Bound once: the first write stays. */
export interface Binding {
  readonly personId: PersonId;
  readonly kind: TargetKind;
  readonly farId: string;
  readonly at: Instant;
}
export interface Bindings {
  get(personId: PersonId, kind: TargetKind): Promise<string | undefined>;
  /** Answers what is bound afterwards. Throws `state-conflict` when the far id is another person's already. */
  bind(personId: PersonId, kind: TargetKind, farId: string, at: Instant): Promise<string>;
  /** Whose a far id is, if anybody's. */
  holder(kind: TargetKind, farId: string): Promise<PersonId | undefined>;
  /** Forgets it, with its ledger entry. Answers what was bound, if anything was. */
  unbind(personId: PersonId, kind: TargetKind, by: OustedBy, at: Instant): Promise<string | undefined>;
  all(): Promise<readonly Binding[]>;
}

/** A person's own key, by which they speak from a command line: Ed25519, enrolled through Slack, which proved whose it is. */
export interface PersonKey {
  readonly personId: PersonId;
  readonly keyId: string;
  /** The 32 bytes in base64url. */
  readonly publicKey: string;
  readonly enrolledAt: Instant;
  readonly removedAt?: Instant;
}
/** Who enrolled or removed a key, as Slack proved it. */
export interface KeyHand {
  readonly personId: PersonId;
  readonly slackUserId: SlackUserId;
}
export interface PersonKeys {
  /** With its ledger entry. Throws `state-conflict` (another person's, or removed once), `too-many`. */
  enroll(key: Omit<PersonKey, 'removedAt'>, by: KeyHand): Promise<'enrolled' | 'already'>;
  /** The same. False when it is no live key of this very person. */
  remove(keyId: string, by: KeyHand, at: Instant): Promise<boolean>;
  /** Also a removed one. */
  key(keyId: string): Promise<PersonKey | undefined>;
  /** Oldest first; everybody's where nobody is named. */
  live(personId?: PersonId): Promise<readonly PersonKey[]>;
  /** Removes all live ones of a person, with one ledger entry. Answers their ids. */
  revokeAll(personId: PersonId, by: OustedBy, at: Instant): Promise<readonly string[]>;
}

/** Everything that the database holds, behind one connection. */
export interface Store {
  readonly ledger: Ledger;
  readonly fence: Fence;
  readonly usage: UsageBook;
  readonly freeze: Freeze;
  readonly untold: Untold;
  readonly marks: Marks<{ readonly key: string }>;
  readonly bindings: Bindings;
  readonly personKeys: PersonKeys;
  readonly requests: Requests;
  readonly messages: MessageRefs;
  readonly doubts: Doubts;
  readonly once: OnceStore;
  readonly devices: Devices;
  readonly evidence: EvidenceStore;
  readonly policies: Policies;
  readonly sealKeys: SealKeyRecord;
  /** Throws `store-unavailable` unless a trivial query answers. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export type { SealKeyName } from './events.js';

/** The record of which seal keys were believed when. */
export interface SealKeyRecord {
  /** These are believed now. One ledger entry of what came and what went since the last, in one transaction; false where nothing did. */
  record(keys: readonly SealKeyName[], at: Instant): Promise<boolean>;
}

/** Which policy counts. The name of who applied it is told, not proved. */
export interface InForce {
  readonly hash: Digest;
  readonly since: Instant;
  readonly by: string;
}

/** One policy to put in force. */
export interface PolicyOrder {
  readonly hash: Digest;
  readonly text: string;
  readonly by: string;
  /** A person at the command line, or a process that read its own file. */
  readonly via: 'cli' | 'system';
  /** Only while this one is in force (null: none ever was): what was compared with another is not applied over a third. */
  readonly over?: Digest | null;
  /** Not when it was in force before and another has followed it: a start with an old file must not bring it back. */
  readonly unlessReplaced?: boolean;
}

/** What came of an order. `was` is what was in force until then. */
export interface PolicyApplied {
  readonly done: 'applied' | 'same' | 'overtaken' | 'replaced-before';
  readonly was?: InForce;
}

/** Policies by hash, so that the stricter of then and now survives a restart, and the one that is in force for all processes. */
export interface Policies {
  /** The text of one that was ever applied. */
  get(hash: Digest): Promise<string | undefined>;
  /** Undefined when none was ever applied. */
  inForce(): Promise<InForce | undefined>;
  /** With its ledger entry, in one transaction. The text of a hash that is kept already stays: it means the same. */
  apply(order: PolicyOrder, at: Instant): Promise<PolicyApplied>;
}

// ---- people --------------------------------------------------------------------------------------------------------

export interface Person {
  readonly personId: PersonId;
  readonly name: string;
  readonly email?: string;
  readonly active: boolean;
  readonly groups: readonly string[];
  /** All Slack accounts of this person; several count once. */
  readonly slack: readonly { readonly teamId: string; readonly userId: SlackUserId }[];
  readonly macs: readonly { readonly serial: Serial; readonly localUser: LocalUser; readonly name: string }[];
  /** Their user in the Identity Store, where the people file names it: then nothing else is asked. */
  readonly awsUserId?: string;
  /** Their user in PagerDuty, where the people file names it. */
  readonly pagerdutyUserId?: string;
  /** Whom the people file names as their manager; it need not be somebody who is there. */
  readonly manager?: PersonId;
  readonly away?: Absence;
}

/** From an instant until another, which is not part of it. */
export interface Absence {
  readonly from: Instant;
  readonly until: Instant;
  /** Who stands in for them as a manager meanwhile. */
  readonly delegate?: PersonId;
}

/** Who is on call now, and until when that stays so at the latest, in milliseconds since 1970; undefined where nobody says. */
export interface OnDuty {
  readonly members: readonly Person[];
  readonly untilMs?: number | undefined;
}

/** Live facts about people. An error is never an automatic yes. */
export interface Directory {
  person(personId: PersonId): Promise<Person | undefined>;
  /** The one person of a Slack account. Two matches throw. */
  personBySlack(teamId: string, userId: SlackUserId): Promise<Person | undefined>;
  personByMac(serial: Serial, localUser: LocalUser): Promise<Person | undefined>;
  /** Whom the people file names as this user of the Identity Store; the letter case of the id makes no difference. */
  personByAwsUser(userId: string): Promise<Person | undefined>;
  /** Also of `oncall:<rota>`: who is on call now. Throws `oncall-unavailable` where that can't be said. */
  membersOf(group: string): Promise<readonly Person[]>;
  /** The same with the end of it. Without it that is known of no rota. */
  onCall?(rota: string): Promise<OnDuty>;
  isActive(personId: PersonId): Promise<boolean>;
}

// ---- tickets -------------------------------------------------------------------------------------------------------

/** Whether a ticket is there and will do; `why` says why not, and names it. */
export type TicketAnswer = { readonly there: true } | { readonly there: false; readonly why: string };

/** Where tickets are looked up, by the checks of the configuration. An error is never a yes. */
export interface Tickets {
  /** Of a name as `policy/tickets.ts` takes it. Throws `ticket-unavailable` where it can't be said, as a sentence for whoever waits. */
  look(check: string, ticket: string, requester: Pick<Person, 'email'>): Promise<TicketAnswer>;
}

// ---- Slack ---------------------------------------------------------------------------------------------------------

/** What one message shows: rendered by `cards/`, digest over the canonical form. */
export interface Rendered {
  readonly text: string;
  readonly blocks: readonly unknown[];
}

export interface Cards {
  /** Posts once under `key`, however often it is called; finds its own earlier post after a lost reply. */
  ensurePosted(
    key: string,
    where: { readonly channel: string; readonly threadTs?: string },
    message: Rendered,
  ): Promise<MessageRef>;
  update(ref: MessageRef, message: Rendered): Promise<MessageRef>;
  /** Posts once to a person, opening the conversation if need be. */
  dm(key: string, user: SlackUserId, message: Rendered): Promise<void>;
  /** Best effort, to one person in a channel; falls back on a DM. */
  ephemeral(channel: string, user: SlackUserId, text: string): Promise<void>;
  upload(
    key: string,
    where: { readonly channel: string; readonly threadTs: string },
    file: { readonly name: string; readonly title: string; readonly bytes: Uint8Array },
  ): Promise<void>;
}

// ---- the way into a running elevation --------------------------------------------------------------------------------

export type SignalKind = Exclude<MessageKind, 'start' | 'claim' | 'confirm'>;

/** Seals messages with this process's key and hands them to Temporal. */
export interface Gate {
  /** Stores the request, then starts its workflow. A repeat is the same request. Throws `store-unavailable`, `temporal-unavailable`. */
  start(request: ElevationRequest, actor: Actor): Promise<'started' | 'already'>;
  /** Durable once it returns. `over`: no such running elevation; answer from the read model. */
  send<K extends SignalKind>(
    kind: K,
    requestId: RequestId,
    roundDigest: Digest,
    body: Bodies[K],
    actor: Actor,
  ): Promise<'sent' | 'over'>;
  /**
   * The same for what takes access away. `past`: no workflow hears it (Temporal does not answer, the run is paused, or not
   * there any more while the access is), so it was ordered past it, and a worker carries it out. Only what was judged is.
   */
  end(
    kind: 'revoke' | 'end',
    requestId: RequestId,
    roundDigest: Digest,
    body: Bodies['revoke'],
    actor: Actor,
    judged: boolean,
  ): Promise<'sent' | 'over' | 'past'>;
  /** Waits for the workflow's answer. Throws `unknown-request`, `temporal-unavailable`. */
  ask<K extends 'claim' | 'confirm', A>(
    kind: K,
    requestId: RequestId,
    roundDigest: Digest,
    body: Bodies[K],
    actor: Actor,
  ): Promise<A>;
}
