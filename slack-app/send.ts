/** Handing a judged click to the workflow, and the answer when there is none any more. */
import type { ActionTarget } from '../cards/actions.js';
import { StintError } from '../contract/errors.js';
import type { Digest } from '../contract/ids.js';
import type { Actor } from '../contract/messages.js';
import type { Gate } from '../contract/ports.js';
import type { ClickKind } from '../contract/preview.js';
import type { Admitted } from './gatekeeper.js';
import type { Recall } from './recall.js';
import { now } from './standing.js';

interface SendDeps {
  readonly gate: Gate;
  readonly recall: Recall;
}
/** All that a workflow hears of. */
export type SentKind = Exclude<ClickKind, 'review'>;
/** `textDigest`: the comment or the finding, already in the store. */
type Said = ActionTarget & { readonly kind: SentKind; readonly textDigest?: Digest };
/** `judged`: the store said what the elevation is, so that it is known who may. */
type By = { readonly actor: Actor; readonly judged: boolean };
type Send = (gate: Gate, said: Said, by: By) => ReturnType<Gate['end']>;

const comment = ({ textDigest }: Said): { commentDigest?: Digest } => (textDigest ? { commentDigest: textDigest } : {});

const approve: Send = (gate, s, { actor }) =>
  gate.send('approve', s.requestId, s.roundDigest, { windowMs: windowOf(s), ...comment(s) }, actor);
const deny: Send = (gate, s, { actor }) => gate.send('deny', s.requestId, s.roundDigest, comment(s), actor);

const SENDS: { readonly [K in SentKind]: Send } = {
  approve,
  deny,
  'ext-approve': approve,
  'ext-deny': deny,
  revoke: (gate, s, { actor, judged }) => gate.end('revoke', s.requestId, s.roundDigest, comment(s), actor, judged),
  end: (gate, s, { actor, judged }) => gate.end('end', s.requestId, s.roundDigest, {}, actor, judged),
  withdraw: (gate, s, { actor }) => gate.send('withdraw', s.requestId, s.roundDigest, {}, actor),
  extend: (gate, s, { actor }) => gate.send('askExtension', s.requestId, s.roundDigest, { windowMs: windowOf(s) }, actor),
  'close-unproven': (gate, s, { actor }) =>
    gate.send('closeUnproven', s.requestId, s.roundDigest, { findingDigest: findingOf(s) }, actor),
};

const PAST =
  'The workflow engine (Temporal) does not act on this now, so it was ended without it: that is on record, and a worker takes away what was granted, within seconds. The card follows.';

/**
 * Durable once it returns, with what the person has to know of it, if anything. Throws `state-conflict`, saying what is true
 * now, when the elevation is over; and what `Gate.send` throws.
 */
export async function sendClick(deps: SendDeps, said: Said, { actor, view: judged }: Admitted): Promise<string | undefined> {
  const answer = await SENDS[said.kind](deps.gate, said, { actor, judged: judged !== undefined });
  if (answer === 'sent') return undefined;
  if (answer === 'past') return PAST;
  const known = await deps.recall.of(said.requestId);
  const view = known.how === 'unrecorded' ? undefined : known.view;
  throw new StintError('state-conflict', `This elevation is not running any more. ${view ? now(view) : ''}`.trim());
}

function windowOf({ windowMs }: Said): number {
  if (windowMs === undefined) throw new StintError('bad-input');
  return windowMs;
}

function findingOf({ textDigest }: Said): Digest {
  if (!textDigest) throw new StintError('bad-input', 'A finding is needed.');
  return textDigest;
}
