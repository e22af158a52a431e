/**
 * A submitted request. The form closes only when the request is safely started; every failure is shown in the form,
 * with what was written still in it. The request id comes from the form's own id, so sending again is the same request.
 */
import type { ModalView } from '@slack/types';
import { frozenSentence } from '../cards/frozen.js';
import { FIELDS } from '../cards/modals.js';
import { isStintError, StintError } from '../contract/errors.js';
import { type Digest, instant, type RequestId } from '../contract/ids.js';
import type { Gate, Person } from '../contract/ports.js';
import type { Pinned, Preview } from '../contract/preview.js';
import type { ElevationRequest, PersonRef, Target } from '../contract/request.js';
import { digestOf, requestIdFrom } from '../seal/canonical.js';
import type { Ack } from './clicks.js';
import type { SlackStore } from './config.js';
import type { ForWhomDesk } from './for-whom.js';
import { errorsAt } from './forms.js';
import type { Gatekeeper, Identified } from './gatekeeper.js';
import { errorText, type Log } from './log.js';
import { failureOf } from './outcome.js';
import type { Submission } from './payload.js';
import { createPins } from './pins.js';
import { within } from './race.js';
import { type FieldErrors, isForAnother, isOutdated, type RequestForm, readForm } from './request-form.js';
import { askedAlready, openOf, type RequestViews } from './request-view.js';
import { now } from './standing.js';

const SUBMIT_MS = 2200;

export interface SubmitDeps {
  readonly teamId: string;
  readonly gatekeeper: Gatekeeper;
  readonly preview: Preview;
  readonly views: RequestViews;
  readonly forWhom: ForWhomDesk;
  /** Throws when the channel that a rule names can't be used for a card. */
  readonly checkRoom: (channel: string | undefined) => Promise<void>;
  readonly store: SlackStore;
  readonly gate: Gate;
  readonly clock: () => number;
  readonly random: () => number;
  readonly logger: Log;
}

export interface Submit {
  submit(submission: Submission, ack: Ack): Promise<void>;
}

const CHANGED = 'Not sent: what you chose has other lengths, or asks for more. Please check and send again.';
const NOT_YET = 'Your request has not been handed over yet. Your text is kept: press Send request again; it stays one request.';

/** Who asks, and for whom. */
interface Asking extends Identified {
  readonly subject: Person;
}

/** A request without what is only decided when it is first handed in. */
type Draft = Omit<ElevationRequest, 'requestId' | 'askedAt'>;

