/** A small workspace, a real Bolt app in either mode, and waiting with a deadline. */
import { App, HTTPReceiver, LogLevel, SocketModeReceiver } from '@slack/bolt';
import { WebClient } from '@slack/web-api';
import { type Seed, type SlackOptions, type SlackSim, startSlack } from '../../../sim/slack/index.js';

const SCOPES = [
  'chat:write',
  'commands',
  'files:write',
  'files:read',
  'users:read',
  'users:read.email',
  'usergroups:read',
  'channels:read',
  'groups:read',
  'im:read',
  'im:write',
  'channels:history',
  'groups:history',
  'im:history',
  'reactions:write',
  'team:read',
];

export function seed(): Seed {
  return {
    team: { id: 'T0ACME0000', name: 'Acme' },
    bot: {
      userId: 'U0BOT00000',
      botId: 'B0BOT00000',
      appId: 'A0STINT000',
      name: 'stint',
      token: 'xoxb-for-tests',
      appToken: 'xapp-for-tests',
      signingSecret: 'signing-secret-for-tests',
      scopes: [...SCOPES],
    },
    users: [
      { id: 'U0ALICE000', name: 'alice', realName: 'Alice Ahorn', email: 'alice@acme.example' },
      { id: 'U0BOB00000', name: 'bob', realName: 'Bob Birke', email: 'bob@acme.example' },
      { id: 'U0GUEST000', name: 'guest', realName: 'Gus Guest', email: 'gus@acme.example', isUltraRestricted: true },
      { id: 'U0OUTER000', name: 'outer', realName: 'Olga Outer', email: 'olga@other.example', teamId: 'T0OTHER000' },
    ],
    channels: [
      { id: 'C0APPROVE0', name: 'approvals', private: true, members: ['U0ALICE000', 'U0BOB00000', 'U0OUTER000', 'U0BOT00000'] },
      { id: 'C0GENERAL0', name: 'general', members: ['U0ALICE000', 'U0BOB00000'] },
      { id: 'C0SECRET00', name: 'secret', private: true, members: ['U0ALICE000'] },
    ],
    usergroups: [{ id: 'S0ONCALL00', name: 'On call', handle: 'oncall', users: ['U0ALICE000', 'U0BOB00000'] }],
  };
}

export const APPROVALS = 'C0APPROVE0';
export const ALICE = 'U0ALICE000';
export const BOB = 'U0BOB00000';

/** Most of what is tested here is meant to go wrong; the SDK's complaints would bury a real one. */
const quiet = () => {};
export const SILENT = {
  debug: quiet,
  info: quiet,
  warn: quiet,
  error: quiet,
  setLevel: quiet,
  getLevel: () => LogLevel.ERROR,
  setName: quiet,
};

/** A stand-in for tests: fast shares, and acknowledgements waited for only as long as the test says. */
export function start(options: Partial<SlackOptions> = {}): Promise<SlackSim> {
  const { settings, ...rest } = options;
  return startSlack({ seed: seed(), mode: 'socket', ...rest, settings: { shareDelayMs: 20, ...settings } });
}

/** Slack's own client, without its silent retries. */
export function client(sim: SlackSim, token = 'xoxb-for-tests'): WebClient {
  return new WebClient(token, {
    slackApiUrl: sim.apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: 2000,
    logger: SILENT,
  });
}

/** A Bolt app over Socket Mode, wired as a product would. `stop` waits until the socket is closed. */
export async function socketApp(sim: SlackSim, prepare: (app: App) => void, clientPingTimeout = 5000) {
  const receiver = new SocketModeReceiver({
    appToken: 'xapp-for-tests',
    logger: SILENT,
    clientPingTimeout,
    installerOptions: {
      clientOptions: { slackApiUrl: sim.apiUrl, retryConfig: { retries: 1000, factor: 1.3, minTimeout: 50, maxTimeout: 200 } },
    },
    customPropertiesExtractor: (args) => ({ envelopeId: args.envelope_id }),
  });
  const app = boltApp(sim, receiver);
  prepare(app);
  await app.init();
  await app.start();
  return { app, receiver, stop: () => receiver.client.disconnect() };
}

/** A Bolt app over HTTP, listening on a port of its own. */
export async function httpApp(sim: SlackSim, prepare: (app: App) => void) {
  const receiver = new HTTPReceiver({ signingSecret: 'signing-secret-for-tests', logger: SILENT });
  const app = boltApp(sim, receiver);
  prepare(app);
  await app.init();
  const server = await receiver.start(0);
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  sim.setRequestUrl(`http://127.0.0.1:${address.port}/slack/events`);
  return { app, receiver, stop: () => receiver.stop() };
}

function boltApp(sim: SlackSim, receiver: SocketModeReceiver | HTTPReceiver): App {
  return new App({
    token: 'xoxb-for-tests',
    receiver,
    logger: SILENT,
    convoStore: false,
    deferInitialization: true,
    clientOptions: {
      slackApiUrl: sim.apiUrl,
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
      timeout: 2500,
      allowAbsoluteUrls: false,
    },
  });
}

/** Polls until `probe` gives something, or fails after the deadline. */
export async function until<T>(what: string, probe: () => T | undefined | false, deadlineMs = 5000): Promise<T> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const found = probe();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${deadlineMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The code of the platform error that a call fails with; fails when it succeeds. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error && 'data' in error) return String((error.data as { error: unknown }).error);
    throw error;
  }
  throw new Error('the call succeeded');
}

/** One channel as a person sees it. */
export function channelAs(sim: SlackSim, user: string, channel: string) {
  const channels = sim.state(user).channels as { id: string; messages: SeenMessage[] }[];
  return channels.find((one) => one.id === channel);
}
interface SeenMessage {
  ts: string;
  text: string;
  blocks: { type: string }[];
  ephemeral: boolean;
  deleted: boolean;
  from: { id: string };
  files: { name: string; size: number; url: string }[];
  replies: SeenMessage[];
}
