/**
 * The committed histories against the workflows as they are now. A workflow that is running when a new version is
 * installed goes on from its history: code that would have done something else at any point in it stops that workflow,
 * and the revoke with it.
 *
 * When one of these fails, the change has to be wrapped in `patched()` from `@temporalio/workflow`, so that runs that
 * began before it go on as they were. Recording the histories anew (`record.config.ts`) is right only while no released
 * version wrote them.
 */

import { Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { beforeAll, describe, expect, test } from 'vitest';
import { OUTCOMES } from '../../contract/states.js';
import { bundleFolder, payloadConverterPath, workflowBundle } from '../../workers/bundle.js';
import { quietRuntime } from '../workflows/runtime.js';
import { type History, history, type Recorded, recorded } from './histories.js';

let bundle: { readonly codePath: string };
beforeAll(async () => {
  quietRuntime();
  bundle = await workflowBundle(bundleFolder);
}, 60_000);

async function replay(all: readonly Recorded[]): Promise<ReadonlyMap<string, Error | undefined>> {
  const names = new Map(
    all.map((each) => [each.events[0]?.workflowExecutionStartedEventAttributes?.originalExecutionRunId, each.name]),
  );
  const results = new Map<string, Error | undefined>();
  const options = { workflowBundle: bundle, replayName: 'committed', dataConverter: { payloadConverterPath } };
  const runs = Worker.runReplayHistories(
    options,
    all.map(({ workflowId, history }) => ({ workflowId, history })),
  );
  let i = 0;
  for await (const result of runs) {
    results.set(names.get(result.runId) ?? all[i]?.name ?? '?', result.error);
    i += 1;
  }
  return results;
}

describe('replay', () => {
  test('every outcome, and every other way a run can go, is recorded', () => {
    const names = recorded().map((each) => each.name);
    const more = [
      'cancel',
      'extension',
      'reset',
      'refused-start',
      'late-evidence',
      'continue-as-new',
      'continued',
      'approved-by-policy',
      'ending-heard-first',
      'escalated',
      'on-call',
      'later',
      'break-glass',
    ];
    const polled = ['expired', 'failed', 'had-already', 'revoked', 'revoked-early', 'slow-clock'].map((name) => `polled-${name}`);
    expect(names).toEqual(expect.arrayContaining([...OUTCOMES, ...more, ...polled]));
  });

  test('every committed history replays with the workflows as they are', async () => {
    const all = recorded();
    const results = await replay(all);
    expect(results.size).toBe(all.length);
    expect([...results].filter(([, error]) => error)).toEqual([]);
  }, 60_000);

  const changes: readonly (readonly [string, (events: NonNullable<History['events']>) => void])[] = [
    [
      'an activity of another name',
      (events) => {
        const revoke = events.find((e) => e.activityTaskScheduledEventAttributes?.activityType?.name === 'revokeAt');
        if (!revoke?.activityTaskScheduledEventAttributes) throw new Error('nothing to tamper with');
        revoke.activityTaskScheduledEventAttributes.activityType = { name: 'revokeTwice' };
      },
    ],
    [
      'a timer where none was',
      (events) => {
        const revoke = events.findIndex((e) => e.activityTaskScheduledEventAttributes?.activityType?.name === 'revokeAt');
        const timer = events.find((e) => e.timerStartedEventAttributes);
        const at = events[revoke];
        if (!at || !timer) throw new Error('nothing to tamper with');
        events[revoke] = { ...timer, eventId: at.eventId ?? null };
      },
    ],
  ];
  test.each(changes)('it fails when the code would do otherwise: %s', async (_, change) => {
    const tampered = history('expired');
    change(tampered.history.events ?? []);
    const [error] = [...(await replay([tampered])).values()];
    expect(error).toBeInstanceOf(DeterminismViolationError);
  });
});
