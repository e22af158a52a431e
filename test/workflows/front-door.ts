/**
 * The whole way in: people type and press in the stand-in of Slack, the real Slack app hears them, and what it sends goes
 * through the real gate, workflow, policy and cards to a Mac. Who is who can change while it runs, and look-ups can fail.
 */
import { createNotices } from '../../activities/notices.js';
import { CALLBACKS } from '../../cards/modals.js';
import { StintError } from '../../contract/errors.js';
import type { LocalUser, PersonId, RequestId, Serial, SlackUserId } from '../../contract/ids.js';
import type { Directory, Gate, Person } from '../../contract/ports.js';
import { type ElevationRequest, type MacAdminTarget, targetOf } from '../../contract/request.js';
import { parsePolicy } from '../../policy/load.js';
import { directoryFrom } from '../../policy/people.js';
import { createPreview } from '../../policy/preview.js';
import { requestIdFrom } from '../../seal/canonical.js';
import { type SlackSim, startSlack } from '../../sim/slack/index.js';
import { createSlackApp } from '../../slack-app/app.js';
import { BOT_SCOPES } from '../../slack-app/startup.js';
import { noticesOf } from '../../workers/parts.js';
import { Secret } from '../../workers/secrets.js';
import { REASON, TEAM } from '../fixtures/people.js';
import { type Asked, type Harness, startHarness, until } from './harness.js';

export const CHANNEL = 'C0APPROVE';
const TOKEN = 'xoxb-for-tests';
const BOT = 'U0STINT';
/** What is told of a moment, and that it may be tried again: a computer under load is no refusal. */
const AGAIN = /store cannot be reached|could not check your account|has not finished recording|not been handed over yet/;

type Account = { readonly team?: string; readonly user: string; readonly email?: string };

/** Somebody of the people file, with a Mac of their own; one Slack account unless others are given. */
export function someone(
  id: string,
  groups: readonly string[],
  more: { active?: boolean; slack?: readonly Account[] } = {},
): Person {
  const accounts = more.slack ?? [{ user: userOf(id) }];
  return {
    personId: id as PersonId,
    name: id,
    active: more.active ?? true,
    groups,
    slack: accounts.map(({ team = TEAM, user }) => ({ teamId: team, userId: user as SlackUserId })),
    macs: [{ serial: serialOf(id) as Serial, localUser: id as LocalUser, name: `${id}-mac` }],
  };
}

export const userOf = (id: string): string => `U0${id.toUpperCase()}`;
export const serialOf = (id: string): string => `C02${id.toUpperCase().padEnd(7, '0').slice(0, 9)}`;

/** People who come, go and change groups, and a directory that may fail. */
export interface Town {
  readonly directory: Directory;
  change(id: string, to: Partial<Person>): void;
  /** Groups whose members can't be looked up now, and how often that was tried. */
  readonly lost: Map<string, number>;
}

function townOf(begin: readonly Person[]): Town {
  let people = begin;
  const lost = new Map<string, number>();
  const now = () => directoryFrom(people);
  const directory: Directory = {
    person: (id) => now().person(id),
    personBySlack: (team, user) => now().personBySlack(team, user),
    personByMac: (serial, user) => now().personByMac(serial, user),
    personByAwsUser: (user) => now().personByAwsUser(user),
    isActive: (id) => now().isActive(id),
    membersOf: async (group) => {
      const tried = lost.get(group);
      if (tried === undefined) return now().membersOf(group);
      lost.set(group, tried + 1);
      throw new StintError('bad-config', `The members of ${group} can't be looked up now.`);
    },
  };
  const change: Town['change'] = (id, to) => {
    people = people.map((person) => (person.personId === id ? { ...person, ...to } : person));
  };
  return { directory, change, lost };
}

