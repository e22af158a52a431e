/** The entry of an access that was seen gone without a workflow's doing: one form, whoever took it away. Pure. */
import type { GoneProof } from '../contract/duties.js';
import type { AnyEvent, Via } from '../contract/events.js';
import { type Digest, NO_DIGEST } from '../contract/ids.js';
import type { Grant } from '../contract/ports.js';

/** The overdue sweep, the reconciler, an operator past the workflow, the directory by no longer knowing the person, or a click. */
export type SweptBy = 'sweep' | 'reconciler' | 'operator' | 'left' | 'order';

/** What stands in the entry's id, and who is named as having done it. */
const BY: { readonly [B in SweptBy]: { readonly mark: string; readonly via: Via } } = {
  sweep: { mark: 'sweep', via: 'sweep' },
  reconciler: { mark: 'reconciler', via: 'reconciler' },
  operator: { mark: 'operator-gone', via: 'cli' },
  left: { mark: 'left-gone', via: 'system' },
  order: { mark: 'order-gone', via: 'system' },
};

/** At the instant of the observation, so that two processes that saw the same write the same entry. */
export function sweptEvent(
  { requestId, runId }: Pick<Grant, 'requestId'> & { readonly runId: string },
  requestDigest: Digest | undefined,
  { observedAt, how }: GoneProof,
  by: SweptBy,
): AnyEvent {
  const { mark, via } = BY[by];
  return {
    id: `${requestId}/${runId}/${mark}-${observedAt}`,
    type: 'swept',
    requestId,
    requestDigest: requestDigest ?? NO_DIGEST,
    runId: 'no-run',
    at: observedAt,
    actor: { via },
    data: { observedAt, how },
  };
}
