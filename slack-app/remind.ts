/**
 * Whoever asked may have the approvers reminded: a line in the thread of the card that mentions those who can still decide.
 * The Slack app posts it itself, for nothing of the elevation changes. At most one in ten minutes and three in all for a
 * request, counted by one-time values of the store before anything is posted: without the store there is none, and what a
 * lost answer leaves in doubt counts as posted.
 */
import type { KnownBlock } from '@slack/types';
import type { WebClient } from '@slack/web-api';
import { parseTarget } from '../cards/actions.js';
import { utc } from '../cards/say.js';
import { lapsesAt } from '../cards/state-line.js';
import { nudge } from '../cards/thread.js';
import { StintError } from '../contract/errors.js';
import { instant, msOf, type RequestId } from '../contract/ids.js';
import type { Directory, MessageRef, Person } from '../contract/ports.js';
import type { ElevationView } from '../contract/view.js';
import { digestOf } from '../seal/canonical.js';
import type { Answerer } from './answer.js';
import { cannotKnow, checkChannel, checkDm, checkOwn, checkPlace, checkRound } from './checks.js';
import type { Ack } from './clicks.js';
import type { SlackStore } from './config.js';
import type { Gatekeeper } from './gatekeeper.js';
import { errorText, type Log } from './log.js';
import { namesIn } from './names.js';
import { failureOf } from './outcome.js';
import type { Press } from './payload.js';
import type { Recall } from './recall.js';
import { now } from './standing.js';

const GAP_MS = 10 * 60_000;
const MOST = 3;
/** A turn is remembered for so long after the request should have lapsed, whatever holds its workflow up. */
const KEPT_MS = 30 * 24 * 3_600_000;
const TURNS = Array.from({ length: MOST }, (_, i) => i + 1);

export interface RemindDeps {
  readonly api: WebClient;
  readonly teamId: string;
  readonly gatekeeper: Gatekeeper;
  readonly recall: Recall;
  readonly store: Pick<SlackStore, 'once' | 'messages'>;
  readonly directory: Directory;
  /** Why nothing may be posted in a channel now, or undefined. */
  readonly troubleIn: (channel: string) => Promise<string | undefined>;
  readonly answerer: Answerer;
  readonly clock: () => number;
  readonly random: () => number;
  readonly logger: Log;
}

export interface Remind {
  /** Never throws. `say`: where the person is told what became of it, if not in the place of the press. */
  press(press: Press, ack: Ack, say?: (sentence: string) => Promise<boolean>): Promise<void>;
}

interface Asked {
  readonly person: Person;
  readonly view: ElevationView;
  readonly card: MessageRef;
}

