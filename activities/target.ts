/**
 * Granting, revoking and proving, for every kind of target through its driver. A grant leaves only for the run that
 * holds the fence, and never after `sendBefore`. A revoke takes pinned ids and nothing else; "gone" counts only when
 * the target itself was seen without the access, after the last grant call could still have landed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  armedUntil,
  type Before,
  type GoneProof,
  type GrantDuties,
  LEAD_MS,
  type RevokeDuties,
  SEND_WITHIN_MS,
} from '../contract/duties.js';
import { type ErrorCode, isStintError, StintError } from '../contract/errors.js';
import { type Instant, instant, msOf, type RequestId, type RunId } from '../contract/ids.js';
import { isEarly } from '../contract/later.js';
import type { Fence, Grant, Observation, Recollection, RevokeHints, Steps, TargetDriver } from '../contract/ports.js';
import { type ElevationRequest, endsByItself, type Target, type TargetKind } from '../contract/request.js';
import { createRevoking, type Revoking } from './again.js';
import { type Crowd, createCrowd } from './crowd.js';
import { createHeadStart, type HeadStart } from './head-start.js';
import { within } from './within.js';

const WATCH_MS = 12_000;
const LOOK_EVERY_MS = 500;
/** From this attempt on, some minutes after the first, it is looked at seldom: it may take days, and there may be many. */
const SELDOM_FROM = 15;
const LOOK_SELDOM_MS = 6_000;
/** Whoever wakes so much later than it meant to was stopped meanwhile, or may have been. */
const OVERSLEPT_MS = 500;
/** How often whoever is at a grant or an ending says so: twice at least within what the sweep waits for it, also over a store that is slow. */
const PULSE_MS = 4_000;
/** How long the first revoke lets the store tell it that there is nothing left to revoke. */
const STORE_WAIT_MS = 150;

/** What an activity knows of its call: from Temporal in a worker, made by hand in tests and in the sweep. */
export interface CallContext {
  readonly runId: () => RunId;
  /** Aborted when the workflow gave the call up, or the worker stops. */
  readonly signal: () => AbortSignal;
  readonly sleep: (ms: number) => Promise<void>;
  /** Which attempt of the call this is, from 1 on; always the first where nobody counts. */
  readonly attempt?: () => number;
  /** When Temporal handed it out, in ms since 1970 on Temporal's clock. Left out where nobody hands out. */
  readonly handedOutAt?: () => number;
  /**
   * Asks Temporal whether this attempt still counts; throws when it was given up, or when nobody says. A process that stood
   * still for a minute does not know by itself. Where nobody gives attempts up, it is left out.
   */
  readonly stillWanted?: () => Promise<void>;
  /** Runs work while telling Temporal every second that it goes on, so that a cancellation reaches it. */
  readonly beating: <T>(work: () => Promise<T>) => Promise<T>;
  /** Keeps what the far end named for the next attempt, and has what the last one kept. Where nobody tries again, it is left out. */
  readonly memory?: () => Steps;
}

export interface TargetDeps {
  readonly driverOf: (kind: Target['kind']) => TargetDriver;
  readonly fence: Fence;
  readonly askEvidence: (requestId: RequestId, target: Target) => Promise<void>;
  readonly clock: () => number;
  readonly call: CallContext;
  /** How long one attempt watches the target before its retry begins anew; 12 s by default. */
  readonly watchMs?: number;
  /** How often a grant or a proof says that it goes on, where nothing ends by itself; every 4 s by default. */
  readonly pulseMs?: number;
  /** One for all that share the machine; by default one of its own. */
  readonly crowd?: Crowd;
  /** One for all that share the machine; by default one of its own. */
  readonly headStart?: HeadStart;
}

