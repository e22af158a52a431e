/** What is known of a call by what Temporal says of its attempt. */
import { expect, test } from 'vitest';
import { workflowIdOf } from '../../contract/ids.js';
import { callOf } from '../../workers/worker.js';
import { Elevation } from '../ledger/events.js';

const { requestId } = new Elevation().request;
const attempt = (activityId: string, workflowId = workflowIdOf(requestId), runId = 'run-1') => ({
  workflowExecution: { workflowId, runId },
  activityId,
  scheduledTimestampMs: 7,
});

test('all tries at one card are one, whatever the activity and the run; other calls are each their own', () => {
  const card = { id: `card/${requestId}`, sinceMs: 7, card: requestId };
  expect(callOf('paint', attempt('1'))).toEqual(card);
  expect(callOf('paint', attempt('9', workflowIdOf(requestId), 'run-2'))).toEqual(card);
  expect(callOf('line', attempt('2'))).toEqual({ id: 'run-1/2', sinceMs: 7 });
});

test('a card that is painted by another workflow than its own is a call like any other', () => {
  expect(callOf('paint', attempt('3', `late-evidence/${requestId}`))).toEqual({ id: 'run-1/3', sinceMs: 7 });
});
