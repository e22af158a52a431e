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
import { afterAll, beforeAll, expect, test } from 'vitest';
import { spawnGuarded } from '../../cli/parent-watch.js';
import { devServerArgs, isServing } from '../../cli/temporal-server/dev-server.js';
import { findServer } from '../../cli/temporal-server/find.js';
import { freePort } from '../../cli/temporal-server/ports.js';
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

test('a paused run hears no revoke and no deadline: the sweep takes its access, and unpaused it ends', async () => {
  const e = await h.ask();
  await e.activate(grace);
  await h.granted(e);
  const { namespace } = h.client.options;
  const run = { namespace, workflowId: e.workflowId, identity: 'test', requestId: randomUUID() };
  await h.client.workflowService.pauseWorkflowExecution({ ...run, reason: 'test' });
  await until(async () => (await e.handle.describe()).raw.workflowExecutionInfo?.status === 8, 'the pause');
  await e.revoke(linus);
  await new Promise((r) => setTimeout(r, 1_000));
  expect(e.isAdmin).toBe(true); // else nothing was paused, and this test proves nothing
  await sweepLater(e);
  expect(e.isAdmin).toBe(false);
  await h.client.workflowService.unpauseWorkflowExecution({ ...run, requestId: randomUUID(), reason: 'test' });
  expect(await e.finish()).toBe('revoked');
  expect(e.calls('grant')).toBe(1);
  expect(e.isAdmin).toBe(false);
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