/** The activity that gives access. */
export function createGrantDuties(deps: TargetDeps): GrantDuties {
  const { driverOf, fence, clock, call, headStart = createHeadStart() } = deps;
  return {
    grant: ({ request, maxMs, startBy }) => {
      const { requestId, target } = request;
      const give = async () => {
        const driver = driverOf(target.kind);
        const sendBefore = leavesBefore(clock);
        const first = permitted(deps, request, { startBy, sendBefore });
        if (driver.awaitsPermit)
          first.catch(() => undefined); // heard by whoever awaits it
        else await first;
        let leaves = sendBefore;
        const permit = async (): Promise<Instant> => {
          if (driver.awaitsPermit) return first;
          leaves = await permitted(deps, request, {
            startBy,
            sendBefore: leavesBefore(clock),
            ...(!endsByItself(target) && { sendsMs: maxMs }),
          });
          return leaves;
        };
        const polled = driver.confirmMode === 'poll';
        // What only tells a target to begin is over with its call; what waits for the target sends nothing later by itself.
        const abort = polled
          ? call.signal()
          : AbortSignal.any([call.signal(), AbortSignal.timeout(Math.max(0, msOf(sendBefore) - clock()))]);
        const order = { requestId, target, maxMs, startBy, sendBefore, permit };
        const seen = (at: Instant) =>
          void tellSeen({ fence, clock }, requestId, instant(msOf(at) + maxMs), armedUntil(startBy, maxMs));
        const { steps, since } = timed(call.memory?.(), seen);
        await driver.grant(order, abort, steps).catch((error: unknown) => {
          throw clock() < msOf(startBy) ? asSlow(error, target.kind) : error;
        });
        const left = { sendBefore: leaves };
        if (!polled) return left;
        const observedAt = since() ?? instant(clock());
        if (!since()) seen(observedAt);
        return { ...left, observedAt };
      };
      // From the first question on, so that a call that was given up hears of it while the store is slow.
      return call.beating(() => headStart.leave(requestId, () => sayingSo(deps, request, give)));
    },
  };
}

/**
 * The instant before which a grant has to leave that may leave now; taken before anybody is asked, for slow answers must not put it off.
 * The attempt was wanted then, so whoever gives it up later knows that nothing leaves ten seconds after that (`docs/decisions/0017`).
 */
const leavesBefore = (clock: () => number): Instant => instant(clock() + SEND_WITHIN_MS);

interface Leaving {
  readonly startBy: Instant;
  readonly sendBefore: Instant;
  /** It is about to leave, and what it makes may be there for so long, in ms: of that the store is told. */
  readonly sendsMs?: number;
}

/** Whether a grant may leave now; answers its `sendBefore`. Throws why it may not leave, or that nobody could be asked, or told. */
async function permitted(
  { fence, clock, call }: Pick<TargetDeps, 'fence' | 'clock' | 'call'>,
  request: ElevationRequest,
  { startBy, sendBefore, sendsMs }: Leaving,
): Promise<Instant> {
  const { requestId } = request;
  // Counted from here, not from when it is made: whoever sees that may not live to say so, and then this is its end.
  const told = sendsMs === undefined ? undefined : fence.sending(requestId, call.runId(), instant(clock() + sendsMs));
  const [{ row, frozen }] = await Promise.all([fence.toGrant(requestId), call.stillWanted?.(), told]);
  const now = clock();
  if (!holds(row, call.runId(), now)) throw new StintError('fenced');
  if (frozen) throw new StintError('frozen');
  if (now >= msOf(startBy)) throw new StintError('too-late');
  if (isEarly(request, now)) throw new StintError('too-early');
  if (now >= msOf(sendBefore))
    throw new StintError('store-unavailable', 'The store was too slow, so no grant was sent. Trying again.');
  return sendBefore;
}

/** The same steps, and since when what was created is there: its window counts from then, however late that is proved. */
function timed(
  steps: Steps = {},
  seen: (at: Instant) => void,
): { readonly steps: Steps; readonly since: () => Instant | undefined } {
  let since: Instant | undefined;
  const said: Steps['said'] = (step) => {
    if (step.doneAt) {
      since = step.doneAt;
      seen(since);
    }
    steps.said?.(step);
  };
  return { steps: { ...steps, said }, since: () => since };
}

const SEEN_AGAIN_MS = 1_000;

/**
 * Tells the store until when what is there may be there, should the workflow be no more by then: it alone would say so. Also of an
 * attempt that nobody waits for. Goes on until the store has heard it, or it makes no difference; nobody waits for that.
 */
