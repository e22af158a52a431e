/** Reconciler and sweep over the real driver and the stand-in of Identity Center: judged by who has access there. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Aws, createAws } from '../../activities/targets/aws-permission-set/aws.js';
import { systemTime } from '../../activities/targets/aws-permission-set/time.js';
import type { Marks } from '../../activities/targets/aws-permission-set/types.js';
import { createAwsWalk } from '../../activities/targets/aws-permission-set/walk.js';
import type { Alarm } from '../../contract/alarms.js';
import { instant, msOf, NO_DIGEST, type PersonId } from '../../contract/ids.js';
import type { AwsAbout, Store } from '../../contract/ports.js';
import type { AwsPermissionSetTarget, TargetKind } from '../../contract/request.js';
import { openStore } from '../../ledger/store.js';
import { requestDigest } from '../../seal/canonical.js';
import { bigOrganization, type IdentityCenterStandIn, startIdentityCenter } from '../../sim/identity-center/index.js';
import { fence, proveEnded } from '../../workers/end-now.js';
import { askStore } from '../../workers/questions.js';
import { type ReconcileDeps, reconcileOnce } from '../../workers/reconcile.js';
import { sweepOnce } from '../../workers/sweep.js';
import { calm, soon } from '../activities/aws/rig.js';
import { Elevation, RUN, VERDICT } from '../ledger/events.js';
import { Fleet, newMac } from './reconcile-bench.js';

const MIN = 60_000;
const seed = bigOrganization({ accounts: 14, sets: 4, users: 8 });
const [ada = '', eve = ''] = seed.users.map(({ id }) => id);
let sim: IdentityCenterStandIn;
let store: Store;
let aws: Aws;
let alarms: Alarm[];
let named: (about: AwsAbout) => boolean;
let next = 0;

beforeAll(async () => {
  process.env.AWS_ACCESS_KEY_ID = 'AKIDEXAMPLE';
  process.env.AWS_SECRET_ACCESS_KEY = 'not-a-secret';
  sim = await startIdentityCenter({ seed });
  store = await openStore({ memory: true, clock: Date.now });
  aws = createAws({ settings: { region: sim.region, endpoint: sim.url }, processes: 1, marks: store.marks as Marks });
});
afterAll(async () => {
  aws?.close();
  await store?.close();
  await sim?.close();
});
beforeEach(() => {
  alarms = [];
  next += 1;
  // Each test has an account for itself.
  const own = accountId();
  named = (about) => about.accountId === own;
});

const accountId = (): string => seed.accounts[next]?.id ?? '';

function target(user = ada, set = 0): AwsPermissionSetTarget {
  const permissionSetArn = seed.permissionSets[set]?.arn ?? '';
  const key = `aws/${accountId()}/${permissionSetArn.slice(permissionSetArn.lastIndexOf('/') + 1)}/${user}`;
  const [accountName, setName] = [`account-${next}`, `Set${set + 1}`];
  const names = { accountName, setName, display: `${setName} in ${accountName}` };
  const { instanceArn } = seed;
  const ids = { instanceArn, accountId: accountId(), permissionSetArn, principalId: user };
  return { kind: 'aws-permission-set', key, ...ids, ...names, sessionMs: 3_600_000 };
}

const has = ({ permissionSetArn: setArn, principalId: userId }: AwsPermissionSetTarget) =>
  sim.truth.hasAccess({ accountId: accountId(), setArn, userId });
const byHand = ({ permissionSetArn: setArn, principalId }: AwsPermissionSetTarget) =>
  ({ accountId: accountId(), setArn, principalType: 'USER', principalId }) as const;
const deletes = () => sim.truth.calls('DeleteAccountAssignment').length;

function run(change: Partial<ReconcileDeps> = {}, options = { dryRun: false, all: false }) {
  const { catalogue, calls, driver, identity } = aws;
  const deps: ReconcileDeps = {
    store,
    drivers: [driver],
    driverOf: () => driver,
    known: async () => [],
    walks: [
      createAwsWalk({ catalogue, calls, names: identity.names, named: async () => (about) => named(about), now: Date.now }),
    ],
    clock: Date.now,
    sleep: systemTime.sleep,
    alarms: { raise: (alarm) => void alarms.push(alarm) },
    sweep: { alarm: () => undefined },
    ...change,
  };
  return reconcileOnce(deps, options);
}

/** An elevation that was granted, and armed `ago` with a window until `left` from now. */
async function granted(of: AwsPermissionSetTarget, ago: number, left: number, e = new Elevation({ target: of })) {
  const { request } = e;
  await store.requests.put(request, requestDigest(request));
  await store.ledger.append([e.requested()]);
  const grant = e.grant({ notAfter: instant(Date.now() + left) });
  expect(await store.fence.arm(grant, e.armed(grant), instant(Date.now() - ago))).toEqual({ ok: true });
  await aws.driver.grant({ requestId: request.requestId, target: of, ...soon() }, calm());
  return request.requestId;
}

