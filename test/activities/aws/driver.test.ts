import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { proveGone } from '../../../activities/target.js';
import { instant, msOf } from '../../../contract/ids.js';
import type { FarStep } from '../../../contract/ports.js';
import { EXAMPLE, HARSH } from '../../../sim/identity-center/index.js';
import { assignmentOf, never, type Rig, type RigOptions, requestId, soon, startRig, targetOf } from './rig.js';

let rig: Rig;
afterEach(() => rig.close());

async function begin(options?: RigOptions): Promise<Rig> {
  rig = await startRig(options);
  return rig;
}

/** Grants and answers the request's id. */
async function granted(target = targetOf()) {
  const id = requestId();
  await rig.driver.grant({ requestId: id, target, ...soon() }, never);
  return id;
}

test('a grant is done when AWS lists it, and a revoke when AWS lists it no more', async () => {
  const { driver, has } = await begin();
  const target = targetOf();
  const steps: string[] = [];
  const id = requestId();
  await driver.grant({ requestId: id, target, ...soon() }, never, { said: ({ kind }) => steps.push(kind) });
  expect(has(target)).toBe(true);
  expect(await driver.observe(id, target)).toMatchObject({ access: 'present', whose: 'ours' });
  await driver.revoke(id, target, never, { said: ({ kind }) => steps.push(kind) });
  expect(has(target)).toBe(false);
  expect(await driver.observe(id, target)).toMatchObject({ access: 'absent' });
  // The create is told of again when it was there.
  expect(steps).toEqual(['create', 'create', 'delete']);
});

test('D1.1, D5.34 what AWS accepts and fails later is told with its reason, and not created again', async () => {
  const { driver, aws, creates } = await begin();
  aws.faults.add({ kind: 'fail-change', reason: 'LimitExceeded: Cannot exceed quota for RolesPerAccount: 1000', times: 1 });
  const order = { requestId: requestId(), target: targetOf(), ...soon() };
  await expect(driver.grant(order, never)).rejects.toMatchObject({
    sentence: expect.stringMatching(/RolesPerAccount.*operator/s),
  });
  await expect(driver.grant(order, never)).rejects.toMatchObject({ sentence: expect.stringContaining('RolesPerAccount') });
  expect(creates()).toBe(1);
  expect(await driver.observe(order.requestId, order.target)).toMatchObject({ access: 'absent' });
});

test('D1.1 a delete that AWS accepts and fails later is told, and the next revoke sends another', async () => {
  const { driver, aws, has } = await begin();
  const target = targetOf();
  const id = await granted(target);
  aws.faults.add({ kind: 'fail-change', reason: 'Received a 500 status error', times: 1 });
  await expect(driver.revoke(id, target, never)).rejects.toMatchObject({
    code: 'not-gone',
    sentence: expect.stringContaining('500'),
  });
  expect(has(target)).toBe(true);
  await driver.revoke(id, target, never);
  expect(has(target)).toBe(false);
});

test('D1.1 a delete that AWS took and failed is sent again by the proof that waits for it, long before the watch is over', async () => {
  const { driver, aws, has, deletes } = await begin();
  const target = targetOf();
  const id = await granted(target);
  aws.faults.add({ kind: 'fail-change', operation: 'DeleteAccountAssignment', reason: 'Received a 500 status error', times: 2 });
  const call = { signal: () => never, sleep: (ms: number) => sleep(ms) };
  const [from, settled] = [performance.now(), instant(Date.now() - 60_000)];
  await proveGone(driver, { requestId: id, target }, settled, { clock: Date.now, call });
  expect([has(target), deletes()]).toEqual([false, 3]);
  expect(performance.now() - from).toBeLessThan(10_000);
});

test('D1.1 lists that lag, empty and short pages: done is said only when the list says so', async () => {
  const { driver, has } = await begin({ settings: { ...HARSH, listDelayMs: [600, 900], inProgressMs: [200, 400] } });
  const target = targetOf();
  const id = await granted(target);
  expect(await driver.observe(id, target)).toMatchObject({ access: 'present', whose: 'ours' });
  await driver.revoke(id, target, never);
  expect(has(target)).toBe(false);
});

