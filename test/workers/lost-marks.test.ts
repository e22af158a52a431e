/**
 * The store has lost what stood before a grant, and nothing else. Whoever takes the access away past its workflow goes by the
 * ledger then: over the real driver and the stand-in of Identity Center, judged by who has access there.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Aws, createAws } from '../../activities/targets/aws-permission-set/aws.js';
import { systemTime } from '../../activities/targets/aws-permission-set/time.js';
import type { Marks } from '../../activities/targets/aws-permission-set/types.js';
import type { Alarm } from '../../contract/alarms.js';
import type { AnyEvent } from '../../contract/events.js';
import { instant, type PersonId, type RequestId } from '../../contract/ids.js';
import type { Store } from '../../contract/ports.js';
import type { AwsPermissionSetTarget } from '../../contract/request.js';
import { openStore } from '../../ledger/store.js';
import { requestDigest } from '../../seal/canonical.js';
import { bigOrganization, type IdentityCenterStandIn, startIdentityCenter } from '../../sim/identity-center/index.js';
import { fence, proveEnded } from '../../workers/end-now.js';
import { type Reconciled, reconcileOnce } from '../../workers/reconcile.js';
import { type SweepDeps, sweepGrant } from '../../workers/sweep.js';
import { calm, soon } from '../activities/aws/rig.js';
import { Elevation, RUN, VERDICT } from '../ledger/events.js';

const MIN = 60_000;
const seed = bigOrganization({ accounts: 12, sets: 1, users: 2 });
let sim: IdentityCenterStandIn;
let store: Store;
/** The process that granted, and one that came later and finds no mark in the store. */
let first: Aws;
let later: Aws;
let alarms: Alarm[];
let next = 0;

beforeAll(async () => {
  process.env.AWS_ACCESS_KEY_ID = 'AKIDEXAMPLE';
  process.env.AWS_SECRET_ACCESS_KEY = 'not-a-secret';
  sim = await startIdentityCenter({ seed });
  store = await openStore({ memory: true, clock: Date.now });
  first = awsOver(store.marks as Marks);
});
afterAll(async () => {
  first?.close();
  await store?.close();
  await sim?.close();
});
beforeEach(() => {
  alarms = [];
  next += 1; // each test has an account for itself
  later = awsOver({ ...(store.marks as Marks), read: async () => undefined });
});
afterEach(() => later.close());

const awsOver = (marks: Marks): Aws => createAws({ settings: { region: sim.region, endpoint: sim.url }, processes: 2, marks });

function target(): AwsPermissionSetTarget {
  const [accountId = '', permissionSetArn = ''] = [seed.accounts[next]?.id, seed.permissionSets[0]?.arn];
  const principalId = seed.users[0]?.id ?? '';
  const key = `aws/${accountId}/${permissionSetArn.slice(permissionSetArn.lastIndexOf('/') + 1)}/${principalId}`;
  const names = { accountName: `account-${next}`, setName: 'Set1', display: `Set1 in account-${next}` };
  const { instanceArn } = seed;
  return {
    kind: 'aws-permission-set',
    key,
    instanceArn,
    accountId,
    permissionSetArn,
    principalId,
    ...names,
    sessionMs: 3_600_000,
  };
}

const has = ({ accountId, permissionSetArn: setArn, principalId: userId }: AwsPermissionSetTarget) =>
  sim.truth.hasAccess({ accountId, setArn, userId });

/** An elevation that was granted ten minutes ago, for five: its row is there, and the ledger has what its workflow had told by then. */
async function granted(of: AwsPermissionSetTarget, confirmed: boolean): Promise<Elevation<AwsPermissionSetTarget>> {
  const e = new Elevation({ target: of });
  const { request } = e;
  const at = instant(Date.now() - 10 * MIN);
  const notAfter = instant(Date.now() - 5 * MIN);
  const write = (...events: AnyEvent[]) => store.ledger.append(events);
  await store.requests.put(request, requestDigest(request));
  await write(e.requested(), e.event('approved', { windowMs: 5 * MIN, startBy: at, verdict: VERDICT }, { at }));
  expect(await store.fence.arm(e.grant({ notAfter }), e.event('armed', { notAfter }, { at }), at)).toEqual({ ok: true });
  await write(e.event('grant-sent', { sendBefore: at }, { at }));
  await first.driver.grant({ requestId: request.requestId, target: of, ...soon() }, calm());
  if (confirmed) await write(e.event('confirmed', { confirmedAt: at, deadlineAt: notAfter }, { at }));
  return e;
}

function sweepDeps(change: Partial<SweepDeps> = {}): SweepDeps {
  const alarm: SweepDeps['alarm'] = (_said, _grant, error) => {
    if (error) throw error;
  };
  return { store, driverOf: () => later.driver, clock: Date.now, sleep: systemTime.sleep, alarm, ...change };
}