/** An elevation that two people closed without proof, while AWS still has its assignment. */
async function closedWithoutProof(of: AwsPermissionSetTarget) {
  const e = new Elevation({ target: of });
  const id = await granted(of, 10 * MIN, 5 * MIN, e);
  const at = instant(Date.now());
  await store.fence.end(id, RUN, of, 'ada' as PersonId, at);
  await store.ledger.append([
    e.event('approved', { windowMs: MIN, startBy: at, verdict: VERDICT }),
    e.event('confirmed', { confirmedAt: at, deadlineAt: at }),
    e.event('grant-failed', { code: 'internal' }),
    e.event('closed-unproven', { findingDigests: [] }),
  ]);
  expect((await store.ledger.find(id))?.view).toMatchObject({ state: 'closed', outcome: 'unproven' });
  await store.fence.gone(id, at);
  return id;
}

it('what was closed without proof and is still there is removed, and proved; what is given later is not touched', async () => {
  const ours = target();
  const id = await closedWithoutProof(ours);
  expect((await run()).found).toMatchObject([{ what: 'left-behind', requestId: id, did: 'removed' }]);
  expect(has(ours)).toBe(false);
  sim.sync.add(byHand(ours));
  expect((await run()).found).toMatchObject([{ what: 'reappeared', requestId: id, did: 'told', remedy: 'none' }]);
  expect(has(ours)).toBe(true);
  sim.sync.remove(byHand(ours));
});

it('what was closed without proof and is once seen gone is over: what the person is given for good later is never touched', async () => {
  const ours = target();
  const id = await closedWithoutProof(ours);
  sim.sync.remove(byHand(ours));
  expect((await run({}, { dryRun: true, all: false })).found).toEqual([]);
  expect((await store.ledger.find(id))?.view.goneAt).toBeUndefined();
  for (let i = 0; i < 2; i++) expect((await run()).found).toEqual([]);
  const seenGone = (await store.ledger.timeline(id)).filter(({ type }) => type === 'swept');
  expect(seenGone).toMatchObject([{ actor: { via: 'reconciler' }, data: { how: expect.stringContaining('AWS lists nobody') } }]);
  // Nobody of us removed it, and the entry does not say so.
  const written = (await store.ledger.entries(0, 1_000))
    .map(({ body }) => JSON.parse(body))
    .findLast(({ type }) => type === 'swept');
  expect([written.requestId, written.code, written.text]).toEqual([id, 'ST6001E', 'Access observed gone, past its workflow']);
  sim.sync.add(byHand(ours));
  const before = deletes();
  expect((await run()).found).toMatchObject([{ what: 'reappeared', requestId: id, did: 'told', remedy: 'none' }]);
  // A day later nobody asks about that elevation any more: it is standing access as any other.
  const tomorrow = Date.now() + 25 * 60 * MIN;
  expect((await run({ clock: () => tomorrow })).found).toMatchObject([{ what: 'foreign', remedy: 'none' }]);
  expect([has(ours), deletes()]).toEqual([true, before]);
  sim.sync.remove(byHand(ours));
});

