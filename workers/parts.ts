/**
 * The parts that processes are made of. Each gets exactly what it needs; the real service, our stand-in or someone
 * else's emulator differ in nothing but the addresses in the configuration.
 */
import { createPrivateKey, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { Client, Connection } from '@temporalio/client';
import type { Logger } from 'pino';
import { createCrowd } from '../activities/crowd.js';
import { createHeadStart } from '../activities/head-start.js';
import { createMailer, type Mailer } from '../activities/mail/smtp.js';
import { createNews } from '../activities/news.js';
import { createNotices, type NoticeDeps } from '../activities/notices.js';
import { createPagerDuty } from '../activities/on-call/pagerduty.js';
import { createRecordDuties } from '../activities/record.js';
import { createSealDuties } from '../activities/seals.js';
import { createCards, type TendedCards } from '../activities/slack/cards.js';
import { createPostingClient } from '../activities/slack/client.js';
import { createGrantDuties, createRevokeDuties } from '../activities/target.js';
import { type Aws, createAws } from '../activities/targets/aws-permission-set/aws.js';
import { createAwsFacts } from '../activities/targets/aws-permission-set/facts.js';
import type { Marks as AwsMarks } from '../activities/targets/aws-permission-set/types.js';
import { askForEvidence } from '../activities/targets/mac-admin/collect.js';
import { createMacAdminDriver } from '../activities/targets/mac-admin/driver.js';
import { createIru } from '../activities/targets/mac-admin/iru.js';
import { createRegistry, type DriverRegistry } from '../activities/targets/registry.js';
import { createTickets } from '../activities/tickets/tickets.js';
import type { Alarms } from '../contract/alarms.js';
import { StintError } from '../contract/errors.js';
import type { Envelope, Sender } from '../contract/messages.js';
import { oncePer } from '../contract/once-per.js';
import type { Directory, Gate, Store, TargetDriver, TargetFacts, Tickets } from '../contract/ports.js';
import { type AwsPermissionSetTarget, targetOf } from '../contract/request.js';
import type { ElevationView } from '../contract/view.js';
import { openStore } from '../ledger/store.js';
import { type Paged, unpaged } from '../policy/duty.js';
import { type CheckLimits, createCheckLimits } from '../policy/entrance.js';
import { createJudge } from '../policy/judge.js';
import { type LiveDirectory, liveDirectory, policyInForce } from '../policy/live.js';
import { MACS } from '../policy/macs.js';
import type { Policy } from '../policy/rules.js';
import { createSealer, type Seal } from '../seal/envelope.js';
import { livingSealKey } from '../seal/key-files.js';
import type { KeyRing } from '../seal/keys.js';
import { livingRing } from '../seal/trusted-file.js';
import { payloadConverterPath } from './bundle.js';
import type { Config } from './config.js';
import { fileText } from './file-text.js';
import { createGate } from './gate.js';
import { misplacedAlarm } from './grant-alarms.js';
import type { PastWorkflow } from './ordered-ends.js';
import { withRecordedEnd } from './recorded-end.js';
import { createRooms } from './rooms.js';
import { activityCall, type Duties } from './worker.js';

export const clock = () => Date.now();
/** Whether the running activity is not its first attempt; false outside of activities. */
const repeated = () => {
  try {
    const { attempt, activityType } = Context.current().info;
    // Whatever is posted outside of the first attempt (`activities/news.ts`) follows one that may have come through.
    return attempt > 1 || activityType !== 'publish';
  } catch {
    return false;
  }
};
/** A wait that keeps the process alive. */
export const pause = (ms: number): Promise<void> => sleep(ms);
const MDM_TIMEOUT_MS = 5000;
/** Somebody may be waiting in Slack for what turns on it. */
const PAGERDUTY_TIMEOUT_MS = 2500;
const TICKETS_TIMEOUT_MS = 1500;
/** The revokes that leave this process now, whichever part of it lets them pass. */
export const crowd = createCrowd(clock, pause);

/** The store of the configuration. Throws `store-unavailable`, `locked`. */
export function storeOf({ store }: Config<'store'>): Promise<Store> {
  return openStore(store.kind === 'postgres' ? { databaseUrl: store.url.reveal(), clock } : { folder: store.dir, clock });
}

export interface People {
  readonly policy: () => Promise<Policy>;
  readonly directory: LiveDirectory;
}

/** The policy that is in force, and people as their file has them. */
export function peopleOf(
  { policy, oncall }: Config<'policy'> & Partial<Config<'oncall'>>,
  { policies }: Pick<Store, 'policies'>,
): People {
  const duties = { paged: (oncall && pagedOf(oncall)) ?? unpaged, clock };
  return {
    policy: policyInForce(policies),
    directory: liveDirectory(fileText(policy.peopleFile, clock), policy.peopleFile, duties),
  };
}

/** One for each configuration: the parts of a process share what was looked up. Undefined where PagerDuty is not set up. */
const pagedOf = oncePer(({ url, token }: Config<'oncall'>['oncall']): Paged | undefined => {
  if (!token) return undefined;
  return createPagerDuty({ baseUrl: url, token: () => token.reveal(), timeoutMs: PAGERDUTY_TIMEOUT_MS, clock });
});

const ticketsBy = oncePer(({ checks }: Config<'tickets'>['tickets']): Tickets => {
  const secret = (file: string) => readFileSync(file, 'utf8');
  return createTickets({ checks, secret, timeoutMs: TICKETS_TIMEOUT_MS, clock });
});

/** Where tickets are looked up; one for each configuration, as with PagerDuty. */
export const ticketsOf = ({ tickets }: Config<'tickets'>): Tickets => ticketsBy(tickets);

/** What sends e-mail; undefined where no mail server is set up. */
export function mailerOf({ mail }: Config<'mail'>): Mailer | undefined {
  return mail && createMailer({ config: mail, readFile: (path) => readFileSync(path, 'utf8') });
}

/** Connection options of Temporal, for clients and workers alike. */
export function temporalOptions({ temporal }: Config<'temporal'>): { address: string; tls: boolean; apiKey?: string } {
  const { address, tls, apiKey } = temporal;
  return { address, tls, ...(apiKey && { apiKey: apiKey.reveal() }) };
}

/** A client that connects when it is first used, so that an entrance starts, and answers, while Temporal is down. */
export function temporalClient(config: Config<'temporal'>): Client {
  const connection = Connection.lazy(temporalOptions(config));
  return new Client({ connection, namespace: config.temporal.namespace, dataConverter: { payloadConverterPath } });
}

/** The gate of one sender, with its own private key, which is read anew after a rotation. Throws `bad-config`. */
export function gateOf(
  config: Config<'seals'>,
  client: Client,
  store: Store,
  sender: Sender,
  via: Envelope['via'],
  past?: PastWorkflow,
): Gate {
  const key = livingSealKey(config.seals, sender, clock);
  const seal: Seal = (...message) => createSealer({ sender, ...key(), clock, random: randomBytes })(...message);
  return createGate({ client, store, seal, via, sleep: pause, ...(past && { past }) });
}

/** What an entrance asks before it starts anything. */
export function checkLimitsOf(config: Config<'aws' | 'tickets'>, store: Store, { policy, directory }: People): CheckLimits {
  const { usage, requests: texts } = store;
  const tickets = ticketsOf(config);
  return createCheckLimits({ policy, directory, targets: factsOf(config, store, directory), texts, tickets, usage, clock });
}

/** The trusted keys, read anew when the file changes: a revoked key stops at once. Throws `bad-config` when it is not valid now. */
export function ringOf({ seals }: Config<'seals'>): () => KeyRing {
  const ring = livingRing(seals.trustedKeysFile);
  ring(); // a worker that could read no message says so when it starts, not when somebody waits
  return ring;
}

/** The key that signs the device API's replies. Throws `bad-config` naming the file. */
export function replyKeyOf({ device }: Config<'device'>) {
  try {
    return createPrivateKey(readFileSync(device.replyKeyFile, 'utf8'));
  } catch {
    throw new StintError(
      'bad-config',
      `STINT_REPLY_KEY_FILE: ${device.replyKeyFile} is no readable private key. Make one with "stint keys init".`,
    );
  }
}

const awsOfStore = new WeakMap<Store, Aws>();

/** All of AWS, one for each store of a process: two would each believe to have the whole budget. Undefined where it is not set up. */
export function awsOf({ aws }: Config<'aws'>, store: Store): Aws | undefined {
  if (!aws) return undefined;
  const { region, endpoint, instanceArn, processes, workers } = aws;
  const settings = { region, ...(endpoint && { endpoint }) };
  const marks = awsMarks(store);
  const made = awsOfStore.get(store) ?? createAws({ settings, ...(instanceArn && { instanceArn }), processes, workers, marks });
  awsOfStore.set(store, made);
  return made;
}

/** The store keeps targets of any kind as they were given to it. */
function awsMarks({ marks }: Store): AwsMarks {
  const isAws = (target: { readonly key: string }): target is AwsPermissionSetTarget =>
    'kind' in target && target.kind === 'aws-permission-set';
  const open: AwsMarks['open'] = async () =>
    (await marks.open()).flatMap(({ requestId, target }) => (isAws(target) ? [{ requestId, target }] : []));
  return { ...marks, open };
}

/** What there is to know, for asking and judging, of all kinds of target that are set up. */
export function factsOf(config: Config<'aws'>, store: Store, directory: Directory): readonly TargetFacts[] {
  const aws = awsOf(config, store);
  if (!aws) return [MACS];
  const { catalogue, identity, held } = aws;
  const { bindings, fence } = store;
  return [MACS, createAwsFacts({ catalogue, identity, held, bindings, directory, fence, now: clock })];
}

export interface Targets {
  readonly drivers: readonly TargetDriver[];
  readonly driverOf: DriverRegistry;
  readonly askEvidence: Parameters<typeof createRevokeDuties>[0]['askEvidence'];
}

/**
 * The target drivers: a further kind of target is one more line here. Their `fitClock` dates orders and judges reports of
 * other processes, so it should be right even where this computer's is not.
 */
export function targetsOf(config: Config<'mdm' | 'aws'>, store: Store, fitClock = clock): Targets {
  const { mdm, contactGraceMs } = config;
  const { devices } = store;
  const iru = createIru({
    baseUrl: mdm.url,
    token: () => mdm.token.reveal(),
    tags: mdm.tags,
    timeoutMs: MDM_TIMEOUT_MS,
    clock,
    lanes: devices,
  });
  const aws = awsOf(config, store);
  const mac = createMacAdminDriver({ mdm: iru, devices, clock: fitClock, contactGraceMs });
  const drivers: TargetDriver[] = aws ? [mac, aws.driver] : [mac];
  const askEvidence: Targets['askEvidence'] = async (requestId, target) => {
    const mac = targetOf('mac-admin', target);
    if (mac) await askForEvidence({ mdm: iru, devices, clock: fitClock }, requestId, mac.serial);
  };
  return { drivers, driverOf: createRegistry(drivers), askEvidence };
}

/** Who hears of what can't be posted as it should be. */
export interface NoticeEars {
  readonly log: Logger;
  readonly alarms?: Alarms;
}

/** What is posted to Slack, from activities and for repairs. */
export function noticesOf(
  { posting, workspace, aws }: Config<'posting' | 'workspace'> & Partial<Config<'aws'>>,
  store: Store,
  directory: Directory,
  { log, alarms }: Partial<NoticeEars> = {},
): NoticeDeps & { readonly cards: TendedCards } {
  const client = createPostingClient({ token: posting.botToken.reveal(), slackApiUrl: posting.apiUrl });
  const cards = createCards({ client, store, useClientMsgId: false, repeated });
  const portal = aws && { startUrl: aws.startUrl, region: aws.region };
  const troubleIn = log && createRooms({ api: client, log, clock });
  const misplaced = alarms && ((view: ElevationView, why: string) => alarms.raise(misplacedAlarm(view, why)));
  const { teamId } = workspace;
  return {
    cards,
    store,
    directory,
    teamId,
    channel: posting.approverChannel,
    ...(portal && { portal }),
    troubleIn,
    misplaced,
    clock,
  };
}

/** All activities of a worker process. */
export function dutiesOf(
  config: Config<'seals' | 'posting' | 'aws' | 'tickets'>,
  store: Store,
  people: People,
  targets: Targets,
  notices: NoticeDeps,
  fitClock = clock,
): Duties {
  const texts = store.requests;
  const judge = createJudge({
    ...people,
    targets: factsOf(config, store, people.directory),
    policies: store.policies,
    texts,
    tickets: ticketsOf(config),
    usage: store.usage,
    clock,
  });
  const headStart = createHeadStart();
  const target = { ...targets, fence: store.fence, clock, call: activityCall, crowd, headStart };
  const record = createRecordDuties({ store, judge, clock, runId: activityCall.runId, ring: ringOf(config) });
  const slack = withRecordedEnd(createNotices(notices), store.ledger);
  return {
    seals: createSealDuties({ ring: ringOf(config), clock }),
    store: record,
    grant: createGrantDuties(target),
    revoke: createRevokeDuties({ ...target, clock: fitClock }),
    slack,
    news: createNews({ store: record, slack, beating: activityCall.beating, headStart }),
  };
}
