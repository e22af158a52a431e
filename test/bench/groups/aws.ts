/**
 * Two hundred approvals within one minute over fifty accounts, in an AWS that takes seconds for each change: whether all get what
 * they asked for, whether the organisation's quota is kept, how much of it is used, and when the deletes leave under that load.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { GENERAL } from '../../../cli/demo/world.js';
import type { ElevationRow } from '../../../contract/ports.js';
import type { Change } from '../../../sim/identity-center/changes.js';
import { bigOrganization, type IdentityCenterStandIn, type OrganizationSeed } from '../../../sim/identity-center/index.js';
import type { CallSeen } from '../../../sim/identity-center/truth.js';
import { fillForm, sightOf } from '../../storm/far/sight.js';
import type { Metric } from '../metric.js';
import { paced, pooled, until } from '../pace.js';
import { type Rig, startRig } from '../rig/rig.js';
import { emailOf, type Owner } from '../rig/world.js';
import { percentile, spread } from '../stats.js';

const EVERY_MS = 300;
const REQUESTS_OF_AN_ACCOUNT = 4;
/** What AWS takes for one change; its users report seconds to minutes. More is asked for than its quota lets through. */
const IN_PROGRESS_MS = [3_000, 5_000] as const;
/** Of AWS's 15 changes at a time Stint keeps a third for taking away. */
const PLACES = 15;
/** In any second, of whatever alignment. The stand-in throttles by a bucket, which lets nearly twice as many through in one. */
const CALLS_PER_SECOND = 20;
const PLACES_FOR_GRANTS = 10;

export const aws: Metric = {
  name: 'aws',
  figures: [
    { name: 'aws.failed', unit: 'requests', bar: { atMost: 0 } },
    { name: 'aws.over-budget', unit: 'calls', bar: { atMost: 0 } },
    { name: 'aws.grants-of-quota', unit: 'changes at a time', bar: { atLeastFloors: 0.8 } },
    { name: 'aws.revoke-lag.p99', unit: 'ms', bar: { atMost: 2_000 } },
  ],
  async measure({ quick, topology, say }) {
    const count = quick ? 60 : 200;
    // The first end while the last ones still wait for their grant.
    const windowS = quick ? 20 : 45;
    const rig = await startRig({
      fleets: [{ name: 'AWS', count, windowS: 60 }],
      own: () => true,
      aws: { seed, settings: { inProgressMs: IN_PROGRESS_MS, statusDelayMs: [0, 200], listDelayMs: [0, 500] }, windowS },
      topology,
      say,
    });
    try {
      if (!rig.aws) throw new TypeError('a rig of AWS without AWS');
      await pooled(rig.owners, 6, (owner, i) => ask(rig, owner, i, windowS));
      const asked = await rowsOf(rig, count);
      say(`  ${asked.length} wait for their approval`);
      const from = Date.now();
      await paced(asked, EVERY_MS, ({ view }) => rig.approve(view.request.requestId, view.digest, windowS));
      say(`  approved within ${Math.round((Date.now() - from) / 1000)} s`);
      const rows = await ended(rig, asked);
      return { measured: figures(rig.aws, rows, from), details: tooMuch(rig.aws, from) };
    } finally {
      await rig.close();
    }
  },
};

/** An organisation in which everybody has a user, as many accounts as there are fours of people, and four sets. */
function seed(owners: readonly Owner[]): OrganizationSeed {
  const accounts = Math.ceil(owners.length / REQUESTS_OF_AN_ACCOUNT);
  const organisation = bigOrganization({ accounts, sets: REQUESTS_OF_AN_ACCOUNT, users: owners.length });
  const users = organisation.users.map((user, i) => {
    const person = owners[i]?.person ?? '';
    return { ...user, userName: person, email: emailOf(person) };
  });
  return { ...organisation, users };
}

/** Each asks for another pair of account and permission set, with the form as people use it. */
async function ask(rig: Rig, { slack: user }: Owner, i: number, windowS: number): Promise<void> {
  const account = Math.floor(i / REQUESTS_OF_AN_ACCOUNT) + 1;
  const set = (i % REQUESTS_OF_AN_ACCOUNT) + 1;
  const sight = sightOf(rig.slack);
  const wish = {
    search: `account-${account} Set${set}`,
    target: new RegExp(`Set${set} in account-${account}(\\D|$)`),
    windowMs: windowS * 1000,
    reason: 'Load for the figures of AWS',
  };
  await rig.slack.act.command({ user, channel: GENERAL.id, command: '/elevate' });
  await until(`the form of ${user} is taken`, async () => {
    const acted = await fillForm(sight, user, wish);
    if (acted?.errors) throw new Error(JSON.stringify(acted.errors));
    return acted?.ack === 'ok' || undefined;
  });
}

function rowsOf(rig: Rig, count: number): Promise<readonly ElevationRow[]> {
  const all = async () => {
    const rows = await rig.ask<readonly ElevationRow[]>({ ask: 'list', limit: 500 });
    return rows.length === count ? rows : undefined;
  };
  return until('every request is known', all, 60_000, 1_000);
}