it('standing access is told once and never touched, and told again when it was gone in between', async () => {
  const standing = target();
  const before = deletes();
  sim.sync.add(byHand(standing));
  expect((await run()).found).toMatchObject([{ what: 'foreign', did: 'told', target: { key: standing.key } }]);
  expect(alarms).toMatchObject([{ severity: 'info', sentence: expect.stringContaining(standing.display) }]);
  expect((await run()).found).toMatchObject([{ did: 'known' }]);
  sim.sync.remove(byHand(standing));
  expect((await run()).found).toEqual([]);
  sim.sync.add(byHand(standing));
  expect((await run()).found).toMatchObject([{ what: 'foreign', did: 'told' }]);
  expect([has(standing), deletes()]).toEqual([true, before]);
});

it('strangers are told by what people call them, many of them in one summary, and by id where names cannot be read', async () => {
  const users = seed.users.slice(0, 7);
  for (const { id } of users) sim.sync.add(byHand(target(id)));
  await run();
  expect(alarms).toHaveLength(1);
  const { sentence = '' } = alarms[0] ?? {};
  expect(sentence).toMatch(/^7 accesses stand that Stint did not give: "stint reconcile --json" lists them/);
  expect(sentence).toContain(`${target().display}, held by ${users[0]?.userName}`);
  for (const { id } of users) expect(sentence).not.toContain(id);
  for (const { id } of users) sim.sync.remove(byHand(target(id)));
  await run();
  const [one] = users;
  sim.sync.add(byHand(target(one?.id)));
  const names = async () => Promise.reject(new Error('no'));
  const { catalogue, calls } = aws;
  await run({ walks: [createAwsWalk({ catalogue, calls, names, named: async () => (about) => named(about), now: Date.now })] });
  expect(alarms.at(-1)?.sentence).toContain(one?.id);
});

it('what an elevation of ours gave is no stranger, and left alone while it may be there', async () => {
  const ours = target();
  await granted(ours, MIN, 5 * MIN);
  expect((await run()).found).toEqual([]);
  expect(has(ours)).toBe(true);
});

it('what was gone and is there again is told for a day, and not removed: it may be anybody’s by now', async () => {
  const ours = target();
  const id = await granted(ours, MIN, 5 * MIN);
  await aws.driver.revoke(id, ours, calm());
  await store.fence.gone(id, instant(Date.now()));
  expect((await run()).found).toEqual([]);
  sim.sync.add(byHand(ours));
  expect((await run()).found).toMatchObject([{ what: 'reappeared', requestId: id, did: 'told', remedy: 'none' }]);
  expect(alarms).toMatchObject([{ severity: 'error', sentence: expect.stringContaining('sync') }]);
  expect((await run()).found).toMatchObject([{ did: 'known' }]);
  expect(has(ours)).toBe(true);
});

it('I15: what nobody ended is removed until AWS lists it no more, by the reconciler and by the sweep', async () => {
  const [first, second] = [target(ada), target(eve)];
  const id = await granted(first, 10 * MIN, -5 * MIN);
  const { found } = await run();
  expect(found.filter(({ target: { key } }) => key === first.key)).toMatchObject([
    { what: 'left-behind', requestId: id, did: 'removed' },
  ]);
  expect([has(first), (await store.fence.grant(id))?.goneAt]).toEqual([false, expect.any(String)]);
  const other = await granted(second, 10 * MIN, -5 * MIN);
  const { driver } = aws;
  const deps = { store, driverOf: () => driver, clock: Date.now, sleep: systemTime.sleep, alarm: () => undefined };
  expect(await sweepOnce(deps)).toBe(1);
  expect([has(second), (await store.fence.grant(other))?.goneAt]).toEqual([false, expect.any(String)]);
});

