/**
 * Telling the person who acted what became of it: first through the `response_url` of their action (works in every
 * place), else as an ephemeral message, else as a direct message. Best effort by nature: what matters is on the card.
 */

import type { KnownBlock } from '@slack/types';
import type { WebClient } from '@slack/web-api';
import { rich, type Sentence, when } from '../cards/say.js';
import { escapeMrkdwn } from '../cards/text.js';
import { instant } from '../contract/ids.js';
import { isLoopback } from '../contract/loopback.js';
import { SLACK_API } from './config.js';
import { errorText, type Log } from './log.js';
import type { ReplyTo } from './payload.js';

const URL_MS = 2500;
const SECTION_MAX = 3000;

/** What is shown; `replace` puts it in the place of the ephemeral message that was acted on. */
export interface Answer {
  readonly text: string;
  readonly blocks: readonly unknown[];
  readonly replace?: boolean;
}

export interface Answerer {
  /** Whether Slack took it, one way or another. Never throws. */
  say(to: ReplyTo, sentence: string): Promise<boolean>;
  show(to: ReplyTo, answer: Answer): Promise<boolean>;
}

export function createAnswerer(deps: {
  readonly api: WebClient;
  readonly slackApiUrl: string;
  readonly fallbackChannel: string;
  readonly logger: Log;
}): Answerer {
  const { api, logger } = deps;

  async function show(to: ReplyTo, answer: Answer): Promise<boolean> {
    const text = answer.text;
    const blocks = answer.blocks as KnownBlock[];
    const ways: [string, () => Promise<unknown>][] = [
      [
        'chat.postEphemeral',
        () => api.chat.postEphemeral({ channel: to.channelId ?? deps.fallbackChannel, user: to.userId, text, blocks }),
      ],
      [
        'chat.postMessage',
        () => api.chat.postMessage({ channel: to.userId, text, blocks, unfurl_links: false, unfurl_media: false }),
      ],
    ];
    const url = trusted(to.responseUrl, deps.slackApiUrl);
    if (url) ways.unshift(['response_url', () => post(url, answer)]);
    for (const [way, attempt] of ways) {
      try {
        await attempt();
        return true;
      } catch (error) {
        logger.warn({ way, slackUserId: to.userId, error: errorText(error) }, 'an answer could not be delivered this way');
      }
    }
    return false;
  }

  return { show, say: (to, sentence) => show(to, { text: escapeMrkdwn(sentence), blocks: sentenceBlocks(sentence) }) };
}

/** One sentence, of which nothing is parsed; instants such as `2026-11-21 14:05 UTC` are shown by the reader's own clock. */
export function sentenceBlocks(sentence: string): readonly KnownBlock[] {
  const said = sentence.slice(0, SECTION_MAX);
  const pieces = said
    .split(INSTANTS)
    .filter((text) => text !== '')
    .map(pieceOf);
  if (pieces.every((piece) => typeof piece === 'string'))
    return [{ type: 'section', text: { type: 'plain_text', text: said, emoji: false } }];
  return [{ type: 'rich_text', elements: [{ type: 'rich_text_section', elements: rich(pieces) }] }];
}

/** Of this century: Slack refuses a message with an instant before 1970, and whoever writes a reason may name any. */
const INSTANTS = /(20\d\d-\d\d-\d\d \d\d:\d\d UTC)/;

/** Whoever writes an instant into a reason has it shown as one, and nothing more. */
function pieceOf(text: string): Sentence[number] {
  const ms = INSTANTS.test(text) ? Date.parse(`${text.slice(0, 10)}T${text.slice(11, 16)}Z`) : Number.NaN;
  return Number.isNaN(ms) ? text : when(instant(ms));
}

/**
 * The URL when it is Slack's own. It comes in a payload, and what we post there is not for anybody else; a stand-in on
 * this machine may hand out its own.
 */
function trusted(text: string | undefined, slackApiUrl: string): string | undefined {
  if (!text || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.protocol === 'https:' && ['hooks.slack.com', 'hooks.slack-gov.com'].includes(url.hostname)) return text;
  const api = new URL(slackApiUrl);
  const standIn = slackApiUrl !== SLACK_API && isLoopback(api.hostname) && isLoopback(url.hostname);
  return standIn ? text : undefined;
}

async function post(url: string, answer: Answer): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    // `replace_original` is said both ways: Slack's default differs between kinds of messages.
    body: JSON.stringify({
      response_type: 'ephemeral',
      replace_original: answer.replace === true,
      text: answer.text,
      blocks: answer.blocks,
    }),
    redirect: 'error',
    signal: AbortSignal.timeout(URL_MS),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`response_url answered ${response.status}`);
}