async function tellSeen(
  { fence, clock }: Pick<TargetDeps, 'fence' | 'clock'>,
  requestId: RequestId,
  until: Instant,
  armed: Instant,
) {
  while (clock() < msOf(armed)) {
    try {
      return await fence.seen(requestId, until, armed);
    } catch {
      await sleep(SEEN_AGAIN_MS, undefined, { ref: false });
    }
  }
}

/** A call whose own ten seconds were over is tried anew for as long as the elevation may still start. */
function asSlow(error: unknown, kind: TargetKind): unknown {
  if (!isStintError(error) || error.code !== 'too-late') return error;
  const { code, name, retryAfterMs } = FAR_END[kind];
  return new StintError(code, `${name} was too slow. Trying again.`, { cause: retryAfterMs ? { retryAfterMs } : error });
}

interface FarEnd {
  readonly code: ErrorCode;
  readonly name: string;
  /** Where its calls have a budget, whoever came to it too late has waited already: tried anew this soon, however often. */
  readonly retryAfterMs?: number;
}

/** Who gives the access, and what it is called when it does not answer. */
const FAR_END: { readonly [K in TargetKind]: FarEnd } = {
  'mac-admin': { code: 'mdm-unavailable', name: 'The MDM' },
  'aws-permission-set': { code: 'aws-unavailable', name: 'AWS', retryAfterMs: 1_000 },
};

/** Only the run that armed, while it has not ended: a history that runs again never grants again (invariant I16). */
function holds(row: Grant | undefined, runId: RunId, now: number): boolean {
  return row !== undefined && row.runId === runId && !row.endedAt && !row.goneAt && msOf(row.notAfter) > now;
}

/** The activities that take it away. */
export function createRevokeDuties(deps: TargetDeps): RevokeDuties {
  const { driverOf, call, crowd = createCrowd(deps.clock, call.sleep) } = deps;
  const driver = (request: ElevationRequest) => driverOf(request.target.kind);
  // No revoke waits for the store (invariant I9): what it does not say at once is not known, and the revoke goes out.
  const isOver = async (request: ElevationRequest, armed?: boolean) =>
    Boolean(await within(STORE_WAIT_MS, goneBefore(deps, request, armed)));
  const send = async (request: ElevationRequest, told: Recollection) => {
    void sayAtIt(deps, request);
    await untilBegun(driver(request), request, { ...call.memory?.(), ...told }, call.signal());
    await crowd.passed(call.signal());
    return true;
  };
  return {
    revokeOnce: async (request, before, since, armed) => {
      crowd.enter();
      return (await isOver(request, armed)) || send(request, recollection(before, since));
    },
    revokeAt: (request, at, before, since) =>
      call.beating(async () => {
        const from = deps.clock();
        const waitMs = leadOf(at, from, call.handedOutAt?.());
        // While there is time: two hundred that end together need not ask in that second.
        if (await isOver(request)) return true;
        const left = Math.min(waitMs, waitMs - (deps.clock() - from));
        const slept = performance.now();
        if (left > 0) await call.sleep(left);
        call.signal().throwIfAborted();
        crowd.enter();
        // A process that stood still has missed what became of it: the target may be another elevation's by now.
        if (performance.now() - slept > left + OVERSLEPT_MS && (await isOver(request))) return true;
        return send(request, recollection(before, since));
      }),
    proveGone: (request, notBefore, begun, before, since, armed) =>
      call.beating(() =>
        sayingSo(deps, request, async () => {
          await letTheRevokeWork(deps);
          const known = await goneBefore(deps, request, armed);
          if (known) return { observedAt: known, how: 'recorded as gone before' };
          const target = driver(request);
          if (!begun && armed !== false && target.confirmMode === 'update' && (await isOwn(deps, request)))
            return neverBegan(target, request, notBefore, deps);
          return proveGone(target, request, notBefore, { ...deps, told: recollection(before, since) });
        }),
      ),
    clearSignals: (request) => driver(request).clear(request.requestId, request.target),
    askEvidence: (request) => deps.askEvidence(request.requestId, request.target),
  };
}

