/**
 * The forms behind Deny, Close without proof, and an approval or a revoke with words. A submission is judged as its button
 * was, except for the place: the form was opened from there. Any refusal stays in the form, so that what was written is not
 * lost.
 */
import { parseTarget } from '../cards/actions.js';
import { CALLBACKS, FIELDS } from '../cards/modals.js';
import { closedBefore, reviewClosed } from '../contract/break-glass.js';
import { isStintError, StintError } from '../contract/errors.js';
import { type Digest, instant, type RequestId, shortId } from '../contract/ids.js';
import type { Gate, Ledger, Requests } from '../contract/ports.js';
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
import { type SentKind, sendClick } from './send.js';
import { tidy, wrongLength } from './texts.js';

const FORM_MS = 2200;
const COMMENT_MS = 800;

export interface FormDeps {
  readonly gate: Gate;
  readonly gatekeeper: Gatekeeper;
  readonly recall: Recall;
  readonly requests: Requests;
  readonly ledger: Pick<Ledger, 'append'>;
  readonly clock: () => number;
  readonly answerer: Answerer;
  readonly repair: (requestId: RequestId) => void;
  readonly approverChannel: string;
  readonly random: () => number;
  readonly logger: Log;
}

export interface Forms {
  submit(submission: Submission, ack: Ack): Promise<void>;
}

type SentAsk = RoundAsk & { readonly kind: SentKind };

/** Keys inline errors by block; `undefined` closes the form. */
type Problem = { readonly field: string; readonly sentence: string } | undefined;

/** The acknowledgement that shows a sentence at a field and keeps the form open. */
export const errorsAt = (field: string, sentence: string) => ({
  response_action: 'errors' as const,
  errors: { [field]: sentence.slice(0, 500) },
});

const NOT_YET = 'This has not been handed over yet. What you wrote is kept: send it again in a moment; it counts once.';

export function createForms(deps: FormDeps): Forms {
  const deny = async (s: Submission): Promise<void> => withComment(s, await roundOf(s));
  const revoke = (s: Submission): Promise<void> => withComment(s, { ...targetOf(s), kind: 'revoke' });
  const approve = (s: Submission): Promise<void> =>
    withComment(s, { ...targetOf(s), kind: 'approve', windowMs: lengthOf(s.values.get(FIELDS.window)) });

  /** Whatever it decides; the comment goes with it. */
  async function withComment(s: Submission, ask: SentAsk): Promise<void> {
    const admitted = await deps.gatekeeper.form(s.claim, ask);
    const comment = tidy(s.values.get(FIELDS.comment) ?? '');
    if (comment.length > REASON_MAX) throw new StintError('bad-input', `A comment may have at most ${REASON_MAX} characters.`);
    const kept = await keepComment(comment, s, ask.requestId);
    const said = await sendClick(deps, { ...ask, ...(kept ? { textDigest: kept } : {}) }, admitted);
    if (said) void tell(s, said);
  }

  /** No decision waits for the store because of a comment: without it that is dropped, and the person is told. */
  async function keepComment(comment: string, s: Submission, requestId: RequestId): Promise<Digest | undefined> {
    if (!comment) return undefined;
    try {
      const raced = await within(deps.requests.putText(comment), COMMENT_MS);
      if (raced.done) return raced.value;
    } catch (error) {
      if (!isStintError(error) || error.code !== 'store-unavailable') throw error;
    }
    const sentence = `The store is down: your comment on ${shortId(requestId)} was not kept. What you decided does not wait for it.`;
    void tell(s, sentence);
    return undefined;
  }

  const tell = (s: Submission, sentence: string): Promise<boolean> =>
    deps.answerer.say({ userId: s.claim.userId, channelId: deps.approverChannel }, sentence);

  async function closeUnproven(s: Submission): Promise<void> {
    const ask = { ...targetOf(s), kind: 'close-unproven' } as const;
    const finding = findingOf(s);
    const admitted = await deps.gatekeeper.form(s.claim, ask);
    await sendClick(deps, { ...ask, textDigest: await deps.requests.putText(finding) }, admitted);
  }

  /** The workflow is over, so it goes straight into the ledger; the card is drawn anew from there. */
  async function closeReview(s: Submission): Promise<void> {
    const ask: RoundAsk = { ...targetOf(s), kind: 'review' };
    const finding = findingOf(s);
    const { view, actor } = await deps.gatekeeper.form(s.claim, ask);
    if (!view) throw new StintError('store-unavailable');
    const { personId, slackUserId } = actor;
    const by = { via: 'slack', ...(personId && { personId }), ...(slackUserId && { slackUserId }) } as const;
    const event = reviewClosed(view, by, await deps.requests.putText(finding), instant(deps.clock()));
    await deps.ledger.append([event]).catch((error: unknown) => {
      throw closedBefore(error);
    });
    deps.repair(ask.requestId);
  }

  /** The form carries elevation and round; which of the two rounds it is follows from the digest. */
  async function roundOf(s: Submission): Promise<SentAsk> {
    const target = targetOf(s);
    const known = await deps.recall.of(target.requestId);
    const extension = known.how === 'unrecorded' ? undefined : known.view?.extension;
    return { ...target, kind: extension?.roundDigest === target.roundDigest ? 'ext-deny' : 'deny' };
  }

  const handlers = new Map([
    [CALLBACKS.deny as string, { field: FIELDS.comment as string, run: deny }],
    [CALLBACKS.approve, { field: FIELDS.comment, run: approve }],
    [CALLBACKS.revoke, { field: FIELDS.comment, run: revoke }],
    [CALLBACKS.closeUnproven as string, { field: FIELDS.finding as string, run: closeUnproven }],
    [CALLBACKS.review as string, { field: FIELDS.finding as string, run: closeReview }],
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

function findingOf(s: Submission): string {
  const finding = tidy(s.values.get(FIELDS.finding) ?? '');
  const wrong = wrongLength(finding, 'The finding');
  if (wrong) throw new StintError('bad-input', wrong);
  return finding;
}

/** Of the form: a client can send anything, so whether the policy offers it is judged after this. */
function lengthOf(chosen: string | undefined): number {
  if (chosen === undefined || !/^[1-9]\d{0,9}$/.test(chosen)) throw new StintError('bad-input', 'Choose for how long.');
  return Number(chosen);
}
