/** response_url: five answers within thirty minutes to what a person did, wherever they did it. */
import { applyUpdate, deleteMessage } from './api/chat.js';
import { isEmpty, NO_TEXT, readContent } from './api/content.js';
import { SlackError } from './api/errors.js';
import { forgetOld } from './forget.js';
import { type Json, text } from './json.js';
import { addMessage, threadRoot } from './messages.js';
import type { Message, ResponseUrl } from './types.js';
import type { World } from './world.js';

const MAX_USES = 5;
const LIFE_MS = 30 * 60_000;

/** A new address for answers to this person, here. */
export function issueResponseUrl(world: World, input: Omit<ResponseUrl, 'issuedAt' | 'uses'>): string {
  const { responseUrls } = world.data;
  forgetOld(responseUrls, ({ issuedAt }) => world.now() - issuedAt > 2 * LIFE_MS);
  const id = `${world.id('')}${world.id('')}`;
  responseUrls[id] = { ...input, issuedAt: world.now(), uses: 0 };
  return `${world.url}/hooks/${world.seed.team.id}/${id}`;
}

/** Carries out what was posted to the address. */
export function useResponseUrl(world: World, id: string, body: Json): { status: number; body: Json } {
  const target = world.data.responseUrls[id];
  try {
    if (!target) throw new SlackError('invalid_url');
    if (world.now() - target.issuedAt > LIFE_MS) throw new SlackError('expired_url');
    if (target.uses >= MAX_USES) throw new SlackError('used_url');
    answerPerson(world, target, body);
    target.uses += 1;
    return { status: 200, body: { ok: true } };
  } catch (error) {
    if (!(error instanceof SlackError)) throw error;
    const gone = ['invalid_url', 'expired_url', 'used_url'].includes(error.code);
    return { status: gone ? 404 : 400, body: { ok: false, error: error.code, ...error.extra } };
  }
}

/** What an app says in answer to a person: also the body of a command's acknowledgement. */
export function answerPerson(world: World, target: Omit<ResponseUrl, 'issuedAt' | 'uses'>, body: Json): Message | undefined {
  const original = target.originalTs ? world.message(target.channel, target.originalTs, target.userId) : undefined;
  if (body.delete_original === true) {
    if (original) deleteMessage(world, original);
    return undefined;
  }
  const content = readContent(world, body);
  if (isEmpty(content)) throw new SlackError('no_text');
  if (body.replace_original === true && original) {
    applyUpdate(original, content, world.nextTs());
    world.changed({
      kind: original.onlyFor ? 'ephemeral' : 'message',
      channel: original.channel,
      ts: original.ts,
      user: target.userId,
    });
    return original;
  }
  const wanted = text(body.thread_ts);
  const threadTs = wanted === undefined ? undefined : threadRoot(world, target.channel, wanted);
  return addMessage(world, {
    ...content,
    text: content.text || NO_TEXT,
    channel: target.channel,
    threadTs,
    onlyFor: body.response_type === 'in_channel' ? undefined : target.userId,
  });
}
