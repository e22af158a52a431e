/**
 * AWS permission sets through the whole story: the real workflows, duties, facts, driver and SDK, against the stand-in of
 * Identity Center. The only time that passes is real, so windows are short and all elevations run side by side.
 */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Aws } from '../../activities/targets/aws-permission-set/aws.js';
import { createAws } from '../../activities/targets/aws-permission-set/aws.js';
import { StintError } from '../../contract/errors.js';
import { instant, type LocalUser, msOf, type Serial } from '../../contract/ids.js';
import type { Person, Store, TargetDriver } from '../../contract/ports.js';
import { type AwsPermissionSetTarget, type ElevationRequest, targetOf } from '../../contract/request.js';
import { parsePolicy } from '../../policy/load.js';
import { directoryFrom } from '../../policy/people.js';
import { createPreview } from '../../policy/preview.js';
import { bigOrganization, type IdentityCenterStandIn, startIdentityCenter } from '../../sim/identity-center/index.js';
import { awsOf, factsOf } from '../../workers/parts.js';
import { sweepOnce } from '../../workers/sweep.js';
import { ada, grace, linus, refOf, requestOf } from '../fixtures/people.js';
import { type Asked, type Harness, startHarness, until } from './harness.js';
import { remove, resetTo } from './operator.js';

const POLICY = `
version: 1
targets:
  - id: cloud
    kind: aws-permission-set
    match: { accounts: ["account-*"] }
    ask: { groups: [staff] }
    approve: { groups: [it], quorum: 1 }
    windows: [4s, 5m]
    max: 10m
`;
const region = 'eu-central-1';
const person: Person = { ...ada, email: 'user1@example.com' };
const plain = bigOrganization({ accounts: 12, sets: 1, users: 1 });
const [set, user] = [plain.permissionSets[0]?.arn ?? '', plain.users[0]?.id ?? ''];
const accountId = (n: number) => plain.accounts[n]?.id ?? '';
/** Account 1 has standing access of Ada's, account 2 no room for a role. */
const seed = {
  ...plain,
  accounts: plain.accounts.map((account, n) => (n === 2 ? { ...account, otherRoles: 1000 } : account)),
  assignments: [{ accountId: accountId(1), setArn: set, principalType: 'USER', principalId: user } as const],
};

let sim: IdentityCenterStandIn;
let h: Harness;
const others: Aws[] = [];
/** By the target's key: who serves it instead of the process that began it. */
const instead = new Map<string, TargetDriver>();

beforeAll(async () => {
  process.env.AWS_ACCESS_KEY_ID = 'AKIDEXAMPLE';
  process.env.AWS_SECRET_ACCESS_KEY = 'not-a-secret';
  sim = await startIdentityCenter({ seed, region, settings: { inProgressMs: [300, 600] } });
  h = await startHarness(inject('temporalAddress'), { policy: POLICY, people: [person, grace, linus], targets });
});
afterAll(async () => {
  await h?.close();
  awsOf(configured(), h.store)?.close();
  for (const other of others) other.close();
  await sim?.close();
});

/** The settings of a process, with the stand-in as its AWS. */
function configured() {
  const aws = { region, endpoint: sim.url, processes: 1, workers: 1, startUrl: 'https://d-0.awsapps.com/start' };
  return { aws, home: '', logLevel: 'silent' as const, contactGraceMs: 0 };
}

function targets(store: Store) {
  const aws = awsOf(configured(), store);
  if (!aws) throw new Error('AWS is set up');
  /** Nothing of the stand-in lags as AWS may, so a proof need not wait for that. */
  const route: TargetDriver = {
    ...aws.driver,
    settleMs: 500,
    observe: (id, target, manner) => (instead.get(target.key) ?? aws.driver).observe(id, target, manner),
    grant: (order, signal, steps) => (instead.get(order.target.key) ?? aws.driver).grant(order, signal, steps),
    revoke: (id, target, signal, hints) => (instead.get(target.key) ?? aws.driver).revoke(id, target, signal, hints),
  };
  return { driverOf: () => route, facts: factsOf(configured(), store, directoryFrom([person, grace, linus])) };
}

/** Another process over the same AWS; with a store of its own kind. */
function another(store: Pick<Store, 'marks'>): TargetDriver {
  const marks = store.marks as Parameters<typeof createAws>[0]['marks'];
  const aws = createAws({ settings: { region, endpoint: sim.url }, processes: 1, marks });
  others.push(aws);
  return aws.driver;
}

/** Asked for as the form does it: found, pinned, sealed. */
async function ask(account: number, windowMs = 5 * 60_000) {
  const directory = directoryFrom([person, grace, linus]);
  const policy = parsePolicy(POLICY, 'policy.yaml');
  const facts = factsOf(configured(), h.store, directory);
  const preview = createPreview({ policy: async () => policy, directory, targets: facts, clock: Date.now });
  const { target } = await preview.pin(person, `aws/${accountId(account)}/${set.slice(set.lastIndexOf('/') + 1)}`);
  const own = targetOf('aws-permission-set', target);
  if (!own) throw new Error('not of AWS');
  const { target: _, ...rest } = requestOf({ requester: refOf(person), subject: refOf(person), windowMs });
  const request: ElevationRequest<AwsPermissionSetTarget> = { ...rest, target: own };
  return h.askFor(request);
}