test('D1.1 while a create of ours is in progress nothing is called absent', async () => {
  const { driver, aws, creates } = await begin({ settings: { inProgressMs: [1500, 1500] } });
  const target = targetOf();
  const id = requestId();
  const stop = new AbortController();
  const granting = driver.grant({ requestId: id, target, ...soon() }, stop.signal);
  await expect.poll(creates).toBe(1);
  await expect.poll(() => aws.truth.changes().length).toBe(1);
  stop.abort(new Error('given up'));
  await expect(granting).rejects.toThrow('given up');
  expect(await driver.observe(id, target)).toMatchObject({ access: 'unknown' });
  // nor by a process that never saw the answer, also while the store is down
  expect(await rig.another().observe(id, target)).toMatchObject({ access: 'unknown' });
  rig.marks.down = true;
  expect(await rig.another().observe(id, target)).toMatchObject({ access: 'unknown' });
});

test('while AWS takes it back nobody asks its list whether it is gone', async () => {
  const { driver, aws } = await begin({ settings: { inProgressMs: [1000, 1000] } });
  const target = targetOf();
  const id = await granted(target);
  const revoking = driver.revoke(id, target, never);
  await expect.poll(() => aws.truth.calls('DeleteAccountAssignment').length).toBe(1);
  await expect.poll(async () => (await driver.observe(id, target)).how).toContain('taking it back');
  const looks = aws.truth.calls('ListAccountAssignments').length;
  await driver.observe(id, target);
  expect(aws.truth.calls('ListAccountAssignments')).toHaveLength(looks);
  await revoking;
  expect(await driver.observe(id, target)).toMatchObject({ access: 'absent' });
});

test('D1.3 a revoke takes pinned ids: neither directory nor store nor Organizations is asked', async () => {
  const { driver, aws, marks, has } = await begin();
  const target = targetOf();
  const id = await granted(target);
  marks.down = true;
  aws.settings.caller = 'management';
  aws.faults.add({ kind: 'down', operation: 'DescribeUser' });
  aws.faults.add({ kind: 'down', operation: 'ListAccounts' });
  const before = aws.truth.callCount();
  await driver.revoke(id, target, never);
  expect(has(target)).toBe(false);
  expect(aws.truth.calls().slice(before)[0]?.operation).toBe('DeleteAccountAssignment');
});

test('with the store down a process that knows nothing takes away only what its caller says was not there before', async () => {
  const { driver, marks, has } = await begin();
  const target = targetOf();
  const id = await granted(target);
  marks.down = true;
  const other = rig.another();
  await expect(other.revoke(id, target, never)).rejects.toMatchObject({ code: 'store-unavailable' });
  expect(await other.observe(id, target)).toMatchObject({ access: 'present' });
  expect((await other.observe(id, target)).whose).toBeUndefined();
  await other.revoke(id, target, never, { before: 'present' });
  expect(has(target)).toBe(true);
  await other.revoke(id, target, never, { before: 'absent' });
  expect(has(target)).toBe(false);
  await driver.revoke(id, target, never);
});

test('what its caller saw given is taken away though the store lost the mark, or says otherwise by now', async () => {
  const { marks, deletes, has } = await begin();
  const target = targetOf();
  for (const says of [undefined, 'present'] as const) {
    const id = await granted(target);
    marks.lose(id);
    if (says) await marks.note(id, target, says, instant(Date.now()));
    const other = rig.another();
    expect(await other.observe(id, target, { before: 'absent' })).toMatchObject({ access: 'present', whose: 'ours' });
    await other.revoke(id, target, never, { before: 'absent' });
    expect(has(target)).toBe(false);
    expect(await other.observe(id, target, { before: 'absent' })).toMatchObject({ access: 'absent' });
  }
  expect(deletes()).toBe(2);
});

test('what the store has on record as ours is ours, whatever its caller says', async () => {
  const { has } = await begin();
  const target = targetOf();
  const id = await granted(target);
  const other = rig.another();
  expect(await other.observe(id, target, { before: 'present' })).toMatchObject({ access: 'present', whose: 'ours' });
  await other.revoke(id, target, never, { before: 'present' });
  expect(has(target)).toBe(false);
});