it('the sweep deletes nothing of an elevation that never created anything, whoever gave what stands there', async () => {
  const [one, other] = [target(ada), target(eve)];
  const before = deletes();
  const armed = async (of: AwsPermissionSetTarget) => {
    const e = new Elevation({ target: of });
    await store.requests.put(e.request, requestDigest(e.request));
    await store.ledger.append([e.requested()]);
    const grant = e.grant({ notAfter: instant(Date.now() - 5 * MIN) });
    expect(await store.fence.arm(grant, e.armed(grant), instant(Date.now() - 10 * MIN))).toEqual({ ok: true });
    return e.request.requestId;
  };
  // Of one nothing was noted; of the other the look before a create that never left, its time long over.
  const ids = [await armed(one), await armed(other)] as const;
  const [looked, until] = [instant(Date.now() - 8 * MIN), instant(Date.now() - 7 * MIN)];
  await store.marks.note(ids[1], other, 'absent', looked, { until });
  for (const each of [one, other]) sim.sync.add(byHand(each));
  const { driver } = aws;
  const deps = { store, driverOf: () => driver, clock: Date.now, sleep: systemTime.sleep, alarm: () => undefined };
  expect(await sweepOnce(deps)).toBe(2);
  expect([has(one), has(other), deletes()]).toEqual([true, true, before]);
  for (const id of ids) expect((await store.fence.grant(id))?.goneAt).toEqual(expect.any(String));
  expect((await run()).found.map(({ what, did }) => [what, did])).not.toContainEqual([expect.anything(), 'removed']);
  expect([has(one), has(other), deletes()]).toEqual([true, true, before]);
  for (const each of [one, other]) sim.sync.remove(byHand(each));
});

it('what is ended past its workflow is taken back at once, and proved by AWS’ own list', async () => {
  const ours = target();
  const id = await granted(ours, MIN, 5 * MIN);
  const { driver } = aws;
  // A grant call may still land for twenty seconds; here it was sent long ago.
  const stored = await store.requests.get(id);
  const at = instant(Date.now() - MIN);
  const about = { requestId: id, requestDigest: stored?.digest ?? NO_DIGEST, runId: RUN, at, actor: { via: 'system' } } as const;
  await store.ledger.append([{ ...about, id: `${id}/sent`, type: 'grant-sent', data: { sendBefore: at } }]);
  await fence({ store, clock: Date.now }, id);
  const proof = await proveEnded({ store, driverOf: () => driver, clock: Date.now, sleep: systemTime.sleep }, id, 'operator');
  expect(proof.how).toContain(ours.display);
  expect([has(ours), (await store.fence.grant(id))?.goneAt]).toEqual([false, proof.observedAt]);
});

it('all pairs that the policy names are walked, a part at each run, from where the last one came to', async () => {
  named = ({ set }) => set === 'Set1' || set === 'Set2';
  const { catalogue, calls } = aws;
  const asked: string[] = [];
  const assigned: typeof calls.assigned = async (pair) => {
    asked.push(`${pair.accountId}/${pair.permissionSetArn}`);
    return [];
  };
  const walk = createAwsWalk({
    catalogue,
    calls: { assigned },
    named: async () => named,
    now: Date.now,
  });
  const short = { ...walk, walk: (after: string | undefined, max: number) => walk.walk(after, Math.min(max, 10)) };
  for (const later of [20, 20, 20]) expect(await run({ walks: [short] })).toMatchObject({ later });
  // Three runs of ten over 30 pairs: all of them, each once.
  expect(new Set(asked).size).toBe(30);
  expect(asked).toHaveLength(30);
});

it('an AWS that answers nobody is told once for each run, and keeps no Mac from being looked at', async () => {
  named = () => true;
  const mac = newMac();
  const fleet = new Fleet(Date.now);
  fleet.of(mac).admin = 'standing';
  const drivers = [fleet, aws.driver];
  const driverOf = (kind: TargetKind) => (kind === 'mac-admin' ? fleet : aws.driver);
  sim.faults.add({ kind: '500', operation: 'ListAccountAssignments', times: 3 });
  const result = await run({ drivers, driverOf, known: async () => [mac] });
  expect(result.found).toContainEqual(expect.objectContaining({ what: 'foreign', target: mac, did: 'told' }));
  expect(result.failures).toMatchObject([{ what: 'everybody who holds something (aws-permission-set)', wide: true }]);
  // The walk goes on behind those at the next run.
  expect(await run({ drivers, driverOf, known: async () => [mac] })).toMatchObject({ failures: [] });
});

it('a walk is last in line: a grant in its midst is as quick as ever, and AWS throttles nothing', async () => {
  named = () => true;
  const walking = run({}, { dryRun: true, all: true });
  await systemTime.sleep(200);
  const from = Date.now();
  const id = await granted(target(ada, 3), MIN, 5 * MIN);
  const tookMs = Date.now() - from;
  let over = false;
  void walking.then(() => {
    over = true;
  });
  await systemTime.sleep(0);
  expect(over).toBe(false);
  expect(tookMs).toBeLessThan(2_000);
  expect(await walking).toMatchObject({ failures: [], later: 0 });
  expect(sim.truth.rates().ssoAdmin).toMatchObject({ throttled: 0 });
  await aws.driver.revoke(id, target(ada, 3), calm());
});

