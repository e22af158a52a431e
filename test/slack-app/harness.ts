/** Real Bolt over the stand-in's real Socket Mode or HTTP, with the fakes behind it. */

import type { KnownBlock } from '@slack/types';
import { WebClient } from '@slack/web-api';
import { card } from '../../cards/card.js';
import { instant } from '../../contract/ids.js';
import type { ElevationView } from '../../contract/view.js';
import { type Message, type Seed, type SlackSim, startSlack } from '../../sim/slack/index.js';
import { createSlackApp, type SlackApp } from '../../slack-app/app.js';
import type { SlackAppConfig } from '../../slack-app/config.js';
import { BOT_SCOPES } from '../../slack-app/startup.js';
import { APP, CHANNEL, fakeDirectory, fakeGate, fakeLog, fakePreview, fakeStore, place, TEAM } from './fakes.js';

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

export const config = (sim: Pick<SlackSim, 'apiUrl'>, more: Partial<SlackAppConfig> = {}): SlackAppConfig => ({
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

/** Posts the card as the painter does. */
export async function postCard(sim: SlackSim, view: ElevationView, nowMs: number): Promise<string> {
  const web = new WebClient('xoxb-stand-in', { slackApiUrl: sim.apiUrl });
  const { text, blocks } = card(view, { reason: 'Install Docker', now: instant(nowMs) });
  const { ts = '' } = await web.chat.postMessage({ channel: CHANNEL, text, blocks: [...blocks] as KnownBlock[] });
  return ts;
}

/** What only this person was shown, oldest first. */
export const toldIn = (sim: SlackSim, user: string): string[] =>
  sim
    .truth()
    .messages.filter((m) => m.onlyFor === user)
    .map(wordsOf);

/** `given`: a Slack that stands already; it is closed with the rest. */
export async function start(mode: 'socket' | 'http' = 'socket', more: Partial<SlackAppConfig> = {}, given?: SlackSim) {
  let shift = 0;
  const clock = () => Date.now() + shift;
  const sim = given ?? (await startSlack({ seed: seed(), mode }));
  const store = fakeStore(clock);
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
    const ts = await postCard(sim, view, clock());
    place(store, view, ts);
    return ts;
  }

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
    told: (user: string) => toldIn(sim, user),
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
