/** Who there is in a bench: approvers, people with one Mac each, and a policy with a rule for each kind of Mac. */
import { BOT, CHANNEL, GENERAL, TEAM } from '../../../cli/demo/world.js';
import { packageFile } from '../../../cli/package-root.js';
import type { Seed } from '../../../sim/slack/index.js';

/** Macs of one rule of the policy: their serial numbers begin with its name. */
export interface Fleet {
  /** Upper-case letters and digits, and no beginning of another fleet's name. */
  readonly name: string;
  readonly count: number;
  readonly windowS: number;
  /** How many must approve; 1 when absent. */
  readonly quorum?: number;
}

export interface Owner {
  readonly person: string;
  readonly slack: string;
  readonly serial: string;
  readonly user: string;
  readonly fleet: Fleet;
}

export interface Approver {
  readonly person: string;
  readonly slack: string;
}

/** One more than any quorum of the bench, so that no vote is the last that could be cast. */
export const APPROVERS: readonly Approver[] = Array.from({ length: 6 }, (_, i) => ({ person: `it${i}`, slack: `U0IT${i}` }));

export function ownersOf(fleets: readonly Fleet[]): readonly Owner[] {
  return fleets.flatMap((fleet) =>
    Array.from({ length: fleet.count }, (_, i) => {
      const key = `${fleet.name}${String(i).padStart(5, '0')}`;
      return { person: key.toLowerCase(), slack: `U0${key}`, serial: `${key}M`, user: key.toLowerCase(), fleet };
    }),
  );
}

export function emailOf(person: string): string {
  return `${person}@example.com`;
}

export function peopleText(owners: readonly Owner[]): string {
  const it = APPROVERS.map(({ person, slack }) => ({
    id: person,
    name: `IT ${person}`,
    groups: ['it'],
    slack: [{ team: TEAM.id, user: slack }],
  }));
  const staff = owners.map(({ person, slack, serial, user }) => ({
    id: person,
    name: `Person ${person}`,
    email: emailOf(person),
    groups: ['staff'],
    slack: [{ team: TEAM.id, user: slack }],
    macs: [{ serial, user, name: `mac-${user}` }],
  }));
  return JSON.stringify({ people: [...it, ...staff] });
}

/**
 * The warning comes a second before the end, so that the shortest window has one as an ordinary one has. `awsWindowS`: there is a
 * rule for every account in AWS, too.
 */
export function policyText(fleets: readonly Fleet[], awsWindowS?: number): string {
  const macs = fleets.map(({ name, windowS, quorum = 1 }) => ({
    id: `f-${name.toLowerCase()}`,
    kind: 'mac-admin',
    match: { serials: [`${name}*`] },
    ask: { groups: ['staff'] },
    approve: { groups: ['it'], quorum },
    windows: [`${windowS}s`],
    max: `${windowS}s`,
  }));
  const aws = awsWindowS !== undefined && {
    id: 'aws',
    kind: 'aws-permission-set',
    match: { accounts: ['account-*'] },
    ask: { groups: ['staff'] },
    approve: { groups: ['it'], quorum: 1 },
    windows: [`${awsWindowS}s`],
    max: `${awsWindowS}s`,
  };
  const targets = [...macs, ...(aws ? [aws] : [])];
  const deadlines = { pending: '24h', start: '4h', evidence: '30m' };
  const reminders = { every: '1h', for: '1h' };
  return JSON.stringify({ version: 1, deadlines, reminders, warn: { before: '1s', minWindow: '1s' }, targets });
}

/** Slack without a limit of its own: what is measured is Stint. */
export function slackSeed(
  owners: readonly Owner[],
  secret: (name: 'bot-token' | 'app-token' | 'signing-secret') => string,
): Seed {
  const manifest = JSON.parse(packageFile('slack-app/manifest.json')) as { oauth_config: { scopes: { bot: string[] } } };
  const everybody = [...APPROVERS, ...owners];
  return {
    team: { id: TEAM.id, name: TEAM.name },
    bot: {
      ...BOT,
      token: secret('bot-token'),
      appToken: secret('app-token'),
      signingSecret: secret('signing-secret'),
      scopes: manifest.oauth_config.scopes.bot,
    },
    users: everybody.map((p) => ({ id: p.slack, name: p.person, realName: p.person, email: emailOf(p.person) })),
    channels: [
      { id: GENERAL.id, name: GENERAL.name, private: false, members: everybody.map((p) => p.slack) },
      { id: CHANNEL.id, name: CHANNEL.name, private: true, members: [BOT.userId, ...APPROVERS.map((p) => p.slack)] },
    ],
  };
}