async function reconciled(): Promise<Reconciled> {
  // Nobody waits here for a grant call that could still land.
  const driver = { ...later.driver, settleMs: 0 };
  const deps = {
    store,
    drivers: [driver],
    driverOf: () => driver,
    known: async () => [],
    clock: Date.now,
    sleep: systemTime.sleep,
  };
  const raise = (alarm: Alarm): void => void alarms.push(alarm);
  return reconcileOnce({ ...deps, alarms: { raise }, sweep: { alarm: () => undefined } }, { dryRun: false });
}

const deletes = (): number => sim.truth.calls('DeleteAccountAssignment').length;
const rowOf = async (requestId: RequestId) => {
  const row = await store.fence.grant(requestId);
  if (!row) throw new Error('the row is gone');
  return row;
};
/** Whether it is told as gone, and how many say so in the ledger. */
const told = async (requestId: RequestId) => {
  const seenGone = (await store.ledger.timeline(requestId)).filter(({ type }) => type === 'swept');
  return [(await rowOf(requestId)).goneAt !== undefined, seenGone.length];
};

it('the sweep takes it away, and only then tells that it is gone', async () => {
  const ours = target();
  const { requestId } = (await granted(ours, true)).request;
  await sweepGrant(sweepDeps(), await rowOf(requestId));
  expect([has(ours), ...(await told(requestId))]).toEqual([false, true, 1]);
});

it('an end past the workflow takes it away, and only then tells that it is gone', async () => {
  const ours = target();
  const { requestId } = (await granted(ours, true)).request;
  await fence({ store, clock: Date.now }, requestId);
  await proveEnded({ store, driverOf: () => later.driver, clock: Date.now, sleep: systemTime.sleep }, requestId, 'operator');
  expect([has(ours), ...(await told(requestId))]).toEqual([false, true, 1]);
});

it('the reconciler finds what is overdue as ours, takes it away, and only then tells that it is gone', async () => {
  const ours = target();
  const { requestId } = (await granted(ours, true)).request;
  const { found } = await reconciled();
  expect(found).toMatchObject([{ what: 'left-behind', requestId, remedy: 'sweep', did: 'removed' }]);
  expect(alarms).toMatchObject([{ sentence: expect.stringContaining(ours.display) }]);
  expect([has(ours), ...(await told(requestId))]).toEqual([false, true, 1]);
});

it('the reconciler takes away what two people closed without proof, and only then tells that it is gone', async () => {
  const ours = target();
  const e = await granted(ours, true);
  const { requestId } = e.request;
  const at = instant(Date.now());
  await store.fence.end(requestId, RUN, ours, 'ada' as PersonId, at);
  await store.ledger.append([e.event('expired', {}, { at }), e.event('closed-unproven', { findingDigests: [] }, { at })]);
  await store.fence.gone(requestId, at);
  const { found } = await reconciled();
  expect(found).toMatchObject([{ what: 'left-behind', requestId, remedy: 'remove', did: 'removed' }]);
  expect([has(ours), ...(await told(requestId))]).toEqual([false, true, 1]);
});

it('what was given since it was armed, and was never confirmed, is neither taken away nor told as gone', async () => {
  const ours = target();
  const { requestId } = (await granted(ours, false)).request;
  const swept = sweepGrant(sweepDeps({ watchMs: 1_000 }), await rowOf(requestId));
  await expect(swept).rejects.toMatchObject({ code: 'not-gone', sentence: expect.stringContaining('store') });
  expect([has(ours), ...(await told(requestId))]).toEqual([true, false, 0]);
  // Its mark is there after all.
  await sweepGrant(sweepDeps({ driverOf: () => first.driver }), await rowOf(requestId));
  expect([has(ours), ...(await told(requestId))]).toEqual([false, true, 1]);
});

it('what a person had before they asked is left alone, and told as not ours', async () => {
  const standing = target();
  const before = deletes();
  const { accountId, permissionSetArn: setArn, principalId } = standing;
  sim.sync.add({ accountId, setArn, principalType: 'USER', principalId });
  const e = new Elevation({ target: standing });
  const { requestId } = e.request;
  const at = instant(Date.now() - 10 * MIN);
  const grant = e.grant({ notAfter: instant(Date.now() - 5 * MIN) });
  await store.requests.put(e.request, requestDigest(e.request));
  await store.ledger.append([e.requested(), e.approved()]);
  await store.fence.arm(grant, e.event('armed', { notAfter: grant.notAfter }, { at }), at);
  await store.ledger.append([e.event('grant-failed', { code: 'have-already' }, { at })]);
  await sweepGrant(sweepDeps(), await rowOf(requestId));
  expect([has(standing), ...(await told(requestId))]).toEqual([true, true, 1]);
  expect(deletes()).toBe(before);
});
