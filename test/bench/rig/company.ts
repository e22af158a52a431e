/**
 * A made-up company of any size, from a seed: teams with people, Macs and accounts in AWS of their own, and a policy with ten rules
 * for each team beside two for everybody. Of a smaller policy the rules are those of the first teams, to the letter, so that the
 * same rules could match what those teams ask for.
 */

import type { JudgeInput } from '../../../contract/duties.js';
import type { LocalUser, PersonId, Serial } from '../../../contract/ids.js';
import { instant } from '../../../contract/ids.js';
import type { AwsAbout, TargetFacts } from '../../../contract/ports.js';
import type { AwsPermissionSetTarget, ElevationRequest, Target } from '../../../contract/request.js';
import { macTarget } from '../../../policy/macs.js';
import { requestDigest, requestIdFrom, sha256 } from '../../../seal/canonical.js';
import type { Random } from '../../storm/random.js';

/** A Monday, within the hours of every rule that has some. */
export const NOW = Date.parse('2026-03-02T10:00:00.000Z');
export const REASON = 'CHG-20417: the export of the customers has stopped since the release of this morning.';

const MINUTE = 60_000;
const SETS = ['AdminFull', 'PowerUser', 'ReadOnly', 'ViewOnly', 'Billing'] as const;
const ACCOUNTS = ['prod-a', 'prod-b', 'test-a', 'test-b', 'lab'] as const;
const MACS_OF_TEAM = 25;
/** In each team the first few are its leads. */
const LEADS = 5;

const teamName = (team: number): string => `t${String(team).padStart(3, '0')}`;
const accountId = (team: number, account: number): string => String(100_000_000_000 + team * 10 + account);
const serialOf = (team: number, mac: number): Serial =>
  `${teamName(team).toUpperCase()}${mac < 5 ? 'V' : 'X'}${String(mac).padStart(4, '0')}` as Serial;
const personIdOf = (team: number, member: number): PersonId =>
  `${teamName(team)}-p${String(member).padStart(3, '0')}` as PersonId;

/** The policy of these many teams, as YAML. */
export function policyText(teams: number): string {
  const rules = Array.from({ length: teams }, (_, team) => teamRules(team)).flat();
  const everybody = [
    `{ id: all-read, kind: aws-permission-set, match: { sets: [ViewOnly] }, ask: { groups: [staff] }, approve: { groups: [security] }, windows: [1h], max: 1h }`,
    `{ id: all-macs, kind: mac-admin, match: { serials: ["*"] }, ask: { groups: [staff] }, approve: { groups: [it] }, windows: [10m, 30m], max: 30m }`,
  ];
  return ['version: 1', 'limits: { perHour: 20 }', 'targets:', ...[...rules, ...everybody].map((rule) => `  - ${rule}`), ''].join(
    '\n',
  );
}

/** How many rules the policy of these many teams has. */
export const rulesOf = (teams: number): number => 10 * teams + 2;

function teamRules(team: number): readonly string[] {
  const name = teamName(team);
  const mine = `ask: { groups: [${name}] }`;
  const leads = `${name}-leads`;
  const hours = `hours: { zone: Europe/Berlin, days: [mon, tue, wed, thu, fri], from: "07:00", to: "20:00", holidays: [2026-12-25] }`;
  const reason = `reason: { min: 20, ticket: '\\bCHG-[0-9]{4,}\\b' }`;
  const aws = (id: string, rest: string) =>
    `{ id: ${name}-${id}, kind: aws-permission-set, ${rest}, windows: [15m, 1h], max: 2h }`;
  const mac = (id: string, rest: string) => `{ id: ${name}-${id}, kind: mac-admin, ${rest}, windows: [10m, 30m], max: 30m }`;
  const listed = Array.from({ length: 10 }, (_, i) => serialOf(team, 5 + i)).join(', ');
  return [
    aws(
      'grave',
      `match: { accounts: ["${name}-prod*"], sets: ["Admin*"] }, tier: 0, ${mine}, approve: { stages: [{ groups: [${leads}] }, { groups: [security] }] }, ${hours}, ${reason}, limits: { live: 1, perWeek: 10h }`,
    ),
    aws(
      'prod',
      `match: { accounts: ["${name}-prod*"] }, tier: 1, ${mine}, approve: { groups: [${leads}], manager: true }, ${reason}`,
    ),
    aws(
      'test',
      `match: { accounts: ["${accountId(team, 2)}", "${accountId(team, 3)}"] }, tier: 2, ${mine}, approve: { groups: [${leads}, "oncall:${name}"] }`,
    ),
    aws('lab', `match: { tags: { team: ${name}, stage: lab } }, tier: 3, ${mine}, approve: { groups: [${leads}] }`),
    aws(
      'reads',
      `match: { ous: [Unit-${name}], sets: [ReadOnly, "View*"] }, ask: { groups: [platform] }, approve: { groups: [${leads}, platform], quorum: 2 }`,
    ),
    aws('bills', `match: { ous: [Unit-${name}], sets: [Billing] }, ask: { groups: [finance] }, approve: { groups: [${leads}] }`),
    mac(
      'vault',
      `match: { serials: ["${name.toUpperCase()}V*"] }, tier: 1, ${mine}, approve: { groups: [${leads}, it], quorum: 2 }`,
    ),
    mac(
      'listed',
      `match: { serials: [${listed}] }, ${mine}, approve: { people: [${personIdOf(team, 0)}, ${personIdOf(team, 1)}], manager: true }`,
    ),
    mac('macs', `match: { serials: ["${name.toUpperCase()}*"] }, ${mine}, approve: { groups: [${leads}] }, ${hours}`),
    mac('repair', `match: { serials: ["${name.toUpperCase()}*"] }, ask: { groups: [it] }, approve: { groups: [it, ${leads}] }`),
  ];
}

