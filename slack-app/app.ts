/**
 * The Slack app: composition, and which payload goes to which part. Nothing is decided here; `gatekeeper.ts` decides,
 * `clicks.ts`, `forms.ts` and `submit.ts` hand over, `cards/` says what is shown.
 */
import { App, type Logger, webApi } from '@slack/bolt';
import { ACTION_PATTERN, HOME_ACTIONS, PAGE_PATTERN, parseAction, parsePage, REMIND_ACTION } from '../cards/actions.js';
import { GLASS_FIELDS } from '../cards/break-glass-modal.js';
import { CALLBACKS, FIELDS } from '../cards/modals.js';
import { REMOVE_KEY_PATTERN } from '../cards/person-keys.js';
import type { RequestId } from '../contract/ids.js';
import { createAdminStatus } from './admin-status.js';
import { createAnswerer } from './answer.js';
import { createChannelWatch } from './channel-watch.js';
import { createChoose } from './choose.js';
import { type Ack, createClicks } from './clicks.js';
import { checkConfig, SLACK_API, type SlackAppDeps } from './config.js';
import { createDelivery } from './delivery.js';
import { createElevate } from './elevate.js';
import { createForWhom } from './for-whom.js';
import { createForms } from './forms.js';
import { createGatekeeper } from './gatekeeper.js';
import { createGlassDesk } from './glass-desk.js';
import { createHome } from './home.js';
import { boltLogger, errorText } from './log.js';
import { createMembers } from './members.js';
import { parseChoice, parseCommand, parseHomeOpened, parsePress, parseSubmission, parseSuggestion } from './payload.js';
import { createKeyDesk } from './person-keys.js';
import { createRecall } from './recall.js';
import { createRemind } from './remind.js';
import { createReplayGuard } from './replay.js';
import { createRequestViews } from './request-view.js';
import { askSlack, checkToken } from './startup.js';
import { createSubmit } from './submit.js';
import { createSuggest } from './suggest.js';
import { createTransport, intercept } from './transport.js';
import { createWaiting } from './waiting.js';

export interface SlackApp {
  /** Checks token and channel, then connects. Throws `bad-config` (naming the fix), `slack-unavailable`, `port-used`. */
  start(): Promise<void>;
  /** Refuses what is new, waits up to `drainMs` (default 5 s) for what is under way, then disconnects. */
  stop(drainMs?: number): Promise<void>;
  /** Connected, and the approver channel is a safe place. */
  healthy(): boolean;
  /** HTTP mode: the port it listens on. */
  port(): number | undefined;
}

const INTERACTIVE_MS = 2500;
const DRAIN_MS = 5000;

/** Builds the app; nothing is sent before `start`. Throws `bad-config`. */
export async function createSlackApp(deps: SlackAppDeps): Promise<SlackApp> {
  const { config, logger } = deps;
  checkConfig(config);
  const bolt = boltLogger(logger);
  // For everything a person waits for. Its own client: a rate limit on one method holds up every call of a client.
  const api = webClient(deps, bolt);
  let stopping = false;
  const replay = createReplayGuard({ once: deps.store.once, clock: deps.clock, logger });
  const healthy = (): boolean => !stopping && watch.trouble() === undefined && transport.connected();
  const transport = createTransport({ config, replay, healthy, clock: deps.clock, logger, boltLogger: bolt });
  const parts = createParts(deps, {
    api,
    replay,
    troubleIn: (channel) => watch.troubleIn(channel),
    checkRoom: (channel) => watch.check(channel),
  });
  const app = new App({
    token: config.botToken,
    receiver: transport.receiver,
    logger: bolt,
    extendedErrorHandler: true,
    convoStore: false,
    deferInitialization: true,
    clientOptions: clientOptions(config.slackApiUrl),
  });
  const delivery = createDelivery({ logger });
  intercept(app, delivery.deliver);
  const watch = createChannelWatch({ api, config, clock: deps.clock, logger });
  listen(app, parts, { heard: (event) => watch.heard(event), deps });

  return {
    healthy,
    port: transport.port,
    async start() {
      await checkToken({ api, config, logger });
      await watch.begin();
      // Bolt asks Slack once more who it is.
      await askSlack('auth.test', () => app.init());
      await transport.start();
    },
    async stop(drainMs = DRAIN_MS) {
      stopping = true;
      // Still connected while draining: what is under way can be acknowledged, and what is new hears "restarting".
      delivery.close();
      if (!(await delivery.drained(drainMs))) logger.warn({ drainMs }, 'stopped with deliveries under way');
      watch.end();
      await transport.stop();
    },
  };
}

