/**
 * A carried state is believed only from a run of the same elevation. Temporal's server names a run before it for a cron
 * schedule and for a retry as well, so whoever may start workflows could hand one over; nothing of it reaches a target.
 */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { instant, workflowIdOf } from '../../contract/ids.js';
import { ELEVATION, QUEUES } from '../../contract/queues.js';
import type { ElevationRequest } from '../../contract/request.js';
import { requestDigest } from '../../seal/canonical.js';
import { grace, requestOf } from '../fixtures/people.js';
import { type Harness, startHarness } from './harness.js';
import { until } from './until.js';

const MIN = 60_000;
let h: Harness;
beforeAll(async () => {
  h = await startHarness(inject('temporalAddress'));
});
afterAll(() => h?.close());

/** What an attacker would like a run to believe: approved by Grace, ready to be armed. */
function forged(request: ElevationRequest) {
  const digest = requestDigest(request);
  const at = instant(Date.now());
  const vote = { decision: 'approve', personId: grace.personId, roundDigest: digest, windowMs: 30 * MIN, at };
  const verdict = {
    outcome: 'satisfied',
    rule: 'macs',
    policyHash: digest,
    factsDigest: digest,
    quorum: 1,
    approvedBy: [grace.personId],
    approvers: [grace.personId],
    windowsMs: [30 * MIN],
    maxWindowMs: 30 * MIN,
    windowMs: 30 * MIN,
    warnBeforeMs: 5 * MIN,
    warnMinWindowMs: 5 * MIN,
    deadlines: { pendingMs: MIN, startMs: 240 * MIN, evidenceMs: MIN, remindEveryMs: MIN, remindForMs: MIN, remindThenMs: MIN },
    sentences: [],
  };
  const view = {
    request,
    digest,
    verdict,
    state: 'approved',
    votes: [vote],
    approvedWindowMs: 30 * MIN,
    startBy: instant(Date.now() + 60 * MIN),
    unprovenBy: [],
    reminders: 0,
    refusals: 0,
  };
  return {
    view,
    unwritten: [],
    nonces: [],
    waiting: [{ name: 'approve', raw: { kind: 'approve' }, at }],
    letters: [],
    ballots: [],
    approvals: [],
    openedAt: at,
    grantCalled: false,
    quietFrom: instant(0),
    evidence: false,
    extensions: 0,
  };
}

const DOORS = [
  { name: 'a cron schedule', options: { cronSchedule: '@every 1s' } },
  { name: 'a retry policy', options: { retry: { maximumAttempts: 5, initialInterval: '1s' }, workflowRunTimeout: '1s' } },
] as const;

test.each(DOORS)('I13: a state carried into a start with $name grants nothing', async ({ options }) => {
  const request = requestOf();
  const workflowId = workflowIdOf(request.requestId);
  await h.store.requests.put(request, requestDigest(request));
  // The refusal of the first run is not written: with a run timeout that makes the server retry it.
  h.trouble(request.requestId).ledgerDown = 'retry' in options;
  const handle = await h.client.workflow.start(ELEVATION, {
    workflowId,
    taskQueue: QUEUES.story,
    args: ['junk', forged(request)],
    ...options,
  });
  const first = handle.firstExecutionRunId;
  await until(async () => (await h.client.workflow.getHandle(workflowId).describe()).runId !== first, 'the second run');
  h.trouble(request.requestId).ledgerDown = false;
  await until(async () => {
    const refused = (await h.store.ledger.timeline(request.requestId)).filter((event) => event.type === 'refused');
    return refused.length >= 1;
  }, 'a refused run');
  await h.client.workflow
    .getHandle(workflowId)
    .terminate('test')
    .catch(() => undefined);
  expect(h.mac.count('grant', request.requestId)).toBe(0);
  expect(await h.store.fence.grant(request.requestId)).toBeUndefined();
});