/** The people file as JSON. Beside their team a few are of the groups that all teams know. */
export function peopleText(teams: number, people: number): string {
  const each = Math.floor(people / teams);
  const all = Array.from({ length: teams }, (_, team) => Array.from({ length: each }, (_, member) => entry(team, member)));
  const rotas = Array.from({ length: teams }, (_, team) => ({
    name: teamName(team),
    zone: 'Europe/Berlin',
    from: '2026-01-05',
    handoff: '09:00',
    people: Array.from({ length: LEADS }, (_, i) => personIdOf(team, LEADS + i)),
  }));
  return JSON.stringify({ people: all.flat(), rotas });
}

function entry(team: number, member: number) {
  const [id, name] = [personIdOf(team, member), teamName(team)];
  const common = (['security', 'platform', 'finance', 'it'] as const)[team % 4];
  const mac = { serial: serialOf(team, member), user: id, name: `${id}-mac` };
  return {
    id,
    name: `Person ${member} of ${name}`,
    email: `${id}@example.com`,
    groups: ['staff', name, ...(member < LEADS ? [`${name}-leads`] : []), ...(member === 99 ? [common] : [])],
    slack: [{ team: 'T0STINT01', user: `U${id.toUpperCase().replaceAll('-', '')}` }],
    ...(member < MACS_OF_TEAM ? { macs: [mac] } : {}),
    ...(member === 0 ? {} : { manager: personIdOf(team, member < LEADS ? 0 : member % LEADS) }),
  };
}

/** What a team can ask for: the Macs of its people, and its accounts with every permission set. */
export function targetsOf(team: number): readonly Target[] {
  const macs = Array.from({ length: MACS_OF_TEAM }, (_, member): Target => {
    const [serial, id] = [serialOf(team, member), personIdOf(team, member)];
    return macTarget({ serial, localUser: id as string as LocalUser, name: `${id}-mac` });
  });
  return [...macs, ...ACCOUNTS.flatMap((_, account) => SETS.map((set) => pairOf(team, account, set)))];
}

function pairOf(team: number, account: number, set: string): AwsPermissionSetTarget {
  const [id, accountName] = [accountId(team, account), `${teamName(team)}-${ACCOUNTS[account]}`];
  const ids = {
    instanceArn: 'arn:aws:sso:::instance/ssoins-1',
    permissionSetArn: `arn:aws:sso:::permissionSet/ssoins-1/${set}`,
    principalId: 'user',
  };
  const display = `${set} in ${accountName}`;
  return {
    kind: 'aws-permission-set',
    key: `aws/${id}/${set}/user`,
    ...ids,
    accountId: id,
    accountName,
    setName: set,
    display,
    sessionMs: 60 * MINUTE,
  };
}

/** What AWS says of each pair, out of memory. */
export function awsFacts(targets: readonly Target[]): TargetFacts {
  const known = new Map(
    targets.map((target) => [target.key, target.kind === 'aws-permission-set' ? aboutPair(target) : undefined]),
  );
  const aboutOf = (target: Target) => known.get(target.key);
  return {
    kind: 'aws-permission-set',
    searchable: false,
    listed: async () => [],
    search: async () => [],
    candidate: async () => undefined,
    pin: async () => {
      throw new Error('nothing is pinned here');
    },
    look: async (target) => {
      const about = aboutOf(target);
      return about ? { about } : {};
    },
    known: aboutOf,
  };
}

function aboutPair({ accountId: id, accountName, setName }: AwsPermissionSetTarget): AwsAbout {
  const [team = '', stage = ''] = accountName.split('-');
  const units = { ouNames: ['Workloads', `Unit-${team}`], ouIds: ['ou-ab12-work0000', `ou-ab12-00000${team}`] };
  return {
    kind: 'aws-permission-set',
    accountId: id,
    accountName,
    ...units,
    tags: { team, stage, owner: `${team}@example.com` },
    set: setName,
  };
}

/** Somebody asks for something of a team, their own or now and then another, and up to two of its leads have approved it. */
export function questionOf(random: Random, number: number, team: number, target: Target): JudgeInput {
  const others = random.chance(0.1) ? team + 1 : team;
  const asker = target.kind === 'mac-admin' ? target.localUser : personIdOf(others, random.int(LEADS, 98));
  const person = { personId: asker as string as PersonId, name: asker };
  const request: ElevationRequest = {
    v: 1,
    requestId: requestIdFrom('bench', String(number)),
    requester: person,
    subject: person,
    target,
    windowMs: (target.kind === 'mac-admin' ? 10 : 15) * MINUTE,
    category: 'debug',
    reasonDigest: sha256(REASON),
    via: 'slack',
    askedAt: instant(NOW),
  };
  const [digest, windowMs] = [requestDigest(request), request.windowMs];
  const vote = { decision: 'approve', roundDigest: digest, windowMs, at: instant(NOW) } as const;
  const votes = Array.from({ length: random.int(0, 2) }, () => ({
    ...vote,
    personId: personIdOf(team, random.int(0, LEADS - 1)),
  }));
  return { request, digest, round: { digest, kind: 'request', windowMs }, votes };
}
