/**
 * Two posts of one key: the oldest stays, for every worker chooses the same, and the others are taken away. A call that was
 * given up may still be carried out, and nobody knows when: also after its successor looked, found nothing, posted, and
 * looked once more (seen: 20 s after it was sent). So what was posted in doubt is looked for again a while later. A process
 * that dies before that leaves a blemish and nothing else.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { MessageRef } from '../../contract/ports.js';
import { type Memory, UNKNOWN_RENDER } from './memory.js';
import type { Turns } from './queue.js';
import type { Place, Wire } from './wire.js';

interface TwinsDeps {
  readonly wire: Wire;
  readonly memory: Memory;
  readonly turns: Turns;
  /** The pauses before each later look, in milliseconds; 10 s and then 50 s by default. */
  readonly looksMs?: readonly number[] | undefined;
}

export interface Twins {
  /** Takes all but the oldest away, as far as Slack shows them and lets us; answers what stays. Never throws. */
  settle(key: string, place: Place, mine: MessageRef): Promise<MessageRef>;
  /** Takes these away. A failure leaves a blemish. */
  withdraw(channel: string, all: readonly string[]): Promise<void>;
  /** Settles again a while later, in each of these places, by what is known of the key then. Does not wait for it. */
  lookLater(key: string, places: readonly Place[]): void;
}

const LOOKS_MS = [10_000, 50_000] as const;
/** Keys that are looked for later at one time: after an outage the looks must not eat up what Slack allows for posting. */
const WAITING_MAX = 30;

export function createTwins({ wire, memory, turns, looksMs = LOOKS_MS }: TwinsDeps): Twins {
  let waiting = 0;
  const withdraw: Twins['withdraw'] = async (channel, all) => {
    for (const ts of all) await wire.call('chat.delete', { channel, ts }).catch(() => undefined);
  };
  const settle: Twins['settle'] = async (key, place, mine) => {
    const found = (await wire.find(key, place).catch(() => undefined)) ?? [];
    const [oldest = mine.ts, ...twins] = [...new Set([...found, mine.ts])].sort();
    await withdraw(mine.channel, twins);
    return oldest === mine.ts ? mine : { ...mine, ts: oldest, renderDigest: UNKNOWN_RENDER };
  };
  const again = async (key: string, place: Place) => {
    const { ref } = await memory.recall(key);
    if (!ref?.ts) return;
    const kept = await settle(key, place, ref);
    if (kept !== ref) await memory.record(key, kept);
  };
  const looks = async (key: string, places: readonly Place[]) => {
    for (const ms of looksMs) {
      await pause(ms, undefined, { ref: false });
      for (const place of places) await turns(key, () => again(key, place));
    }
  };
  return {
    withdraw,
    settle,
    lookLater(key, places) {
      if (waiting >= WAITING_MAX) return;
      waiting += 1;
      const over = () => {
        waiting -= 1;
      };
      looks(key, places).then(over, over);
    },
  };
}
