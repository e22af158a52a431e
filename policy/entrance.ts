/**
 * Limits, tickets and later starts at the entrance: a request that they refuse is told so before it starts. Admission and arming look again; this
 * is the immediate answer, not the guard.
 */
import { StintError } from '../contract/errors.js';
import type { ElevationRequest } from '../contract/request.js';
import { judgeConditions } from './conditions.js';
import { gatherFacts, type Sources } from './facts.js';
import { laterRefusals } from './later.js';
import { limitRefusals } from './limits.js';
import type { Policy } from './rules.js';
import { termsOf } from './terms.js';

export interface EntranceDeps extends Sources {
  /** The policy as it is now. May throw `bad-policy`. */
  readonly policy: () => Promise<Policy>;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/**
 * Throws `limit-reached`, `bad-start`, or `bad-input` for a ticket that is not there, with its sentence; and what policy, directory and store throw.
 * What else refuses is told by admission.
 */
export type CheckLimits = (request: ElevationRequest) => Promise<void>;

/** The check of one process. A policy without limits and tickets costs nothing, but for what is to begin later. */
export function createCheckLimits({ policy, clock, ...sources }: EntranceDeps): CheckLimits {
  return async (request) => {
    const current = await policy();
    const { windowMs, startAt } = request;
    const asks = current.rules.some(({ limits, reason }) => limits || reason?.check !== undefined);
    if (!asks && startAt === undefined) return;
    const facts = await gatherFacts(sources, current, request, []);
    // Without a rule that applies there are none.
    const now = clock();
    const terms = termsOf(current, request, facts, now);
    const { limits, conditions, refusals } = terms;
    const [start] = refusals.length > 0 ? [] : laterRefusals(terms, request, { kind: 'request' }, now);
    if (start !== undefined) throw new StintError('bad-start', start);
    const [reason] = limitRefusals(limits, { request, kind: 'request', windowMs }, facts.usage, now);
    if (reason !== undefined) throw new StintError('limit-reached', reason);
    // A far end that is away keeps nobody from asking; the hour and the reason are told where they are chosen and written.
    const held = judgeConditions(conditions, { now, reason: facts.reason, tickets: facts.tickets });
    const missing = held.find(({ name, state }) => name === 'ticket' && state === 'unsatisfied');
    if (missing) throw new StintError('bad-input', missing.sentence);
  };
}