/** All of them, once they are closed; what is not closed by then has failed. */
async function ended(rig: Rig, asked: readonly ElevationRow[]): Promise<readonly ElevationRow[]> {
  for (const deadline = Date.now() + 240_000; ; await sleep(2_000)) {
    const rows = await rig.ask<readonly ElevationRow[]>({ ask: 'list', limit: 500 });
    const open = rows.filter(({ view }) => view.state !== 'closed').length;
    if ((rows.length === asked.length && open === 0) || Date.now() > deadline) return rows;
  }
}

function figures({ truth }: IdentityCenterStandIn, rows: readonly ElevationRow[], from: number) {
  const changes = truth.changes();
  const refused = truth.calls().filter(isTooMuch);
  const good = rows.filter(({ view }) => view.outcome === 'expired' && view.confirmedAt);
  const lags = rows.map(({ view }) => lagOf(changes, view));
  const ends = rows.flatMap(({ view }) => (view.deadlineAt ? [Date.parse(view.deadlineAt)] : []));
  const granted = rows.flatMap(({ view }) => (view.confirmedAt ? [Date.parse(view.confirmedAt) - from] : []));
  const { ssoAdmin } = truth.rates();
  const n = rows.length;
  return {
    'aws.failed': { value: n - good.length, n, note: outcomes(rows) },
    'aws.over-budget': {
      value:
        refused.length + Math.max(0, truth.outstandingMost() - PLACES) + Math.max(0, ssoAdmin.maxPerSecond - CALLS_PER_SECOND),
      n: truth.callCount(),
      note: `at most ${ssoAdmin.maxPerSecond} calls in a second and ${truth.outstandingMost()} changes at a time; ${ssoAdmin.calls} calls`,
    },
    'aws.grants-of-quota': {
      ...placesUsed(changes, Math.min(...ends)),
      floor: PLACES_FOR_GRANTS,
      note: `until the first end; the last was granted ${Math.round(Math.max(...granted) / 1000)} s after the first approval`,
    },
    'aws.revoke-lag.p99': { value: percentile(lags, 99), n, note: spread(lags) },
  };
}

const isTooMuch = ({ outcome }: CallSeen): boolean => /Throttl|TooMany/.test(outcome);

/** A line for each call that was refused as too much: which, why, and what else there was at that moment. */
function tooMuch({ truth }: IdentityCenterStandIn, from: number): string[] {
  const [calls, changes] = [truth.calls(), truth.changes()];
  return calls.filter(isTooMuch).map(({ at, operation, why, service }) => {
    const open = changes.filter((change) => isOpenAt(change, at));
    const creates = open.filter(({ kind }) => kind === 'create').length;
    const lately = calls.filter((one) => one.service === service && one.at > at - 1_000 && one.at <= at).length;
    const beside = `${creates} creates and ${open.length - creates} deletes were in progress, ${lately} calls in the second until then`;
    return `aws.over-budget: ${operation}, ${((at - from) / 1000).toFixed(1)} s after the first approval: ${why} (${beside})`;
  });
}

/** From the deadline until AWS took the delete, in ms: what comes after that is its own. NaN for one without. */
function lagOf(changes: readonly Change[], { deadlineAt, request }: ElevationRow['view']): number {
  const { target } = request;
  if (!deadlineAt || target.kind !== 'aws-permission-set') return Number.NaN;
  const taken = changes.find(
    ({ kind, wanted }) =>
      kind === 'delete' &&
      wanted.accountId === target.accountId &&
      wanted.setArn === target.permissionSetArn &&
      wanted.principalId === target.principalId,
  );
  return taken ? taken.createdAt - Date.parse(deadlineAt) : Number.NaN;
}

/** How many creates were in the making on average, from the first time that there were as many as may be until some first end. */
function placesUsed(changes: readonly Change[], firstEnd: number): { readonly value: number; readonly n: number } {
  const creates = changes.filter(({ kind }) => kind === 'create');
  const full = creates.find((one) => creates.filter((other) => isOpenAt(other, one.createdAt)).length >= PLACES_FOR_GRANTS);
  const last = creates.at(-1);
  if (!full || !last) return { value: Number.NaN, n: creates.length };
  const from = full.createdAt;
  const to = Math.min(firstEnd, last.createdAt);
  const within = creates.filter(({ createdAt, statusAt }) => createdAt < to && statusAt > from);
  const sum = within.reduce((ms, { createdAt, statusAt }) => ms + Math.min(statusAt, to) - Math.max(createdAt, from), 0);
  return { value: sum / (to - from), n: within.length };
}

const isOpenAt = ({ createdAt, statusAt }: Change, at: number): boolean => createdAt <= at && statusAt > at;

function outcomes(rows: readonly ElevationRow[]): string {
  const counts = new Map<string, number>();
  for (const { view } of rows) {
    const word = view.state === 'closed' ? (view.outcome ?? 'closed') : `still ${view.state}`;
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].map(([word, n]) => `${word} ${n}`).join(', ');
}
