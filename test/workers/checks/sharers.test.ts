/** More workers than AWS' changes at a time are shared among are named, and fewer noted; those that are over do not count. */
import type { Connection } from '@temporalio/client';
import { expect, test } from 'vitest';
import { QUEUES } from '../../../contract/queues.js';
import type { Say } from '../../../workers/checks/check.js';
import { examineSharers } from '../../../workers/checks/sharers.js';

const NOW_S = 1_800_000_000;

async function said(workers: number, ...polled: readonly (readonly [string, number])[]) {
  const rows: string[] = [];
  const row =
    (level: string) =>
    (...words: readonly string[]) =>
      rows.push([level, ...words].join(' | '));
  const say = { ok: row('ok'), warn: row('warn') } as unknown as Say;
  const pollers = polled.map(([identity, agoS]) => ({ identity, lastAccessTime: { seconds: NOW_S - agoS } }));
  const describeTaskQueue = async (asked: { readonly taskQueue: { readonly name: string }; readonly taskQueueType: number }) =>
    asked.taskQueue.name === QUEUES.grant && asked.taskQueueType === 2 ? { pollers } : { pollers: [] };
  const connection = { workflowService: { describeTaskQueue } } as unknown as Connection;
  await examineSharers(connection, 'stint', workers, say);
  return rows;
}

test('as many workers as the changes are shared among, or none at all, are no news', async () => {
  expect(await said(2, ['7@one', 0], ['7@two', 30])).toEqual([]);
  expect(await said(1)).toEqual([]);
});

test('one more is named, with the setting', async () => {
  expect(await said(1, ['7@one', 0], ['7@two', 30])).toEqual([
    expect.stringMatching(/^warn .*2 workers.*7@one, 7@two.*among 1.*STINT_AWS_WORKERS to 2/),
  ]);
});

test('fewer are a note: what the others would use lies idle', async () => {
  expect(await said(3, ['7@one', 0])).toEqual([
    expect.stringMatching(/^ok .*1 worker is at work \(7@one\).*among 3.*STINT_AWS_WORKERS is 1/),
  ]);
});

test('a worker that polls twice is one, and one that polls no more is none', async () => {
  expect(await said(1, ['7@one', 0], ['7@one', 50], ['6@one', 200])).toEqual([]);
});
