/**
 * Two posts of one key: the oldest stays, for every worker chooses the same, and the others are taken away. A call that was
 * given up may still be carried out, and nobody knows when: also after its successor looked, found nothing, posted, and
 * looked once more (seen: 20 s after it was sent). So what is posted in doubt is looked for again a while later, by whichever
 * process lives then: the doubt is kept in the store before the post.
 */
import { instant, msOf } from '../../contract/ids.js';
import type { Doubt, Doubts, MessageRef } from '../../contract/ports.js';
import { type Memory, UNKNOWN_RENDER } from './memory.js';
import type { Turns } from './queue.js';
import type { Place, Wire } from './wire.js';

interface TwinsDeps {
  readonly wire: Wire;
  readonly memory: Memory;
  readonly turns: Turns;
  readonly doubts: Doubts;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

export interface Twins {
  /** Takes all but the oldest away, as far as Slack shows them and lets us; answers what stays. Never throws. */
  settle(key: string, place: Place, mine: MessageRef): Promise<MessageRef>;
  /** Takes these away. A failure leaves a blemish. */
  withdraw(channel: string, all: readonly string[]): Promise<void>;
  /** To be looked for again later, in each of these places. Never throws: what a store that is down can't keep is kept here. */
  doubt(key: string, places: readonly Place[]): Promise<void>;
  /** Settles what is due, by what is known of the key then; one round. Throws what Slack and the store throw of any: that one is due again soon. */
  lookAgain(): Promise<void>;
}

/** When it is looked for again, after it was posted in doubt. */
const FIRST_MS = 10_000;
const LAST_MS = 60_000;
/** A look that failed, or whose process died, is made again after this long. */
const LEASE_MS = 30_000;
/** What Slack doesn't let us look for in this time stays as it is. */
const GIVE_UP_MS = 3_600_000;
/** In one round: after an outage the looks must not eat up what Slack allows for posting. */
const AT_ONCE = 4;
const UNSAVED_MAX = 100;

export function createTwins({ wire, memory, turns, doubts, clock }: TwinsDeps): Twins {
  const unsaved: Doubt[] = [];
  const withdraw: Twins['withdraw'] = async (channel, all) => {
    for (const ts of all) await wire.call('chat.delete', { channel, ts }).catch(() => undefined);
  };
  const keepOldest = async (found: readonly string[], mine: MessageRef): Promise<MessageRef> => {
    const [oldest = mine.ts, ...twins] = [...new Set([...found, mine.ts])].sort();
    await withdraw(mine.channel, twins);
    return oldest === mine.ts ? mine : { ...mine, ts: oldest, renderDigest: UNKNOWN_RENDER };
  };
  const save = (doubt: Doubt) =>
    doubts.put(doubt, instant(msOf(doubt.since) + FIRST_MS)).catch(() => {
      if (unsaved.length < UNSAVED_MAX) unsaved.push(doubt);
    });
  const saveAll = async (all: readonly Doubt[]) => {
    for (const doubt of [...unsaved.splice(0), ...all]) await save(doubt);
  };
  const again = async ({ key, channel, threadTs }: Doubt) => {
    const { ref } = await memory.recall(key);
    if (!ref?.ts) return;
    const found = await wire.find(key, { channel, ...(threadTs !== undefined && { threadTs }) });
    const kept = await keepOldest(found ?? [], ref);
    if (kept !== ref) await memory.record(key, kept);
  };
  const look = async (doubt: Doubt, now: number) => {
    const since = msOf(doubt.since);
    if (now - since < GIVE_UP_MS) await turns(doubt.key, () => again(doubt));
    if (now - since < LAST_MS) await doubts.put(doubt, instant(since + LAST_MS));
    else await doubts.remove(doubt);
  };
  return {
    withdraw,
    async settle(key, place, mine) {
      return keepOldest((await wire.find(key, place).catch(() => undefined)) ?? [], mine);
    },
    async doubt(key, places) {
      const since = instant(clock());
      await saveAll(places.map((place) => ({ key, ...place, since })));
    },
    async lookAgain() {
      await saveAll([]);
      const now = clock();
      const due = await doubts.take(instant(now), instant(now + LEASE_MS), AT_ONCE);
      // Side by side: a place where Slack refuses or hangs keeps none of the others waiting.
      const looks = await Promise.allSettled(due.map((doubt) => look(doubt, now)));
      for (const one of looks) if (one.status === 'rejected') throw one.reason;
    },
  };
}