/**
 * Tells the store that somebody is at this grant or ending, so that the sweep, which takes away what nobody is at, leaves it to them. Nobody
 * waits for that: a store that is down keeps no access (invariant I9), and has no sweep either.
 */
async function sayAtIt({ fence, clock }: TargetDeps, { requestId, target }: ElevationRequest): Promise<void> {
  if (endsByItself(target)) return;
  try {
    await fence.pulse(requestId, instant(clock()));
  } catch {
    // The next one says the same.
  }
}

/** Says so while the work goes on and its attempt counts, one after the other; and once more when it is done, which is yet to be recorded. */
async function sayingSo<T>(deps: TargetDeps, request: ElevationRequest, work: () => Promise<T>): Promise<T> {
  if (endsByItself(request.target)) return work();
  const done = new AbortController();
  const over = AbortSignal.any([deps.call.signal(), done.signal]);
  const saying = async () => {
    while (!over.aborted) {
      await sayAtIt(deps, request);
      await sleep(deps.pulseMs ?? PULSE_MS, undefined, { ref: false, signal: over }).catch(() => undefined);
    }
  };
  void saying();
  try {
    const answer = await work();
    void sayAtIt(deps, request);
    return answer;
  } finally {
    done.abort();
  }
}

/**
 * How long a revoke that was handed out ahead waits, in ms. By our own clock, but never longer than was left when Temporal
 * handed it out: a clock that is slow must not be access beyond the window.
 */
function leadOf(at: Instant, now: number, handedOutAt = now): number {
  return Math.max(0, Math.min(LEAD_MS, msOf(at) - now, msOf(at) - handedOutAt));
}

/**
 * Resolves when the far end has taken the call: some go on with it for minutes, and the first revoke waits for no proof. What
 * follows then is the other's business, which goes on where this one was.
 */
async function untilBegun(
  driver: TargetDriver,
  { requestId, target }: ElevationRequest,
  hints: RevokeHints,
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const begun = new Promise<void>((resolve, reject) => {
    const said: RevokeHints['said'] = (step) => {
      hints.said?.(step);
      if (step.kind === 'delete') resolve();
    };
    driver.revoke(requestId, target, AbortSignal.any([signal, over.signal]), { ...hints, said }).then(resolve, reject);
  });
  await begun.finally(() => over.abort());
}

/**
 * The first revoke left a moment ago, and no target shows its effect at once. Where many end in the same second, their
 * revokes would only wait for looks that can see nothing yet.
 */
async function letTheRevokeWork({ call, watchMs = WATCH_MS }: TargetDeps): Promise<void> {
  if ((call.attempt?.() ?? 1) > 1 || call.signal().aborted) return;
  await call.sleep(Math.min(LOOK_EVERY_MS, watchMs));
}

/** A run whose grant is recorded as gone revokes nothing: by now the target may be another elevation's. Store down: revoke anyway. */
async function goneBefore({ fence, call }: TargetDeps, request: ElevationRequest, armed?: boolean): Promise<Instant | undefined> {
  const row = await fence.grant(request.requestId).catch(() => undefined);
  if (!row || !isTombstone(row)) return row?.goneAt;
  // A story that was armed knows better: the store has lost the grant (a power failure, an older backup), and only its end was
  // written again. One that was not believes whoever fenced it off before it could begin; what it wrote itself tells nothing.
  return armed === false && row.runId !== call.runId() ? row.goneAt : undefined;
}

/** Written for what was never armed, so of no target was it seen gone. */
function isTombstone({ notAfter, endedAt, goneAt }: Grant): boolean {
  return goneAt !== undefined && goneAt === endedAt && goneAt === notAfter;
}

/** A workflow's arguments may be null where it knows nothing. */
function recollection(before: Before | null | undefined, since: Instant | null | undefined): Recollection {
  return { ...(before && { before }), ...(since && { since }) };
}

