/** An update that is no sealed message enters no history, and yet leaves a trace: in the worker's log, and as a count. */
import { DefaultLogger, type LogEntry, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { freePort } from '../../cli/temporal-server/ports.js';
import { grace, linus } from '../fixtures/people.js';
import { type Harness, startHarness, until } from './harness.js';

// This file's runtime is its own: what it says and counts is looked at.
vi.mock('./runtime.js', () => ({ quietRuntime: () => undefined }));

let h: Harness;
let metrics: string;
const logged: LogEntry[] = [];
beforeAll(async () => {
  const address = `127.0.0.1:${await freePort()}`;
  metrics = `http://${address}/metrics`;
  Runtime.install({
    logger: new DefaultLogger('WARN', (entry) => void logged.push(entry)),
    telemetryOptions: { metrics: { prometheus: { bindAddress: address } } },
  });
  h = await startHarness(inject('temporalAddress'));
});
afterAll(() => h?.close());

const counted = async () => {
  const text = await (await fetch(metrics)).text();
  const lines = text.split('\n').filter((line) => line.startsWith('stint_refused_updates{'));
  return lines.map((line) => [/kind="(\w+)"/.exec(line)?.[1], Number(line.split(' ').at(-1))]);
};

test('what is no sealed message is refused, logged and counted, and changes nothing', async () => {
  const e = await h.ask();
  await e.activate(grace);
  const updates = async () => {
    const { events } = await e.handle.fetchHistory();
    return events?.filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes).length;
  };
  const before = await updates();
  expect(before).toBeGreaterThan(0);
  for (const junk of ['nonsense', null, { sig: 'x'.repeat(20_000) }])
    await expect(e.handle.executeUpdate('confirm', { args: [junk] })).rejects.toThrow();
  await expect(e.handle.executeUpdate('claim', { args: [{}] })).rejects.toThrow();
  const refused = () => logged.filter(({ message }) => message === 'An update was refused');
  await until(async () => refused().length === 4, 'four lines');
  expect(refused().map(({ meta }) => [meta?.workflowId, meta?.kind, meta?.why])).toEqual(
    ['confirm', 'confirm', 'confirm', 'claim'].map((kind) => [e.handle.workflowId, kind, 'not a sealed message']),
  );
  await until(async () => (await counted()).length === 2, 'the counts');
  expect(Object.fromEntries(await counted())).toEqual({ confirm: 3, claim: 1 });
  expect(await updates()).toBe(before);
  await e.revoke(linus);
  expect(await e.finish()).toBe('revoked');
});