/** No retries and no waiting for rate limits: a person waits at most three seconds. */
function clientOptions(slackApiUrl: string | undefined) {
  return {
    slackApiUrl: slackApiUrl ?? SLACK_API,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: INTERACTIVE_MS,
    allowAbsoluteUrls: false,
  };
}

function webClient({ config }: SlackAppDeps, logger: Logger): webApi.WebClient {
  return new webApi.WebClient(config.botToken, { ...clientOptions(config.slackApiUrl), logger });
}

interface Tools {
  readonly api: webApi.WebClient;
  readonly replay: ReturnType<typeof createReplayGuard>;
  /** Of the watch, which is made after the parts. */
  readonly troubleIn: (channel: string) => Promise<string | undefined>;
  readonly checkRoom: (channel: string | undefined) => Promise<void>;
}

function createParts(deps: SlackAppDeps, tools: Tools) {
  const { config, store, gate, directory, preview, clock, random, logger } = deps;
  const { api, replay } = tools;
  const slackApiUrl = config.slackApiUrl ?? SLACK_API;
  const members = createMembers({ api, teamId: config.teamId, enterpriseId: config.enterpriseId, clock, logger });
  const recall = createRecall({ store, logger });
  const answerer = createAnswerer({ api, slackApiUrl, fallbackChannel: config.approverChannel, logger });
  const gatekeeper = createGatekeeper({
    config,
    members,
    directory,
    lastGood: deps.lastGood ?? directory,
    preview,
    recall,
    replay,
    freeze: store.freeze,
    troubleIn: tools.troubleIn,
    logger,
  });
  const repair = (requestId: RequestId): void => {
    deps
      .repairCard(requestId)
      .catch((error: unknown) => logger.warn({ requestId, error: errorText(error) }, 'card not repaired'));
  };
  const forWhom = createForWhom({ preview, directory, teamId: config.teamId });
  const views = createRequestViews({ preview, forWhom, ledger: store.ledger, clock, random, logger });
  const base = { api, gate, views, forWhom, gatekeeper, recall, answerer, repair, preview, clock, random, logger };
  const clicks = createClicks(base);
  const elevate = createElevate({ ...base, freeze: store.freeze });
  const waiting = createWaiting({ ...base, ledger: store.ledger });
  const about = { directory, ledger: store.ledger, freeze: store.freeze };
  return {
    members,
    answerer,
    clicks,
    elevate,
    forms: createForms({ ...base, requests: store.requests, ledger: store.ledger, approverChannel: config.approverChannel }),
    keys: createKeyDesk({ ...base, keys: store.personKeys }),
    glass: createGlassDesk({ ...base, store, teamId: config.teamId }),
    submit: createSubmit({ ...base, store, teamId: config.teamId, checkRoom: tools.checkRoom }),
    choose: createChoose(base),
    suggest: createSuggest(base),
    remind: createRemind({ ...base, store, directory, teamId: config.teamId, troubleIn: tools.troubleIn }),
    adminStatus: createAdminStatus({ ...base, ...about }),
    home: createHome({ ...base, ...about, elevate, waiting, teamId: config.teamId }),
  };
}
type Parts = ReturnType<typeof createParts>;

/**
 * Which listener gets what. Payloads are parsed from `unknown` by our own schemas: Bolt's types describe what Slack
 * means to send. Listeners never use Bolt's `client`: it adds the payload's own team id to each call.
 */
