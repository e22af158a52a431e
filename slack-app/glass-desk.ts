/**
 * `/elevate break-glass`: the form in which somebody takes at once what the policy lets them, for an incident. As with any request
 * the form closes only when it is safely started, and sending it again is the same request. A waiting request of theirs for the same
 * is taken back after that: where that fails they are told, and nobody can approve it beside this one, for the target is taken.
 */
import type { ModalView } from '@slack/types';
import type { WebClient } from '@slack/web-api';
import { DRILL, GLASS_FIELDS, glassModal, NO_ANSWER, NO_ANSWER_SAYS, TAKE } from '../cards/break-glass-modal.js';
import { frozenSentence } from '../cards/frozen.js';
import { loadingModal, messageModal } from '../cards/modals.js';
import { isSuperseded, type Taking } from '../contract/break-glass.js';
import { StintError } from '../contract/errors.js';
import type { RequestId } from '../contract/ids.js';
import { sameName } from '../contract/names.js';
import type { Gate } from '../contract/ports.js';
import type { Offer, Preview } from '../contract/preview.js';
import type { BreakingGlass, PersonRef } from '../contract/request.js';
import { durationText, parseDuration } from '../policy/duration.js';
import { wrongReason } from '../policy/reason.js';
import { incident as incidentShape } from '../seal/shapes.js';
import type { Answerer } from './answer.js';
import type { Ack } from './clicks.js';
import type { SlackStore } from './config.js';
import { unescaped } from './elevate.js';
import { errorsAt } from './forms.js';
import type { Gatekeeper, Identified } from './gatekeeper.js';
import { errorText, type Log } from './log.js';
import { failureOf } from './outcome.js';
import type { Command, Submission } from './payload.js';
import { within } from './race.js';
import { now } from './standing.js';
import { refuseFrozen, requestOf } from './submit.js';
import { tidy, wrongLength } from './texts.js';

const SUBMIT_MS = 2200;
const NOT_YET = 'This has not been handed over yet. What you wrote is kept: send it again in a moment; it stays one request.';
const ON_ITS_WAY = 'What you sent first is still on its way. Wait a moment, and send it again to see what became of it.';
const NONE = 'The policy lets you break no glass. What you may ask for in the ordinary way, you ask for with /elevate.';
/** Alone, or with words that become the reason. */
const ABOUT_GLASS = /^break-?glass(?=\s|$)\s*/i;

export interface GlassDeskDeps {
  readonly api: WebClient;
  readonly teamId: string;
  readonly gatekeeper: Gatekeeper;
  readonly preview: Preview;
  readonly answerer: Answerer;
  readonly store: SlackStore;
  readonly gate: Gate;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly random: () => number;
  readonly logger: Log;
}

export interface GlassDesk {
  /** Whether the text of `/elevate` is about this; anything else is a reason. */
  takes(text: string): boolean;
  command(command: Command, ack: Ack): Promise<void>;
  submit(submission: Submission, ack: Ack): Promise<void>;
}

/** What is wrong, and at which field. */
class Wrong extends Error {
  constructor(
    readonly field: string,
    sentence: string,
  ) {
    super(sentence);
  }
}

