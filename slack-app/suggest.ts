/**
 * What the search of the form answers while somebody types. It only ever shows what may be asked for; an error shows
 * nothing and is logged, and in an incident it says what to do. Nothing is remembered, so a question that comes twice is answered twice.
 */
import { unanswered } from '../cards/break-glass-modal.js';
import { OPTIONS_MAX, personOption, type Suggestions, suggestionsOf } from '../cards/offer-options.js';
import { OTHERS_MAX } from '../cards/request-fields/for-whom.js';
import { speaksFor } from '../cards/request-modal.js';
import type { Person } from '../contract/ports.js';
import type { Offer, Preview } from '../contract/preview.js';
import type { Ack } from './clicks.js';
import type { ForWhomDesk } from './for-whom.js';
import type { Gatekeeper } from './gatekeeper.js';
import { errorText, type Log } from './log.js';
import type { Suggestion } from './payload.js';
import { within } from './race.js';

/** Slack waits three seconds for options. */
const ANSWER_MS = 2300;
/** Nobody types more than this to find something. */
const TEXT_MAX = 100;
/** How often the same trouble is told, in ms. */
const WARN_EVERY_MS = 60_000;
const NOTHING: Suggestions = { options: [] };

export interface Suggest {
  /** `read` may throw: what cannot be read is answered with nothing, too. */
  answer(read: () => Suggestion, ack: Ack): Promise<void>;
  /** The same for what may be taken by break-glass; where that can't be told, why the list is empty is the one choice. */
  glass(read: () => Suggestion, ack: Ack): Promise<void>;
  /** The same for whom it may be asked. */
  people(read: () => Suggestion, ack: Ack): Promise<void>;
}

export function createSuggest(deps: {
  readonly gatekeeper: Gatekeeper;
  readonly forWhom: ForWhomDesk;
  readonly preview: Preview;
  readonly logger: Log;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}): Suggest {
  const { preview, logger } = deps;
  const warnedAt = new Map<string, number>();

  /** Before anything is typed: what can be listed, their own Macs first, and what else there is room for. */
  async function unasked(person: Person, subject: Person): Promise<readonly Offer[]> {
    const { offers } = await preview.offersFor(person, subject);
    if (offers.length >= OPTIONS_MAX) return offers;
    return [...offers, ...(await preview.search(person, '', OPTIONS_MAX, subject).catch(nothing))];
  }

  function nothing(error: unknown): readonly Offer[] {
    warn(errorText(error), 'a search failed; only what can be listed is offered');
    return [];
  }

  /** People type letter by letter: what is down is not told at each of them. */
  function warn(error: string, message: string): void {
    const at = deps.clock();
    if (at - (warnedAt.get(message) ?? Number.NEGATIVE_INFINITY) < WARN_EVERY_MS) return;
    warnedAt.set(message, at);
    logger.warn({ error }, message);
  }

  /** What may be asked for, for whom the form is. */
  async function offered(person: Person, { text, privateMetadata }: Suggestion): Promise<Suggestions> {
    const subject = await deps.forWhom.named(person, speaksFor(privateMetadata));
    const found = text === '' ? unasked(person, subject) : preview.search(person, text, OPTIONS_MAX, subject).catch(nothing);
    return suggestionsOf(await found);
  }

  async function breakable(person: Person, { text }: Suggestion): Promise<Suggestions> {
    return suggestionsOf(await preview.search(person, text, OPTIONS_MAX, person, 'break-glass'));
  }

  async function peopleOf(person: Person, { text }: Suggestion): Promise<Suggestions> {
    const others = await preview.others(person, text, OTHERS_MAX);
    return { options: [...(text === '' ? [person] : []), ...others].map((one) => personOption(one, person)) };
  }

  async function looked(read: () => Suggestion, look: typeof offered, untold = NOTHING): Promise<Suggestions> {
    try {
      const asked = read();
      const { person } = await deps.gatekeeper.identify(asked.claim);
      return await look(person, { ...asked, text: asked.text.slice(0, TEXT_MAX) });
    } catch (error) {
      warn(errorText(error), 'a search could not be answered');
      return untold;
    }
  }

  async function inTime(job: Promise<Suggestions>, ack: Ack, untold = NOTHING): Promise<void> {
    const raced = await within(job, ANSWER_MS);
    if (!raced.done) warn('', 'a search took too long and was answered with nothing');
    await ack(raced.done ? raced.value : untold);
  }

  return {
    answer: (read, ack) => inTime(looked(read, offered), ack),
    glass: (read, ack) => inTime(looked(read, breakable, unanswered()), ack, unanswered()),
    people: (read, ack) => inTime(looked(read, peopleOf), ack),
  };
}