export function createSubmit(deps: SubmitDeps): Submit {
  const { store } = deps;
  const pin = createPins(deps);
  /** Starts under way, by form: a second press joins the first. */
  const starting = new Map<string, { readonly draft: Digest; readonly job: Promise<void> }>();

  async function hand(who: Asking, form: RequestForm, target: Target, viewId: string): Promise<void> {
    const draft = await draftOf(who, form, target);
    const name = digestOf(draft);
    const running = starting.get(viewId);
    if (running && running.draft !== name)
      throw new StintError('state-conflict', 'What you sent first is still on its way. Wait a moment.');
    if (running) return running.job;
    const job = start(who, draft, viewId).finally(() => starting.delete(viewId));
    starting.set(viewId, { draft: name, job });
    return job;
  }

  async function start(who: Asking, draft: Draft, viewId: string): Promise<void> {
    const request = await requestOf(store, draft, `${deps.teamId}/${viewId}`, deps.clock());
    const others = await openOf(store.ledger, who.subject, deps.clock(), draft.target.key);
    const other = others.find((view) => view.request.requestId !== request.requestId);
    if (other) throw new StintError('target-busy', askedAlready(who, other));
    await refuseFrozen(store, request.requestId);
    await deps.gate.start(request, who.actor);
    deps.logger.info({ requestId: request.requestId, personId: who.person.personId }, 'request handed over');
  }

  async function draftOf({ person, member, subject }: Asking, form: RequestForm, target: Target): Promise<Draft> {
    const requester: PersonRef = {
      personId: person.personId,
      name: person.name,
      slackTeamId: member.teamId,
      slackUserId: member.userId,
    };
    const { windowMs, category, startAt } = form;
    const reasonDigest = await store.requests.putText(form.reason);
    const holder = subject === person ? requester : deps.forWhom.refOf(subject);
    const later = startAt && { startAt };
    return { v: 1, requester, subject: holder, target, windowMs, category, reasonDigest, via: 'slack', ...later };
  }

  /** What is chosen, with every id pinned. Why it is not to be had is said where it was chosen. */
  async function pinned(who: Asking, s: Submission): Promise<Pinned | Answer> {
    const key = s.values.get(FIELDS.target);
    if (!key) return errors({ [FIELDS.target]: 'Choose what you ask for.' });
    try {
      return await pin(s.viewId, who.person, key, who.subject);
    } catch (error) {
      return errors({ [FIELDS.target]: failureOf(error, deps, about(s)).sentence });
    }
  }

  /** How the form is answered; nothing closes it. */
  async function outcome(s: Submission): Promise<Answer | undefined> {
    try {
      const asker = await deps.gatekeeper.identify(s.claim);
      const who = { ...asker, subject: await deps.forWhom.named(asker.person, s.values.get(FIELDS.for)) };
      const { personId } = who.person;
      if (isForAnother(s, personId, who.subject.personId)) return update(await deps.views.about(who.person, s, CHANGED));
      const found = await pinned(who, s);
      if ('response_action' in found) return found;
      const { offer, target } = found;
      if (isOutdated(s, offer)) return update(await deps.views.about(who.person, s, CHANGED));
      const read = readForm(s, offer);
      if (!read.ok) return errors(read.errors);
      await deps.checkRoom(offer.channel);
      await hand(who, read.form, target, s.viewId);
      return undefined;
    } catch (error) {
      const at = isStintError(error) && error.code === 'bad-start' ? FIELDS.start : FIELDS.reason;
      return errors({ [at]: failureOf(error, deps, about(s)).sentence });
    }
  }

  return {
    async submit(s, ack) {
      const job = outcome(s);
      const raced = await within(job, SUBMIT_MS);
      if (raced.done) return raced.value ? ack(atBlocks(s, raced.value)) : ack();
      await ack(errorsAt(FIELDS.reason, NOT_YET));
      const late = await job;
      const words = late?.response_action === 'errors' ? Object.values(late.errors).join(' ') : (late?.response_action ?? 'none');
      deps.logger.warn({ error: errorText(words) }, 'a request was handed over late');
    },
  };
}

type Answer =
  | { readonly response_action: 'errors'; readonly errors: FieldErrors }
  | { readonly response_action: 'update'; readonly view: ModalView };

const update = (view: ModalView): Answer => ({ response_action: 'update', view });
const errors = (at: FieldErrors): Answer => ({ response_action: 'errors', errors: at });

const about = (s: Submission) => ({ form: s.callbackId, slackUserId: s.claim.userId });

/** Slack knows blocks, not fields, and takes no error at a block that the form does not have. */
function atBlocks(s: Submission, answer: Answer): Answer {
  if (answer.response_action !== 'errors') return answer;
  const found = Object.entries(answer.errors).map(([field, said]) => [s.blocks.get(field) ?? FIELDS.reason, said.slice(0, 500)]);
  return errors(Object.fromEntries(found));
}

/**
 * The request under the form's own id. A form sent again unchanged is the request as first stored, to the byte. One
 * that was changed after an attempt that never started gets an id of its own; after one that did start it is refused,
 * because a request cannot be edited (invariant I4).
 */
export async function requestOf(store: SlackStore, draft: Draft, formKey: string, atMs: number): Promise<ElevationRequest> {
  for (const key of [formKey, `${formKey}/${digestOf(draft)}`]) {
    const requestId = requestIdFrom('slack', key);
    const stored = await store.requests.get(requestId);
    if (!stored) return { ...draft, requestId, askedAt: instant(atMs) };
    if (sameDraft(stored.request, draft)) return stored.request;
    await refuseStarted(store, requestId);
  }
  throw new StintError('state-conflict');
}

/** Nothing new while a freeze stands; what has begun already is only answered again. */
export async function refuseFrozen(store: SlackStore, requestId: RequestId): Promise<void> {
  const frozen = await store.freeze.now();
  if (frozen && !(await store.ledger.find(requestId))) throw new StintError('frozen', frozenSentence(frozen));
}

async function refuseStarted(store: SlackStore, requestId: RequestId): Promise<void> {
  const row = await store.ledger.find(requestId);
  if (!row) return;
  throw new StintError(
    'state-conflict',
    `This form was already sent as you first wrote it. ${now(row.view)} Close it and ask anew.`,
  );
}

function sameDraft({ requestId: _id, askedAt: _at, ...stored }: ElevationRequest, draft: Draft): boolean {
  return digestOf(stored) === digestOf(draft);
}
