/**
 * A submitted request. The form closes only when the request is safely started; every failure is shown in the form,
 * with what was written still in it. The request id comes from the form's own id, so sending again is the same request.
 */
import { frozenSentence } from '../cards/frozen.js';
import { FIELDS } from '../cards/modals.js';
import { StintError } from '../contract/errors.js';
import { type Digest, instant, type RequestId } from '../contract/ids.js';
import type { Gate } from '../contract/ports.js';
import type { Preview } from '../contract/preview.js';
import type { ElevationRequest, PersonRef } from '../contract/request.js';
import { digestOf, requestIdFrom } from '../seal/canonical.js';
import type { Ack } from './clicks.js';
import type { SlackStore } from './config.js';
import { openOf } from './elevate.js';
import { errorsAt } from './forms.js';
import type { Gatekeeper, Identified } from './gatekeeper.js';
import { errorText, type Log } from './log.js';
import { failureOf } from './outcome.js';
import type { Submission } from './payload.js';
import { within } from './race.js';
import { type FieldErrors, type RequestForm, readForm } from './request-form.js';
import { now } from './standing.js';

const SUBMIT_MS = 2200;

export interface SubmitDeps {
  readonly teamId: string;
  readonly gatekeeper: Gatekeeper;
  readonly preview: Preview;
  readonly store: SlackStore;
  readonly gate: Gate;
  readonly clock: () => number;
  readonly random: () => number;
  readonly logger: Log;
}

export interface Submit {
  submit(submission: Submission, ack: Ack): Promise<void>;
}

const NOT_YET = 'Your request has not been handed over yet. Your text is kept: press Send request again; it stays one request.';

/** A request without what is only decided when it is first handed in. */
type Draft = Omit<ElevationRequest, 'requestId' | 'askedAt'>;

export function createSubmit(deps: SubmitDeps): Submit {
  const { store } = deps;
  /** Starts under way, by form: a second press joins the first. */
  const starting = new Map<string, { readonly draft: Digest; readonly job: Promise<void> }>();

  async function hand(who: Identified, form: RequestForm, viewId: string): Promise<void> {
    const draft = await draftOf(who, form);
    const name = digestOf(draft);
    const running = starting.get(viewId);
    if (running && running.draft !== name)
      throw new StintError('state-conflict', 'What you sent first is still on its way. Wait a moment.');
    if (running) return running.job;
    const job = start(who, draft, viewId).finally(() => starting.delete(viewId));
    starting.set(viewId, { draft: name, job });
    return job;
  }

  async function start(who: Identified, draft: Draft, viewId: string): Promise<void> {
    const request = await requestOf(store, draft, `${deps.teamId}/${viewId}`, deps.clock());
    const others = await openOf(store.ledger, who.person, draft.target.key);
    const other = others.find((view) => view.request.requestId !== request.requestId);
    if (other) throw new StintError('target-busy', `You have asked for this Mac already. ${now(other)}`);
    await refuseFrozen(store, request.requestId);
    await deps.gate.start(request, who.actor);
    deps.logger.info({ requestId: request.requestId, personId: who.person.personId }, 'request handed over');
  }

  async function draftOf({ person, member }: Identified, form: RequestForm): Promise<Draft> {
    const self: PersonRef = {
      personId: person.personId,
      name: person.name,
      slackTeamId: member.teamId,
      slackUserId: member.userId,
    };
    const { windowMs, category } = form;
    const { target } = await deps.preview.pin(person, form.key);
    const reasonDigest = await store.requests.putText(form.reason);
    return { v: 1, requester: self, subject: self, target, windowMs, category, reasonDigest, via: 'slack' };
  }

  async function outcome(s: Submission): Promise<FieldErrors | undefined> {
    try {
      const who = await deps.gatekeeper.identify(s.claim);
      const read = readForm(s.values, (await deps.preview.offersFor(who.person)).offers);
      if (!read.ok) return read.errors;
      await hand(who, read.form, s.viewId);
      return undefined;
    } catch (error) {
      const { sentence } = failureOf(error, deps, { form: s.callbackId, slackUserId: s.claim.userId });
      return { [FIELDS.reason]: sentence };
    }
  }

  return {
    async submit(s, ack) {
      const job = outcome(s);
      const raced = await within(job, SUBMIT_MS);
      if (raced.done) return raced.value ? ack({ response_action: 'errors', errors: raced.value }) : ack();
      await ack(errorsAt(FIELDS.reason, NOT_YET));
      const late = await job;
      deps.logger.warn({ error: errorText(late ? Object.values(late).join(' ') : 'none') }, 'a request was handed over late');
    },
  };
}

/**
 * The request under the form's own id. A form sent again unchanged is the request as first stored, to the byte. One
 * that was changed after an attempt that never started gets an id of its own; after one that did start it is refused,
 * because a request cannot be edited (invariant I4).
 */
async function requestOf(store: SlackStore, draft: Draft, formKey: string, atMs: number): Promise<ElevationRequest> {
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
async function refuseFrozen(store: SlackStore, requestId: RequestId): Promise<void> {
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