test('without a word of store or caller nothing is called gone, though the list shows nothing', async () => {
  const { marks, has } = await begin();
  const target = targetOf();
  const id = await granted(target);
  await rig.driver.revoke(id, target, never);
  expect(has(target)).toBe(false);
  marks.down = true;
  expect(await rig.another().observe(id, target)).toMatchObject({ access: 'unknown', how: expect.stringContaining('store') });
  // A word of its caller leads to the create, and it is waited until no list can lag behind it any more.
  const other = rig.another();
  const told = { before: 'absent' } as const;
  await expect
    .poll(async () => (await other.observe(id, target, told)).access, { timeout: 20_000, interval: 500 })
    .toBe('absent');
});

test('an attempt that finds the mark lost knows its create by what it remembers, and does not take it for standing access', async () => {
  const { driver, marks, creates } = await begin({ settings: { inProgressMs: [300, 300] } });
  const target = targetOf();
  const steps: FarStep[] = [];
  const id = requestId();
  await driver.grant({ requestId: id, target, ...soon() }, never, { said: (step) => void steps.push(step) });
  marks.lose(id);
  const next = rig.another();
  await next.grant({ requestId: id, target, ...soon() }, never, { earlier: steps[0] as FarStep });
  expect([creates(), marks.of(id)?.before]).toEqual([1, 'absent']);
});

test('what was given since the caller began, with no mark on record, is neither called gone nor taken away', async () => {
  const { driver, aws, marks, has } = await begin({ settings: { inProgressMs: [1500, 1500] } });
  const target = targetOf();
  const id = requestId();
  const stop = new AbortController();
  const granting = driver.grant({ requestId: id, target, ...soon() }, stop.signal).catch(() => undefined);
  await expect.poll(() => aws.truth.changes().length).toBe(1);
  stop.abort();
  await granting;
  marks.lose(id);
  const [other, since] = [rig.another(), instant(Date.now() - 10_000)];
  expect(await other.observe(id, target, { since })).toMatchObject({ access: 'unknown' });
  await expect.poll(() => has(target), { timeout: 10_000 }).toBe(true);
  const seen = await other.observe(id, target, { since });
  expect([seen.access, seen.whose]).toEqual(['present', undefined]);
  await expect(other.revoke(id, target, never, { since })).rejects.toMatchObject({ code: 'store-unavailable' });
  // What is older is not of this time: there is no mark because nothing was sent.
  expect(await other.observe(id, target, { since: instant(Date.now() + 60_000) })).toMatchObject({ whose: 'standing' });
});

test('D2.9 standing access is not granted again and never removed', async () => {
  const { driver, creates, deletes, has } = await begin();
  const target = targetOf({ accountId: EXAMPLE.sandbox, permissionSetArn: EXAMPLE.readOnly, principalId: EXAMPLE.grace });
  const order = { requestId: requestId(), target, ...soon() };
  await expect(driver.grant(order, never)).rejects.toMatchObject({ sentence: expect.stringMatching(/have .* already/) });
  await expect(rig.another().grant(order, never)).rejects.toMatchObject({ sentence: expect.stringMatching(/have .* already/) });
  await driver.revoke(order.requestId, target, never);
  await rig.another().revoke(order.requestId, target, never);
  expect(await driver.observe(order.requestId, target)).toMatchObject({ access: 'present', whose: 'standing' });
  expect([creates(), deletes(), has(target)]).toEqual([0, 0, true]);
});

test('D2.10 a revoke of an elevation that never created anything deletes nothing', async () => {
  const { driver, deletes, has } = await begin();
  const target = targetOf({ accountId: EXAMPLE.sandbox, permissionSetArn: EXAMPLE.readOnly, principalId: EXAMPLE.grace });
  await driver.revoke(requestId(), target, never);
  expect([deletes(), has(target)]).toEqual([0, true]);
});

/** AWS' words for a delete of what is not there, of which nothing is true here. */
const NOT_THERE = "Received a 404 status error: EntitlementItem doesn't exist with the given entitlement key";

