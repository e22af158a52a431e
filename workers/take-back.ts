/**
 * What `stint revoke` does with one elevation: tells its workflow, and where that cannot be, ends it directly. Says each
 * step as it is taken. Nothing here gates anything: whichever part is down, the next way is tried.
 */
import type { GoneProof } from '../contract/duties.js';
import { isStintError } from '../contract/errors.js';
import { type Digest, type Instant, type RequestId, shortId } from '../contract/ids.js';
import type { Grant } from '../contract/ports.js';
import type { Ask } from './questions.js';
import type { Revocable } from './revocable.js';
import type { Heard } from './untold.js';

/** The ways to a workflow. Each throws `temporal-unavailable`. */
export interface Hand {
  /** Whether it has a key to seal a revoke with; without one a revoke is a cancel, which says nothing of who ordered it. */
  readonly seals: boolean;
  /** Seals a revoke and sends it. */
  revoke(requestId: RequestId, digest: Digest): Promise<Heard>;
  /** Cancels it: works at every point of its story, and needs no key. */
  cancel(requestId: RequestId): Promise<Heard>;
  /** Whether somebody is at it: `sent` when its workflow runs, `kept` when it is paused. */
  look(requestId: RequestId): Promise<Heard>;
}

export interface TakeBackDeps {
  readonly ask: Ask;
  readonly hand: Hand;
  readonly say: (line: string) => void;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** How long to wait for the proof, in milliseconds. Absent: tell, and go on. */
  readonly waitMs?: number;
}

export interface TakenBack {
  readonly requestId: RequestId;
  readonly personId: string;
  readonly target: string;
  /** By whom it was ended: its workflow, or this command past it. */
  readonly way: 'none' | 'workflow' | 'direct';
  /** Whether it is proved that nothing is left, or that nothing was ever granted. */
  readonly gone: boolean;
  readonly goneAt?: Instant;
  /** What went wrong, where something did. */
  readonly problem?: string;
}

/** A workflow that has not begun to end after this long, in milliseconds, is ended past it. */
const ANSWERS_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 500;

/** Never throws: what failed is in the answer. */
export async function takeBack(deps: TakeBackDeps, one: Revocable): Promise<TakenBack> {
  const base = { requestId: one.requestId, personId: one.personId, target: one.targetKey };
  try {
    return { ...base, ...(await end(deps, one)) };
  } catch (error) {
    const problem = isStintError(error) ? error.sentence : String(error);
    line(deps, one, `not ended: ${problem}`);
    return { ...base, way: 'none', gone: false, problem };
  }
}

type Ended = Pick<TakenBack, 'way' | 'gone' | 'goneAt' | 'problem'>;

async function end(deps: TakeBackDeps, one: Revocable): Promise<Ended> {
  if (isOver(one)) return over(deps, one);
  const { state } = one;
  const began = state === 'approved' || state === 'granting' || state === 'active' || state === 'ending' || state === 'closed';
  const told = began && (isEnding(state) || deps.hand.seals);
  const heard = await (told ? tell(deps, one) : callOff(deps, one));
  if (typeof heard !== 'string') return heard;
  if (heard !== 'sent') {
    line(deps, one, `${WHY[heard]}; ending it directly`);
    return direct(deps, one);
  }
  line(deps, one, state === 'ending' ? 'is ending already' : 'revoke sent to its workflow');
  // Should the workflow never act on it, the sweep finds the fence closed and nobody at it.
  await deps.ask({ ask: 'fence', requestId: one.requestId }).catch(() => undefined);
  return deps.waitMs === undefined ? { way: 'workflow', gone: false } : waitFor(deps, one, told);
}

const isEnding = (state: Revocable['state']): boolean => state === 'ending' || state === 'closed';

function isOver({ state, goneAt, inFence }: Revocable): boolean {
  return goneAt !== undefined || state === 'collecting' || (state === 'closed' && !inFence);
}

function over(deps: TakeBackDeps, one: Revocable): Ended {
  const unproven = one.outcome === 'unproven';
  line(
    deps,
    one,
    unproven ? 'was closed without proof: nothing here can prove it' : `is over already (${one.outcome ?? one.state})`,
  );
  return { way: 'none', gone: !unproven, ...(one.goneAt && { goneAt: one.goneAt }) };
}

const WHY = {
  over: 'its workflow is not there',
  kept: 'its workflow is paused',
  down: 'Temporal cannot be reached',
} as const;

