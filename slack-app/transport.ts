/**
 * The two ways in which Slack reaches us, behind one face. Socket Mode's receiver has client options of its own: shared
 * with the app's they would take over its retries and its token (facts tried with bolt 5.1, socket-mode 3.1).
 */
import { type App, HTTPReceiver, type Logger, type Receiver, SocketModeReceiver, webApi } from '@slack/bolt';
import { StintError } from '../contract/errors.js';
import { SLACK_API, type SlackAppConfig } from './config.js';
import { createHttpServer } from './http.js';
import { errorText, type Log } from './log.js';
import { within } from './race.js';
import type { ReplayGuard } from './replay.js';

export interface Transport {
  readonly receiver: Receiver;
  start(): Promise<void>;
  /** Takes nothing new any more. */
  stop(): Promise<void>;
  connected(): boolean;
  /** HTTP mode: where it listens. */
  port(): number | undefined;
}

export interface TransportDeps {
  readonly config: SlackAppConfig;
  readonly replay: ReplayGuard;
  readonly healthy: () => boolean;
  readonly clock: () => number;
  readonly logger: Log;
  readonly boltLogger: Logger;
}

const DISCONNECT_MS = 3000;

/** Throws `bad-config` when the mode's own setting is missing. */
export function createTransport(deps: TransportDeps): Transport {
  return deps.config.mode === 'socket' ? socket(deps) : http(deps);
}

function socket({ config, logger, boltLogger }: TransportDeps): Transport {
  const receiver = new SocketModeReceiver({
    appToken: config.appToken ?? '',
    logger: boltLogger,
    clientPingTimeout: config.clientPingTimeoutMs,
    installerOptions: {
      // Many quick retries: with few, one 503 while reconnecting rejects out of a timer and ends the process.
      // No `headers` here: the web client would write the wrong token into them.
      clientOptions: {
        slackApiUrl: config.slackApiUrl ?? SLACK_API,
        retryConfig: { retries: 1000, factor: 1.3, maxTimeout: 2000 },
      },
    },
    customPropertiesExtractor: (args) => ({ envelopeId: args.envelope_id }),
  });
  let connected = false;
  const client = receiver.client;
  client.on('connected', () => {
    connected = true;
  });
  for (const gone of ['close', 'reconnecting', 'disconnecting', 'disconnected']) {
    client.on(gone, () => {
      connected = false;
    });
  }
  watchHello(client, config.appId, logger);
  return {
    receiver,
    connected: () => connected,
    port: () => undefined,
    async start() {
      try {
        await client.start();
      } catch (error) {
        throw startFailure(error);
      }
    },
    async stop() {
      // `receiver.stop()` resolves before the socket is closed; this waits, but not for a peer that never answers.
      await within(client.disconnect(), DISCONNECT_MS);
    },
  };
}

/** Slack greets with the app's id and the number of open connections: more than our own means somebody holds our token. */
function watchHello(client: SocketModeReceiver['client'], appId: string, logger: Log): void {
  client.on('ws_message', (data: unknown) => {
    const hello = helloOf(data);
    if (!hello) return;
    const theirs = hello.connection_info?.app_id;
    logger.info({ connections: hello.num_connections, appId: theirs }, 'Socket Mode is connected');
    if (theirs !== undefined && theirs !== appId) logger.error({ appId: theirs }, 'the Socket Mode token belongs to another app');
  });
}

interface Hello {
  readonly type: 'hello';
  readonly num_connections?: number;
  readonly connection_info?: { readonly app_id?: string };
}

function helloOf(data: unknown): Hello | undefined {
  if (typeof data !== 'string' || data.length > 10_000 || !data.includes('"hello"')) return undefined;
  try {
    const frame = JSON.parse(data) as { type?: unknown };
    return frame.type === 'hello' ? (frame as Hello) : undefined;
  } catch {
    return undefined; // Bolt's own reader says what it thinks of such a frame.
  }
}

function startFailure(error: unknown): StintError {
  if (error instanceof webApi.WebAPIPlatformError) {
    const sentence = `Slack does not accept the app-level token (${error.data.error}). Create one with connections:write in "Basic Information".`;
    return new StintError('bad-config', sentence, { cause: error });
  }
  return new StintError('slack-unavailable', `Socket Mode could not connect: ${errorText(error)}`, { cause: error });
}

function http({ config, replay, healthy, clock, logger, boltLogger }: TransportDeps): Transport {
  const signingSecret = config.signingSecret ?? '';
  const receiver = new HTTPReceiver({ signingSecret, logger: boltLogger });
  const server = createHttpServer({ receiver, signingSecret, replay, healthy, clock, logger });
  let port: number | undefined;
  return {
    receiver,
    connected: () => server.listening(),
    port: () => port,
    async start() {
      port = await server.listen(config.port ?? 3000, config.host ?? '127.0.0.1');
    },
    stop: () => server.close(),
  };
}

/** Makes every event of the receiver pass through `deliver` before Bolt sees it. */
export function intercept(
  app: App,
  deliver: (event: Parameters<App['processEvent']>[0], process: App['processEvent']) => Promise<void>,
): void {
  const process = app.processEvent.bind(app);
  app.processEvent = (event) => deliver(event, process);
}