test('D2.11 "not there" counts as gone only when the list says so', async () => {
  const { driver, aws, has, deletes } = await begin();
  const target = targetOf();
  const id = await granted(target);
  // It is there all the same: AWS answers from what it has not caught up with, at once and later.
  aws.faults.add({ kind: 'fail-change', operation: 'DeleteAccountAssignment', reason: NOT_THERE, times: 1 });
  await expect(driver.revoke(id, target, never)).rejects.toMatchObject({ code: 'not-gone' });
  expect(await driver.observe(id, target)).toMatchObject({ access: 'present', whose: 'ours' });
  aws.faults.add({ kind: 'not-found', operation: 'DeleteAccountAssignment', times: 2 });
  await driver.revoke(id, target, never);
  expect([has(target), deletes()]).toEqual([false, 4]);
});

test('D2.11 what is not there, and not in the list either, is gone', async () => {
  const { driver, aws } = await begin();
  const target = targetOf();
  const id = await granted(target);
  aws.sync.remove(assignmentOf(target));
  const before = aws.truth.callCount();
  await driver.revoke(id, target, never);
  const asked = aws.truth.calls().slice(before);
  expect(asked.map(({ operation }) => operation)).toContain('ListAccountAssignments');
});

test('D2.11 "not there" is no end while the list can\'t be read', async () => {
  const { driver, aws } = await begin();
  const target = targetOf();
  const id = await granted(target);
  aws.faults.add({ kind: 'not-found', operation: 'DeleteAccountAssignment', times: 1 });
  aws.faults.add({ kind: 'denied', operation: 'ListAccountAssignments' });
  await expect(driver.revoke(id, target, never)).rejects.toMatchObject({ code: 'aws-rejected' });
  expect(await driver.observe(id, target)).toMatchObject({ access: 'unknown' });
});

test('D2.11 what another writer removed and added again in our window ends with our window', async () => {
  const { driver, aws, has } = await begin();
  const target = targetOf();
  const id = await granted(target);
  const key = assignmentOf(target);
  aws.sync.remove(key);
  aws.sync.add(key);
  await driver.revoke(id, target, never);
  expect(has(target)).toBe(false);
});

test('D2.12 a revoke while the create is in progress is answered with Conflict, and goes on until it is gone', async () => {
  const { driver, aws, has, creates } = await begin({ settings: { inProgressMs: [3000, 3000] } });
  const target = targetOf();
  const id = requestId();
  const stop = new AbortController();
  const granting = driver.grant({ requestId: id, target, ...soon() }, stop.signal).catch(() => undefined);
  await expect.poll(creates).toBe(1);
  await expect.poll(() => aws.truth.changes().length).toBe(1);
  stop.abort();
  await granting;
  await driver.revoke(id, target, never);
  expect(has(target)).toBe(false);
  expect(aws.truth.calls('DeleteAccountAssignment').some(({ outcome }) => outcome === 'ConflictException')).toBe(true);
  expect(await driver.observe(id, target)).toMatchObject({ access: 'absent' });
});

test('D2.12 a Conflict on a grant is waited for, with a look before each new try', async () => {
  const { aws, creates, has } = await begin();
  aws.faults.add({ kind: 'conflict', operation: 'CreateAccountAssignment', times: 2 });
  const target = targetOf();
  await granted(target);
  expect(creates()).toBe(3);
  expect(aws.truth.calls('ListAccountAssignments').length).toBeGreaterThanOrEqual(4);
  expect(has(target)).toBe(true);
});

for (const kind of ['drop-after', '500-after'] as const) {
  test(`a create whose answer was lost (${kind}) is found in AWS' list, not created twice`, async () => {
    const { aws, creates, has, marks } = await begin();
    aws.faults.add({ kind, operation: 'CreateAccountAssignment', times: 1 });
    const target = targetOf();
    const id = await granted(target);
    expect(creates()).toBe(1);
    expect(has(target)).toBe(true);
    expect(marks.of(id)?.create).toBe(aws.truth.changes()[0]?.requestId);
  });

  test(`a delete whose answer was lost (${kind}) ends gone`, async () => {
    const { driver, aws, has } = await begin();
    const target = targetOf();
    const id = await granted(target);
    aws.faults.add({ kind, operation: 'DeleteAccountAssignment', times: 1 });
    await driver.revoke(id, target, never);
    expect(has(target)).toBe(false);
  });
}

