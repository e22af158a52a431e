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
import { sweepOnce } from '../../workers/sweep.js';
import { grace, linus } from '../fixtures/people.js';
import { type Asked, type Harness, startHarness, until } from './harness.js';
import { ELSEWHERE, type Mode, type Name, OPEN, WINDOW_MS, ways } from './operations.js';

const PAUSED = temporal.api.enums.v1.PendingActivityState.PENDING_ACTIVITY_STATE_PAUSED;
const FAR_MS = 24 * 60 * 60_000;
let server: { readonly address: string; stop(): Promise<void> };
let h: Harness;
let polled: Harness;

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
  polled = await startHarness(server.address, { confirmMode: 'poll' });
});
afterAll(async () => {
  await h?.close();
  await polled?.close();
  await server?.stop();
});

/** The sweep, a day later by its own clock and by the Mac's. */
async function sweepLater(e: Asked, { store, mac } = h): Promise<void> {
  e.trouble.macAheadMs = FAR_MS;
  await until(async () => {
    await sweepOnce({
      store,
      driverOf: () => mac,
      clock: () => Date.now() + FAR_MS,
      sleep: (ms) => new Promise((r) => setTimeout(r, Math.min(ms, 50))),
      alarm: () => {},
      watchMs: 2_000,
    });
    return (await store.fence.grant(e.requestId))?.goneAt;
  }, 'the sweep');
}

/**
 * Pauses the run as an operator does, once it rests: once nothing is under way but `tried`, the activities that fail until the
 * test lets them through. Returned is what lets it go on. A task that waits for its worker at that
 * moment is failed by server 1.32 in a way that the SDK's replay does not know (core-ts 1.24, `WorkflowTaskMachine in state
 * Scheduled`): such a run never goes on, which docs/operations.md tells, and is for the sweep like one that was terminated.
 */
async function pause(e: Asked, tried: readonly string[] = [], { client } = h): Promise<() => Promise<unknown>> {
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

/** What goes on being tried in a state, until the test lets it through. */
const TRIED: { readonly [S in Name]?: readonly string[] } = {
  approved: ['arm', 'append'],
  revoking: ['proveGone'],
  ending: ['proveGone'],
};
const tried = (mode: Mode, state: Name) => (mode === 'poll' && state === 'granting' ? ['grant'] : (TRIED[state] ?? []));
/** Where there is access to take. While `ending` it is gone and not proved so, and a Mac that is waited for has none yet. */
const holds = (mode: Mode, state: Name) => ['active', 'revoking'].includes(state) || (mode === 'poll' && state === 'granting');
const MENDED = { ledgerDown: false, macSilent: false, unlisted: false, revokeFails: undefined };

// One after the other: each one's sweep takes all that there is.
describe.each<Mode>(['update', 'poll'])('a paused run (%s)', (mode) => {
  test.each(OPEN.filter((state) => !ELSEWHERE[mode].includes(state)))(
    'that is %s does nothing and hears nothing: what it holds is swept, and unpaused it grants nothing and ends',
    async (state) => {
      const own = mode === 'poll' ? polled : h;
      const e = await own.ask({ windowMs: WINDOW_MS });
      await ways(() => own, mode)[state](e);
      const grants = e.calls('grant');
      const goOn = await pause(e, tried(mode, state), own);
      await e.revoke(linus);
      // An attempt to take it away that is under way is let come through, by a server that pauses nothing but what is to begin.
      if (state !== 'revoking') Object.assign(e.trouble, MENDED);
      await new Promise((r) => setTimeout(r, 1_000));
      // Else nothing was paused, and this test proves nothing.
      expect([await isPaused(e), e.isAdmin, e.calls('grant')]).toEqual([true, holds(mode, state), grants]);
      Object.assign(e.trouble, MENDED);
      if (grants > 0) await sweepLater(e, own);
      if (mode === 'update' && state === 'granting') expect((await e.claim().catch(() => ({ ok: false }))).ok).toBe(false);
      expect([await isPaused(e), e.isAdmin]).toEqual([true, false]);
      await goOn();
      await e.logIfAsked();
      expect(await e.result()).toBe('revoked');
      expect([e.calls('grant'), e.isAdmin]).toEqual([grants, false]);
      expect(await own.store.fence.live(e.request.target.key)).toBeUndefined();
    },
  );
});

test('a paused run that waits for a decision counts the approval of meanwhile once it goes on, and not before', async () => {
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
