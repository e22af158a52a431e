/** The demo's world: who there is, which Macs, which channel, and the policy by which they live. */

export const TEAM = { id: 'T0DEMO0001', name: 'Analytical Engines' } as const;
export const CHANNEL = { id: 'C0APPROVE1', name: 'access-approvals' } as const;
/** Where requests for production in AWS are decided. */
export const PROD_CHANNEL = { id: 'C0PRODACC1', name: 'prod-access' } as const;
/** Where everybody is; a slash command needs a channel to be typed in. */
export const GENERAL = { id: 'C0GENERAL1', name: 'general' } as const;
export const BOT = {
  userId: 'U0STINTBOT',
  botId: 'B0STINTBOT',
  appId: 'A0STINTAPP',
  name: 'Stint',
} as const;

export interface DemoPerson {
  readonly id: string;
  readonly name: string;
  readonly slack: string;
  readonly email: string;
  readonly role: string;
  readonly groups: readonly string[];
  readonly mac?: { readonly serial: string; readonly user: string; readonly name: string; readonly os: string };
  /** Sees the approver channel. */
  readonly inChannel: boolean;
}

export const PEOPLE: readonly DemoPerson[] = [
  {
    id: 'ada',
    name: 'Ada Lovelace',
    slack: 'U0ADA00001',
    email: 'ada@example.com',
    role: 'engineer, asks for admin',
    groups: ['staff'],
    mac: { serial: 'C02DEMOADA1', user: 'ada', name: 'ada-mbp', os: '15.5' },
    inChannel: false,
  },
  {
    id: 'alan',
    name: 'Alan Turing',
    slack: 'U0ALAN0001',
    email: 'alan@example.com',
    role: 'engineer, approves for production',
    groups: ['staff', 'platform'],
    mac: { serial: 'C02DEMOALN1', user: 'alan', name: 'alan-mba', os: '14.7' },
    inChannel: false,
  },
  {
    id: 'grace',
    name: 'Grace Hopper',
    slack: 'U0GRACE001',
    email: 'grace@example.com',
    role: 'IT, approves',
    groups: ['staff', 'it'],
    mac: { serial: 'C02DEMOGRC1', user: 'grace', name: 'grace-studio', os: '26.0' },
    inChannel: true,
  },
  {
    id: 'linus',
    name: 'Linus Pauling',
    slack: 'U0LINUS001',
    email: 'linus@example.com',
    role: 'IT, approves everything',
    groups: ['staff', 'it', 'platform'],
    inChannel: true,
  },
  {
    id: 'mallory',
    name: 'Mallory Vane',
    slack: 'U0MALLORY1',
    email: 'mallory@example.com',
    role: 'in the channel, but may not decide',
    groups: ['staff'],
    inChannel: true,
  },
];

export const TAGS = { elevate: 'stint-elevate', collect: 'stint-collect' } as const;

/** The people file of the demo. */
export function peopleYaml(): string {
  const people = PEOPLE.map((p) => ({
    id: p.id,
    name: p.name,
    email: p.email,
    groups: p.groups,
    slack: [{ team: TEAM.id, user: p.slack }],
    ...(p.mac && { macs: [{ serial: p.mac.serial, user: p.mac.user, name: p.mac.name }] }),
  }));
  return `# The demo's people. JSON is YAML too.\n${JSON.stringify({ people }, null, 2)}\n`;
}

/** The policy of the demo: a 30 s window beside the ordinary ones, so that a whole life fits into a minute. */
export const POLICY_YAML = `# The demo's policy. Edit it while the demo runs: what is valid is put in force at once.
version: 1
deadlines: { pending: 24h, start: 4h, evidence: 30m }
reminders: { every: 10m, for: 1h, then: 1h }
warn: { before: 15s, minWindow: 10s }
targets:
  - id: macs
    kind: mac-admin
    match: { serials: ["C02DEMO*"] }
    ask: { groups: [staff] }
    approve: { groups: [it], quorum: 1 }
    windows: [30s, 5m, 10m, 15m, 30m]
    max: 30m

  # Whatever is tagged tier=0: a typed confirmation, other approvers, a channel of their own.
  - id: aws-production
    kind: aws-permission-set
    match: { tags: { tier: "0" } }
    tier: 0
    channel: C0PRODACC1
    ask: { groups: [staff] }
    approve: { groups: [platform], quorum: 1 }
    windows: [30s, 15m, 45m]
    max: 1h

  - id: aws-labs
    kind: aws-permission-set
    match: { ous: [Labs, Staging] }
    tier: 2
    ask: { groups: [staff] }
    approve: { groups: [it], quorum: 1 }
    windows: [30s, 15m, 45m]
    max: 2h

  # Invoices: found by the search, and barred with the reason, as Stint runs in a delegated administrator account.
  - id: aws-billing
    kind: aws-permission-set
    match: { sets: [Billing] }
    tier: 3
    ask: { groups: [it] }
    approve: { groups: [it], quorum: 1 }
    windows: [15m]
    max: 1h
`;

export interface DemoPorts {
  readonly page: number;
  readonly slack: number;
  readonly mdm: number;
  readonly deviceApi: number;
  readonly temporal: number;
  readonly temporalUi: number;
  readonly health: number;
  readonly macs: readonly number[];
  readonly aws: number;
}

/** All ports follow from the first: one option moves them all. */
export function portsFrom(base: number): DemoPorts {
  return {
    page: base,
    slack: base + 1,
    mdm: base + 2,
    deviceApi: base + 3,
    temporal: base + 4,
    temporalUi: base + 5,
    health: base + 6,
    macs: [base + 7, base + 8, base + 9],
    aws: base + 10,
  };
}
