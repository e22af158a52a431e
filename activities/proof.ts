/**
 * The last look before access can exist, or last longer: the sealed start or question and the sealed approvals themselves, opened anew. A workflow can
 * be made to believe things by whoever may write to Temporal in ways that nobody thought of; it cannot be made to hold
 * signatures of our senders.
 */
import type { ArmInput, ExtensionInput, JudgeInput } from '../contract/duties.js';
import { msOf } from '../contract/ids.js';
import type { Envelope, MessageKind } from '../contract/messages.js';
import type { Vote } from '../contract/verdict.js';
import { extensionDigest, requestDigest } from '../seal/canonical.js';
import { openEnvelope } from '../seal/envelope.js';
import type { KeyRing } from '../seal/keys.js';

/**
 * Whether the request, and every approval that is to count, came under a seal that is trusted now. Of what the policy itself
 * approves there is none to count; whether there had to be is the policy's matter. Never throws.
 */
export function sealedBy(ring: KeyRing, input: ArmInput): boolean {
  const { digest, proof } = input;
  const open = opener(ring, input);
  return open(proof.start, 'start')?.roundDigest === digest && areSealed(open, input, proof.approvals);
}

/**
 * Whether an extension, and every approval that is to count, came under a seal that is trusted now. Its round is bound to the very
 * message that asked for it, so the approvals of one extension are none of another. Never throws.
 */
export function extensionSealedBy(ring: KeyRing, input: ExtensionInput): boolean {
  const { request, round, votes, proof } = input;
  const open = opener(ring, input);
  const ask = open(proof.ask, 'askExtension');
  if (!ask || round.kind !== 'extension' || ask.body.windowMs !== round.windowMs) return false;
  if (extensionDigest(request.requestId, ask.nonce, round.windowMs) !== round.digest) return false;
  // The policy itself lengthens nothing: somebody has to have approved it.
  const isApproved = votes.some(({ decision }) => decision === 'approve');
  return isApproved && votes.every((vote) => vote.roundDigest === round.digest) && areSealed(open, input, proof.approvals);
}

type Open = <K extends MessageKind>(raw: unknown, kind: K) => Envelope<K> | undefined;

/** They were fresh when they were applied; here only who said what counts. Spending them twice is the fence's matter. */
function opener(ring: KeyRing, { request: { requestId } }: JudgeInput): Open {
  return <K extends MessageKind>(raw: unknown, kind: K) => {
    const opened = openEnvelope(raw, { ring, now: madeAt(raw), expect: { requestId, kinds: [kind] } });
    return opened.ok ? (opened.envelope as Envelope<K>) : undefined;
  };
}

function areSealed(open: Open, { request, digest, votes }: JudgeInput, sealed: readonly unknown[]): boolean {
  if (requestDigest(request) !== digest) return false;
  const approvals = sealed.map((raw) => open(raw, 'approve'));
  const counted = votes.filter((vote) => vote.decision === 'approve');
  return counted.every((vote) => approvals.some((approval) => approval && says(approval, vote)));
}

function says({ actor, body, roundDigest }: Envelope<'approve'>, vote: Vote): boolean {
  return actor.personId === vote.personId && body.windowMs === vote.windowMs && roundDigest === vote.roundDigest;
}

/** The instant that a message claims to be of; the signature covers it. */
function madeAt(raw: unknown): number {
  const at = typeof raw === 'object' && raw !== null && 'at' in raw ? raw.at : undefined;
  return typeof at === 'string' ? msOf(at as Envelope['at']) : Number.NaN;
}
