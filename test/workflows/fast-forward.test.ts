/** The helper that all workflow tests stand on: virtual time passes in one workflow only, and an early end is no failure. */
import { Client, Connection, WorkflowFailedError } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { fastForward } from './fast-forward.js';
import { quietRuntime } from './runtime.js';

let connection: Connection;
let client: Client;
let native: NativeConnection;
let worker: Worker;
let running: Promise<void>;

beforeAll(async () => {
  quietRuntime();
  const address = inject('temporalAddress');
  connection = await Connection.connect({ address });
  client = new Client({ connection });
  native = await NativeConnection.connect({ address });
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: new URL('./fixtures/sleepers.ts', import.meta.url).pathname,
    logger: new DefaultLogger('ERROR'),
  });
  worker = await Worker.create({ connection: native, taskQueue: 'fast-forward', workflowBundle });
  running = worker.run();
});

afterAll(async () => {
  worker.shutdown();
  await running;
  await native.close();
  await connection.close();
});

const start = (workflowId: string, ms: number) =>
  client.workflow.start('sleeper', { workflowId, taskQueue: 'fast-forward', args: [ms] });

test('a timer of 24 minutes fires when 25 minutes are skipped, and not when 23 are', async () => {
  const handle = await start('ff-24', 24 * 60_000);
  expect(await fastForward(client, 'ff-24', 23 * 60_000)).toBe('reached');
  expect((await handle.describe()).status.name).toBe('RUNNING');
  expect(await fastForward(client, 'ff-24', 2 * 60_000)).toBe('ended');
  expect(await handle.result()).toBe('woke');
  expect(await fastForward(client, 'ff-24', 60_000)).toBe('ended');
});

test("skipping one workflow's time leaves another's alone", async () => {
  const [skipped, left] = await Promise.all([start('ff-skipped', 60 * 60_000), start('ff-left', 60 * 60_000)]);
  await fastForward(client, 'ff-skipped', 61 * 60_000);
  expect(await skipped.result()).toBe('woke');
  expect((await left.describe()).status.name).toBe('RUNNING');
  await left.cancel();
  await expect(left.result()).rejects.toBeInstanceOf(WorkflowFailedError);
});
