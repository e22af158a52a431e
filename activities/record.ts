/**
 * Writing what happened, and the fence around granting. `arm` is the only one of these that the story waits for before
 * access can exist: no grant without a ledger entry before it, and no revoke ever waits for the store (invariant I9).
 */
import type { ArmInput, EvidenceDuties, FenceNote, JudgeInput, StoreDuties } from '../contract/duties.js';
import { StintError } from '../contract/errors.js';
import type { AnyEvent } from '../contract/events.js';
import { extendedTo } from '../contract/extension.js';
import { type Instant, instant, msOf, type RunId } from '../contract/ids.js';
import { isEarly, startByOf } from '../contract/later.js';
import type { ArmLimits, Fence, Grant, Store } from '../contract/ports.js';
import type { ElevationRequest } from '../contract/request.js';
import type { Verdict } from '../contract/verdict.js';
import { limitRefusals } from '../policy/limits.js';
import { requestDigest, sha256 } from '../seal/canonical.js';
import type { KeyRing } from '../seal/keys.js';
import { countCommands } from './evidence.js';
import { extensionSealedBy, sealedBy } from './proof.js';
import { openStart } from './seals.js';

/** How far Temporal's clock, which counted from the approval, may be ahead of this process's. */
const SKEW_MS = 5 * 60_000;
/** The sweep goes by the last moment that is recorded here, so a history can't be what says how late it is. */
const TOO_FAR = 'It would end later than the start deadline and the approved window allow.';
const TOO_LATE_A_START = 'It could begin later after its time than the policy allows now. Ask for another time.';

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
  const { ledger, fence, evidence, devices } = store;
  return {
    admit: async (workflowId, raw) => {
      const opened = openStart({ ring, clock }, workflowId, raw);
      if (!opened.ok) return opened;
      const { envelope } = opened;
      const { request } = envelope.body;
      const round = { digest: envelope.roundDigest, kind: 'request', windowMs: request.windowMs } as const;
      const held = heldByAnother(await fence.grant(request.requestId), runId());
      return { ok: true, held, envelope, verdict: await judge({ request, digest: envelope.roundDigest, round, votes: [] }) };
    },
    append: async (events, note) => {
      requireOwn(events);
      if (note) await tellFence(fence, runId(), note);
      // A sweep that came beside this story may have ordered the end after its last clearing, and has gone: what was seen gone is
      // ordered no more. What asks for the log still stands.
      for (const { type, requestId } of events) if (type === 'gone') await devices.clearOrders(requestId, 'end');
      await ledger.append(events);
    },
    judge,
    arm: async (input) => {
      // A reset after this was handed out hands it out once more, to another run: that order is the first one's.
      if (input.armed.runId !== runId()) return { ok: false, code: 'fenced' };
      requireOwn(input.before);
      if (!sealedBy(ring(), input) || !(await isOnRecord(ledger, input))) return { ok: false, code: 'seal-lost' };
      // Temporal's clock may be ahead of ours, and can be moved by whoever may write to it: it is tried again.
      if (isEarly(input.request, clock())) throw new StintError('too-early');
      const verdict = await judge(input);
      if (!stillStands(verdict, input)) return { ok: false, code: 'verdict-lost', ...whyLost(verdict, input.request) };
      const { requestId, target, subject } = input.request;
      const now = clock();
      if (msOf(input.notAfter) > msOf(startByOf(verdict, now)) + input.windowMs + SKEW_MS)
        return { ok: false, code: 'verdict-lost', reason: input.request.startAt ? TOO_LATE_A_START : TOO_FAR };
      const grant = {
        requestId,
        target,
        targetKey: target.key,
        personId: subject.personId,
        runId: runId(),
        notAfter: input.notAfter,
        windowMs: input.windowMs,
        ...(verdict.rule === undefined ? {} : { rule: verdict.rule }),
        // Of two policies the one of now: which one was first, a history says.
        policyHash: verdict.policyNow ?? verdict.policyHash,
        ...(verdict.outcome === 'auto' && !verdict.breakGlass ? { automaticAt: instant(now) } : {}),
      };
      return fence.arm(grant, input.armed, instant(now), input.before, limitsOf(verdict, input, now));
    },
    moveEnd: async (requestId, armedBy, notAfter, from, extension) => {
      // A version before this one, or a history that somebody else wrote, shows no approval: nothing is longer by it.
      const { request, proof } = extension ?? {};
      if (!proof || request?.requestId !== requestId || !extensionSealedBy(ring(), extension)) return false;
      // The repeat of a call whose answer was lost: judged anew it might not stand any more, and it does.
      const there = await fence.grant(requestId);
      if (there?.runId === armedBy && there.notAfter === notAfter) return fence.extend(requestId, armedBy, notAfter, from);
      const windowMs = msOf(notAfter) - msOf(from);
      const verdict = await judge(extension);
      if (verdict.outcome !== 'satisfied' || !(windowMs <= longest(verdict))) return false;
      const { confirmedAt } = (await ledger.find(requestId))?.view ?? {};
      // The first deadline is told before any extension, and its entry with it.
      if (!confirmedAt) throw new StintError('too-early', 'When the window began is not on record yet. Trying again.');
      if (msOf(notAfter) > msOf(extendedTo(confirmedAt, from, windowMs, verdict.maxWindowMs))) return false;
      return fence.extend(requestId, armedBy, notAfter, from, extensionLimits(verdict, request, windowMs, clock()));
    },
    fenceOff: async ({ requestId, target, subject }, at) => {
      await fence.end(requestId, runId(), target, subject.personId, at);
      return heldByAnother(await fence.grant(requestId), runId());
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

/** A run that was made to live again (a reset) is not the one that granted, and has to learn that there is something to take back. */
function heldByAnother(row: Grant | undefined, runId: RunId): boolean {
  return row !== undefined && row.runId !== runId && !row.goneAt;
}

/** The fence first: what frees or ends a grant must not wait for an entry that the ledger refuses. */
async function tellFence(fence: Fence, runId: RunId, { request, deadline, endedAt, gone }: FenceNote): Promise<void> {
  const { requestId, target, subject } = request;
  // The confirmation only ever takes time away: what makes it longer is an extension, which has to be approved.
  const isSooner = deadline && msOf(deadline.at) <= msOf(deadline.from);
  if (isSooner) await fence.extend(requestId, deadline.armedBy, deadline.at, deadline.from);
  if (endedAt) await fence.end(requestId, runId, target, subject.personId, endedAt);
  if (!gone) return;
  const row = await fence.grant(requestId);
  // Without a proof another run's access is not ours to call gone: the sweep and the reconciler look after it.
  if (gone.proved || row?.runId === runId) await fence.gone(requestId, gone.at);
}

/** Not the story's to write: somebody else than the person closes a review, at an entrance, and no run hears of it. */
function requireOwn(events: readonly AnyEvent[]): void {
  if (events.some(({ type }) => type === 'review-closed')) throw new StintError('bad-input', 'No run closes a review.');
}

/** Whether this very request is on record, or is about to be: what is shown of a grant, and who has to review it, goes by that. */
async function isOnRecord(ledger: Pick<Store['ledger'], 'find'>, { request, digest, before }: ArmInput): Promise<boolean> {
  const there = (await ledger.find(request.requestId))?.view.request;
  const first = before.find((event) => event.type === 'requested');
  const known = there ?? (first?.type === 'requested' ? first.data.request : undefined);
  return known !== undefined && requestDigest(known) === digest;
}

/** The limits of the judgement that was made just now, and of no other: what a history says of them counts for nothing. */
function limitsOf({ limits }: Verdict, { request, windowMs }: ArmInput, now: number): ArmLimits | undefined {
  if (!limits) return undefined;
  const wanted = { request, kind: 'request', windowMs } as const;
  return { request, refusal: (usage) => limitRefusals(limits, wanted, usage, now)[0] };
}

/** An extension's, counted where it is stored and by what it adds. */
function extensionLimits(
  { limits }: Verdict,
  request: ElevationRequest,
  windowMs: number,
  now: number,
): (ArmLimits & { readonly now: Instant }) | undefined {
  if (!limits) return undefined;
  const wanted = { request, kind: 'extension', windowMs } as const;
  return { request, refusal: (usage) => limitRefusals(limits, wanted, usage, now)[0], now: instant(now) };
}

/** How much one extension may add by this verdict, in ms. */
function longest({ windowMs = 0, maxWindowMs }: Verdict): number {
  return Math.min(windowMs, maxWindowMs);
}

/** Why the policy refuses comes first among its sentences. Where an approval was lost while a start was waited for, it says whose. */
function whyLost({ outcome, sentences }: Verdict, { startAt }: ElevationRequest): { readonly reason?: string } {
  const said = outcome === 'deny' ? sentences.slice(0, 1) : startAt ? sentences.slice(0, 2) : [];
  return said.length > 0 ? { reason: said.join(' ') } : {};
}

/**
 * The approval as it stood may have lost an approver, or the policy become stricter, since it was counted. People approve by
 * votes alone, and the policy itself only where there are none.
 */
function stillStands(verdict: Verdict, { request, votes, windowMs }: ArmInput): boolean {
  // A drill never comes this far.
  if (request.breakGlass?.drill) return false;
  const approved = votes.length > 0 ? verdict.outcome === 'satisfied' : verdict.outcome === 'auto';
  return approved && verdict.windowMs !== undefined && verdict.windowMs >= windowMs;
}