test('a process that dies after the create left is followed by one that finds it', async () => {
  const { aws, driver, creates, marks, has } = await begin({ settings: { inProgressMs: [400, 400] } });
  const target = targetOf();
  const order = { requestId: requestId(), target, ...soon() };
  const stop = new AbortController();
  // the store takes no id, so only AWS knows of the create
  const request = marks.request;
  marks.request = async () => undefined;
  const granting = driver.grant(order, stop.signal);
  await expect.poll(() => aws.truth.changes().length).toBe(1);
  stop.abort(new Error('died'));
  await expect(granting).rejects.toThrow('died');
  marks.request = request;
  await rig.another().grant(order, never);
  expect(creates()).toBe(1);
  expect(has(target)).toBe(true);
});

test('a create and a delete that only the caller remembers are gone on with; those about something else are not believed', async () => {
  const { driver, aws, marks, creates, deletes, has } = await begin({ settings: { statusListDelayMs: [5_000, 5_000] } });
  const [target, other] = [targetOf(), targetOf({ accountId: EXAMPLE.sandbox })];
  marks.request = async () => undefined;
  const steps: FarStep[] = [];
  const said = (step: FarStep): void => void steps.push(step);
  const id = requestId();
  await driver.grant({ requestId: id, target, ...soon() }, never, { said });
  // AWS' own list does not show it yet, so nothing but the memory leads to it.
  const second = { requestId: requestId(), target: other, ...soon() };
  const now = instant(Date.now());
  await marks.note(second.requestId, other, 'absent', now, { until: now });
  await rig.another().grant(second, never, { earlier: steps[0] as FarStep });
  expect([creates(), has(other)]).toEqual([2, true]);
  await rig.another().grant({ requestId: id, target, ...soon() }, never, { earlier: steps[0] as FarStep });
  expect(creates()).toBe(2);

  aws.settings.inProgressMs = [400, 400];
  const stop = new AbortController();
  const revoking = driver.revoke(id, target, stop.signal, { said });
  await expect.poll(deletes).toBe(1);
  await expect.poll(() => steps.at(-1)?.kind).toBe('delete');
  stop.abort(new Error('died'));
  await expect(revoking).rejects.toThrow('died');
  const told = { before: 'absent', earlier: steps.at(-1) as FarStep } as const;
  await rig.another().revoke(id, target, never, told);
  expect([deletes(), has(target), has(other)]).toEqual([1, false, true]);
  await rig.another().revoke(second.requestId, other, never, told);
  expect([deletes(), has(other)]).toEqual([2, false]);
});

test('tells since when AWS had done it, however late its list shows it and whoever sees that', async () => {
  const { driver, aws } = await begin({ settings: { inProgressMs: [200, 200] } });
  const order = { requestId: requestId(), target: targetOf(), ...soon() };
  const steps: FarStep[] = [];
  const said = (step: FarStep): void => void steps.push(step);
  const granting = driver.grant(order, never, { said });
  await expect.poll(() => aws.truth.changes().length).toBe(1);
  aws.faults.add({ kind: 'down', operation: 'ListAccountAssignments' });
  await expect.poll(() => steps.at(-1)?.doneAt, { timeout: 10_000 }).toBeDefined();
  const done = steps.at(-1);
  const seenBy = Date.now();
  await expect.poll(() => Date.now() - seenBy, { timeout: 5_000 }).toBeGreaterThan(1_500);
  aws.faults.clear();
  await granting;
  expect(msOf(steps.at(-1)?.doneAt ?? instant(0))).toBeLessThanOrEqual(seenBy);
  // The next process keeps to it, but to nothing that cannot be: AWS was not asked before that.
  await rig.another().grant(order, never, { earlier: done as FarStep, said });
  expect(steps.at(-1)).toEqual(done);
  await rig.another().grant(order, never, { earlier: { ...(done as FarStep), doneAt: instant(0) }, said });
  expect(msOf(steps.at(-1)?.doneAt ?? instant(0))).toBeGreaterThan(seenBy - 60_000);
});

