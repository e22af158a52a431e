/**
 * The Cards port over Slack's Web API. A post is made once however often it is asked for: known by its key, intended
 * in the store beforehand, found again in Slack by its metadata whenever there is doubt. `client_msg_id` may help too,
 * but it is undocumented and never the only defence. Two posts of one key would be a blemish, never a danger: buttons
 * of either lead to the same request.
 */
import type { WebClient } from '@slack/web-api';
import { plainText } from '../../cards/blocks.js';
import { escapeMrkdwn, sanitise } from '../../cards/text.js';
import type { SlackUserId } from '../../contract/ids.js';
import type { Cards, Doubts, MessageRef, MessageRefs, Rendered } from '../../contract/ports.js';
import { slackCode, unclear } from './errors.js';
import { createMemory, type Known, type Memory, markOf, renderDigestOf, UNKNOWN_RENDER } from './memory.js';
import { createTurns, type Turns } from './queue.js';
import { createTwins, type Twins } from './twins.js';
import { createUpload } from './upload.js';
import { createWire, isNoThread, type Place, uuidOf, type Wire } from './wire.js';

export interface CardsDeps {
  readonly client: WebClient;
  readonly store: { readonly messages: MessageRefs; readonly doubts: Doubts };
  /** Sends `client_msg_id` as well; only for workspaces where it is known to work. */
  readonly useClientMsgId: boolean;
  /** Whether the running call is a repeat (Temporal's attempt above 1). Optional: it only closes the gap of a store that was down. */
  readonly repeated?: () => boolean;
  /** Milliseconds since 1970; this machine's by default. */
  readonly clock?: () => number;
}

interface Desk {
  readonly wire: Wire;
  readonly memory: Memory;
  readonly turns: Turns;
  readonly twins: Twins;
  readonly clientMsgId: (key: string) => string | undefined;
}

/** Cards, and what has to be done for them every few seconds by one process at least. */
export interface TendedCards extends Cards {
  /** Looks again for what was posted in doubt and may stand twice (`twins.ts`); one round. */
  lookAgain(): Promise<void>;
}

/** Errors of all calls: `too-many` (with `slackRetryAfterMs`), `slack-unavailable`, `slack-rejected`. */
export function createCards(deps: CardsDeps): TendedCards {
  const wire = createWire(deps.client);
  const memory = createMemory(deps.store.messages, deps.repeated);
  const turns = createTurns();
  const twins = createTwins({ wire, memory, turns, doubts: deps.store.doubts, clock: deps.clock ?? Date.now });
  const desk: Desk = { wire, memory, turns, twins, clientMsgId: (key) => (deps.useClientMsgId ? uuidOf(key) : undefined) };
  const upload = createUpload({ wire, memory, apiUrl: deps.client.slackApiUrl });
  return {
    ensurePosted: (key, where, message) => turns(key, () => ensure(desk, key, async () => where, message)),
    update: (ref, message) => turns(`edit ${ref.channel}/${ref.ts}`, () => update(desk, ref, message)),
    dm: (key, user, message) => turns(key, () => dm(desk, key, user, message)),
    ephemeral: (channel, user, text) => ephemeral(desk, channel, user, text),
    upload: (key, where, file) => turns(key, () => upload(key, where, file)),
    lookAgain: twins.lookAgain,
  };
}

async function ensure(desk: Desk, key: string, where: () => Promise<Place>, message: Rendered): Promise<MessageRef> {
  const known = await desk.memory.recall(key);
  if (known.ref?.ts) return known.ref;
  const place = await where();
  const places = placesOf(known, place);
  // Before anything else: this process may be killed at any moment from here on.
  if (places.length > 0) await desk.twins.doubt(key, places);
  for (const one of places) {
    const found = await adopt(desk, key, one);
    if (found) return found;
  }
  return postNew(desk, key, place, message, places);
}

/** Where an earlier post may be, if there is any doubt: here, or in the thread of a card that was deleted since. */
function placesOf({ doubt, threadTs }: Known, place: Place): readonly Place[] {
  if (!doubt) return [];
  return threadTs === undefined || threadTs === place.threadTs ? [place] : [place, { channel: place.channel, threadTs }];
}

/** Finds an earlier post of the key and keeps it; what it shows is not known. There may be two, of calls that nobody waited for to the end. */
async function adopt(desk: Desk, key: string, place: Place, except?: string): Promise<MessageRef | undefined> {
  const found = await desk.wire.find(key, place);
  const [ts, ...twins] = (found ?? []).filter((one) => one !== except);
  if (ts === undefined) return undefined;
  await desk.twins.withdraw(place.channel, twins);
  const ref = { channel: place.channel, ts, renderDigest: UNKNOWN_RENDER };
  await desk.memory.record(key, ref);
  return ref;
}

