/** `stint revoke` while the store is down: what is named by its whole id is cancelled in Temporal, and no more is claimed. */
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { temporal } from '@temporalio/proto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { build, stint } from '../e2e/built.js';

const ID = 'a'.repeat(26);
const { WORKFLOW_EXECUTION_STATUS_PAUSED, WORKFLOW_EXECUTION_STATUS_RUNNING } = temporal.api.enums.v1.WorkflowExecutionStatus;

/** As much of Temporal as a Cancel needs: it says how the run stands, and takes what it is told. */
const server = createServer();
const calls: string[] = [];
let status = WORKFLOW_EXECUTION_STATUS_RUNNING;
server.on('stream', (stream, { ':path': path }) => {
  const call = path?.split('/').at(-1) ?? '';
  calls.push(call);
  const body = call === 'DescribeWorkflowExecution' ? described() : new Uint8Array();
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  stream.resume();
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(Buffer.concat([head, body]));
});

function described(): Uint8Array {
  const { DescribeWorkflowExecutionResponse } = temporal.api.workflowservice.v1;
  const execution = { workflowId: `elevation/${ID}`, runId: 'run' };
  const info = { execution, type: { name: 'elevation' }, status, startTime: {}, executionTime: {} };
  return DescribeWorkflowExecutionResponse.encode({ workflowExecutionInfo: info }).finish();
}

let there = '';
const GONE = '127.0.0.1:9';
const env = () => ({ DATABASE_URL: `postgres://stint:hunter2@${GONE}/stint`, TEMPORAL_ADDRESS: there });
beforeAll(async () => {
  await build();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  there = `127.0.0.1:${(server.address() as AddressInfo).port}`;
}, 120_000);
afterAll(() => new Promise((done) => server.close(done)));
beforeEach(() => {
  calls.length = 0;
  status = WORKFLOW_EXECUTION_STATUS_RUNNING;
});

const wasCancelled = () => calls.includes('RequestCancelWorkflowExecution');

test('its workflow is cancelled, with a reason as well; it is not called proved, nor nothing', async () => {
  const ran = await stint(['revoke', ID, '--reason', 'INC-417'], env());
  expect(wasCancelled()).toBe(true);
  expect(ran).toMatchObject({ code: 1, out: expect.stringMatching(/^a{26} {2}Cancelled in Temporal\. Nothing can be proved/m) });
  expect(ran.out + ran.err).not.toMatch(/nothing to take back|hunter2/);
});

test('for a script it is one that failed, and a paused run is said to be paused', async () => {
  status = WORKFLOW_EXECUTION_STATUS_PAUSED;
  const ran = await stint(['revoke', ID, '--json'], env());
  expect(wasCancelled()).toBe(true);
  expect(ran.code).toBe(1);
  expect(JSON.parse(ran.out)).toEqual({
    ok: false,
    elevations: [{ requestId: ID, way: 'workflow', gone: false, problem: expect.stringContaining('is paused') }],
  });
});

test('what is not named by its whole id is not guessed at, and with Temporal down both are said', async () => {
  for (const which of [
    ['revoke', 'aaaaaa'],
    ['revoke', '--all', '--yes'],
  ]) {
    const ran = await stint(which, env());
    expect(ran).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/(store|database) cannot be reached/) });
  }
  expect(calls).toEqual([]);
  const ran = await stint(['revoke', ID], { ...env(), TEMPORAL_ADDRESS: GONE });
  expect(ran).toMatchObject({
    code: 1,
    err: expect.stringMatching(/(store|database) cannot be reached.*Temporal cannot be reached either/s),
  });
});