test('what its list does not show for as long as was approved is a grant that failed, and is not waited for', async () => {
  const { driver, aws, has } = await begin({ settings: { inProgressMs: [200, 200] } });
  const order = { requestId: requestId(), target: targetOf(), ...soon(), maxMs: 1_000 };
  const granting = driver.grant(order, never);
  granting.catch(() => undefined);
  await expect.poll(() => aws.truth.changes().length).toBe(1);
  aws.faults.add({ kind: 'down', operation: 'ListAccountAssignments' });
  await expect(granting).rejects.toMatchObject({ code: 'aws-failed', retryable: false });
  aws.faults.clear();
  await driver.revoke(order.requestId, order.target, never);
  expect(has(order.target)).toBe(false);
});

test('what another began to make before our look is theirs: waited for, told as standing, and never removed', async () => {
  const { driver, aws, creates, deletes, has } = await begin({ settings: { inProgressMs: [1_500, 1_500] } });
  const target = targetOf();
  const theirs = rig.another();
  const stop = new AbortController();
  const foreign = theirs.grant({ requestId: requestId(), target, ...soon() }, stop.signal).catch(() => undefined);
  await expect.poll(() => aws.truth.changes().length).toBe(1);
  stop.abort();
  await foreign;
  const order = { requestId: requestId(), target, ...soon() };
  await expect(driver.grant(order, never)).rejects.toMatchObject({ code: 'have-already' });
  await driver.revoke(order.requestId, target, never);
  expect([creates(), deletes(), has(target)]).toEqual([1, 0, true]);
});

test('no create leaves at or after its last instant, however slow the look before it was', async () => {
  const { driver, aws, creates } = await begin();
  aws.faults.add({ kind: 'latency', operation: 'ListAccountAssignments', ms: 400, times: 1 });
  const order = { requestId: requestId(), target: targetOf(), ...soon(200) };
  await expect(driver.grant(order, never)).rejects.toMatchObject({ code: 'too-late' });
  expect(creates()).toBe(0);
});

test('a grant ends its waiting at once when it is given up', async () => {
  const { driver, aws } = await begin({ settings: { inProgressMs: [30_000, 30_000] } });
  const stop = new AbortController();
  const granting = driver.grant({ requestId: requestId(), target: targetOf(), ...soon() }, stop.signal);
  await expect.poll(() => aws.truth.changes().length).toBe(1);
  const from = Date.now();
  stop.abort(new Error('given up'));
  await expect(granting).rejects.toThrow('given up');
  expect(Date.now() - from).toBeLessThan(200);
});

test('without the store nothing is created', async () => {
  const { driver, marks, creates } = await begin();
  marks.down = true;
  const order = { requestId: requestId(), target: targetOf(), ...soon() };
  await expect(driver.grant(order, never)).rejects.toMatchObject({ code: 'store-unavailable' });
  expect(creates()).toBe(0);
});

test('D5.31 an account that does not exist is told, and nothing counts as ours', async () => {
  const { driver, creates } = await begin();
  const target = targetOf({ accountId: '999999999999' });
  const order = { requestId: requestId(), target, ...soon() };
  await expect(driver.grant(order, never)).rejects.toMatchObject({ code: expect.stringMatching(/aws-(rejected|failed)/) });
  expect(creates()).toBeLessThanOrEqual(1);
  await driver.revoke(order.requestId, target, never);
  expect(await driver.observe(order.requestId, target)).toMatchObject({ access: 'absent' });
});

test('D5.32 a permission set that is deleted ends the grant: gone, since the list of sets says so', async () => {
  const { driver, aws } = await begin();
  const target = targetOf();
  const id = await granted(target);
  aws.sync.remove(assignmentOf(target));
  aws.world.sets.delete(target.permissionSetArn);
  await driver.revoke(id, target, never);
  expect(await driver.observe(id, target)).toMatchObject({ access: 'absent', how: expect.stringContaining('permission set') });
});

