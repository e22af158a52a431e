/**
 * Grants, told to the pulse by the kind of their target: that Macs are granted must not hide that AWS takes nothing. Only what
 * is tried again counts, for a refusal is about one request, and is told for itself (`failed-grants.ts`).
 */
import { CancelledFailure } from '@temporalio/common';
import type { GrantDuties } from '../contract/duties.js';
import { type ErrorCode, isStintError } from '../contract/errors.js';
import { QUEUES } from '../contract/queues.js';
import type { TargetKind } from '../contract/request.js';
import type { Pulse } from './pulse.js';

const PLACE = `${QUEUES.grant}/`;

/** What the grants of a kind are called among the queues. */
const grantsOf = (kind: TargetKind): string => `${PLACE}${kind}`;

/** The same duties, whose ends the pulse hears of. */
export function withPulse({ grant, ...others }: GrantDuties, pulse: Pick<Pulse, 'teller'>): GrantDuties {
  return {
    ...others,
    grant: async (order) => {
      const ended = pulse.teller(grantsOf(order.request.target.kind));
      try {
        const sent = await grant(order);
        ended('grant');
        return sent;
      } catch (error) {
        const code = codeOf(error);
        if (code !== undefined) ended('grant', code);
        throw error;
      }
    },
  };
}

/** Undefined where it says nothing of the far end: refused for good, or called off. */
function codeOf(error: unknown): ErrorCode | 'unforeseen' | undefined {
  if (isStintError(error)) return error.retryable ? error.code : undefined;
  const calledOff = error instanceof CancelledFailure || (error instanceof Error && error.name === 'AbortError');
  return calledOff ? undefined : 'unforeseen';
}

const FIXES: Partial<Readonly<Record<string, string>>> = {
  'aws-credentials':
    "Renew Stint's credentials in AWS: the role of its workload, or its profile. Until then nothing is taken away there either.",
  'aws-unavailable':
    'Is AWS up (health.aws.amazon.com), and found from here (name resolution, STINT_AWS_REGION)? Does something else use up the quota of Identity Center (Terraform, a sync, a Stint that STINT_AWS_PROCESSES does not count)?',
  'mdm-unavailable': 'Is the MDM up, and its token valid?',
  'store-unavailable': 'Bring the database back.',
  'temporal-unavailable': 'Is Temporal up, and the clock of this computer right?',
};

/** What to do when grants fail with this code; undefined for any other queue. */
export function grantFix(queue: string, code: string): string | undefined {
  if (!queue.startsWith(PLACE)) return undefined;
  const fix = FIXES[code] ?? 'Look at the log of this worker for the whole error.';
  return `${fix} "stint doctor" says more. Requests wait until their start deadline.`;
}
