/** How the command line reaches workflows: with its own key where it has one, and always by a Cancel. */
import { type Client, isGrpcServiceError, WorkflowNotFoundError } from '@temporalio/client';
import { StintError } from '../contract/errors.js';
import { type Digest, workflowIdOf } from '../contract/ids.js';
import type { Seal } from '../seal/envelope.js';
import { lookAtRun } from './run-state.js';
import type { Hand } from './take-back.js';
import { createCancel, type Heard } from './untold.js';

export interface HandDeps {
  readonly client: Client;
  /** Absent where this computer holds no key of the command line; then a revoke is a Cancel. */
  readonly seal?: Seal;
  /** The operator's words, in the store under this digest. */
  readonly commentDigest?: Digest;
  readonly clock: () => number;
}

const WITHIN_MS = 5000;
const LOOKS = { running: 'sent', paused: 'kept', over: 'over' } as const;

/** Once Temporal has not answered, it is not asked again by this hand: what is to be ended must not wait for it many times. */
export function createHand({ client, seal, commentDigest, clock }: HandDeps): Hand {
  const cancel = createCancel(client, clock);
  let down: unknown;
  const reach = async (call: () => Promise<Heard>): Promise<Heard> => {
    if (down) throw new StintError('temporal-unavailable', undefined, { cause: down });
    try {
      return await client.withDeadline(clock() + WITHIN_MS, call);
    } catch (cause) {
      if (cause instanceof WorkflowNotFoundError) return 'over';
      if (!answered(cause)) down = cause;
      throw new StintError('temporal-unavailable', undefined, { cause });
    }
  };
  return {
    seals: seal !== undefined,
    revoke: (requestId, digest) => {
      if (!seal) return reach(() => cancel(requestId));
      const envelope = seal('revoke', requestId, digest, { ...(commentDigest && { commentDigest }) }, {}, 'cli');
      const signal = async (): Promise<Heard> => {
        await client.workflow.getHandle(workflowIdOf(requestId)).signal('revoke', envelope);
        // Sent before it is looked at: a look that fails must not keep back what the workflow could have heard.
        return (await lookAtRun(client, requestId).catch(() => 'running')) === 'paused' ? 'kept' : 'sent';
      };
      return reach(signal);
    },
    cancel: (requestId) => reach(() => cancel(requestId)),
    look: (requestId) => reach(async () => LOOKS[await lookAtRun(client, requestId)]),
  };
}

/** gRPC's numbers for "deadline exceeded" and "unavailable"; with any other the server did answer. */
const SILENT: readonly number[] = [4, 14];

function answered(cause: unknown): boolean {
  const error = cause instanceof StintError ? cause.cause : cause;
  return isGrpcServiceError(error) && !SILENT.includes(error.code);
}
