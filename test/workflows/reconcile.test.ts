/** The Schedule and its workflow on a real server: made once, brought up to date, and running one activity. */
import { randomUUID } from 'node:crypto';
import { Client, Connection, ScheduleOverlapPolicy } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createReconcileDuties } from '../../activities/reconcile.js';
import { StintError } from '../../contract/errors.js';
import { RECONCILE_SCHEDULE } from '../../contract/queues.js';
import { bundleFolder, workflowBundle } from '../../workers/bundle.js';
import { KEYWORD } from '../../workers/checks/temporal.js';
import { ensureSchedule } from '../../workers/schedule.js';
import { createWorkers, type Duties, runWorkers } from '../../workers/worker.js';
import { quietRuntime } from './runtime.js';
import { until } from './until.js';

const SUMMARY = { looked: 3, found: 1, removed: 1, failed: 0, later: 0 };
const namespace = `test-${randomUUID().slice(0, 8)}`;
let connection: Connection;
let native: NativeConnection;
let client: Client;
let running: ReturnType<typeof runWorkers>;
let failures = 0;
let runs = 0;

beforeAll(async () => {
  quietRuntime();
  const address = inject('temporalAddress');
  connection = await Connection.connect({ address });
  native = await NativeConnection.connect({ address });
  await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: msToTs('1 day') });
  // A new namespace is known everywhere only after a moment; a worker that came too early can't be made again.
  await until(
    async () => {
      await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: { StintState: KEYWORD } });
      return true;
    },
    'the new namespace',
    30_000,
  );
  client = new Client({ connection, namespace });
  const reconcile = createReconcileDuties(async () => {
    runs += 1;
    if (failures-- > 0) throw new StintError('store-unavailable');
    return SUMMARY;
  });
  // Only the reconciler is asked anything here; nothing of an elevation runs.
  const none = { idle: async () => {} } as never;
  const duties: Duties = { seals: none, store: none, grant: none, revoke: none, slack: none, news: none, reconcile };
  const bundle = await workflowBundle(bundleFolder);
  const workers = await createWorkers({ connection: native, namespace, bundle, duties, graceMs: 500 });
  running = runWorkers(workers);
  running.done.catch(() => undefined);
});
afterAll(async () => {
  running?.stop();
  await running?.done;
  await native?.close();
  await connection?.close();
});

const schedule = () => client.schedule.getHandle(RECONCILE_SCHEDULE);

describe('the Schedule of the reconciler', () => {
  test('is made once by several workers that start at the same moment, and never overlaps itself', async () => {
    await Promise.all([1, 2, 3].map(() => ensureSchedule(connection, namespace, 300_000)));
    const { spec, policies, action } = await schedule().describe();
    expect(spec.intervals).toMatchObject([{ every: 300_000 }]);
    expect(policies.overlap).toBe(ScheduleOverlapPolicy.SKIP);
    expect(action).toMatchObject({ type: 'startWorkflow', workflowType: 'reconcile' });
  });

  test('that is there takes a new interval, and stays paused when somebody paused it', async () => {
    await schedule().pause('somebody looks into something');
    await ensureSchedule(connection, namespace, 600_000);
    const { spec, state } = await schedule().describe();
    expect(spec.intervals).toMatchObject([{ every: 600_000 }]);
    expect(state).toMatchObject({ paused: true, note: 'somebody looks into something' });
    await schedule().unpause();
  });

  test('runs one activity, whose store may fail once, and its result is numbers only', async () => {
    failures = 1;
    const before = runs;
    await schedule().trigger();
    const workflowId = await until(
      async () => (await schedule().describe()).info.recentActions.at(-1)?.action.workflow.workflowId,
      'the triggered run',
      30_000,
    );
    expect(workflowId).toContain(RECONCILE_SCHEDULE);
    expect(await client.workflow.getHandle(workflowId).result()).toEqual(SUMMARY);
    expect(runs - before).toBe(2);
    const { historyLength } = await client.workflow.getHandle(workflowId).describe();
    expect(historyLength).toBeLessThan(20);
  });
});
