/**
 * Evidence that came after the close: appended to the ledger and to the thread; the state stays. It takes only an id
 * and shows only what the store holds, so a hand-made start of it does no more than say again what is true.
 */
import { workflowInfo } from '@temporalio/workflow';
import type { AnyEvent } from '../contract/events.js';
import { instant, type RequestId, type RunId } from '../contract/ids.js';
import { slack, store } from './duties.js';

/** Files what is complete in the store for a closed elevation; does nothing for any other. */
export async function lateEvidence(requestId: RequestId): Promise<void> {
  const view = await store.readView.executeWithOptions({ summary: 'store: view' }, [requestId]);
  if (view?.state !== 'closed' || view.evidence?.complete) return;
  const found = await store.readEvidence.executeWithOptions({ summary: 'store: late evidence' }, [requestId]);
  if (!found.complete || !found.digest) return;
  const runId = workflowInfo().runId as RunId;
  const event: AnyEvent = {
    id: `${requestId}/${runId}/late-evidence`,
    type: 'late-evidence',
    requestId,
    requestDigest: view.digest,
    runId,
    at: instant(Date.now()),
    actor: { via: 'device' },
    data: { lines: found.lines, digest: found.digest },
  };
  await store.append.executeWithOptions({ summary: 'ledger: late-evidence' }, [[event]]);
  const now = (await store.readView.executeWithOptions({ summary: 'store: view' }, [requestId])) ?? view;
  await slack.fileEvidence.executeWithOptions({ summary: 'thread: log' }, [now]);
  await slack.line.executeWithOptions({ summary: 'thread: evidence' }, ['evidence', now, 'late-evidence']);
  await slack.paint.executeWithOptions({ summary: 'card: closed' }, [now]);
}
