/** Verification of sealed messages, as activities: the workflow sandbox has no crypto. Never throws on its input. */
import type { Opened, SealDuties } from '../contract/duties.js';
import type { ErrorCode } from '../contract/errors.js';
import { type Digest, type RequestId, requestIdOf } from '../contract/ids.js';
import { type Envelope, KINDS, type MessageKind } from '../contract/messages.js';
import { extensionDigest, requestIdFrom } from '../seal/canonical.js';
import { openEnvelope } from '../seal/envelope.js';
import type { KeyRing } from '../seal/keys.js';

export interface SealDeps {
  /** The keys trusted now; read anew at each call, so that a revoked key stops at once. */
  readonly ring: () => KeyRing;
  readonly clock: () => number;
}

/** What a running elevation may be told; `start` only begins one. */
const TELLABLE: readonly MessageKind[] = KINDS.filter((kind) => kind !== 'start');

/** The activities of the story's own worker. */
export function createSealDuties({ ring, clock }: SealDeps): SealDuties {
  return {
    openMessages: async (requestId, raws) =>
      raws.map(({ raw, waitedMs = 0 }): Opened => {
        const openAt = (now: number) => openEnvelope(raw, { ring: ring(), now, expect: { requestId, kinds: TELLABLE } });
        const now = openAt(clock());
        // What was good when it came does not grow stale because nobody looked. Only its time: a revoked key stops at once.
        const opened = !now.ok && now.code === 'seal-expired' && waitedMs > 0 ? openAt(clock() - waitedMs) : now;
        if (!opened.ok) return { ok: false, code: opened.code, kind: opened.claimedKind };
        const envelope = opened.envelope as Envelope;
        return { ok: true, envelope, ...newRound(envelope) };
      }),
  };
}

/** A start argument after its seal was checked, or why it is none; `recordAs` is the id that its refusal is kept under. */
export type OpenedStart =
  | { readonly ok: true; readonly envelope: Envelope<'start'> }
  | { readonly ok: false; readonly code: ErrorCode; readonly recordAs: RequestId };

/** Checks a start argument: a sealed request of exactly this workflow's id. */
export function openStart({ ring, clock }: SealDeps, workflowId: string, raw: unknown): OpenedStart {
  const requestId = requestIdOf(workflowId);
  // A hand-made id names no elevation; its refusal is kept under an id made from it.
  const recordAs = requestId ?? requestIdFrom('refused-start', workflowId);
  if (!requestId) return { ok: false, code: 'bad-input', recordAs };
  const opened = openEnvelope(raw, { ring: ring(), now: clock(), expect: { requestId, kinds: ['start'] } });
  if (!opened.ok) return { ok: false, code: opened.code, recordAs };
  return { ok: true, envelope: opened.envelope as Envelope<'start'> };
}

/** The digest of the round that an extension opens: bound to its elevation and to the very message that asked. */
function newRound(envelope: Envelope): { newRound?: Digest } {
  if (envelope.kind !== 'askExtension') return {};
  const { windowMs } = (envelope as Envelope<'askExtension'>).body;
  return { newRound: extensionDigest(envelope.requestId, envelope.nonce, windowMs) };
}