export function createRemind(deps: RemindDeps): Remind {
  const { store, recall, logger } = deps;
  /** Under way, by request: a second press joins the first. */
  const running = new Map<RequestId, Promise<string>>();

  /** Judged as a withdrawal is, in the same places: whoever may take a request back may speak of it once more. */
  async function asked({ claim, place, value }: Press): Promise<Asked> {
    const target = parseTarget(value);
    if (!target || target.windowMs !== undefined) throw new StintError('bad-input');
    const known = await recall.of(target.requestId);
    checkPlace(place, 'withdraw', known);
    const { person } = await deps.gatekeeper.identify(claim);
    if (known.how !== 'read') throw cannotKnow(known);
    if (place.channelId?.startsWith('D')) checkDm(place, await recall.dmChannels(target.requestId, person.personId));
    const { view, card } = known;
    checkOwn(person, view, 'withdraw');
    checkRound(view, { ...target, kind: 'withdraw' });
    if (view.state !== 'requested') throw new StintError('state-conflict', `${now(view)} Nobody has to be reminded.`);
    if (!card) throw new StintError('state-conflict', 'The card of this request is not posted yet. Try again shortly.');
    return { person, view, card };
  }

  /** Takes one of the three turns, for good. Throws `too-many`, saying when there is another; `store-unavailable`. */
  async function takeTurn(view: ElevationView): Promise<number> {
    const { requestId } = view.request;
    const posted = await Promise.all(TURNS.map((turn) => store.messages.get(keyOf(requestId, turn))));
    const last = posted.findLast((ref) => ref !== undefined);
    if (posted.at(-1)) throw new StintError('too-many', ENOUGH);
    const at = deps.clock();
    if (!(await store.once.first('remind-gap', requestId, instant(at + GAP_MS)))) throw new StintError('too-many', soonest(last));
    const until = instant(Math.max(msOf(lapsesAt(view)), at) + KEPT_MS);
    for (const turn of TURNS) if (await store.once.first('remind', `${requestId}/${turn}`, until)) return turn;
    throw new StintError('too-many', ENOUGH);
  }

  async function post({ person, view, card }: Asked, turn: number): Promise<void> {
    const { requestId } = view.request;
    const people = await namesIn(deps.directory, deps.teamId, view.verdict.approvers);
    const { text, blocks } = nudge(view, person.personId, people);
    const quiet = { parse: 'none', link_names: false, unfurl_links: false, unfurl_media: false } as const;
    const message = { channel: card.channel, thread_ts: card.ts, text, blocks: [...blocks] as KnownBlock[], ...quiet };
    const { ts } = await deps.api.chat.postMessage(message).catch((error: unknown) => {
      throw new StintError('slack-unavailable', IN_DOUBT, { cause: error });
    });
    const ref = { channel: card.channel, ts: ts ?? '', renderDigest: digestOf({ text, blocks }) };
    await store.messages.put(keyOf(requestId, turn), ref).catch((error: unknown) => {
      // It counts all the same; only the sentence that says when the next is possible knows less.
      logger.warn({ requestId, error: errorText(error) }, 'a reminder was not noted');
    });
    logger.info({ requestId, turn, personId: person.personId }, 'approvers were reminded on request');
  }

  async function remind(found: Asked): Promise<string> {
    checkChannel(await deps.troubleIn(found.card.channel));
    const turn = await takeTurn(found.view);
    await post(found, turn);
    const rest =
      turn < MOST ? `You may do so again at ${clockTime(deps.clock() + GAP_MS)}.` : 'That was the last time for this request.';
    return `The approvers were reminded in the thread of the card (${turn} of ${MOST}). ${rest}`;
  }

  /** A second press while the first is under way ends as that ends. */
  async function together(found: Asked): Promise<string> {
    const { requestId } = found.view.request;
    const job = running.get(requestId) ?? remind(found).finally(() => running.delete(requestId));
    running.set(requestId, job);
    return job;
  }

  return {
    async press(press, ack, say = (sentence) => deps.answerer.say(press.replyTo, sentence)) {
      // At once: whoever is told nothing presses again, and it is counted.
      await ack();
      const fields = { action: press.actionId, slackUserId: press.claim.userId };
      const sentence = await asked(press)
        .then(together)
        .catch((error: unknown) => failureOf(error, deps, fields).sentence);
      await say(sentence);
    },
  };
}

const keyOf = (requestId: RequestId, turn: number): string => `remind/${requestId}/${turn}`;

const ENOUGH = `The approvers were reminded ${MOST} times on your request. That is all there is; speak to one of them.`;
const IN_DOUBT =
  'Slack did not confirm the reminder, so it counts as sent: look into the thread of the card. You may try again in 10 min.';

/** When the next is possible, by Slack's own time of the last. */
function soonest(last: MessageRef | undefined): string {
  const sentAt = Number(last?.ts) * 1000;
  const when = sentAt > 0 ? `at ${clockTime(sentAt + GAP_MS)}` : 'within 10 min';
  return `The approvers were reminded a moment ago. You may do so again ${when}.`;
}

function clockTime(ms: number): string {
  return utc(instant(ms));
}