it('a person is not unbound while their user holds access of ours, and is once it was ended', async () => {
  const ask = askStore(store);
  const ours = target();
  const personId = 'ada' as PersonId;
  await store.bindings.bind(personId, ours.kind, ada, instant(Date.now()));
  const id = await granted(ours, MIN, 5 * MIN);
  await expect(ask({ ask: 'unbind', operator: 'root', personId })).rejects.toMatchObject({
    code: 'state-conflict',
    sentence: expect.stringContaining('stint revoke'),
  });
  expect(await store.bindings.get(personId, ours.kind)).toBe(ada);
  await aws.driver.revoke(id, ours, calm());
  await store.fence.gone(id, instant(Date.now()));
  for (const grant of await store.fence.open()) await store.fence.gone(grant.requestId, instant(Date.now()));
  expect(await ask({ ask: 'unbind', operator: 'root', personId })).toEqual({ personId, was: ada });
  expect(await ask({ ask: 'unbind', operator: 'root', personId })).toEqual({ personId, was: null });
});

// The last: what it gives lasts.
it('what is there while nobody has said when its window began ends with its window, counted from when it was seen here', async () => {
  const ours = target();
  const e = new Elevation({ target: ours });
  const { requestId } = e.request;
  const startBy = instant(Date.now() + 30 * MIN);
  const grant = e.grant({ notAfter: instant(Date.now() + 31 * MIN), windowMs: MIN });
  await store.ledger.append([e.requested(), e.event('approved', { windowMs: MIN, startBy, verdict: VERDICT })]);
  expect(await store.fence.arm(grant, e.armed(grant), instant(Date.now()))).toEqual({ ok: true });
  const until = async () => (await store.fence.grant(requestId))?.notAfter;
  await run();
  expect(await until()).toBe(grant.notAfter);
  await aws.driver.grant({ requestId, target: ours, ...soon() }, calm());
  await run({}, { dryRun: true, all: false });
  expect(await until()).toBe(grant.notAfter);
  const from = Date.now();
  expect((await run()).found.filter((one) => one.target.key === ours.key)).toEqual([]);
  const bound = msOf((await until()) ?? grant.notAfter);
  expect([bound >= from + MIN, bound <= Date.now() + MIN, has(ours)]).toEqual([true, true, true]);
  // It is not put off by the next look.
  await run();
  expect(await until()).toBe(instant(bound));
});

it('what was sent is over by then, however late it is seen here, and is taken away two minutes later where no sweep was', async () => {
  next = 1; // an account of which no test is left
  const ours = target(eve, 3);
  const e = new Elevation({ target: ours });
  const { requestId } = e.request;
  const startBy = instant(Date.now() + 30 * MIN);
  const grant = e.grant({ notAfter: instant(Date.now() + 31 * MIN), windowMs: MIN });
  await store.ledger.append([e.requested(), e.event('approved', { windowMs: MIN, startBy, verdict: VERDICT })]);
  expect(await store.fence.arm(grant, e.armed(grant), instant(Date.now()))).toEqual({ ok: true });
  const sentUntil = instant(Date.now() + MIN / 2);
  await store.fence.sending(requestId, grant.runId, sentUntil);
  await aws.driver.grant({ requestId, target: ours, ...soon() }, calm());
  const ofOurs = async (clock: () => number, options?: Parameters<typeof run>[1]) =>
    (await run({ clock }, options)).found.filter((one) => one.target.key === ours.key);
  const later = () => msOf(sentUntil) + 2 * MIN + 1_000;
  expect(await ofOurs(later, { dryRun: true, all: true })).toMatchObject([{ what: 'left-behind', requestId }]);
  expect(await ofOurs(Date.now)).toEqual([]);
  expect((await store.fence.grant(requestId))?.notAfter).toBe(sentUntil);
  expect(has(ours)).toBe(true);
});
