/** A Slack stand-in with a channel, a few people and the product's own posting client, and a store that can fail. */
import { createCards, type TendedCards } from '../../../activities/slack/cards.js';
import { createPostingClient } from '../../../activities/slack/client.js';
import { StintError } from '../../../contract/errors.js';
import type { SlackUserId } from '../../../contract/ids.js';
import type { Doubt, Doubts, MessageRef, MessageRefs, Rendered } from '../../../contract/ports.js';
import { type SlackSim, startSlack } from '../../../sim/slack/index.js';

export const CHANNEL = 'C0APPROVE';
export const BOB = 'U0BOB' as SlackUserId;
export const GONE = 'U0GONE' as SlackUserId;
const BOT = 'U0STINT';
const TOKEN = 'xoxb-test';

const SCOPES = [
  'chat:write',
  'im:write',
  'im:history',
  'channels:history',
  'groups:history',
  'channels:read',
  'groups:read',
  'files:write',
  'files:read',
  'users:read',
  'commands',
];

interface Options {
  useClientMsgId?: boolean;
  repeated?: () => boolean;
  timeoutMs?: number;
}

export interface Stage {
  readonly sim: SlackSim;
  readonly refs: FlakyRefs;
  /** A fresh worker process over the same store: nothing in memory. */
  worker(options?: Options): TendedCards;
  /** Moves the clock of all workers on. */
  advance(ms: number): void;
  /** What stands in a channel now, by the stand-in's own truth. */
  posted(channel?: string): ReturnType<SlackSim['truth']>['messages'];
  calls(method: string): ReturnType<SlackSim['truth']>['calls'];
  close(): Promise<void>;
}

export async function startStage(scopes: readonly string[] = SCOPES): Promise<Stage> {
  const sim = await startSlack({
    mode: 'socket',
    settings: { shareDelayMs: 20 },
    seed: {
      team: { id: 'T0TEAM', name: 'Team' },
      bot: {
        userId: BOT,
        botId: 'B0STINT',
        appId: 'A0STINT',
        token: TOKEN,
        appToken: 'xapp-test',
        signingSecret: 's',
        scopes: [...scopes],
      },
      users: [
        { id: BOB, name: 'bob', realName: 'Bob', email: 'bob@example.com' },
        { id: GONE, name: 'gone', realName: 'Gone', email: 'gone@example.com', deleted: true },
        { id: 'U0OTHER', name: 'other', realName: 'Other', email: 'other@example.com' },
      ],
      channels: [
        { id: CHANNEL, name: 'approvals', private: true, members: [BOT, 'U0OTHER'] },
        { id: 'C0AWAY', name: 'away', private: true, members: ['U0OTHER'] },
      ],
    },
  });
  const refs = createFlakyRefs();
  const doubts = createFlakyDoubts(refs);
  let now = Date.now();
  return {
    sim,
    refs,
    worker({ useClientMsgId = false, timeoutMs, ...rest } = {}) {
      const client = createPostingClient({ token: TOKEN, slackApiUrl: sim.apiUrl });
      if (timeoutMs !== undefined) Object.assign(client, { timeout: timeoutMs });
      return createCards({ client, store: { messages: refs, doubts }, useClientMsgId, clock: () => now, ...rest });
    },
    advance: (ms) => {
      now += ms;
    },
    posted: (channel = CHANNEL) =>
      sim.truth().messages.filter((m) => m.channel === channel && !m.deleted && m.onlyFor === undefined),
    calls: (method) => sim.truth().calls.filter((call) => call.method === method),
    close: () => sim.close(),
  };
}

export interface FlakyRefs extends MessageRefs {
  readonly rows: Map<string, MessageRef>;
  down: boolean;
  /** The process dies before this write. */
  dieBefore?: ((key: string, ref: MessageRef) => boolean) | undefined;
}

function createFlakyRefs(): FlakyRefs {
  const rows = new Map<string, MessageRef>();
  const refs: FlakyRefs = {
    rows,
    down: false,
    async get(key) {
      if (refs.down) throw new StintError('store-unavailable');
      return rows.get(key);
    },
    async put(key, ref) {
      if (refs.down) throw new StintError('store-unavailable');
      if (refs.dieBefore?.(key, ref)) throw new Error('killed');
      rows.set(key, ref);
    },
  };
  return refs;
}

/** As the store keeps them, and down with it. */
function createFlakyDoubts(refs: FlakyRefs): Doubts {
  const rows = new Map<string, Doubt & { readonly next: string }>();
  const nameOf = ({ key, channel, threadTs }: Doubt) => `${key}/${channel}/${threadTs ?? ''}`;
  const up = () => {
    if (refs.down) throw new StintError('store-unavailable');
  };
  return {
    async put(doubt, next) {
      up();
      rows.set(nameOf(doubt), { ...doubt, next });
    },
    async take(now, until, limit) {
      up();
      const due = [...rows.values()].filter(({ next }) => next <= now).slice(0, limit);
      for (const doubt of due) rows.set(nameOf(doubt), { ...doubt, next: until });
      return due;
    },
    async remove(doubt) {
      up();
      if (rows.get(nameOf(doubt))?.since === doubt.since) rows.delete(nameOf(doubt));
    },
  };
}

export function message(text: string): Rendered {
  return { text, blocks: [{ type: 'section', text: { type: 'plain_text', text, emoji: false } }] };
}