/** By a sealed revoke; one whose end is under way only needs somebody to be at it. */
async function tell({ hand }: TakeBackDeps, { requestId, digest, state }: Revocable): Promise<Reached> {
  if (isEnding(state)) return reach(() => hand.look(requestId));
  return reach(() => hand.revoke(requestId, digest));
}

/**
 * A request that only waits knows no revoke, and without a key none can be sealed. It is fenced off and recorded, so that
 * no approval can come through any more, which ends it whatever becomes of the rest; then its workflow is cancelled, now or
 * by a worker when Temporal is back.
 */
async function callOff(deps: TakeBackDeps, one: Revocable): Promise<Reached | Ended> {
  const { ask, hand } = deps;
  const { requestId } = one;
  const row = await ask<Grant>({ ask: 'fence-off', requestId });
  const heard = await reach(() => hand.cancel(requestId));
  if (heard === 'sent' || heard === 'kept') await ask({ ask: 'told', requestId });
  if (!row.goneAt) return heard; // approved and armed since it was looked at
  line(deps, one, NEVER);
  return { way: heard === 'sent' ? 'workflow' : 'direct', gone: true, goneAt: row.goneAt };
}

type Reached = Heard | 'down';

async function reach(call: () => Promise<Heard>): Promise<Reached> {
  try {
    return await call();
  } catch (error) {
    if (isStintError(error) && error.code === 'temporal-unavailable') return 'down';
    throw error;
  }
}

const NEVER = 'ended: nothing of it was granted, and nothing will be';

/** Past the workflow. Of what was never granted nothing is left to prove. */
async function direct(deps: TakeBackDeps, one: Revocable): Promise<Ended> {
  const { ask, clock, waitMs = 0 } = deps;
  const { requestId } = one;
  const row = await ask<Grant>({ ask: 'fence-off', requestId });
  if (row.goneAt) {
    line(deps, one, NEVER);
    return { way: 'direct', gone: true, goneAt: row.goneAt };
  }
  line(deps, one, 'fenced off: nothing of it is granted any more; waiting for the proof that the access is gone');
  const until = clock() + waitMs;
  for (;;) {
    try {
      const proof = await ask<GoneProof>({ ask: 'prove-ended', requestId });
      line(deps, one, `gone at ${proof.observedAt}: ${proof.how}`);
      return { way: 'direct', gone: true, goneAt: proof.observedAt };
    } catch (error) {
      if (!isStintError(error)) throw error;
      line(deps, one, `not proved gone: ${error.sentence}`);
      if (!error.retryable || clock() >= until) return { way: 'direct', gone: false, problem: error.sentence };
      await deps.sleep(LOOK_EVERY_MS);
    }
  }
}

/**
 * Until the store has the proof. A workflow that does not even begin (no worker runs it) is not waited for; where the end
 * was recorded from here (not `told`), its record does not show that it has begun.
 */
async function waitFor(deps: TakeBackDeps, one: Revocable, told: boolean): Promise<Ended> {
  const { ask, clock, sleep, waitMs = 0 } = deps;
  const from = clock();
  for (;;) {
    const [now] = await ask<readonly Revocable[]>({ ask: 'revocable', id: one.requestId });
    if (now && isOver(now)) {
      line(deps, one, now.goneAt && now.goneAt !== now.endedAt ? `gone at ${now.goneAt}` : NEVER);
      return { way: 'workflow', gone: now.outcome !== 'unproven', ...(now.goneAt && { goneAt: now.goneAt }) };
    }
    const begun = told && now !== undefined && isEnding(now.state);
    if (!begun && clock() - from > ANSWERS_WITHIN_MS) {
      line(deps, one, 'its workflow does not act; ending it directly');
      return direct(deps, one);
    }
    if (clock() - from > waitMs) {
      const problem = 'The access is not proved gone yet. Stint goes on; see "stint show".';
      line(deps, one, `not proved gone within ${Math.round(waitMs / 1000)} s; Stint goes on`);
      return { way: 'workflow', gone: false, problem };
    }
    await sleep(LOOK_EVERY_MS);
  }
}

function line({ say }: TakeBackDeps, { requestId, personId, targetKey }: Revocable, what: string): void {
  say(`${shortId(requestId)}  ${personId}  ${targetKey}  ${what}`);
}