function listen(
  app: App,
  parts: Parts,
  by: { readonly heard: (event: string) => Promise<void>; readonly deps: SlackAppDeps },
): void {
  const { logger } = by.deps;
  app.error(async (failed) => {
    const error = 'error' in failed ? failed.error : failed;
    logger.error({ error: errorText(error) }, 'a listener failed');
    // For `delivery.ts`: a press whose handler failed is not acknowledged in its place.
    throw error;
  });
  app.command('/elevate', ({ body, ack }) => {
    const command = parseCommand(body);
    const desk = [parts.keys, parts.glass].find((one) => one.takes(command.text)) ?? parts.elevate;
    return desk.command(command, ack as Ack);
  });
  app.action(REMOVE_KEY_PATTERN, ({ body, ack }) => parts.keys.remove(parsePress(body), ack as Ack));
  app.command('/admin-status', ({ body, ack }) => parts.adminStatus.command(parseCommand(body), ack as Ack));
  app.action(ACTION_PATTERN, ({ body, ack }) => button(parts, body, ack as Ack));
  app.action(REMIND_ACTION, ({ body, ack }) => {
    const press = parsePress(body);
    const { home, remind } = parts;
    return press.place.home ? home.answer(press, (say) => remind.press(press, ack as Ack, say)) : remind.press(press, ack as Ack);
  });
  for (const own of Object.values(HOME_ACTIONS)) {
    app.action(own, ({ body, ack }) => parts.home.own(parsePress(body), ack as Ack));
  }
  app.action(PAGE_PATTERN, async ({ body, ack }) => {
    const press = parsePress(body);
    await parts.adminStatus.turn(press, parsePage(press.actionId) ?? 0, ack as Ack);
  });
  for (const field of [FIELDS.for, FIELDS.target, FIELDS.window, FIELDS.start]) {
    app.action({ type: 'block_actions', action_id: field }, ({ body, ack }) =>
      parts.choose.chosen(parseChoice(body), ack as Ack),
    );
  }
  app.options({ type: 'block_suggestion', action_id: FIELDS.target }, ({ body, ack }) =>
    parts.suggest.answer(() => parseSuggestion(body), ack as Ack),
  );
  app.options({ type: 'block_suggestion', action_id: FIELDS.for }, ({ body, ack }) =>
    parts.suggest.people(() => parseSuggestion(body), ack as Ack),
  );
  app.options({ type: 'block_suggestion', action_id: GLASS_FIELDS.target }, ({ body, ack }) =>
    parts.suggest.glass(() => parseSuggestion(body), ack as Ack),
  );
  app.view({ type: 'view_submission', callback_id: CALLBACKS.breakGlass }, ({ body, ack }) =>
    parts.glass.submit(parseSubmission(body), ack as Ack),
  );
  app.view({ type: 'view_submission', callback_id: CALLBACKS.elevate }, ({ body, ack }) =>
    parts.submit.submit(parseSubmission(body), ack as Ack),
  );
  for (const callback of [CALLBACKS.approve, CALLBACKS.deny, CALLBACKS.revoke, CALLBACKS.closeUnproven, CALLBACKS.review]) {
    app.view({ type: 'view_submission', callback_id: callback }, ({ body, ack }) =>
      parts.forms.submit(parseSubmission(body), ack as Ack),
    );
  }
  app.event('app_home_opened', ({ body }) => parts.home.opened(parseHomeOpened(body)));
  app.event('user_change', async ({ event }) => parts.members.forget(event.user.id));
  const moved = ['channel_shared', 'channel_id_changed', 'channel_archive', 'group_archive'] as const;
  for (const name of moved) {
    app.event(name, async ({ event }) => {
      await by.heard(JSON.stringify(event));
    });
  }
}

async function button({ clicks, home, answerer }: Parts, body: unknown, ack: Ack): Promise<void> {
  const press = parsePress(body);
  const ask = parseAction(press.actionId, press.value);
  if (ask && press.place.home) return home.answer(press, (say) => clicks.press(press, ask, ack, say));
  if (ask) return clicks.press(press, ask, ack);
  await ack();
  await answerer.say(press.replyTo, 'Stint does not understand this button. Use the card in the approver channel.');
}