test('D5.32 an assignment whose user is deleted, which AWS cannot delete, is gone for us', async () => {
  const { driver, aws } = await begin();
  const target = targetOf();
  const id = await granted(target);
  aws.world.users.delete(target.principalId);
  await driver.revoke(id, target, never);
  expect(await driver.observe(id, target)).toMatchObject({ access: 'absent', how: expect.stringContaining('deleted') });
});

test('D5.32 an account that left the organisation is gone only when the list of accounts says so', async () => {
  const { driver, aws } = await begin();
  const target = targetOf();
  const id = await granted(target);
  aws.faults.add({ kind: 'not-found', operation: 'ListAccountAssignments' });
  expect(await driver.observe(id, target)).toMatchObject({ access: 'unknown' });
  aws.world.accounts.delete(target.accountId);
  await driver.revoke(id, target, never);
  expect(await driver.observe(id, target)).toMatchObject({ access: 'absent', how: 'AWS lists the account no more.' });
});

test('D5.32 what was renamed or suspended since is taken back by its ids', async () => {
  const { driver, aws, has } = await begin();
  const target = targetOf();
  const id = await granted(target);
  const { accounts, sets, users } = aws.world;
  const [account, set, user] = [accounts.get(target.accountId), sets.get(target.permissionSetArn), users.get(target.principalId)];
  if (!account || !set || !user) throw new Error('the example has them');
  accounts.set(account.id, { ...account, name: 'renamed', status: 'SUSPENDED' });
  sets.set(set.arn, { ...set, name: 'Renamed' });
  users.set(user.id, { ...user, userName: 'renamed', email: 'renamed@example.com' });
  await driver.revoke(id, target, never);
  expect(has(target)).toBe(false);
  expect(await driver.observe(id, target)).toMatchObject({ access: 'absent' });
});

test('D4.23 two grants of one elevation in the same moment, by several processes too, are one create', async () => {
  const { driver, creates, has } = await begin({ settings: { inProgressMs: [300, 300] } });
  const order = { requestId: requestId(), target: targetOf(), ...soon() };
  const calls = [driver, driver, rig.another(), rig.another()].map((each) => ({ each, signal: new AbortController().signal }));
  // Whoever meets another's create is told to come again, as a worker does.
  const tried = await Promise.allSettled(calls.map(({ each, signal }) => each.grant(order, signal)));
  for (const { reason } of tried.filter((one) => one.status === 'rejected')) expect(reason).toMatchObject({ retryable: true });
  for (const { each, signal } of calls) await each.grant(order, signal);
  expect([creates(), has(order.target)]).toEqual([1, true]);
});

test('D5.33 what a delegated administrator may not do is told with the fix', async () => {
  const { driver } = await begin({ settings: { caller: 'delegated' } });
  const order = { requestId: requestId(), target: targetOf({ accountId: EXAMPLE.management }), ...soon() };
  await expect(driver.grant(order, never)).rejects.toMatchObject({
    sentence: expect.stringContaining('delegated administrator'),
  });
});

test('expired credentials are said to be so, and a revoke may be tried again', async () => {
  const { driver, aws } = await begin();
  const target = targetOf();
  const id = await granted(target);
  aws.faults.add({ kind: 'expired' });
  await expect(driver.revoke(id, target, never)).rejects.toMatchObject({
    retryable: true,
    sentence: expect.stringContaining('credentials'),
  });
  expect(await driver.observe(id, target)).toMatchObject({ access: 'unknown' });
  aws.faults.clear();
  await driver.revoke(id, target, never);
});

test('a wrong region is told as such', async () => {
  const { driver } = await begin({ region: 'eu-west-1' });
  const order = { requestId: requestId(), target: targetOf(), ...soon() };
  await expect(driver.grant(order, never)).rejects.toMatchObject({ sentence: expect.stringMatching(/credentials|region/i) });
});

test('what AWS lists of the open elevations is ours', async () => {
  const { driver } = await begin();
  const target = targetOf();
  const id = await granted(target);
  const other = await granted(targetOf({ principalId: EXAMPLE.linus }));
  await driver.revoke(other, targetOf({ principalId: EXAMPLE.linus }), never);
  expect(await driver.listOurs()).toEqual([{ target: target.key, requestId: id }]);
});