export interface FrontDoor extends Town {
  readonly h: Harness;
  readonly sim: SlackSim;
  /** Types the command, fills in the form and sends it; answers when the card stands. */
  ask(id: string, windowMs: number): Promise<Asked>;
  /** Opens the form; answers it as it stands in Slack. */
  open(user: string): Promise<ReturnType<SlackSim['truth']>['views'][number]>;
  /** Sends the form as a client that enforces nothing; also one that is closed already. Answers the errors in it. */
  send(user: string, view: { readonly id: string; readonly body: object }, windowMs: number, serial: string): Promise<string>;
  /** The elevation of a form that was sent; answers when its card stands. */
  handOn(viewId: string): Promise<Asked>;
  /** Presses a button of the card, forged where told so. */
  press(user: string, e: Asked, actionId: string, forge?: Record<string, unknown>): Promise<void>;
  /** Presses it, and waits until that very account is told why not. */
  refused(user: string, e: Asked, actionId: string, why: RegExp, forge?: Record<string, unknown>): Promise<void>;
  close(): Promise<void>;
}

/** Accounts of Slack that the people file does not know: strangers, and those who left or came since. */
export interface FrontDoorOptions {
  readonly policy: string;
  readonly people: readonly Person[];
  readonly accounts?: readonly Account[];
}

async function startSim({ people, accounts = [] }: FrontDoorOptions): Promise<SlackSim> {
  const known: readonly Account[] = people.flatMap(({ personId, slack }) =>
    slack.map(({ teamId, userId }) => ({ team: teamId, user: userId, email: `${personId}@example.com` })),
  );
  // Of accounts that are named twice the later one counts: Slack knows an id once.
  const all = [...new Map([...known, ...accounts].map((account) => [account.user, account])).values()];
  const users = all.map(({ user, team, email = `${user}@example.com` }) => ({
    id: user,
    name: user.toLowerCase(),
    realName: user,
    email,
    ...(team && team !== TEAM ? { teamId: team } : {}),
  }));
  return startSlack({
    mode: 'socket',
    // Slack's patience is not what is tried here.
    settings: { ackMs: 60_000, triggerMs: 60_000 },
    seed: {
      team: { id: TEAM, name: 'Team' },
      bot: {
        userId: BOT,
        botId: 'B0STINT',
        appId: 'A0STINT',
        token: TOKEN,
        appToken: 'xapp-for-tests',
        signingSecret: 's',
        scopes: [...BOT_SCOPES],
      },
      users,
      channels: [{ id: CHANNEL, name: 'approvals', private: true, members: [BOT, ...users.map(({ id }) => id)] }],
    },
  });
}

interface AppParts {
  readonly sim: SlackSim;
  readonly gate: Gate;
  readonly town: Town;
  readonly policyText: string;
}

async function startApp({ store }: Harness, { sim, gate, town: { directory }, policyText }: AppParts) {
  const policy = parsePolicy(policyText, 'policy.yaml');
  const clock = () => Date.now();
  const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const app = await createSlackApp({
    config: {
      mode: 'socket',
      botToken: TOKEN,
      appToken: 'xapp-for-tests',
      appId: 'A0STINT',
      teamId: TEAM,
      slackApiUrl: sim.apiUrl,
      approverChannel: CHANNEL,
      adminSlackUserIds: [],
      clientPingTimeoutMs: 30_000,
    },
    store,
    gate,
    preview: createPreview({ policy: async () => policy, policies: store.policies, grants: store.fence, directory, clock }),
    directory,
    repairCard: async () => undefined,
    clock,
    logger: silent,
    random: () => 0.5,
  });
  await app.start();
  return app;
}