/** `looked`: where an earlier post was looked for and not found; none where there was no doubt. */
async function postNew(
  desk: Desk,
  key: string,
  place: Place,
  message: Rendered,
  looked: readonly Place[],
  round = key,
): Promise<MessageRef> {
  await desk.memory.intend(key, place.channel, markOf(place.threadTs));
  const ts = await postOnce(desk, key, place, message, round);
  const ref = { channel: place.channel, ts, renderDigest: renderDigestOf(message) };
  const alone = looked.length === 0 && !(await desk.memory.contested(key));
  // A twin may have become visible only now: another worker's, or ours with a lost reply.
  if (!alone && looked.length === 0) await desk.twins.doubt(key, [place]);
  const kept = alone ? ref : await desk.twins.settle(key, place, ref);
  await desk.memory.record(key, kept);
  return kept;
}

async function postOnce(desk: Desk, key: string, place: Place, message: Rendered, round: string): Promise<string> {
  const { wire, clientMsgId } = desk;
  try {
    return await wire.post(key, place, message, clientMsgId(round));
  } catch (error) {
    // The card was deleted: what has to be said is said in the channel rather than not at all.
    if (place.threadTs !== undefined && isNoThread(error))
      return wire.post(key, { channel: place.channel }, message, clientMsgId(`${round} channel`));
    // Slack has it under this client_msg_id, yet it was not found a moment ago: the next attempt looks again.
    if (slackCode(error)?.startsWith('duplicate_')) throw unclear({ method: 'chat.postMessage' });
    throw error;
  }
}

async function update(desk: Desk, ref: MessageRef, message: Rendered): Promise<MessageRef> {
  const renderDigest = renderDigestOf(message);
  if (ref.renderDigest === renderDigest) return ref;
  try {
    await desk.wire.edit(ref.channel, ref.ts, message);
  } catch (error) {
    if (slackCode(error) !== 'message_not_found') throw error;
    return repost(desk, ref, message);
  }
  const shown = { ...ref, renderDigest };
  const key = desk.memory.keyOf(ref);
  if (key !== undefined) await desk.memory.record(key, shown);
  return shown;
}

/** Somebody deleted the message: it is posted once more under its key. A repeat finds that post and edits it. */
async function repost(desk: Desk, lost: MessageRef, message: Rendered): Promise<MessageRef> {
  const place = { channel: lost.channel };
  const key = desk.memory.keyOf(lost) ?? `again/${lost.channel}/${lost.ts}`;
  return desk.turns(key, async () => {
    await desk.twins.doubt(key, [place]);
    const { ref: stored } = await desk.memory.recall(key);
    const later = stored?.ts && stored.ts !== lost.ts ? stored : await successor(desk, key, place, lost.ts);
    if (!later) return postNew(desk, key, place, message, [place], `${key} after ${lost.ts}`);
    await desk.wire.edit(later.channel, later.ts, message);
    const shown = { ...later, renderDigest: renderDigestOf(message) };
    await desk.memory.record(key, shown);
    return shown;
  });
}

async function successor(desk: Desk, key: string, place: Place, lost: string): Promise<MessageRef | undefined> {
  const found = await desk.wire.find(key, place);
  // "Not found", yet there it is: Slack contradicts itself, so neither answer is believed.
  if (found?.includes(lost)) throw unclear({ method: 'chat.update' });
  return adopt(desk, key, place, lost);
}

async function dm(desk: Desk, key: string, user: SlackUserId, message: Rendered): Promise<void> {
  await ensure(desk, key, async () => ({ channel: await desk.wire.openDm(user) }), message);
}

/** Refusals that a direct message gets round. */
const NOT_HERE = new Set([
  'user_not_in_channel',
  'not_in_channel',
  'channel_not_found',
  'is_archived',
  'restricted_action',
  'messages_tab_disabled',
]);

/** `text` is plain: it is escaped here, and nothing in it is parsed. Slack shows it only to somebody who is there now. */
async function ephemeral({ wire }: Desk, channel: string, user: SlackUserId, text: string): Promise<void> {
  const clean = sanitise(text, 2900) || '…';
  const shown = { text: escapeMrkdwn(clean), blocks: [{ type: 'section', text: plainText(clean, 3000) }] };
  try {
    await wire.call('chat.postEphemeral', { channel, user, ...shown, parse: 'none', link_names: false });
  } catch (error) {
    if (!NOT_HERE.has(slackCode(error) ?? '')) throw error;
    await wire.post('answer', { channel: await wire.openDm(user) }, shown);
  }
}