export function createGlassDesk(deps: GlassDeskDeps): GlassDesk {
  const { api, store, gate, preview } = deps;
  /** Forms on their way: two presses of one would otherwise make two requests of one id. */
  const underWay = new Set<string>();

  async function content({ claim, text }: Command): Promise<ModalView> {
    try {
      const { person } = await deps.gatekeeper.identify(claim);
      const frozen = await store.freeze.now();
      if (frozen) throw new StintError('frozen', frozenSentence(frozen));
      const offers = await preview.search(person, '', 1, person, 'break-glass');
      if (offers.length === 0) throw new StintError('not-eligible', NONE);
      return glassModal(unescaped(text).replace(ABOUT_GLASS, ''));
    } catch (error) {
      return messageModal('Not now', failureOf(error, deps, { command: 'break-glass', slackUserId: claim.userId }).sentence);
    }
  }

  async function pinned(who: Identified, key: string | undefined) {
    if (!key) throw new Wrong(GLASS_FIELDS.target, 'Choose what you take.');
    if (key === NO_ANSWER) throw new Wrong(GLASS_FIELDS.target, NO_ANSWER_SAYS);
    return preview.pin(who.person, key, who.person, 'break-glass').catch((error: unknown) => {
      throw new Wrong(
        GLASS_FIELDS.target,
        failureOf(error, deps, { form: 'break-glass', personId: who.person.personId }).sentence,
      );
    });
  }

  /** A rule's channel that can't be used keeps nobody from an incident: then the card goes to the approvers' channel, and says so. */
  async function take(s: Submission): Promise<void> {
    const who = await deps.gatekeeper.identify(s.claim);
    const { offer, target } = await pinned(who, s.values.get(GLASS_FIELDS.target));
    const { reason, ...form } = readForm(s.values, offer);
    const subject = refOf(who);
    const taking = { subject, target, ...form };
    const reasonDigest = await store.requests.putText(reason);
    const draft = { v: 1, requester: subject, ...taking, category: 'other', reasonDigest, via: 'slack' } as const;
    const request = await requestOf(store, draft, `${deps.teamId}/${s.viewId}`, deps.clock());
    await checkFree(request.requestId, taking);
    await refuseFrozen(store, request.requestId);
    await gate.start(request, who.actor);
    deps.logger.info({ requestId: request.requestId, personId: subject.personId }, 'break-glass handed over');
    await supersede(who, request.requestId, taking);
  }

  const liveOf = async ({ target }: Taking) =>
    (await store.ledger.list({ live: true, targetKey: target.key })).map(({ view }) => view);

  /** One at a time; a drill takes nothing. */
  async function checkFree(requestId: RequestId, taking: Taking): Promise<void> {
    if (taking.breakGlass?.drill) return;
    const others = (await liveOf(taking)).filter((view) => view.request.requestId !== requestId && view.state !== 'collecting');
    const other = others.find((view) => !isSuperseded(view, taking));
    if (other) throw new StintError('target-busy', `${other.request.subject.name} has asked for this, or has it. ${now(other)}`);
  }

  /** Whoever sends the form again does it again, should it have been left undone. */
  async function supersede({ actor }: Identified, requestId: RequestId, taking: Taking): Promise<void> {
    const own = (await liveOf(taking)).filter((view) => view.request.requestId !== requestId && isSuperseded(view, taking));
    for (const { request, digest } of own) await gate.send('withdraw', request.requestId, digest, {}, actor);
  }

  async function outcome(s: Submission): Promise<{ readonly field: string; readonly sentence: string } | undefined> {
    if (underWay.has(s.viewId)) return { field: GLASS_FIELDS.reason, sentence: ON_ITS_WAY };
    underWay.add(s.viewId);
    try {
      await take(s);
      return undefined;
    } catch (error) {
      if (error instanceof Wrong) return { field: error.field, sentence: error.message };
      const about = { form: s.callbackId, slackUserId: s.claim.userId };
      return { field: GLASS_FIELDS.reason, sentence: failureOf(error, deps, about).sentence };
    } finally {
      underWay.delete(s.viewId);
    }
  }

  return {
    takes: (text) => ABOUT_GLASS.test(text),
    async command(command, ack) {
      await ack();
      try {
        // The trigger lives for three seconds, so a view opens before anything is looked up.
        const { view } = await api.views.open({ trigger_id: command.triggerId, view: loadingModal() });
        await api.views.update({ view_id: view?.id ?? '', view: await content(command) });
      } catch (error) {
        deps.logger.warn({ error: errorText(error) }, 'the form for break-glass could not be shown');
        await deps.answerer.say(command.replyTo, 'The form could not be shown. Type /elevate break-glass again.');
      }
    },
    async submit(s, ack) {
      const raced = await within(outcome(s), SUBMIT_MS);
      if (!raced.done) return ack(errorsAt(GLASS_FIELDS.reason, NOT_YET));
      return raced.value ? ack(errorsAt(raced.value.field, raced.value.sentence)) : ack();
    },
  };
}

interface GlassForm {
  readonly windowMs: number;
  readonly reason: string;
  readonly breakGlass: BreakingGlass;
}

/** What was filled in, if it is what this offer allows right now. Throws `Wrong` for the first field that is not. */
function readForm(values: Submission['values'], offer: Offer): GlassForm {
  const said = (field: string): string => tidy(values.get(field) ?? '');
  const windowMs = parseDuration(said(GLASS_FIELDS.window));
  if (windowMs === undefined || !offer.windowsMs.includes(windowMs)) {
    const lengths = offer.windowsMs.map(durationText).join(', ');
    throw new Wrong(GLASS_FIELDS.window, `${offer.display} may be taken for ${lengths}.`);
  }
  const incident = said(GLASS_FIELDS.incident);
  const shape = incidentShape.safeParse(incident);
  if (!shape.success) throw new Wrong(GLASS_FIELDS.incident, `It ${shape.error.issues[0]?.message ?? 'is no id'}.`);
  const reason = said(GLASS_FIELDS.reason);
  const wrong = wrongLength(reason, 'The reason') ?? (offer.reason && wrongReason(offer.reason.rule, reason));
  if (wrong !== undefined) throw new Wrong(GLASS_FIELDS.reason, wrong);
  if (!sameName(said(GLASS_FIELDS.confirm), offer.confirmBy))
    throw new Wrong(GLASS_FIELDS.confirm, `To confirm, type ${offer.confirmBy} here, exactly.`);
  const how = values.get(GLASS_FIELDS.how);
  // NB: a drill that could not be read must not be the real thing.
  if (how !== DRILL && how !== TAKE) throw new Wrong(GLASS_FIELDS.how, 'Choose whether it is in earnest.');
  const drill = how === DRILL;
  return { windowMs, reason, breakGlass: { incident, ...(drill && { drill }) } };
}

function refOf({ person, member }: Identified): PersonRef {
  return { personId: person.personId, name: person.name, slackTeamId: member.teamId, slackUserId: member.userId };
}