export interface ProofDeps extends Pick<TargetDeps, 'clock' | 'watchMs'> {
  readonly told?: Recollection;
  readonly call: Pick<CallContext, 'signal' | 'sleep' | 'attempt' | 'memory'>;
}

/** Revokes, then looks until the target shows nothing of ours. Throws `not-gone` when it still does after a while. */
export async function proveGone(
  driver: TargetDriver,
  { requestId, target }: Pick<ElevationRequest, 'requestId' | 'target'>,
  notBefore: Instant,
  deps: ProofDeps,
): Promise<GoneProof> {
  const { call, told } = deps;
  const over = new AbortController();
  const signal = AbortSignal.any([call.signal(), over.signal]);
  // A revoke that fails, or takes long, must not keep us from looking: the target may have ended it by itself. One that can't is
  // asked again meanwhile.
  const send = () => driver.revoke(requestId, target, signal, { ...call.memory?.(), ...told });
  const revoking = createRevoking(send, driver.confirmMode === 'poll');
  try {
    const look = () => driver.observe(requestId, target, { signal, ...told }).catch(() => undefined);
    const seen = await untilGone(look, msOf(notBefore) + driver.settleMs, revoking, deps);
    if (!seen || !isGone(seen)) {
      const failure = revoking.failure();
      throw new StintError('not-gone', whyNot(seen, failure), { cause: failure });
    }
    await revoking.ended();
    return { observedAt: seen.observedAt, how: seen.how };
  } finally {
    // What it still waits for is the next attempt's: two that revoke the same would only ask twice as often.
    over.abort();
  }
}

/** The first sight that proves it, or the last one when the time is over. Nothing that is seen before `from` can be the proof, so it is not asked for. */
async function untilGone(
  look: () => Promise<Observation | undefined>,
  from: number,
  revoking: Pick<Revoking, 'again'>,
  { clock, call, watchMs = WATCH_MS }: ProofDeps,
): Promise<Observation | undefined> {
  const until = clock() + watchMs;
  let seen: Observation | undefined;
  while (clock() < until && !call.signal().aborted) {
    revoking.again();
    if (clock() > from) seen = await look();
    if (seen && isGone(seen) && msOf(seen.observedAt) > from) return seen;
    await call.sleep(Math.min(lookEvery(call), watchMs));
  }
  return seen && isGone(seen) ? undefined : seen;
}

function whyNot(seen: Observation | undefined, failure: unknown): string | undefined {
  const said = isStintError(failure) ? ` ${failure.sentence}` : '';
  return seen ? `The target says: ${seen.how}${said}` : said.trim() || undefined;
}

function lookEvery({ attempt }: Pick<CallContext, 'attempt'>): number {
  return (attempt?.() ?? 1) < SELDOM_FROM ? LOOK_EVERY_MS : LOOK_SELDOM_MS;
}

/**
 * A target that begins by itself (a Mac) never began what it never claimed, and claims are refused from the ending on: so
 * a laptop that was closed all the time holds nothing, and nobody need be alarmed until it is opened. Revokes all the same.
 */
async function neverBegan(
  driver: TargetDriver,
  { requestId, target }: ElevationRequest,
  notBefore: Instant,
  { clock, call }: TargetDeps,
): Promise<GoneProof> {
  await driver.revoke(requestId, target, call.signal());
  if (clock() <= msOf(notBefore) + driver.settleMs) throw new StintError('not-gone', 'A call to begin could still arrive.');
  return { observedAt: instant(clock()), how: 'it was never claimed, and can no longer be' };
}

/**
 * Whether this very run took the target. A run after a reset knows nothing of what was claimed and confirmed under the one
 * before it; nor does a run whose store does not answer: both have to see with the target's own eyes.
 */
async function isOwn({ fence, call }: TargetDeps, { requestId }: ElevationRequest): Promise<boolean> {
  const row = await fence.grant(requestId).catch(() => undefined);
  return row !== undefined && row.runId === call.runId();
}

/** Access that stood before us is not ours to remove, and not a sign that ours is left (invariant I12). */
function isGone(seen: Observation): boolean {
  return seen.access === 'absent' || (seen.access === 'present' && seen.whose === 'standing');
}
