/**
 * The forms behind Deny and Close without proof. A submission is judged as its button was, except for the place: the
 * form was opened from there. Any refusal stays in the form, so that what was written is not lost.
 */
import { parseTarget } from '../cards/actions.js';
import { CALLBACKS, FIELDS } from '../cards/modals.js';
import { isStintError, StintError } from '../contract/errors.js';
import { type Digest, type RequestId, shortId } from '../contract/ids.js';
import type { Gate, Requests } from '../contract/ports.js';
import { REASON_MAX } from '../contract/request.js';
import type { Answerer } from './answer.js';
import type { RoundAsk } from './checks.js';
import type { Ack } from './clicks.js';
import type { Gatekeeper } from './gatekeeper.js';
import type { Log } from './log.js';
import { failureOf } from './outcome.js';
import type { Submission } from './payload.js';
import { within } from './race.js';
import type { Recall } from './recall.js';
import { sendClick } from './send.js';
import { tidy, wrongLength } from './texts.js';

const FORM_MS = 2200;
const COMMENT_MS = 800;

export interface FormDeps {
  readonly gate: Gate;
  readonly gatekeeper: Gatekeeper;
  readonly recall: Recall;
  readonly requests: Requests;
  readonly answerer: Answerer;
  readonly repair: (requestId: RequestId) => void;
  readonly approverChannel: string;
  readonly random: () => number;
  readonly logger: Log;
}

export interface Forms {
  submit(submission: Submission, ack: Ack): Promise<void>;
}

/** Keys inline errors by block; `undefined` closes the form. */
type Problem = { readonly field: string; readonly sentence: string } | undefined;

/** The acknowledgement that shows a sentence at a field and keeps the form open. */
export const errorsAt = (field: string, sentence: string) => ({
  response_action: 'errors' as const,
  errors: { [field]: sentence.slice(0, 500) },
});

const NOT_YET = 'This has not been handed over yet. What you wrote is kept: send it again in a moment; it counts once.';

export function createForms(deps: FormDeps): Forms {
  async function deny(s: Submission): Promise<void> {
    const ask = await roundOf(s);
    const admitted = await deps.gatekeeper.form(s.claim, ask);
    const comment = tidy(s.values.get(FIELDS.comment) ?? '');
    if (comment.length > REASON_MAX) throw new StintError('bad-input', `A comment may have at most ${REASON_MAX} characters.`);
    const kept = await keepComment(comment, s, ask.requestId);
    await sendClick(deps, { ...ask, ...(kept ? { textDigest: kept } : {}) }, admitted);
  }

  /** A deny must not wait for the store: without it the comment is dropped, and the person is told. */
  async function keepComment(comment: string, s: Submission, requestId: RequestId): Promise<Digest | undefined> {
    if (!comment) return undefined;
    try {
      const raced = await within(deps.requests.putText(comment), COMMENT_MS);
      if (raced.done) return raced.value;
    } catch (error) {
      if (!isStintError(error) || error.code !== 'store-unavailable') throw error;
    }
    const to = { userId: s.claim.userId, channelId: deps.approverChannel };
    const sentence = `The store is down: your comment on ${shortId(requestId)} was not kept. The deny itself does not wait for it.`;
    void deps.answerer.say(to, sentence);
    return undefined;
  }

  async function closeUnproven(s: Submission): Promise<void> {
    const ask: RoundAsk = { ...targetOf(s), kind: 'close-unproven' };
    const finding = tidy(s.values.get(FIELDS.finding) ?? '');
    const wrong = wrongLength(finding, 'The finding');
    if (wrong) throw new StintError('bad-input', wrong);
    const admitted = await deps.gatekeeper.form(s.claim, ask);
    await sendClick(deps, { ...ask, textDigest: await deps.requests.putText(finding) }, admitted);
  }

  /** The form carries elevation and round; which of the two rounds it is follows from the digest. */
  async function roundOf(s: Submission): Promise<RoundAsk> {
    const target = targetOf(s);
    const known = await deps.recall.of(target.requestId);
    const extension = known.how === 'unrecorded' ? undefined : known.view?.extension;
    return { ...target, kind: extension?.roundDigest === target.roundDigest ? 'ext-deny' : 'deny' };
  }

  const handlers = new Map([
    [CALLBACKS.deny as string, { field: FIELDS.comment as string, run: deny }],
    [CALLBACKS.closeUnproven as string, { field: FIELDS.finding as string, run: closeUnproven }],
  ]);

  async function outcome(s: Submission): Promise<Problem> {
    const handler = handlers.get(s.callbackId);
    if (!handler) return undefined;
    try {
      await handler.run(s);
      return undefined;
    } catch (error) {
      const failure = failureOf(error, deps, { form: s.callbackId, slackUserId: s.claim.userId });
      const target = parseTarget(s.privateMetadata);
      if (failure.stale && target) deps.repair(target.requestId);
      return { field: handler.field, sentence: failure.sentence };
    }
  }

  return {
    async submit(s, ack) {
      const raced = await within(outcome(s), FORM_MS);
      const field = handlers.get(s.callbackId)?.field ?? FIELDS.comment;
      if (!raced.done) return ack(errorsAt(field, NOT_YET));
      return raced.value ? ack(errorsAt(raced.value.field, raced.value.sentence)) : ack();
    },
  };
}

function targetOf(s: Submission) {
  const target = parseTarget(s.privateMetadata);
  if (!target) throw new StintError('bad-input', 'This form does not name an elevation that Stint understands.');
  return target;
}
