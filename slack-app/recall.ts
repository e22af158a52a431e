/**
 * What is known of an elevation when a button is pressed. The store may be down or behind (entries are written after
 * the fact), and taking access away must not wait for it: this says plainly which of these cases it is.
 */
import { DM_KINDS } from '../cards/dm.js';
import { isStintError } from '../contract/errors.js';
import type { PersonId, RequestId } from '../contract/ids.js';
import type { MessageRef } from '../contract/ports.js';
import type { ElevationView } from '../contract/view.js';
import type { SlackStore } from './config.js';
import { errorText, type Log } from './log.js';
import { within } from './race.js';

/** How long a click waits for the store before it counts as down. */
const STORE_MS = 800;
const KEPT = 500;

export type Recalled =
  /** Read just now. */
  | { readonly how: 'read'; readonly view: ElevationView; readonly card?: MessageRef }
  /** The store answers, and has no such elevation in its read model (yet). `asked`: its request is there. */
  | { readonly how: 'unrecorded'; readonly asked: boolean; readonly card?: MessageRef }
  /** The store does not answer; what this process saw last, if anything. */
  | { readonly how: 'down'; readonly view?: ElevationView; readonly card?: MessageRef };

export interface Recall {
  /** Never throws a `store-unavailable`: that is an answer here. Other errors are thrown. */
  of(requestId: RequestId): Promise<Recalled>;
  /** The channels in which this person was written to about the elevation; empty when that is not known. Never throws. */
  dmChannels(requestId: RequestId, personId: PersonId): Promise<readonly string[]>;
}

// Under these keys the Slack activities keep where they posted. An entry without a `ts` is only an intent.
const cardKey = (requestId: RequestId): string => `card/${requestId}`;
const dmKey = (requestId: RequestId, kind: string, personId: PersonId): string => `dm/${requestId}/${kind}/${personId}`;

export function createRecall(deps: { readonly store: SlackStore; readonly logger: Log }): Recall {
  const last = new Map<RequestId, { readonly view?: ElevationView; readonly card?: MessageRef }>();

  async function read(requestId: RequestId): Promise<Recalled> {
    const { store } = deps;
    const [row, ref] = await Promise.all([store.ledger.find(requestId), store.messages.get(cardKey(requestId))]);
    const card = ref?.ts ? ref : undefined;
    if (!row) return { how: 'unrecorded', asked: (await store.requests.get(requestId)) !== undefined, card };
    if (last.size >= KEPT) last.clear();
    last.set(requestId, { view: row.view, card });
    return { how: 'read', view: row.view, card };
  }

  return {
    async of(requestId) {
      try {
        const raced = await within(read(requestId), STORE_MS);
        if (raced.done) return raced.value;
      } catch (error) {
        if (!isStintError(error) || error.code !== 'store-unavailable') throw error;
        deps.logger.warn({ requestId, error: errorText(error) }, 'the store is down; falling back on what was seen last');
      }
      return { how: 'down', ...last.get(requestId) };
    },
    async dmChannels(requestId, personId) {
      const reading = Promise.all(DM_KINDS.map((kind) => deps.store.messages.get(dmKey(requestId, kind, personId))));
      try {
        const raced = await within(reading, STORE_MS);
        return raced.done ? raced.value.flatMap((ref) => (ref ? [ref.channel] : [])) : [];
      } catch (error) {
        deps.logger.warn({ requestId, error: errorText(error) }, 'where this person was written to is not known');
        return [];
      }
    },
  };
}
