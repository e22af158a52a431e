/**
 * Buttons. A click is judged, handed to the workflow or answered, and only then acknowledged, however long that takes: to
 * acknowledge first would lose it silently if the process died in between. Slack shows an error of its own after three seconds, so
 * after two the person is told that it goes on, and at the end what came of it. To press again is harmless: a vote counts
 * once for a person and a round, an end ends once, and a second extension is not asked for while one waits.
 */
import type { ModalView } from '@slack/types';
import type { WebClient } from '@slack/web-api';
import type { ParsedAction } from '../cards/actions.js';
import { approveModal, denyModal, reviewModal, revokeModal, unprovenModal } from '../cards/modals.js';
import { StintError } from '../contract/errors.js';
import type { RequestId } from '../contract/ids.js';
import type { Gate } from '../contract/ports.js';
import type { Answerer } from './answer.js';
import type { Admitted, Gatekeeper } from './gatekeeper.js';
import type { Log } from './log.js';
import { type Failure, failureOf } from './outcome.js';
import type { Press } from './payload.js';
import { within } from './race.js';
import type { Recall } from './recall.js';
import { sendClick } from './send.js';
import { RULES } from './standing.js';

/** How long a click may take before the person is told that it goes on. */
const CLICK_MS = 2000;
/** A second press of the same button by the same person within this time is the same wish. */
const DOUBLE_MS = 5000;

export interface ClickDeps {
  readonly api: WebClient;
  readonly gate: Gate;
  readonly gatekeeper: Gatekeeper;
  readonly recall: Recall;
  readonly answerer: Answerer;
  readonly repair: (requestId: RequestId) => void;
  readonly clock: () => number;
  readonly random: () => number;
  readonly logger: Log;
}

/** What a person is told of a click: why it failed, or what else there is to know of it. */
type Word = Pick<Failure, 'sentence'> & Partial<Failure>;

export type Ack = (response?: unknown) => Promise<void>;

export interface Clicks {
  /** `say`: where the person is told what became of it, if not in the place of the press; whether Slack took it. */
  press(press: Press, ask: ParsedAction, ack: Ack, say?: (sentence: string) => Promise<boolean>): Promise<void>;
}

const WAITING =
  'Your click has not been handed over yet: this takes longer than usual, and Slack may show an error. You will be told here what came of it. If you are told nothing, press again; it counts once.';

const UNTOLD = 'What became of a click could not be told, so it was not acknowledged.';

export function createClicks(deps: ClickDeps): Clicks {
  const twice = createDoubleClicks(deps.clock);

  async function carryOut(press: Press, ask: ParsedAction): Promise<string | undefined> {
    const admitted = await deps.gatekeeper.click(press, ask);
    const key = `${admitted.person.personId}/${press.actionId}/${ask.requestId}/${ask.roundDigest}`;
    const form = formOf(ask, admitted);
    const { kind } = ask;
    if (!form && kind !== 'review') return twice.once(key, () => sendClick(deps, { ...ask, kind }, admitted));
    if (form) await openForm(deps.api, press, form);
    return undefined;
  }

  /** What is to be said of it; nothing when the card says it all. */
  async function outcome(press: Press, ask: ParsedAction): Promise<Word | undefined> {
    try {
      const sentence = await carryOut(press, ask);
      return sentence ? { sentence } : undefined;
    } catch (error) {
      const fields = { action: press.actionId, requestId: ask.requestId, slackUserId: press.claim.userId };
      return failureOf(error, deps, fields);
    }
  }

  return {
    async press(press, ask, ack, say = (sentence) => deps.answerer.say(press.replyTo, sentence)) {
      const job = outcome(press, ask);
      const first = await within(job, CLICK_MS);
      const waiting = first.done ? undefined : say(WAITING);
      const word = await job;
      if (word?.stale) deps.repair(ask.requestId);
      // Who was told nothing sees Slack's own error, and knows that the click came to nothing.
      if (word && !(await say(word.sentence))) throw new StintError('slack-unavailable', UNTOLD);
      await ack();
      await waiting;
      if (!word && !first.done) await say('Done: your click was handed over.');
    },
  };
}

const FORMS = { deny: denyModal, finding: unprovenModal, review: reviewModal } as const;

/** The form that a click opens; none where it counts at once. */
function formOf({ kind, words, requestId, roundDigest, windowMs }: ParsedAction, { view }: Admitted): ModalView | undefined {
  const round = { requestId, digest: roundDigest };
  const { form } = RULES[kind];
  if (form) return FORMS[form](round);
  if (!words) return undefined;
  return kind === 'approve' ? approveModal(round, view?.verdict.windowsMs ?? [], windowMs) : revokeModal(round);
}

/** The trigger lives for three seconds and works once, so a form that cannot be opened needs another press. */
async function openForm(api: WebClient, press: Press, view: ModalView): Promise<void> {
  try {
    await api.views.open({ trigger_id: press.triggerId ?? '', view });
  } catch (error) {
    throw new StintError('slack-unavailable', 'Slack did not open the form. Press the button again.', { cause: error });
  }
}

/**
 * Swallows the second press of a double click; a press that failed may be repeated at once. One that comes while the first
 * is under way ends as that ends, and is acknowledged no earlier.
 */
function createDoubleClicks(clock: () => number) {
  const running = new Map<string, Promise<string | undefined>>();
  const recent = new Map<string, number>();

  async function begin(key: string, job: () => Promise<string | undefined>): Promise<string | undefined> {
    try {
      const answer = await job();
      recent.set(key, clock() + DOUBLE_MS);
      return answer;
    } finally {
      running.delete(key);
    }
  }

  return {
    async once(key: string, job: () => Promise<string | undefined>): Promise<string | undefined> {
      const first = running.get(key);
      if (first) return first;
      const now = clock();
      for (const [old, until] of recent) if (until <= now) recent.delete(old);
      if (recent.has(key)) throw new StintError('replayed', 'Your click was already received and has been handed over.');
      const begun = begin(key, job);
      running.set(key, begun);
      return begun;
    },
  };
}