type OfAws = Asked<AwsPermissionSetTarget>;

/** One round of the sweep over these, by a process of its own that goes by its clock alone. */
async function sweep(own: readonly OfAws[]): Promise<void> {
  const { fence } = h.store;
  const overdue: typeof fence.overdue = async (before) =>
    (await fence.overdue(before)).filter(({ requestId }) => own.some((e) => e.requestId === requestId));
  const driver = { ...another(h.store), settleMs: 500 };
  await sweepOnce({
    store: { ...h.store, fence: { ...fence, overdue } },
    driverOf: () => driver,
    clock: Date.now,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    alarm: () => {},
    overdueMs: 0,
  });
}

const has = (account: number) => sim.truth.hasAccess({ accountId: accountId(account), setArn: set, userId: user });
const calls = (operation: string, account: number) =>
  sim.truth.calls(operation).filter(({ input }) => (input as { TargetId?: string }).TargetId === accountId(account));
const typesOf = async (id: Parameters<Store['ledger']['timeline']>[0]) =>
  (await h.store.ledger.timeline(id)).map(({ type }) => type);

describe.concurrent('an AWS permission set', () => {
  test('is active once AWS lists it, and its delete leaves within a second of the deadline', async () => {
    const e = await ask(3, 4_000);
    await e.approve(grace);
    const { confirmedAt, deadlineAt } = await e.in('active');
    if (!confirmedAt || !deadlineAt) throw new Error('no clock');
    expect(has(3)).toBe(true);
    expect(msOf(deadlineAt) - msOf(confirmedAt)).toBe(4_000);
    // What only a Mac may say is no word about this one.
    const device = h.gates['device-api'];
    const serial = 'C02STRANGER' as Serial;
    const body = { serial, localUser: 'ada' as LocalUser, bootSession: 'B00T-1' };
    expect(await device.ask('claim', e.requestId, e.digest, body, { serial })).toMatchObject({ ok: false, code: 'not-eligible' });
    await device.send('contactLost', e.requestId, e.digest, { lastHeardAt: instant(0) }, { serial });
    await device.send('end', e.requestId, e.digest, {}, { serial });
    expect(await e.result()).toBe('expired');
    const [call] = calls('DeleteAccountAssignment', 3);
    expect((call?.at ?? Number.NaN) - msOf(deadlineAt)).toBeGreaterThanOrEqual(0);
    expect((call?.at ?? Number.NaN) - msOf(deadlineAt)).toBeLessThan(1_000);
    expect(has(3)).toBe(false);
    // Whoever was at its ending said so, and the sweep would have left it to them.
    expect(msOf((await h.store.fence.grant(e.requestId))?.pulseAt ?? instant(0))).toBeGreaterThanOrEqual(msOf(deadlineAt));
    expect(calls('CreateAccountAssignment', 3)).toHaveLength(1);
    // No log is waited for, and nobody is alarmed for want of one.
    const types = await typesOf(e.requestId);
    expect(types.filter((type) => type === 'refused')).toHaveLength(2);
    expect(types.filter((type) => type !== 'refused')).toEqual([
      'requested',
      'voted',
      'approved',
      'armed',
      'grant-sent',
      'confirmed',
      'expired',
      'gone',
      'evidence-settled',
      'closed',
    ]);
  });

  test('that stands already is told as such, and never touched', async () => {
    await expect(ask(1)).rejects.toMatchObject({ code: 'have-already' });
    // Given by hand between the asking and the grant.
    const e = await ask(4);
    sim.sync.add({ accountId: accountId(4), setArn: set, principalType: 'USER', principalId: user });
    await e.approve(grace);
    expect(await e.result()).toBe('failed');
    expect(await e.view().catch(() => null)).toMatchObject({
      failure: 'have-already',
      failureReason: expect.stringContaining('not from Stint'),
    });
    expect([has(1), has(4)]).toEqual([true, true]);
    expect([...calls('CreateAccountAssignment', 4), ...calls('DeleteAccountAssignment', 4)]).toEqual([]);
  });

  test('that AWS accepts and fails later ends at once as failed, with the reason of AWS on record', async () => {
    const e = await ask(2);
    await e.approve(grace);
    const view = await e.sees(({ failure }) => failure, 'the failure');
    expect(view).toMatchObject({ failure: 'aws-failed', failureReason: expect.stringContaining('RolesPerAccount') });
    expect(await e.result()).toBe('failed');
    expect(calls('CreateAccountAssignment', 2)).toHaveLength(1);
    const kept = await h.store.ledger.find(e.requestId);
    expect(kept?.view.failureReason).toContain('RolesPerAccount');
  });

  test('whose grant loses its worker in the middle is found again by the next one, not created twice', async () => {
    const e = await ask(5);
    const first = another(h.store);
    // Its process ends in the moment in which AWS took the call, before the store has heard of it.
    const deaf = { ...h.store.marks, request: async () => Promise.reject(new StintError('store-unavailable')) };
    const dying = another({ marks: deaf });
    let died = 0;
    instead.set(e.request.target.key, {
      ...first,
      grant: (order, signal, steps) =>
        died > 0
          ? first.grant(order, signal, steps)
          : new Promise((_, reject) => {
              const said = (step: Parameters<NonNullable<NonNullable<typeof steps>['said']>>[0]) => {
                // It is told again when AWS has done it; a process dies once.
                died = 1;
                steps?.said?.(step);
                reject(new Error('the process is gone'));
              };
              dying.grant(order, signal, { ...steps, said }).catch(reject);
            }),
    });
    await e.approve(grace);
    await e.in('active');
    expect([died, calls('CreateAccountAssignment', 5).length]).toEqual([1, 1]);
    await e.revoke(linus);
    expect(await e.result()).toBe('revoked');
    expect(has(5)).toBe(false);
  });

  test('is taken back by a process that never saw it while the store is down', async () => {
    const e = await ask(6);
    await e.approve(grace);
    await e.in('active');
    const silent = () => new Promise<never>(() => undefined);
    instead.set(
      e.request.target.key,
      another({ marks: { read: silent, note: silent, bound: silent, request: silent, open: silent, ending: silent } }),
    );
    e.trouble.storeDown = true;
    const from = Date.now();
    await e.revoke(linus);
    const [call] = await until(async () => {
      const seen = calls('DeleteAccountAssignment', 6);
      return seen.length > 0 && seen;
    }, 'the delete');
    expect((call?.at ?? Number.NaN) - from).toBeLessThan(2_500);
    await until(async () => !has(6), 'the access to be gone');
    e.trouble.storeDown = false;
    expect(await e.result()).toBe('revoked');
  });

  test('that nobody lived to see is taken away at the end of its window, and its next attempt grants no more', async () => {
    const windowMs = 4_000;
    const e = await ask(11, windowMs);
    const first = another(h.store);
    let attempts = 0;
    let die = () => {};
    instead.set(e.request.target.key, {
      ...first,
      grant: (order, signal, steps) => {
        attempts += 1;
        if (attempts > 1) return first.grant(order, signal, steps);
        return new Promise((_, reject) => {
          die = () => reject(new StintError('aws-unavailable'));
          // What it hears of AWS it tells nobody any more.
          first.grant(order, signal).catch(reject);
        });
      },
    });
    await e.approve(grace);
    await until(async () => has(11), 'the access');
    const there = Date.now();
    await until(async () => {
      await sweep([e]);
      return !has(11);
    }, 'the access to be gone');
    const row = await h.store.fence.grant(e.requestId);
    expect(msOf(row?.endedAt ?? instant(0))).toBeLessThan(there + windowMs + 5_000);
    expect(msOf(row?.notAfter ?? instant(0))).toBeGreaterThan(Date.now() + 60_000);
    die();
    expect(await e.result()).toBe('failed');
    expect(calls('CreateAccountAssignment', 11)).toHaveLength(1);
    expect(await typesOf(e.requestId)).toEqual(expect.arrayContaining(['swept', 'grant-failed', 'closed']));
  });

  test('whose run is terminated, deleted or begun anew while AWS is still at it is taken away at the end of its window', async () => {
    const windowMs = 4_000;
    const ways: readonly (readonly [number, (e: OfAws) => Promise<unknown>])[] = [
      [7, (e) => e.handle.terminate('test')],
      [8, (e) => remove(h.client, e)],
      [9, (e) => resetTo(h.client, e, 'first', false)],
      [10, (e) => resetTo(h.client, e, 'last', true)],
    ];
    const own = await Promise.all(ways.map(([account]) => ask(account, windowMs)));
    const usual = sim.settings.inProgressMs;
    Object.assign(sim.settings, { inProgressMs: [3_000, 3_000] });
    await Promise.all(own.map((e) => e.approve(grace)));
    await until(async () => ways.every(([account]) => calls('CreateAccountAssignment', account).length > 0), 'the creates');
    Object.assign(sim.settings, { inProgressMs: usual });
    await Promise.all(ways.map(([, act], i) => own[i] && act(own[i])));
    await until(async () => has(7) && has(8), 'what nobody waits for any more');
    await until(async () => {
      await sweep(own);
      return ways.every(([account]) => !has(account));
    }, 'the access to be gone');
    for (const [account] of ways) {
      const key = { accountId: accountId(account), setArn: set, userId: user };
      const lengths = sim.truth.intervals(key).map(({ from, to }) => to - from);
      expect([account, lengths.filter((ms) => ms > windowMs + 15_000)]).toEqual([account, []]);
    }
  });
});
