/** The Slack app as a part of a process: it has no say over targets, and starts while Temporal is down. */
import type { Logger } from 'pino';
import type { Store } from '../contract/ports.js';
import { createPreview } from '../policy/preview.js';
import { createSlackApp } from '../slack-app/app.js';
import type { Config } from './config.js';
import { keepTrying, type Part as Running } from './keep-trying.js';
import { limitedGate } from './limit-gate.js';
import { createPastWorkflow } from './ordered-ends.js';
import { checkLimitsOf, clock, factsOf, gateOf, noticesOf, peopleOf, temporalClient, ticketsOf } from './parts.js';
import { fitClockOf, type StartPart } from './process-part.js';
import { repairCard } from './repair-card.js';
import type { SelfWatch } from './self-watch.js';
import { slackAppConfig } from './slack-config.js';

export const slackApp: StartPart = (config, store, log, watch) =>
  keepTrying('The Slack app', () => startSlackApp(config, store, log, watch), log);

/** How often the people file is looked at though nobody asks, in ms. */
const FOLLOW_MS = 2_000;

async function startSlackApp(config: Config, store: Store, log: Logger, watch: SelfWatch): Promise<Running> {
  const people = peopleOf(config, store);
  await people.directory.refresh();
  const client = temporalClient(config);
  const notices = noticesOf(config, store, people.directory, { log });
  const past = createPastWorkflow({ store, clock: fitClockOf(watch) }, 'slack');
  const gate = gateOf(config, client, store, 'slack-app', 'slack', past);
  const app = await createSlackApp({
    config: slackAppConfig(config),
    store,
    gate: limitedGate(gate, checkLimitsOf(config, store, people), store.ledger),
    directory: people.directory,
    lastGood: people.directory.lastGood,
    preview: createPreview({
      ...people,
      lastGood: people.directory.lastGood,
      policies: store.policies,
      grants: store.fence,
      texts: store.requests,
      tickets: ticketsOf(config),
      usage: store.usage,
      targets: factsOf(config, store, people.directory),
      clock,
    }),
    repairCard: (requestId) => repairCard(store, notices, requestId),
    clock,
    random: Math.random,
    logger: log,
  });
  await app.start();
  // Whoever was taken out of the file shortly before it broke is not to be among its last good people.
  const following = setInterval(() => void people.directory.refresh(), FOLLOW_MS).unref();
  log.info({ mode: config.slack.mode }, 'Slack app listens');
  return {
    stop: async () => {
      clearInterval(following);
      await app.stop();
      await client.connection.close();
    },
  };
}
