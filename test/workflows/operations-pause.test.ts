/**
 * A run, or one activity of it, that somebody paused in Temporal does nothing at its deadline, hears no revoke and proves
 * nothing. The sweep takes its access away all the same (I15); unpaused it goes on to its end, and grants nothing (I16).
 */
import { randomUUID } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { temporal } from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { spawnGuarded } from '../../cli/parent-watch.js';
import { devServerArgs, isServing } from '../../cli/temporal-server/dev-server.js';
import { findServer } from '../../cli/temporal-server/find.js';
import { freePort } from '../../cli/temporal-server/ports.js';
import { StintError } from '../../contract/errors.js';
import { sweepOnce } from '../../workers/sweep.js';
import { grace, linus } from '../fixtures/people.js';
import { type Asked, type Harness, startHarness, until } from './harness.js';

const PAUSED = temporal.api.enums.v1.PendingActivityState.PENDING_ACTIVITY_STATE_PAUSED;
const FAR_MS = 24 * 60 * 60_000;
let server: { readonly address: string; stop(): Promise<void> };
let h: Harness;

/** A server that lets workflows be paused, which the usual one does only when it is told so. */
async function startPausingServer(): Promise<typeof server> {
  const { TEMPORAL_ADDRESS: _, ...env } = process.env;
  const found = await findServer({ env, say: (line) => process.stderr.write(`${line}\n`) });
  if (found.kind !== 'binary') throw new Error('tests start their own server');
  const folder = await mkdtemp(join(tmpdir(), 'stint-pausing-'));
  const port = await freePort();
  const log = openSync(join(folder, 'server.log'), 'a', 0o600);
  const pausing = ['--dynamic-config-value', 'frontend.WorkflowPauseEnabled=true'];
  const running = await spawnGuarded(found.path, [...devServerArgs({ port, timeSkipping: true }), ...pausing], { output: log });
  closeSync(log);
  const address = `127.0.0.1:${port}`;
  await until(() => isServing(address, 'default'), 'the pausing server', 30_000);
  return {
    address,
    stop: async () => {
      await running.stop(5_000);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

beforeAll(async () => {
  server = await startPausingServer();
  h = await startHarness(server.address);
});
afterAll(async () => {
  await h?.close();
  await server?.stop();
});

/** The sweep, a day later by its own clock and by the Mac's. */
async function sweepLater(e: Asked): Promise<void> {
  e.trouble.macAheadMs = FAR_MS;
  await until(async () => {
    await sweepOnce({
      store: h.store,
      driverOf: () => h.mac,
      clock: () => Date.now() + FAR_MS,
      sleep: (ms) => new Promise((r) => setTimeout(r, Math.min(ms, 50))),
      alarm: () => {},
      watchMs: 2_000,
    });
    return (await h.store.fence.grant(e.requestId))?.goneAt;
  }, 'the sweep');
}

/**
 * Pauses the run as an operator does, once it rests: once nothing is under way but `tried`, the activities that fail until the
 * test lets them through. Returned is what lets it go on. A task that waits for its worker at that
 * moment is failed by server 1.32 in a way that the SDK's replay does not know (core-ts 1.24, `WorkflowTaskMachine in state
 * Scheduled`): such a run never goes on, which docs/operations.md tells, and is for the sweep like one that was terminated.
 */
async function pause(e: Asked, tried: readonly string[] = []): Promise<() => Promise<unknown>> {
  const { client } = h;
  const { namespace } = client.options;
  await e.rests(tried);
  const run = { namespace, workflowId: e.workflowId, identity: 'test', reason: 'test' };
  await client.workflowService.pauseWorkflowExecution({ ...run, requestId: randomUUID() });
  await until(() => isPaused(e), 'the pause');
  return () => client.workflowService.unpauseWorkflowExecution({ ...run, requestId: randomUUID() });
}

/** A paused run answers no query. */
async function isPaused(e: Asked): Promise<boolean> {
  return (await e.handle.describe()).raw.workflowExecutionInfo?.status === 8;
}

// One after the other: each one's sweep takes all that there is.
describe('a paused run', () => {
  test('hears no revoke and no deadline while active: the sweep takes its access, and unpaused it ends', async () => {
    const e = await h.ask();
    await e.activate(grace);
    await h.granted(e);
    const goOn = await pause(e);
    await e.revoke(linus);
    await new Promise((r) => setTimeout(r, 1_000));
    expect(e.isAdmin).toBe(true); // else nothing was paused, and this test proves nothing
    await sweepLater(e);
    expect(e.isAdmin).toBe(false);
    await goOn();
    expect(await e.finish()).toBe('revoked');
    expect(e.calls('grant')).toBe(1);
    expect(e.isAdmin).toBe(false);
  });

  test('that waits for a decision grants nothing, and counts the approval once it goes on', async () => {
    const e = await h.ask();
    await e.in('requested');
    const goOn = await pause(e);
    await e.approve(grace);
    await new Promise((r) => setTimeout(r, 1_000));
    expect(e.calls('grant')).toBe(0);
    expect(await h.store.fence.grant(e.requestId)).toBeUndefined();
    await goOn();
    await e.in('granting');
    await h.granted(e);
    await e.revoke(linus);
    await e.logIfAsked();
    expect(await e.result()).toBe('revoked');
    expect([e.calls('grant'), e.isAdmin]).toEqual([1, false]);
  });

  test('that is approved grants nothing when the store is back, and obeys the revoke of meanwhile once it goes on', async () => {
    const e = await h.ask();
    await e.in('requested');
    e.trouble.ledgerDown = true;
    await e.approve(grace);
    await e.in('approved');
    const goOn = await pause(e, ['arm', 'append']);
    e.trouble.ledgerDown = false;
    await e.revoke(linus);
    await new Promise((r) => setTimeout(r, 1_000));
    expect([await isPaused(e), e.calls('grant')]).toEqual([true, 0]);
    await goOn();
    expect(await e.result()).toBe('revoked');
    expect(e.calls('grant')).toBe(0);
    expect([e.isAdmin, await h.store.fence.live(e.request.target.key)]).toEqual([false, undefined]);
  });

  test('whose revoke fails goes on trying nothing: the sweep takes the access, and unpaused the run believes it', async () => {
    const e = await h.ask();
    await e.activate(grace);
    await h.granted(e);
    e.trouble.revokeFails = new StintError('mdm-unavailable');
    await e.revoke(linus);
    await e.in('ending');
    const goOn = await pause(e, ['proveGone']);
    expect(e.isAdmin).toBe(true); // else the sweep has nothing to take
    e.trouble.revokeFails = undefined;
    await sweepLater(e);
    expect([e.isAdmin, await isPaused(e)]).toEqual([false, true]);
    await goOn();
    expect(await e.finish()).toBe('revoked');
    expect([e.calls('grant'), e.isAdmin]).toEqual([1, false]);
  });

  test('that waits for its Mac believes no confirmation, and what was armed is swept', async () => {
    const e = await h.ask();
    await e.approve(grace);
    await e.in('granting');
    await h.granted(e);
    const goOn = await pause(e);
    await e.revoke(linus);
    await sweepLater(e);
    expect((await e.claim().catch(() => ({ ok: false }))).ok).toBe(false);
    await goOn();
    await e.logIfAsked();
    expect(await e.result()).toBe('revoked');
    expect([e.calls('grant'), e.isAdmin]).toEqual([1, false]);
  });

  test('that waits for the log closes once it goes on', async () => {
    const e = await h.ask();
    await e.activate(grace);
    await e.revoke(linus);
    await e.in('collecting');
    const goOn = await pause(e);
    await e.evidenceComplete();
    await new Promise((r) => setTimeout(r, 1_000));
    expect(await isPaused(e)).toBe(true);
    await goOn();
    expect(await e.result()).toBe('revoked');
    expect([e.calls('grant'), e.isAdmin]).toEqual([1, false]);
  });
});

test('a paused proof is made by the sweep, and unpaused the run believes it', async () => {
  const e = await h.ask();
  await e.activate(grace);
  e.trouble.macSilent = true;
  await e.revoke(linus);
  await e.in('ending');
  const { namespace } = h.client.options;
  const what = { namespace, execution: { workflowId: e.workflowId }, identity: 'test', type: 'proveGone' };
  await until(async () => {
    await h.client.workflowService.pauseActivity({ ...what, reason: 'test' });
    const { raw } = await e.handle.describe();
    // An attempt that runs already goes on to its end, and would prove it: only one that waits is really paused.
    return raw.pendingActivities?.some(({ state, activityType }) => state === PAUSED && activityType?.name === 'proveGone');
  }, 'the pause');
  e.trouble.macSilent = false;
  await sweepLater(e);
  expect(e.isAdmin).toBe(false);
  expect((await e.view())?.state).toBe('ending');
  await h.client.workflowService.unpauseActivity(what);
  expect(await e.finish()).toBe('revoked');
  expect(e.calls('grant')).toBe(1);
});