export async function startFrontDoor(address: string, options: FrontDoorOptions): Promise<FrontDoor> {
  const town = townOf(options.people);
  const sim = await startSim(options);
  const posting = { botToken: new Secret(TOKEN), apiUrl: sim.apiUrl, approverChannel: CHANNEL };
  const h = await startHarness(address, {
    policy: options.policy,
    directory: town.directory,
    confirmMode: 'poll',
    slack: (store) =>
      createNotices(
        noticesOf(
          { home: '', logLevel: 'error', contactGraceMs: 0, posting, workspace: { teamId: TEAM } },
          store,
          town.directory,
        ),
      ),
  });
  const sent: string[] = [];
  const sentBy = (user: string) => sent.filter((one) => one === user).length;
  const gate: Gate = {
    ...h.gates['slack-app'],
    send: async (...message) => {
      const answer = await h.gates['slack-app'].send(...message);
      sent.push(message[4].slackUserId ?? '');
      return answer;
    },
  };
  const app = await startApp(h, { sim, gate, town, policyText: options.policy });

  const told = (user: string) => {
    const mine = sim.truth().messages.filter(({ onlyFor }) => onlyFor === user);
    return mine.map(({ text, blocks }) => `${text} ${JSON.stringify(blocks)}`);
  };
  const cardOf = async (requestId: RequestId) => (await h.store.messages.get(`card/${requestId}`))?.ts ?? '';

  /** Presses until it was handed over (`sent`), or the person was told something that holds. */
  async function pressed(user: string, e: Asked, actionId: string, forge?: Record<string, unknown>): Promise<string> {
    const ts = await cardOf(e.requestId);
    return until(async () => {
      const before = { told: told(user).length, sent: sentBy(user) };
      const { ack } = await sim.act.click({ user, channel: CHANNEL, ts, actionId, ...(forge ? { forge } : {}) });
      if (ack !== 'ok') throw new Error(`the app answered ${ack}`);
      const words = await until(
        async () => (sentBy(user) > before.sent ? 'sent' : told(user).slice(before.told).join(' ')),
        `what came of ${actionId} by ${user}`,
      );
      return AGAIN.test(words) ? undefined : words;
    }, `${user} pressing ${actionId}`);
  }

  async function open(user: string) {
    await sim.act.command({ user, channel: CHANNEL, command: '/elevate', text: '' });
    return until(
      async () => sim.truth().views.find((v) => v.userId === user && v.body.callback_id === CALLBACKS.elevate),
      'form',
    );
  }

  const send: FrontDoor['send'] = async (user, view, windowMs, serial) => {
    const filled = { target: `mac-admin/${serial}`, window: String(windowMs), category: 'install', reason: REASON };
    const values = Object.fromEntries(
      Object.entries(filled).map(([field, value]) => [
        field,
        { [field]: field === 'reason' ? { value } : { selected_option: { value } } },
      ]),
    );
    const { blocks, private_metadata } = view.body as { blocks?: unknown; private_metadata?: unknown };
    const patch = { view: { id: view.id, callback_id: CALLBACKS.elevate, blocks, private_metadata } };
    return until(async () => {
      const {
        ack,
        errors = {},
        response,
      } = await sim.act.submit({ user, viewId: view.id, values: {}, forge: { values, patch } });
      if (ack !== 'ok') throw new Error(`the app answered ${ack}`);
      const words = Object.keys(errors).length > 0 ? JSON.stringify(errors) : JSON.stringify(response ?? {});
      return AGAIN.test(words) ? undefined : words;
    }, 'the form to be answered');
  };

  async function handOn(viewId: string): Promise<Asked> {
    const requestId = requestIdFrom('slack', `${TEAM}/${viewId}`);
    await until(() => cardOf(requestId), 'the card');
    await until(async () => (await h.store.ledger.find(requestId))?.view.state, 'the record');
    const stored = await h.store.requests.get(requestId);
    if (!stored || !targetOf('mac-admin', stored.request.target)) throw new Error(`no request ${requestId}`);
    return h.hand(stored.request as ElevationRequest<MacAdminTarget>);
  }

  return {
    ...town,
    h,
    sim,
    open,
    send,
    handOn,
    ask: async (id, windowMs) => {
      const view = await open(userOf(id));
      const answer = await send(userOf(id), view, windowMs, serialOf(id));
      if (answer !== '{}') throw new Error(`not asked: ${answer}`);
      return handOn(view.id);
    },
    press: async (user, e, actionId, forge) => {
      const words = await pressed(user, e, actionId, forge);
      if (words !== 'sent') throw new Error(`${user} pressed ${actionId} and was told: ${words}`);
    },
    refused: async (user, e, actionId, why, forge) => {
      const words = await pressed(user, e, actionId, forge);
      if (!why.test(words)) throw new Error(`${user} was told "${words}", and not ${why}`);
    },
    close: async () => {
      await app.stop(1000);
      await h.close();
      await sim.close();
    },
  };
}
