/** Real Bolt over the stand-in's real Socket Mode or HTTP, with the fakes behind it. */

import type { KnownBlock } from '@slack/types';
import { WebClient } from '@slack/web-api';
import { card } from '../../cards/card.js';
import { instant } from '../../contract/ids.js';
import type { ElevationView } from '../../contract/view.js';
import { sha256 } from '../../seal/canonical.js';
import { type Message, type Seed, type SlackSim, startSlack } from '../../sim/slack/index.js';
import { createSlackApp, type SlackApp } from '../../slack-app/app.js';
import type { SlackAppConfig } from '../../slack-app/config.js';
import { BOT_SCOPES } from '../../slack-app/startup.js';
import { APP, CHANNEL, fakeDirectory, fakeGate, fakeLog, fakePreview, fakeStore, TEAM } from './fakes.js';

const member = (id: string, more = {}) => ({ id, name: id.toLowerCase(), realName: id, email: `${id}@example.com`, ...more });
const FOREIGN = 'T0FOREIGN';
const HERE = ['U0BOT', 'U0ALICE', 'U0BOB', 'U0BOBTWO', 'U0CAROL', 'U0GUEST', 'U0STRANGER', 'U0GONE', 'U0NOBODY'];

export const seed = (): Seed => ({
  team: { id: TEAM, name: 'Stint' },
  bot: {
    userId: 'U0BOT',
    botId: 'B0BOT',
    appId: APP,
    name: 'stint',
    token: 'xoxb-stand-in',
    appToken: 'xapp-stand-in',
    signingSecret: 'signing-secret-of-the-stand-in',
    scopes: [...BOT_SCOPES],
  },
  users: [
    ...['U0ALICE', 'U0BOB', 'U0BOBTWO', 'U0CAROL', 'U0GONE', 'U0NOBODY'].map((id) => member(id)),
    member('U0GUEST', { isRestricted: true }),
    member('U0STRANGER', { teamId: FOREIGN }),
  ],
  channels: [
    { id: CHANNEL, name: 'approvals', private: true, members: HERE },
    { id: 'C0OTHER', name: 'other', members: HERE },
  ],
});

export const config = (sim: SlackSim, more: Partial<SlackAppConfig> = {}): SlackAppConfig => ({
  mode: 'socket',
  botToken: 'xoxb-stand-in',
  appToken: 'xapp-stand-in',
  signingSecret: 'signing-secret-of-the-stand-in',
  appId: APP,
  teamId: TEAM,
  slackApiUrl: sim.apiUrl,
  port: 0,
  approverChannel: CHANNEL,
  adminSlackUserIds: ['U0CAROL'],
  clientPingTimeoutMs: 500,
  ...more,
});

export type Harness = Awaited<ReturnType<typeof start>>;

export async function start(mode: 'socket' | 'http' = 'socket', more: Partial<SlackAppConfig> = {}) {
  let shift = 0;
  const clock = () => Date.now() + shift;
  const sim = await startSlack({ seed: seed(), mode });
  const store = fakeStore();
  const gate = fakeGate();
  const preview = fakePreview();
  const logger = fakeLog();
  const repaired: string[] = [];
  const app: SlackApp = await createSlackApp({
    config: config(sim, { mode, ...more }),
    store,
    gate,
    preview,
    directory: fakeDirectory(),
    repairCard: async (id) => void repaired.push(id),
    clock,
    logger,
    random: () => 0.5,
  });
  await app.start();
  if (mode === 'http') sim.setRequestUrl(`http://127.0.0.1:${app.port()}/slack/events`);
  const web = new WebClient('xoxb-stand-in', { slackApiUrl: sim.apiUrl });

  /** Posts the card as the painter does, and records it in the store. */
  async function post(view: ElevationView): Promise<string> {
    const { text, blocks } = card(view, { reason: 'Install Docker', now: instant(clock()) });
    const { ts = '' } = await web.chat.postMessage({ channel: CHANNEL, text, blocks: [...blocks] as KnownBlock[] });
    store.views.set(view.request.requestId, view);
    store.asked.set(view.request.requestId, view.request);
    store.cards.set(`card/${view.request.requestId}`, { channel: CHANNEL, ts, renderDigest: sha256(text) });
    return ts;
  }

  /** What only this person was shown, oldest first. */
  const told = (user: string): string[] =>
    sim
      .truth()
      .messages.filter((m) => m.onlyFor === user)
      .map(wordsOf);

  return {
    sim,
    app,
    store,
    gate,
    preview,
    logger,
    repaired,
    web,
    post,
    told,
    advance(ms: number): void {
      shift += ms;
    },
    click: (user: string, ts: string, actionId: string, forge?: Record<string, unknown>) =>
      sim.act.click({ user, channel: CHANNEL, ts, actionId, ...(forge ? { forge } : {}) }),
    async stop() {
      gate.release();
      await app.stop(1000);
      await sim.close();
    },
  };
}

function wordsOf(message: Message): string {
  return `${message.text} ${JSON.stringify(message.blocks)}`;
}

/** Polls until `look` gives something; fails after the deadline with what was wanted. */
export async function until<T>(what: string, look: () => T | undefined | false, ms = 5000): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    const found = look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
