/** The worker of the floors, a process of its own as Stint's is: `worker.ts ADDRESS`. Ends with its parent. */
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { BARE_QUEUE } from './queue.js';

const address = process.argv[2] ?? '127.0.0.1:7233';
Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
});
const connection = await NativeConnection.connect({ address });
const worker = await Worker.create({
  connection,
  taskQueue: BARE_QUEUE,
  workflowsPath: new URL('./workflows.ts', import.meta.url).pathname,
  activities: { act: async () => Date.now() },
  // As many slots as Stint's revoke queue has: a burst must not wait for a slot on one side only.
  maxConcurrentActivityTaskExecutions: 500,
  maxCachedWorkflows: 1000,
});
await worker.run();
