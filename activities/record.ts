/**
 * Writing what happened, and the fence around granting. `arm` is the only one of these that the story waits for before
 * access can exist: no grant without a ledger entry before it, and no revoke ever waits for the store (invariant I9).
 */
import type { EvidenceDuties, JudgeInput, StoreDuties } from '../contract/duties.js';
import { instant, type RunId } from '../contract/ids.js';
import type { Store } from '../contract/ports.js';
import type { Verdict } from '../contract/verdict.js';
import { sha256 } from '../seal/canonical.js';
import type { KeyRing } from '../seal/keys.js';
import { countCommands } from './evidence.js';
import { sealedBy } from './proof.js';

export interface RecordDeps {
  readonly store: Store;
  /** The policy's word, with all facts fetched live (`activities/judge.ts`). */
  readonly judge: (input: JudgeInput) => Promise<Verdict>;
  readonly clock: () => number;
  readonly runId: () => RunId;
  /** The keys trusted now. */
  readonly ring: () => KeyRing;
}

/** The activities on the store's queue. */
export function createRecordDuties({ store, judge, clock, runId, ring }: RecordDeps): StoreDuties & EvidenceDuties {
  const { ledger, fence, evidence } = store;
  return {
    append: (events) => ledger.append(events),
    judge,
    arm: async (input) => {
      if (!sealedBy(ring(), input)) return { ok: false, code: 'bad-seal' };
      const verdict = await judge(input);
      if (!stillStands(verdict, input.windowMs)) return { ok: false, code: 'verdict-lost' };
      const { requestId, target, subject } = input.request;
      const grant = {
        requestId,
        target,
        targetKey: target.key,
        personId: subject.personId,
        runId: runId(),
        notAfter: input.notAfter,
      };
      return fence.arm(grant, input.armed, instant(clock()));
    },
    moveEnd: (requestId, armedBy, notAfter) => fence.extend(requestId, armedBy, notAfter),
    fenceEnd: ({ requestId, target, subject }, at) => fence.end(requestId, runId(), target, subject.personId, at),
    release: async ({ requestId, target, subject }, endedAt, goneAt, proved) => {
      await fence.end(requestId, runId(), target, subject.personId, endedAt);
      const row = await fence.grant(requestId);
      // Without a proof another run's access is not ours to call gone: the sweep and the reconciler look after it.
      if (proved || row?.runId === runId()) await fence.gone(requestId, goneAt);
    },
    readEvidence: async (requestId) => {
      const missing = await evidence.missing(requestId);
      const bytes = await evidence.assemble(requestId);
      const complete = missing !== undefined && missing.length === 0;
      return { complete, lines: countCommands(bytes), ...(bytes.length > 0 && { digest: sha256(bytes) }) };
    },
    readView: async (requestId) => (await ledger.find(requestId))?.view,
  };
}

/** The approval as it stood may have lost an approver, or the policy become stricter, since it was counted. */
function stillStands(verdict: Verdict, windowMs: number): boolean {
  return verdict.outcome === 'satisfied' && verdict.windowMs !== undefined && verdict.windowMs >= windowMs;
}
